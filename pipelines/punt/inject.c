/* SPDX-License-Identifier: BSD-3-Clause */
#include "pipelines/punt/inject.h"

#include "pipelines/egress/transmit.h"

static void drop(struct worker *worker, uint32_t interface, struct rte_mbuf *mbuf,
	enum api_drop_reason reason)
{
	worker->ledger[interface].drops[reason]++;
	rte_pktmbuf_free(mbuf);
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

void inject_from_tap(struct worker *worker, struct rte_mbuf *mbuf)
{
	const struct handover *handover = rte_mbuf_to_priv(mbuf);
	uint32_t id = handover->interface;
	const struct interface *interface = interface_get(id);

	worker->ledger[id].injected++;
	/* Another epoch: the id has a new owner, whom this frame is not from. */
	if (interface == NULL || interface->epoch != handover->epoch) {
		drop(worker, id, mbuf, API_DROP_INJECT_GONE);
		return;
	}
	if (!push_tags(interface, mbuf)) {
		drop(worker, id, mbuf, API_DROP_INJECT_BAD);
		return;
	}
	egress_transmit(worker, interface->port, id, mbuf);
}
