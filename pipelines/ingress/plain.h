/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ingress 1 to 4 in one go, for the common packet: to our MAC address, with an interface's tags, an
 * IPv4 header without options or an IPv6 header with something behind it, addresses that need no
 * second look. A plain packet would pass tags.h, header.h, local.h and martian.h one by one; one
 * that is not plain may pass them still, they have the last word and know the reason.
 */
#pragma once

#include "dataplane/port/port.h"
#include "pipelines/ingress/tags.h"
#include "pipelines/packet.h"

/* A frame that all forms of an IPv4 header, or of an IPv6 header, fit in. Shorter ones are not
 * plain. */
enum {
	PLAIN4_BYTES = RTE_ETHER_HDR_LEN + 2 * TAG_BYTES + IPV4_HEADER_BYTES,
	PLAIN6_BYTES = RTE_ETHER_HDR_LEN + 2 * TAG_BYTES + IPV6_HEADER_BYTES,
};

/* First octets with a part that is never routed: 0/8, 127/8, 169.254/16, 224/4 and above. */
extern const uint8_t ingress_octet_is_odd[256];

/* EtherType, and the octet behind it with the version, as the machine reads them. */
#define NEXT_IPV4_MASK UINT64_C(0xffffff)
#define NEXT_IPV4 UINT64_C(0x450008)
#define NEXT_IPV6_MASK UINT64_C(0xf0ffff)
#define NEXT_IPV6 UINT64_C(0x60dd86)
#define TAG_VLAN UINT64_C(0x0081)

/* What a port's frames are compared with. Without a classifier no frame is plain. */
struct plain {
	const struct classifier *classifier;
	uint64_t station; /* the port's MAC address */
	uint64_t qinq;    /* EtherTypes of two tags, VIDs left out */
};

#define QINQ_MASK UINT64_C(0x0000ffff0000ffff)

/* A MAC address in the upper six octets. */
static __rte_always_inline uint64_t load_station(const uint8_t *frame)
{
	return load_native64(frame) << 16;
}

static inline struct plain plain_of_port(const struct port *port)
{
	const struct classifier *classifier =
		__atomic_load_n(&classifier_table[port->id], __ATOMIC_ACQUIRE);
	uint8_t station[sizeof(uint64_t)] = {0};

	memcpy(station, &port->mac, RTE_ETHER_ADDR_LEN);
	return (struct plain){
		.classifier = classifier,
		/* No frame has bits below its six octets. */
		.station = load_station(station) | (classifier == NULL),
		.qinq = rte_cpu_to_be_16(port->outer_ethertype) | TAG_VLAN << 32,
	};
}

/* The 20 bytes sum up to 0xffff (RFC 1071 1). That is a sum modulo 0xffff, which 2^64 - 1 is a
 * multiple of: so words of 64 bits can be added with the carry brought round, and multiplied by the
 * inverse of 0xffff: multiples of it, and no others, become small. */
static __rte_always_inline bool sums_up(uint64_t first, uint64_t second, uint32_t third)
{
	const uint64_t ones = UINT64_C(0x0001000100010001);
	uint64_t sum;

	sum = __builtin_add_overflow(first, second, &sum) ? sum + 1 : sum;
	sum = __builtin_add_overflow(sum, (uint64_t)third, &sum) ? sum + 1 : sum;
	return -(sum * ones) <= ones;
}

/* What a plain packet shows. */
struct sight {
	const struct interface *in;
	const uint8_t *ip;
	unsigned int available; /* bytes of the frame from there on */
	unsigned int l3_offset;
	unsigned int l3_bytes;
	bool is_ipv4;
};

static __rte_always_inline bool plain_ipv4(struct sight *sight)
{
	const struct interface *in = sight->in;
	const uint8_t *ip = sight->ip;
	uint64_t first = load_native64(ip), second = load_native64(ip + IPV4_TTL);
	uint32_t source = second >> 32, destination;

	memcpy(&destination, ip + IPV4_DESTINATION, sizeof(destination));
	sight->is_ipv4 = true;
	sight->l3_bytes = __builtin_bswap16(first >> 16);
	/* One comparison for both ends: 20 to available. */
	return likely(sight->l3_bytes - IPV4_HEADER_BYTES <=
		       sight->available - IPV4_HEADER_BYTES) &&
	       likely(sums_up(first, second, destination)) &&
	       likely(!ingress_octet_is_odd[(uint8_t)source]) &&
	       likely(!ingress_octet_is_odd[(uint8_t)destination]) &&
	       likely(destination != in->address4) && likely(destination != in->broadcast4) &&
	       likely(source != in->broadcast4);
}

/* Neither multicast nor link-local, nor in ::/64. */
static __rte_always_inline bool plain_address6(uint64_t upper_half)
{
	return __builtin_bswap64(upper_half) - 1 < UINT64_C(0xfe00000000000000) - 1;
}

static __rte_always_inline bool plain_ipv6(struct sight *sight)
{
	const uint8_t *ip = sight->ip;
	unsigned int payload = load16(ip + IPV6_PAYLOAD_LENGTH);

	sight->is_ipv4 = false;
	sight->l3_bytes = IPV6_HEADER_BYTES + payload;
	return likely(payload != 0 && payload <= sight->available - IPV6_HEADER_BYTES) &&
	       likely(plain_address6(load_native64(ip + IPV6_SOURCE))) &&
	       likely(plain_address6(load_native64(ip + IPV6_DESTINATION))) &&
	       likely(memcmp(ip + IPV6_DESTINATION, sight->in->address6, 16) != 0);
}

/* next: EtherType and what follows, l3_offset: where that is. */
static __rte_always_inline bool plain_ip(const struct rte_mbuf *mbuf, uint32_t interface,
	uint64_t next, unsigned int l3_offset, struct sight *sight)
{
	sight->in = interface_get(interface);
	sight->ip = rte_pktmbuf_mtod_offset(mbuf, const uint8_t *, l3_offset);
	sight->l3_offset = l3_offset;
	sight->available = mbuf->data_len - l3_offset;
	if (unlikely(sight->in == NULL))
		return false;
	if (likely((next & NEXT_IPV4_MASK) == NEXT_IPV4))
		return plain_ipv4(sight);
	return (next & NEXT_IPV6_MASK) == NEXT_IPV6 && mbuf->data_len >= PLAIN6_BYTES &&
	       plain_ipv6(sight);
}

/* False: somebody else must look, and sight may be anything. */
static __rte_always_inline bool ingress_is_plain(
	const struct plain *plain, const struct rte_mbuf *mbuf, struct sight *sight)
{
	const struct classifier *classifier = plain->classifier;
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);

	if (unlikely(mbuf->nb_segs != 1) || unlikely(mbuf->data_len < PLAIN4_BYTES) ||
		unlikely(load_station(frame) != plain->station))
		return false;

	uint64_t head = load_native64(frame + 12);

	if ((head & QINQ_MASK) == plain->qinq) {
		uint16_t outer = __builtin_bswap16(head >> 16),
			 inner = __builtin_bswap16(head >> 48);

		return plain_ip(mbuf, find_two_tags(classifier, outer, inner),
			load_native64(frame + 20), RTE_ETHER_HDR_LEN + 2 * TAG_BYTES, sight);
	}
	if (likely((uint16_t)head == TAG_VLAN))
		return plain_ip(mbuf, find_one_tag(classifier, __builtin_bswap16(head >> 16)),
			head >> 32, RTE_ETHER_HDR_LEN + TAG_BYTES, sight);
	return plain_ip(mbuf, find_one_tag(classifier, 0), head, RTE_ETHER_HDR_LEN, sight);
}
