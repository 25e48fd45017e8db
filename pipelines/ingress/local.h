/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ingress 3: for us? Before martians, TTL and any policer, so that what keeps the link alive is
 * charged to punt budgets only. Addresses of the edge on its other interfaces of the domain are
 * found by route (API_GROUP_RECEIVE).
 *
 * Exits: EXIT_NEXT: not for us; EXIT_PUNT: the interface's own addresses and the multicast groups
 * of Neighbor Discovery (RFC 4861 2.3, RFC 4291 2.7.1).
 */
#pragma once

#include <netinet/in.h>

#include "pipelines/packet.h"

static inline bool is_neighbour_discovery_group(const uint8_t *address)
{
	/* ff02::1 all nodes, ff02::2 all routers */
	static const uint8_t link_scope[15] = {0xff, 0x02};
	/* ff02::1:ff00:0/104 solicited node */
	static const uint8_t solicited[13] = {0xff, 0x02, [11] = 0x01, [12] = 0xff};

	if (memcmp(address, link_scope, sizeof(link_scope)) == 0)
		return address[15] == 1 || address[15] == 2;
	return memcmp(address, solicited, sizeof(solicited)) == 0;
}

static inline bool is_unspecified(const uint8_t *address)
{
	static const uint8_t unspecified[16];

	return memcmp(address, unspecified, sizeof(unspecified)) == 0;
}

static __rte_always_inline enum packet_exit ingress_local(struct packet *packet)
{
	const struct interface *in = packet->in;
	const uint8_t *ip = packet_l3(packet);

	if (packet_is_ipv4(packet)) {
		uint32_t destination;

		/* An interface without an address has 0, which no packet may be sent to. */
		memcpy(&destination, ip + IPV4_DESTINATION, sizeof(destination));
		return unlikely(destination == in->address4 && destination != 0) ? EXIT_PUNT
										 : EXIT_NEXT;
	}

	const uint8_t *destination = ip + IPV6_DESTINATION;

	if (unlikely(destination[0] == 0xff)) {
		bool wanted = ip[IPV6_NEXT_HEADER] == IPPROTO_ICMPV6 &&
			      is_neighbour_discovery_group(destination);

		return wanted ? EXIT_PUNT : EXIT_NEXT;
	}
	bool own = memcmp(destination, in->address6, 16) == 0 ||
		   memcmp(destination, in->link_local6, 16) == 0;

	/* An interface without IPv6 has zeroes, which no packet may be sent to. */
	return unlikely(own && !is_unspecified(destination)) ? EXIT_PUNT : EXIT_NEXT;
}
