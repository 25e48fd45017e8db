/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "control/cli/capture.h"
#include "dataplane/api/clock.h"

/* How often to look whether somebody interrupted. */
#define LOOK_MS 100
/* For the dataplane to say the rest, once a capture's time is over. */
#define GRACE_US UINT64_C(15000000)

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static void watch_interrupts(void)
{
	const struct sigaction action = {.sa_handler = on_interrupt};

	interrupted = 0;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

struct following {
	const struct cli *cli;
	struct api_client *client;
	const struct api_capture *request;
	const struct capture_listener *listener;
	int64_t sequence;
	bool stopped; /* and the dataplane was told */
	uint64_t deadline_us;
};

/* STATUS_*, or -1: there is more to come. */
static int take_ack(const struct following *following, const struct api_message *message)
{
	const struct api_ack *ack = message->payload;

	if (message->payload_length == sizeof(*ack) && ack->error == 0) {
		fprintf(following->cli->err, "watching %s; an interrupt (^C) ends it\n",
			following->request->address[0] != '\0' ? following->request->address
							       : "all links");
		fflush(following->cli->err);
		return -1;
	}
	cli_error(following->cli, "%s",
		message->payload_length == sizeof(*ack) ? ack->text
							: "the dataplane answered something else");
	return STATUS_REFUSED;
}

static bool take_packet(const struct following *following, const struct api_message *message)
{
	const struct api_captured *captured = message->payload;

	if (message->payload_length < sizeof(*captured) ||
		message->payload_length - sizeof(*captured) != captured->captured_bytes)
		return false;
	following->listener->packet(following->listener->context, captured,
		(const uint8_t *)message->payload + sizeof(*captured));
	return true;
}

static int take(const struct following *following, const struct api_message *message)
{
	const struct capture_listener *listener = following->listener;
	size_t length = message->payload_length;

	if (message->header.sequence != following->sequence)
		return -1;
	switch (message->header.type) {
	case API_ACK:
		return take_ack(following, message);
	case API_CAPTURE_LINK:
		if (length != sizeof(struct api_capture_link))
			break;
		listener->link(listener->context, message->payload);
		return -1;
	case API_CAPTURED:
		if (!take_packet(following, message))
			break;
		return -1;
	case API_CAPTURE_COUNT:
		if (length != sizeof(struct api_capture_count))
			break;
		listener->count(listener->context, message->payload);
		return -1;
	case API_CAPTURE_END:
		return STATUS_OK;
	}
	cli_error(following->cli, "the dataplane answered something else");
	return STATUS_REFUSED;
}

/* Orderly: what the dataplane has still comes, and how much was lost. */
static void stop(struct following *following)
{
	if (following->stopped)
		return;
	following->stopped = true;
	following->deadline_us = monotonic_us() + GRACE_US;
	api_client_send(following->client, API_CAPTURE_STOP, NULL, 0, NULL, 0);
}

static int report_loss(const struct following *following, int error)
{
	if (error == -ECONNRESET || error == -EPIPE)
		cli_error(following->cli, "the dataplane ended, or began anew, before the capture "
					  "was over; what it told until then is all there is");
	else
		dataplane_report(following->cli, error);
	return STATUS_REFUSED;
}

/* 1: a message, 0: none now, -errno: the connection or the output is lost. */
static int next(struct following *following, struct api_message *message)
{
	int got = api_client_receive(following->client, message);

	if (got != 0)
		return got;
	if (!following->listener->flush(following->listener->context))
		return -EIO;
	got = api_client_wait(following->client, message, LOOK_MS);
	if (got == -ETIMEDOUT)
		return monotonic_us() > following->deadline_us ? -ETIMEDOUT : 0;
	return got;
}

int capture_follow(const struct cli *cli, struct api_client *client,
	const struct api_capture *request, const struct capture_listener *listener)
{
	struct following following = {
		.cli = cli, .client = client, .request = request, .listener = listener};
	struct api_message message;
	int status = -1, got;

	watch_interrupts();
	following.deadline_us = monotonic_us() + request->seconds * UINT64_C(1000000) + GRACE_US;
	following.sequence =
		api_client_send(client, API_CAPTURE, request, sizeof(*request), NULL, 0);
	if (following.sequence < 0)
		return report_loss(&following, (int)following.sequence);
	while (status < 0) {
		if (interrupted)
			stop(&following);
		got = next(&following, &message);
		if (got == -EIO)
			return STATUS_REFUSED; /* who writes reports it */
		if (got < 0)
			return report_loss(&following, got);
		if (got > 0)
			status = take(&following, &message);
	}
	return status == STATUS_OK && !listener->flush(listener->context) ? STATUS_REFUSED : status;
}
