/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cli/capture.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control/cli/pcapng.h"
#include "control/cli/table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct column columns[] = {
	{"link", "LINK", FORMAT_TEXT},
	{"packets", "PACKETS", FORMAT_NUMBER},
	{"lost", "LOST", FORMAT_NUMBER},
};

/* A link of the file; its place is its number there. */
struct written {
	uint32_t interface;
	char name[API_CAPTURE_NAME_MAX];
	uint64_t packets, lost;
};

struct capture_file {
	const struct cli *cli;
	FILE *file; /* NULL: the dataplane has not agreed yet, or it could not be opened */
	uint32_t snap_bytes;
	uint64_t start_ns;
	struct written *links;
	uint32_t count;
	bool failed; /* and reported */
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

const char *capture_verdict_name(uint8_t verdict)
{
	static const char *const names[API_CAPTURE_VERDICTS] = {
		[API_CAPTURE_FORWARDED] = "forwarded",
		[API_CAPTURE_PUNTED] = "for the edge itself",
		[API_CAPTURE_DROPPED] = "dropped",
		[API_CAPTURE_SENT] = "sent",
	};

	return verdict < API_CAPTURE_VERDICTS ? names[verdict] : "?";
}

const char *capture_verdict(const struct api_captured *captured, char text[CAPTURE_TEXT_MAX])
{
	const char *direction = captured->is_out ? "out" : "in";
	const char *verdict = capture_verdict_name(captured->verdict);

	if (captured->verdict == API_CAPTURE_DROPPED && captured->reason < API_DROP_COUNT)
		snprintf(text, CAPTURE_TEXT_MAX, "%s: %s, %s: %s", direction, verdict,
			api_drop_name(captured->reason), api_drop_text(captured->reason));
	else
		snprintf(text, CAPTURE_TEXT_MAX, "%s: %s", direction, verdict);
	return text;
}

/* NULL: there is none of that number. The last one: a number may begin anew. */
static struct written *find(const struct capture_file *capture, uint32_t interface)
{
	for (uint32_t i = capture->count; i-- > 0;)
		if (capture->links[i].interface == interface)
			return &capture->links[i];
	return NULL;
}

static void fail(struct capture_file *capture, int error)
{
	if (!capture->failed)
		cli_error(capture->cli, "%s: %s", capture->cli->write, strerror(error));
	capture->failed = true;
}

/* Only once the dataplane agreed: a capture that is refused takes no file's place. */
static void open_file(struct capture_file *capture)
{
	const char *name = capture->cli->write;

	if (capture->file != NULL || capture->failed)
		return;
	capture->file = strcmp(name, "-") == 0 ? stdout : fopen(name, "wbe");
	if (capture->file == NULL)
		fail(capture, errno);
	else
		pcapng_section(capture->file, "onramp " ONRAMP_VERSION);
}

static void on_link(void *context, const struct api_capture_link *link)
{
	struct capture_file *capture = context;
	struct written *links;

	open_file(capture);
	if (capture->failed)
		return;
	links = realloc(capture->links, (capture->count + 1) * sizeof(*links));
	if (links == NULL) {
		fail(capture, ENOMEM);
		return;
	}
	capture->links = links;
	links[capture->count] = (struct written){.interface = link->interface};
	memcpy(links[capture->count].name, link->name, sizeof(link->name) - 1);
	pcapng_interface(capture->file, links[capture->count].name, capture->snap_bytes);
	capture->count++;
}

static void on_packet(void *context, const struct api_captured *captured, const uint8_t *frame)
{
	struct capture_file *capture = context;
	struct written *link = find(capture, captured->interface);
	char text[CAPTURE_TEXT_MAX];
	struct pcapng_packet packet = {
		.time_ns = captured->time_ns,
		.is_out = captured->is_out,
		.frame_bytes = captured->frame_bytes,
		.captured_bytes = captured->captured_bytes,
		.frame = frame,
	};

	if (link == NULL)
		return; /* it could not be written */
	link->packets++;
	packet.interface = (uint32_t)(link - capture->links);
	packet.comment = capture_verdict(captured, text);
	pcapng_packet(capture->file, &packet);
}

static void on_count(void *context, const struct api_capture_count *count)
{
	struct written *link = find(context, count->interface);

	if (link != NULL)
		link->lost = count->lost;
}

static bool flush(void *context)
{
	struct capture_file *capture = context;

	if (capture->file != NULL && (fflush(capture->file) != 0 || ferror(capture->file)))
		fail(capture, errno);
	return !capture->failed;
}

static void write_statistics(const struct capture_file *capture)
{
	uint64_t end_ns = now_ns();

	for (uint32_t i = 0; i < capture->count; i++)
		pcapng_statistics(capture->file,
			&(struct pcapng_statistics){
				.interface = i,
				.start_ns = capture->start_ns,
				.end_ns = end_ns,
				.packets = capture->links[i].packets + capture->links[i].lost,
				.lost = capture->links[i].lost,
			});
}

/* On standard error where the packets go to standard output. */
static int print_links(const struct capture_file *capture)
{
	struct cli cli = *capture->cli;
	json_t *rows = json_array();

	if (capture->file == stdout)
		cli.out = cli.err;
	for (uint32_t i = 0; i < capture->count; i++) {
		const struct written *link = &capture->links[i];

		json_array_append_new(
			rows, json_pack("{s:s, s:I, s:I}", "link", link->name, "packets",
				      (json_int_t)link->packets, "lost", (json_int_t)link->lost));
	}
	return rows_print(&cli, columns, COUNT(columns), rows);
}

static int follow(struct capture_file *capture, const struct api_capture *request)
{
	const struct capture_listener listener = {.context = capture,
		.link = on_link,
		.packet = on_packet,
		.count = on_count,
		.flush = flush};
	struct api_client *client = dataplane_open(capture->cli);
	int status;

	if (client == NULL)
		return STATUS_REFUSED;
	status = capture_follow(capture->cli, client, request, &listener);
	api_client_close(client);
	if (status == STATUS_OK)
		write_statistics(capture);
	if (!flush(capture))
		return STATUS_REFUSED;
	return status == STATUS_OK ? print_links(capture) : status;
}

static bool says_where(const struct cli *cli)
{
	if (cli->write == NULL)
		cli_error(cli, "say where to: -w FILE, or -w - for a pipe (as into `tshark -r -`)");
	else if (strcmp(cli->write, "-") == 0 && isatty(STDOUT_FILENO))
		cli_error(cli, "-w - is for a pipe, not for a terminal; write -w FILE");
	else
		return true;
	return false;
}

int capture_run(const struct cli *cli)
{
	struct capture_file capture = {.cli = cli, .start_ns = now_ns()};
	struct api_capture request;
	int status;

	if (!capture_parse(cli, false, &request) || !says_where(cli))
		return STATUS_USAGE;
	capture.snap_bytes = request.snap_bytes;
	status = follow(&capture, &request);
	free(capture.links);
	if (capture.file != NULL && capture.file != stdout && fclose(capture.file) != 0) {
		fail(&capture, errno);
		status = STATUS_REFUSED;
	}
	return status;
}
