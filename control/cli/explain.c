/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cli/explain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/cli/control.h"
#include "control/cli/table.h"

#define TIMEOUT_MS 5000

/* One run. */
struct run {
	const struct cli *cli;
	struct api_client *client;
	struct explain_names names;
	struct explain_flow flow;
	json_t *sessions; /* of BGP; NULL: not asked, or not answered */
	bool asked;
};

static void names_free(struct explain_names *names)
{
	dump_free(&names->ports);
	dump_free(&names->vrfs);
	dump_free(&names->interfaces);
	dump_free(&names->adjacencies);
	dump_free(&names->policers);
}

static int names_read(const struct cli *cli, struct api_client *client, struct explain_names *names)
{
	int error = dataplane_dump(cli, client, API_PORT, &names->ports);

	if (error == 0)
		error = dataplane_dump(cli, client, API_VRF, &names->vrfs);
	if (error == 0)
		error = dataplane_dump(cli, client, API_ADJACENCY, &names->adjacencies);
	if (error == 0)
		error = dataplane_dump(cli, client, API_POLICER, &names->policers);
	if (error == 0)
		error = dataplane_dump(cli, client, API_INTERFACE, &names->interfaces);
	return error;
}

/* 0, or -errno and reported. */
static int ask(
	struct run *run, const struct api_explain *request, struct api_explanation *explanation)
{
	struct api_message message;
	int64_t sequence =
		api_client_send(run->client, API_EXPLAIN, request, sizeof(*request), NULL, 0);
	int error = sequence < 0 ? (int)sequence : 1;

	while (error == 1) {
		error = api_client_wait(run->client, &message, TIMEOUT_MS);
		if (error == 1 && message.header.sequence == sequence)
			break;
	}
	if (error != 1) {
		dataplane_report(run->cli, error != 0 ? error : -ETIMEDOUT);
		return error != 0 ? error : -ETIMEDOUT;
	}
	if (message.header.type == API_EXPLANATION &&
		message.payload_length == sizeof(*explanation)) {
		memcpy(explanation, message.payload, sizeof(*explanation));
		return 0;
	}
	if (message.header.type == API_ACK && message.payload_length == sizeof(struct api_ack))
		cli_error(run->cli, "%s", ((const struct api_ack *)message.payload)->text);
	else
		cli_error(run->cli, "the dataplane answered something else");
	return -EPROTO;
}

/* Who announced a route only control can ask; without control the answer lacks that alone. */
static void ask_sessions(struct run *run, const struct api_explanation *explanation)
{
	struct cli quiet = *run->cli;

	if (run->asked || !explanation->route.has_prefix ||
		explanation->route.origin != API_ORIGIN_BGP)
		return;
	run->asked = true;
	quiet.err = fopen("/dev/null", "w");
	if (quiet.err == NULL)
		return;
	run->sessions = control_rows(&quiet, "bgp");
	fclose(quiet.err);
}

/* Of one interface; 0, or -errno and reported. */
static int explain_on(struct run *run, const struct api_interface *interface, json_t *answers)
{
	const struct api_port *port = explain_find(&run->names.ports, interface->port);
	struct api_explanation explanation;
	struct api_explain request;
	int error;

	if (port == NULL)
		return 0; /* it went between two dumps, and its links with it */
	explain_frame(&run->flow, interface, port, &request);
	error = ask(run, &request, &explanation);
	if (error != 0)
		return error;
	ask_sessions(run, &explanation);
	json_array_append_new(
		answers, explain_answer(&run->names, interface, &explanation, run->sessions));
	return 0;
}

/* NULL: reported. */
static json_t *explain_all(struct run *run, const struct explain_place *place)
{
	json_t *answers = json_array();
	int error = names_read(run->cli, run->client, &run->names);

	if (error == 0 && !explain_check(run->cli, place, &run->names.interfaces))
		error = -ENOENT;
	for (size_t i = 0; error == 0 && i < run->names.interfaces.count; i++) {
		const struct api_interface *interface = dump_row(&run->names.interfaces, i);

		if (explain_covers(place, interface))
			error = explain_on(run, interface, answers);
	}
	names_free(&run->names);
	json_decref(run->sessions);
	if (error == 0)
		return answers;
	json_decref(answers);
	return NULL;
}

static void print_step(FILE *out, const char *step, const char *verdict, const char *why)
{
	fprintf(out, "%-9s  %-7s  %s\n", step, verdict, why);
}

/* For each link, under its name, a line a step. No table: a terminal would cut the last column. */
static void print_answers(
	const struct cli *cli, const struct explain_flow *flow, const json_t *answers)
{
	json_t *answer, *step;
	size_t i, n;

	json_array_foreach (answers, i, answer) {
		fprintf(cli->out, "%s%s: %s from %s to %s", i > 0 ? "\n" : "",
			json_string_value(json_object_get(answer, "link")), explain_protocol(flow),
			cli->from, cli->to);
		if (cli->l4_port != NULL)
			fprintf(cli->out, " port %u", flow->port);
		fputc('\n', cli->out);
		print_step(cli->out, "STEP", "VERDICT", "WHY");
		json_array_foreach (json_object_get(answer, "steps"), n, step)
			print_step(cli->out, json_string_value(json_object_get(step, "step")),
				json_string_value(json_object_get(step, "verdict")),
				json_string_value(json_object_get(step, "why")));
	}
}

int explain_run(const struct cli *cli)
{
	struct run run = {.cli = cli};
	struct explain_place place;
	json_t *answers;
	int error = 0;

	if (!explain_place(cli, &place) || !explain_parse(cli, &run.flow))
		return STATUS_USAGE;
	run.client = dataplane_open(cli);
	if (run.client == NULL)
		return STATUS_REFUSED;
	answers = explain_all(&run, &place);
	api_client_close(run.client);
	if (answers == NULL)
		return STATUS_REFUSED;
	if (cli->json)
		error = json_print(cli, answers);
	else
		print_answers(cli, &run.flow, answers);
	json_decref(answers);
	if (error != 0)
		cli_error(cli, "cannot print: %s", strerror(-error));
	return error == 0 ? STATUS_OK : STATUS_REFUSED;
}
