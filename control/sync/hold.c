/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes of a routing daemon that died. zebra takes what staticd or a bgpd without a graceful
 * restart for a domain had installed out of the kernel at once, and so does a bgpd that starts
 * again with empty tables: both say that nobody knows these routes, not that they are wrong. So
 * from the death of the daemon a domain keeps its routes of that origin, until the daemon's next
 * life has had its say there (its configuration is pushed, its sessions are up, and no route of the
 * domain changed for a while) or until the time is over, as for the stale routes of RFC 4724.
 *
 * What the kernel still has when the time is over is zebra's to remove. A zebra that is away too
 * cannot: then the kernel is told here.
 *
 * A daemon that is ended in order withdraws its routes before it closes its sockets: nothing is
 * held then.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/log.h"
#include "control/routing/frr_summary.h"
#include "control/sync/internal.h"

#define TICK_S 1
#define QUIET_TICKS 5
/* Neighbours are promised a restart of 20 s; a session that is not up after this is down for
 * reasons of its own, and what others of the domain took back must not stay for its sake. */
#define SESSIONS_TICKS 45

static struct hold *hold_of(struct domain *domain, uint8_t origin)
{
	if (origin == API_ORIGIN_BGP)
		return &domain->holds[HOLD_BGP];
	return origin == API_ORIGIN_STATIC ? &domain->holds[HOLD_STATIC] : NULL;
}

static const char *daemon_name(unsigned int which)
{
	return which == HOLD_BGP ? "bgpd" : "staticd";
}

static bool gone(const struct sync *sync, unsigned int which)
{
	return frr_daemon_gone(sync->frr, which == HOLD_BGP ? FRR_BGPD : FRR_STATICD);
}

/* Once for each death; the domains that hold since an earlier one start anew. */
static void begin(struct sync *sync, unsigned int which)
{
	struct timeval delay = {TICK_S, 0};

	if (sync->daemon_died[which])
		return;
	sync->daemon_died[which] = true;
	for (unsigned int i = 0; i < sync->domain_count; i++)
		sync->domains[i]->holds[which] =
			(struct hold){.active = true, .left = sync->stale_s / TICK_S};
	log_warning("frr",
		"%s died; its routes stay for %u s, or until it is back and has said all",
		daemon_name(which), sync->stale_s);
	if (!evtimer_pending(sync->hold_event, NULL))
		evtimer_add(sync->hold_event, &delay);
}

bool hold_keeps(struct domain *domain, const struct ip *prefix)
{
	struct sync *sync = domain->sync;
	struct route_entry *entry = rib_find(sync, domain->vrf, prefix);
	struct hold *hold = entry ? hold_of(domain, entry->native_origin) : NULL;
	unsigned int which;

	if (hold == NULL || entry->native_set == 0)
		return false;
	which = (unsigned int)(hold - domain->holds);
	if (gone(sync, which))
		begin(sync, which);
	hold->quiet = 0;
	if (!hold->active)
		return false;
	sync->held_routes += !entry->held;
	entry->held = true;
	return true;
}

void hold_renewed(struct domain *domain, const struct ip *prefix, enum api_route_origin origin)
{
	struct hold *hold = hold_of(domain, origin);
	struct route_entry *entry;

	if (hold != NULL)
		hold->quiet = 0;
	if (domain->sync->held_routes == 0)
		return;
	entry = rib_find(domain->sync, domain->vrf, prefix);
	if (entry != NULL)
		hold_forgotten(domain->sync, entry);
}

/* ---- is its next life complete? ---- */

struct question {
	struct sync *sync;
	unsigned int family;
};

static const char *const summaries[] = {
	"show bgp vrf all ipv4 unicast summary json", "show bgp vrf all ipv6 unicast summary json"};

static void on_summary(void *context, json_t *answer)
{
	struct question *question = context;
	struct sync *sync = question->sync;
	uint8_t bit = (uint8_t)(1u << question->family);

	for (unsigned int i = 0; answer != NULL && i < sync->domain_count; i++) {
		struct domain *domain = sync->domains[i];
		const json_t *peers =
			json_object_get(json_object_get(answer, domain->name), "peers");

		domain->holds[HOLD_BGP].families_up &= (uint8_t)~bit;
		if (frr_all_established(peers))
			domain->holds[HOLD_BGP].families_up |= bit;
	}
	free(question);
}

