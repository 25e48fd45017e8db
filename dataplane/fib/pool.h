/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Equal-sized objects named by 32-bit index, in segments that never move. Main thread only.
 * Index 0 is never given out.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define POOL_SEGMENT_BITS 12u
#define POOL_SEGMENT_OBJECTS (1u << POOL_SEGMENT_BITS)

struct pool {
	size_t object_bytes; /* >= 4: a free object holds the index of the next free one */
	uint8_t **segments;
	uint32_t segment_count;
	uint32_t next; /* first index that was never used; 0 before the first use */
	uint32_t free_head;
	uint32_t live;
};

/* An index, or 0: no memory. The object is zeroed. */
uint32_t pool_alloc(struct pool *pool);
/* When the last object goes, all memory goes back. */
void pool_free(struct pool *pool, uint32_t index);

static inline void *pool_get(const struct pool *pool, uint32_t index)
{
	return pool->segments[index >> POOL_SEGMENT_BITS] +
	       (index & (POOL_SEGMENT_OBJECTS - 1)) * pool->object_bytes;
}
