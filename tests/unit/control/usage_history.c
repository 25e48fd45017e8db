/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What looks make of usage and rates: the clock, the dataplane and its restarts are the test's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "control/usage/history.h"

#define NINE INT64_C(1700038800) /* 2023-11-15 09:00:00Z */
#define HOUR 3600
#define PRIMARY "contoso/private/primary"

static char dir[64];
static struct history *history;
static struct history_link link_now; /* of the dataplane */
static uint64_t boot_id;
static int64_t at;
static uint64_t at_us; /* does not follow the wall's clock */

static void open_history(void)
{
	history = history_open(dir, "lab-a", 10);
	assert_non_null(history);
	assert_int_equal(history_ready(history), 0);
}

static void restart(void)
{
	history_close(history);
	open_history();
}

static int setup(void **state)
{
	strcpy(dir, "/tmp/onramp-usage-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	boot_id = UINT64_MAX - 5;
	at = NINE;
	at_us = 5000000000;
	link_now = (struct history_link){.name = PRIMARY,
		.circuit = "contoso",
		.family = "metered",
		.life = 1,
		.neighbour_ms = INT64_MAX,
		.session_ms = INT64_MAX};
	open_history();
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {"usage.db", "usage.db-wal", "usage.db-shm"};
	char path[128];

	history_close(history);
	history = NULL;
	for (unsigned int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	return rmdir(dir);
}

static int try_look(void)
{
	const struct history_look look = {
		.boot_id = boot_id, .at = at, .at_us = at_us, .links = &link_now, .count = 1};

	return history_record(history, &look);
}

static void look_after(int64_t seconds)
{
	at += seconds;
	at_us += (uint64_t)seconds * 1000000;
	assert_int_equal(try_look(), 0);
}

static void move(int64_t in, int64_t out)
{
	link_now.counters[RECORD_IN_BYTES] += in;
	link_now.counters[RECORD_OUT_BYTES] += out;
}

static json_t *hours(void)
{
	json_t *rows = history_usage(history, "contoso", 0, NINE + 1000 * HOUR);

	assert_non_null(rows);
	return rows;
}

static int64_t number(const json_t *row, const char *key)
{
	assert_true(json_is_integer(json_object_get(row, key)));
	return json_integer_value(json_object_get(row, key));
}

/* The bytes in of the hour that begins so many hours after nine; -1: no row. */
static int64_t in_of(int hour)
{
	json_t *rows = hours(), *row;
	int64_t bytes = -1;
	size_t i;

	json_array_foreach (rows, i, row)
		if (number(row, "hour") == NINE + hour * HOUR)
			bytes = number(row, "in_bytes");
	json_decref(rows);
	return bytes;
}

static int64_t total_in(void)
{
	json_t *rows = hours(), *row;
	int64_t bytes = 0;
	size_t i;

	json_array_foreach (rows, i, row)
		bytes += number(row, "in_bytes");
	json_decref(rows);
	return bytes;
}

/* ---- usage ---- */

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

/* ---- chains ---- */

static void four_records(void)
{
	look_after(0);
	for (unsigned int i = 0; i < 4; i++) {
		move(1000 + i, 10);
		look_after(HOUR);
	}
}

static void tamper(const char *statements)
{
	char path[128];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/usage.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, statements, NULL, NULL, NULL), SQLITE_OK);
	assert_true(sqlite3_total_changes(db) > 0);
	sqlite3_close(db);
}

/* In pieces of so many: all that was found right, and what was wrong, NULL: nothing. */
static int64_t verify_by(unsigned int limit, char wrong[400])
{
	json_t *verdict = history_verify(history, "", 0, limit), *next;
	int64_t records = number(verdict, "records");

	while (json_is_string(json_object_get(verdict, "circuit"))) {
		next = history_verify(history,
			json_string_value(json_object_get(verdict, "circuit")),
			number(verdict, "number"), limit);
		assert_non_null(next);
		records += number(next, "records");
		json_decref(verdict);
		verdict = next;
	}
	next = json_object_get(verdict, "wrong");
	snprintf(wrong, 400, "%s", json_is_null(next) ? "" : json_string_value(next));
	json_decref(verdict);
	return records;
}

static void expect_wrong(const char *part)
{
	char wrong[400];

	for (unsigned int limit = 1; limit < 8; limit++) {
		verify_by(limit, wrong);
		if (strstr(wrong, part) == NULL)
			fail_msg("by %u: \"%s\" does not say \"%s\"", limit, wrong, part);
	}
}

