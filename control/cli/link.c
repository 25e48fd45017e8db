/* SPDX-License-Identifier: BSD-3-Clause */
/* `onramp link drain` and `undrain`: asks control, then tells how it goes until it is done. */
#include <string.h>
#include <time.h>

#include "control/cli/control.h"
#include "control/cli/table.h"

#define LOOK_MS 200

struct stage {
	const char *state;
	const char *text;
};

static const struct stage stages[] = {
	{"telling", "asking the other side to leave (longer AS path, GRACEFUL_SHUTDOWN)"},
	{"leaving", "waiting until its traffic has left"},
	{"moving", "moving our own traffic"},
	{"drained", "drained"},
	{"returning", "our own traffic may come back"},
	{"welcoming", "telling the other side that it may come back"},
};

static const char *stage_text(const char *state)
{
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		if (strcmp(stages[i].state, state) == 0)
			return stages[i].text;
	return state;
}

static const char *state_of(const json_t *row)
{
	const char *state = json_string_value(json_object_get(row, "state"));

	return state != NULL ? state : "in use";
}

/* The link's row, a new reference; *gone: there is none any more. NULL and not gone: reported. */
static json_t *look(const struct cli *cli, bool *gone)
{
	json_t *rows = control_rows(cli, "drains"), *row, *found = NULL;
	size_t i;

	*gone = false;
	if (rows == NULL)
		return NULL;
	json_array_foreach (rows, i, row) {
		const char *link = json_string_value(json_object_get(row, "link"));

		if (link != NULL && strcmp(link, cli->operand) == 0)
			found = json_incref(row);
	}
	*gone = found == NULL;
	json_decref(rows);
	return found;
}

static void print_stage(const struct cli *cli, const char *state)
{
	fprintf(cli->out, "%s: %s\n", cli->operand, stage_text(state));
	fflush(cli->out);
}

/* What is left of traffic when the time of a step was over. */
static void print_end(const struct cli *cli, const json_t *row)
{
	json_int_t in = json_integer_value(json_object_get(row, "in_pps"));
	json_int_t out = json_integer_value(json_object_get(row, "out_pps"));

	if (in == 0 && out == 0)
		fprintf(cli->out, "%s: nothing goes over it but its BGP; it is safe to touch\n",
			cli->operand);
	if (in != 0)
		fprintf(cli->out,
			"%s: the other side still sends %" JSON_INTEGER_FORMAT
			" packets a second over it; they are forwarded as long as it lives\n",
			cli->operand, in);
	if (out != 0)
		fprintf(cli->out,
			"%s: %" JSON_INTEGER_FORMAT
			" packets a second still leave by it: there is no other way\n",
			cli->operand, out);
}

/* Until the link is drained, or, after an undrain, in use: *last is its last row, or NULL. */
static int follow(const struct cli *cli, const char *first, bool undrain, json_t **last)
{
	const struct timespec pause = {0, LOOK_MS * 1000000L};
	char shown[24];

	*last = NULL;
	snprintf(shown, sizeof(shown), "%s", first);
	if (!cli->json && strcmp(first, "in use") != 0)
		print_stage(cli, shown);
	for (;;) {
		bool gone;

		json_decref(*last);
		*last = look(cli, &gone);
		if (*last == NULL && !gone)
			return STATUS_REFUSED;
		if (!cli->json && *last != NULL && strcmp(shown, state_of(*last)) != 0) {
			snprintf(shown, sizeof(shown), "%s", state_of(*last));
			print_stage(cli, shown);
		}
		if (gone || (!undrain && strcmp(state_of(*last), "drained") == 0))
			return STATUS_OK;
		nanosleep(&pause, NULL);
	}
}

static int report(const struct cli *cli, bool undrain, const json_t *last)
{
	if (last == NULL && !undrain) {
		cli_error(cli, "%s: somebody else took it back into use meanwhile", cli->operand);
		return STATUS_REFUSED;
	}
	if (cli->json) {
		json_t *row = last != NULL ? json_deep_copy(last)
					   : json_pack("{s:s, s:s}", "link", cli->operand, "state",
						     "in use");
		int status = json_print(cli, row) == 0 ? STATUS_OK : STATUS_REFUSED;

		json_decref(row);
		return status;
	}
	if (undrain)
		fprintf(cli->out, "%s: in use\n", cli->operand);
	else
		print_end(cli, last);
	return STATUS_OK;
}

static int run(const struct cli *cli, bool undrain)
{
	json_t *reply = control_ask(
		cli, json_pack("{s:s, s:s, s:b}", "request", undrain ? "undrain" : "drain", "link",
			     cli->operand, "force", cli->force));
	const char *error = json_string_value(json_object_get(reply, "error"));
	json_t *last = NULL;
	int status = STATUS_REFUSED;

	if (reply == NULL)
		return STATUS_REFUSED;
	if (error != NULL)
		cli_error(cli, "%s", error);
	else
		status = follow(cli, state_of(reply), undrain, &last);
	if (error == NULL && status == STATUS_OK)
		status = report(cli, undrain, last);
	json_decref(last);
	json_decref(reply);
	return status;
}

int link_drain_run(const struct cli *cli)
{
	return run(cli, false);
}

int link_undrain_run(const struct cli *cli)
{
	return run(cli, true);
}
