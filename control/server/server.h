/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Control's own socket, RUN_DIR/control.sock: one JSON object a line each way, answered in order.
 *   {"request": "plan", WISH}                  -> {"findings": [...], "diff": {...},
 * "revision": N}
 *   {"request": "commit", WISH, "revision": N}
 *        -> {"revision": N+1, "findings": [...], "diff": {...}}; N when nothing changes
 *           refused when the running revision is not N (someone else changed something)
 *           WISH: what is wanted (control/server/wishes.h), such as "document": TEXT
 *   {"request": "drain", "link": NAME, "force": BOOL}, {"request": "undrain", "link": NAME}
 *        -> {"link", "state", ...}, a row of `show drains` (control/sync/sync.h)
 *   {"request": "test", "link": NAME, "seconds": N}  (0: end it)  -> {"link": NAME, "seconds": N}
 *   {"request": "show", "what": "status"|"circuits"|"effective"|"peerings"|"bgp"|"arp"|
 *       "rejected"|"routes"|"advertised"|"document"|"domains"|"drains"|"audit"|"verify"|
 *       "authorizations"|"rates"|"usage"|"records"|"usage-verify"|
 *       "service-key"|"validation"}  (advertised, rejected, bgp: and "within": ADDRESS or nothing;
 * service-key: and "service_key": KEY; routes: and "routes" of view_route_details;
 * domains: and "circuit": NAME or nothing)
 *        -> {"rows": [...]} or the object itself
 * Every failure: {"error": TEXT}, for a bad document "findings" too, and "conflicts", sentences
 * on what a file would undo. What plan said, commit says.
 * A request is at most SERVER_REQUEST_MAX bytes; clients are root or control's own user.
 */
#pragma once

#include <event2/event.h>

#include "control/sync/sync.h"

/* A document of the largest size, each byte of it escaped, would not fit: YAML is plain text. */
#define SERVER_REQUEST_MAX (16u * 1024u * 1024u)

struct server;

struct server_options {
	const char *run_dir;
	const char *state_dir;
	const char *self;              /* the edge this machine is */
	const struct machine *machine; /* edge.yaml; NULL: there is none */
	unsigned int sample_s; /* from look to look at what links move (control/usage/sampler.h) */
};

/* Loads the store, applies its document through sync, listens. A stored document that is refused
 * (by a newer version, or for another edge) is logged and shown by `status`; the server listens all
 * the same, so that a better one can be applied, and touches nothing until then. NULL with errno,
 * logged: EADDRINUSE another control serves this directory. */
struct server *server_open(
	struct event_base *base, const struct server_options *options, struct sync *sync);

/* Closes every connection; before sync_close. */
void server_close(struct server *server);
