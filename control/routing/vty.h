/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A client of one FRR daemon's vty socket (FRR_DIR/DAEMON.vty): commands in order, each answered
 * by its text and a return code, without ever blocking the event loop. Connects again by itself
 * (after 200 ms, then doubling to 3 s) when the daemon goes or is not there yet.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <event2/event.h>

#include "control/routing/process.h"

struct vty;

enum { VTY_OK = 0, VTY_UNKNOWN = 2, VTY_FAILED = 13, VTY_LOST = -1 };

/* code: the daemon's, or VTY_LOST when the connection went before the answer. */
typedef void (*vty_reply)(void *context, int code, const char *text, size_t length);

/* changed(connected): at each connect (already in `enable` mode) and loss. The socket's peer must
 * be root or the frr user. NULL with errno. */
struct vty *vty_open(struct event_base *base, const char *frr_dir, const char *daemon,
	void (*changed)(void *context, bool connected), void *context);
/* Not from within a callback. Commands not answered are told VTY_LOST. */
void vty_close(struct vty *vty);
bool vty_connected(const struct vty *vty);
/* The daemon that was connected to last; its pid is 0 before the first connection. */
const struct process *vty_peer(const struct vty *vty);
/* The other side has closed the connection, though the loop has not come to it yet. */
bool vty_is_dead(const struct vty *vty);

/* Queues one command; reply may be NULL. 0, -ENOTCONN, -ENOMEM. */
int vty_command(struct vty *vty, const char *command, vty_reply reply, void *context);
/* Commands queued or unanswered. */
size_t vty_pending(const struct vty *vty);
