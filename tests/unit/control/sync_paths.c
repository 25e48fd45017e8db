/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which paths a plan's links have, which of them a next hop lives and dies with, and what the
 * dataplane is told of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "control/sync/internal.h"

enum { PRIMARY = 11, SECONDARY = 12, CORE = 20 };

static struct api_path told[16];
static unsigned int told_count;

void session_send(struct sync *sync, enum api_object object, enum api_operation operation,
	const void *payload)
{
	assert_int_equal(object, API_PATH);
	assert_int_equal(operation, API_UPSERT);
	assert_true(told_count < sizeof(told) / sizeof(told[0]));
	told[told_count++] = *(const struct api_path *)payload;
}

struct domain_link *domain_link(struct domain *domain, uint32_t interface)
{
	for (unsigned int i = 0; i < domain->link_count; i++)
		if (domain->links[i].interface == interface)
			return &domain->links[i];
	return NULL;
}

static unsigned int announcements;

void announce_later(struct sync *sync)
{
	announcements++;
}

static struct sync sync_;
static struct domain customer, core;
static struct domain *domain_list[2] = {&customer, &core};

static struct ip ip_of(const char *text)
{
	struct ip ip = {.family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET};

	assert_int_equal(inet_pton(ip.family, text, ip.address), 1);
	ip.prefix_len = ip.family == AF_INET ? 32 : 128;
	return ip;
}

static void set_link(struct domain *domain, unsigned int index, uint32_t interface,
	const char *circuit, const char *name, const char *peer4, const char *peer6)
{
	struct domain_link *link = &domain->links[index];

	memset(link, 0, sizeof(*link));
	link->interface = interface;
	snprintf(link->plan.circuit, sizeof(link->plan.circuit), "%s", circuit);
	snprintf(link->plan.name, sizeof(link->plan.name), "%s", name);
	link->plan.peer4 = ip_of(peer4);
	if (peer6 != NULL)
		link->plan.peer6 = ip_of(peer6);
	if (domain->link_count <= index)
		domain->link_count = index + 1;
	sync_.by_interface[interface] = domain;
}

static int setup(void **state)
{
	told_count = 0;
	memset(&sync_, 0, sizeof(sync_));
	memset(&customer, 0, sizeof(customer));
	memset(&core, 0, sizeof(core));
	table_init(&sync_.paths, sizeof(struct path_entry), 1, API_PATHS_MAX);
	sync_.domains = domain_list;
	sync_.domain_count = 2;
	set_link(&customer, 0, PRIMARY, "contoso", "contoso/private/primary", "192.0.2.1",
		"2001:db8:1::1");
	set_link(&customer, 1, SECONDARY, "contoso", "contoso/private/secondary", "198.51.100.1",
		NULL);
	set_link(&core, 0, CORE, "", "vnet/core", "10.0.0.1", "2001:db8:c::1");
	assert_true(paths_plan(&sync_));
	return 0;
}

static int teardown(void **state)
{
	paths_fini(&sync_);
	return 0;
}

static uint32_t towards(uint32_t interface, const char *address)
{
	struct ip ip = ip_of(address);

	return path_towards(&sync_, interface, &ip);
}

static const struct api_path *told_of(uint32_t id)
{
	for (unsigned int i = 0; i < told_count; i++)
		if (told[i].id == id)
			return &told[i];
	return NULL;
}

