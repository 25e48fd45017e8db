/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The other end of a session, for tests: speaks to it without a socket.
 */
#pragma once

#include "dataplane/server/session.h"

struct peer {
	struct session *session;
	struct stream in, out;
	struct api_message message;
	uint32_t sequence;
};

void peer_open(struct peer *peer);
void peer_close(struct peer *peer);
/* Hello as this role; the state is asserted to be right. */
void peer_hello(struct peer *peer, enum api_role role);
/* A peer that is the writer, after STARTUP. */
void peer_open_writer(struct peer *peer);

/* Puts raw bytes and fds (which pass to the session) in and lets the session work. */
void peer_raw(
	struct peer *peer, const void *bytes, size_t length, const int *fds, unsigned int fd_count);
/* Sends a message (fds are duplicated), lets the session work. Returns its sequence. */
uint32_t peer_send(struct peer *peer, enum api_message_type type, const void *payload,
	size_t length, const int *fds, unsigned int fd_count);
/* Next message the session sent; NULL: none. Lets the session work. */
const struct api_message *peer_receive(struct peer *peer);

/* Sends and asserts that one ACK (or type) answers. */
struct api_ack peer_ask(struct peer *peer, enum api_message_type type, const void *payload,
	size_t length, enum api_message_type answer);
/* Sends a batch; returns errors of items (valid until the next call), asserts their count. */
const int32_t *peer_batch(
	struct peer *peer, const struct api_batch *batch, const int *fds, unsigned int fd_count);
