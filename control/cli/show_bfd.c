/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cli/show_bfd.h"

#include <string.h>

#include "control/cli/table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool row_interface(const json_t *row, char buffer[ADDRESS_MAX])
{
	const char *name = json_string_value(json_object_get(row, "interface"));

	return name != NULL && snprintf(buffer, ADDRESS_MAX, "%s", name) < (int)ADDRESS_MAX;
}

/* A link without BFD is not one that does not exist. */
static bool operand_exists(const struct cli *cli, const struct dump *interfaces)
{
	json_t *names = json_array();

	for (size_t i = 0; i < interfaces->count; i++) {
		const struct api_interface *interface = dump_row(interfaces, i);

		json_array_append_new(names, json_pack("{s:s}", "interface", interface->name));
	}
	names = rows_filter(cli, names, row_interface);
	json_decref(names);
	return names != NULL;
}

static json_t *read_rows(const struct cli *cli)
{
	struct api_client *client = dataplane_open(cli);
	struct dump sessions = {0}, interfaces = {0};
	json_t *rows = NULL;

	if (client == NULL)
		return NULL;
	if (dataplane_dump(cli, client, API_INTERFACE, &interfaces) == 0 &&
		dataplane_dump(cli, client, API_BFD_SESSION, &sessions) == 0 &&
		(cli->operand == NULL || operand_exists(cli, &interfaces)))
		rows = bfd_rows(&sessions, &interfaces, cli->operand);
	api_client_close(client);
	dump_free(&sessions);
	dump_free(&interfaces);
	return rows;
}

/* Each reason that occurs, once. */
static void print_meanings(const struct cli *cli, const json_t *refusals)
{
	const char *name;

	for (unsigned int i = 0; (name = api_bfd_refusal_name(i)) != NULL; i++) {
		size_t index;
		json_t *row;

		json_array_foreach (refusals, index, row) {
			if (strcmp(json_string_value(json_object_get(row, "reason")), name) != 0)
				continue;
			fprintf(cli->out, "%-20s%s\n", name, api_bfd_refusal_text(i));
			break;
		}
	}
}

static int print_refusals(const struct cli *cli, const json_t *rows)
{
	static const struct column columns[] = {
		{"interface", "LINK", FORMAT_TEXT},
		{"peer", "PEER", FORMAT_TEXT},
		{"reason", "REFUSED", FORMAT_TEXT},
		{"packets", "PACKETS", FORMAT_NUMBER},
	};
	json_t *refusals = bfd_refusal_rows(rows);
	int error = 0;

	if (json_array_size(refusals) > 0) {
		fputc('\n', cli->out);
		error = table_print(cli, columns, COUNT(columns), refusals);
		fputc('\n', cli->out);
		print_meanings(cli, refusals);
	}
	json_decref(refusals);
	return error;
}

/* The rows that are sessions. */
static json_t *sessions_of(const json_t *rows)
{
	json_t *sessions = json_array(), *row;
	size_t index;

	json_array_foreach (rows, index, row)
		if (!json_is_null(json_object_get(row, "peer")))
			json_array_append(sessions, row);
	return sessions;
}

int show_bfd_run(const struct cli *cli)
{
	static const struct column columns[] = {
		{"interface", "LINK", FORMAT_TEXT},
		{"peer", "PEER", FORMAT_TEXT},
		{"state", "STATE", FORMAT_STATE},
		{"since_s", "SINCE", FORMAT_DURATION},
		{"asked", "ASKED", FORMAT_TEXT},
		{"peer_asks", "PEER ASKS", FORMAT_TEXT},
		{"sends", "SENDS", FORMAT_TEXT},
		{"detects", "DETECTS", FORMAT_TEXT},
		{"flaps", "FLAPS", FORMAT_NUMBER},
		{"rx", "RX", FORMAT_COUNT},
		{"tx", "TX", FORMAT_COUNT},
		{"jitter", "JITTER", FORMAT_TEXT},
		{"refused", "REFUSED", FORMAT_COUNT},
		{"discriminators", "DISCRIMINATORS", FORMAT_TEXT},
		{"reason", "DIAGNOSTIC", FORMAT_TEXT},
	};
	json_t *rows = read_rows(cli);
	int status;

	if (rows == NULL)
		return STATUS_REFUSED;
	if (cli->json)
		return rows_print(cli, columns, COUNT(columns), rows);
	bfd_add_texts(rows);
	status = rows_print(cli, columns, COUNT(columns), sessions_of(rows));
	if (status == STATUS_OK && print_refusals(cli, rows) != 0)
		status = STATUS_REFUSED;
	json_decref(rows);
	return status;
}
