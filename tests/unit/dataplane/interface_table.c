/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/interface/classifier.h"
#include "dataplane/worker/counters.h"
#include "dataplane/worker/mark.h"
#include "tests/unit/dataplane/interface_fakes.h"

static void refuses_invalid_arguments(void **state)
{
	struct {
		int error;
		struct api_interface api;
	} wrong[16];
	unsigned int n = 0;

	for (unsigned int i = 0; i < 16; i++) {
		wrong[i].api = api_of(5, 0, 100, 200);
		wrong[i].error = -EINVAL;
	}
	wrong[n++].api.id = 0;
	wrong[n++].api.id = API_INTERFACES_MAX;
	wrong[n++].api.id = UINT32_MAX;
	wrong[n++].api.port = API_PORTS_MAX;
	wrong[n++].api.s_tag = 4095;
	wrong[n++].api.c_tag = 4095;
	wrong[n++].api.c_tag = 0; /* an S-tag alone */
	wrong[n++].api.mtu = 1279;
	wrong[n++].api.mtu = 9001;
	wrong[n++].api.prefix_len4 = 33;
	wrong[n++].api.prefix_len6 = 129;
	wrong[n].error = -ENOENT;
	wrong[n++].api.port = 2;
	wrong[n].error = -ENOENT;
	wrong[n++].api.vrf = 0;
	wrong[n].error = -ENOENT;
	wrong[n++].api.vrf = 4;
	for (unsigned int i = 0; i < n; i++) {
		int fd = make_fd();

		assert_int_equal(interface_upsert(&wrong[i].api, fd), wrong[i].error);
		assert_false(is_open(fd)); /* ownership passes, also on failure */
		assert_null(interface_get(5));
	}
	assert_int_equal(interface_delete(0), -EINVAL);
	assert_int_equal(interface_delete(API_INTERFACES_MAX), -EINVAL);
	assert_int_equal(interface_delete(7), 0);
	assert_int_equal(interface_tap(5), -ENOENT);
	assert_int_equal(interface_tap(UINT32_MAX), -ENOENT);
	assert_int_equal(interface_port_changed(API_PORTS_MAX), -EINVAL);
	assert_int_equal(interface_port_changed(2), -ENOENT);
}

static void writes_tags_as_on_the_wire(void **state)
{
	static const struct {
		uint32_t port;
		uint16_t s_tag, c_tag;
		uint8_t bytes, tags[8];
	} cases[] = {
		{0, 0, 0, 0, {0}},
		{0, 0, 300, 4, {0x81, 0x00, 0x01, 0x2c}},
		{0, 4094, 1, 8, {0x81, 0x00, 0x0f, 0xfe, 0x81, 0x00, 0x00, 0x01}},
		{1, 0, 300, 4, {0x81, 0x00, 0x01, 0x2c}},
		{1, 100, 200, 8, {0x88, 0xa8, 0x00, 0x64, 0x81, 0x00, 0x00, 0xc8}},
	};

	for (uint32_t i = 0; i < RTE_DIM(cases); i++) {
		struct api_interface api =
			api_of(i + 1, cases[i].port, cases[i].s_tag, cases[i].c_tag);

		assert_int_equal(interface_upsert(&api, -1), 0);

		const struct interface *interface = interface_get(i + 1);

		assert_int_equal(interface->tag_bytes, cases[i].bytes);
		assert_memory_equal(interface->tags, cases[i].tags, 8);
		assert_memory_equal(&interface->mac, &fake_ports[cases[i].port].mac, 6);
		assert_int_equal(
			classifier_find(cases[i].port, cases[i].s_tag, cases[i].c_tag), i + 1);
	}
}

static void tags_name_one_interface(void **state)
{
	struct api_interface first = api_of(1, 0, 100, 200), second = api_of(2, 0, 100, 200);

	assert_int_equal(interface_upsert(&first, -1), 0);
	assert_int_equal(interface_upsert(&second, -1), -EEXIST);
	second.port = 1; /* another port, the same tags */
	assert_int_equal(interface_upsert(&second, -1), 0);
	second.port = 0; /* moving onto taken tags changes nothing */
	assert_int_equal(interface_upsert(&second, -1), -EEXIST);
	assert_int_equal(interface_get(2)->port, 1);
	assert_int_equal(classifier_find(0, 100, 200), 1);
	assert_int_equal(classifier_find(1, 100, 200), 2);
}

