/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/config/loader.h"

struct loader_block {
	struct loader_block *next;
	max_align_t data[];
};

void *loader_alloc(struct loader *loader, size_t size)
{
	struct loader_block *block = calloc(1, sizeof(*block) + size);

	if (block == NULL) {
		loader->no_memory = true;
		return NULL;
	}
	block->next = loader->blocks;
	loader->blocks = block;
	return block->data;
}

char *loader_format(struct loader *loader, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	char *copy = loader_alloc(loader, strlen(text) + 1);
	if (copy != NULL)
		strcpy(copy, text);
	return copy;
}

void loader_free(struct loader *loader)
{
	while (loader->blocks != NULL) {
		struct loader_block *next = loader->blocks->next;
		free(loader->blocks);
		loader->blocks = next;
	}
}

/* Found values are shown as they are, but what would upset a terminal or a JSON text is not: the
 * file may hold anything. */
static char *clean_copy(const char *text)
{
	size_t left = strlen(text), used = 0;
	char *clean = malloc(left + 1);

	if (clean == NULL)
		return NULL;
	while (left > 0) {
		size_t length = utf8_length((const unsigned char *)text, left);
		bool control = length == 1 && ((unsigned char)text[0] < 0x20 || text[0] == 0x7f);
		bool control_c1 = length == 2 && (unsigned char)text[0] == 0xc2 &&
				  (unsigned char)text[1] < 0xa0;
		if (length == 0 || control || control_c1) {
			clean[used++] = '?';
			length = length == 0 ? 1 : length;
		} else {
			memcpy(clean + used, text, length);
			used += length;
		}
		text += length;
		left -= length;
	}
	clean[used] = '\0';
	return clean;
}

static bool findings_grow(struct loader *loader)
{
	struct config_findings *findings = loader->findings;
	size_t capacity = loader->capacity == 0 ? 16 : 2 * loader->capacity;
	struct config_finding *items = realloc(findings->items, capacity * sizeof(*items));

	if (items == NULL)
		return false;
	findings->items = items;
	loader->capacity = capacity;
	return true;
}

static void finding_add(struct loader *loader, bool warning, unsigned int line, const char *field,
	const char *format, va_list arguments)
{
	struct config_findings *findings = loader->findings;
	char text[1024];

	vsnprintf(text, sizeof(text), format, arguments);
	if (findings->count == loader->capacity && !findings_grow(loader)) {
		loader->no_memory = true;
		return;
	}
	struct config_finding finding = {
		.warning = warning,
		.line = line,
		.field = clean_copy(field),
		.text = clean_copy(text),
	};
	if (finding.field == NULL || finding.text == NULL) {
		free(finding.field);
		free(finding.text);
		loader->no_memory = true;
		return;
	}
	findings->items[findings->count++] = finding;
	findings->errors += !warning;
}

void report_at(struct loader *loader, unsigned int line, const char *field, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	finding_add(loader, false, line, field, format, arguments);
	va_end(arguments);
}

static void report_field(struct loader *loader, bool warning, const struct record *record,
	unsigned int field, unsigned int line, const char *format, va_list arguments)
{
	char path[512];

	snprintf(path, sizeof(path), "%s%s%s", record->path, record->path[0] == '\0' ? "" : ".",
		record->schema->fields[field].name);
	finding_add(loader, warning, line, path, format, arguments);
}

void report(struct loader *loader, const struct record *record, unsigned int field,
	const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report_field(loader, false, record, field, record->values[field].line, format, arguments);
	va_end(arguments);
}

void report_item(struct loader *loader, const struct record *record, unsigned int field,
	const struct value *item, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report_field(loader, false, record, field, item->line, format, arguments);
	va_end(arguments);
}

void report_warning(struct loader *loader, const struct record *record, unsigned int field,
	const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report_field(loader, true, record, field, record->values[field].line, format, arguments);
	va_end(arguments);
}

struct numbered_finding {
	struct config_finding finding;
	size_t number;
};

static int compare_findings(const void *a, const void *b)
{
	const struct numbered_finding *left = a, *right = b;

	if (left->finding.line != right->finding.line)
		return left->finding.line < right->finding.line ? -1 : 1;
	return left->number < right->number ? -1 : left->number > right->number;
}

void findings_sort(struct loader *loader)
{
	struct config_findings *findings = loader->findings;

	if (findings->count < 2)
		return;
	struct numbered_finding *numbered = calloc(findings->count, sizeof(*numbered));
	if (numbered == NULL) {
		loader->no_memory = true;
		return;
	}
	for (size_t i = 0; i < findings->count; i++)
		numbered[i] = (struct numbered_finding){findings->items[i], i};
	qsort(numbered, findings->count, sizeof(*numbered), compare_findings);
	for (size_t i = 0; i < findings->count; i++)
		findings->items[i] = numbered[i].finding;
	free(numbered);
}

void config_findings_free(struct config_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		free(findings->items[i].field);
		free(findings->items[i].text);
	}
	free(findings->items);
	memset(findings, 0, sizeof(*findings));
}

char *config_finding_text(const struct config_finding *finding, const char *file)
{
	const char *kind = finding->warning ? "warning" : "error";
	const char *colon = finding->field[0] == '\0' ? "" : ": ";
	char *text;
	int length;

	if (finding->line == 0)
		length = asprintf(
			&text, "%s: %s: %s%s%s", file, kind, finding->field, colon, finding->text);
	else
		length = asprintf(&text, "%s:%u: %s: %s%s%s", file, finding->line, kind,
			finding->field, colon, finding->text);
	return length < 0 ? NULL : text;
}

json_t *config_findings_json(const struct config_findings *findings)
{
	json_t *list = json_array();

	for (size_t i = 0; i < findings->count; i++) {
		const struct config_finding *finding = &findings->items[i];
		json_t *row = json_pack("{s:s, s:I, s:s, s:s}", "severity",
			finding->warning ? "warning" : "error", "line", (json_int_t)finding->line,
			"field", finding->field, "text", finding->text);
		if (list == NULL || json_array_append_new(list, row) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}
