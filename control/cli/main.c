/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The `onramp` command.
 */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/cli/command.h"

int main(int argc, char **argv)
{
	const char *run_dir = getenv("ONRAMP_RUN_DIR");
	const char *no_colour = getenv("NO_COLOR");
	struct cli cli = {
		.run_dir = run_dir != NULL && run_dir[0] != '\0' ? run_dir : "/run/onramp",
		.colour = isatty(STDOUT_FILENO) && (no_colour == NULL || no_colour[0] == '\0'),
		.out = stdout,
		.err = stderr,
	};
	int status;
	const struct command *command;

	/* Of the locale only how it writes letters: numbers stay numbers. */
	cli.unicode = isatty(STDOUT_FILENO) && setlocale(LC_CTYPE, "") != NULL &&
		      strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	command = command_parse(&onramp_command, argc, argv, &cli, &status);

	if (command != NULL)
		status = command->run(&cli);
	/* A full disk behind `>` must not look like a short table. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		cli_error(&cli, "cannot write the output: %s", strerror(errno));
		return STATUS_REFUSED;
	}
	return status;
}
