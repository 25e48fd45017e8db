/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of config_load share: the findings so far, and memory that is freed at once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/config/config.h"
#include "control/config/schema.h"

struct loader_block;

struct loader {
	struct config_findings *findings;
	size_t capacity;             /* of findings->items */
	struct loader_block *blocks; /* see loader_alloc */
	bool no_memory;              /* once set, config_load gives up at its end */
};

/* A scalar or a list of them, or records: what a field of a file says. */
struct value {
	unsigned int line; /* when absent: of the mapping it would stand in */
	bool given;        /* stands in the file */
	bool valid;        /* what follows can be used (also the default of an absent field) */
	const char *text;  /* as written */
	uint64_t number;
	struct ip ip;
	struct value *items; /* a list's; each may be invalid on its own */
	struct record **records;
	size_t count; /* of items or records */
};

/* A mapping of the file, its values in the order of schema->fields. */
struct record {
	const struct schema *schema;
	const char *path; /* "circuits[contoso].peerings[private]"; "" for the whole file */
	unsigned int line;
	struct value *values;
};

/* Zeroed; NULL sets no_memory. Freed by loader_free. */
void *loader_alloc(struct loader *loader, size_t size);
char *loader_format(struct loader *loader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void loader_free(struct loader *loader);

void report_at(struct loader *loader, unsigned int line, const char *field, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* An error in (or the absence of) a field of a record, at the line of its value. */
void report(struct loader *loader, const struct record *record, unsigned int field,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same at the line of one item of the field's list. */
void report_item(struct loader *loader, const struct record *record, unsigned int field,
	const struct value *item, const char *format, ...) __attribute__((format(printf, 5, 6)));
void report_warning(struct loader *loader, const struct record *record, unsigned int field,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
/* In order of line, for people to read beside the file. */
void findings_sort(struct loader *loader);

/* Bytes of the UTF-8 sequence at text (RFC 3629), 0 when it is none. */
size_t utf8_length(const unsigned char *text, size_t left);
/* Bytes no text file has, tabs that indent: errors with their lines. Finds nothing in a document
 * that libyaml's reader can take. */
void text_check(struct loader *loader, const char *document, size_t length);

/* The document's fields against the schema; NULL when there is nothing to check further. */
struct record *walk_document(
	struct loader *loader, const struct schema *schema, const char *document, size_t length);

/* Reads text (of length bytes, as written; plain: without quotes) as the field says into value.
 * False: reported for field_path. */
bool scalar_parse(struct loader *loader, const struct field *field, const char *field_path,
	bool plain, size_t length, struct value *value);

/* "" or "; did you mean \"contoso\"?": the nearest of the candidates, into buffer. */
struct suggestion {
	const char *wrong;
	const char *best;
	unsigned int distance;
};
void suggest(struct suggestion *suggestion, const char *candidate);
const char *suggestion_text(const struct suggestion *suggestion, char *buffer, unsigned int size);

/* A checked value, NULL when absent or invalid (then it is reported already). */
static inline const struct value *usable(const struct record *record, unsigned int field)
{
	return record->values[field].valid ? &record->values[field] : NULL;
}
