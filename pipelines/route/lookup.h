/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Route 1: longest-prefix match of a whole burst, each packet in the domain of its ingress
 * interface.
 *
 * Exits: none; packet->group is set, API_GROUP_NONE where there is no route.
 */
#pragma once

#include "dataplane/vrf/vrf.h"
#include "pipelines/packet.h"

_Static_assert(BURST_MAX <= FIB_BULK_MAX, "a burst is one bulk look-up");

static inline void route_lookup4(struct packet *packets, const uint8_t *index, unsigned int n)
{
	const struct fib *fibs[BURST_MAX];
	uint32_t addresses[BURST_MAX];
	uint32_t groups[BURST_MAX];

	if (n == 0)
		return;
	for (unsigned int i = 0; i < n; i++) {
		const struct packet *packet = &packets[index[i]];

		fibs[i] = vrf_fib4(packet->in->vrf);
		addresses[i] = load32(packet_l3(packet) + IPV4_DESTINATION);
	}
	fib_lookup4_bulk(fibs, addresses, groups, n);
	for (unsigned int i = 0; i < n; i++)
		packets[index[i]].group = groups[i];
}

static inline void route_lookup6(struct packet *packets, const uint8_t *index, unsigned int n)
{
	const struct fib *fibs[BURST_MAX];
	uint8_t addresses[BURST_MAX][16];
	uint32_t groups[BURST_MAX];

	if (n == 0)
		return;
	for (unsigned int i = 0; i < n; i++) {
		const struct packet *packet = &packets[index[i]];

		fibs[i] = vrf_fib6(packet->in->vrf);
		memcpy(addresses[i], packet_l3(packet) + IPV6_DESTINATION, sizeof(addresses[i]));
	}
	fib_lookup6_bulk(fibs, (const uint8_t(*)[16])addresses, groups, n);
	for (unsigned int i = 0; i < n; i++)
		packets[index[i]].group = groups[i];
}

static inline void route_lookup(struct packet *packets, unsigned int n)
{
	uint8_t ipv4[BURST_MAX], ipv6[BURST_MAX];
	unsigned int count4 = 0, count6 = 0;

	for (unsigned int i = 0; i < n; i++) {
		bool is_ipv4 = packet_is_ipv4(&packets[i]);

		ipv4[count4] = i;
		ipv6[count6] = i;
		count4 += is_ipv4;
		count6 += !is_ipv4;
	}
	route_lookup4(packets, ipv4, count4);
	route_lookup6(packets, ipv6, count6);
}
