/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ingress 2 to 4 in one go, for the common packet: unicast, an IPv4 header without options or an
 * IPv6 header with something behind it, addresses that need no second look. A plain packet would
 * pass header.h, local.h and martian.h one by one; one that is not plain may pass them still, they
 * have the last word and know the reason.
 */
#pragma once

#include "pipelines/packet.h"

/* First octets with a part that is never routed: 0/8, 127/8, 169.254/16, 224/4 and above. */
extern const uint8_t ingress_octet_is_odd[256];

/* One's complement sum of 20 bytes is 0xffff (RFC 1071 1). */
static __rte_always_inline bool sums_up(uint64_t first, uint64_t second, uint32_t third)
{
	uint64_t sum = (first & UINT32_MAX) + (first >> 32) + (second & UINT32_MAX) +
		       (second >> 32) + third;
	uint32_t half = (uint32_t)sum + (uint32_t)(sum >> 32);

	half += half < (uint32_t)sum;
	half += half << 16 | half >> 16;
	return half >> 16 == 0xffff;
}

static __rte_always_inline bool plain_ipv4(struct packet *packet, unsigned int available)
{
	const struct interface *in = packet->in;
	const uint8_t *ip = packet_l3(packet);
	uint64_t first, second;
	uint32_t source, destination;

	if (unlikely(available < IPV4_HEADER_BYTES))
		return false;
	memcpy(&first, ip, sizeof(first));
	memcpy(&second, ip + IPV4_TTL, sizeof(second));
	memcpy(&destination, ip + IPV4_DESTINATION, sizeof(destination));
	source = second >> 32;

	unsigned int length = rte_be_to_cpu_16(first >> 16);

	packet->l3_bytes = length;
	return likely((uint8_t)first == 0x45 && length >= IPV4_HEADER_BYTES &&
		      length <= available && sums_up(first, second, destination) &&
		      !ingress_octet_is_odd[(uint8_t)source] &&
		      !ingress_octet_is_odd[(uint8_t)destination] && destination != in->address4 &&
		      destination != in->broadcast4 && source != in->broadcast4);
}

/* Neither multicast nor link-local, nor in ::/64. */
static __rte_always_inline bool plain_address6(uint64_t upper_half)
{
	return upper_half - 1 < 0xfe00000000000000u - 1;
}

static __rte_always_inline bool plain_ipv6(struct packet *packet, unsigned int available)
{
	const uint8_t *ip = packet_l3(packet);
	uint64_t source, destination;

	if (unlikely(available < IPV6_HEADER_BYTES))
		return false;
	memcpy(&source, ip + IPV6_SOURCE, sizeof(source));
	memcpy(&destination, ip + IPV6_DESTINATION, sizeof(destination));

	unsigned int payload = load16(ip + IPV6_PAYLOAD_LENGTH);

	packet->l3_bytes = IPV6_HEADER_BYTES + payload;
	return likely(ip[0] >> 4 == 6 && payload != 0 && IPV6_HEADER_BYTES + payload <= available &&
		      plain_address6(rte_be_to_cpu_64(source)) &&
		      plain_address6(rte_be_to_cpu_64(destination)) &&
		      memcmp(ip + IPV6_DESTINATION, packet->in->address6, 16) != 0);
}

/* station: the port's MAC address, as load_station() reads it from a frame. Sets l3_bytes of a
 * plain packet. */
static __rte_always_inline uint64_t load_station(const uint8_t *frame)
{
	uint64_t word;

	memcpy(&word, frame, sizeof(word));
	return word << 16;
}

static __rte_always_inline bool ingress_is_plain(struct packet *packet, uint64_t station)
{
	unsigned int available = packet->mbuf->data_len - packet->l3_offset;

	if (unlikely(load_station(rte_pktmbuf_mtod(packet->mbuf, const uint8_t *)) != station))
		return false;
	if (likely(packet->ethertype == RTE_ETHER_TYPE_IPV4))
		return plain_ipv4(packet, available);
	return packet->ethertype == RTE_ETHER_TYPE_IPV6 && plain_ipv6(packet, available);
}
