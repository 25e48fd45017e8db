/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ingress 2: Ethernet and IP headers are what they must be (RFC 1812 5.2.2, RFC 8200 3).
 *
 * Exits: EXIT_NEXT with l3_bytes set; EXIT_PUNT for ARP; EXIT_DROP not-our-mac,
 * unknown-ethertype, runt, bad-header, bad-checksum.
 */
#pragma once

#include "pipelines/packet.h"

enum { ARP_BYTES = 28 };

/* A header with a right checksum sums up to 0xffff (RFC 1071 1). */
static __rte_always_inline bool ipv4_checksum_is_right(const uint8_t *ip, unsigned int header_bytes)
{
	uint64_t sum = 0;
	uint32_t word;

	for (unsigned int i = 0; i < IPV4_HEADER_BYTES; i += sizeof(word)) {
		memcpy(&word, ip + i, sizeof(word));
		sum += word;
	}
	for (unsigned int i = IPV4_HEADER_BYTES; unlikely(i < header_bytes); i += sizeof(word)) {
		memcpy(&word, ip + i, sizeof(word));
		sum += word;
	}
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + ((sum >> 16) & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16) == 0xffff;
}

static __rte_always_inline enum packet_exit ingress_ipv4(
	struct packet *packet, unsigned int available)
{
	const uint8_t *ip = packet_l3(packet);

	if (unlikely(available < IPV4_HEADER_BYTES))
		return packet_drop(packet, API_DROP_RUNT);

	unsigned int header_bytes = ipv4_header_bytes(ip);
	unsigned int length = load16(ip + IPV4_LENGTH);

	if (unlikely(ip[0] >> 4 != 4 || header_bytes < IPV4_HEADER_BYTES || length < header_bytes))
		return packet_drop(packet, API_DROP_BAD_HEADER);
	if (unlikely(length > available))
		return packet_drop(packet, API_DROP_RUNT);
	if (unlikely(!ipv4_checksum_is_right(ip, header_bytes)))
		return packet_drop(packet, API_DROP_BAD_CHECKSUM);
	packet->l3_bytes = length;
	return EXIT_NEXT;
}

static __rte_always_inline enum packet_exit ingress_ipv6(
	struct packet *packet, unsigned int available)
{
	const uint8_t *ip = packet_l3(packet);

	if (unlikely(available < IPV6_HEADER_BYTES))
		return packet_drop(packet, API_DROP_RUNT);

	unsigned int payload = load16(ip + IPV6_PAYLOAD_LENGTH);

	/* A jumbogram (RFC 2675: length 0 and a hop-by-hop header) is larger than any of our MTUs,
	 * so one that arrived is not what it says. */
	if (unlikely(ip[0] >> 4 != 6 || (payload == 0 && ip[IPV6_NEXT_HEADER] == IPPROTO_HOPOPTS)))
		return packet_drop(packet, API_DROP_BAD_HEADER);
	if (unlikely(IPV6_HEADER_BYTES + payload > available))
		return packet_drop(packet, API_DROP_RUNT);
	packet->l3_bytes = IPV6_HEADER_BYTES + payload;
	return EXIT_NEXT;
}

static __rte_always_inline enum packet_exit ingress_header(struct packet *packet)
{
	const uint8_t *frame = rte_pktmbuf_mtod(packet->mbuf, const uint8_t *);
	unsigned int available = packet->mbuf->data_len - packet->l3_offset;

	/* The group bit: multicast and broadcast. */
	if (memcmp(frame, &packet->in->mac, RTE_ETHER_ADDR_LEN) != 0 && (frame[0] & 1) == 0)
		return packet_drop(packet, API_DROP_NOT_OUR_MAC);
	switch (packet->ethertype) {
	case RTE_ETHER_TYPE_IPV4:
		return ingress_ipv4(packet, available);
	case RTE_ETHER_TYPE_IPV6:
		return ingress_ipv6(packet, available);
	case RTE_ETHER_TYPE_ARP:
		return available < ARP_BYTES ? packet_drop(packet, API_DROP_RUNT) : EXIT_PUNT;
	default:
		return packet_drop(packet, API_DROP_UNKNOWN_ETHERTYPE);
	}
}
