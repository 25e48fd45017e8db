/* SPDX-License-Identifier: BSD-3-Clause */
#include "pipelines/punt/punt.h"

#include <netinet/in.h>

#include "dataplane/punt/punt.h"
#include "pipelines/observe.h"
#include "pipelines/punt/bfd.h"
#include "pipelines/punt/bgp.h"
#include "pipelines/punt/budget.h"
#include "pipelines/punt/solicitation.h"
#include "pipelines/punt/upper_layer.h"

/* RFC 4861 4: router solicitation to redirect. */
#define ND_FIRST 133u
#define ND_LAST 137u

static enum api_budget class_of_l4(uint8_t protocol, const uint8_t *l4, unsigned int bytes)
{
	if (protocol == IPPROTO_ICMPV6 && bytes >= 1 && l4[0] >= ND_FIRST && l4[0] <= ND_LAST)
		return l4[0] == ND_ADVERTISEMENT ? API_BUDGET_ANSWER : API_BUDGET_NEIGHBOUR;
	if (protocol != IPPROTO_TCP || bytes < 4)
		return API_BUDGET_OTHER;
	return bgp_is_port(l4) ? API_BUDGET_BGP : API_BUDGET_OTHER;
}

/* Neighbor Discovery has no extension headers but when it is forged (RFC 6980). */
static enum api_budget class_of_ipv6(const uint8_t *ip, unsigned int length)
{
	struct upper_layer upper;

	if (!upper_layer_find(ip, length, &upper) || upper.later_fragment || upper.offset > length)
		return API_BUDGET_OTHER;
	if (upper.offset != IPV6_HEADER_BYTES && upper.protocol != IPPROTO_TCP)
		return API_BUDGET_OTHER;
	return class_of_l4(upper.protocol, ip + upper.offset, length - upper.offset);
}

static enum api_budget class_of(const struct packet *packet)
{
	const uint8_t *ip = packet_l3(packet);
	unsigned int header_bytes;

	if (packet->ethertype == RTE_ETHER_TYPE_ARP)
		return arp_operation(ip) == ARP_REPLY ? API_BUDGET_ANSWER : API_BUDGET_NEIGHBOUR;
	if (!packet_is_ipv4(packet))
		return class_of_ipv6(ip, packet->l3_bytes);
	if ((load16(ip + IPV4_FRAGMENT) & IPV4_OFFSET_MASK) != 0)
		return API_BUDGET_OTHER;
	header_bytes = ipv4_header_bytes(ip);
	/* ICMPv6 in IPv4 is nothing. */
	if (ip[IPV4_PROTOCOL] != IPPROTO_TCP)
		return API_BUDGET_OTHER;
	return class_of_l4(IPPROTO_TCP, ip + header_bytes, packet->l3_bytes - header_bytes);
}

/* Of what is charged to API_BUDGET_NEIGHBOUR. */
static bool asks_others(const struct packet *packet)
{
	const uint8_t *l3 = packet_l3(packet);

	if (packet->ethertype == RTE_ETHER_TYPE_ARP)
		return arp_asks_others(packet->in, l3);
	return nd_asks_others(
		packet->in, l3 + IPV6_HEADER_BYTES, packet->l3_bytes - IPV6_HEADER_BYTES);
}

/* RFC 5082 3: only a neighbour on the link can send a TTL of 255. Of a fragmented packet it is the
 * first fragment, which has the ports, that never comes through. */
static bool came_from_afar(const struct packet *packet)
{
	const uint8_t *ip = packet_l3(packet);

	return ip[packet_is_ipv4(packet) ? IPV4_TTL : IPV6_HOP_LIMIT] != BGP_TTL;
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

static void drop(struct worker *worker, const struct packet *packet, enum api_drop_reason reason)
{
	observe_in(worker, packet, API_CAPTURE_DROPPED, reason);
	ledger_drop(&worker->ledger[packet->in->id], reason, packet->mbuf->pkt_len);
	rte_pktmbuf_free(packet->mbuf);
}

enum punt_verdict punt_judge(const struct packet *packet, enum api_budget *class)
{
	*class = API_BUDGET_BFD;
	if (bfd_is_arrival(packet))
		return PUNT_TO_BFD;
	*class = class_of(packet);
	if (*class == API_BUDGET_BGP && packet->in->api.ttl_security && came_from_afar(packet))
		return PUNT_FROM_AFAR;
	if (*class == API_BUDGET_NEIGHBOUR && asks_others(packet))
		return PUNT_ASKS_OTHERS;
	return PUNT_TO_TAP;
}

enum api_drop_reason punt_refusal(enum punt_verdict verdict)
{
	return verdict == PUNT_FROM_AFAR ? API_DROP_BGP_TTL : API_DROP_ASKS_OTHERS;
}

void punt_to_tap(struct worker *worker, struct packet *packet)
{
	const struct interface *in = packet->in;
	struct handover *handover = rte_mbuf_to_priv(packet->mbuf);
	enum api_budget class;
	enum punt_verdict verdict = punt_judge(packet, &class);
	struct observed observed;

	if (verdict == PUNT_TO_BFD) {
		bfd_punt(worker, packet);
		return;
	}
	if (verdict != PUNT_TO_TAP) {
		drop(worker, packet, punt_refusal(verdict));
		return;
	}
	if (!budget_take(worker, in, class)) {
		drop(worker, packet, budget_drop(class));
		return;
	}
	observed = observe_maybe_in(worker, packet);
	handover->frame_bytes = packet->mbuf->pkt_len;
	cut_padding(packet);
	cut_tags(packet);
	handover->interface = in->id;
	handover->epoch = in->epoch;
	if (punt_packet(packet->mbuf)) { /* now on the account of the punt thread */
		observe_settle(&observed, API_CAPTURE_PUNTED, 0);
		return;
	}
	observe_settle(&observed, API_CAPTURE_DROPPED, API_DROP_PUNT_RING_FULL);
	ledger_drop(&worker->ledger[in->id], API_DROP_PUNT_RING_FULL, handover->frame_bytes);
	rte_pktmbuf_free(packet->mbuf);
}