static void chains_are_verified_in_pieces(void **state)
{
	char wrong[400];
	json_t *verdict;

	verify_by(3, wrong);
	assert_string_equal(wrong, "");
	four_records();
	strcpy(link_now.circuit, "fabrikam");
	move(1, 1);
	look_after(HOUR);
	look_after(HOUR);
	for (unsigned int limit = 1; limit < 8; limit++) {
		assert_int_equal(verify_by(limit, wrong), 6);
		assert_string_equal(wrong, "");
	}
	tamper("DELETE FROM record WHERE circuit = 'contoso' AND number = 2");
	verdict = history_verify(history, "contoso", 2, 3);
	assert_non_null(strstr(json_string_value(json_object_get(verdict, "wrong")),
		"contoso: record 2 was taken out just now"));
	json_decref(verdict);
}

static void tampering_is_found(void **state)
{
	static const struct {
		const char *statements, *says;
	} cases[] = {
		{"UPDATE record SET out_bytes = 1 WHERE number = 2",
			"contoso: record 2 (2023-11-15T10:00:00Z) is not as it was written"},
		{"UPDATE record SET family = 'unlimited' WHERE number = 3", "record 3"},
		{"DELETE FROM record WHERE number = 2", "record 3 (2023-11-15T11:00:00Z) follows "
							"record 1: those between were taken out"},
		{"DELETE FROM record WHERE number = 1", "record 2"},
		{"DELETE FROM record WHERE number = 4", "newest"},
		{"DELETE FROM record", "newest"},
		{"INSERT INTO record SELECT circuit, 5, edge, hour, family, seconds, in_bytes,"
		 " out_bytes, dropped_in_bytes, dropped_out_bytes, dropped_packets, previous, hash"
		 " FROM record WHERE number = 4",
			"record 5"},
		{"DELETE FROM head", "contoso: control wrote no record of it"},
		{"UPDATE record SET hash = x'00' WHERE number = 4", "none that control wrote"},
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (i > 0) {
			teardown(NULL);
			setup(NULL);
		}
		four_records();
		tamper(cases[i].statements);
		expect_wrong(cases[i].says);
	}
}

static void records_come_in_pages(void **state)
{
	struct history_place place = {
		.from = NINE + HOUR, .to = NINE + 4 * HOUR, .after_circuit = ""};
	struct record_chain chain = {0};
	json_t *lines, *line;
	struct record record;
	size_t i, count = 0;

	four_records();
	do {
		lines = history_records(history, &place, 2);
		json_array_foreach (lines, i, line) {
			assert_true(record_read(
				json_string_value(line), json_string_length(line), &record));
			assert_true(record_chain_take(&chain, &record));
			place.after_circuit = "contoso";
			place.after_number = record.number;
			count++;
		}
		i = json_array_size(lines);
		json_decref(lines);
	} while (i == 2);
	assert_int_equal(count, 3); /* ten, eleven, twelve */
	assert_int_equal(record.counters[RECORD_IN_BYTES], 1003);
	assert_string_equal(record.edge, "lab-a");
	place = (struct history_place){
		.circuit = "fabrikam", .to = NINE + 9 * HOUR, .after_circuit = ""};
	lines = history_records(history, &place, 2);
	assert_int_equal(json_array_size(lines), 0);
	json_decref(lines);
}

/* ---- rates ---- */

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

/* ---- the file ---- */

static void a_failed_look_is_made_up_for(void **state)
{
	char path[128];
	sqlite3 *other;

	look_after(0);
	move(1000, 0);
	snprintf(path, sizeof(path), "%s/usage.db", dir);
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	at += 10;
	at_us += 10000000;
	assert_int_not_equal(try_look(), 0);
	sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(other);
	move(24, 0);
	look_after(10);
	assert_int_equal(in_of(0), 1024);
}

/* On a file system of so many KiB, for this process alone. */
static void mount_small(unsigned int kib)
{
	char options[32];

	snprintf(options, sizeof(options), "size=%uk", kib);
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	assert_int_equal(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	assert_int_equal(mount("onramp-test", dir, "tmpfs", 0, options), 0);
}

/* Takes what is left of the disk; 0 bytes give it back. */
static void fill_disk(size_t bytes)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/other", dir);
	if (bytes == 0) {
		assert_int_equal(unlink(path), 0);
		return;
	}
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(posix_fallocate(fd, 0, (off_t)bytes), 0);
	while (write(fd, "", 1) == 1 && posix_fallocate(fd, 0, (off_t)(bytes += 4096)) == 0)
		;
	close(fd);
}

