/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How receive queues are spread over workers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/port/queues.h"

static unsigned int loads[4];
static uint8_t assigned[4];

static int no_load(void **state)
{
	for (unsigned int i = 0; i < 4; i++)
		loads[i] = 0;
	return 0;
}

static void every_worker_gets_a_queue(void **state)
{
	static const int nodes[] = {0, 0, 1, 1};
	unsigned int seen = 0;

	queues_assign(loads, nodes, 4, 1, 4, assigned);
	for (unsigned int i = 0; i < 4; i++) {
		seen |= 1u << assigned[i];
		assert_int_equal(loads[i], 1);
	}
	assert_int_equal(seen, 0xf);
	/* The near ones come first. */
	assert_true(assigned[0] >= 2 && assigned[1] >= 2);
}

static void near_workers_are_preferred(void **state)
{
	static const int nodes[] = {0, 0, 1, 1};

	loads[2] = 5;
	queues_assign(loads, nodes, 4, 1, 2, assigned);
	assert_int_equal(assigned[0], 3);
	assert_int_equal(assigned[1], 2);
}

static void single_queues_go_around(void **state)
{
	static const int nodes[] = {0, 0, 0};

	for (unsigned int port = 0; port < 6; port++)
		queues_assign(loads, nodes, 3, -1, 1, assigned);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(loads[i], 2);
}

static void far_workers_serve_when_none_is_near(void **state)
{
	static const int nodes[] = {0, 0};

	loads[0] = 1;
	queues_assign(loads, nodes, 2, 7, 1, assigned);
	assert_int_equal(assigned[0], 1);
}

static void who_hands_packets_over(void **state)
{
	/* One worker, or a device that is trusted. */
	assert_int_equal(queues_mode(API_RSS_AUTO, 1, 1, false), EXCHANGE_NONE);
	assert_int_equal(queues_mode(API_RSS_SOFTWARE, 1, 1, false), EXCHANGE_NONE);
	assert_int_equal(queues_mode(API_RSS_HARDWARE, 4, 4, false), EXCHANGE_NONE);
	assert_int_equal(queues_mode(API_RSS_HARDWARE, 4, 1, false), EXCHANGE_NONE);
	/* One that tells its hash, with a queue for each worker, is watched. */
	assert_int_equal(queues_mode(API_RSS_AUTO, 4, 4, true), EXCHANGE_UNHASHED);
	assert_int_equal(queues_mode(API_RSS_AUTO, 4, 3, true), EXCHANGE_ALL);
	assert_int_equal(queues_mode(API_RSS_AUTO, 4, 4, false), EXCHANGE_ALL);
	assert_int_equal(queues_mode(API_RSS_AUTO, 4, 1, false), EXCHANGE_ALL);
	assert_int_equal(queues_mode(API_RSS_SOFTWARE, 4, 4, true), EXCHANGE_ALL);
}

static void which_way_is_taken(void **state)
{
	assert_int_equal(queues_spread(EXCHANGE_NONE, 1, 0, 0), API_SPREAD_SINGLE);
	assert_int_equal(queues_spread(EXCHANGE_NONE, 2, 0, 0), API_SPREAD_HARDWARE);
	assert_int_equal(queues_spread(EXCHANGE_ALL, 2, 0, 0), API_SPREAD_SOFTWARE);
	assert_int_equal(queues_spread(EXCHANGE_UNHASHED, 2, 0, 0), API_SPREAD_HARDWARE);
	assert_int_equal(queues_spread(EXCHANGE_UNHASHED, 2, 90, 10), API_SPREAD_HARDWARE);
	/* It hashed ARP's kin at best: it does not look behind the tags. */
	assert_int_equal(queues_spread(EXCHANGE_UNHASHED, 2, 10, 90), API_SPREAD_SOFTWARE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_worker_gets_a_queue, no_load),
		cmocka_unit_test_setup(near_workers_are_preferred, no_load),
		cmocka_unit_test_setup(single_queues_go_around, no_load),
		cmocka_unit_test(who_hands_packets_over),
		cmocka_unit_test(which_way_is_taken),
		cmocka_unit_test_setup(far_workers_serve_when_none_is_near, no_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
