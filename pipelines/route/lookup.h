/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Route 1: longest-prefix match of a whole lane, each packet in the domain of its ingress
 * interface.
 *
 * Exits: none; lane->groups are set, API_GROUP_NONE where there is no route.
 */
#pragma once

#include "dataplane/vrf/vrf.h"
#include "pipelines/packet.h"

_Static_assert(BURST_MAX <= FIB_BULK_MAX, "a burst is one bulk look-up");

/* What the packet at lane->count is to be looked up with. */
static __rte_always_inline void route_want4(
	struct lane *lane, const struct interface *in, uint32_t destination)
{
	lane->fibs[lane->count] = vrf_fib4(in->vrf);
	lane->addresses4[lane->count] = destination;
}

static __rte_always_inline void route_want6(
	struct lane *lane, const struct interface *in, const uint8_t *destination)
{
	lane->fibs[lane->count] = vrf_fib6(in->vrf);
	memcpy(lane->addresses6[lane->count], destination, sizeof(lane->addresses6[0]));
}

static inline void route_want(struct lane *lane, const struct packet *packet)
{
	const uint8_t *ip = packet_l3(packet);

	if (packet_is_ipv4(packet))
		route_want4(lane, packet->in, load32(ip + IPV4_DESTINATION));
	else
		route_want6(lane, packet->in, ip + IPV6_DESTINATION);
}

static __rte_always_inline void route_lookup(struct lane *lanes)
{
	struct lane *ipv4 = &lanes[LANE_IPV4], *ipv6 = &lanes[LANE_IPV6];

	if (ipv4->count > 0)
		fib_lookup4_bulk(ipv4->fibs, ipv4->addresses4, ipv4->groups, ipv4->count);
	if (ipv6->count > 0)
		fib_lookup6_bulk(ipv6->fibs, (const uint8_t(*)[16])ipv6->addresses6, ipv6->groups,
			ipv6->count);
}
