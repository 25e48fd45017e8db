/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/fib/pool.h"

#include <stdlib.h>
#include <string.h>

static int pool_grow(struct pool *pool)
{
	uint8_t **segments;
	uint8_t *segment;

	segments = realloc(pool->segments, (pool->segment_count + 1) * sizeof(*segments));
	if (segments == NULL)
		return -1;
	pool->segments = segments;
	segment = malloc(POOL_SEGMENT_OBJECTS * pool->object_bytes);
	if (segment == NULL)
		return -1;
	segments[pool->segment_count++] = segment;
	if (pool->next == 0)
		pool->next = 1;
	return 0;
}

uint32_t pool_alloc(struct pool *pool)
{
	uint32_t index = pool->free_head;

	if (index != 0) {
		memcpy(&pool->free_head, pool_get(pool, index), sizeof(pool->free_head));
	} else {
		if (pool->next >> POOL_SEGMENT_BITS == pool->segment_count && pool_grow(pool) != 0)
			return 0;
		index = pool->next++;
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
	pool->segments = NULL;
	pool->segment_count = 0;
	pool->next = 0;
	pool->free_head = 0;
}
