/* SPDX-License-Identifier: BSD-3-Clause */
/* What looks make of usage, hour by hour: the clock, the dataplane and its restarts are the test's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/control/usage_kit.h"

static void sums_differences_by_hour(void **state)
{
	json_t *rows;

	move(7000, 0); /* before anybody looked: whose it was nobody knows */
	look_after(0);
	move(1000, 500);
	link_now.counters[RECORD_DROPPED_IN_BYTES] += 40;
	link_now.counters[RECORD_DROPPED_OUT_BYTES] += 30;
	link_now.counters[RECORD_DROPPED_PACKETS] += 2;
	look_after(10);
	move(24, 12);
	look_after(10);
	rows = hours();
	assert_int_equal(json_array_size(rows), 1);
	assert_int_equal(number(json_array_get(rows, 0), "hour"), NINE);
	assert_int_equal(number(json_array_get(rows, 0), "in_bytes"), 1024);
	assert_int_equal(number(json_array_get(rows, 0), "out_bytes"), 512);
	assert_int_equal(number(json_array_get(rows, 0), "dropped_in_bytes"), 40);
	assert_int_equal(number(json_array_get(rows, 0), "dropped_out_bytes"), 30);
	assert_int_equal(number(json_array_get(rows, 0), "dropped_packets"), 2);
	assert_int_equal(number(json_array_get(rows, 0), "seconds"), 20);
	assert_true(json_is_true(json_object_get(json_array_get(rows, 0), "open")));
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(rows, 0), "family")), "metered");
	json_decref(rows);
}

static void control_away_loses_nothing(void **state)
{
	look_after(0);
	move(1000, 0);
	restart();
	look_after(10);
	assert_int_equal(in_of(0), 1000);
	restart();
	look_after(10);
	assert_int_equal(in_of(0), 1000);
}

/* Its counters begin at zero: neither lost nor counted twice, also when they are beyond what they
 * were. */
static void a_restarted_dataplane_counts_from_zero(void **state)
{
	look_after(0);
	move(1000, 0);
	look_after(10);
	boot_id = 7;
	link_now.counters[RECORD_IN_BYTES] = 300;
	look_after(10);
	assert_int_equal(in_of(0), 1300);
	boot_id = 8;
	link_now.counters[RECORD_IN_BYTES] = 5000;
	restart();
	look_after(10);
	assert_int_equal(in_of(0), 6300);
	/* A link that is another one under the same name. */
	link_now.life++;
	link_now.counters[RECORD_IN_BYTES] = 6000;
	look_after(10);
	assert_int_equal(in_of(0), 12300);
}

static void what_a_device_did_not_take_is_not_counted_twice(void **state)
{
	look_after(0);
	move(0, 1000);
	look_after(10);
	move(0, -200);
	look_after(10);
	move(0, 500);
	look_after(10);

	json_t *rows = hours();

	assert_int_equal(number(json_array_get(rows, 0), "out_bytes"), 1300);
	json_decref(rows);
}

static void hours_that_are_over_are_records(void **state)
{
	json_t *verdict;

	at = NINE + HOUR - 10;
	look_after(0);
	move(1000, 0);
	look_after(10); /* exactly ten: all of it was before */
	assert_int_equal(in_of(0), 1000);
	assert_int_equal(in_of(1), -1);
	move(300, 0);
	look_after(10);
	assert_int_equal(in_of(1), 300);
	verdict = history_verify(history, "", 0, 10);
	assert_int_equal(number(verdict, "records"), 1);
	assert_true(json_is_null(json_object_get(verdict, "wrong")));
	json_decref(verdict);
}

/* Spread over the time that nobody looked, to the byte. */
static void a_long_absence_is_spread(void **state)
{
	at = NINE + HOUR / 2;
	look_after(0);
	move(1000003, 0);
	look_after(2 * HOUR);
	assert_int_equal(in_of(0), 250000);
	assert_int_equal(in_of(1) + in_of(2), 750003);
	assert_true(in_of(1) >= 500001 && in_of(1) <= 500002);

	json_t *rows = hours();

	assert_int_equal(number(json_array_get(rows, 1), "seconds"), 0);
	json_decref(rows);
}

