/* SPDX-License-Identifier: BSD-3-Clause */
/* What `onramp show rates` and `usage` read and draw: times, and bars. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "control/cli/moment.h"
#include "control/cli/spark.h"

static void times_are_read_strictly(void **state)
{
	static const char *const bad[] = {"", "yesterday", "2026-13-01", "2026-02-30", "2026-1-1",
		"2026-11-23 09:00", "2026-11-23T25:00", "2026-11-23T09:00:00", "1969-12-31",
		"2026-11-23Z", " 2026-11-23"};
	int64_t at = 0;

	assert_true(moment_parse("2023-11-15", &at));
	assert_int_equal(at, 1700006400);
	assert_true(moment_parse("2023-11-15T09:00", &at));
	assert_int_equal(at, 1700038800);
	assert_true(moment_parse("2023-11-15T09:00:01Z", &at));
	assert_int_equal(at, 1700038801);
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(moment_parse(bad[i], &at));
}

static void bars_show_values_and_gaps(void **state)
{
	static const int64_t values[] = {0, 1, 50, SPARK_GAP, 100};
	int64_t many[600];
	char text[SPARK_TEXT_MAX];

	assert_int_equal(spark_line(values, 5, false, text), 100);
	assert_string_equal(text, "_.= #");
	spark_line(values, 5, true, text);
	assert_string_equal(text, "▁▂▅ █");
	assert_int_equal(spark_line(values, 1, false, text), 0);
	assert_string_equal(text, "_");
	assert_int_equal(spark_line(values + 3, 1, false, text), 0);
	assert_string_equal(text, " ");
	/* A burst of one of ten minutes is as high as it was. */
	for (unsigned int i = 0; i < 600; i++)
		many[i] = i == 305 ? INT64_MAX : 0;
	assert_int_equal(spark_line(many, 600, true, text), INT64_MAX);
	assert_int_equal(strlen(text), SPARK_WIDTH * 3);
	assert_memory_equal(text + (size_t)30 * 3, "█", 3);
	assert_memory_equal(text + (size_t)31 * 3, "▁", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_read_strictly),
		cmocka_unit_test(bars_show_values_and_gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
