/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The poll loop: each worker receives from its queues, runs the pipeline, sends, and serves the
 * packets that the punt thread injects.
 */
#pragma once

#include <stdint.h>

#include <rte_mbuf.h>

#include "dataplane/api/api.h"

#define BURST_MAX 64u

/* A packet to punt or to inject waits in a ring as an mbuf; who it belongs to rides in its
 * private area (struct handover, at rte_mbuf_to_priv). */
struct handover {
	uint32_t interface;
	uint32_t epoch;
};

/* What a worker's thread owns. Everything here is touched by that worker only, but stats, which
 * main reads. */
struct worker {
	unsigned int index;
	unsigned int lcore;
	int numa_node;
	struct api_ledger *ledger; /* this thread's, by counters slot */
	struct rte_ring *inject;   /* from the punt thread, single producer, single consumer */
	struct rte_mempool *pool;  /* for generated packets */
	uint64_t now;		   /* TSC at the start of the burst */
	struct tx_queue {
		uint16_t count;
		struct rte_mbuf *packets[BURST_MAX];
		uint32_t interfaces[BURST_MAX]; /* whom to charge */
	} tx[API_PORTS_MAX];
	uint64_t polls, empty_polls, packets; /* stats */
	struct worker_budgets *budgets;	/* punt and ICMP token buckets by interface */
} __rte_cache_aligned;

/* Main thread, after EAL is up: starts a thread on every worker lcore. 0 or -errno. */
int worker_start_all(const struct api_startup *startup);
/* Tells workers to stop and waits for them. */
void worker_stop_all(void);
unsigned int worker_count(void);
bool worker_stats(unsigned int index, struct api_worker *stats);
/* Punt thread: hand a packet to the worker that sends for it. False: ring full, caller keeps it. */
bool worker_inject(struct rte_mbuf *packet);
