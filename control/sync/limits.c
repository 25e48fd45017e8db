/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many prefixes BGP may bring into a domain. A hard limit is bgpd's own: it closes the session
 * that brings more. A soft one is kept here, because bgpd either closes or takes all: a route that
 * comes when the domain is full stays in the domain's kernel, which forwards nothing, and neither
 * reaches the dataplane nor leaks. First come, first served; room that others leave goes to those
 * that wait. Both modes have the alarm.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "control/log.h"
#include "control/routing/frr_summary.h"
#include "control/sync/internal.h"

#define SETTLE_MS 100

static const char *family_name(unsigned int family)
{
	return family == 0 ? "IPv4" : "IPv6";
}

static uint32_t limit_of(const struct domain *domain, unsigned int family)
{
	return family == 0 ? domain->limits.ipv4 : domain->limits.ipv6;
}

/* contoso/private, of the first link's name. */
static void owner_text(const struct domain *domain, char text[API_NAME_MAX])
{
	const char *name = domain->link_count > 0 ? domain->links[0].plan.name : domain->name;
	const char *slash = strrchr(name, '/');

	snprintf(text, API_NAME_MAX, "%.*s", slash ? (int)(slash - name) : (int)strlen(name), name);
}

void limits_soon(struct sync *sync)
{
	const struct timeval delay = {0, SETTLE_MS * 1000};

	if (sync->limits_event != NULL && !evtimer_pending(sync->limits_event, NULL))
		evtimer_add(sync->limits_event, &delay);
}

static void look_again(struct domain *domain)
{
	domain->limits_stale = true;
	limits_soon(domain->sync);
}

bool limits_refuse(struct domain *domain, const struct ip *prefix)
{
	unsigned int family = prefix->family == AF_INET ? 0 : 1;
	struct prefix_use *use = &domain->prefixes[family];
	uint32_t limit = limit_of(domain, family);
	const struct route_entry *entry;
	char owner[API_NAME_MAX], text[64];

	if (!domain->limits.soft || limit == 0 || use->count < limit)
		return false;
	entry = rib_find(domain->sync, domain->vrf, prefix);
	if (entry != NULL && entry->native_set != 0 && entry->native_origin == API_ORIGIN_BGP)
		return false;
	use->surplus = true;
	if (use->told)
		return true;
	use->told = true;
	owner_text(domain, owner);
	log_warning("limit",
		"%s: %s and what follows is refused: %u %s prefixes are the limit; see `onramp "
		"show routes --rejected`",
		owner, ip_text(prefix, text, sizeof(text)), limit, family_name(family));
	return true;
}

static void look_for_alarm(struct domain *domain, unsigned int family)
{
	struct prefix_use *use = &domain->prefixes[family];
	uint32_t limit = limit_of(domain, family);
	char owner[API_NAME_MAX];

	if (!alarm_turns(&use->alarm, use->count, limit))
		return;
	owner_text(domain, owner);
	alarm_tell(owner, use->alarm, use->count, family_name(family), limit);
}

void limits_look(struct domain *domain, uint8_t ip_family)
{
	unsigned int family = ip_family == AF_INET ? 0 : 1;
	struct prefix_use *use = &domain->prefixes[family];

	look_for_alarm(domain, family);
	if (use->surplus && use->count < limit_of(domain, family))
		look_again(domain);
}

void limits_plan(struct domain *domain, const struct prefix_limits *limits)
{
	if (domain->limits.ipv4 == limits->ipv4 && domain->limits.ipv6 == limits->ipv6 &&
		domain->limits.soft == limits->soft)
		return;
	domain->limits = *limits;
	look_again(domain);
}

/* ---- a while later ---- */

static void drop_surplus(const struct ip *prefix, void *context)
{
	struct domain *domain = context;
	unsigned int family = prefix->family == AF_INET ? 0 : 1;

	if (domain->prefixes[family].count > limit_of(domain, family))
		domain_route_gone(domain, prefix);
}

