/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Egress 1: may it go out as it is? Changes nothing, so that an ICMP error quotes the packet as it
 * came.
 *
 * Exits: EXIT_NEXT; EXIT_CUT; EXIT_EXPIRED; EXIT_FRAGMENT; EXIT_TOO_BIG; EXIT_NO_HEADROOM.
 */
#pragma once

#include "pipelines/packet.h"

static inline enum packet_exit larger_than_mtu(const struct packet *packet)
{
	/* Only the source may fragment IPv6 (RFC 8200 4.5). */
	if (!packet_is_ipv4(packet))
		return EXIT_TOO_BIG;

	uint16_t flags = load16(packet_l3(packet) + IPV4_FRAGMENT);

	return (flags & IPV4_DONT_FRAGMENT) != 0 ? EXIT_TOO_BIG : EXIT_FRAGMENT;
}

static inline enum packet_exit egress_check(const struct packet *packet)
{
	const struct adjacency *adjacency = packet->adjacency;
	const uint8_t *ip = packet_l3(packet);
	uint8_t ttl = packet_is_ipv4(packet) ? ip[IPV4_TTL] : ip[IPV6_HOP_LIMIT];

	if (unlikely(adjacency->cut))
		return EXIT_CUT;
	/* RFC 1812 5.3.1, RFC 8200 3 */
	if (unlikely(ttl <= 1 && !packet->generated))
		return EXIT_EXPIRED;
	if (unlikely(packet->l3_bytes > adjacency->mtu))
		return larger_than_mtu(packet);
	if (unlikely(rte_pktmbuf_headroom(packet->mbuf) + packet->l3_offset < TEMPLATE_BYTES))
		return EXIT_NO_HEADROOM;
	return EXIT_NEXT;
}
