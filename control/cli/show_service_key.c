/* SPDX-License-Identifier: BSD-3-Clause */
/* `onramp show service-key`: a circuit as its provider sees it. */
#include "control/cli/control.h"
#include "control/cli/table.h"

static json_t *ask(const struct cli *cli)
{
	return control_ask(cli, json_pack("{s:s, s:s, s:s}", "request", "show", "what",
					"service-key", "service_key", cli->operand));
}

int show_service_key_run(const struct cli *cli)
{
	static const struct column columns[] = {
		{"link", "LINK", FORMAT_TEXT},
		{"port", "PORT", FORMAT_TEXT},
		{"outer_ethertype", "ETHERTYPE", FORMAT_TEXT},
		{"s_tag", "S-TAG", FORMAT_NUMBER},
		{"vlans", "VLANS", FORMAT_TEXT},
		{"bandwidth_bps", "RATE", FORMAT_RATE},
		{"provider_state", "PROVIDER", FORMAT_TEXT},
		{"managed", "MANAGED", FORMAT_TEXT},
	};
	json_t *reply = ask(cli), *rows = json_object_get(reply, "rows");
	const char *error = json_string_value(json_object_get(reply, "error"));
	int status = STATUS_REFUSED;

	if (error != NULL)
		cli_error(cli, "%s", error);
	else if (rows != NULL)
		status = rows_print(
			cli, columns, sizeof(columns) / sizeof(columns[0]), json_incref(rows));
	json_decref(reply);
	return status;
}
