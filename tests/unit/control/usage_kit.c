/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/unit/control/usage_kit.h"

char dir[64];
struct history *history;
struct history_link link_now;
uint64_t boot_id;
int64_t at;
uint64_t at_us;

void open_history(void)
{
	history = history_open(dir, "lab-a", 10);
	assert_non_null(history);
	assert_int_equal(history_ready(history), 0);
}

void restart(void)
{
	history_close(history);
	open_history();
}

int setup(void **state)
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

int teardown(void **state)
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

int try_look(void)
{
	const struct history_look look = {
		.boot_id = boot_id, .at = at, .at_us = at_us, .links = &link_now, .count = 1};

	return history_record(history, &look);
}

void look_after(int64_t seconds)
{
	at += seconds;
	at_us += (uint64_t)seconds * 1000000;
	assert_int_equal(try_look(), 0);
}

void move(int64_t in, int64_t out)
{
	link_now.counters[RECORD_IN_BYTES] += in;
	link_now.counters[RECORD_OUT_BYTES] += out;
}

json_t *hours(void)
{
	json_t *rows = history_usage(history, "contoso", 0, NINE + 1000 * HOUR);

	assert_non_null(rows);
	return rows;
}

int64_t number(const json_t *row, const char *key)
{
	assert_true(json_is_integer(json_object_get(row, key)));
	return json_integer_value(json_object_get(row, key));
}

int64_t in_of(int hour)
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

int64_t total_in(void)
{
	json_t *rows = hours(), *row;
	int64_t bytes = 0;
	size_t i;

	json_array_foreach (rows, i, row)
		bytes += number(row, "in_bytes");
	json_decref(rows);
	return bytes;
}

void tamper(const char *statements)
{
	char path[128];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/usage.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, statements, NULL, NULL, NULL), SQLITE_OK);
	assert_true(sqlite3_total_changes(db) > 0);
	sqlite3_close(db);
}
