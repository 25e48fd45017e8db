/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rows for people and for programs, from the same JSON.
 */
#pragma once

#include <stdbool.h>

#include <jansson.h>

#include "control/cli/command.h"

enum format {
	FORMAT_TEXT,
	FORMAT_NUMBER, /* as it is */
	FORMAT_COUNT,
	FORMAT_BYTES,
	FORMAT_RATE,
	FORMAT_DURATION, /* seconds */
	FORMAT_PERCENT,
	FORMAT_STATE, /* text, green when it is good and red when it is not */
};

/* One column of a table: which key of the row it shows, and how. null and absent show as "-",
 * arrays of texts with commas. */
struct column {
	const char *key;
	const char *heading;
	enum format format;
};

/* Prints rows as a table (heading, aligned, no lines around), or "none" when there are none.
 * 0 or -errno. */
int table_print(const struct cli *cli, const struct column *columns, unsigned int count,
	const json_t *rows);

/* A row's cell as table_print shows it, malloc'd. */
char *table_cell(const json_t *row, const struct column *column);

/* text and a newline, broken between words before column 100 and continued at column indent, where
 * out stands already. */
void text_wrapped(FILE *out, unsigned int indent, const char *text);

/* Any JSON on cli->out, with a newline. 0 or -errno. */
int json_print(const struct cli *cli, const json_t *value);

/* Rows as JSON with -j, else as a table; takes rows over. Returns a STATUS_*. */
int rows_print(
	const struct cli *cli, const struct column *columns, unsigned int count, json_t *rows);

/* Is a thing called name within address (CIRCUIT[/PEERING[/LINK]])? Everything is within NULL. */
bool address_covers(const char *address, const char *name);

#define ADDRESS_MAX 128u

/* Writes a row's own address into buffer; false: it has none (and no filter keeps it). */
typedef bool (*row_name)(const json_t *row, char buffer[ADDRESS_MAX]);

/* The rows that are within cli->operand; takes rows over (NULL stays NULL). Reports and returns
 * NULL when the operand names nothing that is there, with the nearest name. */
json_t *rows_filter(const struct cli *cli, json_t *rows, row_name name_of);
