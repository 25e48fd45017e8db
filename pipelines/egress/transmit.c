/* SPDX-License-Identifier: BSD-3-Clause */
#include "pipelines/egress/transmit.h"

#include <rte_ethdev.h>

void egress_flush(struct worker *worker, uint32_t port_id)
{
	const struct port *port = port_get(port_id);
	struct tx_queue *queue = &worker->tx[port_id];
	uint16_t count = worker->tx_counts[port_id], sent = 0;

	if (likely(port != NULL))
		sent = rte_eth_tx_burst(port->ethdev, worker->index, queue->packets, count);

	enum api_drop_reason reason = port == NULL ? API_DROP_PORT_DOWN : API_DROP_TX_FULL;

	for (uint16_t i = sent; unlikely(i < count); i++) {
		struct api_ledger *ledger = ledger_at(worker->ledger, queue->accounts[i]);

		ledger->tx--;
		ledger->tx_bytes -= queue->packets[i]->pkt_len;
		ledger_drop(ledger, reason, queue->packets[i]->pkt_len);
		observe_out(worker, queue->accounts[i] / sizeof(struct api_ledger),
			queue->packets[i], NULL, API_CAPTURE_DROPPED, reason);
		rte_pktmbuf_free(queue->packets[i]);
	}
	worker->tx_counts[port_id] = 0;
}
