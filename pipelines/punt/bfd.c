/* SPDX-License-Identifier: BSD-3-Clause */
#include "pipelines/punt/bfd.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "dataplane/bfd/exchange.h"
#include "pipelines/observe.h"
#include "pipelines/punt/budget.h"

enum { UDP_DESTINATION = 2, UDP_LENGTH = 4, UDP_CHECKSUM = 6 };

static bool is_port(uint16_t port)
{
	return port == BFD_PORT_SINGLE_HOP || port == BFD_PORT_ECHO || port == BFD_PORT_MULTIHOP;
}

/* The UDP header, or NULL: it is no UDP, a later fragment, or too short. ip, of l3_bytes, has a
 * valid header. */
static const uint8_t *find_udp(const uint8_t *ip, unsigned int l3_bytes, bool is_ipv4)
{
	unsigned int header = is_ipv4 ? ipv4_header_bytes(ip) : IPV6_HEADER_BYTES;
	uint8_t protocol = is_ipv4 ? ip[IPV4_PROTOCOL] : ip[IPV6_NEXT_HEADER];

	if (protocol != IPPROTO_UDP || l3_bytes < header + BFD_UDP_BYTES)
		return NULL;
	if (is_ipv4 && (load16(ip + IPV4_FRAGMENT) & IPV4_OFFSET_MASK) != 0)
		return NULL;
	return ip + header;
}

bool bfd_is_arrival(const struct packet *packet)
{
	const uint8_t *udp;

	if (!packet_is_ipv4(packet) && packet->ethertype != RTE_ETHER_TYPE_IPV6)
		return false;
	udp = find_udp(packet_l3(packet), packet->l3_bytes, packet_is_ipv4(packet));
	return udp != NULL && is_port(load16(udp + UDP_DESTINATION));
}

/* A frame from a TAP: untagged, and from our own kernel, so its headers need a look at their
 * lengths only. */
bool bfd_is_frame(const struct rte_mbuf *mbuf)
{
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	const uint8_t *ip = frame + RTE_ETHER_HDR_LEN, *udp;
	unsigned int bytes = mbuf->data_len;
	uint16_t ethertype;

	if (bytes < RTE_ETHER_HDR_LEN + IPV4_HEADER_BYTES)
		return false;
	ethertype = load16(frame + 2 * RTE_ETHER_ADDR_LEN);
	bytes -= RTE_ETHER_HDR_LEN;
	if (ethertype != RTE_ETHER_TYPE_IPV4 && ethertype != RTE_ETHER_TYPE_IPV6)
		return false;
	udp = find_udp(ip, bytes, ethertype == RTE_ETHER_TYPE_IPV4);
	return udp != NULL && is_port(load16(udp + UDP_DESTINATION));
}

/* RFC 1071: the sum over all that a right checksum covers, and itself, is all ones. */
static bool is_sum_right(const struct packet *packet, const uint8_t *udp, uint16_t length)
{
	const uint8_t *ip = packet_l3(packet);
	uint32_t sum = rte_raw_cksum(udp, length);

	sum += packet_is_ipv4(packet) ? rte_ipv4_phdr_cksum((const struct rte_ipv4_hdr *)ip, 0)
				      : rte_ipv6_phdr_cksum((const struct rte_ipv6_hdr *)ip, 0);
	return (sum & 0xffff) + (sum >> 16) == 0xffff;
}

/* RFC 768; over IPv4 a checksum of 0 means none, over IPv6 it must be there (RFC 8200 8.1). */
static bool is_damaged(const struct packet *packet, const uint8_t *udp)
{
	const uint8_t *ip = packet_l3(packet);
	uint16_t length = load16(udp + UDP_LENGTH);
	bool is_ipv4 = packet_is_ipv4(packet);

	if (length < BFD_UDP_BYTES || length != packet->l3_bytes - (udp - ip))
		return true;
	if (is_ipv4 && (load16(ip + IPV4_FRAGMENT) & IPV4_MORE_FRAGMENTS) != 0)
		return true;
	if (load16(udp + UDP_CHECKSUM) == 0)
		return !is_ipv4;
	return !is_sum_right(packet, udp, length);
}

static void copy_addresses(const struct packet *packet, struct bfd_arrival *arrival)
{
	const uint8_t *ip = packet_l3(packet);

	if (packet_is_ipv4(packet)) {
		memcpy(arrival->source, ip + IPV4_SOURCE, 4);
		memcpy(arrival->destination, ip + IPV4_DESTINATION, 4);
		arrival->ttl = ip[IPV4_TTL];
		arrival->family = AF_INET;
	} else {
		memcpy(arrival->source, ip + IPV6_SOURCE, 16);
		memcpy(arrival->destination, ip + IPV6_DESTINATION, 16);
		arrival->ttl = ip[IPV6_HOP_LIMIT];
		arrival->family = AF_INET6;
	}
}

static struct bfd_arrival read_arrival(const struct worker *worker, const struct packet *packet)
{
	bool is_ipv4 = packet_is_ipv4(packet);
	const uint8_t *udp = find_udp(packet_l3(packet), packet->l3_bytes, is_ipv4);
	unsigned int bytes;
	struct bfd_arrival arrival = {
		.tsc = worker->now,
		.interface = packet->in->id,
		.port = load16(udp + UDP_DESTINATION),
		.l3_bytes = packet->l3_bytes,
		.damaged = is_damaged(packet, udp),
	};

	copy_addresses(packet, &arrival);
	if (arrival.damaged)
		return arrival;
	bytes = load16(udp + UDP_LENGTH) - BFD_UDP_BYTES;
	arrival.bytes = bytes;
	memcpy(arrival.payload, udp + BFD_UDP_BYTES, RTE_MIN(bytes, sizeof(arrival.payload)));
	return arrival;
}

void bfd_punt(struct worker *worker, struct packet *packet)
{
	struct api_ledger *ledger = &worker->ledger[packet->in->id];
	enum api_drop_reason reason = budget_drop(API_BUDGET_BFD);
	bool arrived = budget_take(worker, packet->in, API_BUDGET_BFD);
	struct bfd_arrival arrival;

	if (arrived) {
		arrival = read_arrival(worker, packet);
		reason = API_DROP_PUNT_RING_FULL;
		arrived = bfd_arrived(worker->index, &arrival);
	}
	if (arrived)
		ledger->punt++;
	else
		ledger_drop(ledger, reason, packet->mbuf->pkt_len);
	observe_in(worker, packet, arrived ? API_CAPTURE_PUNTED : API_CAPTURE_DROPPED, reason);
	rte_pktmbuf_free(packet->mbuf);
}
