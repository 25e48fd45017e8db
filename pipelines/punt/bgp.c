/* SPDX-License-Identifier: BSD-3-Clause */
#include "pipelines/punt/bgp.h"

#include <netinet/in.h>

enum { PORTS_BYTES = 4 };

/* One's complement arithmetic over the word that TTL and protocol are (RFC 1624 3). */
static void set_ttl_ipv4(uint8_t *ip)
{
	uint16_t before = load16(ip + IPV4_TTL);
	uint32_t sum = (uint16_t)~load16(ip + IPV4_CHECKSUM);

	ip[IPV4_TTL] = BGP_TTL;
	sum += (uint16_t)~before + load16(ip + IPV4_TTL);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	store16(ip + IPV4_CHECKSUM, ~sum);
}

static void raise_ipv4(uint8_t *ip, unsigned int bytes)
{
	unsigned int header_bytes;

	if (bytes < IPV4_HEADER_BYTES || ip[IPV4_PROTOCOL] != IPPROTO_TCP ||
		(load16(ip + IPV4_FRAGMENT) & IPV4_OFFSET_MASK) != 0)
		return;
	header_bytes = ipv4_header_bytes(ip);
	if (bytes >= header_bytes + PORTS_BYTES && bgp_is_port(ip + header_bytes))
		set_ttl_ipv4(ip);
}

static void raise_ipv6(uint8_t *ip, unsigned int bytes)
{
	if (bytes >= IPV6_HEADER_BYTES + PORTS_BYTES && ip[IPV6_NEXT_HEADER] == IPPROTO_TCP &&
		bgp_is_port(ip + IPV6_HEADER_BYTES))
		ip[IPV6_HOP_LIMIT] = BGP_TTL;
}

void bgp_raise_ttl(struct rte_mbuf *mbuf)
{
	uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
	uint16_t ethertype;

	if (mbuf->data_len < RTE_ETHER_HDR_LEN)
		return;
	ethertype = load16(frame + 2 * RTE_ETHER_ADDR_LEN);
	if (ethertype == RTE_ETHER_TYPE_IPV4)
		raise_ipv4(frame + RTE_ETHER_HDR_LEN, mbuf->data_len - RTE_ETHER_HDR_LEN);
	else if (ethertype == RTE_ETHER_TYPE_IPV6)
		raise_ipv6(frame + RTE_ETHER_HDR_LEN, mbuf->data_len - RTE_ETHER_HDR_LEN);
}
