/* SPDX-License-Identifier: BSD-3-Clause */
#include "pipelines/punt/punt.h"

#include <netinet/in.h>

#include "dataplane/punt/punt.h"
#include "pipelines/punt/bfd.h"
#include "pipelines/punt/budget.h"

#define BGP_PORT 179u

/* RFC 4861 4: router solicitation to redirect. */
#define ND_FIRST 133u
#define ND_LAST 137u

static enum budget_class class_of_l4(uint8_t protocol, const uint8_t *l4, unsigned int bytes)
{
	if (protocol == IPPROTO_ICMPV6 && bytes >= 1 && l4[0] >= ND_FIRST && l4[0] <= ND_LAST)
		return BUDGET_NEIGHBOUR;
	if (protocol != IPPROTO_TCP || bytes < 4)
		return BUDGET_OTHER;
	return load16(l4) == BGP_PORT || load16(l4 + 2) == BGP_PORT ? BUDGET_BGP : BUDGET_OTHER;
}

static enum budget_class class_of(const struct packet *packet)
{
	const uint8_t *ip = packet_l3(packet);
	unsigned int header_bytes = IPV6_HEADER_BYTES;

	if (packet->ethertype == RTE_ETHER_TYPE_ARP)
		return BUDGET_NEIGHBOUR;
	if (!packet_is_ipv4(packet))
		return class_of_l4(
			ip[IPV6_NEXT_HEADER], ip + header_bytes, packet->l3_bytes - header_bytes);
	if ((load16(ip + IPV4_FRAGMENT) & IPV4_OFFSET_MASK) != 0)
		return BUDGET_OTHER;
	header_bytes = ipv4_header_bytes(ip);
	/* ICMPv6 in IPv4 is nothing. */
	if (ip[IPV4_PROTOCOL] != IPPROTO_TCP)
		return BUDGET_OTHER;
	return class_of_l4(IPPROTO_TCP, ip + header_bytes, packet->l3_bytes - header_bytes);
}

/* The kernel need not see what only filled the frame up. */
static void cut_padding(const struct packet *packet)
{
	if (packet->ethertype == RTE_ETHER_TYPE_ARP)
		return;
	packet->mbuf->data_len = packet->l3_offset + packet->l3_bytes;
	packet->mbuf->pkt_len = packet->mbuf->data_len;
}

/* The MAC addresses move up to the EtherType behind the tags. */
static void cut_tags(struct packet *packet)
{
	uint16_t tag_bytes = packet->l3_offset - RTE_ETHER_HDR_LEN;
	uint8_t *frame = rte_pktmbuf_mtod(packet->mbuf, uint8_t *);

	if (tag_bytes == 0)
		return;
	memmove(frame + tag_bytes, frame, 2 * RTE_ETHER_ADDR_LEN);
	rte_pktmbuf_adj(packet->mbuf, tag_bytes);
	packet->l3_offset = RTE_ETHER_HDR_LEN;
}

void punt_to_tap(struct worker *worker, struct packet *packet)
{
	const struct interface *in = packet->in;
	struct api_ledger *ledger = &worker->ledger[packet->in->id];
	struct handover *handover = rte_mbuf_to_priv(packet->mbuf);

	if (bfd_is_arrival(packet)) {
		bfd_punt(worker, packet);
		return;
	}
	if (!budget_take(worker, in->id, class_of(packet))) {
		ledger_drop(ledger, API_DROP_PUNT_BUDGET, packet->mbuf->pkt_len);
		rte_pktmbuf_free(packet->mbuf);
		return;
	}
	handover->frame_bytes = packet->mbuf->pkt_len;
	cut_padding(packet);
	cut_tags(packet);
	handover->interface = in->id;
	handover->epoch = in->epoch;
	if (punt_packet(packet->mbuf))
		return; /* now on the account of the punt thread */
	ledger_drop(ledger, API_DROP_PUNT_RING_FULL, handover->frame_bytes);
	rte_pktmbuf_free(packet->mbuf);
}
