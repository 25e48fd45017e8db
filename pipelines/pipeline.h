/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The order of the stages. Called by workers only; each call takes over all packets given.
 */
#pragma once

#include <rte_mbuf.h>

#include "dataplane/bfd/exchange.h"
#include "dataplane/port/port.h"
#include "dataplane/worker/worker.h"

/* A burst (n <= BURST_MAX) received from a port: every packet is forwarded, punted or dropped,
 * with one ledger entry each. Packets to send wait in worker->tx until pipeline_flush. */
void pipeline_receive(
	struct worker *worker, const struct port *port, struct rte_mbuf **packets, unsigned int n);

/* Control packets from the punt thread (struct handover says for which interface): tags are
 * pushed, then as above. */
void pipeline_inject(struct worker *worker, struct rte_mbuf **packets, unsigned int n);

/* BFD packets from the bfd thread, past every policer and what waits in worker->tx. One whose
 * neighbour has no MAC address yet is no packet: the neighbour is asked for. One that the device
 * does not take waits in worker->bfd_waiting for the next calls, which may bring none (n = 0). */
void pipeline_bfd(struct worker *worker, const struct bfd_departure *departures, unsigned int n);

/* Sends what waits in worker->tx, on queue worker->index of each port; what the device does not
 * take is dropped as tx-full. Called at the end of each turn of the poll loop. */
void pipeline_flush(struct worker *worker);

/* Token buckets for punts and ICMP errors of one worker; each of `workers` gets its share. NULL:
 * no memory. */
struct worker_budgets *pipeline_budgets_create(unsigned int workers, int numa_node);
void pipeline_budgets_free(struct worker_budgets *budgets);
