/* SPDX-License-Identifier: BSD-3-Clause */
#include "pipelines/egress/transmit.h"

#include <rte_ethdev.h>

/* Packets of an interface tend to come one after another: one addition for each such run. */
static void count_sent(struct worker *worker, const uint64_t *charges, uint16_t sent)
{
	for (uint16_t i = 0; i < sent;) {
		uint32_t interface = charges[i];
		uint64_t packets = 0, bytes = 0;

		for (; i < sent && (uint32_t)charges[i] == interface; i++) {
			packets++;
			bytes += charges[i] >> 32;
		}
		worker->ledger[interface].tx += packets;
		worker->ledger[interface].tx_bytes += bytes;
	}
}

void egress_flush(struct worker *worker, uint32_t port_id)
{
	const struct port *port = port_get(port_id);
	struct tx_queue *queue = &worker->tx[port_id];
	uint16_t count = queue->count, sent = 0;

	if (likely(port != NULL))
		sent = rte_eth_tx_burst(port->ethdev, worker->index, queue->packets, count);
	count_sent(worker, queue->charges, sent);

	enum api_drop_reason reason = port == NULL ? API_DROP_PORT_DOWN : API_DROP_TX_FULL;

	for (uint16_t i = sent; unlikely(i < count); i++) {
		worker->ledger[(uint32_t)queue->charges[i]].drops[reason]++;
		rte_pktmbuf_free(queue->packets[i]);
	}
	queue->count = 0;
}
