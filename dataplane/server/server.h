/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The API socket: RUN_DIR/dataplane.sock. Accepts control (one writer) and readers, and carries
 * their messages to the tables. Main thread only. What messages mean: dataplane/api/api.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/api/api.h"

/* Listens in run_dir, which is created with mode 0700 when missing and must belong to this user
 * and be closed to others. A socket left by a dead process is replaced. 0 or -errno, said on
 * standard error: -EADDRINUSE another dataplane lives in run_dir, -EPERM others may enter it. */
int server_open(const char *run_dir);

/* One turn: waits at most timeout_ms for something to do and does it. A signal ends the wait, and
 * so does server_wake, which any thread may call between server_open and server_close. */
void server_turn(int timeout_ms);
void server_wake(void);

/* server_turn also returns when fd becomes readable; reading it is the caller's. 0 or -errno. */
int server_wake_on(int fd);

/* Tells whoever captures packets of those that came. True: somebody does, and wants short turns. */
bool server_turn_captures(void);

/* Closes all connections and removes the socket. The tables stay as they are. */
void server_close(void);

/* Tell the writer, if there is one. A link event is never lost, but only the last state of a port
 * is kept for a writer that is slow to read; a neighbour event may be lost then (who needs the
 * neighbour asks again), and so may be a path's or a test's (a
 * dump has their state). address: 4 or 16 bytes, by
 * family. */
void server_event_port_link(uint32_t port, bool up);
void server_event_neighbour(uint32_t interface, uint8_t family, const uint8_t *address);
void server_event_path(const struct api_path *path, uint32_t lasted_ms);
void server_event_link_test(uint32_t interface, bool began);