/* What is recorded stays, and what could not be is made up for once there is room. */
static void a_full_disk_loses_nothing(void **state)
{
	int error = 0;

	if (geteuid() != 0)
		skip();
	history_close(history);
	mount_small(1024);
	open_history();
	look_after(0);
	move(1000, 0);
	look_after(10);
	fill_disk(4096);
	for (unsigned int i = 0; i < 3000 && error == 0; i++) {
		move(10, 0);
		at += 60;
		at_us += 60000000;
		error = try_look();
	}
	assert_int_equal(error, -ENOSPC);
	assert_int_equal(try_look(), -ENOSPC);
	fill_disk(0);
	look_after(10);
	assert_int_equal(total_in(), link_now.counters[RECORD_IN_BYTES]);
	restart();
	assert_int_equal(total_in(), link_now.counters[RECORD_IN_BYTES]);
	history_close(history);
	history = NULL;
	assert_int_equal(umount(dir), 0);
}

/* From the start: recorded as soon as there is room. */
static void a_disk_that_is_full_at_first(void **state)
{
	if (geteuid() != 0)
		skip();
	history_close(history);
	mount_small(64);
	fill_disk(4096);
	history = history_open(dir, "lab-a", 10);
	assert_non_null(history);
	assert_int_equal(history_ready(history), -ENOSPC);
	assert_int_equal(try_look(), -ENOSPC);
	fill_disk(0);
	assert_int_equal(umount(dir), 0);
	mount_small(1024);
	look_after(10);
	move(1000, 0);
	look_after(10);
	assert_int_equal(total_in(), 1000);
	history_close(history);
	history = NULL;
	assert_int_equal(umount(dir), 0);
}

static void what_is_not_ours_is_left_alone(void **state)
{
	static const char text[] = "not a database, but somebody's only copy of something";
	char path[128], found[sizeof(text)] = "";
	FILE *file;

	history_close(history);
	snprintf(path, sizeof(path), "%s/usage.db", dir);
	file = fopen(path, "we");
	fputs(text, file);
	fclose(file);
	history = history_open(dir, "lab-a", 10);
	assert_int_equal(history_ready(history), -EBADMSG);
	assert_int_equal(try_look(), -EBADMSG);
	file = fopen(path, "re");
	assert_non_null(fgets(found, sizeof(found), file));
	fclose(file);
	assert_string_equal(found, text);
	/* Moved away: a new one is begun, without a restart. */
	unlink(path);
	look_after(10);
	move(1000, 0);
	look_after(10);
	assert_int_equal(in_of(0), 1000);
	tamper("PRAGMA user_version = 2; UPDATE look SET at = 1; INSERT INTO watched VALUES (1, "
	       "1)");
	history_close(history);
	history = history_open(dir, "lab-a", 10);
	assert_int_equal(history_ready(history), -EPROTONOSUPPORT);
	assert_int_equal(try_look(), -EPROTONOSUPPORT);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sums_differences_by_hour),
		TEST(control_away_loses_nothing),
		TEST(a_restarted_dataplane_counts_from_zero),
		TEST(what_a_device_did_not_take_is_not_counted_twice),
		TEST(hours_that_are_over_are_records),
		TEST(a_long_absence_is_spread),
		TEST(a_clock_that_is_set_doubles_nothing),
		TEST(a_changed_family_is_another_row),
		TEST(a_virtual_network_has_no_usage),
		TEST(survives_kill),
		TEST(tampering_is_found),
		TEST(chains_are_verified_in_pieces),
		TEST(records_come_in_pages),
		TEST(a_minute_has_its_rates),
		TEST(what_is_not_there_is_not_unavailable),
		TEST(gaps_are_gaps),
		TEST(looks_fall_into_their_minutes),
		TEST(a_stall_is_no_zero),
		TEST(what_is_unknown_counts_neither_way),
		TEST(a_day_is_kept),
		TEST(a_failed_look_is_made_up_for),
		TEST(a_full_disk_loses_nothing),
		TEST(a_disk_that_is_full_at_first),
		TEST(what_is_not_ours_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
