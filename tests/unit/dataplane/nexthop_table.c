/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/worker/mark.h"
#include "tests/unit/dataplane/interface_fakes.h"

static const uint8_t mac[6] = {0x06, 1, 2, 3, 4, 5};

static struct api_adjacency adjacency_of(uint32_t id, uint32_t interface)
{
	struct api_adjacency api = {
		.id = id, .interface = interface, .family = AF_INET, .resolved = 1};

	memcpy(api.mac, mac, sizeof(mac));
	memcpy(api.address, &id, sizeof(id));
	return api;
}

static void add_interface(uint32_t id, uint16_t s_tag, uint16_t c_tag)
{
	struct api_interface api = api_of(id, 0, s_tag, c_tag);

	assert_int_equal(interface_upsert(&api, -1), 0);
}

static void add_adjacency(uint32_t id, uint32_t interface)
{
	struct api_adjacency api = adjacency_of(id, interface);

	assert_int_equal(adjacency_upsert(&api), 0);
}

static int add_group(uint32_t id, uint32_t count, uint32_t first, uint32_t second)
{
	return group_upsert(
		&(struct api_group){.id = id, .count = count, .adjacencies = {first, second}});
}

/* Groups of the old domain's routes hold it: their packets would follow it into the other. */
static void a_held_neighbour_stays_in_its_domain(void **state)
{
	struct api_interface elsewhere = api_of(3, 0, 0, 9);
	struct api_adjacency api = adjacency_of(5, 3);

	add_interface(1, 0, 7);
	add_interface(2, 0, 8);
	elsewhere.vrf = 2;
	assert_int_equal(interface_upsert(&elsewhere, -1), 0);
	add_adjacency(5, 1);
	assert_int_equal(add_group(20, 1, 5, 0), 0);
	assert_int_equal(adjacency_upsert(&api), -EBUSY);
	assert_int_equal(adjacency_get(5)->interface, 1);
	add_adjacency(5, 2); /* within its domain it may move */
	assert_int_equal(group_delete(20), 0);
	assert_int_equal(adjacency_upsert(&api), 0);
	assert_int_equal(adjacency_get(5)->interface, 3);
}

static void refuses_invalid_adjacencies(void **state)
{
	struct api_adjacency api;

	add_interface(1, 0, 7);
	for (unsigned int i = 0; i < 3; i++) {
		const uint32_t ids[] = {0, API_ADJACENCIES_MAX, UINT32_MAX};

		api = adjacency_of(ids[i], 1);
		assert_int_equal(adjacency_upsert(&api), -EINVAL);
		assert_int_equal(adjacency_delete(ids[i]), -EINVAL);
	}
	api = adjacency_of(1, 0);
	assert_int_equal(adjacency_upsert(&api), -EINVAL);
	api = adjacency_of(1, API_INTERFACES_MAX);
	assert_int_equal(adjacency_upsert(&api), -EINVAL);
	api = adjacency_of(1, 2);
	assert_int_equal(adjacency_upsert(&api), -ENOENT);
	api = adjacency_of(1, 1);
	api.family = AF_UNIX;
	assert_int_equal(adjacency_upsert(&api), -EINVAL);
	api = adjacency_of(1, 1);
	api.mac[0] = 0x01; /* a neighbour is no group */
	assert_int_equal(adjacency_upsert(&api), -EINVAL);
	memset(api.mac, 0, sizeof(api.mac));
	assert_int_equal(adjacency_upsert(&api), -EINVAL);
	api.resolved = 0; /* without a MAC the MAC does not matter */
	assert_int_equal(adjacency_upsert(&api), 0);
	assert_int_equal(adjacency_delete(2), 0);
}

/* The header is at the template's end, the source address behind the destination's. */
static const uint8_t *source_mac(const struct adjacency *adjacency)
{
	return adjacency->template + TEMPLATE_BYTES - adjacency->template_bytes + 6;
}

