/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/metrics/openmetrics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST 65536u

static const char *const type_names[] = {
	[METRICS_COUNTER] = "counter", [METRICS_GAUGE] = "gauge", [METRICS_INFO] = "info"};
static const char *const suffixes[] = {
	[METRICS_COUNTER] = "_total", [METRICS_GAUGE] = "", [METRICS_INFO] = "_info"};

static bool reserve(struct metrics *metrics, size_t bytes)
{
	size_t capacity = metrics->capacity != 0 ? metrics->capacity : CAPACITY_FIRST;
	char *text;

	if (metrics->no_memory)
		return false;
	while (capacity - metrics->length <= bytes)
		capacity *= 2;
	if (capacity == metrics->capacity)
		return true;
	text = realloc(metrics->text, capacity);
	metrics->no_memory = text == NULL;
	if (text == NULL)
		return false;
	metrics->text = text;
	metrics->capacity = capacity;
	return true;
}

static void put(struct metrics *metrics, const char *text, size_t length)
{
	if (!reserve(metrics, length))
		return;
	memcpy(metrics->text + metrics->length, text, length);
	metrics->length += length;
	metrics->text[metrics->length] = '\0';
}

static void put_text(struct metrics *metrics, const char *text)
{
	put(metrics, text, strlen(text));
}

/* Backslash, quote and line feed may not be in a label or a help as they are. */
static void put_escaped(struct metrics *metrics, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n') {
			put_text(metrics, "\\n");
			continue;
		}
		if (*text == '\\' || *text == '"')
			put_text(metrics, "\\");
		put(metrics, text, 1);
	}
}

void metrics_family(
	struct metrics *metrics, const char *name, enum metrics_type type, const char *help)
{
	metrics->family = name;
	metrics->type = type;
	put_text(metrics, "# TYPE ");
	put_text(metrics, name);
	put_text(metrics, " ");
	put_text(metrics, type_names[type]);
	put_text(metrics, "\n# HELP ");
	put_text(metrics, name);
	put_text(metrics, " ");
	put_escaped(metrics, help);
	put_text(metrics, "\n");
}

static void put_sample(struct metrics *metrics, const struct metrics_label *labels,
	unsigned int count, const char *value)
{
	const char *before = "{";

	put_text(metrics, metrics->family);
	put_text(metrics, suffixes[metrics->type]);
	for (unsigned int i = 0; i < count; i++) {
		if (labels[i].value == NULL || labels[i].value[0] == '\0')
			continue;
		put_text(metrics, before);
		put_text(metrics, labels[i].name);
		put_text(metrics, "=\"");
		put_escaped(metrics, labels[i].value);
		put_text(metrics, "\"");
		before = ",";
	}
	put_text(metrics, before[0] == ',' ? "} " : " ");
	put_text(metrics, value);
	put_text(metrics, "\n");
}

void metrics_add(struct metrics *metrics, const struct metrics_label *labels, unsigned int count,
	uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	put_sample(metrics, labels, count, text);
}

void metrics_add_real(struct metrics *metrics, const struct metrics_label *labels,
	unsigned int count, double value)
{
	char text[64];

	snprintf(text, sizeof(text), "%.9g", value);
	put_sample(metrics, labels, count, text);
}

void metrics_end(struct metrics *metrics)
{
	put_text(metrics, "# EOF\n");
}

void metrics_free(struct metrics *metrics)
{
	free(metrics->text);
	*metrics = (struct metrics){0};
}
