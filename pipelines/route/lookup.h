/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Route 1: longest-prefix match of a whole lane, each packet in the domain of its ingress
 * interface.
 *
 * Exits: none; packet->group is set, API_GROUP_NONE where there is no route.
 */
#pragma once

#include "dataplane/vrf/vrf.h"
#include "pipelines/packet.h"

_Static_assert(BURST_MAX <= FIB_BULK_MAX, "a burst is one bulk look-up");

static inline void route_lookup4(struct lane *lane)
{
	const struct fib *fibs[BURST_MAX];
	uint32_t addresses[BURST_MAX];
	uint32_t groups[BURST_MAX];

	for (unsigned int i = 0; i < lane->count; i++) {
		const struct packet *packet = &lane->packets[i];

		fibs[i] = vrf_fib4(packet->in->vrf);
		addresses[i] = load32(packet_l3(packet) + IPV4_DESTINATION);
	}
	fib_lookup4_bulk(fibs, addresses, groups, lane->count);
	for (unsigned int i = 0; i < lane->count; i++)
		lane->packets[i].group = groups[i];
}

static inline void route_lookup6(struct lane *lane)
{
	const struct fib *fibs[BURST_MAX];
	uint8_t addresses[BURST_MAX][16];
	uint32_t groups[BURST_MAX];

	for (unsigned int i = 0; i < lane->count; i++) {
		const struct packet *packet = &lane->packets[i];

		fibs[i] = vrf_fib6(packet->in->vrf);
		memcpy(addresses[i], packet_l3(packet) + IPV6_DESTINATION, sizeof(addresses[i]));
	}
	fib_lookup6_bulk(fibs, (const uint8_t(*)[16])addresses, groups, lane->count);
	for (unsigned int i = 0; i < lane->count; i++)
		lane->packets[i].group = groups[i];
}
