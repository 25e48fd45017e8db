/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A chunk: the ranges of one block of addresses, sorted, each with its group. Immutable once
 * published, so readers need no more than the pointer to it. Nothing outside of chunk.[ch] knows
 * how the ranges lie in memory.
 *
 * Range i holds the addresses from start i to the one before start i + 1; range 0 begins at the
 * block's first address, the last ends at its last. Group 0 means the table's default group.
 */
#pragma once

#include <stdint.h>

#include "dataplane/fib/fib.h"
#include "dataplane/fib/key.h"

struct chunk {
	/* Of the whole table, when this chunk is all of it. Main stores, workers load. */
	uint32_t default_group;
	uint32_t count;     /* of ranges, >= 1 */
	uint32_t key_bytes; /* 4: IPv4; 8: IPv6 with all starts on a /64 boundary; 16 */
	uint32_t reserved;
	uint64_t data[]; /* count keys in host order, then count groups of 4 bytes */
};

/* Main thread. NULL: no memory. Free with free(). */
struct chunk *chunk_create(
	enum fib_family family, const fib_key *starts, const uint32_t *groups, uint32_t count);
uint64_t chunk_bytes(const struct chunk *chunk);

/* Which range has the address: the last whose start is not above it. The halving loop has no
 * branch on the data, so the compiler makes conditional moves of it. */
#define CHUNK_SEARCH(keys, count, key, result)                                          \
	do {                                                                            \
		uint32_t base_ = 0, left_ = (count);                                    \
		while (left_ > 1) {                                                     \
			uint32_t half_ = left_ / 2;                                     \
			base_ = (keys)[base_ + half_] <= (key) ? base_ + half_ : base_; \
			left_ -= half_;                                                 \
		}                                                                       \
		(result) = base_;                                                       \
	} while (0)

/* Workers. The address must lie in the chunk's block. */
static inline uint32_t chunk_lookup4(const struct chunk *chunk, uint32_t address)
{
	const uint32_t *keys = (const uint32_t *)chunk->data;
	uint32_t i;

	CHUNK_SEARCH(keys, chunk->count, address, i);
	return keys[chunk->count + i];
}

static inline uint32_t chunk_lookup6(const struct chunk *chunk, fib_key address)
{
	uint32_t i;

	if (chunk->key_bytes == sizeof(uint64_t)) {
		uint64_t high = (uint64_t)(address >> 64);

		CHUNK_SEARCH(chunk->data, chunk->count, high, i);
		return ((const uint32_t *)(chunk->data + chunk->count))[i];
	}
	const fib_key *keys = (const fib_key *)chunk->data;

	CHUNK_SEARCH(keys, chunk->count, address, i);
	return ((const uint32_t *)(keys + chunk->count))[i];
}
