/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IP and UDP around a BFD packet.
 */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <rte_byteorder.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "dataplane/bfd/internal.h"

#define TTL_MAX 255u /* RFC 5881 5; multihop peers can tell the distance by it */
/* Network control (RFC 4594 3.1), with which links carry it before everything else. */
#define CLASS_SELECTOR_6 0xc0u

static void write_udp(struct rte_udp_hdr *udp, const struct bfd_entry *entry, size_t bytes)
{
	bool multihop = entry->session.config.key.multihop;

	udp->src_port = rte_cpu_to_be_16(entry->port);
	udp->dst_port = rte_cpu_to_be_16(multihop ? BFD_PORT_MULTIHOP : BFD_PORT_SINGLE_HOP);
	udp->dgram_len = rte_cpu_to_be_16(BFD_UDP_BYTES + bytes);
	udp->dgram_cksum = 0;
}

static void write_ipv4(struct rte_ipv4_hdr *ip, const struct bfd_key *key, size_t bytes)
{
	*ip = (struct rte_ipv4_hdr){
		.version_ihl = RTE_IPV4_VHL_DEF,
		.type_of_service = CLASS_SELECTOR_6,
		.total_length = rte_cpu_to_be_16(bytes),
		.fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG),
		.time_to_live = TTL_MAX,
		.next_proto_id = IPPROTO_UDP,
	};
	memcpy(&ip->src_addr, key->local, sizeof(ip->src_addr));
	memcpy(&ip->dst_addr, key->peer, sizeof(ip->dst_addr));
	ip->hdr_checksum = rte_ipv4_cksum(ip);
}

static void write_ipv6(struct rte_ipv6_hdr *ip, const struct bfd_key *key, size_t bytes)
{
	*ip = (struct rte_ipv6_hdr){
		.vtc_flow = rte_cpu_to_be_32(6u << 28 | CLASS_SELECTOR_6 << 20),
		.payload_len = rte_cpu_to_be_16(bytes - BFD_IPV6_BYTES),
		.proto = IPPROTO_UDP,
		.hop_limits = TTL_MAX,
	};
	memcpy(ip->src_addr, key->local, sizeof(ip->src_addr));
	memcpy(ip->dst_addr, key->peer, sizeof(ip->dst_addr));
}

void bfd_frame_write(
	struct bfd_entry *entry, bool final, uint64_t now_us, struct bfd_departure *departure)
{
	const struct bfd_key *key = &entry->session.config.key;
	unsigned int header = key->family == AF_INET ? BFD_IPV4_BYTES : BFD_IPV6_BYTES;
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(departure->l3 + header);
	size_t bytes = bfd_session_write(
		&entry->session, final, now_us, departure->l3 + header + BFD_UDP_BYTES);
	size_t total = header + BFD_UDP_BYTES + bytes;

	departure->interface = entry->interface;
	departure->adjacency = entry->adjacency;
	departure->discriminator = entry->session.local_discriminator;
	departure->family = key->family;
	departure->l3_bytes = total;
	departure->routed = key->multihop;
	departure->reserved = 0;
	write_udp(udp, entry, bytes);
	if (key->family == AF_INET) {
		write_ipv4((struct rte_ipv4_hdr *)departure->l3, key, total);
		udp->dgram_cksum =
			rte_ipv4_udptcp_cksum((const struct rte_ipv4_hdr *)departure->l3, udp);
	} else {
		write_ipv6((struct rte_ipv6_hdr *)departure->l3, key, total);
		udp->dgram_cksum =
			rte_ipv6_udptcp_cksum((const struct rte_ipv6_hdr *)departure->l3, udp);
	}
	entry->session.tx_bytes += total;
}