static void admit(struct domain *domain)
{
	bool above = false;

	for (unsigned int f = 0; f < 2; f++) {
		domain->prefixes[f].surplus = false;
		above |= domain->limits.soft && limit_of(domain, f) != 0 &&
			 domain->prefixes[f].count > limit_of(domain, f);
	}
	if (above)
		rib_each_native(domain->sync, domain->vrf, API_ORIGIN_BGP, drop_surplus, domain);
	domain_routes_again(domain);
	for (unsigned int f = 0; f < 2; f++) {
		look_for_alarm(domain, f);
		domain->prefixes[f].told &= domain->prefixes[f].surplus;
	}
	domain->limits_stale = false;
}

static void on_time(evutil_socket_t fd, short what, void *context)
{
	struct sync *sync = context;

	for (unsigned int i = 0; i < sync->domain_count; i++) {
		if (sync->domains[i]->limits_stale)
			admit(sync->domains[i]);
		if (sync->domains[i]->leaks_stale)
			leaks_admit(sync->domains[i]);
	}
	session_flush_soon(sync);
}

/* ---- which ones ---- */

struct refused_walk {
	struct domain *domain;
	void (*each)(const struct kernel_route *route, void *context);
	void *context;
};

static void tell_refused(const struct kernel_route *route, void *context)
{
	const struct refused_walk *walk = context;
	const struct route_entry *entry;

	if (route->protocol != RTPROT_BGP || route->count == 0)
		return;
	entry = rib_find(walk->domain->sync, walk->domain->vrf, &route->prefix);
	if (entry == NULL || entry->native_set == 0 || entry->native_origin != API_ORIGIN_BGP)
		walk->each(route, walk->context);
}

void limits_each_refused(struct domain *domain,
	void (*each)(const struct kernel_route *route, void *context), void *context)
{
	struct refused_walk walk = {domain, each, context};

	if (domain->kernel != NULL && (domain->prefixes[0].surplus || domain->prefixes[1].surplus))
		kernel_each_route(domain->kernel, tell_refused, &walk);
}

/* ---- hard limits: bgpd tells when it is asked ---- */

static void tell_closed(
	const struct domain *domain, const char *link, unsigned int family, bool closed)
{
	uint32_t limit = limit_of(domain, family);

	if (domain->limits.soft)
		limit *= FRR_SOFT_LIMIT_CLOSES_AT;
	if (closed)
		log_error("limit",
			"%s: its %s session is closed, because it brought more than %u prefixes; "
			"it is tried again each minute",
			link, family_name(family), limit);
	else
		log_info("limit", "%s: its %s session is tried again", link, family_name(family));
}

/* One that brings too many and is up: bgpd has not noticed (frr_sessions.c). */
static bool is_overlooked(const struct domain *domain, unsigned int family, const json_t *session)
{
	uint32_t limit = limit_of(domain, family);

	return !domain->limits.soft && limit != 0 && frr_established(session) &&
	       json_integer_value(json_object_get(session, "pfxRcd")) > limit;
}

void limits_sessions(struct domain *domain, uint8_t ip_family, const json_t *peers)
{
	unsigned int family = ip_family == AF_INET ? 0 : 1;
	struct prefix_use *use = &domain->prefixes[family];

	for (unsigned int i = 0; i < domain->link_count; i++) {
		const struct plan_link *link = &domain->links[i].plan;
		struct ip peer = family == 0 ? link->peer4 : link->peer6;
		uint8_t bit = (uint8_t)(1u << i);
		const json_t *session;
		const char *state;
		char address[64];

		if (peer.family == 0)
			continue;
		peer.prefix_len = family == 0 ? 32 : 128;
		ip_text(&peer, address, sizeof(address));
		session = json_object_get(peers, address);
		state = json_string_value(json_object_get(session, "state"));
		if (state == NULL)
			continue;
		if (is_overlooked(domain, family, session)) {
			use->again ^= bit;
			announce_later(domain->sync);
		}
		if ((strstr(state, "PfxCt") != NULL) == ((use->closed & bit) != 0))
			continue;
		use->closed ^= bit;
		tell_closed(domain, link->name, family, (use->closed & bit) != 0);
	}
}

int limits_open(struct sync *sync)
{
	sync->limits_event = evtimer_new(sync->base, on_time, sync);
	return sync->limits_event != NULL ? 0 : -ENOMEM;
}

void limits_close(struct sync *sync)
{
	if (sync->limits_event != NULL)
		event_free(sync->limits_event);
	sync->limits_event = NULL;
}
