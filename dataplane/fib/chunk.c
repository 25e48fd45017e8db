/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/fib/chunk.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* data[] must suit 16-byte keys: malloc() aligns to 16, and so does the header's size. */
_Static_assert(offsetof(struct chunk, data) % sizeof(fib_key) == 0, "keys are aligned");

static uint32_t key_bytes_needed(enum fib_family family, const fib_key *starts, uint32_t count)
{
	fib_key all = 0;

	if (family == FIB_IPV4)
		return sizeof(uint32_t);
	for (uint32_t i = 0; i < count; i++)
		all |= starts[i];
	return (uint64_t)all == 0 ? sizeof(uint64_t) : sizeof(fib_key);
}

static void keys_store(struct chunk *chunk, const fib_key *starts)
{
	for (uint32_t i = 0; i < chunk->count; i++) {
		if (chunk->key_bytes == sizeof(uint32_t))
			((uint32_t *)chunk->data)[i] = (uint32_t)(starts[i] >> 96);
		else if (chunk->key_bytes == sizeof(uint64_t))
			chunk->data[i] = (uint64_t)(starts[i] >> 64);
		else
			((fib_key *)chunk->data)[i] = starts[i];
	}
}

struct chunk *chunk_create(
	enum fib_family family, const fib_key *starts, const uint32_t *groups, uint32_t count)
{
	uint32_t key_bytes = key_bytes_needed(family, starts, count);
	size_t keys = (size_t)count * key_bytes;
	struct chunk *chunk;

	chunk = malloc(sizeof(*chunk) + keys + count * sizeof(*groups));
	if (chunk == NULL)
		return NULL;
	*chunk = (struct chunk){.count = count, .key_bytes = key_bytes};
	keys_store(chunk, starts);
	memcpy((uint8_t *)chunk->data + keys, groups, count * sizeof(*groups));
	return chunk;
}

uint64_t chunk_bytes(const struct chunk *chunk)
{
	return sizeof(*chunk) + chunk->count * ((uint64_t)chunk->key_bytes + sizeof(uint32_t));
}
