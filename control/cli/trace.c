/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `onramp trace`: real packets, one by one, with each step of their way.
 */
#include "control/cli/capture.h"

struct trace {
	const struct cli *cli;
	struct trace_names names;
	uint64_t packets, lost;
};

static void on_link(void *context, const struct api_capture_link *link)
{
	(void)context;
	(void)link; /* it is in the names */
}

/* With -j an array, of which each packet is a line as it comes. */
static void on_packet(void *context, const struct api_captured *captured, const uint8_t *frame)
{
	struct trace *trace = context;
	FILE *out = trace->cli->out;
	json_t *row = trace_row(&trace->names, captured, frame);

	if (trace->cli->json) {
		fputs(trace->packets == 0 ? "[\n" : ",\n", out);
		json_dumpf(row, out, JSON_PRESERVE_ORDER);
	} else {
		trace_print(out, row);
	}
	trace->packets++;
	json_decref(row);
}

static void on_count(void *context, const struct api_capture_count *count)
{
	struct trace *trace = context;

	trace->lost += count->lost;
}

static bool flush(void *context)
{
	struct trace *trace = context;

	return fflush(trace->cli->out) == 0 && !ferror(trace->cli->out);
}

static int read_names(const struct cli *cli, struct api_client *client, struct trace_names *names)
{
	int error = dataplane_dump(cli, client, API_VRF, &names->vrfs);

	if (error == 0)
		error = dataplane_dump(cli, client, API_INTERFACE, &names->interfaces);
	if (error == 0)
		error = dataplane_dump(cli, client, API_ADJACENCY, &names->adjacencies);
	return error;
}

static void free_names(struct trace_names *names)
{
	dump_free(&names->vrfs);
	dump_free(&names->interfaces);
	dump_free(&names->adjacencies);
}

static void say_end(const struct trace *trace, int status)
{
	if (trace->cli->json)
		fputs(trace->packets > 0 ? "\n]\n" : "[]\n", trace->cli->out);
	if (status != STATUS_OK)
		return;
	if (trace->packets == 0)
		fputs("no packet came\n", trace->cli->err);
	if (trace->lost > 0)
		fprintf(trace->cli->err, "%llu more came too fast to be told of\n",
			(unsigned long long)trace->lost);
}

int trace_run(const struct cli *cli)
{
	struct trace trace = {.cli = cli};
	const struct capture_listener listener = {.context = &trace,
		.link = on_link,
		.packet = on_packet,
		.count = on_count,
		.flush = flush};
	struct api_capture request;
	struct api_client *client;
	int status = STATUS_REFUSED;

	if (!capture_parse(cli, true, &request))
		return STATUS_USAGE;
	client = dataplane_open(cli);
	if (client == NULL)
		return STATUS_REFUSED;
	if (read_names(cli, client, &trace.names) == 0) {
		status = capture_follow(cli, client, &request, &listener);
		say_end(&trace, status);
	}
	free_names(&trace.names);
	api_client_close(client);
	return status;
}
