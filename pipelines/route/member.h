/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Route 2: what the route says -> adjacency.
 *
 * Exits: EXIT_NEXT with adjacency set; EXIT_PUNT: an address of the edge; EXIT_UNREACHABLE: no
 * route; EXIT_GLEAN; EXIT_UNRESOLVED; EXIT_DROP blackhole, no-live-next-hop.
 */
#pragma once

#include "dataplane/port/port.h"
#include "pipelines/packet.h"
#include "pipelines/route/flow_hash.h"

static __rte_always_inline bool adjacency_is_live(const struct adjacency *adjacency)
{
	return likely(adjacency != NULL && adjacency->resolved) &&
	       port_is_up(port_get(adjacency->port));
}

/* The next live one after the flow's own, which is dead, so that its flows move and no others.
 * When all are dead, the own one: what ails it names the drop. */
static __rte_noinline const struct adjacency *group_spare(const struct group *group, uint32_t own)
{
	for (uint32_t i = 1; i < group->count; i++) {
		uint32_t member = (own + i) % group->count;
		const struct adjacency *adjacency = adjacency_get(group->members[member]);

		if (adjacency_is_live(adjacency))
			return adjacency;
	}
	return adjacency_get(group->members[own]);
}

static __rte_always_inline const struct adjacency *group_member(
	const struct group *group, const struct packet *packet)
{
	uint32_t own = 0;

	if (group->count > 1)
		own = ((uint64_t)flow_hash(packet) * group->count) >> 32;

	const struct adjacency *adjacency = adjacency_get(group->members[own]);

	return likely(adjacency_is_live(adjacency)) ? adjacency : group_spare(group, own);
}

/* The packet's member of the group. NULL: the group has no members, or is none. */
static __rte_noinline const struct adjacency *route_choose(const struct packet *packet, uint32_t id)
{
	const struct group *group = group_get(id);

	if (unlikely(group == NULL || group->count == 0))
		return NULL;
	return group_member(group, packet);
}

static inline enum packet_exit fixed_group(struct packet *packet, uint32_t group)
{
	switch (group) {
	case API_GROUP_RECEIVE:
		return EXIT_PUNT;
	case API_GROUP_BLACKHOLE:
		return packet_drop(packet, API_DROP_BLACKHOLE);
	case API_GROUP_GLEAN:
		return EXIT_GLEAN;
	default:
		return EXIT_UNREACHABLE;
	}
}

static inline enum packet_exit route_member(struct packet *packet, uint32_t id)
{
	if (unlikely(id < API_GROUP_FIRST))
		return fixed_group(packet, id);

	packet->adjacency = route_choose(packet, id);
	if (unlikely(packet->adjacency == NULL))
		return packet_drop(packet, API_DROP_NO_LIVE_NEXT_HOP);
	return likely(packet->adjacency->resolved) ? EXIT_NEXT : EXIT_UNRESOLVED;
}
