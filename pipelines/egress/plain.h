/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Route 2, egress 1 and egress 2 in one go, for the common packet: a live next hop that it fits,
 * hops left, room for the new header, credit of its circuits at hand. As with ingress/plain.h,
 * route_member(), egress_check() and egress_police() have the last word on others.
 */
#pragma once

#include <rte_prefetch.h>

#include "dataplane/policer/policer.h"
#include "pipelines/egress/transmit.h"
#include "pipelines/packet.h"
#include "pipelines/route/member.h"

/* A packet whose group has several members. NULL: none can serve. */
static __rte_noinline const struct adjacency *egress_choose(
	const struct lane *lane, unsigned int at, bool is_ipv4)
{
	struct packet packet = lane_packet(lane, at, is_ipv4);

	return route_choose(&packet, lane->groups[at]);
}

/* What egress needs of a packet, all at once: to the compiler every store may change a lane. */
struct outgoing {
	struct rte_mbuf *mbuf;
	const struct interface *in;
	uint8_t *ip;
	uint32_t bytes;    /* of the IP packet */
	uint32_t received; /* of the frame as it came */
	uint32_t sent;     /* of the frame as it leaves, once it is plain */
};

static __rte_always_inline struct outgoing egress_take(const struct lane *lane, unsigned int at)
{
	return (struct outgoing){
		.mbuf = lane->mbufs[at],
		.in = lane->ins[at],
		.ip = lane->ips[at],
		.bytes = lane->bytes[at],
		.received = lane->mbufs[at]->pkt_len,
	};
}

/* Of each packet of the lane the adjacency of a group with just one, else NULL. A step of its own,
 * because one load waits for another here, and those of several packets can wait together. */
static __rte_always_inline void egress_find(struct api_ledger *ledgers, const struct lane *lane,
	const struct adjacency *found[BURST_MAX])
{
	for (unsigned int i = 0; i < lane->count; i++) {
		found[i] = group_only(lane->groups[i]);
		rte_prefetch0(found[i]);
		rte_prefetch0(ledger_at(ledgers, lane->ins[i]->account));
	}
}

/* True: the packet may go, and its circuits are charged. */
static __rte_always_inline bool egress_is_plain(struct policer_slot *policers,
	struct outgoing *packet, const struct adjacency *adjacency, bool is_ipv4)
{
	packet->sent = packet->bytes + adjacency->template_bytes;
	return likely(packet->bytes <= adjacency->open_mtu) &&
	       likely(packet->ip[is_ipv4 ? IPV4_TTL : IPV6_HOP_LIMIT] > 1) &&
	       likely(path_bits(adjacency->liveness) == 0) &&
	       likely(packet->ip - (uint8_t *)packet->mbuf->buf_addr >= (int)TEMPLATE_BYTES) &&
	       likely(policer_take_both(&policers[packet->in->policer_in], packet->received,
		       &policers[adjacency->policer_out], packet->sent));
}
