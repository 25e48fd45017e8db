/* SPDX-License-Identifier: BSD-3-Clause */
/* `onramp global-reach`: circuits that reach each other. */
#include "control/cli/change.h"

static int run_verb(const struct cli *cli, const char *verb)
{
	json_t *wish = json_pack(
		"{s:s, s:s, s:s}", "circuit", cli->operand, "verb", verb, "value", cli->value);

	return change_run(cli, wish);
}

int global_reach_connect_run(const struct cli *cli)
{
	return run_verb(cli, "connect-circuit");
}

int global_reach_disconnect_run(const struct cli *cli)
{
	return run_verb(cli, "disconnect-circuit");
}
