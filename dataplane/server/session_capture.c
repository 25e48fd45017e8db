/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/server/session_capture.h"

#include <errno.h>

#include "dataplane/api/clock.h"
#include "dataplane/interface/capture.h"
#include "dataplane/server/state.h"
#include "dataplane/worker/worker.h"

/* How long a client may take to read what waits once its capture is over. */
#define PATIENCE_US UINT64_C(10000000)

void session_capture_start(struct session *session, uint32_t sequence,
	const struct api_capture *request, struct api_ack *ack)
{
	int error = capture_start(request, worker_count(), monotonic_us());

	switch (error) {
	case 0:
		session->capture = sequence;
		break;
	case -EBUSY:
		ack_error(ack, error, "another capture or trace runs; wait for its end, or end it");
		break;
	case -ENOENT:
		ack_error(ack, error, "no link here is called \"%s\"", request->address);
		break;
	case -ENOMEM:
		ack_error(ack, error, "no memory for the packets of a capture");
		break;
	default:
		ack_error(ack, error,
			"a capture has 1 to %u packets, 1 to %u seconds, %u to %u bytes of each, "
			"and addresses of one family",
			API_CAPTURE_PACKETS_MAX, API_CAPTURE_S_MAX, API_CAPTURE_SNAP_MIN,
			API_CAPTURE_SNAP_MAX);
	}
}

void session_capture_close(struct session *session)
{
	if (session->capture != 0)
		capture_close(monotonic_us());
}

void session_capture_stop(struct session *session)
{
	if (session->capture != 0)
		capture_stop();
	session->capture = 0;
}

static void tell(struct session *session, enum api_message_type type, const void *head,
	size_t head_bytes, const void *rest, size_t rest_bytes)
{
	struct stream_part parts[2] = {{head, head_bytes}, {rest, rest_bytes}};

	if (stream_append(&session->stream, type, session->capture, parts, NULL, 0) != 0)
		session->closing = true;
}

/* False: nothing waits. */
static bool tell_next(struct session *session)
{
	struct api_captured captured;
	struct api_capture_link link;
	const uint8_t *frame;

	switch (capture_next(&link, &captured, &frame)) {
	case CAPTURE_LINK:
		tell(session, API_CAPTURE_LINK, &link, sizeof(link), NULL, 0);
		return true;
	case CAPTURE_PACKET:
		tell(session, API_CAPTURED, &captured, sizeof(captured), frame,
			captured.captured_bytes);
		return true;
	case CAPTURE_NONE:
		break;
	}
	return false;
}

static void tell_end(struct session *session)
{
	struct api_capture_count count = {0};

	while (!session->closing && capture_next_count(count.interface, &count))
		tell(session, API_CAPTURE_COUNT, &count, sizeof(count), NULL, 0);
	tell(session, API_CAPTURE_END, NULL, 0, NULL, 0);
	session_capture_stop(session);
}

bool session_capture_run(struct session *session)
{
	uint64_t now_us = monotonic_us(), over_us;
	bool is_over, more = true;

	if (session->capture == 0 || session->closing)
		return false;
	is_over = capture_is_over(now_us, &over_us);
	if (is_over)
		capture_close(now_us);
	/* Who does not read loses packets, which are counted, and costs no more memory. */
	while (more && !session->closing && stream_unsent(&session->stream) <= SESSION_OUTPUT_HIGH)
		more = tell_next(session);
	if (is_over && !more)
		tell_end(session);
	else if (is_over && now_us > over_us + PATIENCE_US)
		session->closing = true;
	return true;
}
