/* SPDX-License-Identifier: BSD-3-Clause */
/* `onramp audit`: who changed what, and whether the log is as it was written. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/cli/control.h"
#include "control/cli/table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The time as people read it, and object and field as one path. */
static void make_readable(json_t *row)
{
	const char *object = json_string_value(json_object_get(row, "object"));
	const char *field = json_string_value(json_object_get(row, "field"));
	time_t at = (time_t)json_integer_value(json_object_get(row, "at"));
	struct tm utc;
	char text[32];

	gmtime_r(&at, &utc);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%SZ", &utc);
	json_object_set_new(row, "time", json_string(text));
	if (object == NULL || field == NULL)
		return;
	if (object[0] != '\0' && field[0] != '\0')
		json_object_set_new(row, "what", json_sprintf("%s.%s", object, field));
	else
		json_object_set_new(row, "what",
			json_string(object[0] == '\0' && field[0] == '\0' ? "site"
				    : object[0] == '\0'                   ? field
									  : object));
	/* Of an object as a whole: it comes or goes. */
	if (field[0] == '\0')
		json_object_set_new(row,
			json_is_null(json_object_get(row, "before")) ? "after" : "before",
			json_string("there"));
}

static int show(const struct cli *cli)
{
	static const struct column columns[] = {
		{"revision", "REVISION", FORMAT_NUMBER},
		{"time", "TIME", FORMAT_TEXT},
		{"principal", "PRINCIPAL", FORMAT_TEXT},
		{"user", "USER", FORMAT_TEXT},
		{"command", "COMMAND", FORMAT_TEXT},
		{"what", "WHAT", FORMAT_TEXT},
		{"before", "BEFORE", FORMAT_TEXT},
		{"after", "AFTER", FORMAT_TEXT},
	};
	json_t *rows = control_rows(cli, "audit"), *row;
	size_t index;

	if (rows == NULL)
		return STATUS_REFUSED;
	if (!cli->json)
		json_array_foreach (rows, index, row)
			make_readable(row);
	return rows_print(cli, columns, COUNT(columns), rows);
}

static int verify(const struct cli *cli)
{
	json_t *verdict =
		control_ask(cli, json_pack("{s:s, s:s}", "request", "show", "what", "verify"));
	const char *error = json_string_value(json_object_get(verdict, "error"));
	const char *wrong = json_string_value(json_object_get(verdict, "wrong"));
	int status = verdict != NULL && error == NULL && wrong == NULL ? STATUS_OK : STATUS_REFUSED;

	if (error != NULL)
		cli_error(cli, "%s", error);
	else if (verdict != NULL && cli->json)
		json_print(cli, verdict);
	else if (wrong != NULL)
		cli_error(cli, "%s", wrong);
	else if (verdict != NULL)
		fprintf(cli->out,
			"%" JSON_INTEGER_FORMAT " entries are as they were written, and the store "
			"is what they lead to.\nHead: %s\n",
			json_integer_value(json_object_get(verdict, "entries")),
			json_string_value(json_object_get(verdict, "head")));
	json_decref(verdict);
	return status;
}

int audit_run(const struct cli *cli)
{
	if (cli->operand == NULL)
		return show(cli);
	if (strcmp(cli->operand, "verify") == 0)
		return verify(cli);
	cli_error(cli,
		"\"%s\" is nothing that audit does; write `onramp audit` or `onramp audit "
		"verify`",
		cli->operand);
	return STATUS_USAGE;
}
