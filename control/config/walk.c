/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From YAML to records: each mapping against its schema, going on after every mistake so that all
 * of them are told at once.
 */
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "control/config/loader.h"
#include "control/config/structure.h"

struct walk {
	struct loader *loader;
	yaml_document_t *document;
};

static struct record *walk_mapping(struct walk *walk, const yaml_node_t *node,
	const struct schema *schema, const char *path, unsigned int line);

static void walk_absent(struct walk *walk, struct record *record);

static struct record *record_new(
	struct walk *walk, const struct schema *schema, const char *path, unsigned int line)
{
	struct record *record = loader_alloc(walk->loader, sizeof(*record));
	struct value *values = loader_alloc(walk->loader, schema->field_count * sizeof(*values));

	if (record == NULL || values == NULL)
		return NULL;
	*record = (struct record){schema, path, line, values};
	for (unsigned int i = 0; i < schema->field_count; i++)
		values[i].line = line;
	return record;
}

static unsigned int node_line(const yaml_node_t *node)
{
	return (unsigned int)node->start_mark.line + 1;
}

static const char *node_text(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

static const char *node_kind(const yaml_node_t *node)
{
	switch (node->type) {
	case YAML_SCALAR_NODE:
		return node->data.scalar.length == 0 ? "nothing" : "a single value";
	case YAML_SEQUENCE_NODE:
		return "a list";
	case YAML_MAPPING_NODE:
		return "fields with values";
	default:
		return "nothing";
	}
}

static int find_field(const struct schema *schema, const char *name)
{
	for (unsigned int i = 0; i < schema->field_count; i++) {
		if (strcmp(schema->fields[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

static void report_unknown(struct walk *walk, const struct schema *schema, const char *path,
	unsigned int line, const char *name)
{
	char field_path[512], list[512] = "", nearest[80];
	struct suggestion suggestion = {.wrong = name};
	const char *later = schema_later(name);
	size_t used = 0;

	snprintf(field_path, sizeof(field_path), "%s%s%.60s", path, path[0] == '\0' ? "" : ".",
		name);
	if (later != NULL) {
		report_at(walk->loader, line, field_path,
			"this version does not have %s yet; remove \"%s\"", later, name);
		return;
	}
	for (unsigned int i = 0; i < schema->field_count; i++) {
		const char *known = schema->fields[i].name;
		suggest(&suggestion, known);
		used += (size_t)snprintf(
			list + used, sizeof(list) - used, "%s%s", i == 0 ? "" : ", ", known);
	}
	report_at(walk->loader, line, field_path, "\"%.60s\" is no field of %s, which has %s%s",
		name, schema->title, list, suggestion_text(&suggestion, nearest, sizeof(nearest)));
}

static void walk_scalar(struct walk *walk, const yaml_node_t *node, const struct field *field,
	const char *path, struct value *value)
{
	if (node->type != YAML_SCALAR_NODE) {
		report_at(walk->loader, value->line, path,
			"found %s where one value is expected; write it as %s", node_kind(node),
			field->example);
		return;
	}
	/* The document is deleted before the records are used. */
	size_t length = node->data.scalar.length;
	char *text = loader_alloc(walk->loader, length + 1);
	if (text == NULL)
		return;
	memcpy(text, node_text(node), length);
	value->text = text;
	value->valid = scalar_parse(walk->loader, field, path,
		node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE, length, value);
}

/* How one of a list is called in paths: by its name where it has a usable one, else by number. */
static const char *item_path(struct walk *walk, const yaml_node_t *node,
	const struct schema *schema, const char *path, unsigned int number)
{
	const char *name = NULL;

	if (node->type == YAML_MAPPING_NODE && schema->key >= 0) {
		const char *key_name = schema->fields[schema->key].name;
		for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
			pair < node->data.mapping.pairs.top; pair++) {
			const yaml_node_t *key = yaml_document_get_node(walk->document, pair->key);
			const yaml_node_t *item =
				yaml_document_get_node(walk->document, pair->value);
			if (key->type == YAML_SCALAR_NODE && item->type == YAML_SCALAR_NODE &&
				strcmp(node_text(key), key_name) == 0 && name == NULL)
				name = node_text(item);
		}
	}
	if (name != NULL && name[0] != '\0')
		return loader_format(walk->loader, "%s[%.40s]", path, name);
	return loader_format(walk->loader, "%s[#%u]", path, number);
}

static void walk_records(struct walk *walk, const yaml_node_t *node, const struct field *field,
	const char *path, struct value *value)
{
	size_t count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);

	value->records = loader_alloc(walk->loader, (count + 1) * sizeof(*value->records));
	if (value->records == NULL)
		return;
	for (size_t i = 0; i < count; i++) {
		const yaml_node_t *item =
			yaml_document_get_node(walk->document, node->data.sequence.items.start[i]);
		const char *name = item_path(walk, item, field->schema, path, (unsigned int)i + 1);
		if (name == NULL)
			return;
		struct record *record =
			walk_mapping(walk, item, field->schema, name, node_line(item));
		if (record != NULL)
			value->records[value->count++] = record;
	}
	value->valid = true;
}

static void walk_items(struct walk *walk, const yaml_node_t *node, const struct field *field,
	const char *path, struct value *value)
{
	size_t count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);

	if (count == 0) {
		report_at(walk->loader, value->line, path,
			"the list is empty; write it as %s, or remove the line", field->example);
		return;
	}
	value->items = loader_alloc(walk->loader, count * sizeof(*value->items));
	if (value->items == NULL)
		return;
	for (size_t i = 0; i < count; i++) {
		const yaml_node_t *item =
			yaml_document_get_node(walk->document, node->data.sequence.items.start[i]);
		value->items[i].line = node_line(item);
		value->items[i].given = true;
		walk_scalar(walk, item, field, path, &value->items[i]);
	}
	value->count = count;
	value->valid = true;
}

/* A word in the place of a mapping: valid without a record. */
static void walk_word(struct walk *walk, const yaml_node_t *node, const struct field *field,
	const char *path, struct value *value)
{
	for (const struct choice *choice = field->choices; choice->word != NULL; choice++) {
		if (strcmp(choice->word, node_text(node)) != 0)
			continue;
		value->text = choice->word;
		value->number = choice->number;
		value->valid = true;
		return;
	}
	report_at(walk->loader, value->line, path,
		"found \"%.40s\" where the fields of %s, or the word %s, are expected; write %s or "
		"%s",
		node_text(node), field->schema->title, field->choices->word, field->example,
		field->choices->word);
}

static void walk_one_record(struct walk *walk, const yaml_node_t *node, const struct field *field,
	const char *path, struct value *value)
{
	value->records = loader_alloc(walk->loader, sizeof(*value->records));
	if (value->records == NULL)
		return;
	value->records[0] = walk_mapping(walk, node, field->schema, path, value->line);
	value->count = value->records[0] != NULL;
	value->valid = value->count == 1;
}

static void walk_value(struct walk *walk, const yaml_node_t *node, const struct field *field,
	const char *record_path, struct value *value)
{
	const char *path = loader_format(walk->loader, "%s%s%s", record_path,
		record_path[0] == '\0' ? "" : ".", field->name);

	if (path == NULL)
		return;
	bool list = field->shape == SHAPE_LIST ||
		    (field->shape == SHAPE_ONE_OR_LIST && node->type == YAML_SEQUENCE_NODE);
	if (list && node->type != YAML_SEQUENCE_NODE) {
		report_at(walk->loader, value->line, path,
			"found %s where a list is expected; write %s", node_kind(node),
			field->kind == FIELD_MAPPING ? "each entry after a \"- \""
						     : field->example);
		return;
	}
	if (list && field->kind == FIELD_MAPPING)
		walk_records(walk, node, field, path, value);
	else if (list)
		walk_items(walk, node, field, path, value);
	else if (field->kind == FIELD_MAPPING && field->choices != NULL &&
		 node->type == YAML_SCALAR_NODE)
		walk_word(walk, node, field, path, value);
	else if (field->kind == FIELD_MAPPING)
		walk_one_record(walk, node, field, path, value);
	else
		walk_scalar(walk, node, field, path, value);
	if (field->shape != SHAPE_ONE_OR_LIST || list || !value->valid)
		return;
	struct value *item = loader_alloc(walk->loader, sizeof(*item));
	if (item == NULL)
		return;
	*item = *value;
	value->items = item;
	value->count = 1;
}

static void walk_pair(struct walk *walk, const yaml_node_pair_t *pair, struct record *record)
{
	const yaml_node_t *key = yaml_document_get_node(walk->document, pair->key);
	const yaml_node_t *node = yaml_document_get_node(walk->document, pair->value);

	if (key->type != YAML_SCALAR_NODE) {
		report_at(walk->loader, node_line(key), record->path,
			"found %s where a field's name is expected", node_kind(key));
		return;
	}
	int field = find_field(record->schema, node_text(key));
	if (field < 0 || strlen(node_text(key)) != key->data.scalar.length) {
		report_unknown(walk, record->schema, record->path, node_line(key), node_text(key));
		return;
	}
	struct value *value = &record->values[field];
	if (value->given) {
		report_at(walk->loader, node_line(key),
			loader_format(walk->loader, "%s%s%s", record->path,
				record->path[0] == '\0' ? "" : ".", node_text(key))
				?: "",
			"\"%s\" stands here again (first on line %u); keep one of them",
			node_text(key), value->line);
		return;
	}
	value->given = true;
	/* A value may begin below its key, and one that is missing has no line of its own. */
	bool scalar = node->type == YAML_SCALAR_NODE && node->data.scalar.length > 0;
	value->line = scalar ? node_line(node) : node_line(key);
	walk_value(walk, node, &record->schema->fields[field], record->path, value);
}

/* A mapping that may be left out is as good as one without fields: it has its defaults. */
static void walk_absent_record(struct walk *walk, const struct record *parent,
	const struct field *field, struct value *value)
{
	for (unsigned int i = 0; i < field->schema->field_count; i++) {
		if (field->schema->fields[i].required)
			return;
	}
	if (field->required)
		return;
	value->records = loader_alloc(walk->loader, sizeof(*value->records));
	const char *path = loader_format(walk->loader, "%s.%s", parent->path, field->name);
	if (value->records == NULL || path == NULL)
		return;
	value->records[0] = record_new(walk, field->schema, path, value->line);
	if (value->records[0] == NULL)
		return;
	walk_absent(walk, value->records[0]);
	value->count = 1;
	value->valid = true;
}

/* Required fields that are missing, and the defaults of the others. */
static void walk_absent(struct walk *walk, struct record *record)
{
	for (unsigned int i = 0; i < record->schema->field_count; i++) {
		const struct field *field = &record->schema->fields[i];
		struct value *value = &record->values[i];
		if (value->given)
			continue;
		if (field->required)
			report(walk->loader, record, i, "is missing; %s needs it, such as %s: %s",
				record->schema->title, field->name, field->example);
		if (field->kind == FIELD_MAPPING && field->shape == SHAPE_ONE)
			walk_absent_record(walk, record, field, value);
		if (field->preset == NULL)
			continue;
		value->text = field->preset;
		value->valid = scalar_parse(
			walk->loader, field, field->name, true, strlen(field->preset), value);
	}
}

static struct record *walk_mapping(struct walk *walk, const yaml_node_t *node,
	const struct schema *schema, const char *path, unsigned int line)
{
	if (node->type != YAML_MAPPING_NODE) {
		report_at(walk->loader, line, path,
			"found %s where the fields of %s are expected (%s: ...)", node_kind(node),
			schema->title, schema->fields[0].name);
		return NULL;
	}
	struct record *record = record_new(walk, schema, path, line);
	if (record == NULL)
		return NULL;
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
		pair < node->data.mapping.pairs.top; pair++)
		walk_pair(walk, pair, record);
	walk_absent(walk, record);
	return record;
}

static struct record *walk_root(
	struct loader *loader, const struct schema *schema, yaml_document_t *document)
{
	struct walk walk = {loader, document};
	const yaml_node_t *root = yaml_document_get_root_node(document);

	if (root == NULL) {
		report_at(loader, 1, "", "the document is empty; it begins with %s: %s",
			schema->fields[0].name, schema->fields[0].example);
		return NULL;
	}
	return walk_mapping(&walk, root, schema, "", node_line(root));
}

struct record *walk_document(
	struct loader *loader, const struct schema *schema, const char *document, size_t length)
{
	struct record *record = NULL;
	yaml_document_t yaml;
	yaml_parser_t parser;

	text_check(loader, document, length);
	if (loader->findings->errors > 0 || !yaml_check_structure(loader, document, length))
		return NULL;
	if (!yaml_parser_initialize(&parser)) {
		loader->no_memory = true;
		return NULL;
	}
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)document, length);
	if (yaml_parser_load(&parser, &yaml)) {
		record = walk_root(loader, schema, &yaml);
		yaml_document_delete(&yaml);
	} else {
		yaml_report_syntax(loader, &parser, document, length);
	}
	yaml_parser_delete(&parser);
	return record;
}
