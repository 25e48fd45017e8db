/* SPDX-License-Identifier: BSD-3-Clause */
/* `onramp apply`, `export` and `rollback`: the store as a whole. */
#include <stdlib.h>
#include <string.h>

#include "control/cli/change.h"
#include "control/cli/control.h"
#include "control/cli/document.h"
#include "control/cli/table.h"

int apply_run(const struct cli *cli)
{
	size_t length;
	char *document = document_read(cli, &length);
	json_t *wish;

	if (document == NULL)
		return STATUS_REFUSED;
	wish = json_pack("{s:s%, s:b, s:b}", "document", document, length, "prune", cli->prune,
		"take_ownership", cli->take_ownership);
	free(document);
	if (wish != NULL)
		return change_run(cli, wish);
	cli_error(cli, "%s is not UTF-8 text", cli->operand);
	return STATUS_REFUSED;
}

int export_run(const struct cli *cli)
{
	json_t *reply =
		control_ask(cli, json_pack("{s:s, s:s}", "request", "show", "what", "document"));
	const char *error = json_string_value(json_object_get(reply, "error"));
	const char *document = json_string_value(json_object_get(reply, "document"));
	int status = document != NULL ? STATUS_OK : STATUS_REFUSED;

	if (error != NULL)
		cli_error(cli, "%s", error);
	else if (document != NULL && cli->json)
		status = json_print(cli, reply) == 0 ? STATUS_OK : STATUS_REFUSED;
	else if (document != NULL)
		fputs(document, cli->out);
	json_decref(reply);
	return status;
}

int rollback_run(const struct cli *cli)
{
	char *end;
	long long revision = strtoll(cli->operand, &end, 10);

	if (cli->operand[0] >= '0' && cli->operand[0] <= '9' && *end == '\0')
		return change_run(cli, json_pack("{s:I}", "rollback", (json_int_t)revision));
	cli_error(cli, "\"%s\" is no revision; write a number from `onramp audit`", cli->operand);
	return STATUS_USAGE;
}
