/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config/tree.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define DEPTH_MAX 32u /* more than structure.c takes */

/* ---- reading ---- */

/* Decimal digits without a sign or leading zeros: what FIELD_INTEGER and FIELD_ASN take. */
static bool is_number(const char *text, size_t length)
{
	return length > 0 && length < 19 && strspn(text, "0123456789") == length &&
	       (text[0] != '0' || length == 1);
}

static json_t *parse_scalar(const yaml_node_t *node)
{
	const char *text = (const char *)node->data.scalar.value;
	size_t length = node->data.scalar.length;

	if (node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
		if (is_number(text, length))
			return json_integer(strtoll(text, NULL, 10));
		if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
			return json_boolean(text[0] == 't');
	}
	return json_stringn(text, length);
}

static json_t *parse_node(yaml_document_t *document, int index, unsigned int depth);

static json_t *parse_mapping(yaml_document_t *document, const yaml_node_t *node, unsigned int depth)
{
	json_t *object = json_object();
	const yaml_node_pair_t *end = node->data.mapping.pairs.top;

	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < end; pair++) {
		const yaml_node_t *key = yaml_document_get_node(document, pair->key);
		json_t *value = parse_node(document, pair->value, depth + 1);

		if (key->type != YAML_SCALAR_NODE ||
			json_object_set_new(object, (const char *)key->data.scalar.value, value) !=
				0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static json_t *parse_sequence(
	yaml_document_t *document, const yaml_node_t *node, unsigned int depth)
{
	json_t *array = json_array();
	const yaml_node_item_t *end = node->data.sequence.items.top;

	for (const yaml_node_item_t *item = node->data.sequence.items.start; item < end; item++) {
		if (json_array_append_new(array, parse_node(document, *item, depth + 1)) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *parse_node(yaml_document_t *document, int index, unsigned int depth)
{
	const yaml_node_t *node = yaml_document_get_node(document, index);

	if (node == NULL || depth > DEPTH_MAX)
		return NULL;
	if (node->type == YAML_SCALAR_NODE)
		return parse_scalar(node);
	return node->type == YAML_MAPPING_NODE ? parse_mapping(document, node, depth)
					       : parse_sequence(document, node, depth);
}

json_t *tree_parse(const char *document, size_t length)
{
	yaml_parser_t parser;
	yaml_document_t yaml;
	json_t *tree = NULL;

	if (!yaml_parser_initialize(&parser))
		return NULL;
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)document, length);
	if (yaml_parser_load(&parser, &yaml)) {
		tree = parse_node(&yaml, 1, 0); /* the root, where there is one */
		yaml_document_delete(&yaml);
	}
	yaml_parser_delete(&parser);
	if (json_is_object(tree))
		return tree;
	json_decref(tree);
	return NULL;
}

/* ---- writing ---- */

struct writer {
	yaml_emitter_t emitter;
	FILE *file;
};

static int put(void *context, unsigned char *bytes, size_t size)
{
	return fwrite(bytes, 1, size, context) == size;
}

static bool emit(struct writer *writer, yaml_event_t *event)
{
	return yaml_emitter_emit(&writer->emitter, event) != 0;
}

/* Texts that another reader could take for a number, a boolean or a nested mapping get quotes. */
static bool needs_quotes(const char *text)
{
	static const char *const words[] = {
		"y", "yes", "n", "no", "on", "off", "true", "false", "null", "~"};
	char *end;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	strtod(text, &end);
	return *end == '\0' || strpbrk(text, ":,{}[]&*!|>%@`#?\"'") != NULL;
}

static bool write_scalar(struct writer *writer, const json_t *value)
{
	char number[32];
	const char *text = json_string_value(value);
	yaml_scalar_style_t style = YAML_PLAIN_SCALAR_STYLE;
	yaml_event_t event;

	if (json_is_integer(value)) {
		snprintf(
			number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		text = number;
	} else if (json_is_boolean(value)) {
		text = json_is_true(value) ? "true" : "false";
	} else if (needs_quotes(text)) {
		style = YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	}
	return yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text,
		       (int)strlen(text), 1, 1, style) &&
	       emit(writer, &event);
}

static bool holds_objects(const json_t *value)
{
	return json_is_object(json_array_get(value, 0));
}

static bool write_value(struct writer *writer, const json_t *value, bool block);

static bool write_object(struct writer *writer, const json_t *object, bool block)
{
	yaml_mapping_style_t style = block ? YAML_BLOCK_MAPPING_STYLE : YAML_FLOW_MAPPING_STYLE;
	yaml_event_t event;
	const char *key;
	json_t *value;

	if (!yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, style) ||
		!emit(writer, &event))
		return false;
	json_object_foreach ((json_t *)object, key, value) {
		json_t *name = json_string(key);
		bool done = name != NULL && write_scalar(writer, name) &&
			    write_value(writer, value, block && holds_objects(value));

		json_decref(name);
		if (!done)
			return false;
	}
	return yaml_mapping_end_event_initialize(&event) && emit(writer, &event);
}

static bool write_array(struct writer *writer, const json_t *array, bool block)
{
	yaml_sequence_style_t style = block ? YAML_BLOCK_SEQUENCE_STYLE : YAML_FLOW_SEQUENCE_STYLE;
	yaml_event_t event;
	size_t index;
	json_t *value;

	if (!yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, style) ||
		!emit(writer, &event))
		return false;
	json_array_foreach (array, index, value)
		if (!write_value(writer, value, block))
			return false;
	return yaml_sequence_end_event_initialize(&event) && emit(writer, &event);
}

static bool write_value(struct writer *writer, const json_t *value, bool block)
{
	if (json_is_object(value))
		return write_object(writer, value, block);
	return json_is_array(value) ? write_array(writer, value, block)
				    : write_scalar(writer, value);
}

static bool write_document(struct writer *writer, const json_t *tree)
{
	yaml_event_t event;

	return yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) &&
	       emit(writer, &event) &&
	       yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1) &&
	       emit(writer, &event) && write_object(writer, tree, true) &&
	       yaml_document_end_event_initialize(&event, 1) && emit(writer, &event) &&
	       yaml_stream_end_event_initialize(&event) && emit(writer, &event);
}

char *tree_write(const json_t *tree, size_t *length)
{
	struct writer writer = {0};
	char *text = NULL;
	bool done;

	writer.file = open_memstream(&text, length);
	if (writer.file == NULL)
		return NULL;
	done = yaml_emitter_initialize(&writer.emitter) != 0;
	if (done) {
		yaml_emitter_set_output(&writer.emitter, put, writer.file);
		yaml_emitter_set_width(&writer.emitter, -1); /* no line is broken */
		yaml_emitter_set_unicode(&writer.emitter, 1);
		done = write_document(&writer, tree);
		yaml_emitter_delete(&writer.emitter);
	}
	if (fclose(writer.file) != 0 || !done) {
		free(text);
		return NULL;
	}
	return text;
}
