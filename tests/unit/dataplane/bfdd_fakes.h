/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bfdd that a test plays, and an engine that only remembers what it was asked for. No clock runs:
 * fake_now_us is the time, and a turn is a call.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/bfd/bfd.h"
#include "dataplane/bfd/bfdd.h"
#include "dataplane/bfd/bfddp.h"

/* ---- the engine ---- */

#define ENGINE_SESSIONS 8192u

struct engine_session {
	struct bfd_config config;
	unsigned int sets;
};

struct engine {
	struct engine_session sessions[ENGINE_SESSIONS];
	unsigned int count;
	unsigned int removed;
	int refuse; /* what the next bfd_session_set returns; 0: they succeed */
	unsigned int asked;
};

extern struct engine engine;

/* The session of this lid; NULL: there is none. */
struct engine_session *engine_find(uint32_t lid);

/* ---- paths ---- */

/* Each interface has one to 10.0.0.1, but this one; others learn of a change. */
void fake_lose_path(uint32_t interface);
/* And on this one alone BFD is off. */
void fake_bfd_off(uint32_t interface);

/* ---- bfdd ---- */

extern uint64_t fake_now_us;
/* bfdd_turn, after time passed. */
void turn_after(uint64_t us);

struct daemon {
	char path[96];
	int listener; /* -1: not there */
};

/* cmocka fixtures: *state is the daemon, which listens, and bfdd_start was called. */
int daemon_setup(void **state);
int daemon_teardown(void **state);
void daemon_listen(struct daemon *daemon);
/* Closes the socket it listens on; connections are the test's. */
void daemon_die(struct daemon *daemon);
/* Accepts a connection; -1: nobody connects. */
int daemon_accept(struct daemon *daemon);

void daemon_send(int connection, const struct bfddp_message *message);
/* The next message; false: nothing came. Dies when it is none. */
bool daemon_receive(int connection, struct bfddp_message *message);
/* Answers the question that says "that was all", which must be the next message. */
void daemon_answer(int connection);
/* Did the other side close, or say that it goes? */
bool daemon_is_left(int connection);

/* A single-hop IPv4 session: 10.0.0.2 to 10.0.0.1 on an interface, 300 ms x 3. */
struct bfddp_message add_message(uint32_t lid, uint32_t interface);
void daemon_add(int connection, uint32_t lid, uint32_t interface);
void daemon_delete(int connection, uint32_t lid, uint32_t interface);
/* A change of that session. */
struct bfd_change change_of(uint32_t lid, uint32_t interface, enum bfd_state to);
