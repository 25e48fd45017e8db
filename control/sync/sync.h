/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the wish (a site's plan) and the facts (kernel routes, neighbours, links of each domain) to
 * the dataplane's tables and FRR's configuration; the one place that knows both sides. Runs on the
 * event loop of onramp-control.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>
#include <jansson.h>

#include "control/model/plan.h"
#include "control/routing/frr.h"
#include "control/routing/kernel.h"

struct sync;

/* What BGP says of the best way to a prefix in the domain where it was learned. */
struct learned_route {
	struct frr_announcement announcement;
	uint32_t local_pref;
	uint32_t weight; /* bgpd's own */
};

struct sync_options {
	const char *run_dir;  /* dataplane.sock, netns/ */
	const char *frr_dir;  /* zebra.vty, bgpd.vty, staticd.vty, bfdd.vty */
	unsigned int stale_s; /* how long routes of an FRR daemon that died stay, at most */
};

/* NULL with errno. */
struct sync *sync_open(struct event_base *base, const struct sync_options *options);
void sync_close(struct sync *sync);

/* Makes the site the wish, for the given edge; takes ownership of it (and frees the one before).
 * What did not change is not touched. 0 or -errno. */
int sync_apply(struct sync *sync, struct site *site, unsigned int edge);

/* The latest plan, in force as soon as the dataplane takes it; NULL before the first sync_apply. */
const struct plan *sync_plan(const struct sync *sync);

/* Bits of enum api_path_down (DRAIN, ADMIN) for the paths of a link of this name, from now on and
 * whenever the plan has such a link. 0 or -ENOMEM. */
int sync_want_paths(struct sync *sync, const char *link, uint8_t wanted);

/* Asks the dataplane to test the failure of a link for so many seconds, 0: to end that. What the
 * dataplane makes of it can be read there. 0, -ENOENT: no such link on this edge, -ENOTCONN: not in
 * step with the dataplane. */
int sync_link_test(struct sync *sync, const char *link, uint32_t seconds);

/* By index in the plan; NULL when the domain is not up yet. */
struct kernel *sync_kernel(struct sync *sync, unsigned int domain);
struct frr *sync_frr(struct sync *sync);
/* Of a domain's own route, as bgpd's table was read last (within seconds of each change). NULL: not
 * by BGP, not read yet, or in a domain without a connection that has too many to read them only to
 * be shown. Until the next turn of the loop. */
const struct learned_route *sync_learned(
	struct sync *sync, unsigned int domain, const struct ip *prefix);

/* Fills text with what keeps a session down that BGP itself is not told: a wrong key of TCP-MD5. By
 * index of the domain in the plan and of the link in the domain. False: nothing known. */
bool sync_session_trouble(
	struct sync *sync, unsigned int domain, unsigned int link, char *text, size_t size);

/* Routes by BGP that a soft limit keeps out of a domain (by index in the plan). */
void sync_each_refused(struct sync *sync, unsigned int domain,
	void (*each)(const struct kernel_route *route, void *context), void *context);

/* What a connection of the plan carries into one of its domains; by family, IPv4 and IPv6. */
struct sync_leaks {
	uint32_t prefixes[2]; /* that are announced there */
	uint32_t refused[2];  /* above the limit */
	bool alarm[2];        /* near it */
};
/* Fills leaks, with zeros when a domain is not up yet. */
void sync_leaks(struct sync *sync, const struct plan_connection *connection, bool to_circuit,
	struct sync_leaks *leaks);
/* The network's prefixes that are above the connection's limit. */
void sync_each_leak_refused(struct sync *sync, const struct plan_connection *connection,
	void (*each)(const struct ip *prefix, void *context), void *context);

/* Takes a link (of any name, of this edge's plan or of a later one) out of use, step by step; one
 * that was drained before this process started: at_once. 0 or -ENOMEM. */
int sync_drain(struct sync *sync, const char *link, bool at_once);
void sync_undrain(struct sync *sync, const char *link);
/* [{"link", "state": "telling"|"leaving"|"moving"|"drained"|"returning"|"welcoming", "here": the
 * plan has it, "in_pps", "out_pps": packets forwarded in from it, out to it}] */
json_t *sync_drains(const struct sync *sync);

/* {"dataplane": {"connected": bool, "state": ..., "synced": bool, "error": text|null},
 *  "frr": {"connected": bool, "bfd": bool (bfdd is there), "applied": bool,
 *  "held_routes": n (of a daemon that died), "error": ...},
 * "domains": n, "routes": n, ...} */
json_t *sync_status(const struct sync *sync);
