/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Workers hand frames to each other, over a ring for each pair, where a device has fewer receive
 * queues than there are workers or does not spread flows over them. Order is kept within a flow: a
 * flow's frames come by one queue, and all go to one worker over one ring.
 */
#pragma once

#include <stdint.h>

#include <rte_common.h>
#include <rte_mbuf.h>

#include "dataplane/worker/worker.h"

/* Frames that wait for one worker, all its rings together, are about as many at most. */
#define EXCHANGE_WAITING 2048u

/* What a port's packets need (struct port, spread). */
enum exchange_mode {
	EXCHANGE_NONE,     /* they stay with the worker of their queue */
	EXCHANGE_UNHASHED, /* those stay that the device hashed to their queue */
	EXCHANGE_ALL,
};

struct outbox {
	unsigned int count;
	struct rte_mbuf *packets[BURST_MAX];
};

/* One worker's. Rings: the other end is another worker; outboxes are empty between bursts. */
struct exchange {
	unsigned int workers;
	struct rte_ring *in[API_CPUS_MAX];  /* by worker who sends, NULL: itself */
	struct rte_ring *out[API_CPUS_MAX]; /* by worker who receives, another's `in` */
	struct exchange_seen {
		uint64_t hashed, unhashed; /* by the device; of EXCHANGE_UNHASHED */
	} seen[API_PORTS_MAX];             /* worker writes, main reads */
	struct outbox boxes[API_CPUS_MAX];
};

/* Main thread, before workers start: gives each of them its exchange. 0 or -ENOMEM. */
int exchange_create(struct worker *const *workers, unsigned int count);
/* Main thread, before a port whose packets are handed over is published: from now on workers look
 * at their rings. */
void exchange_activate(void);
/* Main thread, when workers have stopped. */
void exchange_free(struct worker *worker);

/* Worker. Keeps its own share of a burst in packets, in order, and hands the others over. Returns
 * how many it keeps. What a ring does not take is counted on the port's account. */
unsigned int exchange_spread(
	struct worker *worker, const struct port *port, struct rte_mbuf **packets, unsigned int n);
/* Worker: runs what others handed over. Returns how many frames. */
unsigned int exchange_receive(struct worker *worker);