static void a_clock_that_is_set_doubles_nothing(void **state)
{
	json_t *verdict;

	at = NINE + HOUR - 5;
	look_after(0);
	move(100, 0);
	look_after(10);
	at -= 20; /* nine again, whose record is written */
	move(10, 0);
	assert_int_equal(try_look(), 0);
	move(1, 0);
	look_after(20);
	assert_int_equal(in_of(0) + in_of(1), 111);
	at += 1000 * 24 * HOUR; /* no span of a thousand days */
	move(5000, 0);
	look_after(10);
	verdict = history_verify(history, "", 0, 10);
	assert_true(json_is_null(json_object_get(verdict, "wrong")));
	assert_true(number(verdict, "records") <= 4);
	json_decref(verdict);
}

static void a_changed_family_is_another_row(void **state)
{
	json_t *rows;

	look_after(0);
	move(100, 0);
	look_after(10);
	link_now.family = "unlimited";
	move(20, 0);
	look_after(10);
	link_now.family = NULL; /* deleted a moment ago */
	move(3, 0);
	look_after(10);
	rows = hours();
	assert_int_equal(json_array_size(rows), 2);
	assert_int_equal(number(json_array_get(rows, 0), "in_bytes"), 100);
	assert_int_equal(number(json_array_get(rows, 1), "in_bytes"), 23);
	json_decref(rows);
}

static void a_virtual_network_has_no_usage(void **state)
{
	json_t *rows;

	strcpy(link_now.name, "blue/core");
	link_now.circuit[0] = '\0';
	look_after(0);
	move(100, 0);
	look_after(10);
	rows = history_usage(history, NULL, 0, NINE + 24 * HOUR);
	assert_int_equal(json_array_size(rows), 0);
	json_decref(rows);
	rows = history_rates(history, "blue/core", 0);
	assert_int_equal(json_array_size(rows), 1);
	json_decref(rows);
}

/* Killed at any moment: a look that was recorded stays, one that was not is in the next one. */
static void survives_kill(void **state)
{
	int pipes[2], status;
	int64_t seen = 0, told;
	pid_t child;

	look_after(0);
	for (unsigned int i = 0; i < 10; i++) {
		history_close(history);
		assert_int_equal(pipe(pipes), 0);
		child = fork();
		if (child == 0) {
			history = history_open(dir, "lab-a", 10);
			for (;;) {
				move(10, 0);
				at++;
				at_us += 1000000;
				told = link_now.counters[RECORD_IN_BYTES];
				if (try_look() != 0 || write(pipes[1], &told, sizeof(told)) < 0)
					_exit(1);
			}
		}
		close(pipes[1]);
		for (unsigned int n = 0; n < 20 + i * 7; n++)
			assert_int_equal(read(pipes[0], &seen, sizeof(seen)), sizeof(seen));
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		while (read(pipes[0], &told, sizeof(told)) == sizeof(told))
			seen = told;
		close(pipes[0]);
		open_history();
		/* The one that was being recorded may stand or not. */
		assert_true(in_of(0) == seen || in_of(0) == seen + 10);
		link_now.counters[RECORD_IN_BYTES] = seen + 10;
		at = NINE + 100 + i;
		assert_int_equal(try_look(), 0);
		assert_int_equal(in_of(0), seen + 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		USAGE_TEST(sums_differences_by_hour),
		USAGE_TEST(control_away_loses_nothing),
		USAGE_TEST(a_restarted_dataplane_counts_from_zero),
		USAGE_TEST(what_a_device_did_not_take_is_not_counted_twice),
		USAGE_TEST(hours_that_are_over_are_records),
		USAGE_TEST(a_long_absence_is_spread),
		USAGE_TEST(a_clock_that_is_set_doubles_nothing),
		USAGE_TEST(a_changed_family_is_another_row),
		USAGE_TEST(a_virtual_network_has_no_usage),
		USAGE_TEST(survives_kill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
