/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dataplane/server/state.h"
#include "tests/unit/dataplane/server_peer.h"

void peer_open(struct peer *peer)
{
	memset(peer, 0, sizeof(*peer));
	peer->session = session_open();
	assert_non_null(peer->session);
	assert_int_equal(stream_init(&peer->in), 0);
	assert_int_equal(stream_init(&peer->out), 0);
}

void peer_close(struct peer *peer)
{
	session_close(peer->session);
	stream_fini(&peer->in);
	stream_fini(&peer->out);
}

void peer_raw(
	struct peer *peer, const void *bytes, size_t length, const int *fds, unsigned int fd_count)
{
	const uint8_t *from = bytes;

	do {
		uint8_t *into;
		size_t room = stream_room(&peer->session->stream, &into);
		size_t n = length < room ? length : room;

		memcpy(into, from, n);
		assert_int_equal(stream_feed(&peer->session->stream, n, fds, fd_count), 0);
		fd_count = 0;
		from += n;
		length -= n;
		session_run(peer->session);
	} while (length > 0);
}

uint32_t peer_send(struct peer *peer, enum api_message_type type, const void *payload,
	size_t length, const int *fds, unsigned int fd_count)
{
	struct stream_part parts[2] = {{payload, length}};
	int passed[API_FDS_MAX];
	const uint8_t *bytes;
	unsigned int count;
	size_t n;

	assert_int_equal(
		stream_append(&peer->out, type, ++peer->sequence, parts, fds, fd_count), 0);
	n = stream_pending(&peer->out, &bytes, passed, &count);
	for (unsigned int i = 0; i < count; i++)
		assert_true((passed[i] = dup(passed[i])) >= 0);
	peer_raw(peer, bytes, n, passed, count);
	stream_sent(&peer->out, n);
	return peer->sequence;
}

/* Moves what the session has to send to our input. */
static void carry(struct peer *peer)
{
	struct stream *from = &peer->session->stream;
	int fds[API_FDS_MAX];
	const uint8_t *bytes;
	unsigned int count;
	uint8_t *into;
	size_t room = stream_room(&peer->in, &into);
	size_t n = stream_pending(from, &bytes, fds, &count);

	if (n == 0)
		return;
	n = n < room ? n : room;
	memcpy(into, bytes, n);
	for (unsigned int i = 0; i < count; i++)
		assert_true((fds[i] = dup(fds[i])) >= 0);
	assert_int_equal(stream_feed(&peer->in, n, fds, count), 0);
	stream_sent(from, n);
}

const struct api_message *peer_receive(struct peer *peer)
{
	int rc = stream_next(&peer->in, &peer->message);

	while (rc == 0) {
		session_run(peer->session);
		if (stream_unsent(&peer->session->stream) == 0)
			return NULL;
		carry(peer);
		rc = stream_next(&peer->in, &peer->message);
	}
	assert_int_equal(rc, 1);
	return &peer->message;
}

struct api_ack peer_ask(struct peer *peer, enum api_message_type type, const void *payload,
	size_t length, enum api_message_type answer)
{
	uint32_t sequence = peer_send(peer, type, payload, length, NULL, 0);
	const struct api_message *message = peer_receive(peer);
	struct api_ack ack;

	assert_non_null(message);
	assert_int_equal(message->header.type, answer);
	assert_int_equal(message->header.sequence, sequence);
	assert_int_equal(message->payload_length, sizeof(ack));
	memcpy(&ack, message->payload, sizeof(ack));
	assert_non_null(memchr(ack.text, '\0', sizeof(ack.text)));
	/* Every refusal says why, and only refusals do. */
	assert_int_equal(ack.error != 0, ack.text[0] != '\0');
	return ack;
}

const int32_t *peer_batch(
	struct peer *peer, const struct api_batch *batch, const int *fds, unsigned int fd_count)
{
	uint32_t sequence = peer_send(peer, API_BATCH, batch->bytes, batch->length, fds, fd_count);
	const struct api_message *message = peer_receive(peer);
	const struct api_batch_ack *ack;
	const int32_t *errors;
	uint32_t failed = 0;

	assert_non_null(message);
	assert_int_equal(message->header.type, API_BATCH_ACK);
	assert_int_equal(message->header.sequence, sequence);
	ack = message->payload;
	errors = (const int32_t *)(ack + 1);
	assert_int_equal(ack->count, batch->count);
	assert_int_equal(message->payload_length, sizeof(*ack) + ack->count * sizeof(*errors));
	for (uint32_t i = 0; i < ack->count; i++)
		failed += errors[i] != 0;
	assert_int_equal(ack->failed, failed);
	return errors;
}

void peer_hello(struct peer *peer, enum api_role role)
{
	struct api_hello hello = {.magic = API_MAGIC, .version = API_VERSION, .role = role};
	const struct api_message *message;

	peer_send(peer, API_HELLO, &hello, sizeof(hello), NULL, 0);
	message = peer_receive(peer);
	assert_non_null(message);
	assert_int_equal(message->header.type, API_HELLO);
	assert_int_equal(message->payload_length, sizeof(hello));
	memcpy(&hello, message->payload, sizeof(hello));
	assert_int_equal(hello.error, 0);
	assert_int_equal(hello.state, server_state.state);
	assert_true(hello.boot_id == server_state.boot_id);
	assert_int_equal(hello.pid, getpid());
}

void peer_open_writer(struct peer *peer)
{
	struct api_startup startup = {.worker_count = 1, .memory_mb = 512};

	peer_open(peer);
	peer_hello(peer, API_ROLE_WRITER);
	assert_int_equal(peer_ask(peer, API_STARTUP, &startup, sizeof(startup), API_ACK).error, 0);
}
