/* SPDX-License-Identifier: BSD-3-Clause */
/* `onramp audit`: who changed what, whether the log is as it was written, and as it was signed. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/cli/control.h"
#include "control/cli/document.h"
#include "control/cli/table.h"
#include "control/signature/signature.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A mapping as one would write it; a table shows none. */
static void write_mapping(json_t *row, const char *key)
{
	const json_t *value = json_object_get(row, key);
	char *text = json_is_object(value) ? json_dumps(value, 0) : NULL;

	if (text != NULL)
		json_object_set_new(row, key, json_string(text));
	free(text);
}

/* The time as people read it, and object and field as one path. */
static void make_readable(json_t *row)
{
	const char *object = json_string_value(json_object_get(row, "object"));
	const char *field = json_string_value(json_object_get(row, "field"));
	time_t at = (time_t)json_integer_value(json_object_get(row, "at"));
	struct tm utc;
	char text[32];

	gmtime_r(&at, &utc);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%SZ", &utc);
	json_object_set_new(row, "time", json_string(text));
	write_mapping(row, "before");
	write_mapping(row, "after");
	if (object == NULL || field == NULL)
		return;
	if (object[0] != '\0' && field[0] != '\0')
		json_object_set_new(row, "what", json_sprintf("%s.%s", object, field));
	else
		json_object_set_new(row, "what",
			json_string(object[0] == '\0' && field[0] == '\0' ? "site"
				    : object[0] == '\0'                   ? field
									  : object));
	/* Of an object as a whole: it comes or goes. */
	if (field[0] == '\0')
		json_object_set_new(row,
			json_is_null(json_object_get(row, "before")) ? "after" : "before",
			json_string("there"));
}

static int show(const struct cli *cli)
{
	static const struct column columns[] = {
		{"revision", "REVISION", FORMAT_NUMBER},
		{"time", "TIME", FORMAT_TEXT},
		{"principal", "PRINCIPAL", FORMAT_TEXT},
		{"user", "USER", FORMAT_TEXT},
		{"command", "COMMAND", FORMAT_TEXT},
		{"what", "WHAT", FORMAT_TEXT},
		{"before", "BEFORE", FORMAT_TEXT},
		{"after", "AFTER", FORMAT_TEXT},
	};
	json_t *rows = control_rows(cli, "audit"), *row;
	size_t index;

	if (rows == NULL)
		return STATUS_REFUSED;
	if (!cli->json)
		json_array_foreach (rows, index, row)
			make_readable(row);
	return rows_print(cli, columns, COUNT(columns), rows);
}

/* What control says of the log, with the hash of an entry, 0: of none. NULL: reported, also where
 * the log is not as it was written. */
static json_t *verdict_of(const struct cli *cli, json_int_t entry)
{
	json_t *verdict = control_ask(cli,
		json_pack("{s:s, s:s, s:I}", "request", "show", "what", "verify", "entry", entry));
	const char *error = json_string_value(json_object_get(verdict, "error"));

	if (error == NULL)
		error = json_string_value(json_object_get(verdict, "wrong"));
	if (error == NULL)
		return verdict;
	/* Programs are told by the verdict itself. */
	if (cli->json && json_object_get(verdict, "error") == NULL)
		json_print(cli, verdict);
	else
		cli_error(cli, "%s", error);
	json_decref(verdict);
	return NULL;
}

/* ---- signatures of the head ---- */

#define SIGNED_FORMAT "onramp audit log\nentries %" JSON_INTEGER_FORMAT "\nhead %s\n"
#define SIGNED_READ "onramp audit log\nentries %" JSON_INTEGER_FORMAT "\nhead %64[0-9a-f]\n"
#define SIGNED_MAX 512u /* bytes of such a file, signature included */

static int sign(const struct cli *cli)
{
	char text[SIGNED_MAX], line[SIGNATURE_LINE_MAX], why[400];
	struct signing_key key;
	json_t *verdict;
	int length;

	if (cli->key == NULL) {
		cli_error(cli, "sign needs --key FILE, a private key");
		return STATUS_USAGE;
	}
	if (!signing_key_read(cli->key, true, &key, why, sizeof(why))) {
		cli_error(cli, "%s", why);
		return STATUS_REFUSED;
	}
	verdict = verdict_of(cli, 0);
	if (verdict != NULL) {
		length = snprintf(text, sizeof(text), SIGNED_FORMAT,
			json_integer_value(json_object_get(verdict, "entries")),
			json_string_value(json_object_get(verdict, "head")));
		signature_line(&key, text, (size_t)length, line);
		fprintf(cli->out, "%s%s", text, line);
	}
	explicit_bzero(&key, sizeof(key));
	json_decref(verdict);
	return verdict != NULL ? STATUS_OK : STATUS_REFUSED;
}

