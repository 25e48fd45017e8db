/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records of any length on their way from one worker to main: one producer, one consumer, no lock,
 * and nobody waits. A record is a whole piece of memory: where the end of the ring is too near, the
 * rest is left empty.
 */
#pragma once

#include <stdint.h>

#include <rte_common.h>

#define CAPTURE_RING_BYTES (1u << 20)

struct capture_ring {
	uint64_t head __rte_cache_aligned; /* the worker writes: bytes put, ever */
	uint64_t tail __rte_cache_aligned; /* main writes: bytes taken, ever */
	uint8_t bytes[CAPTURE_RING_BYTES] __rte_cache_aligned;
};

/* Worker: room for a record, at a multiple of 8 bytes. Until capture_ring_publish() it is nobody's,
 * and the next call returns it anew. NULL: the ring is full. */
void *capture_ring_room(struct capture_ring *ring, uint32_t bytes);
/* Worker: the room handed out last is a record of so many bytes now. */
void capture_ring_publish(struct capture_ring *ring);

/* Main: the oldest record, which stays; NULL: there is none. */
const void *capture_ring_oldest(struct capture_ring *ring);
/* Main: that record is done with. */
void capture_ring_take(struct capture_ring *ring);
