/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FRR's configuration as a difference: what is wanted (built line by line from the plan), what
 * runs (`show running-config`), and the commands that lead from one to the other without touching
 * what is already right. One `struct frr` holds bgpd, staticd, bfdd and zebra. BGP does not need
 * bfdd: without it a link that went silent is noticed by the hold timer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>
#include <jansson.h>

#include "control/model/plan.h"

/* A prefix to originate in a domain, towards every session of that domain, with the attributes it
 * had where it was learned. */
struct frr_announcement {
	struct ip prefix;
	uint32_t as_path[32]; /* as learned, nearest first; the site's own ASN is added by BGP */
	uint8_t as_path_length;
	uint32_t med;
	bool has_med;
	char communities[256]; /* "65001:1 65001:2", may be empty */
};

/* A session that brings so many times a soft limit is closed all the same. */
#define FRR_SOFT_LIMIT_CLOSES_AT 10

struct frr_domain {
	const struct plan_domain *domain;
	const struct frr_announcement *announcements;
	size_t announcement_count;
	bool ready; /* false: this domain announces nothing yet; its sessions exist all the same */
	/* Bits, by the link's index: the neighbour is asked to leave the link (AS path longer,
	 * GRACEFUL_SHUTDOWN, RFC 8326); what it announces there is used last. */
	uint8_t shut_out, shut_in;
	/* bfdd is there. bgpd takes each session that a new bfdd does not know yet for Down and
	 * resets it, so it must have forgotten BFD before bfdd comes back. */
	bool bfd;
	/* By family (IPv4, IPv6), bits by link: another value than before has bgpd look again
	 * whether the session brings too many prefixes. */
	uint8_t limit_again[2];
	/* By family, bits by link: the session is shut and without its key, so that the next wish
	 * states it anew. */
	uint8_t key_again[2];
	unsigned int stale_s; /* zebra keeps the routes of a bgpd that died so long */
};

struct frr;

/* Called when what runs equals what was wanted (error NULL), or FRR refused something (error:
 * daemon, command and answer). */
typedef void (*frr_applied)(void *context, const char *error);

struct frr *frr_open(
	struct event_base *base, const char *frr_dir, frr_applied applied, void *context);
void frr_close(struct frr *frr);

/* States the whole wish, also for domains that are as before; copied. The difference is pushed
 * when the daemons are there, again after each of their restarts, and domains of ours (by name
 * prefix private. public. vnet. service.) that are not named any more are removed. Cheap when
 * nothing differs. 0 or -errno. */
int frr_want(
	struct frr *frr, const struct plan *plan, const struct frr_domain *domains, size_t count);

/* One read-only command to bgpd whose answer is JSON; reply gets NULL when bgpd is away or the
 * answer is none; it is lent for the call. */
typedef void (*frr_answer)(void *context, json_t *answer);
/* 0: answer is called once, later; -errno (-ENOTCONN: bgpd is away): it is not. */
int frr_query(struct frr *frr, const char *command, frr_answer answer, void *context);
/* The same to zebra. */
int frr_query_zebra(struct frr *frr, const char *command, frr_answer answer, void *context);
/* How often zebra has been connected to: another number means another process, perhaps. 0: never.
 */
unsigned int frr_zebra_lives(const struct frr *frr);
unsigned int frr_bgpd_lives(const struct frr *frr);
/* Told whenever a daemon comes (its vty answers) or goes. */
enum frr_daemon_id { FRR_BGPD, FRR_STATICD, FRR_BFDD };
typedef void (*frr_daemon_changed)(void *context, enum frr_daemon_id daemon, bool here);
void frr_watch(struct frr *frr, frr_daemon_changed changed, void *context);
/* It was here, and is not any more: also when its end has not been told yet, which may come after
 * what the end led to. */
bool frr_daemon_gone(const struct frr *frr, enum frr_daemon_id daemon);
bool frr_zebra_gone(const struct frr *frr);
/* The daemons run all that was wanted last. */
bool frr_settled(const struct frr *frr);
bool frr_connected(const struct frr *frr); /* zebra, bgpd, staticd */
bool frr_bfd_connected(const struct frr *frr);