static void an_id_may_change_its_tags_and_domain(void **state)
{
	struct api_interface api = api_of(1, 0, 100, 200);
	uint32_t epoch;

	assert_int_equal(interface_upsert(&api, -1), 0);
	epoch = interface_get(1)->epoch;
	assert_int_equal(fake_vrf_references[1], 1);
	api.port = 1;
	api.s_tag = 0;
	api.vrf = 2;
	assert_int_equal(interface_upsert(&api, -1), 0);
	assert_int_equal(classifier_find(0, 100, 200), 0);
	assert_null(classifier_table[0]->qinq[100]); /* empty tables go */
	assert_int_equal(classifier_find(1, 0, 200), 1);
	assert_int_equal(fake_vrf_references[1], 0);
	assert_int_equal(fake_vrf_references[2], 1);
	assert_int_not_equal(interface_get(1)->epoch, epoch); /* another life */
	assert_false(interface_on_port(0));
	assert_true(interface_on_port(1));
}

static void the_same_again_changes_nothing_but_the_mark(void **state)
{
	struct api_interface api = api_of(1, 0, 0, 7);
	const struct interface *published;

	assert_int_equal(interface_upsert(&api, -1), 0);
	published = interface_get(1);
	table_mark = 2;
	assert_int_equal(interface_upsert(&api, -1), 0);
	assert_ptr_equal(interface_get(1), published);
	assert_int_equal(published->mark, 2);
	api.has_tap = 0;
	assert_int_equal(interface_sweep(), 0);
	table_mark = 3;
	assert_int_equal(interface_sweep(), 1);
	assert_null(interface_get(1));
	assert_int_equal(classifier_find(0, 0, 7), 0);
}

static void a_tap_comes_changes_and_goes(void **state)
{
	struct api_interface api = api_of(1, 0, 0, 7), dumped;
	int first = make_fd(), second = make_fd();

	assert_int_equal(interface_upsert(&api, first), 0);
	assert_int_equal(interface_tap(1), first);
	assert_int_equal(fake_watched_fd[1], first);
	assert_int_equal(fake_watched_epoch[1], interface_get(1)->epoch);
	assert_true(interface_next(0, &dumped));
	assert_int_equal(dumped.has_tap, 1);
	/* -1 keeps it, whatever else changes. */
	api.mtu = 2000;
	assert_int_equal(interface_upsert(&api, -1), 0);
	assert_int_equal(interface_tap(1), first);
	assert_true(is_open(first));
	assert_int_equal(interface_upsert(&api, second), 0);
	assert_int_equal(interface_tap(1), second);
	assert_int_equal(fake_watched_fd[1], second);
	assert_false(is_open(first));
	assert_int_equal(interface_delete(1), 0);
	assert_false(is_open(second));
	assert_int_equal(fake_watched_fd[1], -1);
}

static void a_tap_that_cannot_be_watched_is_given_back(void **state)
{
	struct api_interface api = api_of(1, 0, 0, 7);
	int fd = make_fd();

	fake_watch_error = -ENOMEM;
	assert_int_equal(interface_upsert(&api, fd), -ENOMEM);
	assert_false(is_open(fd));
	assert_int_equal(interface_tap(1), -ENOENT);
	fd = make_fd();
	assert_int_equal(interface_upsert(&api, fd), 0);
	assert_int_equal(interface_tap(1), fd);
}

static void each_life_has_its_epoch_and_account(void **state)
{
	struct api_interface api = api_of(1, 0, 0, 7);
	struct api_ledger ledger;
	uint32_t epoch;

	assert_int_equal(interface_upsert(&api, -1), 0);
	epoch = interface_get(1)->epoch;
	counters_of_thread(0)[1].rx = 5;
	assert_int_equal(interface_delete(1), 0);
	assert_int_equal(interface_upsert(&api, -1), 0);
	assert_int_not_equal(interface_get(1)->epoch, epoch);
	counters_read(1, &ledger);
	assert_int_equal(ledger.rx, 0);
	counters_of_thread(0)[1].rx = 6;
	api.mtu = 1400; /* a change is no new life */
	assert_int_equal(interface_upsert(&api, -1), 0);
	counters_read(1, &ledger);
	assert_int_equal(ledger.rx, 1);
}

static void held_by_adjacencies(void **state)
{
	struct api_interface api = api_of(1, 0, 0, 7);

	assert_int_equal(interface_upsert(&api, -1), 0);
	interface_hold(1);
	assert_int_equal(interface_delete(1), -EBUSY);
	interface_release(1);
	assert_int_equal(interface_delete(1), 0);
}

