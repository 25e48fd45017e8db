/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config/structure.h"

/* The schema needs 6; what nests deeper is no configuration. */
#define DEPTH_MAX 16

/* libyaml's own complaint. Its reader gives an offset in place of a line. */
void yaml_report_syntax(
	struct loader *loader, const yaml_parser_t *parser, const char *document, size_t length)
{
	size_t line = parser->problem_mark.line + 1;

	if (parser->error == YAML_MEMORY_ERROR) {
		loader->no_memory = true;
		return;
	}
	if (parser->error == YAML_READER_ERROR) {
		line = 1;
		for (size_t i = 0; i < parser->problem_offset && i < length; i++)
			line += document[i] == '\n';
	}
	report_at(loader, (unsigned int)line, "", "this is no YAML: %s%s%s",
		parser->problem != NULL ? parser->problem : "it cannot be read",
		parser->context != NULL ? ", " : "",
		parser->context != NULL ? parser->context : "");
}

struct structure {
	unsigned int documents;
	unsigned int depth;
	bool unusable; /* no use in looking at the fields */
};

static const char *event_anchor(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return (const char *)event->data.scalar.anchor;
	case YAML_SEQUENCE_START_EVENT:
		return (const char *)event->data.sequence_start.anchor;
	case YAML_MAPPING_START_EVENT:
		return (const char *)event->data.mapping_start.anchor;
	default:
		return NULL;
	}
}

static const char *event_tag(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return (const char *)event->data.scalar.tag;
	case YAML_SEQUENCE_START_EVENT:
		return (const char *)event->data.sequence_start.tag;
	case YAML_MAPPING_START_EVENT:
		return (const char *)event->data.mapping_start.tag;
	default:
		return NULL;
	}
}

/* YAML's features that make a file mean other than what it shows. */
static void check_event(
	struct loader *loader, const yaml_event_t *event, struct structure *structure)
{
	unsigned int line = (unsigned int)event->start_mark.line + 1;
	bool opens =
		event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT;

	if (event->type == YAML_DOCUMENT_START_EVENT && ++structure->documents == 2)
		report_at(loader, line, "",
			"a second YAML document begins here; a file holds one, remove the \"---\"");
	if (event->type == YAML_ALIAS_EVENT) {
		report_at(loader, line, "",
			"alias *%.40s; aliases are not taken, write the value out",
			event->data.alias.anchor);
		structure->unusable = true;
	}
	if (event_anchor(event) != NULL)
		report_at(loader, line, "", "anchor &%.40s; anchors are not taken, remove it",
			event_anchor(event));
	if (event_tag(event) != NULL)
		report_at(loader, line, "", "YAML tag %.40s; tags are not taken, remove it",
			event_tag(event));
	if (opens && ++structure->depth > DEPTH_MAX) {
		report_at(loader, line, "",
			"lists and fields nest deeper than %d here; no field does", DEPTH_MAX);
		structure->unusable = true;
	}
	if (event->type == YAML_SEQUENCE_END_EVENT || event->type == YAML_MAPPING_END_EVENT)
		structure->depth--;
}

/* True: the document can be loaded. */
bool yaml_check_structure(struct loader *loader, const char *document, size_t length)
{
	struct structure structure = {0};
	yaml_parser_t parser;
	bool more = true;

	if (!yaml_parser_initialize(&parser)) {
		loader->no_memory = true;
		return false;
	}
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)document, length);
	while (more && structure.depth <= DEPTH_MAX) {
		yaml_event_t event;
		if (!yaml_parser_parse(&parser, &event)) {
			yaml_report_syntax(loader, &parser, document, length);
			structure.unusable = true;
			break;
		}
		check_event(loader, &event, &structure);
		more = event.type != YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return !structure.unusable;
}
