/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Equal-sized objects named by 32-bit index, in segments that never move. Main thread only.
 * An index counts 4-byte units, so that finding an object takes no multiplication: 16 GiB at most.
 * Index 0 is never given out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_common.h>

#define POOL_UNIT_BITS 2u
/* A segment is one huge page of x86: walking a trie is otherwise a TLB miss for each node. */
#define POOL_SEGMENT_BYTES (2u << 20)
#define POOL_SEGMENT_BITS (21u - POOL_UNIT_BITS)
#define POOL_SEGMENTS_MAX (1u << (32u - POOL_SEGMENT_BITS))

struct pool {
	uint32_t object_bytes; /* a multiple of 4: a free object holds the next free one's index */
	uint32_t segment_count;
	uint8_t **segments;
	uint32_t next; /* the first index that was never used */
	uint32_t free_head;
	uint32_t live;
};

/* An index, or 0: no memory. The object is zeroed. */
uint32_t pool_alloc(struct pool *pool);
/* When the last object goes, all memory goes back. */
void pool_free(struct pool *pool, uint32_t index);

static __rte_always_inline void *pool_get(const struct pool *pool, uint32_t index)
{
	return pool->segments[index >> POOL_SEGMENT_BITS] +
	       ((size_t)(index & ((1u << POOL_SEGMENT_BITS) - 1)) << POOL_UNIT_BITS);
}
