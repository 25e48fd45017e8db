/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/interface/capture_ring.h"

#include <stddef.h>

#define STEP 8u

/* Before each record, and before what is left empty at the end. */
struct piece {
	uint32_t bytes; /* this struct included; a multiple of STEP */
	uint32_t empty;
};

_Static_assert(sizeof(struct piece) == STEP, "fits wherever anything does");

static struct piece *piece_at(struct capture_ring *ring, uint64_t position)
{
	return (struct piece *)(void *)(ring->bytes + position % CAPTURE_RING_BYTES);
}

void *capture_ring_room(struct capture_ring *ring, uint32_t bytes)
{
	uint64_t head = ring->head, tail = __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);
	uint32_t need = (sizeof(struct piece) + bytes + STEP - 1) / STEP * STEP;
	uint32_t rest = CAPTURE_RING_BYTES - head % CAPTURE_RING_BYTES;
	uint32_t skipped = need > rest ? rest : 0;
	struct piece *piece;

	if (need > CAPTURE_RING_BYTES - (head - tail) ||
		skipped > CAPTURE_RING_BYTES - (head - tail) - need)
		return NULL;
	if (skipped > 0) {
		*piece_at(ring, head) = (struct piece){.bytes = rest, .empty = 1};
		head += rest;
		__atomic_store_n(&ring->head, head, __ATOMIC_RELEASE);
	}
	piece = piece_at(ring, head);
	*piece = (struct piece){.bytes = need};
	return piece + 1;
}

void capture_ring_publish(struct capture_ring *ring)
{
	uint64_t head = ring->head;

	__atomic_store_n(&ring->head, head + piece_at(ring, head)->bytes, __ATOMIC_RELEASE);
}

const void *capture_ring_oldest(struct capture_ring *ring)
{
	uint64_t head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);

	while (ring->tail != head) {
		const struct piece *piece = piece_at(ring, ring->tail);

		if (!piece->empty)
			return piece + 1;
		capture_ring_take(ring);
	}
	return NULL;
}

void capture_ring_take(struct capture_ring *ring)
{
	uint64_t tail = ring->tail;

	__atomic_store_n(&ring->tail, tail + piece_at(ring, tail)->bytes, __ATOMIC_RELEASE);
}
