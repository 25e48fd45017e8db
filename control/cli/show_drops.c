/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The drop ledger: each link's account in both directions, their balance, every drop by name, and
 * what the names mean.
 */
#include <string.h>

#include "control/cli/ledgers.h"
#include "control/cli/table.h"
#include "control/config/loader.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool row_interface(const json_t *row, char buffer[ADDRESS_MAX])
{
	const char *name = json_string_value(json_object_get(row, "interface"));

	return name != NULL && snprintf(buffer, ADDRESS_MAX, "%s", name) < (int)ADDRESS_MAX;
}

/* Does the operand name a link? A link without drops is not one that does not exist. */
static bool operand_exists(const struct cli *cli, const struct ledgers *ledgers)
{
	json_t *names = json_array();

	for (size_t i = 0; i < ledgers->counters.count; i++) {
		const struct api_interface_counters *each = dump_row(&ledgers->counters, i);
		json_array_append_new(names, json_pack("{s:s}", "interface", each->name));
	}
	names = rows_filter(cli, names, row_interface);
	json_decref(names);
	return names != NULL;
}

static bool circuit_exists(const struct cli *cli, const struct ledgers *ledgers)
{
	struct suggestion suggestion = {.wrong = cli->circuit};
	char hint[80];

	if (cli->circuit == NULL)
		return true;
	for (size_t i = 0; i < ledgers->counters.count; i++) {
		const struct api_interface_counters *each = dump_row(&ledgers->counters, i);

		if (each->circuit[0] == '\0')
			continue;
		if (strcmp(each->circuit, cli->circuit) == 0)
			return true;
		suggest(&suggestion, each->circuit);
	}
	cli_error(cli, "no circuit here is called \"%s\"%s", cli->circuit,
		suggestion_text(&suggestion, hint, sizeof(hint)));
	return false;
}

/* Each reason that occurs, once. */
static void print_meanings(const struct cli *cli, const json_t *rows)
{
	bool printed[API_DROP_COUNT] = {false};
	size_t index;
	json_t *row;

	json_array_foreach (rows, index, row) {
		const char *name = json_string_value(json_object_get(row, "reason"));
		for (unsigned int i = 0; i < API_DROP_COUNT; i++)
			printed[i] |= strcmp(name, api_drop_name((enum api_drop_reason)i)) == 0;
	}
	for (unsigned int i = 0; i < API_DROP_COUNT; i++) {
		if (!printed[i])
			continue;
		fprintf(cli->out, "%-22s", api_drop_name((enum api_drop_reason)i));
		text_wrapped(cli->out, 22, api_drop_text((enum api_drop_reason)i));
	}
}

static void print_side(
	FILE *out, const json_t *balance, const char *const *keys, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		json_int_t value = json_integer_value(json_object_get(balance, keys[i]));

		fprintf(out, "%s%s %" JSON_INTEGER_FORMAT, i == 0 ? "" : " + ", keys[i], value);
	}
}

/* Forwarded packets leave one account for another; of all accounts they are no news. */
static void print_balance(const struct cli *cli, const json_t *balance)
{
	static const char *const came[] = {
		"rx", "injected", "generated", "fragments_added", "forwarded_out"};
	static const char *const went[] = {"tx", "punt", "dropped", "forwarded_in"};
	bool forwarded = cli->operand != NULL || cli->circuit != NULL ||
			 !json_equal(json_object_get(balance, "forwarded_in"),
				 json_object_get(balance, "forwarded_out"));

	print_side(cli->out, balance, came, COUNT(came) - (forwarded ? 0 : 1));
	fputs(" = ", cli->out);
	print_side(cli->out, balance, went, COUNT(went) - (forwarded ? 0 : 1));
	fprintf(cli->out, "; difference %" JSON_INTEGER_FORMAT "\n",
		json_integer_value(json_object_get(balance, "difference")));
}

/* What `onramp show drops` says, and prints at once. */
struct answer {
	json_t *accounts, *balance, *drops, *unknown_tags;
};

static int print_tags(const struct cli *cli, const json_t *tags)
{
	static const struct column columns[] = {
		{"port", "PORT", FORMAT_TEXT},
		{"ethertype", "ETHERTYPE", FORMAT_TEXT},
		{"outer", "OUTER", FORMAT_NUMBER},
		{"inner", "INNER", FORMAT_NUMBER},
		{"frames", "FRAMES", FORMAT_NUMBER},
	};

	if (json_array_size(tags) == 0)
		return 0;
	fputs("\nTags that no link has, those first that came last:\n", cli->out);
	return table_print(cli, columns, COUNT(columns), tags);
}

static int print_text(const struct cli *cli, const struct answer *answer)
{
	static const struct column account_columns[] = {
		{"interface", "LINK", FORMAT_TEXT},
		{"port", "PORT", FORMAT_TEXT},
		{"direction", "DIRECTION", FORMAT_TEXT},
		{"came", "CAME", FORMAT_NUMBER},
		{"went", "WENT", FORMAT_NUMBER},
		{"dropped", "DROPPED", FORMAT_NUMBER},
		{"dropped_bytes", "BYTES", FORMAT_BYTES},
		{"difference", "DIFFERENCE", FORMAT_NUMBER},
	};
	static const struct column drop_columns[] = {
		{"interface", "LINK", FORMAT_TEXT},
		{"port", "PORT", FORMAT_TEXT},
		{"direction", "DIRECTION", FORMAT_TEXT},
		{"reason", "REASON", FORMAT_TEXT},
		{"packets", "PACKETS", FORMAT_NUMBER},
	};
	int error = table_print(cli, account_columns, COUNT(account_columns), answer->accounts);

	fputc('\n', cli->out);
	print_balance(cli, answer->balance);
	fputc('\n', cli->out);
	if (error == 0)
		error = table_print(cli, drop_columns, COUNT(drop_columns), answer->drops);
	if (error == 0)
		error = print_tags(cli, answer->unknown_tags);
	if (json_array_size(answer->drops) > 0) {
		fputc('\n', cli->out);
		print_meanings(cli, answer->drops);
	}
	return error;
}

static int print(const struct cli *cli, const struct answer *answer)
{
	json_t *whole;
	int error;

	if (!cli->json)
		return print_text(cli, answer);
	whole = json_pack("{s:O, s:O, s:O, s:O}", "rows", answer->drops, "accounts",
		answer->accounts, "balance", answer->balance, "unknown_tags", answer->unknown_tags);
	error = json_print(cli, whole);
	json_decref(whole);
	return error;
}

int show_drops_run(const struct cli *cli)
{
	struct ledgers ledgers;
	int status = STATUS_REFUSED, error;

	if (ledgers_read(cli, &ledgers) == 0 && operand_exists(cli, &ledgers) &&
		circuit_exists(cli, &ledgers)) {
		struct answer answer = {ledger_accounts(cli, &ledgers),
			ledger_balance(cli, &ledgers), ledger_drops(cli, &ledgers),
			ledger_unknown_tags(cli, &ledgers)};

		error = print(cli, &answer);
		if (error != 0)
			cli_error(cli, "cannot print: %s", strerror(-error));
		status = error == 0 ? STATUS_OK : STATUS_REFUSED;
		json_decref(answer.accounts);
		json_decref(answer.balance);
		json_decref(answer.drops);
		json_decref(answer.unknown_tags);
	}
	ledgers_free(&ledgers);
	return status;
}