/* One for each peer, by link and family; a link without IPv6 has none. */
static void each_peer_has_a_path(void **state)
{
	uint32_t id = towards(PRIMARY, "192.0.2.1");
	struct ip peer = ip_of("2001:db8:1::1");

	assert_int_equal(sync_.paths.count, 5);
	paths_state(&sync_);
	assert_int_equal(told_count, 5);
	assert_int_equal(told_of(id)->interface, PRIMARY);
	assert_int_equal(told_of(id)->family, AF_INET);
	assert_memory_equal(told_of(id)->address, "\xc0\x00\x02\x01\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_int_equal(told_of(id)->down_wanted, 0);
	id = towards(PRIMARY, "2001:db8:1::1");
	assert_int_equal(told_of(id)->family, AF_INET6);
	assert_memory_equal(told_of(id)->address, peer.address, 16);
}

/* Where the document has no BFD, the dataplane is told so. */
static void bfd_that_is_off_is_told(void **state)
{
	customer.links[0].plan.bfd.interval_ms = 300;
	paths_state(&sync_);
	assert_int_equal(told_of(towards(PRIMARY, "192.0.2.1"))->bfd_off, 0);
	assert_int_equal(told_of(towards(PRIMARY, "2001:db8:1::1"))->bfd_off, 0);
	assert_int_equal(told_of(towards(SECONDARY, "198.51.100.1"))->bfd_off, 1);
}

static void next_hops_belong_to_the_peer(void **state)
{
	uint32_t id = towards(PRIMARY, "2001:db8:1::1");

	assert_int_not_equal(id, 0);
	assert_int_not_equal(id, towards(PRIMARY, "192.0.2.1"));
	/* A customer's link has nobody else. */
	assert_int_equal(towards(PRIMARY, "fe80::1234"), id);
	assert_int_equal(towards(PRIMARY, "2001:db8:1::9"), id);
	assert_int_equal(towards(SECONDARY, "fe80::1234"), 0);
	/* A core link may have other routers, which nobody watches. */
	id = towards(CORE, "2001:db8:c::1");
	assert_int_not_equal(id, 0);
	assert_int_equal(towards(CORE, "fe80::77"), id);
	assert_int_equal(towards(CORE, "2001:db8:c::2"), 0);
	assert_int_not_equal(towards(CORE, "10.0.0.1"), 0);
	assert_int_equal(towards(CORE, "10.0.0.2"), 0);
	assert_int_equal(towards(999, "10.0.0.1"), 0);
}

/* Another peer is another path; the one before is kept, and told no more, until it is swept. */
static void a_new_plan_keeps_what_stays(void **state)
{
	uint32_t stays = towards(SECONDARY, "198.51.100.1"), before = towards(PRIMARY, "192.0.2.1");
	uint32_t now;

	set_link(&customer, 0, PRIMARY, "contoso", "contoso/private/primary", "192.0.2.5", NULL);
	assert_true(paths_plan(&sync_));
	now = towards(PRIMARY, "192.0.2.5");
	assert_int_not_equal(now, before);
	assert_int_equal(towards(SECONDARY, "198.51.100.1"), stays);
	assert_int_equal(towards(PRIMARY, "2001:db8:1::1"), 0);
	paths_state(&sync_);
	assert_int_equal(told_count, 4);
	assert_null(told_of(before));
	assert_int_equal(sync_.paths.count, 6);
	paths_forget(&sync_);
	assert_int_equal(sync_.paths.count, 4);
}

/* A restarted control finds the ids in the dataplane. */
static void ids_are_adopted(void **state)
{
	struct api_path row = {.id = 77, .interface = PRIMARY, .family = AF_INET};
	struct api_path gone = {.id = 78, .interface = PRIMARY, .family = AF_INET};

	assert_int_equal(inet_pton(AF_INET, "192.0.2.1", row.address), 1);
	assert_int_equal(inet_pton(AF_INET, "192.0.2.99", gone.address), 1);
	table_fini(&sync_.paths);
	path_adopt(&sync_, &row);
	path_adopt(&sync_, &gone);
	assert_true(paths_plan(&sync_));
	assert_int_equal(towards(PRIMARY, "192.0.2.1"), 77);
	assert_int_equal(sync_.paths.count, 6);
	paths_forget(&sync_);
	assert_int_equal(sync_.paths.count, 5);
}

static void wishes_are_of_a_link(void **state)
{
	uint32_t id4 = towards(PRIMARY, "192.0.2.1"), id6 = towards(PRIMARY, "2001:db8:1::1");

	assert_int_equal(sync_want_paths(&sync_, "contoso/private/primary", API_PATH_DRAIN), 0);
	assert_int_equal(told_count, 2);
	assert_int_equal(told_of(id4)->down_wanted, API_PATH_DRAIN);
	assert_int_equal(told_of(id6)->down_wanted, API_PATH_DRAIN);
	/* It outlives what is stated anew, and waits for a link that is not there yet. */
	assert_int_equal(sync_want_paths(&sync_, "contoso/public/primary", API_PATH_ADMIN), 0);
	assert_int_equal(told_count, 2);
	set_link(
		&customer, 1, SECONDARY, "contoso", "contoso/public/primary", "198.51.100.9", NULL);
	assert_true(paths_plan(&sync_));
	told_count = 0;
	paths_state(&sync_);
	assert_int_equal(told_of(id4)->down_wanted, API_PATH_DRAIN);
	assert_int_equal(told_of(towards(SECONDARY, "198.51.100.9"))->down_wanted, API_PATH_ADMIN);
	assert_int_equal(told_of(towards(CORE, "10.0.0.1"))->down_wanted, 0);
	told_count = 0;
	assert_int_equal(sync_want_paths(&sync_, "contoso/private/primary", 0), 0);
	assert_int_equal(told_of(id4)->down_wanted, 0);
}

static void happens(uint32_t id, uint8_t down, uint8_t cause)
{
	const struct api_event event = {
		.type = API_EVENT_PATH, .a = id, .b = down | (uint32_t)cause << 8};

	path_happened(&sync_, &event);
}

/* What a dead path led to is announced no more, before BGP knows; a drain says that itself. */
static void a_dead_path_is_not_announced(void **state)
{
	uint32_t id = towards(PRIMARY, "2001:db8:1::1");
	const struct ip peer = ip_of("2001:db8:1::1"), next_hop = ip_of("fe80::1");
	struct api_path row = {.id = id, .interface = PRIMARY, .down = API_PATH_CARRIER};

	announcements = 0;
	happens(id, API_PATH_BFD, API_PATH_BFD);
	assert_int_equal(announcements, 1);
	assert_true(path_dead(&sync_, PRIMARY, &peer));
	assert_true(path_dead(&sync_, PRIMARY, &next_hop));
	assert_false(path_dead(&sync_, CORE, &next_hop));
	happens(id, API_PATH_BFD | API_PATH_DRAIN, API_PATH_DRAIN);
	assert_int_equal(announcements, 1);
	happens(id, API_PATH_DRAIN, API_PATH_BFD);
	assert_int_equal(announcements, 2);
	assert_false(path_dead(&sync_, PRIMARY, &peer));
	/* Another dataplane: what the one before said is forgotten. */
	path_read(&sync_, &row);
	assert_true(path_dead(&sync_, PRIMARY, &peer));
	paths_forget_down(&sync_);
	assert_false(path_dead(&sync_, PRIMARY, &peer));
}

static void too_many_are_refused(void **state)
{
	table_fini(&sync_.paths);
	table_init(&sync_.paths, sizeof(struct path_entry), 1, 5);
	assert_false(paths_plan(&sync_));
}

#define path_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		path_test(each_peer_has_a_path),
		path_test(bfd_that_is_off_is_told),
		path_test(next_hops_belong_to_the_peer),
		path_test(a_new_plan_keeps_what_stays),
		path_test(ids_are_adopted),
		path_test(wishes_are_of_a_link),
		path_test(a_dead_path_is_not_announced),
		path_test(too_many_are_refused),
	};

	return cmocka_run_group_tests_name("sync_paths", tests, NULL, NULL);
}
