/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Route 2: what the route says -> adjacency.
 *
 * Exits: EXIT_NEXT with adjacency set; EXIT_PUNT: an address of the edge; EXIT_UNREACHABLE: no
 * route; EXIT_GLEAN; EXIT_UNRESOLVED; EXIT_DROP blackhole, no-live-next-hop.
 */
#pragma once

#include "dataplane/nexthop/path.h"
#include "pipelines/packet.h"
#include "pipelines/route/flow_hash.h"

/* Rendezvous hashing (Thaler and Ravishankar 1998): each member draws a number for the flow, the
 * highest has it. So when a member goes, by its path or from the group, its flows move, to all
 * others evenly, and no other flow does. The mixing is MurmurHash3's; the id makes all numbers
 * different, so that the members' order does not matter. */
static __rte_always_inline uint64_t member_draw(uint32_t flow, uint32_t adjacency)
{
	uint32_t number = flow ^ (adjacency * 0x9e3779b1u);

	number = (number ^ (number >> 16)) * 0x85ebca6bu;
	number = (number ^ (number >> 13)) * 0xc2b2ae35u;
	return (uint64_t)(number ^ (number >> 16)) << 32 | adjacency;
}

static __rte_always_inline bool adjacency_is_live(const struct adjacency *adjacency)
{
	return likely(adjacency != NULL && adjacency->resolved) &&
	       likely(path_bits(adjacency->liveness) == 0);
}

/* How a member can serve, the best last. */
enum member_use {
	MEMBER_DEAD,
	MEMBER_UNRESOLVED, /* its packets wake the neighbour */
	MEMBER_DRAINED,    /* it works still: better than nothing */
	MEMBER_LIVE,
};

static inline enum member_use member_use(const struct adjacency *adjacency)
{
	uint8_t down;

	if (adjacency == NULL)
		return MEMBER_DEAD;
	down = path_bits(adjacency->liveness);
	if ((down & ~API_PATH_DRAIN) != 0)
		return MEMBER_DEAD;
	if (!adjacency->resolved)
		return MEMBER_UNRESOLVED;
	return down == 0 ? MEMBER_LIVE : MEMBER_DRAINED;
}

/* The flow's own member is not live: the best of those that are most use. NULL: all are dead. */
static __rte_noinline const struct adjacency *group_spare(const struct group *group, uint32_t flow)
{
	const struct adjacency *best = NULL;
	enum member_use best_use = MEMBER_DEAD;
	uint64_t best_draw = 0;

	for (uint32_t i = 0; i < group->count; i++) {
		const struct adjacency *adjacency = adjacency_get(group->members[i]);
		uint64_t draw = member_draw(flow, group->members[i]);
		enum member_use use = member_use(adjacency);

		if (use < best_use || (use == best_use && draw < best_draw) || use == MEMBER_DEAD)
			continue;
		best = adjacency;
		best_use = use;
		best_draw = draw;
	}
	return best;
}

static __rte_always_inline const struct adjacency *group_member(
	const struct group *group, const struct packet *packet)
{
	uint32_t flow = group->count > 1 ? flow_hash(packet) : 0;
	uint64_t best = 0;

	for (uint32_t i = 0; i < group->count; i++)
		best = RTE_MAX(best, member_draw(flow, group->members[i]));

	const struct adjacency *adjacency = adjacency_get((uint32_t)best);

	return likely(adjacency_is_live(adjacency)) ? adjacency : group_spare(group, flow);
}

/* The packet's member of the group. NULL: the group has none that is not dead, or is
 * no group. */
static inline const struct adjacency *route_choose(const struct packet *packet, uint32_t id)
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
	case API_GROUP_GLEAN_LEAKED:
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
