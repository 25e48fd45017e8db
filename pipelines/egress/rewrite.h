/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Egress 3: one hop less to live, and the adjacency's layer-2 header in place of the old one.
 *
 * Exits: none.
 */
#pragma once

#include "pipelines/packet.h"

/* TTL is the upper byte of its word, so the checksum grows by 0x0100 (RFC 1624 3). */
static __rte_always_inline void egress_ttl(const struct packet *packet)
{
	uint8_t *ip = packet_l3(packet);

	if (unlikely(packet->generated))
		return;
	if (!packet_is_ipv4(packet)) {
		ip[IPV6_HOP_LIMIT]--;
		return;
	}

	uint32_t checksum = load16(ip + IPV4_CHECKSUM) + 0x0100u;

	ip[IPV4_TTL]--;
	store16(ip + IPV4_CHECKSUM, checksum + (checksum >= 0xffff));
}

/* Writes the header so that it ends where the IP header begins. */
static __rte_always_inline void write_template(
	uint8_t *frame, const struct adjacency *adjacency, uint16_t ethertype)
{
	unsigned int bytes = adjacency->template_bytes;

	/* The sizes there are, as constants: a few stores each. */
	switch (bytes) {
	case 14:
		memcpy(frame, adjacency->template, 14);
		break;
	case 18:
		memcpy(frame, adjacency->template, 18);
		break;
	default:
		memcpy(frame, adjacency->template, 22);
		break;
	}
	store16(frame + bytes - 2, ethertype);
}

static __rte_always_inline void egress_rewrite(struct packet *packet)
{
	const struct adjacency *adjacency = packet->adjacency;
	struct rte_mbuf *mbuf = packet->mbuf;

	mbuf->data_off += packet->l3_offset - adjacency->template_bytes;
	mbuf->data_len = packet->l3_bytes + adjacency->template_bytes;
	mbuf->pkt_len = mbuf->data_len;
	packet->l3_offset = adjacency->template_bytes;
	write_template(rte_pktmbuf_mtod(mbuf, uint8_t *), adjacency, packet->ethertype);
}
