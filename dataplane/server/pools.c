/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include <rte_mempool.h>

#include "dataplane/server/pools.h"

struct search {
	unsigned int left;
	bool found;
	struct api_memory *row;
};

static void visit(struct rte_mempool *pool, void *context)
{
	struct search *search = context;
	struct api_memory *row = search->row;

	if (search->found || search->left-- > 0)
		return;
	search->found = true;
	snprintf(row->name, sizeof(row->name), "%s", pool->name);
	/* Reserved whether used or not: the whole pool is what it costs. */
	row->used_bytes =
		(uint64_t)pool->size * (pool->header_size + pool->elt_size + pool->trailer_size);
	row->used = rte_mempool_in_use_count(pool);
	row->capacity = pool->size;
}

bool pools_usage(unsigned int index, struct api_memory *row)
{
	struct search search = {.left = index, .row = row};

	rte_mempool_walk(visit, &search);
	return search.found;
}
