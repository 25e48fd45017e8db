/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ingress 4: sources and destinations that are never forwarded.
 *
 * Exits: EXIT_NEXT: a unicast packet between routable addresses; EXIT_DROP martian-source,
 * martian-destination, multicast.
 */
#pragma once

#include "pipelines/packet.h"

#define IPV4_NETWORK(address, bits) ((address) >> (32 - (bits)))

/* 0/8, 127/8 (RFC 1812 5.3.7) and 169.254/16, which no router forwards (RFC 3927 2.7). */
static __rte_always_inline bool ipv4_is_never_routed(uint32_t address)
{
	uint32_t first = IPV4_NETWORK(address, 8);

	return first == 0 || first == 127 || IPV4_NETWORK(address, 16) == 0xa9fe;
}

static __rte_always_inline enum packet_exit martian_ipv4(struct packet *packet)
{
	const uint8_t *ip = packet_l3(packet);
	uint32_t source = load32(ip + IPV4_SOURCE);
	uint32_t destination = load32(ip + IPV4_DESTINATION);
	uint32_t broadcast = rte_be_to_cpu_32(packet->in->broadcast4);

	if (unlikely(IPV4_NETWORK(destination, 4) == 0xe || destination == UINT32_MAX ||
		     (destination == broadcast && broadcast != 0)))
		return packet_drop(packet, API_DROP_MULTICAST);
	if (unlikely(ipv4_is_never_routed(source) || IPV4_NETWORK(source, 4) == 0xe ||
		     source == UINT32_MAX || source == broadcast))
		return packet_drop(packet, API_DROP_MARTIAN_SOURCE);
	if (unlikely(ipv4_is_never_routed(destination)))
		return packet_drop(packet, API_DROP_MARTIAN_DESTINATION);
	return EXIT_NEXT;
}

/* :: and ::1 (RFC 4291 2.5.2, 2.5.3), fe80::/10 (2.5.6). */
static __rte_always_inline bool ipv6_is_never_routed(const uint8_t *address)
{
	static const uint8_t zero[15];

	if (address[0] == 0xfe)
		return (address[1] & 0xc0) == 0x80;
	return address[0] == 0 && address[15] <= 1 && memcmp(address, zero, sizeof(zero)) == 0;
}

static __rte_always_inline enum packet_exit martian_ipv6(struct packet *packet)
{
	const uint8_t *ip = packet_l3(packet);

	if (unlikely(ip[IPV6_DESTINATION] == 0xff))
		return packet_drop(packet, API_DROP_MULTICAST);
	if (unlikely(ip[IPV6_SOURCE] == 0xff || ipv6_is_never_routed(ip + IPV6_SOURCE)))
		return packet_drop(packet, API_DROP_MARTIAN_SOURCE);
	if (unlikely(ipv6_is_never_routed(ip + IPV6_DESTINATION)))
		return packet_drop(packet, API_DROP_MARTIAN_DESTINATION);
	return EXIT_NEXT;
}

static __rte_always_inline enum packet_exit ingress_martian(struct packet *packet)
{
	const uint8_t *frame = rte_pktmbuf_mtod(packet->mbuf, const uint8_t *);

	/* A unicast packet in a broadcast frame is not forwarded (RFC 1812 5.3.4). */
	if (unlikely(frame[0] & 1))
		return packet_drop(packet, API_DROP_MULTICAST);
	return packet_is_ipv4(packet) ? martian_ipv4(packet) : martian_ipv6(packet);
}
