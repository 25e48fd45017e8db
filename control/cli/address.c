/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "control/cli/table.h"
#include "control/config/loader.h"

bool address_covers(const char *address, const char *name)
{
	size_t length;

	if (address == NULL)
		return true;
	length = strlen(address);
	return strncmp(address, name, length) == 0 && (name[length] == '\0' || name[length] == '/');
}

/* The first components of name, as many as address has, into buffer. */
static const char *cut_to(const char *address, const char *name, char *buffer, size_t size)
{
	size_t depth = 1, length = 0;

	for (const char *at = address; *at != '\0'; at++)
		depth += *at == '/';
	while (name[length] != '\0' && length + 1 < size) {
		if (name[length] == '/' && --depth == 0)
			break;
		buffer[length] = name[length];
		length++;
	}
	buffer[length] = '\0';
	return buffer;
}

static void report_missing(const struct cli *cli, const json_t *rows, row_name name_of)
{
	struct suggestion suggestion = {.wrong = cli->operand};
	char hint[80], name[ADDRESS_MAX], candidate[ADDRESS_MAX], best[ADDRESS_MAX];
	size_t index;
	json_t *row;

	json_array_foreach (rows, index, row) {
		if (!name_of(row, name))
			continue;
		suggest(&suggestion, cut_to(cli->operand, name, candidate, sizeof(candidate)));
		/* candidate is used again for the next row; what was found must stay. */
		if (suggestion.best == candidate) {
			strcpy(best, candidate);
			suggestion.best = best;
		}
	}
	cli_error(cli, "nothing here is called \"%s\"%s", cli->operand,
		suggestion_text(&suggestion, hint, sizeof(hint)));
}

json_t *rows_filter(const struct cli *cli, json_t *rows, row_name name_of)
{
	char name[ADDRESS_MAX];
	json_t *kept, *row;
	size_t index;

	if (cli->operand == NULL || rows == NULL)
		return rows;
	kept = json_array();
	json_array_foreach (rows, index, row) {
		if (name_of(row, name) && address_covers(cli->operand, name))
			json_array_append(kept, row);
	}
	if (json_array_size(kept) == 0) {
		report_missing(cli, rows, name_of);
		json_decref(kept);
		kept = NULL;
	}
	json_decref(rows);
	return kept;
}
