/* SPDX-License-Identifier: BSD-3-Clause */
/* The highest rates of windows of 10 ms; the clock is the test's, and the accounts are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/api/clock.h"
#include "dataplane/worker/counters.h"
#include "dataplane/worker/peaks.h"

#define LINK 5u
#define OTHER 7u
#define MINUTE 29000000u

static uint64_t now_us;

static uint64_t clock_us(void)
{
	return now_us;
}

static void look_after(uint64_t us)
{
	now_us += us;
	peaks_look(clock_us, MINUTE);
}

static struct api_ledger *account(unsigned int thread)
{
	return &counters_of_thread(thread)[LINK];
}

static int setup(void **state)
{
	static const int nodes[2] = {-1, -1};

	now_us = 1000000;
	if (counters_init(2, nodes) != 0)
		return -1;
	peaks_watch(LINK);
	peaks_watch(OTHER);
	look_after(0);
	return 0;
}

static int teardown(void **state)
{
	peaks_forget(LINK);
	peaks_forget(OTHER);
	counters_fini();
	return 0;
}

static struct api_peak peak_of(uint32_t interface, unsigned int which)
{
	struct api_peak peaks[2];

	peaks_read(interface, peaks);
	return peaks[which];
}

static void a_burst_is_seen_that_the_average_hides(void **state)
{
	/* 125 kB in one window of a hundred: 100 Mbit/s there, 1 Mbit/s all in all. */
	for (unsigned int i = 0; i < 100; i++) {
		if (i == 40) {
			account(0)->rx_bytes += 100000;
			account(1)->rx_bytes += 25000;
			account(0)->dropped_bytes[API_DROP_IN] += 75000;
		}
		account(1)->tx_bytes += 1250;
		look_after(10000);
	}
	assert_int_equal(peak_of(LINK, 0).minute, MINUTE);
	assert_int_equal(peak_of(LINK, 0).in_bps, 100000000);
	assert_int_equal(peak_of(LINK, 0).dropped_in_bps, 60000000);
	assert_int_equal(peak_of(LINK, 0).out_bps, 1000000);
	assert_int_equal(peak_of(LINK, 0).dropped_out_bps, 0);
	assert_int_equal(peak_of(OTHER, 0).in_bps, 0);
}

static void a_window_is_as_long_as_it_was(void **state)
{
	account(0)->rx_bytes += 125000;
	look_after(100000); /* the machine stood still */
	assert_int_equal(peak_of(LINK, 0).in_bps, 10000000);
	/* Too soon is no window: the bytes are the next one's. */
	account(0)->rx_bytes += 125000;
	look_after(1000);
	assert_int_equal(peak_of(LINK, 0).in_bps, 10000000);
	look_after(9000);
	assert_int_equal(peak_of(LINK, 0).in_bps, 100000000);
}

static void what_was_before_is_no_burst(void **state)
{
	account(0)->rx_bytes += 1000000;
	peaks_watch(LINK); /* a new owner */
	look_after(10000);
	look_after(10000);
	assert_int_equal(peak_of(LINK, 0).in_bps, 0);
	/* The device did not take it: no rate of 2^64. */
	account(0)->tx_bytes += 5000;
	look_after(10000);
	account(0)->tx_bytes -= 5000;
	look_after(10000);
	assert_int_equal(peak_of(LINK, 0).out_bps, 4000000);
}

static void minutes_follow_each_other(void **state)
{
	account(0)->rx_bytes += 125000;
	look_after(10000);
	now_us += 10000;
	peaks_look(clock_us, MINUTE + 1);
	assert_int_equal(peak_of(LINK, 1).minute, MINUTE);
	assert_int_equal(peak_of(LINK, 1).in_bps, 100000000);
	assert_int_equal(peak_of(LINK, 0).minute, MINUTE + 1);
	assert_int_equal(peak_of(LINK, 0).in_bps, 0);
	/* The clock was put back by a moment: still the new minute. */
	account(0)->rx_bytes += 12500;
	look_after(10000);
	assert_int_equal(peak_of(LINK, 0).minute, MINUTE + 1);
	assert_int_equal(peak_of(LINK, 0).in_bps, 10000000);
	assert_int_equal(peak_of(LINK, 1).in_bps, 100000000);
}

static void who_is_forgotten_is_not_looked_at(void **state)
{
	peaks_forget(LINK);
	account(0)->rx_bytes += 125000;
	look_after(10000);
	assert_int_equal(peak_of(LINK, 0).in_bps, 0);
}

/* The real thread and clock: the whole of a burst is in some window. */
static void the_thread_looks(void **state)
{
	uint64_t end_us = monotonic_us() + 30000000;

	assert_int_equal(peaks_start(), 0);
	assert_int_not_equal(peaks_start(), 0);
	while (peak_of(LINK, 0).in_bps == 0 && monotonic_us() < end_us)
		__atomic_fetch_add(&account(0)->rx_bytes, 1, __ATOMIC_RELAXED);
	peaks_stop();
	assert_true(peak_of(LINK, 0).in_bps > 0);
	assert_true(peak_of(LINK, 0).minute > MINUTE);
	peaks_stop();
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_burst_is_seen_that_the_average_hides),
		TEST(a_window_is_as_long_as_it_was),
		TEST(what_was_before_is_no_burst),
		TEST(minutes_follow_each_other),
		TEST(who_is_forgotten_is_not_looked_at),
		TEST(the_thread_looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
