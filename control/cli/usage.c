/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `onramp show usage`, `onramp usage export` and `verify`: what circuits moved, hour by hour.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/cli/control.h"
#include "control/cli/document.h"
#include "control/cli/moment.h"
#include "control/cli/table.h"
#include "control/usage/csv.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DAY_S (24 * 3600)
#define FILE_MAX ((size_t)1 << 32) /* bytes: ten million records */
#define FOREVER (INT64_C(4) * 1000 * 1000 * 1000 * 1000)

/* A reply that is none is reported. */
static json_t *ask(const struct cli *cli, json_t *request)
{
	json_t *reply = control_ask(cli, request);
	const char *error = json_string_value(json_object_get(reply, "error"));

	if (error == NULL)
		return reply;
	cli_error(cli, "%s", error);
	json_decref(reply);
	return NULL;
}

static json_t *request_of(
	const struct cli *cli, const char *what, const char *circuit, int64_t from, int64_t to)
{
	json_t *request = json_pack("{s:s, s:s, s:I, s:I}", "request", "show", "what", what, "from",
		(json_int_t)from, "to", (json_int_t)to);

	if (circuit != NULL)
		json_object_set_new(request, "circuit", json_string(circuit));
	return request;
}

/* ---- show ---- */

static void make_readable(json_t *rows)
{
	char text[RECORD_TIME_MAX];
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		int64_t seconds = json_integer_value(json_object_get(row, "seconds"));

		record_time(json_integer_value(json_object_get(row, "hour")), text);
		json_object_set_new(row, "hour", json_string(text));
		json_object_set_new(row, "watched", json_real((double)seconds * 100 / 3600));
		json_object_set_new(row, "state",
			json_string(
				json_is_true(json_object_get(row, "open")) ? "open" : "record"));
	}
}

int show_usage_run(const struct cli *cli)
{
	static const struct column columns[] = {
		{"circuit", "CIRCUIT", FORMAT_TEXT},
		{"hour", "HOUR", FORMAT_TEXT},
		{"family", "FAMILY", FORMAT_TEXT},
		{"in_bytes", "IN", FORMAT_BYTES},
		{"out_bytes", "OUT", FORMAT_BYTES},
		{"dropped_in_bytes", "DROPPED IN", FORMAT_BYTES},
		{"dropped_out_bytes", "OUT", FORMAT_BYTES},
		{"dropped_packets", "PACKETS", FORMAT_COUNT},
		{"watched", "WATCHED", FORMAT_PERCENT},
		{"state", "STATE", FORMAT_TEXT},
	};
	int64_t from = cli->to != NULL ? 0 : time(NULL) - DAY_S, to = FOREVER;
	json_t *reply, *rows;

	if (!moment_span(cli, &from, &to))
		return STATUS_USAGE;
	reply = ask(cli, request_of(cli, "usage", cli->operand, from, to));
	if (reply == NULL)
		return STATUS_REFUSED;
	rows = json_incref(json_object_get(reply, "rows"));
	json_decref(reply);
	if (!cli->json)
		make_readable(rows);
	return rows_print(cli, columns, COUNT(columns), rows);
}

/* ---- export ---- */

/* The lines of a page. false: it was the last one. */
static bool write_page(FILE *out, json_t *request, const json_t *reply)
{
	const json_t *lines = json_object_get(reply, "lines"), *line;
	size_t i, count = json_array_size(lines);
	struct record last = {0};

	json_array_foreach (lines, i, line)
		fprintf(out, "%s\n", json_string_value(line));
	line = json_array_get(lines, count - 1);
	if (line == NULL ||
		(json_int_t)count < json_integer_value(json_object_get(reply, "limit")) ||
		!record_read(json_string_value(line), json_string_length(line), &last))
		return false;
	json_object_set_new(request, "after_circuit", json_string(last.circuit));
	json_object_set_new(request, "after_number", json_integer(last.number));
	return true;
}

static bool write_records(const struct cli *cli, FILE *out, int64_t from, int64_t to)
{
	json_t *request = request_of(cli, "records", cli->operand, from, to), *reply;
	bool more;

	fputs(RECORD_CSV_HEADER "\n", out);
	do {
		reply = ask(cli, json_copy(request));
		more = reply != NULL && write_page(out, request, reply);
		json_decref(reply);
	} while (more);
	json_decref(request);
	return reply != NULL;
}

