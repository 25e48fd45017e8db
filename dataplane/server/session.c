/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_cycles.h>

#include "dataplane/interface/interface.h"
#include "dataplane/server/batch.h"
#include "dataplane/server/session.h"
#include "dataplane/server/session_capture.h"
#include "dataplane/server/state.h"
#include "pipelines/explain.h"

enum link_news { LINK_NONE, LINK_UP, LINK_DOWN };

struct session *session_open(void)
{
	struct session *session = calloc(1, sizeof(*session));

	if (session == NULL)
		return NULL;
	if (stream_init(&session->stream) == 0)
		return session;
	free(session);
	return NULL;
}

void session_close(struct session *session)
{
	if (server_state.writer == session)
		server_writer_gone();
	session_capture_stop(session);
	stream_fini(&session->stream);
	free(session);
}

/* What cannot even be queued (no memory, no fd) ends the connection: a reply that never comes would
 * leave the peer waiting for ever. */
static void reply(struct session *session, enum api_message_type type, uint32_t sequence,
	const void *payload, size_t length, int fd)
{
	struct stream_part parts[2] = {{payload, length}};

	if (stream_append(&session->stream, type, sequence, parts, &fd, fd >= 0) != 0)
		session->closing = true;
}

static void reply_ack(struct session *session, uint32_t sequence, const struct api_ack *ack)
{
	reply(session, API_ACK, sequence, ack, sizeof(*ack), -1);
}

/* ---- requests ---- */

static void serve_hello(struct session *session, const struct api_message *message)
{
	const struct api_hello *theirs = message->payload;
	struct api_hello mine = {
		.magic = API_MAGIC,
		.version = API_VERSION,
		.role = theirs->role,
		.boot_id = server_state.boot_id,
		.state = server_state.state,
		.pid = getpid(),
	};

	if (theirs->magic != API_MAGIC || theirs->version != API_VERSION ||
		theirs->role > API_ROLE_WRITER)
		mine.error = -EPROTO;
	else if (theirs->role == API_ROLE_WRITER && server_state.writer != NULL)
		mine.error = -EBUSY;
	reply(session, API_HELLO, message->header.sequence, &mine, sizeof(mine), -1);
	if (mine.error != 0) {
		session->closing = true;
		return;
	}
	session->greeted = true;
	session->writer = theirs->role == API_ROLE_WRITER;
	if (session->writer)
		server_state.writer = session;
}

static void serve_startup(struct session *session, const struct api_message *message)
{
	struct api_ack ack = {0};

	server_startup(message->payload, &ack);
	reply_ack(session, message->header.sequence, &ack);
}

static void serve_snapshot_begin(struct session *session, const struct api_message *message)
{
	struct api_ack ack = {0};

	server_snapshot_begin(&ack);
	reply_ack(session, message->header.sequence, &ack);
}

static void serve_snapshot_end(struct session *session, const struct api_message *message)
{
	struct api_ack ack = {0};

	server_snapshot_end(&ack);
	reply_ack(session, message->header.sequence, &ack);
}

static void serve_batch(struct session *session, const struct api_message *message)
{
	static int32_t errors[BATCH_ITEMS_MAX]; /* main thread only */
	struct api_message batch = *message;
	struct api_batch_ack done;
	struct api_ack ack = {0};
	struct stream_part parts[2] = {{&done, sizeof(done)}, {errors, 0}};

	if (batch_check(message, &ack) != 0) {
		reply_ack(session, message->header.sequence, &ack);
		return;
	}
	batch_apply(&batch, &done, errors);
	parts[1].length = done.count * sizeof(errors[0]);
	if (stream_append(
		    &session->stream, API_BATCH_ACK, message->header.sequence, parts, NULL, 0) != 0)
		session->closing = true;
}

static void serve_dump(struct session *session, const struct api_message *message)
{
	if (dump_start(&session->dump, message->header.sequence, message->payload,
		    &session->stream) != 0)
		session->closing = true;
}

