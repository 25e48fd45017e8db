/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files that vouch for prefixes as they come, change, break and go; how long what they said counts,
 * and what a later control has of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/model/ip.h"
#include "control/validation/source.h"

#define NOW 4000000000 /* later than any file of now was written */
#define ROA "{\"roas\":[{\"prefix\":\"198.51.100.0/24\",\"asn\":64500,\"expires\":%lld}]}"

static char dir[64], path[128];
static struct source source;

static int setup(void **state)
{
	strcpy(dir, "/tmp/onramp-sources-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/file", dir);
	source = (struct source){.kind = SOURCE_VRPS};
	snprintf(source.name, sizeof(source.name), "%s", path);
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {"file", "new", "validation-vrps.json"};
	char name[160];

	vrps_free(&source.vrps);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), "%s/%s", dir, names[i]);
		unlink(name);
	}
	return rmdir(dir);
}

static void __attribute__((format(printf, 1, 2))) write_file(const char *format, ...)
{
	char new_path[160];
	va_list arguments;
	FILE *file;

	snprintf(new_path, sizeof(new_path), "%s/new", dir);
	file = fopen(new_path, "we");
	assert_non_null(file);
	va_start(arguments, format);
	vfprintf(file, format, arguments);
	va_end(arguments);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(new_path, 0644), 0);
	assert_int_equal(rename(new_path, path), 0);
}

static void reads_a_file_when_it_is_another(void **state)
{
	write_file(ROA, 0ll);
	assert_true(source_read_file(&source, NOW));
	assert_int_equal(source.vrps.count, 1);
	assert_false(source_read_file(&source, NOW + 3));
	write_file("{\"roas\":[]}");
	assert_true(source_read_file(&source, NOW + 6));
	assert_int_equal(source.vrps.count, 0);
	assert_true(source.has_data);
	assert_string_equal(source.trouble, "");
}

static void keeps_vrps_for_two_hours(void **state)
{
	write_file(ROA, 0ll);
	assert_true(source_read_file(&source, NOW));
	assert_false(source_expire(&source, NOW + 1000000));
	assert_int_equal(unlink(path), 0);
	assert_false(source_read_file(&source, NOW + 3));
	assert_non_null(strstr(source.trouble, "No such file"));
	assert_int_equal(source.vrps.count, 1);
	assert_false(source_read_file(&source, NOW + 7000));
	assert_false(source_expire(&source, NOW + 3 + SOURCE_EXPIRE_S - 1));
	assert_true(source_expire(&source, NOW + 3 + SOURCE_EXPIRE_S));
	assert_false(source.has_data);
	/* Back. */
	write_file(ROA, 0ll);
	assert_true(source_read_file(&source, NOW + 20000));
	assert_true(source.has_data);
	assert_false(source_expire(&source, NOW + 1000000));
}

static void a_registry_does_not_age(void **state)
{
	source.kind = SOURCE_REGISTRY;
	write_file("198.51.100.0/24,64500\n");
	assert_true(source_read_file(&source, NOW));
	write_file("198.51.100.0/24,64500\nnonsense\n");
	assert_false(source_read_file(&source, NOW + 3));
	assert_non_null(strstr(source.trouble, "line 2: \"nonsense\""));
	assert_int_equal(source.vrps.count, 1);
	assert_false(source_expire(&source, NOW + 1000000));
}

static void reads_again_when_entries_end(void **state)
{
	write_file(ROA, NOW + 100ll);
	assert_true(source_read_file(&source, NOW));
	assert_int_equal(source.vrps.count, 1);
	assert_false(source_read_file(&source, NOW + 99));
	assert_true(source_read_file(&source, NOW + 100));
	assert_int_equal(source.vrps.count, 0);
	assert_false(source_read_file(&source, NOW + 1000));
}

static void believes_no_file_that_anybody_may_change(void **state)
{
	write_file(ROA, 0ll);
	assert_int_equal(chmod(path, 0666), 0);
	assert_false(source_read_file(&source, NOW));
	assert_non_null(strstr(source.trouble, "chmod o-w"));
	assert_false(source.has_data);
	assert_int_equal(chmod(path, 0644), 0);
	assert_true(source_read_file(&source, NOW + 3));
}

/* Of the data only what a peering is about. */
static void saves_what_matters(void **state)
{
	struct ip validated[1];
	struct site_peering peering = {
		.type = PEERING_PUBLIC, .validated = validated, .validated_count = 1};
	struct site_circuit circuit = {.peerings = &peering, .peering_count = 1};
	struct site site = {.circuits = &circuit, .circuit_count = 1};
	struct source later = source;
	struct saved saved = {0};
	char text[64];

	assert_int_equal(ip_parse("198.51.100.0/24", &validated[0]), 0);
	write_file("{\"roas\":[{\"prefix\":\"198.51.0.0/16\",\"maxLength\":24,\"asn\":64500},"
		   "{\"prefix\":\"198.51.100.128/25\",\"asn\":64501},"
		   "{\"prefix\":\"198.51.101.0/24\",\"asn\":64502},"
		   "{\"prefix\":\"2001:db8::/32\",\"asn\":64503}]}");
	assert_true(source_read_file(&source, NOW));
	source_save(&source, dir, &site, &saved);

	/* A control that finds the file gone. */
	assert_int_equal(unlink(path), 0);
	assert_false(source_read_file(&later, NOW + 3));
	source_load_saved(&later, dir, NOW + 3);
	assert_true(later.has_data);
	assert_int_equal(later.vrps.count, 2);
	assert_string_equal(
		ip_text(&later.vrps.entries[0].prefix, text, sizeof(text)), "198.51.0.0/16");
	assert_int_equal(later.vrps.entries[0].max_length, 24);
	assert_int_equal(later.vrps.entries[1].asn, 64501);
	assert_non_null(strstr(later.trouble, "No such file"));
	assert_true(source_expire(&later, NOW + 3 + SOURCE_EXPIRE_S));

	/* What one file said is not what another says. */
	snprintf(later.name, sizeof(later.name), "/somewhere/else");
	source_load_saved(&later, dir, NOW + 3);
	assert_false(later.has_data);
	vrps_free(&later.vrps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_a_file_when_it_is_another, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_vrps_for_two_hours, setup, teardown),
		cmocka_unit_test_setup_teardown(a_registry_does_not_age, setup, teardown),
		cmocka_unit_test_setup_teardown(reads_again_when_entries_end, setup, teardown),
		cmocka_unit_test_setup_teardown(
			believes_no_file_that_anybody_may_change, setup, teardown),
		cmocka_unit_test_setup_teardown(saves_what_matters, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
