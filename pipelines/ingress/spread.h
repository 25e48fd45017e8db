/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Before ingress, where a device does not do it: which worker a frame is for. All frames of a flow
 * are for one; what is no IP follows its tags, so that a link's control packets stay together.
 */
#pragma once

#include "pipelines/ingress/tags.h"
#include "pipelines/packet.h"
#include "pipelines/route/flow_hash.h"

/* Behind up to two tags; l3_bytes is what the frame has, not what the header says. */
static inline void find_l3(struct rte_mbuf *mbuf, struct packet *packet)
{
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	unsigned int offset = RTE_ETHER_HDR_LEN;

	packet->mbuf = mbuf;
	packet->ethertype = 0;
	packet->l3_offset = offset;
	packet->l3_bytes = 0;
	if (unlikely(mbuf->data_len < offset))
		return;
	packet->ethertype = load16(frame + offset - 2);
	for (unsigned int tags = 0; tags < 2 && is_tag(packet->ethertype); tags++) {
		if (unlikely(mbuf->data_len < offset + TAG_BYTES))
			return;
		offset += TAG_BYTES;
		packet->ethertype = load16(frame + offset - 2);
	}
	packet->l3_offset = offset;
	packet->l3_bytes = mbuf->data_len - offset;
}

/* The bytes between the MAC addresses and the last EtherType: at most two VLAN ids. */
static inline uint32_t tags_hash(const struct packet *packet)
{
	const uint8_t *at =
		rte_pktmbuf_mtod_offset(packet->mbuf, const uint8_t *, 2 * RTE_ETHER_ADDR_LEN);
	uint32_t hash = 0;

	for (unsigned int i = RTE_ETHER_HDR_LEN; i < packet->l3_offset;
		i += TAG_BYTES, at += TAG_BYTES)
		hash = rte_hash_crc_4byte(TAG_VID(load16(at + 2)), hash);
	return hash;
}

/* The whole IP header is there. */
static __rte_always_inline bool is_ip(const struct packet *packet)
{
	return packet->ethertype == RTE_ETHER_TYPE_IPV4
		       ? packet->l3_bytes >= IPV4_HEADER_BYTES
		       : packet->ethertype == RTE_ETHER_TYPE_IPV6 &&
				 packet->l3_bytes >= IPV6_HEADER_BYTES;
}

/* 0 to workers - 1. */
static __rte_always_inline unsigned int ingress_spread(struct rte_mbuf *mbuf, unsigned int workers)
{
	struct packet packet;
	uint32_t hash;

	find_l3(mbuf, &packet);
	if (likely(is_ip(&packet)))
		hash = flow_hash(&packet);
	else
		hash = tags_hash(&packet);
	/* Other bits than those that choose among next hops: no worker sees only some of these. */
	hash = (hash ^ (hash >> 16)) * 0x85ebca6bu;
	return ((uint64_t)hash * workers) >> 32;
}
