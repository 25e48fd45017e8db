/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * docs/configuration.md, written from the schema.
 */
#include <inttypes.h>
#include <string.h>

#include "control/config/schema.h"

static const char *kind_text(const struct field *field)
{
	static const char *const texts[] = {
		[FIELD_NAME] = "name",
		[FIELD_TEXT] = "text",
		[FIELD_UUID] = "UUID",
		[FIELD_PORT_REF] = "EDGE/PORT",
		[FIELD_INTEGER] = "number",
		[FIELD_ASN] = "AS number",
		[FIELD_FLAG] = "`true` or `false`",
		[FIELD_CHOICE] = "one of",
		[FIELD_RATE] = "bandwidth",
		[FIELD_SIZE] = "size",
		[FIELD_IDLE] = "duration",
		[FIELD_DURATION] = "duration",
		[FIELD_ADDRESS] = "address",
		[FIELD_PREFIX] = "prefix",
		[FIELD_MAPPING] = "fields",
	};
	return texts[field->kind];
}

static void write_kind(FILE *file, const struct field *field)
{
	if (field->shape == SHAPE_LIST)
		fputs("list: ", file);
	if (field->shape == SHAPE_ONE_OR_LIST)
		fputs("one or a list: ", file);
	if (field->kind == FIELD_MAPPING) {
		fprintf(file, "see *%s*", field->schema->title);
		for (const struct choice *word = field->choices; word != NULL && word->word != NULL;
			word++)
			fprintf(file, ", or `%s`", word->word);
		return;
	}
	fputs(kind_text(field), file);
	for (const struct choice *choice = field->choices; choice != NULL && choice->word != NULL;
		choice++)
		fprintf(file, " `%s`", choice->word);
	if (field->kind == FIELD_INTEGER || field->kind == FIELD_ASN)
		fprintf(file, ", %" PRIu64 " to %" PRIu64, field->minimum, field->maximum);
	if (field->unit != NULL)
		fprintf(file, "; %s", field->unit);
}

/* Those that are described already: one may stand in several fields. */
struct written {
	const struct schema *schemas[32];
	unsigned int count;
};

static bool is_written(struct written *written, const struct schema *schema)
{
	for (unsigned int i = 0; i < written->count; i++)
		if (written->schemas[i] == schema)
			return true;
	if (written->count < sizeof(written->schemas) / sizeof(written->schemas[0]))
		written->schemas[written->count++] = schema;
	return false;
}

static void write_schema(FILE *file, const struct schema *schema, struct written *written)
{
	if (is_written(written, schema))
		return;
	fprintf(file,
		"\n## %c%s\n%s\n\n| field | value | default | example | meaning |\n"
		"|---|---|---|---|---|\n",
		schema->title[0] - 'a' + 'A', schema->title + 1, schema->sentence);
	for (unsigned int i = 0; i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];
		fprintf(file, "| `%s` | ", field->name);
		write_kind(file, field);
		if (field->preset != NULL)
			fprintf(file, " | `%s` | ", field->preset);
		else
			fprintf(file, " | %s | ", field->required ? "required" : "none");
		if (strcmp(field->example, "see below") == 0)
			fprintf(file, "below | %s |\n", field->sentence);
		else
			fprintf(file, "`%s` | %s |\n", field->example, field->sentence);
	}
	for (unsigned int i = 0; i < schema->field_count; i++) {
		if (schema->fields[i].kind == FIELD_MAPPING)
			write_schema(file, schema->fields[i].schema, written);
	}
}

void schema_write_reference(FILE *file)
{
	struct written written = {.count = 0};

	fputs("<!-- SPDX-License-Identifier: BSD-3-Clause -->\n"
	      "<!-- Written from control/config/schema.c by tests/unit/control/config_reference; "
	      "run it with --write FILE after a change there. -->\n"
	      "# Configuration\n\n"
	      "One YAML file describes a site. The same file goes on every edge of the site, and "
	      "each edge takes its part\n"
	      "(the last section says which it is). `onramp check FILE` reads it and tells "
	      "everything "
	      "that is wrong at once, with\n"
	      "line, field, the value found and what is right; nothing is ever applied in part.\n"
	      "Whole examples: [examples/site.yaml](examples/site.yaml), "
	      "[examples/lab.yaml](examples/lab.yaml),\n"
	      "[examples/connections.yaml](examples/connections.yaml) (what reaches what) and\n"
	      "[examples/models.yaml](examples/models.yaml), which "
	      "[connectivity-models.md](connectivity-models.md) explains.\n\n"
	      "Names are of `a-z`, `0-9` and `-`, at most 24 characters. Numbers are decimal, "
	      "without quotes and leading\n"
	      "zeros. A name that YAML would read as something else (`no`, `12`) stands in quotes. "
	      "Anchors, aliases, tags,\n"
	      "tabs and a second document in the file are refused. So is every field that is not "
	      "named below, also those\n"
	      "that a later version brings.\n",
		file);
	write_schema(file, &site_schema, &written);
	write_schema(file, &machine_schema, &written);
}
