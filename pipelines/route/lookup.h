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

/* What the packet is to be looked up with, for those that do not pass a whole lane's check. */
static inline void route_want(struct lane *lane, unsigned int at, bool is_ipv4)
{
	uint32_t vrf = lane->ins[at]->vrf;
	const uint8_t *ip = lane->ips[at];

	lane->fibs[at] = is_ipv4 ? vrf_fib4(vrf) : vrf_fib6(vrf);
	if (is_ipv4)
		lane->addresses4[at] = load32(ip + IPV4_DESTINATION);
	else
		memcpy(lane->addresses6[at], ip + IPV6_DESTINATION, sizeof(lane->addresses6[at]));
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
