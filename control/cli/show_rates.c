/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `onramp show rates`: each link's minutes, as lines of bars and as a table.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/cli/control.h"
#include "control/cli/link_test.h"
#include "control/cli/spark.h"
#include "control/cli/table.h"
#include "control/cli/units.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MINUTE_S 60
#define SINCE_PRESET_S 3600u

static int64_t number_of(const json_t *row, const char *key)
{
	return json_integer_value(json_object_get(row, key));
}

static const char *link_of(const json_t *row)
{
	return json_string_value(json_object_get(row, "link"));
}

static json_t *clock_text(int64_t at)
{
	time_t seconds = (time_t)at;
	struct tm utc;
	char text[32];

	gmtime_r(&seconds, &utc);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%MZ", &utc);
	return json_string(text);
}

/* ---- bars ---- */

/* The rows of one link: from first on, count of them. */
struct stretch {
	const json_t *rows;
	size_t first, count;
};

static struct stretch stretch_from(const json_t *rows, size_t first)
{
	struct stretch stretch = {rows, first, 1};
	const char *link = link_of(json_array_get(rows, first));

	while (first + stretch.count < json_array_size(rows) &&
		strcmp(link_of(json_array_get(rows, first + stretch.count)), link) == 0)
		stretch.count++;
	return stretch;
}

static void print_bars(const struct cli *cli, const struct stretch *stretch, const char *key,
	const char *peak_key, const char *what)
{
	const json_t *first = json_array_get(stretch->rows, stretch->first);
	const json_t *last = json_array_get(stretch->rows, stretch->first + stretch->count - 1);
	size_t minutes = (size_t)((number_of(last, "at") - number_of(first, "at")) / MINUTE_S) + 1;
	int64_t *values = malloc(minutes * sizeof(*values)), peak = 0, most;
	char text[SPARK_TEXT_MAX], average[UNITS_MAX], highest[UNITS_MAX];

	if (values == NULL)
		return;
	for (size_t i = 0; i < minutes; i++)
		values[i] = SPARK_GAP;
	for (size_t i = 0; i < stretch->count; i++) {
		const json_t *row = json_array_get(stretch->rows, stretch->first + i);
		size_t at = (size_t)((number_of(row, "at") - number_of(first, "at")) / MINUTE_S);

		values[at] = number_of(row, key);
		if (number_of(row, peak_key) > peak)
			peak = number_of(row, peak_key);
	}
	most = spark_line(values, minutes, cli->unicode, text);
	fprintf(cli->out, "  %-12s%s  at most %s, peak %s\n", what, text,
		units_rate((uint64_t)most, average), units_rate((uint64_t)peak, highest));
	free(values);
}

static void print_link(const struct cli *cli, const struct stretch *stretch)
{
	static const struct {
		const char *key, *peak, *what;
	} lines[] = {
		{"in_bps", "peak_in_bps", "in"},
		{"out_bps", "peak_out_bps", "out"},
		{"dropped_in_bps", "peak_dropped_in_bps", "dropped in"},
		{"dropped_out_bps", "peak_dropped_out_bps", "dropped out"},
	};

	fprintf(cli->out, "%s\n", link_of(json_array_get(stretch->rows, stretch->first)));
	for (size_t i = 0; i < COUNT(lines); i++)
		print_bars(cli, stretch, lines[i].key, lines[i].peak, lines[i].what);
	fputc('\n', cli->out);
}

/* ---- table ---- */

/* Rows with the time as people read it, and a row without figures where minutes are missing. */
static json_t *with_gaps(const json_t *rows)
{
	json_t *shown = json_array(), *row;
	const json_t *before = NULL;
	size_t i;

	json_array_foreach (rows, i, row) {
		json_t *copy = json_copy(row);
		bool same = before != NULL && strcmp(link_of(before), link_of(row)) == 0;
		int64_t missing =
			same ? (number_of(row, "at") - number_of(before, "at")) / MINUTE_S - 1 : 0;

		if (missing > 0)
			json_array_append_new(
				shown, json_pack("{s:s, s:o}", "link", link_of(row), "time",
					       json_sprintf("%" JSON_INTEGER_FORMAT " min unknown",
						       (json_int_t)missing)));
		json_object_set_new(copy, "time", clock_text(number_of(row, "at")));
		json_array_append_new(shown, copy);
		before = row;
	}
	return shown;
}

static int print_text(const struct cli *cli, const json_t *rows)
{
	static const struct column columns[] = {
		{"link", "LINK", FORMAT_TEXT},
		{"time", "MINUTE", FORMAT_TEXT},
		{"in_bps", "IN", FORMAT_RATE},
		{"peak_in_bps", "PEAK", FORMAT_RATE},
		{"out_bps", "OUT", FORMAT_RATE},
		{"peak_out_bps", "PEAK", FORMAT_RATE},
		{"dropped_in_bps", "DROPPED IN", FORMAT_RATE},
		{"dropped_out_bps", "OUT", FORMAT_RATE},
		{"arp_availability", "ARP", FORMAT_PERCENT},
		{"bgp_availability", "BGP", FORMAT_PERCENT},
	};
	json_t *shown = with_gaps(rows);
	struct stretch stretch;
	int error;

	for (size_t i = 0; i < json_array_size(rows); i += stretch.count) {
		stretch = stretch_from(rows, i);
		print_link(cli, &stretch);
	}
	error = table_print(cli, columns, COUNT(columns), shown);
	json_decref(shown);
	return error;
}

int show_rates_run(const struct cli *cli)
{
	uint32_t since_s = SINCE_PRESET_S;
	json_t *reply;
	const char *wrong;
	int error = 0;

	if (cli->since != NULL && !link_test_duration(cli->since, &since_s)) {
		cli_error(cli, "\"%s\" is no duration from 1s to 24h; write 90s, 10m or 2h",
			cli->since);
		return STATUS_USAGE;
	}
	reply = control_ask(
		cli, json_pack("{s:s, s:s, s:s, s:I}", "request", "show", "what", "rates",
			     "address", cli->operand, "from", (json_int_t)(time(NULL) - since_s)));
	wrong = json_string_value(json_object_get(reply, "error"));
	if (reply == NULL || wrong != NULL) {
		if (wrong != NULL)
			cli_error(cli, "%s", wrong);
		json_decref(reply);
		return STATUS_REFUSED;
	}
	if (cli->json)
		error = json_print(cli, json_object_get(reply, "rows"));
	else
		error = print_text(cli, json_object_get(reply, "rows"));
	json_decref(reply);
	if (error != 0)
		cli_error(cli, "cannot print: %s", strerror(-error));
	return error == 0 ? STATUS_OK : STATUS_REFUSED;
}