static void templates_are_whole_headers(void **state)
{
	static const uint8_t expected[][22] = {
		{0x06, 1, 2, 3, 4, 5, 2, 0, 0, 0, 0, 1, 0x08, 0x00},
		{0x06, 1, 2, 3, 4, 5, 2, 0, 0, 0, 0, 1, 0x81, 0, 0, 7, 0x08, 0x00},
		{0x06, 1, 2, 3, 4, 5, 2, 0, 0, 0, 0, 1, 0x81, 0, 0, 9, 0x81, 0, 0, 7, 0x08, 0x00},
	};

	add_interface(1, 0, 0);
	add_interface(2, 0, 7);
	add_interface(3, 9, 7);
	for (uint32_t i = 0; i < 3; i++) {
		add_adjacency(i + 1, i + 1);

		const struct adjacency *adjacency = adjacency_get(i + 1);

		assert_int_equal(adjacency->template_bytes, 14 + 4 * i);
		assert_memory_equal(adjacency->template + 10 - 4 * i, expected[i], 14 + 4 * i);
		assert_int_equal(adjacency->mtu, 1500);
		assert_int_equal(adjacency->port, 0);
		assert_int_equal(adjacency->kind, ADJACENCY_ETHERNET);
	}
}

static void adjacencies_hold_their_interface(void **state)
{
	struct api_adjacency api;

	add_interface(1, 0, 7);
	add_interface(2, 0, 8);
	add_adjacency(1, 1);
	assert_int_equal(interface_delete(1), -EBUSY);
	api = adjacency_of(1, 2); /* moves */
	assert_int_equal(adjacency_upsert(&api), 0);
	assert_int_equal(interface_delete(1), 0);
	assert_int_equal(interface_delete(2), -EBUSY);
	assert_int_equal(adjacency_delete(1), 0);
	assert_int_equal(interface_delete(2), 0);
}

static void adjacencies_follow_their_interface(void **state)
{
	const struct adjacency *untouched;
	struct api_interface api = api_of(1, 0, 100, 200);

	add_interface(1, 0, 7);
	add_interface(2, 0, 8);
	add_adjacency(1, 1);
	add_adjacency(2, 2);
	untouched = adjacency_get(2);
	api.mtu = 1400;
	assert_int_equal(interface_upsert(&api, -1), 0);
	assert_int_equal(adjacency_get(1)->mtu, 1400);
	assert_int_equal(adjacency_get(1)->template_bytes, 22);
	assert_memory_equal(
		adjacency_get(1)->template + 2 + 12, "\x81\x00\x00\x64\x81\x00\x00\xc8", 8);
	fake_ports[0].mac.addr_bytes[5] = 0x42;
	assert_ptr_equal(adjacency_get(2), untouched);
	assert_int_equal(interface_port_changed(0), 0);
	assert_int_equal(source_mac(adjacency_get(1))[5], 0x42);
	assert_int_equal(source_mac(adjacency_get(2))[5], 0x42);
}

static void refuses_invalid_groups(void **state)
{
	add_interface(1, 0, 7);
	add_adjacency(1, 1);
	for (uint32_t id = 0; id < API_GROUP_FIRST; id++) {
		assert_int_equal(add_group(id, 1, 1, 0), -EINVAL);
		assert_int_equal(group_delete(id), -EINVAL);
	}
	assert_int_equal(add_group(API_GROUPS_MAX, 1, 1, 0), -EINVAL);
	assert_int_equal(group_delete(UINT32_MAX), -EINVAL);
	assert_int_equal(add_group(16, API_GROUP_MEMBERS_MAX + 1, 1, 1), -EINVAL);
	assert_int_equal(add_group(16, 2, 1, 2), -ENOENT);
	assert_int_equal(add_group(16, 2, 1, 0), -ENOENT);
	assert_int_equal(add_group(16, 1, UINT32_MAX, 0), -ENOENT);
	assert_null(group_get(16));
	assert_int_equal(group_delete(16), 0);
	assert_int_equal(add_group(16, 0, 0, 0), 0);
}

static void fixed_groups_exist(void **state)
{
	assert_false(group_exists(API_GROUP_NONE));
	assert_true(group_exists(API_GROUP_RECEIVE));
	assert_true(group_exists(API_GROUP_BLACKHOLE));
	assert_true(group_exists(API_GROUP_GLEAN));
	assert_true(group_exists(API_GROUP_GLEAN_LEAKED));
	assert_false(group_exists(API_GROUP_GLEAN_LEAKED + 1));
	assert_false(group_exists(API_GROUP_FIRST));
	assert_false(group_exists(UINT32_MAX));
	group_hold(API_GROUP_GLEAN); /* not counted */
	group_release(API_GROUP_GLEAN);
}

