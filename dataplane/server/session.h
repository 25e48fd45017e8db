/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One connection, without its socket: bytes and fds come in through session->stream, requests are
 * served, replies wait in the same stream. Main thread only.
 *
 * Back-pressure: no request is looked at while more than SESSION_OUTPUT_HIGH bytes wait to be
 * sent, so a peer that does not read costs this much and one message, and is not read from.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/api/stream.h"
#include "dataplane/server/dump.h"

#define SESSION_OUTPUT_HIGH (1024u * 1024u)
/* TAPs that wait to be sent; each is an fd of this process. */
#define SESSION_FDS_HIGH 64u

struct session {
	struct stream stream;
	struct dump dump;
	bool greeted;
	bool writer;
	bool closing;     /* to be closed once the last reply was offered to the socket */
	uint32_t capture; /* the sequence of the CAPTURE that it is told of; 0: none */
	uint8_t link_news[API_PORTS_MAX]; /* 0: none, else what the writer must be told */
};

/* NULL: no memory. */
struct session *session_open(void);
/* Closes what fds are left, gives up the writer's place. */
void session_close(struct session *session);

/* Serves what has come as far as back-pressure allows. True: call again when output went out
 * (requests or rows are left), false: all done until more comes in. */
bool session_run(struct session *session);
/* True: reading from the peer makes sense now. */
bool session_wants_input(const struct session *session);

/* Events, to the writer's session. */
void session_port_link(struct session *session, uint32_t port, bool up);
void session_neighbour(
	struct session *session, uint32_t interface, uint8_t family, const uint8_t *address);
void session_path(struct session *session, const struct api_path *path, uint32_t lasted_ms);
void session_link_test(struct session *session, uint32_t interface, bool began);
