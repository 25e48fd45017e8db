/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the stages know about a packet, and the exits by which it leaves the common way. Lives on
 * the worker's stack for the length of one burst.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_common.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/nexthop.h"
#include "dataplane/worker/counters.h"
#include "dataplane/worker/worker.h"

/* What a stage says of a packet. EXIT_NEXT is the common way; pipeline.c sends the others off. */
enum packet_exit {
	EXIT_NEXT,        /* on to the next stage */
	EXIT_DROP,        /* packet->reason says why (a reason with direction IN) */
	EXIT_PUNT,        /* for the edge itself: to the ingress interface's TAP */
	EXIT_UNREACHABLE, /* no route: drop, tell the sender */
	EXIT_EXPIRED,     /* TTL or hop limit used up: drop, tell the sender */
	EXIT_GLEAN,       /* on-link destination without an adjacency: drop, ask for it */
	EXIT_UNRESOLVED,  /* packet->adjacency has no MAC yet: drop, ask for it */
	EXIT_FRAGMENT,    /* larger than the MTU and may be cut */
	EXIT_TOO_BIG,     /* larger than the MTU and must not be cut: drop, tell the sender */
	EXIT_POLICED,     /* beyond the rate of the interface it was to leave by: drop */
	EXIT_CUT,         /* the interface it was to leave by is in a failure test: drop */
	EXIT_NO_HEADROOM, /* the new header is longer than the room before the packet */
};

struct packet {
	struct rte_mbuf *mbuf;
	const struct interface *in;        /* it came by; its sender's, for an ICMP error of ours */
	const struct adjacency *adjacency; /* from route on */
	uint32_t group;                    /* of its route, from route on */
	uint16_t ethertype;                /* host order, behind the tags */
	uint16_t l3_bytes;                 /* IP header and payload, padding not */
	uint8_t l3_offset;                 /* from the start of the frame to the IP header */
	uint8_t reason;                    /* enum api_drop_reason, with EXIT_DROP */
	bool generated; /* an ICMP error of ours: no TTL step, no further error */
};

static __rte_always_inline uint8_t *packet_l3(const struct packet *packet)
{
	return rte_pktmbuf_mtod_offset(packet->mbuf, uint8_t *, packet->l3_offset);
}

static __rte_always_inline bool packet_is_ipv4(const struct packet *packet)
{
	return packet->ethertype == RTE_ETHER_TYPE_IPV4;
}

static __rte_always_inline enum packet_exit packet_drop(
	struct packet *packet, enum api_drop_reason reason)
{
	packet->reason = reason;
	return EXIT_DROP;
}

/* Packets of a family are looked at eight at a time; the last ones of a lane are filled up. */
#define LANE_STEP 8u

/* The packets of a burst that are of one family: what comes after tags does not ask again. Side by
 * side, as the steps want them; who needs one packet's knowledge together takes it by
 * lane_packet(). A packet in a lane is not counted as received yet. */
struct lane {
	unsigned int count;
	struct rte_mbuf *mbufs[BURST_MAX + LANE_STEP];
	const struct interface *ins[BURST_MAX + LANE_STEP]; /* they came by; never NULL */
	uint8_t *ips[BURST_MAX + LANE_STEP];                /* their IP headers */
	/* From the IP header on: of the frame; once the headers are checked, of the packet. */
	uint32_t bytes[BURST_MAX + LANE_STEP];
	/* What the look-up needs, set with the check of the headers. */
	const struct fib *fibs[BURST_MAX + LANE_STEP];
	union {
		uint32_t addresses4[BURST_MAX + LANE_STEP]; /* destinations, host order */
		uint8_t addresses6[BURST_MAX][16];
	};
	uint32_t groups[BURST_MAX]; /* from route on */
};

enum { LANE_IPV4, LANE_IPV6, LANES };

static __rte_always_inline void lane_put(struct lane *lane, unsigned int at, struct rte_mbuf *mbuf,
	const struct interface *in, uint8_t *ip, uint32_t bytes)
{
	lane->mbufs[at] = mbuf;
	lane->ins[at] = in;
	lane->ips[at] = ip;
	lane->bytes[at] = bytes;
}

static inline struct packet lane_packet(const struct lane *lane, unsigned int at, bool is_ipv4)
{
	return (struct packet){
		.mbuf = lane->mbufs[at],
		.in = lane->ins[at],
		.ethertype = is_ipv4 ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6,
		.l3_bytes = lane->bytes[at],
		.l3_offset = lane->ips[at] - rte_pktmbuf_mtod(lane->mbufs[at], uint8_t *),
	};
}

/* Big-endian fields at any alignment, in host order. (DPDK's byte swaps are volatile asm, which
 * the compiler cannot move or merge.) */
static __rte_always_inline uint16_t load16(const uint8_t *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return __builtin_bswap16(value);
}

static __rte_always_inline uint32_t load32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return __builtin_bswap32(value);
}

static __rte_always_inline uint64_t load_native64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static __rte_always_inline void store16(uint8_t *at, uint16_t value)
{
	value = __builtin_bswap16(value);
	memcpy(at, &value, sizeof(value));
}

/* Byte offsets in headers (RFC 791 3.1, RFC 8200 3, RFC 8200 4.5). */
enum {
	IPV4_TOS = 1,
	IPV4_LENGTH = 2,
	IPV4_ID = 4,
	IPV4_FRAGMENT = 6,
	IPV4_TTL = 8,
	IPV4_PROTOCOL = 9,
	IPV4_CHECKSUM = 10,
	IPV4_SOURCE = 12,
	IPV4_DESTINATION = 16,
	IPV4_HEADER_BYTES = 20,

	IPV6_PAYLOAD_LENGTH = 4,
	IPV6_NEXT_HEADER = 6,
	IPV6_HOP_LIMIT = 7,
	IPV6_SOURCE = 8,
	IPV6_DESTINATION = 24,
	IPV6_HEADER_BYTES = 40,
};

#define IPV4_DONT_FRAGMENT 0x4000u
#define IPV4_MORE_FRAGMENTS 0x2000u
#define IPV4_OFFSET_MASK 0x1fffu

static __rte_always_inline unsigned int ipv4_header_bytes(const uint8_t *ip)
{
	return (ip[0] & 0xfu) * 4;
}
