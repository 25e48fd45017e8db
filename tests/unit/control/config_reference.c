/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * docs/configuration.md says what the schema says. With --write FILE it is written anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/config/schema.h"
#include "tests/unit/control/config_support.h"

static char *document(void)
{
	const char *root = getenv("SOURCE_ROOT");
	char path[4096];

	assert_non_null(root);
	snprintf(path, sizeof(path), "%s/docs/configuration.md", root);
	return document_read(path);
}

static void test_document_is_the_schema(void **state)
{
	char *text = document(), *written = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&written, &length);

	assert_non_null(file);
	schema_write_reference(file);
	fclose(file);
	if (strcmp(text, written) != 0)
		fail_msg("docs/configuration.md is out of date: config_reference --write it");
	free(text);
	free(written);
}

/* Fields of the schema and below that have no row "| `name` |" with a sentence, or no example. */
static unsigned int count_missing(const char *text, const struct schema *schema)
{
	unsigned int missing = 0;

	for (unsigned int i = 0; i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];
		char row[64];
		snprintf(row, sizeof(row), "\n| `%s` | ", field->name);
		bool described = strstr(text, row) != NULL && field->sentence != NULL &&
				 strstr(text, field->sentence) != NULL && field->example != NULL;
		if (!described)
			print_error("%s of %s is not described\n", field->name, schema->title);
		missing += !described;
		if (field->kind == FIELD_MAPPING)
			missing += count_missing(text, field->schema);
	}
	return missing;
}

static void test_every_field(void **state)
{
	char *text = document();

	assert_int_equal(count_missing(text, &site_schema), 0);
	assert_int_equal(count_missing(text, &machine_schema), 0);
	free(text);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_document_is_the_schema),
		cmocka_unit_test(test_every_field),
	};

	if (argc == 3 && strcmp(argv[1], "--write") == 0) {
		FILE *file = fopen(argv[2], "w");
		if (file == NULL)
			return 1;
		schema_write_reference(file);
		return fclose(file) == 0 ? 0 : 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
