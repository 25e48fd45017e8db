/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ingress 5: would a packet to its source leave by the domain it came from? (RFC 3704 2.2 to 2.4,
 * RFC 8704 3: any link of the domain will do, a customer may send by one what it announces by
 * another.) For a whole lane, only on ports with an interface that asks.
 *
 * Exits: EXIT_NEXT; EXIT_DROP urpf-strict, urpf-loose.
 */
#pragma once

#include <rte_prefetch.h>

#include "dataplane/vrf/vrf.h"
#include "pipelines/packet.h"

/* group: of the route to the source. */
static inline enum packet_exit source_check(struct packet *packet, uint32_t group)
{
	const struct interface *in = packet->in;
	const struct group *found;

	if (in->urpf == API_URPF_OFF)
		return EXIT_NEXT;
	/* A neighbour that is not resolved yet is on a link of the domain; the edge's own address
	 * and what is to be discarded are no sources. */
	if (group == API_GROUP_GLEAN)
		return EXIT_NEXT;
	if (group >= API_GROUP_GLEAN_LEAKED && in->urpf == API_URPF_LOOSE)
		return EXIT_NEXT;
	if (in->urpf == API_URPF_LOOSE)
		return packet_drop(packet, API_DROP_URPF_LOOSE);
	if (group < API_GROUP_FIRST)
		return packet_drop(packet, API_DROP_URPF_STRICT);
	found = group_get(group);
	return likely(found != NULL && found->vrf == in->vrf)
		       ? EXIT_NEXT
		       : packet_drop(packet, API_DROP_URPF_STRICT);
}

/* The groups of all sources; 0 where nobody asks. */
static inline void source_lookup(const struct lane *lane, uint32_t *groups, bool is_ipv4)
{
	const struct fib *fibs[BURST_MAX];
	union {
		uint32_t addresses4[BURST_MAX]; /* host order */
		uint8_t addresses6[BURST_MAX][16];
	} sources;

	for (unsigned int i = 0; i < lane->count; i++) {
		fibs[i] = lane->ins[i]->urpf != API_URPF_OFF ? lane->fibs[i] : NULL;
		if (is_ipv4)
			sources.addresses4[i] = load32(lane->ips[i] + IPV4_SOURCE);
		else
			memcpy(sources.addresses6[i], lane->ips[i] + IPV6_SOURCE, 16);
	}
	if (is_ipv4)
		fib_lookup4_bulk(fibs, sources.addresses4, groups, lane->count);
	else
		fib_lookup6_bulk(
			fibs, (const uint8_t(*)[16])sources.addresses6, groups, lane->count);
	for (unsigned int i = 0; i < lane->count; i++)
		rte_prefetch0(group_get(groups[i]));
}
