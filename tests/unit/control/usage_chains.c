/* SPDX-License-Identifier: BSD-3-Clause */
/* Records that are over: their chains, whoever changed them, and pages of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/unit/control/usage_kit.h"

static void four_records(void)
{
	look_after(0);
	for (unsigned int i = 0; i < 4; i++) {
		move(1000 + i, 10);
		look_after(HOUR);
	}
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		USAGE_TEST(chains_are_verified_in_pieces),
		USAGE_TEST(tampering_is_found),
		USAGE_TEST(records_come_in_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
