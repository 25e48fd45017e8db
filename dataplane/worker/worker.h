/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The poll loop: each worker receives from its queues, runs the pipeline, sends, and serves the
 * packets that the punt thread injects.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>
#include <rte_cycles.h>
#include <rte_mbuf.h>

#include "dataplane/api/api.h"
#include "dataplane/bfd/exchange.h"
#include "dataplane/worker/unknown_tags.h"

struct port;

#define BURST_MAX 64u

/* A packet to punt or to inject waits in a ring as an mbuf; who it belongs to rides in its
 * private area (struct handover, at rte_mbuf_to_priv). */
struct handover {
	uint16_t interface;
	uint16_t frame_bytes; /* on the way to a TAP: of the frame as it came */
	uint32_t epoch;
};

#define WORKER_INJECT_RING 1024u

/* The receive queues of one worker. Immutable once published. */
struct poll_list {
	unsigned int count;
	struct poll_queue {
		const struct port *port;
		uint16_t queue;
	} queues[];
};

/* What main reads. Counters only, each stored whole. */
struct worker_account {
	uint64_t started; /* TSC */
	uint64_t cycles, busy_cycles;
	uint64_t polls, empty_polls, bursts, packets;
	uint64_t sampled_packets;
	uint64_t stage_cycles[API_STAGE_COUNT];
};

/* What a worker's thread owns. Everything here is touched by that worker only, but account and
 * unknown_tags, which main reads. */
struct worker {
	unsigned int index;
	unsigned int lcore;
	int numa_node;
	struct api_ledger *ledger; /* this thread's, by counters slot */
	struct rte_ring *inject;   /* from the punt thread, single producer, single consumer */
	struct rte_mempool *pool;  /* for generated packets */
	uint64_t now;              /* TSC at the start of the turn */
	bool sampling;             /* this turn is timed stage by stage */
	uint64_t mark;             /* while sampling: TSC at the end of the stage before */
	uint16_t tx_counts[API_PORTS_MAX]; /* how many wait in tx */
	/* Of a size that indexing by port is a shift. */
	struct tx_queue {
		struct rte_mbuf *packets[BURST_MAX];
		uint32_t accounts[BURST_MAX]; /* that they are counted in as sent */
	} __rte_aligned(1024) tx[API_PORTS_MAX];
	struct worker_account account;
	struct worker_budgets *budgets; /* punt and ICMP token buckets by interface */
	struct policer_slot *policers;  /* leased credit by policer */
	uint32_t policer_cursor;        /* the slot to look at next for idle credit */
	struct exchange *exchange;      /* with the other workers; NULL: there is none */
	struct poll_list *receive; /* main publishes with release; NULL: nothing to receive yet */
	unsigned int bfd_waiting_count;
	struct bfd_waiting bfd_waiting[BFD_WAITING_MAX]; /* for a device that refused them */
	struct unknown_tags unknown_tags[API_PORTS_MAX];
} __rte_cache_aligned;

static __rte_always_inline void worker_add(uint64_t *counter, uint64_t value)
{
	__atomic_store_n(counter, *counter + value, __ATOMIC_RELAXED);
}

/* The stage ends here: of a turn that is sampled, what it took since the last mark. */
static __rte_always_inline void worker_stage_done(struct worker *worker, enum api_stage stage)
{
	if (likely(!worker->sampling))
		return;

	uint64_t now = rte_rdtsc();

	worker_add(&worker->account.stage_cycles[stage], now - worker->mark);
	worker->mark = now;
}

/* Main thread, after EAL is up: starts a thread on every worker lcore. tsc_hz: what policers reckon
 * with. 0 or -errno. */
int worker_start_all(const struct api_startup *startup, uint64_t tsc_hz);
/* Tells workers to stop and waits for them. They still take injected packets, into nowhere. */
void worker_stop_all(void);
/* Frees them, once they and the punt thread have stopped. */
void worker_free_all(void);
unsigned int worker_count(void);
/* -1: any. */
int worker_numa_node(unsigned int index);
/* Main thread: publishes what worker `index` polls from now on (allocated by rte_malloc, NULL:
 * nothing) and reclaims the list before. */
void worker_poll(unsigned int index, struct poll_list *list);
/* Main thread: how many packets of a port its device spread by a hash of the flow, and how many it
 * did not, since the workers started; counted for ports where that is watched (exchange.h). */
void worker_hashes_seen(uint32_t port, uint64_t *hashed, uint64_t *unhashed);
/* Main thread: the tags of frames that a port received and no interface has, of all workers,
 * since the process began as the port's ledger. */
void worker_unknown_tags(uint32_t port, struct api_tags rows[API_TAGS_KEPT]);
/* Any thread: TSC when the turn began that worker `index` is at; now, when there is no such worker.
 */
uint64_t worker_turn_began(unsigned int index);
bool worker_stats(unsigned int index, struct api_worker *stats);
/* Punt thread: hand a packet to the worker that sends for it. False: ring full, caller keeps it. */
bool worker_inject(struct rte_mbuf *packet);
