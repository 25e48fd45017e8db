/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/fib/pool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static int pool_grow(struct pool *pool)
{
	uint8_t **segments, *segment;

	if (pool->segment_count == POOL_SEGMENTS_MAX)
		return -1;
	segments = realloc(pool->segments, (pool->segment_count + 1) * sizeof(*segments));
	if (segments == NULL)
		return -1;
	pool->segments = segments;
	segment = aligned_alloc(POOL_SEGMENT_BYTES, POOL_SEGMENT_BYTES);
	if (segment == NULL)
		return -1;
	/* Advice only: without huge pages it is slower, not wrong. */
	madvise(segment, POOL_SEGMENT_BYTES, MADV_HUGEPAGE);
	pool->next = pool->segment_count << POOL_SEGMENT_BITS;
	if (pool->next == 0)
		pool->next = pool->object_bytes >> POOL_UNIT_BITS; /* 0 means none */
	segments[pool->segment_count++] = segment;
	return 0;
}

/* The object that would come next does not fit in the last segment. */
static bool pool_full(const struct pool *pool)
{
	uint32_t units = pool->object_bytes >> POOL_UNIT_BITS;
	uint32_t used = pool->next - ((pool->segment_count - 1) << POOL_SEGMENT_BITS);

	return pool->segment_count == 0 || used + units > 1u << POOL_SEGMENT_BITS;
}

uint32_t pool_alloc(struct pool *pool)
{
	uint32_t index = pool->free_head;

	if (index != 0) {
		memcpy(&pool->free_head, pool_get(pool, index), sizeof(pool->free_head));
	} else {
		if (pool_full(pool) && pool_grow(pool) != 0)
			return 0;
		index = pool->next;
		pool->next += pool->object_bytes >> POOL_UNIT_BITS;
	}
	pool->live++;
	memset(pool_get(pool, index), 0, pool->object_bytes);
	return index;
}

void pool_free(struct pool *pool, uint32_t index)
{
	memcpy(pool_get(pool, index), &pool->free_head, sizeof(pool->free_head));
	pool->free_head = index;
	if (--pool->live != 0)
		return;
	for (uint32_t i = 0; i < pool->segment_count; i++)
		free(pool->segments[i]);
	free(pool->segments);
	*pool = (struct pool){.object_bytes = pool->object_bytes};
}
