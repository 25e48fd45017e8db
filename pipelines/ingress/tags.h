/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ingress 1: VLAN tags -> interface.
 *
 * Exits: EXIT_NEXT with in, ethertype and l3_offset set; EXIT_DROP runt, unknown-tag.
 *
 * A frame whose only tag has VID 0 is priority-tagged: it says a priority and no VLAN, and counts
 * as untagged (802.1Q 6.9.1). Below an S-tag VID 0 names nothing: such an interface cannot be
 * configured. Priorities are not looked at.
 */
#pragma once

#include "dataplane/port/port.h"
#include "pipelines/packet.h"

#define TAG_VID(tci) ((tci)&0xfffu)

enum { TAG_BYTES = 4 };

static __rte_always_inline bool is_tag(uint16_t ethertype)
{
	return ethertype == RTE_ETHER_TYPE_VLAN || ethertype == RTE_ETHER_TYPE_QINQ ||
	       ethertype == RTE_ETHER_TYPE_QINQ1;
}

static inline uint32_t find_two_tags(
	const struct classifier *classifier, uint16_t outer, uint16_t inner)
{
	const uint32_t *table =
		__atomic_load_n(&classifier->qinq[TAG_VID(outer)], __ATOMIC_ACQUIRE);

	return table == NULL ? 0 : __atomic_load_n(&table[TAG_VID(inner)], __ATOMIC_ACQUIRE);
}

static inline uint32_t find_one_tag(const struct classifier *classifier, uint16_t tci)
{
	const uint32_t *entry =
		TAG_VID(tci) == 0 ? &classifier->untagged : &classifier->vlan[TAG_VID(tci)];

	return __atomic_load_n(entry, __ATOMIC_ACQUIRE);
}

/* 0: no interface, and packet->reason says why. */
static __rte_always_inline uint32_t find_tagged(
	const struct port *port, const struct classifier *classifier, struct packet *packet)
{
	const uint8_t *frame = rte_pktmbuf_mtod(packet->mbuf, const uint8_t *);
	uint16_t length = packet->mbuf->data_len;
	uint16_t outer_type = packet->ethertype;

	packet->reason = API_DROP_RUNT;
	packet->l3_offset += TAG_BYTES;
	if (unlikely(length < packet->l3_offset))
		return 0;
	packet->ethertype = load16(frame + 16);
	if (packet->ethertype == RTE_ETHER_TYPE_VLAN) {
		packet->l3_offset += TAG_BYTES;
		if (unlikely(length < packet->l3_offset))
			return 0;
		packet->ethertype = load16(frame + 20);
		packet->reason = API_DROP_UNKNOWN_TAG;
		if (outer_type != port->outer_ethertype)
			return 0;
		return find_two_tags(classifier, load16(frame + 14), load16(frame + 18));
	}
	packet->reason = API_DROP_UNKNOWN_TAG;
	if (outer_type != RTE_ETHER_TYPE_VLAN)
		return 0;
	return find_one_tag(classifier, load16(frame + 14));
}

static __rte_always_inline enum packet_exit ingress_tags(
	const struct port *port, const struct classifier *classifier, struct packet *packet)
{
	const uint8_t *frame = rte_pktmbuf_mtod(packet->mbuf, const uint8_t *);
	uint32_t id;

	if (unlikely(packet->mbuf->data_len < RTE_ETHER_HDR_LEN))
		return packet_drop(packet, API_DROP_RUNT);
	packet->reason = API_DROP_UNKNOWN_TAG;
	if (unlikely(classifier == NULL))
		return EXIT_DROP;
	packet->ethertype = load16(frame + 12);
	packet->l3_offset = RTE_ETHER_HDR_LEN;
	if (is_tag(packet->ethertype))
		id = find_tagged(port, classifier, packet);
	else
		id = __atomic_load_n(&classifier->untagged, __ATOMIC_ACQUIRE);
	if (unlikely(id == 0))
		return EXIT_DROP;
	packet->in = interface_get(id);
	if (unlikely(packet->in == NULL))
		return EXIT_DROP;
	packet->account = id;
	return EXIT_NEXT;
}
