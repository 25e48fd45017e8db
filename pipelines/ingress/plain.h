/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ingress 1 in one go, for the common packet: one segment, to our MAC address, with an interface's
 * tags and an IP header behind them. What headers say comes next, for a whole lane at once
 * (plain_ipv4.h, plain_ipv6.h). A plain packet would pass tags.h, header.h, local.h and martian.h
 * one by one; one that is not plain may pass them still, they have the last word and know the
 * reason.
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

/* EtherTypes as the machine reads them, and two of them with a VID between. */
#define NEXT_IPV4 UINT64_C(0x0008)
#define NEXT_IPV6 UINT64_C(0xdd86)
#define NEXT_VLAN UINT64_C(0x0081)
#define TYPES_MASK UINT64_C(0x0000ffff0000ffff)
#define TYPES(first, second) ((first) | (second) << 32)

/* What a port's frames are compared with. Without a classifier no frame is plain. */
struct plain {
	const struct classifier *classifier;
	uint64_t station; /* the port's MAC address */
	uint64_t qinq;    /* TYPES() of two tags */
};

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
		.qinq = TYPES((uint64_t)rte_cpu_to_be_16(port->outer_ethertype), NEXT_VLAN),
	};
}

/* What a plain packet shows. */
struct sight {
	const struct interface *in;
	uint8_t *ip;
	uint32_t bytes; /* of the frame, from there on */
	bool is_ipv4;
};

/* The tag in the last two of four bytes. (A swap of 32 bits, because compilers take the way through
 * memory for one of 16.) */
static __rte_always_inline uint16_t tag_of(uint32_t bytes)
{
	return __builtin_bswap32(bytes);
}

static __rte_always_inline bool see(const struct rte_mbuf *mbuf, uint8_t *frame, uint32_t interface,
	unsigned int l3_offset, uint16_t next, struct sight *sight)
{
	sight->in = interface_get(interface);
	sight->ip = frame + l3_offset;
	sight->bytes = mbuf->data_len - l3_offset;
	sight->is_ipv4 = next == NEXT_IPV4;
	return likely(sight->in != NULL) &&
	       (sight->is_ipv4 || (next == NEXT_IPV6 && mbuf->data_len >= PLAIN6_BYTES));
}

/* False: somebody else must look, and sight may be anything. */
static __rte_always_inline bool ingress_is_plain(
	const struct plain *plain, const struct rte_mbuf *mbuf, struct sight *sight)
{
	const struct classifier *classifier = plain->classifier;
	uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);

	if (unlikely(mbuf->nb_segs != 1) || unlikely(mbuf->data_len < PLAIN4_BYTES) ||
		unlikely(load_station(frame) != plain->station))
		return false;

	uint64_t head = load_native64(frame + 12), types = head & TYPES_MASK;
	uint16_t next;

	if (likely(types == TYPES(NEXT_VLAN, NEXT_IPV4)))
		return see(mbuf, frame, find_one_tag(classifier, tag_of(head)),
			RTE_ETHER_HDR_LEN + TAG_BYTES, NEXT_IPV4, sight);
	if (types == plain->qinq) {
		memcpy(&next, frame + 20, sizeof(next));
		return see(mbuf, frame, find_two_tags(classifier, tag_of(head), tag_of(head >> 32)),
			RTE_ETHER_HDR_LEN + 2 * TAG_BYTES, next, sight);
	}
	if ((uint16_t)head == NEXT_VLAN)
		return see(mbuf, frame, find_one_tag(classifier, tag_of(head)),
			RTE_ETHER_HDR_LEN + TAG_BYTES, head >> 32, sight);
	return see(mbuf, frame, find_one_tag(classifier, 0), RTE_ETHER_HDR_LEN, head, sight);
}