static void ask_sessions(struct sync *sync)
{
	for (unsigned int f = 0; f < 2; f++) {
		struct question *question = malloc(sizeof(*question));

		if (question == NULL)
			return;
		*question = (struct question){sync, f};
		if (frr_query(sync->frr, summaries[f], on_summary, question) != 0)
			free(question);
	}
}

/* One second of a domain's hold; true: it is over. */
static bool tick(const struct sync *sync, struct domain *domain, unsigned int which)
{
	struct hold *hold = &domain->holds[which];
	bool complete = !sync->daemon_died[which];

	if (!hold->active)
		return false;
	hold->back = complete ? hold->back + 1 : 0;
	if (which == HOLD_BGP)
		complete &= hold->families_up == 3 || hold->back > SESSIONS_TICKS;
	hold->quiet = complete ? hold->quiet + 1 : 0;
	if (hold->left > 0)
		hold->left--;
	if (hold->quiet < QUIET_TICKS && hold->left > 0)
		return false;
	hold->active = false;
	return true;
}

/* What no daemon has stated again, of all the domains whose hold is over. */
static unsigned int release(struct sync *sync)
{
	uint32_t id = table_walk(&sync->routes, 0);
	unsigned int count = 0;

	for (; id != 0 && sync->held_routes > 0; id = table_walk(&sync->routes, id + 1)) {
		struct route_entry *entry = table_at(&sync->routes, id);
		struct domain *domain = sync->by_vrf[entry->vrf];
		struct hold *hold = hold_of(domain, entry->native_origin);
		struct ip prefix;

		if (!entry->held || (hold != NULL && hold->active))
			continue;
		prefix = rib_prefix(entry);
		hold_forgotten(sync, entry);
		domain_route_gone(domain, &prefix);
		count++;
	}
	return count;
}

/* The time of a daemon that is away is over. zebra ends its routes itself if it is there (and would
 * put back what others take out). */
static void purge(struct sync *sync, const struct domain *domain, unsigned int which)
{
	const uint8_t protocols[HOLDS] = {
		[HOLD_BGP] = KERNEL_PROTOCOL_BGP, [HOLD_STATIC] = KERNEL_PROTOCOL_STATIC};

	if (gone(sync, which) && frr_zebra_gone(sync->frr) && domain->kernel != NULL)
		kernel_purge(domain->kernel, protocols[which]);
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
	struct sync *sync = context;
	struct timeval delay = {TICK_S, 0};
	bool active = false, over = false, ask = false;

	for (unsigned int which = 0; which < HOLDS; which++) {
		if (sync->daemon_died[which] && !gone(sync, which) && frr_settled(sync->frr))
			sync->daemon_died[which] = false;
		for (unsigned int i = 0; i < sync->domain_count; i++) {
			if (tick(sync, sync->domains[i], which)) {
				over = true;
				purge(sync, sync->domains[i], which);
			}
			active |= sync->domains[i]->holds[which].active;
			ask |= which == HOLD_BGP && sync->domains[i]->holds[which].active;
		}
		active |= sync->daemon_died[which];
	}
	if (over) {
		unsigned int count = release(sync);

		if (count > 0)
			log_warning("frr", "%u routes of a daemon that died are gone", count);
		session_flush_soon(sync);
	}
	if (ask)
		ask_sessions(sync);
	if (active)
		evtimer_add(sync->hold_event, &delay);
}

static void on_daemon(void *context, enum frr_daemon_id id, bool here)
{
	struct sync *sync = context;

	if (!here && (id == FRR_BGPD || id == FRR_STATICD))
		begin(sync, id == FRR_BGPD ? HOLD_BGP : HOLD_STATIC);
	/* bgpd is to use BFD, or to forget it (struct frr_domain). */
	if (id == FRR_BFDD)
		announce_later(sync);
}

int hold_open(struct sync *sync)
{
	sync->hold_event = evtimer_new(sync->base, on_tick, sync);
	frr_watch(sync->frr, on_daemon, sync);
	return sync->hold_event != NULL ? 0 : -ENOMEM;
}

void hold_close(struct sync *sync)
{
	if (sync->hold_event != NULL)
		event_free(sync->hold_event);
	sync->hold_event = NULL;
}
