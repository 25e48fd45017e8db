/* SPDX-License-Identifier: BSD-3-Clause */
#include "pipelines/punt/inject.h"

#include "pipelines/egress/transmit.h"
#include "pipelines/ingress/tags.h"
#include "pipelines/punt/bfd.h"
#include "pipelines/punt/bgp.h"

static void drop(struct worker *worker, uint32_t interface, struct rte_mbuf *mbuf,
	enum api_drop_reason reason)
{
	ledger_drop(&worker->ledger[interface], reason, mbuf->pkt_len);
	rte_pktmbuf_free(mbuf);
}

/* In a snapshot tags can pass to another interface before this one is gone or gets others: then it
 * has nothing to say on the wire. */
static bool owns_its_tags(const struct interface *interface)
{
	const struct classifier *classifier =
		__atomic_load_n(&classifier_table[interface->port], __ATOMIC_ACQUIRE);
	uint16_t s_tag = interface->api.s_tag, c_tag = interface->api.c_tag;
	uint32_t owner;

	if (unlikely(classifier == NULL))
		return false;
	if (s_tag != API_TAG_NONE)
		owner = find_two_tags(classifier, s_tag, c_tag);
	else
		owner = find_one_tag(classifier, c_tag);
	return owner == interface->id;
}

static bool push_tags(const struct interface *interface, struct rte_mbuf *mbuf)
{
	if (mbuf->data_len < RTE_ETHER_HDR_LEN || mbuf->nb_segs != 1)
		return false;

	uint8_t *frame = (uint8_t *)rte_pktmbuf_prepend(mbuf, interface->tag_bytes);

	if (frame == NULL)
		return false;
	memmove(frame, frame + interface->tag_bytes, 2 * RTE_ETHER_ADDR_LEN);
	memcpy(frame + 2 * RTE_ETHER_ADDR_LEN, interface->tags, interface->tag_bytes);
	return true;
}

/* It is seen as it would have left. */
static void drop_watched(struct worker *worker, const struct interface *interface,
	struct rte_mbuf *mbuf, enum api_drop_reason reason)
{
	ledger_drop(&worker->ledger[interface->id], reason, mbuf->pkt_len);
	if (unlikely(interface->watched != 0) && push_tags(interface, mbuf))
		observe_leaving(worker, interface, mbuf, NULL, API_CAPTURE_DROPPED, reason);
	rte_pktmbuf_free(mbuf);
}

void inject_from_tap(struct worker *worker, struct rte_mbuf *mbuf)
{
	const struct handover *handover = rte_mbuf_to_priv(mbuf);
	uint32_t id = handover->interface;
	const struct interface *interface = interface_get(id);

	worker->ledger[id].injected++;
	/* Another epoch: the id has a new owner, whom this frame is not from. */
	if (interface == NULL || interface->epoch != handover->epoch || !owns_its_tags(interface)) {
		drop(worker, id, mbuf, API_DROP_INJECT_GONE);
		return;
	}
	if (interface->cut) {
		drop_watched(worker, interface, mbuf, API_DROP_LINK_TEST_INJECT);
		return;
	}
	if (bfd_is_frame(mbuf)) {
		drop_watched(worker, interface, mbuf, API_DROP_INJECT_BFD);
		return;
	}
	if (interface->api.ttl_security)
		bgp_raise_ttl(mbuf);
	if (!push_tags(interface, mbuf)) {
		drop(worker, id, mbuf, API_DROP_INJECT_BAD);
		return;
	}
	egress_transmit(worker, interface->port, id, mbuf, NULL);
}
