/* SPDX-License-Identifier: BSD-3-Clause */
/* `onramp show validation`: whom the edge asks about public prefixes, and what they say. */
#include <string.h>

#include "control/cli/control.h"
#include "control/cli/table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int print_text(const struct cli *cli, const json_t *sources, const json_t *prefixes)
{
	static const struct column source_columns[] = {
		{"source", "SOURCE", FORMAT_TEXT},
		{"of", "OF", FORMAT_TEXT},
		{"state", "STATE", FORMAT_TEXT},
		{"entries", "ENTRIES", FORMAT_COUNT},
		{"age_s", "AGE", FORMAT_DURATION},
		{"expires_s", "ENDS IN", FORMAT_DURATION},
		{"trouble", "TROUBLE", FORMAT_TEXT},
	};
	static const struct column prefix_columns[] = {
		{"peering", "PEERING", FORMAT_TEXT},
		{"prefix", "PREFIX", FORMAT_TEXT},
		{"asn", "ASN", FORMAT_NUMBER},
		{"verdict", "VERDICT", FORMAT_TEXT},
		{"registry", "REGISTRY", FORMAT_TEXT},
		{"rpki", "RPKI", FORMAT_TEXT},
	};
	int error = 0;

	if (json_array_size(sources) == 0)
		fputs("No source is configured (validation in edge.yaml): the operator's list is "
		      "believed.\n",
			cli->out);
	else
		error = table_print(cli, source_columns, COUNT(source_columns), sources);
	if (error == 0 && json_array_size(prefixes) > 0) {
		fputc('\n', cli->out);
		error = table_print(cli, prefix_columns, COUNT(prefix_columns), prefixes);
	}
	return error;
}

/* Those of what the operand names, with the verdict as one word. */
static void prepare(const struct cli *cli, json_t *prefixes)
{
	for (size_t i = json_array_size(prefixes); i > 0; i--) {
		json_t *row = json_array_get(prefixes, i - 1);
		const char *peering = json_string_value(json_object_get(row, "peering"));
		const char *by = json_string_value(json_object_get(row, "by"));
		bool validated = json_is_true(json_object_get(row, "validated"));

		if (peering == NULL || by == NULL || !address_covers(cli->operand, peering))
			json_array_remove(prefixes, i - 1);
		else
			json_object_set_new(row, "verdict",
				json_string(!validated                   ? "not validated"
					    : strcmp(by, "sources") == 0 ? "validated"
									 : "by the operator"));
	}
}

int show_validation_run(const struct cli *cli)
{
	json_t *reply =
		control_ask(cli, json_pack("{s:s, s:s}", "request", "show", "what", "validation"));
	const char *error = json_string_value(json_object_get(reply, "error"));
	json_t *sources = json_object_get(reply, "sources");
	json_t *prefixes = json_object_get(reply, "prefixes");
	int failed = -1;

	if (error != NULL)
		cli_error(cli, "%s", error);
	else if (json_is_array(sources) && json_is_array(prefixes)) {
		prepare(cli, prefixes);
		failed = cli->json ? json_print(cli, reply) : print_text(cli, sources, prefixes);
	}
	json_decref(reply);
	return failed == 0 ? STATUS_OK : STATUS_REFUSED;
}
