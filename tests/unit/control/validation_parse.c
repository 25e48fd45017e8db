/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registries and exports of VRPs as text: what is taken, and what each wrong one is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control/model/ip.h"
#include "control/validation/parse.h"

#define NOW 1800000000

static struct vrps vrps;
static char wrong[PARSE_WRONG_MAX];
static int64_t next_end;

static int setup(void **state)
{
	wrong[0] = '\0';
	return 0;
}

static int teardown(void **state)
{
	vrps_free(&vrps);
	return 0;
}

static int registry(const char *text)
{
	return registry_parse(text, strlen(text), &vrps, wrong);
}

static int json(const char *text)
{
	return vrps_json_parse(text, strlen(text), NOW, &vrps, &next_end, wrong);
}

static void expect_entry(size_t index, const char *prefix, unsigned int length, uint32_t asn)
{
	char text[64];

	assert_in_range(index, 0, vrps.count - 1);
	assert_string_equal(ip_text(&vrps.entries[index].prefix, text, sizeof(text)), prefix);
	assert_int_equal(vrps.entries[index].max_length, length);
	assert_int_equal(vrps.entries[index].asn, asn);
}

static void reads_a_registry(void **state)
{
	assert_int_equal(registry("# who has what\n"
				  "\n"
				  "198.51.100.0/24,64500\r\n"
				  "  2001:db8::/32 , as4200000100  # and why\n"
				  "192.0.2.0/24,AS4294967295"),
		0);
	assert_int_equal(vrps.count, 3);
	expect_entry(0, "192.0.2.0/24", 32, 4294967295);
	expect_entry(1, "198.51.100.0/24", 32, 64500);
	expect_entry(2, "2001:db8::/32", 128, 4200000100);
}

static void an_empty_registry_vouches_for_nothing(void **state)
{
	assert_int_equal(registry(""), 0);
	assert_int_equal(vrps.count, 0);
	assert_int_equal(registry("# nothing\n\n"), 0);
	assert_int_equal(vrps.count, 0);
}