static void groups_hold_their_members(void **state)
{
	add_interface(1, 0, 7);
	for (uint32_t i = 1; i <= 3; i++)
		add_adjacency(i, 1);
	assert_int_equal(add_group(20, 2, 1, 2), 0);
	assert_int_equal(adjacency_delete(1), -EBUSY);
	assert_int_equal(add_group(20, 2, 2, 3), 0);
	assert_int_equal(adjacency_delete(1), 0);
	assert_int_equal(adjacency_delete(2), -EBUSY);
	assert_int_equal(adjacency_delete(3), -EBUSY);
	group_hold(20);
	assert_int_equal(group_delete(20), -EBUSY);
	group_release(20);
	assert_int_equal(group_delete(20), 0);
	assert_int_equal(adjacency_delete(2), 0);
	assert_int_equal(adjacency_delete(3), 0);
}

static void the_same_again_changes_nothing_but_the_mark(void **state)
{
	const struct adjacency *adjacency;
	const struct group *group;

	add_interface(1, 0, 7);
	add_adjacency(1, 1);
	assert_int_equal(add_group(20, 1, 1, 0), 0);
	adjacency = adjacency_get(1);
	group = group_get(20);
	table_mark = 2;
	add_adjacency(1, 1);
	assert_int_equal(add_group(20, 1, 1, 0), 0);
	assert_ptr_equal(adjacency_get(1), adjacency);
	assert_ptr_equal(group_get(20), group);
	assert_int_equal(group_sweep() + adjacency_sweep(), 0);
}

/* In the order of a snapshot's end. A group that a route holds stays, and so its members. */
static void sweeps_what_was_not_named(void **state)
{
	add_interface(1, 0, 7);
	for (uint32_t i = 1; i <= 4; i++) {
		add_adjacency(i, 1);
		assert_int_equal(add_group(20 + i, 1, i, 0), 0);
	}
	group_hold(24);
	table_mark = 2;
	add_adjacency(1, 1);
	assert_int_equal(add_group(21, 1, 1, 0), 0);
	assert_int_equal(group_sweep(), 2);
	assert_int_equal(adjacency_sweep(), 2);
	assert_non_null(group_get(21));
	assert_null(group_get(22));
	assert_non_null(group_get(24));
	assert_non_null(adjacency_get(4));
	group_release(24);
	assert_int_equal(group_sweep(), 1);
	assert_int_equal(adjacency_sweep(), 1);
}

static void dumps_and_usage(void **state)
{
	struct api_adjacency adjacency, expected;
	struct api_group group;
	uint32_t adjacencies, groups;
	uint64_t bytes;

	add_interface(1, 0, 7);
	add_adjacency(5, 1);
	add_adjacency(API_ADJACENCIES_MAX - 1, 1);
	assert_int_equal(add_group(API_GROUPS_MAX - 1, 2, 5, 5), 0);
	assert_true(adjacency_next(0, &adjacency));
	expected = adjacency_of(5, 1);
	assert_memory_equal(&adjacency, &expected, sizeof(expected));
	assert_true(adjacency_next(5, &adjacency));
	assert_int_equal(adjacency.id, API_ADJACENCIES_MAX - 1);
	assert_false(adjacency_next(adjacency.id, &adjacency));
	assert_false(adjacency_next(UINT32_MAX, &adjacency));
	assert_true(group_next(0, &group));
	assert_int_equal(group.id, API_GROUPS_MAX - 1);
	assert_int_equal(group.count, 2);
	assert_int_equal(group.adjacencies[1], 5);
	assert_false(group_next(group.id, &group));
	nexthop_usage(&adjacencies, &groups, &bytes);
	assert_int_equal(adjacencies, 2);
	assert_int_equal(groups, 1);
	assert_int_equal(bytes, 2 * sizeof(struct adjacency) + sizeof(struct group));
	nexthop_fini();
	nexthop_usage(&adjacencies, &groups, &bytes);
	assert_int_equal(adjacencies + groups + bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fake_test(a_held_neighbour_stays_in_its_domain),
		fake_test(refuses_invalid_adjacencies),
		fake_test(templates_are_whole_headers),
		fake_test(adjacencies_hold_their_interface),
		fake_test(adjacencies_follow_their_interface),
		fake_test(refuses_invalid_groups),
		fake_test(fixed_groups_exist),
		fake_test(groups_hold_their_members),
		fake_test(the_same_again_changes_nothing_but_the_mark),
		fake_test(sweeps_what_was_not_named),
		fake_test(dumps_and_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
