/* SPDX-License-Identifier: BSD-3-Clause */
/* `onramp peering`, and fields on the command line. */
#include <string.h>

#include "control/cli/change.h"
#include "control/cli/fields.h"
#include "control/config/tree.h"

json_t *fields_read(const struct cli *cli)
{
	json_t *fields = tree_parse(cli->value, strlen(cli->value)), *value;
	const char *name;

	if (fields == NULL) {
		cli_error(cli,
			"\"%.60s\" is no mapping; write it as in a file, in quotes: "
			"'{FIELD: VALUE, ...}'",
			cli->value);
		return NULL;
	}
	json_object_foreach (fields, name, value)
		if (json_is_string(value) && strcmp(json_string_value(value), "null") == 0)
			json_object_set_new(fields, name, json_null());
	return fields;
}

json_t *fields_principal(const struct cli *cli, json_t *wish)
{
	if (cli->as != NULL)
		json_object_set_new(wish, "principal", json_string(cli->as));
	return wish;
}

/* The wish about CIRCUIT/PEERING; fields may be NULL and are taken over. */
static int run_verb(const struct cli *cli, const char *verb, json_t *fields)
{
	const char *slash = strchr(cli->operand, '/');

	if (slash == NULL || slash == cli->operand || slash[1] == '\0') {
		cli_error(cli, "\"%s\" is no peering; write CIRCUIT/private or CIRCUIT/public",
			cli->operand);
		json_decref(fields);
		return STATUS_USAGE;
	}
	return change_run(cli,
		fields_principal(cli, json_pack("{s:s%, s:s, s:s, s:o*}", "circuit", cli->operand,
					      (size_t)(slash - cli->operand), "peering", slash + 1,
					      "verb", verb, "fields", fields)));
}

int peering_set_run(const struct cli *cli)
{
	json_t *fields = fields_read(cli);

	return fields != NULL ? run_verb(cli, "set-peering", fields) : STATUS_USAGE;
}

int peering_delete_run(const struct cli *cli)
{
	return run_verb(cli, "delete-peering", NULL);
}
