/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Egress 3: one hop less to live, and the adjacency's layer-2 header in place of the old one.
 *
 * Exits: none.
 */
#pragma once

#include "pipelines/packet.h"

/* TTL is the upper byte of its word, so the checksum grows by 0x0100, and by the carry (RFC 1624
 * 3); in the machine's byte order that is 1. Both are in one word: the TTL its lowest byte, the
 * checksum its upper half. */
static __rte_always_inline void ttl_ipv4(uint8_t *ip)
{
	uint32_t word;

	memcpy(&word, ip + IPV4_TTL, sizeof(word));
	word += (word >= 0xfffe0000 ? 0x20000 : 0x10000) - 1;
	memcpy(ip + IPV4_TTL, &word, sizeof(word));
}

static __rte_always_inline void egress_ttl(uint8_t *ip, bool is_ipv4)
{
	if (is_ipv4)
		ttl_ipv4(ip);
	else
		ip[IPV6_HOP_LIMIT]--;
}

/* Writes the header so that it ends where the IP header begins. bytes: of the whole frame then. */
static __rte_always_inline void egress_rewrite(struct rte_mbuf *mbuf, uint8_t *ip, uint32_t bytes,
	const struct adjacency *adjacency, bool is_ipv4)
{
	const uint8_t *frame = ip - adjacency->template_bytes;

	memcpy(ip - TEMPLATE_BYTES, adjacency->template, TEMPLATE_BYTES);
	if (!is_ipv4)
		store16(ip - sizeof(uint16_t), RTE_ETHER_TYPE_IPV6);
	mbuf->data_off = frame - (const uint8_t *)mbuf->buf_addr;
	mbuf->data_len = bytes;
	mbuf->pkt_len = bytes;
}
