/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cli/command.h"

#include <stddef.h>

const struct command usage_commands[] = {
	{
		.name = "export",
		.operand = "[CIRCUIT]",
		.options = OPTION_SPAN | OPTION_KEY,
		.summary = "print usage records as CSV, of one circuit or all",
		.details =
			"Of the hours that are over, all of them or from TIME to TIME (UTC: "
			"2026-11-01,\n"
			"2026-11-01T09:00). Family metered is what bills. Each circuit's records "
			"are a\n"
			"chain of hashes; with --key the last line is a signature by that Ed25519 "
			"key\n"
			"(`openssl genpkey -algorithm ed25519 -out FILE`).",
		.example = "onramp usage export --from 2026-11-01 --to 2026-12-01 --key "
			   "/etc/onramp/sign.pem",
		.run = usage_export_run,
	},
	{
		.name = "verify",
		.operand = "[FILE]",
		.options = OPTION_KEY,
		.summary = "were usage records changed, taken out or put in?",
		.details =
			"Of this edge, or of a FILE that `onramp usage export` wrote, which needs "
			"no edge.\n"
			"--key FILE: and does it bear a signature by that key (private, or public "
			"alone)?",
		.example = "onramp usage verify november.csv --key sign.pub",
		.run = usage_verify_run,
	},
	{0},
};
