/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What each domain announces: the routes that connections leak into it and that forward now, with
 * the attributes they had where they were learned (attributes.c).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/log.h"
#include "control/model/public.h"
#include "control/sync/internal.h"

#define SETTLE_MS 50
#define AWAY_MS 200
#define LEAVE_S 1
#define VERSIONS_S 5
#define DRAIN_PREPEND 3 /* the site's AS number, as often as towards the link's own neighbour */

static void announce_in(struct sync *sync, unsigned int ms)
{
	struct timeval delay = {0, ms * 1000};

	if (sync->announce_event != NULL && !evtimer_pending(sync->announce_event, NULL))
		evtimer_add(sync->announce_event, &delay);
}

void announce_later(struct sync *sync)
{
	announce_in(sync, SETTLE_MS);
}

/* FRR leaves a domain before its namespace goes (one that is away finds neither), and zebra gets
 * the time to forget its links and routes: it dies of a namespace that goes while its other thread
 * is at work for it. */
static void sweep_namespaces(struct sync *sync)
{
	struct timeval delay = {LEAVE_S, 0};

	if (!sync->namespaces_left || !sync->told)
		return;
	if (frr_connected(sync->frr) && !frr_settled(sync->frr))
		return;
	sync->namespaces_left = false;
	if (domains_empty_namespaces(sync))
		evtimer_add(sync->leave_event, &delay);
}

/* A later plan's snapshot begins this anew. */
static void on_leave(evutil_socket_t fd, short what, void *context)
{
	struct sync *sync = context;

	if (!sync->namespaces_left)
		domains_sweep_namespaces(sync);
}

static void on_version_time(evutil_socket_t fd, short what, void *context)
{
	struct sync *sync = context;
	struct timeval delay = {VERSIONS_S, 0};

	evtimer_add(sync->version_event, &delay);
	if (sync->plan != NULL)
		attributes_ask_versions(sync);
	sweep_namespaces(sync);
	if (frr_zebra_lives(sync->frr) != sync->zebra_life)
		heard_later(sync);
	announce_later(sync);
}

static bool announceable(const struct sync *sync, const struct route_entry *entry)
{
	if (entry->leaked_from == 0)
		return false;
	if (entry->effective_origin == API_ORIGIN_CONNECTED)
		return true; /* without a carrier the kernel has no such route */
	return set_alive(sync, entry->effective_set) &&
	       (entry->effective_origin == API_ORIGIN_BGP ||
		       entry->effective_origin == API_ORIGIN_STATIC);
}

/* All ways to it are over links that are drained: others that know it are to be preferred (RFC
 * 8326). */
static void shut(const struct sync *sync, struct frr_announcement *announcement)
{
	const size_t most = sizeof(announcement->as_path) / sizeof(announcement->as_path[0]);
	size_t kept = announcement->as_path_length, used = strlen(announcement->communities);

	if (kept > most - DRAIN_PREPEND)
		kept = most - DRAIN_PREPEND;
	memmove(&announcement->as_path[DRAIN_PREPEND], announcement->as_path,
		kept * sizeof(announcement->as_path[0]));
	for (size_t i = 0; i < DRAIN_PREPEND; i++)
		announcement->as_path[i] = sync->plan->site->asn;
	announcement->as_path_length = (uint8_t)(kept + DRAIN_PREPEND);
	snprintf(announcement->communities + used, sizeof(announcement->communities) - used,
		"%s65535:0", used > 0 ? " " : "");
}

static const struct plan_domain *planned(const struct sync *sync, uint32_t vrf)
{
	const struct domain *domain = sync->by_vrf[vrf];

	return domain->wanted ? &sync->plan->domains[domain->index] : NULL;
}

static bool is_public(const struct sync *sync, uint32_t vrf)
{
	const struct plan_domain *domain = planned(sync, vrf);

	return domain != NULL && (domain->kind == DOMAIN_PUBLIC || domain->kind == DOMAIN_SERVICE);
}

/* Private AS numbers mean nothing to others (RFC 6996 section 4). */
static void strip_private(struct frr_announcement *announcement)
{
	uint8_t kept = 0;

	for (uint8_t i = 0; i < announcement->as_path_length; i++)
		if (!asn_is_private(announcement->as_path[i]))
			announcement->as_path[kept++] = announcement->as_path[i];
	announcement->as_path_length = kept;
}

/* What is a service's is known by the service's communities, and by no others. */
static void add_communities(
	const struct sync *sync, uint32_t vrf, struct frr_announcement *announcement)
{
	const struct plan_domain *domain = planned(sync, vrf);
	const struct site_service *service = domain != NULL ? domain->service : NULL;
	size_t used = 0;

	for (unsigned int i = 0; service != NULL && i < service->community_count; i++) {
		char text[COMMUNITY_TEXT_MAX];

		used += (size_t)snprintf(announcement->communities + used,
			sizeof(announcement->communities) - used, "%s%s", i > 0 ? " " : "",
			community_text(&service->communities[i], text));
		if (used >= sizeof(announcement->communities))
			return;
	}
}

static bool fill_announcement(const struct sync *sync, const struct route_entry *entry,
	struct frr_announcement *announcement)
{
	const struct domain *native = sync->by_vrf[entry->leaked_from];
	struct ip prefix = rib_prefix(entry);
	const struct attribute *learned;

