/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many prefixes a connection lets into a circuit's domain from its network's. First come, first
 * served: what is above the limit is refused until something goes that is not, and neither reaches
 * the dataplane nor is announced there; sessions, and what was there before, know nothing of it. A
 * prefix that several networks bring counts for the one that it is chosen from.
 */
#include <string.h>
#include <sys/socket.h>

#include "control/log.h"
#include "control/model/ip.h"
#include "control/sync/internal.h"

#define CONNECTION_TEXT_MAX (sizeof("connection  - ") + 2 * DOMAIN_NAME_MAX)

/* What is announced counts; neighbours are not. */
static bool counts(uint8_t origin)
{
	return origin == API_ORIGIN_BGP || origin == API_ORIGIN_STATIC ||
	       origin == API_ORIGIN_CONNECTED;
}

static struct partner *find_partner(const struct domain *domain, uint32_t vrf)
{
	for (unsigned int i = 0; i < domain->partner_count; i++)
		if (domain->partners[i].vrf == vrf)
			return &domain->partners[i];
	return NULL;
}

/* "connection acme-vnet - acme", as a changed file says it. */
static void connection_text(
	const struct domain *domain, const struct partner *partner, char text[CONNECTION_TEXT_MAX])
{
	const char *from = domain->sync->by_vrf[partner->vrf]->name, *to = domain->name;
	const char *from_dot = strchr(from, '.'), *to_dot = strchr(to, '.');

	snprintf(text, CONNECTION_TEXT_MAX, "connection %s - %s",
		from_dot != NULL ? from_dot + 1 : from, to_dot != NULL ? to_dot + 1 : to);
}

static void tell(
	const struct domain *domain, struct partner *partner, const struct route_entry *native)
{
	unsigned int family = native->family != AF_INET;
	struct ip prefix = rib_prefix(native);
	char connection[CONNECTION_TEXT_MAX], text[64];

	if (partner->leaks[family].told)
		return;
	partner->leaks[family].told = true;
	connection_text(domain, partner, connection);
	log_warning("limit",
		"%s: %s and what follows is refused: %u %s prefixes are the limit; see "
		"`onramp show routes --rejected`",
		connection, ip_text(&prefix, text, sizeof(text)), partner->limits[family],
		ip_family_name(native->family));
}

bool leak_refused(const struct domain *domain, struct partner *partner,
	const struct route_entry *present, const struct route_entry *native)
{
	unsigned int family = native->family != AF_INET;
	uint32_t limit = partner->limits[family];
	bool there = present != NULL && present->leaked_from == partner->vrf &&
		     counts(present->effective_origin);

	if (limit == 0 || !counts(native->native_origin) ||
		partner->leaks[family].count < limit + there)
		return false;
	partner->leaks[family].surplus = true;
	tell(domain, partner, native);
	return true;
}

static void look_for_alarm(const struct domain *domain, struct partner *partner, unsigned int f)
{
	struct leak_use *use = &partner->leaks[f];
	char connection[CONNECTION_TEXT_MAX];

	if (!alarm_turns(&use->alarm, use->count, partner->limits[f]))
		return;
	connection_text(domain, partner, connection);
	alarm_tell(connection, use->alarm, use->count, ip_family_name(f == 0 ? AF_INET : AF_INET6),
		partner->limits[f]);
}

static void count(
	struct domain *domain, uint32_t from, uint8_t origin, unsigned int family, bool more)
{
	struct partner *partner = from != 0 && counts(origin) ? find_partner(domain, from) : NULL;
	struct leak_use *use = partner != NULL ? &partner->leaks[family] : NULL;

	if (use == NULL)
		return;
	use->count += more ? 1 : -1u;
	look_for_alarm(domain, partner, family);
	if (use->surplus && use->count < partner->limits[family]) {
		domain->leaks_stale = true;
		limits_soon(domain->sync);
	}
}

void leak_moves(struct domain *domain, const struct route_entry *entry, uint16_t to, uint8_t origin)
{
	unsigned int family = entry->family != AF_INET;

	if (entry->leaked_from == to && counts(entry->effective_origin) == counts(origin))
		return;
	count(domain, entry->leaked_from, entry->effective_origin, family, false);
	count(domain, to, origin, family, true);
}

/* ---- other connections, other limits ---- */

static void forget(struct partner *partner)
{
	for (unsigned int f = 0; f < 2; f++) {
		partner->leaks[f].count = 0;
		partner->leaks[f].surplus = false;
	}
}

