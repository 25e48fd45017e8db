/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Route 2 and egress 1 in one go, for the common packet: a live next hop that it fits, hops left,
 * room for the new header. As with ingress/plain.h, route_member() and egress_check() have the last
 * word on others.
 */
#pragma once

#include "pipelines/egress/transmit.h"
#include "pipelines/packet.h"
#include "pipelines/route/member.h"

/* Sets the adjacency, where there is one. waits: the packet in its lane. */
static __rte_always_inline bool egress_is_plain(
	struct packet *packet, const struct packet *waits, uint32_t group, bool is_ipv4)
{
	const struct adjacency *adjacency = group_only(group);

	if (unlikely(adjacency == NULL)) {
		adjacency = route_choose(waits, group);
		if (adjacency == NULL)
			return false;
	}

	const uint8_t *ip = packet_l3(packet);

	packet->adjacency = adjacency;
	return likely(packet->l3_bytes <= adjacency->open_mtu) &&
	       likely(ip[is_ipv4 ? IPV4_TTL : IPV6_HOP_LIMIT] > 1) && likely(!packet->generated) &&
	       likely(path_bits(adjacency->liveness) == 0) &&
	       likely(packet->mbuf->data_off + packet->l3_offset >= TEMPLATE_BYTES);
}
