/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes by domain: native ones as the kernel has them, and what is effective in the dataplane,
 * which is the native one, or else what a connection leaks. A leaked route names the set of the
 * domain it is native to, and only native routes leak: one hop, never transit.
 */
#include <string.h>
#include <sys/socket.h>

#include "control/log.h"
#include "control/sync/internal.h"

static uint32_t prefix_hash(uint32_t vrf, const struct ip *prefix)
{
	uint32_t seed = vrf << 16 | prefix->family << 8 | prefix->prefix_len;

	return hash_bytes(seed, prefix->address, prefix->family == AF_INET ? 4 : 16);
}

static uint32_t find_id(const struct sync *sync, uint32_t vrf, const struct ip *prefix)
{
	size_t length = prefix->family == AF_INET ? 4 : 16, at;
	uint32_t hash = prefix_hash(vrf, prefix);
	uint32_t id = table_first(&sync->routes, hash, &at);

	for (; id != 0; id = table_next(&sync->routes, hash, &at)) {
		const struct route_entry *entry = table_at(&sync->routes, id);
		if (entry->vrf == vrf && entry->family == prefix->family &&
			entry->prefix_len == prefix->prefix_len &&
			memcmp(entry->address, prefix->address, length) == 0)
			return id;
	}
	return 0;
}

/* NULL for 0: an empty table has no objects to point into. */
static struct route_entry *entry_at(const struct sync *sync, uint32_t id)
{
	return id != 0 ? table_at(&sync->routes, id) : NULL;
}

struct route_entry *rib_find(const struct sync *sync, uint32_t vrf, const struct ip *prefix)
{
	return entry_at(sync, find_id(sync, vrf, prefix));
}

void rib_expect(const struct sync *sync, uint32_t vrf, const struct ip *prefix)
{
	hash_index_prefetch(&sync->routes.index, prefix_hash(vrf, prefix));
}

struct ip rib_prefix(const struct route_entry *entry)
{
	struct ip prefix = {.family = entry->family, .prefix_len = entry->prefix_len};

	memcpy(prefix.address, entry->address, sizeof(prefix.address));
	return prefix;
}

static uint32_t add_entry(struct sync *sync, uint32_t vrf, const struct ip *prefix)
{
	uint32_t id;
	struct route_entry *entry;

	id = table_add(&sync->routes, prefix_hash(vrf, prefix));
	if (id == 0) {
		log_error("sync", "no memory for a route of %s", sync->by_vrf[vrf]->name);
		return 0;
	}
	entry = table_at(&sync->routes, id);
	entry->vrf = vrf;
	entry->family = prefix->family;
	entry->prefix_len = prefix->prefix_len;
	memcpy(entry->address, prefix->address, prefix->family == AF_INET ? 4 : 16);
	return id;
}

static void fill_item(const struct route_entry *entry, struct api_route *item)
{
	*item = (struct api_route){.vrf = entry->vrf,
		.group = entry->effective_set,
		.leaked_from = entry->leaked_from,
		.family = entry->family,
		.prefix_len = entry->prefix_len,
		.origin = entry->effective_origin};
	memcpy(item->address, entry->address, sizeof(item->address));
}

void rib_state(struct sync *sync, const struct route_entry *entry)
{
	struct api_route item;

	if (entry->effective_set == 0)
		return;
	fill_item(entry, &item);
	session_send(sync, API_ROUTE, API_UPSERT, &item);
}

/* What should be effective: set 0 means nothing. */
struct choice {
	uint32_t set;
	uint16_t leaked_from;
	uint8_t origin;
};

/* Of what is connected only transit subnets, where machines of a virtual network are. */
bool rib_leaks(const struct sync *sync, const struct route_entry *entry)
{
	const struct domain *domain = sync->by_vrf[entry->vrf];

	switch (entry->native_set != 0 ? entry->native_origin : 0) {
	case API_ORIGIN_BGP:
	case API_ORIGIN_STATIC:
	case API_ORIGIN_NEIGHBOUR:
		return true;
	case API_ORIGIN_CONNECTED:
		return domain->link_count > 0 && domain->links[0].plan.is_transit;
	default:
		return false;
	}
}

/* What a route of this set is in the domains that it leaks to. */
static uint32_t leaked_set(uint32_t set)
{
	return set == API_GROUP_GLEAN ? API_GROUP_GLEAN_LEAKED : set;
}

