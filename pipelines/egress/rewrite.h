/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Egress 3: one hop less to live, and the adjacency's layer-2 header in place of the old one.
 *
 * Exits: none.
 */
#pragma once

#include "pipelines/packet.h"

/* TTL is the upper byte of its word, so the checksum grows by 0x0100 (RFC 1624 3). */
static __rte_always_inline void ttl_ipv4(uint8_t *ip)
{
	uint32_t checksum = load16(ip + IPV4_CHECKSUM) + 0x0100u;

	ip[IPV4_TTL]--;
	store16(ip + IPV4_CHECKSUM, checksum + (checksum >= 0xffff));
}

static __rte_always_inline void egress_ttl(uint8_t *ip, bool is_ipv4)
{
	if (is_ipv4)
		ttl_ipv4(ip);
	else
		ip[IPV6_HOP_LIMIT]--;
}

/* Writes the header so that it ends where the IP header begins. */
static __rte_always_inline void egress_rewrite(
	const struct packet *packet, uint8_t *ip, bool is_ipv4)
{
	const struct adjacency *adjacency = packet->adjacency;
	struct rte_mbuf *mbuf = packet->mbuf;
	uint32_t template_bytes = adjacency->template_bytes;
	uint32_t bytes = packet->l3_bytes + template_bytes;

	memcpy(ip - TEMPLATE_BYTES, adjacency->template, TEMPLATE_BYTES);
	if (!is_ipv4)
		store16(ip - sizeof(uint16_t), RTE_ETHER_TYPE_IPV6);
	mbuf->data_off += packet->l3_offset - template_bytes;
	mbuf->data_len = bytes;
	mbuf->pkt_len = bytes;
}
