/* SPDX-License-Identifier: BSD-3-Clause */
/* `onramp filter`: which services a public peering is announced. */
#include "control/cli/change.h"

static int run_verb(const struct cli *cli, const char *verb)
{
	json_t *wish = json_pack("{s:s, s:s, s:s*, s:s*}", "circuit", cli->operand, "verb", verb,
		"value", cli->value, "principal", cli->as);

	return change_run(cli, wish);
}

int filter_attach_run(const struct cli *cli)
{
	return run_verb(cli, "attach-filter");
}

int filter_detach_run(const struct cli *cli)
{
	return run_verb(cli, "detach-filter");
}
