/* SPDX-License-Identifier: BSD-3-Clause */
/* `onramp show connections`: IPv4 and IPv6 in one cell, as A/B. */
#include <string.h>

#include "control/cli/control.h"
#include "control/cli/table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *text_of(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text != NULL ? text : "";
}

/* The operand names the circuit, its peering, or what it is connected with. */
static json_t *keep_named(const struct cli *cli, json_t *rows)
{
	size_t all = json_array_size(rows);

	for (size_t i = all; cli->operand != NULL && i > 0; i--) {
		const json_t *row = json_array_get(rows, i - 1);

		if (!address_covers(cli->operand, text_of(row, "peering")) &&
			strcmp(cli->operand, text_of(row, "with")) != 0)
			json_array_remove(rows, i - 1);
	}
	if (json_array_size(rows) > 0 || all == 0)
		return rows;
	cli_error(cli,
		"%s has no connection; name a circuit, its private peering or a virtual network, "
		"as "
		"`onramp show connections` lists them",
		cli->operand);
	json_decref(rows);
	return NULL;
}

static void join_families(json_t *row, const char *what)
{
	char keys[2][24];
	const json_t *four, *six;

	snprintf(keys[0], sizeof(keys[0]), "%s4", what);
	snprintf(keys[1], sizeof(keys[1]), "%s6", what);
	four = json_object_get(row, keys[0]);
	six = json_object_get(row, keys[1]);
	if (json_is_integer(four) && json_is_integer(six))
		json_object_set_new(row, what,
			json_sprintf("%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT,
				json_integer_value(four), json_integer_value(six)));
}

int show_connections_run(const struct cli *cli)
{
	static const char *const counts[] = {"to_circuit", "limit", "refused", "from_circuit"};
	static const struct column columns[] = {
		{"peering", "PEERING", FORMAT_TEXT},
		{"with", "WITH", FORMAT_TEXT},
		{"kind", "KIND", FORMAT_TEXT},
		{"weight", "WEIGHT", FORMAT_NUMBER},
		{"to_circuit", "TO CIRCUIT", FORMAT_TEXT},
		{"limit", "LIMIT", FORMAT_TEXT},
		{"refused", "REFUSED", FORMAT_TEXT},
		{"from_circuit", "FROM CIRCUIT", FORMAT_TEXT},
		{"state", "STATE", FORMAT_TEXT},
	};
	json_t *rows = control_rows(cli, "connections"), *row;
	size_t index;

	if (rows != NULL)
		rows = keep_named(cli, rows);
	if (rows == NULL)
		return STATUS_REFUSED;
	if (!cli->json)
		json_array_foreach (rows, index, row)
			for (size_t i = 0; i < COUNT(counts); i++)
				join_families(row, counts[i]);
	return rows_print(cli, columns, COUNT(columns), rows);
}