void leaks_count_again(struct sync *sync)
{
	uint32_t id = table_walk(&sync->routes, 0);

	for (unsigned int i = 0; i < sync->domain_count; i++)
		for (unsigned int p = 0; p < sync->domains[i]->partner_count; p++)
			forget(&sync->domains[i]->partners[p]);
	for (; id != 0; id = table_walk(&sync->routes, id + 1)) {
		const struct route_entry *entry = table_at(&sync->routes, id);
		struct partner *partner =
			entry->leaked_from != 0 && counts(entry->effective_origin)
				? find_partner(sync->by_vrf[entry->vrf], entry->leaked_from)
				: NULL;

		if (partner != NULL)
			partner->leaks[entry->family != AF_INET].count++;
	}
}

void leaks_counted(struct sync *sync)
{
	for (unsigned int i = 0; i < sync->domain_count; i++)
		for (unsigned int p = 0; p < sync->domains[i]->partner_count; p++)
			for (unsigned int f = 0; f < 2; f++) {
				struct partner *partner = &sync->domains[i]->partners[p];

				partner->leaks[f].told &= partner->leaks[f].surplus;
				look_for_alarm(sync->domains[i], partner, f);
			}
}

/* ---- there is room ---- */

static bool has_room(const struct partner *partner, unsigned int family)
{
	return partner->leaks[family].count < partner->limits[family];
}

/* Ends as soon as it is full again: of a million that are refused, few are looked at. */
static void admit_family(struct domain *domain, struct partner *partner, unsigned int family)
{
	struct sync *sync = domain->sync;
	uint32_t id = table_walk(&sync->routes, 0);

	partner->leaks[family].surplus = false;
	for (; id != 0; id = table_walk(&sync->routes, id + 1)) {
		const struct route_entry *entry = table_at(&sync->routes, id);
		struct ip prefix = rib_prefix(entry);

		if (entry->vrf != partner->vrf || !rib_leaks(sync, entry) ||
			(entry->family != AF_INET) != family)
			continue;
		if (!has_room(partner, family)) {
			partner->leaks[family].surplus =
				true; /* perhaps: the rest is not looked at */
			return;
		}
		rib_leak_again(sync, domain->vrf, &prefix);
	}
	partner->leaks[family].told &= partner->leaks[family].surplus;
}

void leaks_admit(struct domain *domain)
{
	domain->leaks_stale = false;
	for (unsigned int p = 0; p < domain->partner_count; p++)
		for (unsigned int f = 0; f < 2; f++)
			if (domain->partners[p].leaks[f].surplus &&
				has_room(&domain->partners[p], f))
				admit_family(domain, &domain->partners[p], f);
}

/* ---- which ones ---- */

/* Is something as good there, or better? */
static bool is_wanted(const struct domain *domain, const struct partner *partner,
	const struct route_entry *present)
{
	const struct partner *other;

	if (present == NULL)
		return true;
	if (present->native_set != 0 || present->leaked_from == partner->vrf)
		return false;
	other = find_partner(domain, present->leaked_from);
	return other == NULL || other->weight < partner->weight;
}

void leaks_each_refused(const struct domain *domain, uint32_t from,
	void (*each)(const struct ip *prefix, void *context), void *context)
{
	const struct sync *sync = domain->sync;
	const struct partner *partner = find_partner(domain, from);
	uint32_t id = table_walk(&sync->routes, 0);

	if (partner == NULL || !(partner->leaks[0].surplus || partner->leaks[1].surplus))
		return;
	for (; id != 0; id = table_walk(&sync->routes, id + 1)) {
		const struct route_entry *entry = table_at(&sync->routes, id);
		struct ip prefix = rib_prefix(entry);

		if (entry->vrf == from && rib_leaks(sync, entry) && counts(entry->native_origin) &&
			partner->leaks[entry->family != AF_INET].surplus &&
			is_wanted(domain, partner, rib_find(sync, domain->vrf, &prefix)))
			each(&prefix, context);
	}
}

void leaks_from(const struct domain *domain, uint32_t from, struct leak_use uses[2])
{
	const struct partner *partner = find_partner(domain, from);

	memset(uses, 0, 2 * sizeof(*uses));
	if (partner != NULL)
		memcpy(uses, partner->leaks, 2 * sizeof(*uses));
}
