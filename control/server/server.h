/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Control's own socket, RUN_DIR/control.sock: one JSON object a line each way.
 *   {"request": "plan", "document": TEXT}            -> {"findings": [...], "diff": {...}, "revision": N}
 *   {"request": "commit", "document": TEXT, "revision": N}
 *        -> {"revision": N+1} ; refused when the running revision is not N (someone else applied)
 *   {"request": "show", "what": "status"|"circuits"|"peerings"|"bgp"|"arp"|"document"}
 *        -> {"rows": [...]} or the object itself
 * Every failure: {"error": TEXT} and for a bad document "findings". What plan said, commit says.
 */
#pragma once

#include <event2/event.h>

#include "control/server/store.h"
#include "control/sync/sync.h"

struct server;

struct server_options {
	const char *run_dir;
	const char *state_dir;
	const char *self; /* the edge this machine is */
};

/* Loads the store, applies its document through sync, listens. NULL with errno, logged. */
struct server *server_open(struct event_base *base, const struct server_options *options,
	struct sync *sync);
void server_close(struct server *server);