static void serve_tap_get(struct session *session, const struct api_message *message)
{
	const struct api_tap_get *request = message->payload;
	struct api_ack ack = {0};
	int fd = -EINVAL;

	if (request->interface > 0 && request->interface < API_INTERFACES_MAX)
		fd = interface_tap(request->interface);
	if (fd < 0)
		ack_error(&ack, fd, "interface %u has no TAP here", request->interface);
	reply(session, API_TAP_FD, message->header.sequence, &ack, sizeof(ack), fd);
}

static void serve_explain(struct session *session, const struct api_message *message)
{
	const struct api_explain *request = message->payload;
	struct api_explanation explanation;
	struct api_ack ack = {0};
	int error = explain_packet(request, rte_rdtsc(), &explanation);

	if (error == 0) {
		reply(session, API_EXPLANATION, message->header.sequence, &explanation,
			sizeof(explanation), -1);
		return;
	}
	if (error == -ENOENT)
		ack_error(&ack, error, "there is no port %u", request->port);
	else
		ack_error(&ack, error, "a frame of %u bytes: at most %u are explained",
			request->frame_bytes, API_EXPLAIN_BYTES_MAX);
	reply_ack(session, message->header.sequence, &ack);
}

static void serve_capture(struct session *session, const struct api_message *message)
{
	struct api_ack ack = {0};

	session_capture_start(session, message->header.sequence, message->payload, &ack);
	reply_ack(session, message->header.sequence, &ack);
}

static void serve_capture_stop(struct session *session, const struct api_message *message)
{
	(void)message;
	session_capture_close(session);
}

/* What a request must look like before its handler runs. */
struct request {
	uint32_t payload_length; /* exactly; for BATCH whatever its items make */
	bool writer_only;
	bool after_startup;
	enum api_message_type refusal; /* how a refusal is said: a type with struct api_ack */
	void (*serve)(struct session *session, const struct api_message *message);
};

#define ANY_LENGTH UINT32_MAX

static const struct request requests[] = {
	[API_HELLO] = {sizeof(struct api_hello), false, false, API_ACK, serve_hello},
	[API_STARTUP] = {sizeof(struct api_startup), true, false, API_ACK, serve_startup},
	[API_BATCH] = {ANY_LENGTH, true, true, API_ACK, serve_batch},
	[API_SNAPSHOT_BEGIN] = {0, true, true, API_ACK, serve_snapshot_begin},
	[API_SNAPSHOT_END] = {0, true, true, API_ACK, serve_snapshot_end},
	[API_DUMP] = {sizeof(struct api_dump), false, false, API_DUMP_END, serve_dump},
	[API_EXPLAIN] = {sizeof(struct api_explain), false, true, API_ACK, serve_explain},
	[API_CAPTURE] = {sizeof(struct api_capture), false, true, API_ACK, serve_capture},
	[API_CAPTURE_STOP] = {0, false, true, API_ACK, serve_capture_stop},
	[API_TAP_GET] = {sizeof(struct api_tap_get), true, true, API_TAP_FD, serve_tap_get},
};

static const struct request *find_request(uint32_t type)
{
	if (type >= sizeof(requests) / sizeof(requests[0]) || requests[type].serve == NULL)
		return NULL;
	return &requests[type];
}

/* Fills ack when the message must not reach its handler. */
static void check(const struct session *session, const struct request *request,
	const struct api_message *message, struct api_ack *ack)
{
	const struct api_header *header = &message->header;

	if (request == NULL)
		ack_error(ack, -EPROTO, "%u is no type of request", header->type);
	else if (session->greeted == (header->type == API_HELLO))
		ack_error(ack, -EPROTO, "HELLO comes first, and once");
	else if (request->payload_length != ANY_LENGTH &&
		 request->payload_length != message->payload_length)
		ack_error(ack, -EPROTO, "request %u has %zu bytes of payload, %u are right",
			header->type, message->payload_length, request->payload_length);
	else if (header->type != API_BATCH && message->fd_count > 0)
		ack_error(ack, -EPROTO, "request %u takes no fds, %u came", header->type,
			message->fd_count);
	else if (request->writer_only && !session->writer)
		ack_error(ack, -EPERM,
			"a reader may only dump, explain and capture; connect as the writer");
	else if (request->after_startup && server_state.state == API_STATE_EMPTY)
		ack_error(ack, -ENOTCONN, "the dataplane waits for STARTUP");
}

