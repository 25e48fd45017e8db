/* SPDX-License-Identifier: BSD-3-Clause */
#include "pipelines/egress/transmit.h"

#include <rte_ethdev.h>

void egress_flush(struct worker *worker, uint32_t port_id)
{
	const struct port *port = port_get(port_id);
	struct tx_queue *queue = &worker->tx[port_id];
	uint16_t lengths[BURST_MAX]; /* once sent, a packet is the device's */
	uint16_t count = queue->count, sent = 0;

	for (uint16_t i = 0; i < count; i++)
		lengths[i] = queue->packets[i]->pkt_len;
	if (likely(port != NULL))
		sent = rte_eth_tx_burst(port->ethdev, worker->index, queue->packets, count);
	for (uint16_t i = 0; i < sent; i++) {
		struct api_ledger *ledger = &worker->ledger[queue->interfaces[i]];

		ledger->tx++;
		ledger->tx_bytes += lengths[i];
	}

	enum api_drop_reason reason = port == NULL ? API_DROP_PORT_DOWN : API_DROP_TX_FULL;

	for (uint16_t i = sent; unlikely(i < count); i++) {
		worker->ledger[queue->interfaces[i]].drops[reason]++;
		rte_pktmbuf_free(queue->packets[i]);
	}
	queue->count = 0;
}
