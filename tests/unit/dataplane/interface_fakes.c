/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dataplane/interface_fakes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include "dataplane/punt/punt.h"
#include "dataplane/vrf/vrf.h"
#include "dataplane/worker/counters.h"
#include "dataplane/worker/mark.h"
#include "dataplane/worker/reclaim.h"

struct port *port_table[API_PORTS_MAX];
struct port fake_ports[3];
uint32_t fake_vrf_references[4];
int fake_watched_fd[API_INTERFACES_MAX];
uint32_t fake_watched_epoch[API_INTERFACES_MAX];
int fake_watch_error;

bool vrf_exists(uint32_t id)
{
	return id >= 1 && id <= 3;
}

void vrf_hold(uint32_t id)
{
	fake_vrf_references[id]++;
}

void vrf_release(uint32_t id)
{
	fake_vrf_references[id]--;
}

int punt_watch(uint32_t interface, uint32_t epoch, int tap_fd)
{
	int error = fake_watch_error;

	fake_watch_error = 0;
	if (error != 0)
		return error;
	assert_int_equal(fake_watched_fd[interface], -1); /* never a second one */
	assert_true(is_open(tap_fd));
	fake_watched_fd[interface] = tap_fd;
	fake_watched_epoch[interface] = epoch;
	return 0;
}

void punt_unwatch(uint32_t interface, int tap_fd)
{
	assert_int_equal(fake_watched_fd[interface], tap_fd);
	assert_true(is_open(tap_fd));
	fake_watched_fd[interface] = -1;
}

int fakes_setup(void **state)
{
	const int any_node = -1;

	for (uint32_t i = 0; i < 3; i++) {
		fake_ports[i] = (struct port){
			.id = i,
			.outer_ethertype = i == 1 ? 0x88a8 : 0x8100,
			.mtu = 9000,
			.link_up = 1,
			.mac.addr_bytes = {2, 0, 0, 0, 0, i + 1},
		};
		port_table[i] = i < 2 ? &fake_ports[i] : NULL;
	}
	for (uint32_t i = 0; i < API_INTERFACES_MAX; i++)
		fake_watched_fd[i] = -1;
	memset(fake_vrf_references, 0, sizeof(fake_vrf_references));
	fake_watch_error = 0;
	table_mark = 1;
	return reclaim_init() != 0 || counters_init(1, &any_node) != 0;
}

int fakes_teardown(void **state)
{
	nexthop_fini();
	interface_fini();
	for (uint32_t i = 1; i <= 3; i++)
		assert_int_equal(fake_vrf_references[i], 0);
	for (uint32_t i = 0; i < API_INTERFACES_MAX; i++)
		assert_int_equal(fake_watched_fd[i], -1);
	counters_fini();
	reclaim_fini();
	return 0;
}

struct api_interface api_of(uint32_t id, uint32_t port, uint16_t s_tag, uint16_t c_tag)
{
	struct api_interface api = {
		.id = id, .port = port, .vrf = 1, .s_tag = s_tag, .c_tag = c_tag, .mtu = 1500};

	snprintf(api.name, sizeof(api.name), "link-%u", id);
	return api;
}

bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0 || errno != EBADF;
}

int make_fd(void)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}
