/* SPDX-License-Identifier: BSD-3-Clause */
/* Routing domains and their routes, with fake next-hop groups that count who holds them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "dataplane/nexthop/nexthop.h"
#include "dataplane/vrf/vrf.h"
#include "dataplane/worker/mark.h"
#include "dataplane/worker/reclaim.h"

#define FAKE_GROUPS 64u /* ids 1..63 exist */

static int holds[FAKE_GROUPS];

bool group_exists(uint32_t id)
{
	return id != 0 && id < FAKE_GROUPS;
}

void group_hold(uint32_t id)
{
	holds[id]++;
}

void group_release(uint32_t id)
{
	assert_true(holds[id] > 0);
	holds[id]--;
}

static struct api_vrf vrf_named(uint32_t id)
{
	struct api_vrf vrf = {.id = id};

	snprintf(vrf.name, sizeof(vrf.name), "vnet.%u", id);
	return vrf;
}

static int vrf_make(uint32_t id)
{
	struct api_vrf vrf = vrf_named(id);

	return vrf_upsert(&vrf);
}

static struct api_route route4(uint32_t vrf, uint32_t address, uint8_t length, uint32_t group)
{
	struct api_route route = {.vrf = vrf,
		.group = group,
		.family = AF_INET,
		.prefix_len = length,
		.origin = API_ORIGIN_BGP};

	for (unsigned int i = 0; i < 4; i++)
		route.address[i] = (uint8_t)(address >> (24 - 8 * i));
	return route;
}

static struct api_route route6(uint32_t vrf, uint16_t second, uint8_t length, uint32_t group)
{
	struct api_route route = {.vrf = vrf,
		.group = group,
		.family = AF_INET6,
		.prefix_len = length,
		.origin = API_ORIGIN_STATIC,
		.address = {0x20, 0x01, (uint8_t)(second >> 8), (uint8_t)second}};

	return route;
}

static uint32_t lookup4(uint32_t vrf, uint32_t address)
{
	const struct fib *fib = vrf_fib4(vrf);
	uint32_t group;

	fib_lookup4_bulk(&fib, &address, &group, 1);
	return group;
}

static uint32_t lookup6(uint32_t vrf, uint16_t second)
{
	const uint8_t address[1][16] = {{0x20, 0x01, (uint8_t)(second >> 8), (uint8_t)second}};
	const struct fib *fib = vrf_fib6(vrf);
	uint32_t group;

	fib_lookup6_bulk(&fib, address, &group, 1);
	return group;
}

static int setup(void **state)
{
	memset(holds, 0, sizeof(holds));
	table_mark = 1;
	return reclaim_init();
}

/* Whatever a test did: no group is held once all is gone. */
static int teardown(void **state)
{
	struct api_vrf vrf;

	vrf_fini();
	reclaim_fini();
	assert_false(vrf_next(0, &vrf));
	for (uint32_t i = 0; i < FAKE_GROUPS; i++)
		assert_int_equal(holds[i], 0);
	return 0;
}

static void test_vrf_invalid(void **state)
{
	struct api_vrf vrf = vrf_named(7);

	assert_int_equal(vrf_make(0), -EINVAL);
	assert_int_equal(vrf_make(API_VRFS_MAX), -EINVAL);
	assert_int_equal(vrf_make(UINT32_MAX), -EINVAL);
	memset(vrf.name, 'x', sizeof(vrf.name));
	assert_int_equal(vrf_upsert(&vrf), -EINVAL);
	vrf.name[0] = '\0';
	assert_int_equal(vrf_upsert(&vrf), -EINVAL);
	assert_int_equal(vrf_delete(0), -EINVAL);
	assert_int_equal(vrf_delete(API_VRFS_MAX), -EINVAL);
	assert_int_equal(vrf_delete(7), 0);
	assert_false(vrf_exists(7));
	assert_false(vrf_exists(UINT32_MAX));
	assert_null(vrf_fib4(7));
}