int usage_export_run(const struct cli *cli)
{
	int64_t from = 0, to = FOREVER;
	char line[SIGNATURE_LINE_MAX] = "", why[400];
	struct signing_key key = {0};
	char *text = NULL;
	size_t length = 0;
	FILE *memory;
	bool whole;

	if (!moment_span(cli, &from, &to))
		return STATUS_USAGE;
	if (cli->key != NULL && !signing_key_read(cli->key, true, &key, why, sizeof(why))) {
		cli_error(cli, "%s", why);
		return STATUS_REFUSED;
	}
	/* All or nothing: half a file must not look like a whole one. */
	memory = open_memstream(&text, &length);
	whole = memory != NULL && write_records(cli, memory, from, to);
	if (memory == NULL || fclose(memory) != 0) {
		cli_error(cli, "no memory");
		whole = false;
	}
	if (whole && cli->key != NULL)
		signature_line(&key, text, length, line);
	if (whole) {
		fwrite(text, 1, length, cli->out);
		fputs(line, cli->out);
	}
	free(text);
	explicit_bzero(&key, sizeof(key));
	return whole ? STATUS_OK : STATUS_REFUSED;
}

/* ---- verify ---- */

static int say_verdict(
	const struct cli *cli, const char *what, json_int_t records, const char *wrong, bool named)
{
	if (cli->json) {
		json_t *verdict = json_pack(
			"{s:I, s:s?, s:b}", "records", records, "wrong", wrong, "signed", named);

		json_print(cli, verdict);
		json_decref(verdict);
	} else if (wrong != NULL) {
		cli_error(cli, "%s: %s", what, wrong);
	} else {
		fprintf(cli->out, "%" JSON_INTEGER_FORMAT " records are as they were written%s\n",
			records, named ? ", and the signature is this key's" : "");
	}
	return wrong == NULL ? STATUS_OK : STATUS_REFUSED;
}

/* In pieces, between which control does what else there is. */
static int verify_store(const struct cli *cli)
{
	json_t *request = json_pack("{s:s, s:s}", "request", "show", "what", "usage-verify");
	json_int_t records = 0;
	int status = STATUS_REFUSED;
	bool more = true;

	while (more) {
		json_t *verdict = ask(cli, json_copy(request));
		const char *wrong = json_string_value(json_object_get(verdict, "wrong"));

		more = wrong == NULL && json_is_string(json_object_get(verdict, "circuit"));
		records += json_integer_value(json_object_get(verdict, "records"));
		if (more) {
			json_object_set(
				request, "after_circuit", json_object_get(verdict, "circuit"));
			json_object_set(
				request, "after_number", json_object_get(verdict, "number"));
		} else if (verdict != NULL) {
			status = say_verdict(cli, "usage", records, wrong, false);
		}
		json_decref(verdict);
	}
	json_decref(request);
	return status;
}

static int verify_file(const struct cli *cli)
{
	struct signing_key key = {0};
	struct usage_csv csv;
	char *text, why[400];
	size_t length;

	if (cli->key != NULL && !signing_key_read(cli->key, false, &key, why, sizeof(why))) {
		cli_error(cli, "%s", why);
		return STATUS_REFUSED;
	}
	text = document_file(cli, cli->operand, FILE_MAX, &length);
	if (text == NULL)
		return STATUS_REFUSED;
	csv = usage_csv_check(text, length, cli->key != NULL ? &key : NULL);
	free(text);
	if (csv.wrong[0] == '\0' && cli->key == NULL && !cli->json)
		fprintf(cli->err, "%s\n",
			csv.is_signed ? "The signature was not looked at: --key FILE does."
				      : "It bears no signature: the first and the last "
					"records could be missing.");
	return say_verdict(cli, cli->operand, csv.records, csv.wrong[0] != '\0' ? csv.wrong : NULL,
		cli->key != NULL);
}

int usage_verify_run(const struct cli *cli)
{
	if (cli->operand != NULL)
		return verify_file(cli);
	if (cli->key == NULL)
		return verify_store(cli);
	cli_error(cli, "--key needs a FILE that `onramp usage export --key` wrote");
	return STATUS_USAGE;
}
