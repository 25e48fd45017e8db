/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Egress 4: to the port, in bursts. From here on the packet is on the account of the interface it
 * leaves by.
 */
#pragma once

#include "dataplane/port/port.h"
#include "pipelines/observe.h"
#include "pipelines/packet.h"

/* Sends what waits for the port; what the device does not take is dropped as tx-full. */
void egress_flush(struct worker *worker, uint32_t port);

/* The frame is complete: leaves it in worker->tx, counted as sent; what the
 * device does not take at the end of the turn is taken back. */
static __rte_always_inline void egress_enqueue(struct worker *worker, uint32_t port_id,
	uint32_t account, struct api_ledger *ledger, struct rte_mbuf *mbuf, uint32_t bytes)
{
	struct tx_queue *queue = &worker->tx[port_id];
	uint32_t at = worker->tx_counts[port_id];

	if (unlikely(at == BURST_MAX)) {
		egress_flush(worker, port_id);
		at = 0;
	}
	queue->packets[at] = mbuf;
	queue->accounts[at] = account;
	worker->tx_counts[port_id] = at + 1;
	ledger_add(&ledger->tx, 1);
	ledger_add(&ledger->tx_bytes, bytes);
}

/* The frame is complete. Drops as port-down or leaves it in worker->tx. packet: what it was made
 * of; NULL: the edge says it itself. */
static __rte_always_inline void egress_transmit(struct worker *worker, uint32_t port_id,
	uint32_t interface, struct rte_mbuf *mbuf, const struct packet *packet)
{
	if (unlikely(!port_is_up(port_get(port_id)))) {
		ledger_drop(&worker->ledger[interface], API_DROP_PORT_DOWN, mbuf->pkt_len);
		observe_out(
			worker, interface, mbuf, packet, API_CAPTURE_DROPPED, API_DROP_PORT_DOWN);
		rte_pktmbuf_free(mbuf);
		return;
	}
	observe_out(worker, interface, mbuf, packet, API_CAPTURE_SENT, 0);
	egress_enqueue(worker, port_id, COUNTERS_ACCOUNT(interface), &worker->ledger[interface],
		mbuf, mbuf->pkt_len);
}

/* The packet changes accounts, from the interface it came in by to the one it leaves by. */
static __rte_always_inline void egress_account(struct worker *worker, const struct packet *packet)
{
	struct api_ledger *ledger = worker->ledger;

	ledger[packet->in->id].forwarded_in++;
	ledger[packet->adjacency->interface].forwarded_out++;
}