static void test_route_invalid(void **state)
{
	struct api_route good = route4(7, 0x0a000000, 8, 20), route = good;

	assert_int_equal(route_upsert(&good), -ENOENT);
	assert_int_equal(route_delete(&good), 0);
	assert_int_equal(vrf_make(7), 0);
	route.vrf = 0;
	assert_int_equal(route_upsert(&route), -EINVAL);
	assert_int_equal(route_delete(&route), -EINVAL);
	route.vrf = API_VRFS_MAX;
	assert_int_equal(route_upsert(&route), -EINVAL);
	assert_int_equal(route_delete(&route), -EINVAL);
	route = good, route.group = 0;
	assert_int_equal(route_upsert(&route), -EINVAL);
	route = good, route.group = FAKE_GROUPS;
	assert_int_equal(route_upsert(&route), -ENOENT);
	route = good, route.family = AF_UNIX;
	assert_int_equal(route_upsert(&route), -EINVAL);
	assert_int_equal(route_delete(&route), -EINVAL);
	route = good, route.prefix_len = 33;
	assert_int_equal(route_upsert(&route), -EINVAL);
	route = good, route.prefix_len = 6;
	assert_int_equal(route_upsert(&route), -EINVAL);
	route = good, route.origin = 0;
	assert_int_equal(route_upsert(&route), -EINVAL);
	route = good, route.origin = UINT8_MAX;
	assert_int_equal(route_upsert(&route), -EINVAL);
	route = good, route.leaked_from = API_VRFS_MAX;
	assert_int_equal(route_upsert(&route), -EINVAL);
	assert_int_equal(route_upsert(&good), 0);
	assert_int_equal(holds[20], 1);
}

static void test_domains_are_apart(void **state)
{
	struct api_route a = route4(1, 0x0a000000, 8, 20), b = route4(2, 0x0a000000, 8, 21),
			 c = route6(1, 0xdb8, 32, 22);

	assert_int_equal(vrf_make(1), 0);
	assert_int_equal(vrf_make(2), 0);
	assert_int_equal(route_upsert(&a), 0);
	assert_int_equal(route_upsert(&b), 0);
	assert_int_equal(route_upsert(&c), 0);
	assert_int_equal(lookup4(1, 0x0a000001), 0);
	assert_int_equal(vrf_commit(), 0);
	assert_int_equal(lookup4(1, 0x0a000001), 20);
	assert_int_equal(lookup4(2, 0x0a000001), 21);
	assert_int_equal(lookup4(3, 0x0a000001), 0);
	assert_int_equal(lookup6(1, 0xdb8), 22);
	assert_int_equal(lookup6(2, 0xdb8), 0);
	assert_int_equal(route_delete(&a), 0);
	assert_int_equal(route_delete(&a), 0);
	assert_int_equal(vrf_commit(), 0);
	assert_int_equal(lookup4(1, 0x0a000001), 0);
	assert_int_equal(lookup4(2, 0x0a000001), 21);
}

static void test_groups_are_held(void **state)
{
	struct api_route route = route4(1, 0x0a000000, 8, 20);

	assert_int_equal(vrf_make(1), 0);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(route_upsert(&route), 0);
	assert_int_equal(holds[20], 1);
	route.group = 21;
	assert_int_equal(route_upsert(&route), 0);
	assert_int_equal(holds[20], 0);
	assert_int_equal(holds[21], 1);
	assert_int_equal(route_delete(&route), 0);
	assert_int_equal(holds[21], 0);
}

static void test_vrf_delete(void **state)
{
	struct api_route route = route4(1, 0x0a000000, 8, 20);

	assert_int_equal(vrf_make(1), 0);
	assert_int_equal(route_upsert(&route), 0);
	vrf_hold(1);
	assert_int_equal(vrf_delete(1), -EBUSY);
	vrf_release(1);
	reclaim_reader_register(0);
	/* With its change still pending, and a reader inside. */
	assert_int_equal(vrf_delete(1), 0);
	assert_int_equal(holds[20], 0);
	assert_null(vrf_fib4(1));
	assert_null(vrf_fib6(1));
	assert_int_equal(vrf_commit(), 0);
	assert_int_not_equal(reclaim_run(), 0);
	reclaim_reader_quiet(0);
	assert_int_equal(reclaim_run(), 0);
	reclaim_reader_unregister(0);
	/* The id's next life starts empty. */
	assert_int_equal(vrf_make(1), 0);
	assert_int_equal(lookup4(1, 0x0a000001), 0);
}

