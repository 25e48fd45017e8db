/* SPDX-License-Identifier: BSD-3-Clause */
/* What looks make of rates and availability, minute by minute. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/control/usage_kit.h"

static json_t *rate(size_t index)
{
	json_t *rows = history_rates(history, "contoso/private", 0), *row;

	row = json_incref(json_array_get(rows, index));
	json_decref(rows);
	return row;
}

static size_t rate_count(int64_t from)
{
	json_t *rows = history_rates(history, "contoso", from);
	size_t count = json_array_size(rows);

	json_decref(rows);
	return count;
}

static double real(const json_t *row, const char *key)
{
	return json_number_value(json_object_get(row, key));
}

static void a_minute_has_its_rates(void **state)
{
	json_t *row;

	look_after(0);
	for (unsigned int i = 0; i < 6; i++) {
		move(75000, 7500); /* 60 and 6 kbit/s */
		link_now.counters[RECORD_DROPPED_IN_BYTES] += 750;
		/* The session came up four seconds ago, then went down. */
		link_now.session_ms = i == 0 ? 4000 : i < 4 ? INT64_MAX : 0;
		link_now.neighbour_ms = i == 2 ? 0 : INT64_MAX;
		link_now.peaks[0] = (struct api_peak){
			.minute = (uint32_t)(NINE / 60), .in_bps = i == 3 ? 900000 : 80000};
		look_after(10);
	}
	assert_int_equal(rate_count(0), 1);
	row = rate(0);
	assert_string_equal(json_string_value(json_object_get(row, "link")), PRIMARY);
	assert_int_equal(number(row, "at"), NINE);
	assert_int_equal(real(row, "seconds"), 60);
	assert_int_equal(number(row, "in_bps"), 60000);
	assert_int_equal(number(row, "out_bps"), 6000);
	assert_int_equal(number(row, "dropped_in_bps"), 600);
	assert_int_equal(number(row, "peak_in_bps"), 900000);
	assert_int_equal(number(row, "peak_out_bps"), 0);
	assert_float_equal(real(row, "bgp_availability"), 100.0 * 34 / 60, 0.01);
	assert_float_equal(real(row, "arp_availability"), 100.0 * 50 / 60, 0.01);
	json_decref(row);
	/* What was seen of a minute after its end is still its. */
	link_now.peaks[1] = (struct api_peak){.minute = (uint32_t)(NINE / 60), .in_bps = 1000000};
	link_now.peaks[0] = (struct api_peak){.minute = (uint32_t)(NINE / 60 + 1), .in_bps = 50};
	look_after(10);
	row = rate(0);
	assert_int_equal(number(row, "peak_in_bps"), 1000000);
	json_decref(row);
	row = rate(1);
	assert_int_equal(number(row, "peak_in_bps"), 50);
	assert_int_equal(number(row, "in_bps"), 0);
	json_decref(row);
}

static void what_is_not_there_is_not_unavailable(void **state)
{
	json_t *row;

	link_now.session_ms = -1;
	look_after(0);
	look_after(10);
	row = rate(0);
	assert_true(json_is_null(json_object_get(row, "bgp_availability")));
	assert_int_equal(real(row, "arp_availability"), 100);
	json_decref(row);
}

static void gaps_are_gaps(void **state)
{
	json_t *row;

	look_after(0);
	look_after(10);
	assert_int_equal(rate_count(0), 1);
	/* Ten minutes without control: neither zeroes, nor their bytes in what follows. */
	restart();
	move(1000000, 0);
	look_after(600);
	move(1250, 0);
	look_after(10);
	assert_int_equal(rate_count(0), 2);
	row = rate(1);
	assert_int_equal(number(row, "at"), NINE + 600);
	assert_int_equal(number(row, "in_bps"), 1000);
	json_decref(row);
	assert_int_equal(in_of(0), 1001250);
	/* The same process that could not look. */
	look_after(300);
	assert_int_equal(rate_count(0), 2);
	assert_int_equal(rate_count(NINE + 60), 1);
}

/* The last second before a minute's end is its, whatever the interval. */
static void looks_fall_into_their_minutes(void **state)
{
	at = NINE + 58;
	look_after(0);
	look_after(1);
	look_after(1); /* 09:01:00 */
	assert_int_equal(rate_count(0), 1);
	look_after(1);
	assert_int_equal(rate_count(0), 2);
}

/* A machine that stood still for less than a gap: its minute has the average of what it watched,
 * and one whose end it slept through is a gap. */
static void a_stall_is_no_zero(void **state)
{
	json_t *row;

	look_after(0);
	move(3125, 0);
	look_after(25);
	assert_int_equal(rate_count(0), 1);
	row = rate(0);
	assert_int_equal(number(row, "in_bps"), 1000);
	assert_int_equal(real(row, "seconds"), 25);
	json_decref(row);
	move(100000, 0);
	look_after(95); /* 09:02:00 */
	move(1250, 0);
	look_after(10);
	assert_int_equal(rate_count(0), 2);
	row = rate(1);
	assert_int_equal(number(row, "at"), NINE + 120);
	assert_int_equal(number(row, "in_bps"), 1000);
	json_decref(row);
	/* Its clock goes back by a little, in the middle of a minute and at its end. */
	move(1250, 0);
	at -= 1;
	at_us += 10000000;
	assert_int_equal(try_look(), 0);
	row = rate(1);
	assert_int_equal(number(row, "in_bps"), 1000);
	assert_int_equal(real(row, "seconds"), 20);
	json_decref(row);
	assert_int_equal(in_of(0), 105625);
}

static void what_is_unknown_counts_neither_way(void **state)
{
	json_t *row;

	look_after(0);
	look_after(10);
	link_now.neighbour_ms = -1; /* control came back, and has not read them yet */
	look_after(10);
	link_now.neighbour_ms = 0;
	look_after(10);
	row = rate(0);
	assert_float_equal(real(row, "arp_availability"), 50, 0.01);
	assert_float_equal(real(row, "bgp_availability"), 100, 0.01);
	assert_int_equal(real(row, "seconds"), 30);
	json_decref(row);
}

static void a_day_is_kept(void **state)
{
	look_after(0);
	look_after(10);
	at += INT64_C(1439) * 60;
	look_after(10);
	assert_int_equal(rate_count(0), 2);
	at += 60;
	look_after(10);
	/* The first minute is gone, the last ones are there. */
	assert_int_equal(rate_count(0), 2);
	assert_int_equal(rate_count(NINE + 60), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		USAGE_TEST(a_minute_has_its_rates),
		USAGE_TEST(what_is_not_there_is_not_unavailable),
		USAGE_TEST(gaps_are_gaps),
		USAGE_TEST(looks_fall_into_their_minutes),
		USAGE_TEST(a_stall_is_no_zero),
		USAGE_TEST(what_is_unknown_counts_neither_way),
		USAGE_TEST(a_day_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