static void serve(struct session *session, const struct api_message *message)
{
	const struct request *request = find_request(message->header.type);
	struct api_ack ack = {0};

	check(session, request, message, &ack);
	if (ack.error == 0) {
		request->serve(session, message);
		return;
	}
	/* A stranger that does not say HELLO gets one answer and no second try. */
	if (!session->greeted)
		session->closing = true;
	reply(session, request != NULL ? request->refusal : API_ACK, message->header.sequence, &ack,
		sizeof(ack), -1);
}

/* ---- running ---- */

static bool output_high(const struct session *session)
{
	return stream_unsent(&session->stream) > SESSION_OUTPUT_HIGH ||
	       stream_unsent_fds(&session->stream) >= SESSION_FDS_HIGH;
}

static void event(struct session *session, const struct api_event *news)
{
	reply(session, API_EVENT, 0, news, sizeof(*news), -1);
}

static void tell_links(struct session *session)
{
	for (uint32_t port = 0; port < API_PORTS_MAX; port++) {
		struct api_event news = {.type = API_EVENT_PORT_LINK,
			.a = port,
			.b = session->link_news[port] == LINK_UP};

		if (session->link_news[port] != LINK_NONE)
			event(session, &news);
		session->link_news[port] = LINK_NONE;
	}
}

/* One step of work; false when there is none. */
static bool step(struct session *session)
{
	struct api_message message;
	struct api_ack ack = {0};
	int rc;

	if (session->dump.active) {
		if (dump_step(&session->dump, &session->stream) != 0)
			session->closing = true;
		return true;
	}
	rc = stream_next(&session->stream, &message);
	if (rc == 0)
		return false;
	if (rc < 0) {
		ack_error(&ack, rc,
			"a message of %u bytes with %u fds: lengths are %zu to %u, and fds "
			"come with the first byte",
			message.header.length, message.header.fd_count, sizeof(message.header),
			API_MESSAGE_MAX);
		reply_ack(session, message.header.sequence, &ack);
		session->closing = true;
		return true;
	}
	serve(session, &message);
	return true;
}

bool session_run(struct session *session)
{
	while (!session->closing) {
		if (output_high(session))
			return true;
		tell_links(session);
		if (!step(session))
			return false;
	}
	return false;
}

bool session_wants_input(const struct session *session)
{
	return !session->closing && !session->dump.active && !output_high(session);
}

void session_port_link(struct session *session, uint32_t port, bool up)
{
	if (port < API_PORTS_MAX)
		session->link_news[port] = up ? LINK_UP : LINK_DOWN;
}

void session_neighbour(
	struct session *session, uint32_t interface, uint8_t family, const uint8_t *address)
{
	struct api_event news = {.type = API_EVENT_NEIGHBOUR_NEEDED, .a = interface, .b = family};

	if (session->closing || output_high(session))
		return;
	memcpy(news.address, address, family == AF_INET ? 4 : 16);
	event(session, &news);
}

void session_path(struct session *session, const struct api_path *path, uint32_t lasted_ms)
{
	struct api_event news = {.type = API_EVENT_PATH,
		.a = path->id,
		.b = path->down | (uint32_t)path->last_cause << 8,
		.c = lasted_ms};

	if (session->closing || output_high(session))
		return;
	memcpy(news.address, path->address, sizeof(news.address));
	event(session, &news);
}

void session_link_test(struct session *session, uint32_t interface, bool began)
{
	struct api_event news = {.type = API_EVENT_LINK_TEST, .a = interface, .b = began};

	if (!session->closing && !output_high(session))
		event(session, &news);
}
