/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The punt thread's inner parts.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_mempool.h>
#include <rte_ring.h>

#include "dataplane/api/api.h"

/* Frames of one TAP, and packets of the ring, before others get their turn. */
#define PUNT_TAP_BURST 16u
#define PUNT_RING_BURST 64u

/* What the thread works with. All but the ring is the thread's own while it runs. */
struct punt_work {
	struct rte_ring *ring; /* from all workers; this thread takes out */
	struct rte_mempool *pool;
	struct api_ledger *ledger;
};

/* A TAP the thread may use. Under the thread's lock. */
struct punt_tap {
	int fd; /* -1: none */
	uint32_t epoch;
};

/* Writes up to PUNT_RING_BURST waiting packets to their TAPs (indexed by interface). Returns how
 * many it took from the ring. */
unsigned int punt_write_taps(const struct punt_work *work, const struct punt_tap *taps);

/* Reads up to PUNT_TAP_BURST frames of one TAP and hands them to a worker. 0, or -errno when the
 * TAP can be read no more (its network device is gone). */
int punt_read_tap(const struct punt_work *work, uint32_t interface, const struct punt_tap *tap);

/* The wishes for neighbours (neighbour.c). */
int neighbour_init(void);
void neighbour_fini(void);

/* What punt_neighbour_needed() (next_hop) and punt_stranger_needed() do, at a time of any clock
 * that goes forward. Any worker. */
void neighbour_needed(
	uint32_t interface, uint8_t family, const uint8_t *address, bool next_hop, uint32_t now_ms);