/* The native route of a partner that may leak here, or NULL. */
static const struct route_entry *candidate(
	const struct sync *sync, const struct partner *partner, const struct ip *prefix)
{
	const struct route_entry *entry = rib_find(sync, partner->vrf, prefix);

	return entry != NULL && rib_leaks(sync, entry) ? entry : NULL;
}

/* A partner's route that may be chosen. */
struct pick {
	unsigned int index; /* of the partner */
	const struct route_entry *entry;
	uint32_t weight;
	bool shared; /* later partners of the same weight bring the prefix too */
};

/* The best of those that come after one that was refused (NULL: of all). False: there is none. */
static bool pick_next(const struct sync *sync, const struct domain *domain, const struct ip *prefix,
	const struct pick *after, struct pick *pick)
{
	*pick = (struct pick){0};
	for (unsigned int i = 0; i < domain->partner_count; i++) {
		const struct partner *partner = &domain->partners[i];
		const struct route_entry *entry = candidate(sync, partner, prefix);

		if (entry == NULL || (pick->entry != NULL && partner->weight < pick->weight))
			continue;
		if (after != NULL &&
			(partner->weight > after->weight ||
				(partner->weight == after->weight && i <= after->index)))
			continue;
		if (pick->entry != NULL && partner->weight == pick->weight)
			pick->shared = true;
		else
			*pick = (struct pick){i, entry, partner->weight, false};
	}
	return pick->entry != NULL;
}

/* Several connections of the same weight bring the prefix: share among all their next hops. */
static uint32_t merged_set(struct sync *sync, const struct domain *domain, const struct ip *prefix,
	const struct pick *best)
{
	uint32_t members[API_GROUP_MEMBERS_MAX];
	uint32_t count = 0;

	for (unsigned int i = best->index; i < domain->partner_count; i++) {
		const struct partner *partner = &domain->partners[i];
		const struct route_entry *entry = candidate(sync, partner, prefix);
		const struct set_entry *set;

		if (entry == NULL || partner->weight != best->weight ||
			entry->native_set < API_GROUP_FIRST)
			continue;
		set = table_at(&sync->sets, entry->native_set);
		for (uint32_t m = 0; m < set->count && count < API_GROUP_MEMBERS_MAX; m++)
			members[count++] = set->members[m];
	}
	return count > 0 ? set_want(sync, members, count) : leaked_set(best->entry->native_set);
}

/* present: the domain's entry, or NULL. */
static struct choice choose_leaked(
	struct sync *sync, uint32_t vrf, const struct ip *prefix, const struct route_entry *present)
{
	const struct domain *domain = sync->by_vrf[vrf];
	struct pick best, refused;
	bool found = pick_next(sync, domain, prefix, NULL, &best);

	while (found && leak_refused(domain, &domain->partners[best.index], present, best.entry)) {
		refused = best;
		found = pick_next(sync, domain, prefix, &refused, &best);
	}
	if (!found)
		return (struct choice){0};
	return (struct choice){best.shared ? merged_set(sync, domain, prefix, &best)
					   : leaked_set(best.entry->native_set),
		(uint16_t)domain->partners[best.index].vrf, best.entry->native_origin};
}

static void apply_choice(struct sync *sync, uint32_t id, const struct choice *choice)
{
	struct route_entry *entry = table_at(&sync->routes, id);
	uint32_t previous = entry->effective_set;
	bool leaked = entry->leaked_from != 0 || choice->leaked_from != 0;
	struct api_route item;

	if (previous == choice->set && entry->leaked_from == choice->leaked_from &&
		entry->effective_origin == choice->origin)
		return;
	fill_item(entry, &item);
	set_hold(sync, choice->set);
	leak_moves(sync->by_vrf[entry->vrf], entry, choice->leaked_from, choice->origin);
	entry->effective_set = choice->set;
	entry->leaked_from = choice->leaked_from;
	entry->effective_origin = choice->origin;
	if (choice->set != 0)
		rib_state(sync, entry);
	else
		session_send(sync, API_ROUTE, API_DELETE, &item);
	set_release(sync, previous);
	if (leaked)
		announce_later(sync);
}