static void test_sweep(void **state)
{
	struct api_route stays = route4(1, 0x0a000000, 8, 20), goes = route4(1, 0x0b000000, 8, 21),
			 with_vrf = route6(2, 0xdb8, 32, 22);
	uint32_t routes, limit;

	assert_int_equal(vrf_make(1), 0);
	assert_int_equal(vrf_make(2), 0);
	assert_int_equal(vrf_make(3), 0);
	assert_int_equal(route_upsert(&stays), 0);
	assert_int_equal(route_upsert(&goes), 0);
	assert_int_equal(route_upsert(&with_vrf), 0);
	assert_int_equal(vrf_commit(), 0);
	table_mark = 2;
	vrf_hold(3);
	assert_int_equal(vrf_make(1), 0);
	assert_int_equal(route_upsert(&stays), 0);
	assert_int_equal(route_sweep(), 2);
	route_usage(&routes, &limit);
	assert_int_equal(routes, 1);
	assert_in_range(limit, 1u << 20, UINT32_MAX);
	assert_int_equal(vrf_commit(), 0);
	assert_int_equal(lookup4(1, 0x0a000001), 20);
	assert_int_equal(lookup4(1, 0x0b000001), 0);
	assert_int_equal(lookup6(2, 0xdb8), 0);
	assert_int_equal(vrf_sweep(), 1); /* not 1: named; not 3: held */
	assert_true(vrf_exists(1));
	assert_false(vrf_exists(2));
	assert_true(vrf_exists(3));
	assert_int_equal(holds[20] + holds[21] + holds[22], 1);
	vrf_release(3);
	assert_int_equal(vrf_sweep(), 1);
}

static void test_dump(void **state)
{
	struct api_route routes[] = {route4(1, 0, 0, 20), route4(1, 0x0a000000, 8, 21),
		route6(1, 0xdb8, 32, 22), route6(5, 0, 16, 23), route4(9, 0xc0000200, 24, 24)};
	struct route_cursor cursor = {0}, only = {.vrf = 5, .only = true},
			    nowhere = {.vrf = 6, .only = true};
	struct api_vrf vrf, expected = vrf_named(1);
	struct api_route route;

	routes[1].leaked_from = 9;
	for (uint32_t id = 1; id <= 9; id += 4)
		assert_int_equal(vrf_make(id), 0);
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(route_upsert(&routes[4 - i]), 0);
	assert_true(vrf_next(0, &vrf));
	assert_int_equal(vrf.id, 1);
	assert_string_equal(vrf.name, expected.name);
	assert_int_equal(vrf.routes4, 2);
	assert_int_equal(vrf.routes6, 1);
	assert_true(vrf.fib_bytes > 0 && vrf.rib_bytes > 0);
	assert_true(vrf_next(5, &vrf));
	assert_int_equal(vrf.id, 9);
	assert_false(vrf_next(9, &vrf));
	for (unsigned int i = 0; i < 5; i++) {
		assert_true(route_next(&cursor, &route));
		assert_memory_equal(&route, &routes[i], sizeof(route));
		/* The table under the cursor may go while a dump is paged out. */
		if (i == 2)
			assert_int_equal(vrf_delete(1), 0);
	}
	assert_false(route_next(&cursor, &route));
	assert_true(route_next(&only, &route));
	assert_memory_equal(&route, &routes[3], sizeof(route));
	assert_false(route_next(&only, &route));
	assert_false(route_next(&nowhere, &route));
}

static void test_dump_empty(void **state)
{
	struct route_cursor cursor = {0};
	struct api_route route;

	assert_false(route_next(&cursor, &route));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_vrf_invalid),
		TEST(test_route_invalid),
		TEST(test_domains_are_apart),
		TEST(test_groups_are_held),
		TEST(test_vrf_delete),
		TEST(test_sweep),
		TEST(test_dump),
		TEST(test_dump_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
