/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ingress 1: VLAN tags -> interface.
 *
 * Exits: an interface, or none: runt, unknown-tag.
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
	return __atomic_load_n(&classifier->vlan[TAG_VID(tci)], __ATOMIC_ACQUIRE);
}

/* What the frame says before its IP header. */
struct tags {
	const struct interface *in; /* NULL: reason says why */
	uint16_t ethertype;         /* host order, behind the tags */
	uint8_t l3_offset;
	uint8_t reason; /* enum api_drop_reason */
};

/* The interface's id, 0: none. */
static __rte_always_inline uint32_t find_tagged(const struct port *port,
	const struct classifier *classifier, const uint8_t *frame, uint16_t length,
	struct tags *tags)
{
	uint16_t outer_type = tags->ethertype;

	tags->l3_offset += TAG_BYTES;
	if (unlikely(length < tags->l3_offset)) {
		tags->reason = API_DROP_RUNT;
		return 0;
	}
	tags->ethertype = load16(frame + 16);
	if (tags->ethertype != RTE_ETHER_TYPE_VLAN) {
		if (unlikely(outer_type != RTE_ETHER_TYPE_VLAN))
			return 0;
		return find_one_tag(classifier, load16(frame + 14));
	}
	tags->l3_offset += TAG_BYTES;
	if (unlikely(length < tags->l3_offset)) {
		tags->reason = API_DROP_RUNT;
		return 0;
	}
	tags->ethertype = load16(frame + 20);
	if (unlikely(outer_type != port->outer_ethertype))
		return 0;
	return find_two_tags(classifier, load16(frame + 14), load16(frame + 18));
}

static __rte_always_inline struct tags ingress_tags(
	const struct port *port, const struct classifier *classifier, const struct rte_mbuf *mbuf)
{
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	struct tags tags = {.l3_offset = RTE_ETHER_HDR_LEN, .reason = API_DROP_RUNT};
	uint32_t id;

	if (unlikely(mbuf->data_len < RTE_ETHER_HDR_LEN))
		return tags;
	tags.reason = API_DROP_UNKNOWN_TAG;
	if (unlikely(classifier == NULL))
		return tags;
	tags.ethertype = load16(frame + 12);
	if (is_tag(tags.ethertype))
		id = find_tagged(port, classifier, frame, mbuf->data_len, &tags);
	else
		id = find_one_tag(classifier, 0);
	/* Id 0 is nobody's. */
	tags.in = interface_get(id);
	return tags;
}
