/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cli/table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <libsmartcols/libsmartcols.h>

#include "control/cli/units.h"

#define WIDTH 100u /* of a line that is broken */

static const char *number_text(const json_t *value, enum format format, char buffer[UNITS_MAX])
{
	uint64_t number = (uint64_t)json_integer_value(value);

	switch (format) {
	case FORMAT_COUNT:
		return units_count(number, buffer);
	case FORMAT_BYTES:
		return units_bytes(number, buffer);
	case FORMAT_RATE:
		return units_rate(number, buffer);
	case FORMAT_DURATION:
		return units_duration(number, buffer);
	default:
		snprintf(buffer, UNITS_MAX, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return buffer;
	}
}

/* "private,public" */
static char *join(const json_t *array)
{
	size_t length = 1, index;
	json_t *item;
	char *text;

	json_array_foreach (array, index, item)
		length += json_string_length(item) + 1;
	text = calloc(1, length);
	json_array_foreach (array, index, item) {
		if (text == NULL || !json_is_string(item))
			continue;
		strcat(text, index == 0 ? "" : ",");
		strcat(text, json_string_value(item));
	}
	return text;
}

char *table_cell(const json_t *row, const struct column *column)
{
	const json_t *value = json_object_get(row, column->key);
	char buffer[UNITS_MAX];

	if (json_is_string(value))
		return strdup(json_string_value(value));
	if (json_is_array(value) && json_array_size(value) > 0)
		return join(value);
	if (json_is_integer(value))
		return strdup(number_text(value, column->format, buffer));
	if (json_is_real(value)) {
		snprintf(buffer, sizeof(buffer), "%.1f%s", json_real_value(value),
			column->format == FORMAT_PERCENT ? " %" : "");
		return strdup(buffer);
	}
	if (json_is_boolean(value))
		return strdup(json_is_true(value) ? "yes" : "no");
	return strdup("-");
}

void text_wrapped(FILE *out, unsigned int indent, const char *text)
{
	unsigned int column = indent;

	while (*text != '\0') {
		unsigned int length = (unsigned int)strcspn(text, " ");
		if (column > indent && column + 1 + length > WIDTH) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", (int)length, text);
		column += length;
		text += length;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

/* Only words that need no context to be good or bad. */
static const char *state_colour(const char *state)
{
	static const char *const good[] = {"Established", "up", "reachable", "permanent", "live"};
	static const char *const bad[] = {
		"Idle", "Active", "Connect", "Absent", "down", "failed", "incomplete", "none"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (strncmp(state, good[i], strlen(good[i])) == 0)
			return "green";
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (strncmp(state, bad[i], strlen(bad[i])) == 0)
			return "red";
	return NULL;
}

static int add_row(struct libscols_table *table, const struct column *columns, unsigned int count,
	const json_t *row)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);

	if (line == NULL)
		return -ENOMEM;
	for (unsigned int i = 0; i < count; i++) {
		char *text = table_cell(row, &columns[i]);
		if (text == NULL || scols_line_refer_data(line, i, text) < 0)
			return -ENOMEM;
		if (columns[i].format == FORMAT_STATE && state_colour(text) != NULL)
			scols_cell_set_color(scols_line_get_cell(line, i), state_colour(text));
	}
	return 0;
}

static int fill(struct libscols_table *table, const struct column *columns, unsigned int count,
	const json_t *rows)
{
	size_t index;
	json_t *row;

	for (unsigned int i = 0; i < count; i++) {
		bool text = columns[i].format == FORMAT_TEXT || columns[i].format == FORMAT_STATE;
		/* Cut short only what stands last, and only on a terminal. */
		int flags = !text ? SCOLS_FL_RIGHT : i + 1 == count ? SCOLS_FL_TRUNC : 0;
		if (scols_table_new_column(table, columns[i].heading, 0, flags) == NULL)
			return -ENOMEM;
	}
	json_array_foreach (rows, index, row) {
		int error = add_row(table, columns, count, row);
		if (error != 0)
			return error;
	}
	return 0;
}

int table_print(
	const struct cli *cli, const struct column *columns, unsigned int count, const json_t *rows)
{
	struct libscols_table *table;
	int error;

	if (json_array_size(rows) == 0) {
		fputs("none\n", cli->out);
		return 0;
	}
	table = scols_new_table();
	if (table == NULL)
		return -ENOMEM;
	scols_table_set_stream(table, cli->out);
	scols_table_enable_colors(table, cli->colour);
	scols_table_set_column_separator(table, "  ");
	error = fill(table, columns, count, rows);
	if (error == 0)
		error = scols_print_table(table);
	scols_unref_table(table);
	return error;
}

int json_print(const struct cli *cli, const json_t *value)
{
	if (json_dumpf(value, cli->out, JSON_INDENT(2)) < 0)
		return -EIO;
	return fputc('\n', cli->out) == EOF ? -EIO : 0;
}

int rows_print(
	const struct cli *cli, const struct column *columns, unsigned int count, json_t *rows)
{
	int error = cli->json ? json_print(cli, rows) : table_print(cli, columns, count, rows);

	json_decref(rows);
	if (error != 0)
		cli_error(cli, "cannot print: %s", strerror(-error));
	return error == 0 ? STATUS_OK : STATUS_REFUSED;
}