static void names_the_line_of_a_registry(void **state)
{
	static const struct {
		const char *text, *said, *remedy;
	} cases[] = {
		{"198.51.100.0/24,1\n198.51.100.0/24\n", "line 2: \"198.51.100.0/24\" has no AS",
			"PREFIX,ASN"},
		{"\n\n198.51.100.1/24,64500", "line 3: \"198.51.100.1/24\" has bits behind",
			"first address"},
		{"198.51.100.0,64500", "\"198.51.100.0\" is no prefix", "198.51.100.0/24"},
		{"198.51.100.0/33,64500", "is no prefix", "198.51.100.0/24"},
		{",64500", "line 1: \"\" is no prefix", "198.51.100.0/24"},
		{"198.51.100.0/24,", "line 1: \"\" is no AS number", "AS64500"},
		{"198.51.100.0/24,4294967296", "\"4294967296\" is no AS", "4294967295"},
		{"198.51.100.0/24,1.10", "\"1.10\" is no AS", "AS64500"},
		{"198.51.100.0/24,64500,mine", "\"64500,mine\" is no AS", "AS64500"},
		{"2001:db8::/32,AS\n", "\"AS\" is no AS", "AS64500"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(registry(cases[i].text), -EINVAL);
		if (strstr(wrong, cases[i].said) == NULL || strstr(wrong, cases[i].remedy) == NULL)
			fail_msg("\"%s\" is told \"%s\"", cases[i].text, wrong);
		assert_int_equal(vrps.count, 0);
	}
}

static void a_zero_byte_is_no_end(void **state)
{
	static const char text[] = "198.51.100.0/24\0,64500\n";

	assert_int_equal(registry_parse(text, sizeof(text) - 1, &vrps, wrong), -EINVAL);
	assert_non_null(strstr(wrong, "198.51.100.0/24?"));
}

/* The three writers' own forms. */
static void reads_what_validators_write(void **state)
{
	assert_int_equal(
		json("{\n\t\"metadata\": {\"buildmachine\": \"rpki\", \"roas\": 2, \"tals\": "
		     "[\"a\", "
		     "{\"b\": [1, -2.5e3, true, false, null]}], \"empty\": {}, \"none\": []},\n"
		     "\"roas\": [\n"
		     "{ \"asn\": 64500, \"prefix\": \"198.51.100.0/24\", \"maxLength\": 26, "
		     "\"ta\": "
		     "\"ripe\", \"expires\": 1800000100 },\n"
		     "{ \"asn\": \"AS64501\", \"prefix\": \"2001:db8::\\/32\", \"maxLength\": 48, "
		     "\"ta\": \"quote \\\" \\u00e9\" }\n], \"bgpsec_keys\": [], \"aspas\": []}\n"),
		0);
	assert_int_equal(vrps.count, 2);
	expect_entry(0, "198.51.100.0/24", 26, 64500);
	expect_entry(1, "2001:db8::/32", 48, 64501);
	assert_int_equal(next_end, 1800000100);
}

static void a_length_that_is_not_said_is_the_prefixs_own(void **state)
{
	assert_int_equal(json("{\"roas\":[{\"prefix\":\"192.0.2.0/24\",\"asn\":\"64500\"}]}"), 0);
	expect_entry(0, "192.0.2.0/24", 24, 64500);
	assert_int_equal(next_end, 0);
}

static void leaves_out_what_has_ended(void **state)
{
	assert_int_equal(
		json("{\"roas\":[{\"prefix\":\"192.0.2.0/24\",\"asn\":1,\"expires\":1800000000},"
		     "{\"prefix\":\"192.0.3.0/24\",\"asn\":2,\"expires\":1800000002},"
		     "{\"prefix\":\"192.0.4.0/24\",\"asn\":3,\"expires\":1800000001.5}]}"),
		0);
	assert_int_equal(vrps.count, 2);
	expect_entry(0, "192.0.3.0/24", 24, 2);
	assert_int_equal(next_end, 1800000001);
}

static void an_empty_export_is_one(void **state)
{
	assert_int_equal(json(" {\"roas\" : [ ] } \n"), 0);
	assert_int_equal(vrps.count, 0);
}

#define ROA(members) "{\"roas\":[\n{" members "}]}"

static void names_the_line_of_an_export(void **state)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{"", "line 1: '{' is expected"},
		{"[]", "'{' is expected"},
		{"{}", "there is no \"roas\""},
		{"{\"vrps\":[]}", "there is no \"roas\""},
		{"{\"roas\":{}}", "'[' is expected"},
		{"{\"roas\":[]}x", "more behind the end"},
		{"{\"roas\":[1]}", "'{' is expected"},
		{"{\"roas\":[{}]}", "needs \"prefix\" and \"asn\""},
		{"{\"roas\":[", "'{' is expected here; the file is damaged"},
		{"{\"roas\":[]", "'}' is expected"},
		{"{\"a\":[[1,2],\n[3,}],\"roas\":[]}", "line 2: a value is expected"},
		{"{\"a\":yes,\"roas\":[]}", "neither a string nor a number"},
		{"{\"a\":\"\n", "a string without an end"},
		{"{\"a\":\"\\q\",\"roas\":[]}", "a wrong escape"},
		{"{\"a\":\"\\u00g0\",\"roas\":[]}", "a wrong escape"},
		{ROA("\"prefix\":\"192.0.2.0/24\""), "line 2: an entry"},
		{ROA("\"prefix\":\"192.0.2.1/24\",\"asn\":1"), "line 2: \"prefix\" is no prefix"},
		{ROA("\"prefix\":\"192.0.2.0\",\"asn\":1"), "\"prefix\" is no prefix"},
		{ROA("\"prefix\":[],\"asn\":1"), "a value is expected"},
		{ROA("\"prefix\":\"192.0.2.0/24\",\"asn\":-1"), "\"asn\" is no AS number"},
		{ROA("\"prefix\":\"192.0.2.0/24\",\"asn\":4294967296"), "\"asn\" is no AS number"},
		{ROA("\"prefix\":\"192.0.2.0/24\",\"asn\":1,\"maxLength\":23"),
			"\"maxLength\" is shorter"},
		{ROA("\"prefix\":\"192.0.2.0/24\",\"asn\":1,\"maxLength\":33"),
			"\"maxLength\" is shorter than the prefix, or longer"},
		{ROA("\"prefix\":\"192.0.2.0/24\",\"asn\":1,\"maxLength\":129"),
			"\"maxLength\" is no length"},
		{ROA("\"prefix\":\"192.0.2.0/24\",\"asn\":1,\"expires\":\"soon\""),
			"\"expires\" is no number"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(json(cases[i].text), -EINVAL);
		if (strstr(wrong, cases[i].said) == NULL)
			fail_msg("\"%s\" is told \"%s\"", cases[i].text, wrong);
		assert_int_equal(vrps.count, 0);
	}
}

/* Wherever a writer was when we read. */
static void half_a_file_is_none(void **state)
{
	static const char whole[] =
		"{\"metadata\":{\"a\":[1]},\"roas\":[{\"asn\":1,\"prefix\":\"192.0.2.0/24\","
		"\"maxLength\":24},{\"asn\":2,\"prefix\":\"192.0.3.0/24\",\"maxLength\":24}]}";

	assert_int_equal(json(whole), 0);
	vrps_free(&vrps);
	for (size_t length = 0; length < sizeof(whole) - 1; length++) {
		assert_int_equal(
			vrps_json_parse(whole, length, NOW, &vrps, &next_end, wrong), -EINVAL);
		assert_int_equal(vrps.count, 0);
	}
}

static void is_not_led_too_deep(void **state)
{
	char text[256] = "{\"a\":";

	memset(text + 5, '[', 200);
	assert_int_equal(json(text), -EINVAL);
	assert_non_null(strstr(wrong, "nested too deep"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_a_registry, setup, teardown),
		cmocka_unit_test_setup_teardown(
			an_empty_registry_vouches_for_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(names_the_line_of_a_registry, setup, teardown),
		cmocka_unit_test_setup_teardown(a_zero_byte_is_no_end, setup, teardown),
		cmocka_unit_test_setup_teardown(reads_what_validators_write, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_length_that_is_not_said_is_the_prefixs_own, setup, teardown),
		cmocka_unit_test_setup_teardown(leaves_out_what_has_ended, setup, teardown),
		cmocka_unit_test_setup_teardown(an_empty_export_is_one, setup, teardown),
		cmocka_unit_test_setup_teardown(names_the_line_of_an_export, setup, teardown),
		cmocka_unit_test_setup_teardown(half_a_file_is_none, setup, teardown),
		cmocka_unit_test_setup_teardown(is_not_led_too_deep, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
