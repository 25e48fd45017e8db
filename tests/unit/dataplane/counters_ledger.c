/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "dataplane/worker/counters.h"

static const int nodes[3] = {-1, 0, 12345}; /* a node that is not there is no reason to fail */

static void refuses_invalid_arguments(void **state)
{
	assert_int_equal(counters_init(0, nodes), -EINVAL);
	assert_null(counters_of_thread(0));
	assert_int_equal(counters_init(3, nodes), 0);
	assert_int_equal(counters_init(3, nodes), -EINVAL);
	assert_non_null(counters_of_thread(2));
	assert_null(counters_of_thread(3));
	counters_fini();
	counters_fini();
}

static void sums_all_threads(void **state)
{
	const uint32_t slots[] = {
		1, API_INTERFACES_MAX - 1, COUNTERS_PORT(0), COUNTERS_PORT(API_PORTS_MAX - 1)};
	struct api_ledger sum, none = {0};

	assert_int_equal(counters_init(3, nodes), 0);
	for (unsigned int s = 0; s < RTE_DIM(slots); s++) {
		counters_read(slots[s], &sum);
		assert_memory_equal(&sum, &none, sizeof(sum));
		for (unsigned int thread = 0; thread < 3; thread++) {
			struct api_ledger *ledger = &counters_of_thread(thread)[slots[s]];

			ledger->rx += 1 + thread;
			ledger->tx_bytes += UINT32_MAX;
			ledger->drops[API_DROP_COUNT - 1] += 10 * (s + 1);
		}
		counters_read(slots[s], &sum);
		assert_int_equal(sum.rx, 6);
		assert_int_equal(sum.tx_bytes, 3ull * UINT32_MAX);
		assert_int_equal(sum.drops[API_DROP_COUNT - 1], 30 * (s + 1));
	}
	counters_fini();
}

static void reset_starts_at_zero_and_touches_no_other(void **state)
{
	struct api_ledger sum;

	assert_int_equal(counters_init(2, nodes), 0);
	counters_of_thread(0)[7].punt = 10;
	counters_of_thread(1)[7].punt = 20;
	counters_of_thread(1)[8].punt = 40;
	counters_reset(7);
	counters_read(7, &sum);
	assert_int_equal(sum.punt, 0);
	counters_of_thread(1)[7].punt++;
	counters_read(7, &sum);
	assert_int_equal(sum.punt, 1);
	counters_read(8, &sum);
	assert_int_equal(sum.punt, 40);
	counters_fini();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_invalid_arguments),
		cmocka_unit_test(sums_all_threads),
		cmocka_unit_test(reset_starts_at_zero_and_touches_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
