/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Framing and fd passing of the API, the same for both ends: bytes and fds in, whole messages out,
 * and the other way round. Knows no sockets but in stream_read and stream_write, so that tests and
 * the fuzzer drive it with bytes. Not thread safe.
 *
 * fds come at the latest with the first byte of their message (the sender's sendmsg starts there),
 * wait in a FIFO, and the header's fd_count says how many of them belong to a message.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/api/api.h"
#include "dataplane/api/client.h"

/* Of the message being received and of the next, whose head may come in the same read. */
#define STREAM_FDS_MAX (2 * API_FDS_MAX)

/* An fd that is sent with the byte at position (counted from the start of the connection). */
struct stream_mark {
	uint64_t position;
	int fd;
};

struct stream {
	/* Input: bytes in[start..end) wait; the message handed out last still occupies `taken`. */
	uint8_t *in;
	size_t in_start;
	size_t in_end;
	size_t taken;
	int fds[STREAM_FDS_MAX];
	unsigned int fd_count;
	unsigned int fds_taken;
	/* Output: bytes out[start..end) wait, the first being number `sent` of the connection. */
	uint8_t *out;
	size_t out_start;
	size_t out_end;
	size_t out_capacity;
	uint64_t sent;
	struct stream_mark *marks;
	unsigned int mark_start;
	unsigned int mark_end;
	unsigned int mark_capacity;
};

/* 0 or -ENOMEM. */
int stream_init(struct stream *stream);
/* Closes the fds that nobody took and those that were not sent. */
void stream_fini(struct stream *stream);

/* Where received bytes go, and how many fit. Invalidates the message handed out last. At least one
 * byte always fits when no whole message waits. */
size_t stream_room(struct stream *stream, uint8_t **into);
/* length bytes were put there, and these fds came along (ownership passes, also on failure).
 * 0 or -EPROTO: more fds than messages can want. */
int stream_feed(struct stream *stream, size_t length, const int *fds, unsigned int fd_count);
/* Next whole message; valid until the next call of stream_next or stream_room. 1: message filled,
 * 0: none yet, -EPROTO: no message can have such a length, or its fds did not come (message->header
 * is filled then, for the log). */
int stream_next(struct stream *stream, struct api_message *message);

/* Queues a message made of two parts (either may be empty); fds are duplicated. 0 or -EMSGSIZE,
 * -ENOMEM, -EMFILE, -EBADF. */
struct stream_part {
	const void *bytes;
	size_t length;
};
int stream_append(struct stream *stream, enum api_message_type type, uint32_t sequence,
	const struct stream_part parts[2], const int *fds, unsigned int fd_count);
/* Bytes and fds that wait to be sent. */
size_t stream_unsent(const struct stream *stream);
unsigned int stream_unsent_fds(const struct stream *stream);
/* What to send next in one go: *fds gets up to API_FDS_MAX fds that go with the first byte. Returns
 * how many bytes, 0 when there is nothing. */
size_t stream_pending(
	const struct stream *stream, const uint8_t **bytes, int *fds, unsigned int *fd_count);
/* length > 0 bytes of it, and with them its fds, are sent. */
void stream_sent(struct stream *stream, size_t length);

/* One read from a socket. 1: something came, 0: nothing now, -ECONNRESET: the peer closed,
 * -EMFILE: this process may not hold as many fds as came, other -errno: lost. */
int stream_read(struct stream *stream, int socket);
/* Writes what the socket takes. 1: all written, 0: more is left, -errno: lost (no SIGPIPE). */
int stream_write(struct stream *stream, int socket);
