/* SPDX-License-Identifier: BSD-3-Clause */
/* `onramp port-pair` and `onramp show authorizations`. */
#include <errno.h>
#include <string.h>

#include "control/cli/change.h"
#include "control/cli/control.h"
#include "control/cli/fields.h"
#include "control/cli/table.h"
#include "control/model/authorization_key.h"

char *authorization_read(const struct cli *cli)
{
	bool standard_input = strcmp(cli->authorization, "-") == 0;
	FILE *stream = standard_input ? stdin : fopen(cli->authorization, "re");
	char line[128] = "";
	bool read;

	if (stream == NULL) {
		cli_error(cli, "%s: %s", cli->authorization, strerror(errno));
		return NULL;
	}
	read = fgets(line, sizeof(line), stream) != NULL;
	if (!standard_input)
		fclose(stream);
	line[strcspn(line, " \t\r\n")] = '\0';
	if (read && line[0] != '\0')
		return strdup(line);
	cli_error(cli, "%s: its first line is no key", cli->authorization);
	return NULL;
}

static json_t *make_wish(const struct cli *cli, const char *verb)
{
	return fields_principal(cli, json_pack("{s:s, s:s, s:s}", "port_pair", cli->operand,
					     "authorization", cli->value, "verb", verb));
}

int port_pair_authorize_run(const struct cli *cli)
{
	char key[AUTHORIZATION_KEY_MAX];
	json_t *wish, *more;
	int status;

	if (cli->bandwidth == NULL) {
		cli_error(cli, "authorize needs --bandwidth RATE");
		return STATUS_USAGE;
	}
	authorization_key_make(key);
	wish = make_wish(cli, "authorize");
	json_object_set_new(wish, "bandwidth", json_string(cli->bandwidth));
	json_object_set_new(wish, "key", json_string(key));
	more = json_pack("{s:s}", "key", key);
	status = change_run_with(cli, wish, more);
	json_decref(more);
	if (status == STATUS_OK && !cli->dry_run && !cli->json)
		fprintf(cli->out, "Key, shown this once: %s\n", key);
	return status;
}

int port_pair_revoke_run(const struct cli *cli)
{
	return change_run(cli, make_wish(cli, "revoke"));
}

static bool row_own_name(const json_t *row, char buffer[ADDRESS_MAX])
{
	const char *name = json_string_value(json_object_get(row, "name"));

	return name != NULL && snprintf(buffer, ADDRESS_MAX, "%s", name) < (int)ADDRESS_MAX;
}

int show_authorizations_run(const struct cli *cli)
{
	static const struct column columns[] = {
		{"name", "NAME", FORMAT_TEXT},
		{"owner", "OWNER", FORMAT_TEXT},
		{"bandwidth_bps", "UP TO", FORMAT_RATE},
		{"state", "STATE", FORMAT_TEXT},
		{"circuit", "CIRCUIT", FORMAT_TEXT},
	};
	json_t *rows = rows_filter(cli, control_rows(cli, "authorizations"), row_own_name);

	return rows != NULL ? rows_print(cli, columns, sizeof(columns) / sizeof(columns[0]), rows)
			    : STATUS_REFUSED;
}