/* id: the entry of this prefix in the domain, 0: there is none. */
static void update(struct sync *sync, uint32_t vrf, const struct ip *prefix, uint32_t id)
{
	const struct route_entry *entry = entry_at(sync, id);
	struct choice choice;

	if (entry != NULL && entry->native_set != 0)
		choice = (struct choice){entry->native_set, 0, entry->native_origin};
	else
		choice = choose_leaked(sync, vrf, prefix, entry);
	if (id == 0 && choice.set != 0)
		id = add_entry(sync, vrf, prefix);
	if (id == 0)
		return;
	apply_choice(sync, id, &choice);
	entry = table_at(&sync->routes, id);
	if (entry->native_set == 0 && entry->effective_set == 0)
		table_remove(&sync->routes, id);
}

void rib_leak_again(struct sync *sync, uint32_t vrf, const struct ip *prefix)
{
	update(sync, vrf, prefix, find_id(sync, vrf, prefix));
}

static void update_partners(struct sync *sync, uint32_t vrf, const struct ip *prefix)
{
	const struct domain *domain = sync->by_vrf[vrf];

	for (unsigned int i = 0; i < domain->partner_count; i++) {
		uint32_t partner = domain->partners[i].vrf;

		update(sync, partner, prefix, find_id(sync, partner, prefix));
	}
}

/* Routes by BGP are counted, for the domain's limits. */
static void set_origin(struct sync *sync, struct route_entry *entry, uint8_t origin, uint32_t set)
{
	struct prefix_use *use = &sync->by_vrf[entry->vrf]->prefixes[entry->family != AF_INET];

	use->count -= entry->native_set != 0 && entry->native_origin == API_ORIGIN_BGP;
	use->count += set != 0 && origin == API_ORIGIN_BGP;
	entry->native_set = set;
	entry->native_origin = origin;
}

void rib_native(struct sync *sync, uint32_t vrf, const struct ip *prefix, uint32_t set,
	enum api_route_origin origin)
{
	uint32_t id = find_id(sync, vrf, prefix), previous;
	struct route_entry *entry;

	if (id == 0)
		id = add_entry(sync, vrf, prefix);
	if (id == 0)
		return;
	entry = table_at(&sync->routes, id);
	previous = entry->native_set;
	if (previous == set && entry->native_origin == origin)
		return;
	set_hold(sync, set);
	set_origin(sync, entry, origin, set);
	update(sync, vrf, prefix, id);
	update_partners(sync, vrf, prefix);
	set_release(sync, previous);
}

void rib_native_gone(struct sync *sync, uint32_t vrf, const struct ip *prefix)
{
	uint32_t id = find_id(sync, vrf, prefix), previous;
	struct route_entry *entry = entry_at(sync, id);

	if (entry == NULL || entry->native_set == 0)
		return;
	hold_forgotten(sync, entry);
	previous = entry->native_set;
	set_origin(sync, entry, 0, 0);
	update(sync, vrf, prefix, id);
	update_partners(sync, vrf, prefix);
	set_release(sync, previous);
}

void rib_each_native(struct sync *sync, uint32_t vrf, enum api_route_origin origin,
	void (*each)(const struct ip *prefix, void *context), void *context)
{
	uint32_t id = table_walk(&sync->routes, 0);

	for (; id != 0; id = table_walk(&sync->routes, id + 1)) {
		const struct route_entry *entry = table_at(&sync->routes, id);
		struct ip prefix = rib_prefix(entry);

		if (entry->vrf == vrf && entry->native_set != 0 && entry->native_origin == origin)
			each(&prefix, context);
	}
}

void rib_drop_vrf(struct sync *sync, uint32_t vrf)
{
	uint32_t id = table_walk(&sync->routes, 0);

	for (; id != 0; id = table_walk(&sync->routes, id + 1)) {
		struct route_entry *entry = table_at(&sync->routes, id);
		struct ip prefix = rib_prefix(entry);
		if (entry->vrf == vrf && entry->native_set != 0)
			rib_native_gone(sync, vrf, &prefix);
	}
}

/* The connections are others now: look at every route that leaks, and at every leaked one. */
void rib_connections_changed(struct sync *sync)
{
	uint32_t id = table_walk(&sync->routes, 0);

	leaks_count_again(sync);
	for (; id != 0; id = table_walk(&sync->routes, id + 1)) {
		struct route_entry *entry = table_at(&sync->routes, id);
		struct ip prefix = rib_prefix(entry);
		uint32_t vrf = entry->vrf;

		if (entry->leaked_from != 0)
			update(sync, vrf, &prefix, id);
		entry = rib_find(sync, vrf, &prefix);
		if (entry != NULL && rib_leaks(sync, entry))
			update_partners(sync, vrf, &prefix);
	}
	leaks_counted(sync);
}
