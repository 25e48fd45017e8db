/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Text in the format that monitoring systems read (OpenMetrics 1.0): families, each with its type,
 * its help and all of its samples together. Pure: builds a string.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPENMETRICS_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

enum metrics_type {
	METRICS_COUNTER, /* samples are called FAMILY_total */
	METRICS_GAUGE,
	METRICS_INFO, /* FAMILY_info, and always 1 */
};

/* NULL or "": the sample has no such label. */
struct metrics_label {
	const char *name;
	const char *value;
};

/* Begins zeroed. */
struct metrics {
	char *text; /* of length bytes, and a zero */
	size_t length, capacity;
	bool no_memory; /* the text is not whole */
	const char *family;
	enum metrics_type type;
};

/* Samples are of this family from now on. name and help live as long as it is the current one. */
void metrics_family(
	struct metrics *metrics, const char *name, enum metrics_type type, const char *help);
void metrics_add(struct metrics *metrics, const struct metrics_label *labels, unsigned int count,
	uint64_t value);
void metrics_add_real(struct metrics *metrics, const struct metrics_label *labels,
	unsigned int count, double value);
/* "# EOF", without which nobody believes that it is whole. */
void metrics_end(struct metrics *metrics);
void metrics_free(struct metrics *metrics);
