/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers, tables and JSON from made-up rows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/cli/table.h"
#include "control/cli/units.h"

static char *out_text, *err_text;
static size_t out_size, err_size;

static struct cli open_cli(void)
{
	return (struct cli){.out = open_memstream(&out_text, &out_size),
		.err = open_memstream(&err_text, &err_size)};
}

static void close_cli(struct cli *cli)
{
	fclose(cli->out);
	fclose(cli->err);
}

static void free_texts(void)
{
	free(out_text);
	free(err_text);
}

static void units_are_short(void **state)
{
	static const struct {
		const char *(*format)(uint64_t, char *);
		uint64_t value;
		const char *text;
	} cases[] = {
		{units_count, 0, "0"},
		{units_count, 999, "999"},
		{units_count, 1000, "1.0 k"},
		{units_count, 1234567, "1.2 M"},
		{units_count, 9999999, "9.9 M"},
		{units_count, 12345678, "12 M"},
		{units_count, 999999, "999 k"},
		{units_count, UINT64_MAX, "18 E"},
		{units_bytes, 512, "512 B"},
		{units_bytes, 1536, "1.5 KiB"},
		{units_bytes, 1024 * 1024 - 1, "1023 KiB"},
		{units_bytes, UINT64_MAX, "15 EiB"},
		{units_rate, 10000000000, "10G"},
		{units_rate, 2500000000, "2.5G"},
		{units_rate, 50000000, "50M"},
		{units_rate, 64000, "64k"},
		{units_rate, 0, "0"},
		{units_duration, 59, "59s"},
		{units_duration, 185, "3m 5s"},
		{units_duration, 3600, "1h 0m"},
		{units_duration, 187200, "2d 4h"},
	};
	char buffer[UNITS_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(cases[i].format(cases[i].value, buffer), cases[i].text);
}

static json_t *made_up_rows(void)
{
	return json_pack("[{s:s, s:I, s:s, s:[s, s]}, {s:s, s:n, s:s, s:[]}]", "name", "contoso",
		"rate", (json_int_t)10000000000, "link", "up", "list", "private", "public", "name",
		"fabrikam-with-a-name", "rate", "link", "down", "list");
}

static const struct column columns[] = {
	{"name", "NAME", FORMAT_TEXT},
	{"rate", "RATE", FORMAT_RATE},
	{"link", "LINK", FORMAT_STATE},
	{"list", "PEERINGS", FORMAT_TEXT},
};

static void table_is_aligned(void **state)
{
	struct cli cli = open_cli();

	assert_int_equal(rows_print(&cli, columns, 4, made_up_rows()), STATUS_OK);
	close_cli(&cli);
	assert_string_equal(out_text, "NAME                  RATE  LINK  PEERINGS\n"
				      "contoso                10G  up    private,public\n"
				      "fabrikam-with-a-name     -  down  -\n");
	assert_string_equal(err_text, "");
	free_texts();
}

static void colour_only_when_wanted(void **state)
{
	struct cli cli = open_cli();

	cli.colour = true;
	assert_int_equal(rows_print(&cli, columns, 4, made_up_rows()), STATUS_OK);
	close_cli(&cli);
	assert_non_null(strstr(out_text, "\033[32mup"));
	assert_non_null(strstr(out_text, "\033[31mdown"));
	free_texts();
}

static void no_rows_say_so(void **state)
{
	struct cli cli = open_cli();

	assert_int_equal(rows_print(&cli, columns, 4, json_array()), STATUS_OK);
	close_cli(&cli);
	assert_string_equal(out_text, "none\n");
	free_texts();
}

static void json_is_the_rows(void **state)
{
	struct cli cli = open_cli();
	json_t *rows = made_up_rows(), *read;

	cli.json = true;
	assert_int_equal(rows_print(&cli, columns, 4, json_incref(rows)), STATUS_OK);
	close_cli(&cli);
	read = json_loads(out_text, 0, NULL);
	assert_non_null(read);
	assert_true(json_equal(read, rows));
	assert_int_equal(out_text[out_size - 1], '\n');
	json_decref(read);
	json_decref(rows);
	free_texts();
}

static void addresses_cover_whole_words(void **state)
{
	assert_true(address_covers(NULL, "contoso"));
	assert_true(address_covers("contoso", "contoso"));
	assert_true(address_covers("contoso", "contoso/private/primary"));
	assert_true(address_covers("contoso/private", "contoso/private/primary"));
	assert_true(address_covers("contoso/private/primary", "contoso/private/primary"));
	assert_false(address_covers("contos", "contoso/private"));
	assert_false(address_covers("contoso/private/primary", "contoso/private"));
	assert_false(address_covers("contoso/p", "contoso/private"));
	assert_false(address_covers("", "contoso"));
}

static bool name_of(const json_t *row, char buffer[ADDRESS_MAX])
{
	const char *name = json_string_value(json_object_get(row, "name"));

	if (name == NULL)
		return false;
	snprintf(buffer, ADDRESS_MAX, "%s", name);
	return true;
}

static json_t *named_rows(void)
{
	return json_pack("[{s:s}, {s:s}, {s:s}, {s:n}]", "name", "contoso/private/primary", "name",
		"contoso/private/secondary", "name", "fabrikam/private/primary", "name");
}

static void filter_keeps_what_is_named(void **state)
{
	struct cli cli = open_cli();
	json_t *rows;

	cli.operand = "contoso/private";
	rows = rows_filter(&cli, named_rows(), name_of);
	assert_int_equal(json_array_size(rows), 2);
	json_decref(rows);
	cli.operand = NULL;
	rows = rows_filter(&cli, named_rows(), name_of);
	assert_int_equal(json_array_size(rows), 4);
	json_decref(rows);
	assert_null(rows_filter(&cli, NULL, name_of));
	close_cli(&cli);
	assert_string_equal(err_text, "");
	free_texts();
}

static void filter_suggests_at_its_own_depth(void **state)
{
	static const struct {
		const char *operand, *said;
	} cases[] = {
		{"contosso",
			"onramp: nothing here is called \"contosso\"; did you mean \"contoso\"?\n"},
		{"fabrikam/privat",
			"onramp: nothing here is called \"fabrikam/privat\"; did you mean "
			"\"fabrikam/private\"?\n"},
		{"zzz", "onramp: nothing here is called \"zzz\"\n"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cli cli = open_cli();
		cli.operand = cases[i].operand;
		assert_null(rows_filter(&cli, named_rows(), name_of));
		close_cli(&cli);
		assert_string_equal(err_text, cases[i].said);
		free_texts();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(units_are_short),
		cmocka_unit_test(table_is_aligned),
		cmocka_unit_test(colour_only_when_wanted),
		cmocka_unit_test(no_rows_say_so),
		cmocka_unit_test(json_is_the_rows),
		cmocka_unit_test(addresses_cover_whole_words),
		cmocka_unit_test(filter_keeps_what_is_named),
		cmocka_unit_test(filter_suggests_at_its_own_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