/* What was signed: how many entries, and the hash of the last. false: reported. */
static bool read_signed(const struct cli *cli, json_int_t *entries, char head[65])
{
	uint8_t signature[SIGNATURE_SIZE];
	char again[SIGNED_MAX], why[400];
	struct signing_key key;
	const char *wrong = NULL;
	size_t length, body;
	char *text;

	if (!signing_key_read(cli->key, false, &key, why, sizeof(why))) {
		cli_error(cli, "%s", why);
		return false;
	}
	text = document_file(cli, cli->signature, SIGNED_MAX, &length);
	if (text == NULL)
		return false;
	if (!signature_find(text, length, &body, signature) ||
		sscanf(text, SIGNED_READ, entries, head) != 2 ||
		snprintf(again, sizeof(again), SIGNED_FORMAT, *entries, head) != (int)body ||
		memcmp(again, text, body) != 0)
		wrong = "not what `onramp audit sign` wrote";
	else if (!signature_is_of(&key, text, body, signature))
		wrong = "the signature is not this key's, or the file was changed since";
	if (wrong != NULL)
		cli_error(cli, "%s: %s", cli->signature, wrong);
	free(text);
	return wrong == NULL;
}

static int verify_signed(const struct cli *cli)
{
	json_int_t entries = 0, now;
	char head[65];
	const char *hash;
	json_t *verdict;
	int status = STATUS_REFUSED;

	if (cli->key == NULL || cli->signature == NULL) {
		cli_error(cli, "--key FILE and --signature FILE (what `onramp audit sign` wrote) "
			       "go together");
		return STATUS_USAGE;
	}
	if (!read_signed(cli, &entries, head))
		return STATUS_REFUSED;
	verdict = verdict_of(cli, entries);
	if (verdict == NULL)
		return STATUS_REFUSED;
	now = json_integer_value(json_object_get(verdict, "entries"));
	hash = json_string_value(json_object_get(verdict, "entry_hash"));
	if (entries > now) {
		cli_error(cli,
			"%" JSON_INTEGER_FORMAT " entries were signed, %" JSON_INTEGER_FORMAT
			" are there: the newest were taken out",
			entries, now);
	} else if (entries > 0 && (hash == NULL || strcmp(hash, head) != 0)) {
		cli_error(cli,
			"entry %" JSON_INTEGER_FORMAT " is not the one that was signed: the "
			"log was written anew since",
			entries);
	} else {
		status = STATUS_OK;
		if (cli->json)
			json_print(cli, verdict);
		else
			fprintf(cli->out,
				"%" JSON_INTEGER_FORMAT
				" entries are as they were signed, %" JSON_INTEGER_FORMAT
				" came since.\nHead: %s\n",
				entries, now - entries,
				json_string_value(json_object_get(verdict, "head")));
	}
	json_decref(verdict);
	return status;
}

static int verify(const struct cli *cli)
{
	json_t *verdict;

	if (cli->key != NULL || cli->signature != NULL)
		return verify_signed(cli);
	verdict = verdict_of(cli, 0);
	if (verdict == NULL)
		return STATUS_REFUSED;
	if (cli->json)
		json_print(cli, verdict);
	else
		fprintf(cli->out,
			"%" JSON_INTEGER_FORMAT " entries are as they were written, and the store "
			"is what they lead to.\nHead: %s\n",
			json_integer_value(json_object_get(verdict, "entries")),
			json_string_value(json_object_get(verdict, "head")));
	json_decref(verdict);
	return STATUS_OK;
}

int audit_run(const struct cli *cli)
{
	bool is_verify = cli->operand != NULL && strcmp(cli->operand, "verify") == 0;

	if (is_verify)
		return verify(cli);
	if (cli->signature != NULL) {
		cli_error(cli, "--signature is for `onramp audit verify`");
		return STATUS_USAGE;
	}
	if (cli->operand != NULL && strcmp(cli->operand, "sign") == 0)
		return sign(cli);
	if (cli->key != NULL) {
		cli_error(cli, "--key is for `onramp audit sign` and `onramp audit verify`");
		return STATUS_USAGE;
	}
	if (cli->operand == NULL)
		return show(cli);
	cli_error(cli,
		"\"%s\" is nothing that audit does; write `onramp audit`, `onramp audit verify` or "
		"`onramp audit sign`",
		cli->operand);
	return STATUS_USAGE;
}
