/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/kernel_state.h"

#include <linux/rtnetlink.h>
#include <string.h>

/* Routes looked at in one turn of the event loop. */
#define WALK_TURN 16384

/* Removes an entry for good and tells, when it was the one in use. */
static void drop_entry(struct kernel *kernel, uint32_t entry)
{
	struct route_entry *at = &kernel->routes.entries[entry];
	bool was_deleted = at->deleted;
	struct ip prefix;
	bool was_best;

	kernel_entry_prefix(at, &prefix);
	was_best = !was_deleted &&
		   kernel_best_route(kernel, route_table_find(&kernel->routes, &prefix)) == entry;
	route_table_remove(&kernel->routes, entry);
	if (was_best)
		kernel_report(kernel, &prefix);
}

void kernel_sweep_routes(struct kernel *kernel)
{
	for (uint32_t i = 0; i < kernel->routes.entry_used; i++) {
		struct route_entry *at = &kernel->routes.entries[i];

		if (at->family && (at->deleted || at->stamp >> 1 != kernel->generation))
			drop_entry(kernel, i);
	}
}

void kernel_walk_routes(struct kernel *kernel, uint32_t ifindex)
{
	kernel->link_epoch++;
	for (uint32_t i = 0; i < kernel->routes.set_used; i++) {
		struct next_hop_set *set = kernel->routes.sets[i];

		for (uint8_t hop = 0; hop < set->count; hop++) {
			if (set->next_hops[hop].ifindex == ifindex)
				set->epoch = kernel->link_epoch;
		}
	}
	/* A walk that is under way begins anew and keeps what it was to tell. */
	if (!kernel->walking)
		kernel->walk_epoch = kernel->link_epoch;
	kernel->walking = true;
	kernel->walk_next = 0;
	evtimer_add(kernel->work, &(struct timeval){0});
}

/* Administratively down: the kernel forgets IPv4 routes without a message. */
static bool is_forgotten(
	const struct kernel *kernel, const struct route_entry *at, const struct next_hop_set *set)
{
	if (at->family != AF_INET || set->count == 0 || at->next_hop_object)
		return false;
	for (uint8_t i = 0; i < set->count; i++) {
		const struct link_row *link = kernel_find_link(kernel, set->next_hops[i].ifindex);

		if (link && link->parsed.up)
			return false;
	}
	return true;
}

/* The objects a route names may have changed, or gone, which takes the route along. */
static bool follow_object(struct kernel *kernel, uint32_t entry)
{
	struct route_entry *at = &kernel->routes.entries[entry];
	struct kernel_next_hop next_hops[KERNEL_NEXT_HOPS_MAX] = {0};
	bool changed = false;
	uint8_t count;

	if (!kernel_expand_object(kernel, at->next_hop_object, next_hops, &count))
		return false;
	if (at->kind == RTN_UNICAST &&
		route_table_set_next_hops(&kernel->routes, entry, next_hops, count, &changed) < 0)
		kernel_resync(kernel);
	if (changed)
		kernel->routes.sets[at->next_hops]->epoch = kernel->link_epoch;
	return true;
}

static void revisit(struct kernel *kernel, uint32_t entry)
{
	struct route_entry *at = &kernel->routes.entries[entry];
	const struct next_hop_set *set;
	struct ip prefix;

	if (at->family == 0 || at->deleted)
		return;
	if (at->next_hop_object && !follow_object(kernel, entry)) {
		drop_entry(kernel, entry);
		return;
	}
	set = route_next_hops(&kernel->routes, entry);
	if (set->epoch < kernel->walk_epoch)
		return;
	if (is_forgotten(kernel, at, set)) {
		drop_entry(kernel, entry);
		return;
	}
	kernel_entry_prefix(at, &prefix);
	if (at->kind == RTN_UNICAST &&
		kernel_best_route(kernel, route_table_find(&kernel->routes, &prefix)) == entry)
		kernel_report(kernel, &prefix);
}

void kernel_walk_some(struct kernel *kernel)
{
	for (uint32_t i = 0; i < WALK_TURN; i++) {
		if (kernel->walk_next >= kernel->routes.entry_used) {
			kernel->walking = false;
			return;
		}
		revisit(kernel, kernel->walk_next++);
	}
}
