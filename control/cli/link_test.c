/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Failure tests: asked from control, read from the dataplane, which keeps them.
 */
#include "control/cli/link_test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/cli/control.h"
#include "control/cli/table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* How long the dataplane may take to begin or end a test. */
#define PATIENCE_MS 5000
#define LOOK_MS 50

static const struct column columns[] = {
	{"link", "LINK", FORMAT_TEXT},
	{"state", "STATE", FORMAT_TEXT},
	{"lasted_s", "LASTED s", FORMAT_NUMBER},
	{"left_s", "LEFT s", FORMAT_NUMBER},
	{"loss_in_ms", "LOSS IN ms", FORMAT_NUMBER},
	{"loss_out_ms", "LOSS OUT ms", FORMAT_NUMBER},
	{"moved_ms", "MOVED AFTER ms", FORMAT_NUMBER},
	{"lost_in", "LOST IN", FORMAT_NUMBER},
	{"lost_out", "LOST OUT", FORMAT_NUMBER},
};

bool link_test_duration(const char *text, uint32_t *seconds)
{
	static const struct {
		char unit;
		uint32_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}};
	char *end;
	unsigned long long count;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	count = strtoull(text, &end, 10);
	if (errno != 0 || count == 0 || count > API_LINK_TEST_S_MAX)
		return false;
	for (size_t i = 0; i < COUNT(units); i++) {
		if (end[0] != units[i].unit || end[1] != '\0')
			continue;
		*seconds = (uint32_t)count * units[i].seconds;
		return count * units[i].seconds <= API_LINK_TEST_S_MAX;
	}
	return false;
}

/* ---- what was measured ---- */

static const char *link_of(const struct dump *interfaces, uint32_t id)
{
	for (size_t i = 0; i < interfaces->count; i++) {
		const struct api_interface *interface = dump_row(interfaces, i);
		if (interface->id == id)
			return interface->name;
	}
	return "?";
}

static json_t *row_of(const struct api_link_test *test, const char *link)
{
	return json_pack("{s:s, s:s, s:I, s:f, s:f, s:f, s:I, s:I, s:o, s:I, s:I, s:I}", "link",
		link, "state", test->running ? "running" : "ended", "seconds",
		(json_int_t)test->seconds, "left_s", (double)test->left_us / 1e6, "age_s",
		(double)test->age_us / 1e6, "lasted_s", (double)test->lasted_us / 1e6, "loss_in_ms",
		(json_int_t)test->loss_in_ms, "loss_out_ms", (json_int_t)test->loss_out_ms,
		"moved_ms",
		test->moved_ms != API_LINK_TEST_NOT ? json_integer(test->moved_ms) : json_null(),
		"lost_in", (json_int_t)test->dropped_in, "lost_out", (json_int_t)test->dropped_out,
		"lost_control", (json_int_t)test->dropped_control);
}

json_t *link_test_rows(const struct dump *tests, const struct dump *interfaces)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < tests->count; i++) {
		const struct api_link_test *test = dump_row(tests, i);
		json_array_append_new(rows, row_of(test, link_of(interfaces, test->interface)));
	}
	return rows;
}

/* NULL: reported. */
static json_t *read_rows(const struct cli *cli)
{
	struct api_client *client = dataplane_open(cli);
	struct dump tests = {0}, interfaces = {0};
	json_t *rows = NULL;
	int error;

	if (client == NULL)
		return NULL;
	error = dataplane_dump(cli, client, API_LINK_TEST, &tests);
	if (error == 0)
		error = dataplane_dump(cli, client, API_INTERFACE, &interfaces);
	if (error == 0)
		rows = link_test_rows(&tests, &interfaces);
	dump_free(&tests);
	dump_free(&interfaces);
	api_client_close(client);
	return rows;
}

static bool row_link(const json_t *row, char buffer[ADDRESS_MAX])
{
	snprintf(buffer, ADDRESS_MAX, "%s", json_string_value(json_object_get(row, "link")));
	return true;
}

int show_tests_run(const struct cli *cli)
{
	json_t *rows = read_rows(cli);

	if (rows != NULL && json_array_size(rows) > 0)
		rows = rows_filter(cli, rows, row_link);
	return rows != NULL ? rows_print(cli, columns, COUNT(columns), rows) : STATUS_REFUSED;
}

/* ---- asking for one ---- */

/* Is the link's test as it was asked to be? A test asked for again runs with its new deadline. */
static bool has_come(const json_t *row, uint32_t seconds)
{
	bool is_running = strcmp(json_string_value(json_object_get(row, "state")), "running") == 0;
	double left = json_real_value(json_object_get(row, "left_s"));

	if (seconds == 0)
		return !is_running;
	return is_running && left <= seconds && left > (double)seconds - PATIENCE_MS / 1e3 - 1;
}

/* The link's row as an array, when the dataplane did what control told it. NULL: reported. */
static json_t *await(const struct cli *cli, uint32_t seconds)
{
	const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000};

	for (unsigned int waited = 0; waited < PATIENCE_MS; waited += LOOK_MS) {
		json_t *rows = read_rows(cli), *row;
		size_t i;

		if (rows == NULL)
			return NULL;
		json_array_foreach (rows, i, row) {
			const char *link = json_string_value(json_object_get(row, "link"));
			if (strcmp(link, cli->operand) != 0 || !has_come(row, seconds))
				continue;
			row = json_pack("[O]", row);
			json_decref(rows);
			return row;
		}
		json_decref(rows);
		if (seconds == 0 && i == 0)
			break; /* there never was one */
		nanosleep(&pause, NULL);
	}
	if (seconds == 0)
		cli_error(cli, "%s: no test was running", cli->operand);
	else
		cli_error(cli, "%s: the dataplane did not begin the test; see control's log",
			cli->operand);
	return NULL;
}

int link_test_run(const struct cli *cli)
{
	uint32_t seconds = 0;
	json_t *reply, *rows;
	const char *error;

	if (cli->stop == (cli->duration != NULL)) {
		cli_error(cli, "say either --for DURATION or --stop");
		return STATUS_USAGE;
	}
	if (cli->duration != NULL && !link_test_duration(cli->duration, &seconds)) {
		cli_error(cli, "\"%s\" is no duration from 1s to 24h; write 90s, 10m or 2h",
			cli->duration);
		return STATUS_USAGE;
	}
	reply = control_ask(
		cli, json_pack("{s:s, s:s, s:I, s:b}", "request", "test", "link", cli->operand,
			     "seconds", (json_int_t)seconds, "force", cli->force));
	if (reply == NULL)
		return STATUS_REFUSED;
	error = json_string_value(json_object_get(reply, "error"));
	if (error != NULL)
		cli_error(cli, "%s", error);
	rows = error == NULL ? await(cli, seconds) : NULL;
	json_decref(reply);
	if (rows == NULL)
		return STATUS_REFUSED;
	if (seconds != 0 && !cli->json)
		fprintf(cli->out,
			"%s is silent for %s. `onramp show tests` says what that costs, `onramp "
			"link "
			"test %s --stop` ends it before.\n\n",
			cli->operand, cli->duration, cli->operand);
	return rows_print(cli, columns, COUNT(columns), rows);
}