	memset(announcement, 0, sizeof(*announcement));
	announcement->prefix = prefix;
	if (entry->effective_origin == API_ORIGIN_BGP) {
		learned = attributes_find(native, &prefix);
		if (learned == NULL)
			return false; /* on its way: its table is stale and will be read again */
		*announcement = learned->route.announcement;
	}
	if (is_public(sync, entry->vrf) || is_public(sync, entry->leaked_from))
		strip_private(announcement);
	add_communities(sync, entry->leaked_from, announcement);
	if (drain_covers(sync, entry->effective_set))
		shut(sync, announcement);
	return true;
}

/* Announcements of all domains in one array, a slice each. */
static int collect(const struct sync *sync, struct frr_domain *domains,
	struct frr_announcement **announcements)
{
	size_t *slice = calloc(API_VRFS_MAX + 1, sizeof(*slice));
	size_t total = 0;
	uint32_t id;

	if (slice == NULL)
		return -ENOMEM;
	for (id = table_walk(&sync->routes, 0); id != 0; id = table_walk(&sync->routes, id + 1)) {
		const struct route_entry *entry = table_at(&sync->routes, id);
		slice[entry->vrf] += announceable(sync, entry);
	}
	for (unsigned int i = 0; i < sync->plan->domain_count; i++) {
		size_t count = slice[sync->domains[i]->vrf];
		slice[sync->domains[i]->vrf] = total;
		total += count;
	}
	*announcements = calloc(total + 1, sizeof(**announcements));
	for (unsigned int i = 0; *announcements != NULL && i < sync->plan->domain_count; i++) {
		domains[i].domain = &sync->plan->domains[i];
		domains[i].ready = sync->domains[i]->acked;
		domains[i].stale_s = sync->stale_s;
		domains[i].bfd = frr_bfd_connected(sync->frr);
		domains[i].shut_out = drain_shut_out(sync, sync->domains[i]);
		domains[i].shut_in = drain_shut_in(sync, sync->domains[i]);
		for (unsigned int f = 0; f < 2; f++) {
			domains[i].limit_again[f] = sync->domains[i]->prefixes[f].again;
			domains[i].key_again[f] = sync->domains[i]->md5_again[f].links;
		}
		domains[i].announcements = *announcements + slice[sync->domains[i]->vrf];
	}
	for (id = table_walk(&sync->routes, 0); *announcements != NULL && id != 0;
		id = table_walk(&sync->routes, id + 1)) {
		const struct route_entry *entry = table_at(&sync->routes, id);
		const struct domain *domain = sync->by_vrf[entry->vrf];

		if (domain->wanted && announceable(sync, entry) &&
			fill_announcement(sync, entry, &(*announcements)[slice[entry->vrf]])) {
			slice[entry->vrf]++;
			domains[domain->index].announcement_count++;
		}
	}
	free(slice);
	return *announcements != NULL ? 0 : -ENOMEM;
}

void announce_snapshot(struct sync *sync)
{
	sync->namespaces_left = true;
	sync->told = false;
	announce_later(sync);
}

static void tell(struct sync *sync)
{
	struct frr_domain *domains = calloc(sync->plan->domain_count + 1, sizeof(*domains));
	struct frr_announcement *announcements = NULL;
	int error = domains != NULL ? collect(sync, domains, &announcements) : -ENOMEM;

	if (error == 0)
		error = frr_want(sync->frr, sync->plan, domains, sync->plan->domain_count);
	if (error != 0)
		log_error("frr", "cannot state what is wanted: %s", strerror(-error));
	sync->announced |= error == 0;
	sync->told = error == 0;
	if (error == 0)
		drain_told(sync);
	free(announcements);
	free(domains);
	sweep_namespaces(sync);
}

/*
 * Nothing is said before the dataplane has acknowledged a snapshot, nor while another one is being
 * stated: what it brings does not forward yet. After a restart of control the first wish must be
 * complete, because what it leaves out is withdrawn: it waits for bgpd and its tables (an empty
 * bgpd answers too, with empty tables). Later wishes wait for stale tables as well.
 */
static void on_announce(evutil_socket_t fd, short what, void *context)
{
	struct sync *sync = context;

	if (sync->plan == NULL || sync->phase != PHASE_SYNCED)
		return;
	attributes_forget_former_life(sync);
	if (!frr_connected(sync->frr) && !sync->announced) {
		announce_in(sync, AWAY_MS);
		return;
	}
	if (frr_connected(sync->frr) && !attributes_known(sync))
		return;
	tell(sync);
}

static void on_applied(void *context, const char *error)
{
	struct sync *sync = context;

	sync->frr_applied = error == NULL;
	snprintf(sync->frr_error, sizeof(sync->frr_error), "%s", error != NULL ? error : "");
	sweep_namespaces(sync);
}

int announce_open(struct sync *sync)
{
	struct timeval delay = {VERSIONS_S, 0};

	sync->frr = frr_open(sync->base, sync->frr_dir, on_applied, sync);
	if (sync->frr == NULL)
		return -errno;
	sync->announce_event = evtimer_new(sync->base, on_announce, sync);
	sync->version_event = evtimer_new(sync->base, on_version_time, sync);
	sync->leave_event = evtimer_new(sync->base, on_leave, sync);
	if (sync->announce_event == NULL || sync->version_event == NULL ||
		sync->leave_event == NULL)
		return -ENOMEM;
	return evtimer_add(sync->version_event, &delay);
}

void announce_close(struct sync *sync)
{
	if (sync->frr != NULL)
		frr_close(sync->frr);
	if (sync->announce_event != NULL)
		event_free(sync->announce_event);
	if (sync->version_event != NULL)
		event_free(sync->version_event);
	if (sync->leave_event != NULL)
		event_free(sync->leave_event);
}
