/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A number that is the same for all packets of a flow. Of a fragment only addresses and protocol
 * are used, for every fragment of a packet, the first one too, because the others have no ports.
 * Behind IPv6 extension headers the flow label stands for the ports (RFC 6438 3).
 */
#pragma once

#include <netinet/in.h>

#include <rte_hash_crc.h>

#include "pipelines/packet.h"

/* Protocols that begin with source and destination port. */
static inline bool has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP ||
	       protocol == IPPROTO_DCCP || protocol == IPPROTO_UDPLITE;
}

/* Ports as one word, 0 when there are none. */
static inline uint32_t flow_ports(
	const struct packet *packet, const uint8_t *ip, unsigned int header_bytes, uint8_t protocol)
{
	uint32_t ports;

	if (!has_ports(protocol) || packet->l3_bytes < header_bytes + sizeof(ports))
		return 0;
	memcpy(&ports, ip + header_bytes, sizeof(ports));
	return ports;
}

static inline uint32_t hash_words(const uint8_t *at, unsigned int bytes, uint32_t hash)
{
	for (unsigned int i = 0; i < bytes; i += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, at + i, sizeof(word));
		hash = rte_hash_crc_8byte(word, hash);
	}
	return hash;
}

static inline uint32_t flow_hash4(const struct packet *packet)
{
	const uint8_t *ip = packet_l3(packet);
	uint8_t protocol = ip[IPV4_PROTOCOL];
	uint16_t fragment = load16(ip + IPV4_FRAGMENT);
	uint32_t ports = 0;

	if (likely((fragment & (IPV4_MORE_FRAGMENTS | IPV4_OFFSET_MASK)) == 0))
		ports = flow_ports(packet, ip, ipv4_header_bytes(ip), protocol);

	uint32_t hash = hash_words(ip + IPV4_SOURCE, 8, protocol);

	return rte_hash_crc_4byte(ports, hash);
}

static inline uint32_t flow_hash6(const struct packet *packet)
{
	const uint8_t *ip = packet_l3(packet);
	uint8_t protocol = ip[IPV6_NEXT_HEADER];
	uint32_t hash = hash_words(ip + IPV6_SOURCE, 32, protocol);
	uint32_t label = load32(ip) & 0xfffff;

	if (likely(has_ports(protocol)))
		return rte_hash_crc_4byte(
			flow_ports(packet, ip, IPV6_HEADER_BYTES, protocol), hash);
	return rte_hash_crc_4byte(label, hash);
}

static inline uint32_t flow_hash(const struct packet *packet)
{
	uint32_t hash = packet_is_ipv4(packet) ? flow_hash4(packet) : flow_hash6(packet);

	/* A CRC is linear: mix it, so that the upper bits depend on all of it. */
	return (hash ^ (hash >> 15)) * 0x9e3779b1u;
}