static void follows_its_port(void **state)
{
	struct api_interface api = api_of(1, 1, 100, 7), other = api_of(2, 0, 100, 7);
	const struct interface *untouched;

	assert_int_equal(interface_upsert(&api, -1), 0);
	assert_int_equal(interface_upsert(&other, -1), 0);
	untouched = interface_get(2);
	fake_ports[1].outer_ethertype = 0x9100;
	fake_ports[1].mac.addr_bytes[0] = 0x0e;
	assert_int_equal(interface_port_changed(1), 0);
	assert_int_equal(interface_get(1)->tags[0], 0x91);
	assert_int_equal(interface_get(1)->mac.addr_bytes[0], 0x0e);
	assert_ptr_equal(interface_get(2), untouched);
	/* What fits no more through the port is not sent to it. */
	fake_ports[1].mtu = 1400;
	assert_int_equal(interface_port_changed(1), 0);
	assert_int_equal(interface_get(1)->mtu, 1400);
	fake_ports[1].mtu = 9000;
	assert_int_equal(interface_port_changed(1), 0);
	assert_int_equal(interface_get(1)->mtu, 1500);
}

static void dumps_in_order(void **state)
{
	static const uint32_t ids[] = {3, 17, 900, API_INTERFACES_MAX - 1};
	struct api_interface api, row;
	uint32_t after = 0;

	for (unsigned int i = 0; i < RTE_DIM(ids); i++) {
		api = api_of(ids[i], 0, 1 + i, 7);
		assert_int_equal(interface_upsert(&api, -1), 0);
	}
	for (unsigned int i = 0; i < RTE_DIM(ids); i++) {
		assert_true(interface_next(after, &row));
		api = api_of(ids[i], 0, 1 + i, 7);
		assert_memory_equal(&row, &api, sizeof(row));
		after = row.id;
	}
	assert_false(interface_next(after, &row));
}

/* The kernel says later, and says so: waits for its word, five seconds at most. */
static void expect_running(int control, int events, const char *name, bool running)
{
	struct pollfd poll_events = {.fd = events, .events = POLLIN};
	struct ifreq request = {0};
	char message[8192];

	strcpy(request.ifr_name, name);
	for (;;) {
		assert_int_equal(ioctl(control, SIOCGIFFLAGS, &request), 0);
		if (((request.ifr_flags & IFF_RUNNING) != 0) == running)
			return;
		assert_int_equal(poll(&poll_events, 1, 5000), 1);
		assert_true(recv(events, message, sizeof(message), 0) > 0);
	}
}

static int listen_to_links(void)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	int events = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	assert_true(events >= 0);
	assert_int_equal(bind(events, (struct sockaddr *)&address, sizeof(address)), 0);
	return events;
}

/* A real TAP in a namespace of its own. */
static void carrier_follows_the_port(void **state)
{
	struct api_interface api = api_of(1, 0, 0, 7);
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI, .ifr_name = "primary"};
	int control, events, tap;

	if (geteuid() != 0) {
		print_message("needs root for a network namespace\n");
		skip();
	}
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	events = listen_to_links();
	tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	assert_true(tap >= 0);
	assert_int_equal(ioctl(tap, TUNSETIFF, &request), 0);
	control = socket(AF_INET, SOCK_DGRAM, 0);
	request.ifr_flags = IFF_UP;
	assert_int_equal(ioctl(control, SIOCSIFFLAGS, &request), 0);
	fake_ports[0].link_up = 0;
	assert_int_equal(interface_upsert(&api, tap), 0);
	expect_running(control, events, "primary", false);
	interface_port_carrier(0, true);
	expect_running(control, events, "primary", true);
	interface_port_carrier(0, false);
	expect_running(control, events, "primary", false);
	interface_port_carrier(0, true);
	expect_running(control, events, "primary", true);
	close(control);
	close(events);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fake_test(refuses_invalid_arguments),
		fake_test(writes_tags_as_on_the_wire),
		fake_test(tags_name_one_interface),
		fake_test(an_id_may_change_its_tags_and_domain),
		fake_test(the_same_again_changes_nothing_but_the_mark),
		fake_test(a_tap_comes_changes_and_goes),
		fake_test(a_tap_that_cannot_be_watched_is_given_back),
		fake_test(each_life_has_its_epoch_and_account),
		fake_test(held_by_adjacencies),
		fake_test(follows_its_port),
		fake_test(dumps_in_order),
		fake_test(carrier_follows_the_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
