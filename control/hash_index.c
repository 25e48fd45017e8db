/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/hash_index.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SLOTS_MIN 64u
#define HUGE_PAGE_BYTES (2ul << 20)

void prefer_huge_pages(void *start, size_t bytes)
{
	uintptr_t first = ((uintptr_t)start + HUGE_PAGE_BYTES - 1) & ~(HUGE_PAGE_BYTES - 1);
	uintptr_t end = ((uintptr_t)start + bytes) & ~(HUGE_PAGE_BYTES - 1);

	/* A wish: without it everything works, slower. */
	if (first < end)
		madvise((void *)first, end - first, MADV_HUGEPAGE);
}

static uint64_t mix(uint64_t value)
{
	value ^= value >> 32;
	value *= 0x9e3779b97f4a7c15u;
	return value ^ value >> 29;
}

uint32_t hash_bytes(uint32_t seed, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;
	uint64_t hash = mix(seed + ((uint64_t)length << 32)), word;

	for (; length >= sizeof(word); length -= sizeof(word), at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		hash = mix(hash ^ word);
	}
	if (length > 0) {
		word = 0;
		memcpy(&word, at, length);
		hash = mix(hash ^ word);
	}
	return (uint32_t)(hash >> 32 ^ hash);
}

static void place(struct hash_index *index, uint32_t hash, uint32_t id)
{
	uint32_t at = hash & index->mask;

	while (index->slots[at].id != HASH_INDEX_NONE)
		at = (at + 1) & index->mask;
	index->slots[at] = (struct hash_index_slot){hash, id};
}

static int resize(struct hash_index *index, uint32_t count)
{
	struct hash_index_slot *old = index->slots;
	uint32_t old_mask = index->mask;
	size_t bytes = (size_t)count * sizeof(*old);

	index->slots = aligned_alloc(bytes >= HUGE_PAGE_BYTES ? HUGE_PAGE_BYTES : 64, bytes);
	if (index->slots == NULL) {
		index->slots = old;
		return -ENOMEM;
	}
	prefer_huge_pages(index->slots, bytes);
	memset(index->slots, 0xff, bytes);
	index->mask = count - 1;
	for (uint32_t i = 0; old != NULL && i <= old_mask; i++)
		if (old[i].id != HASH_INDEX_NONE)
			place(index, old[i].hash, old[i].id);
	free(old);
	return 0;
}

/* At most two thirds are used. */
int hash_index_reserve(struct hash_index *index)
{
	if (index->slots == NULL)
		return resize(index, SLOTS_MIN);
	if (index->count < index->mask / 3 * 2)
		return 0;
	return resize(index, (index->mask + 1) * 2);
}

void hash_index_free(struct hash_index *index)
{
	free(index->slots);
	*index = (struct hash_index){0};
}

void hash_index_add(struct hash_index *index, uint32_t hash, uint32_t id)
{
	place(index, hash, id);
	index->count++;
}

struct hash_index_slot *hash_index_slot(const struct hash_index *index, uint32_t hash, uint32_t id)
{
	uint32_t at = hash & index->mask;

	while (index->slots[at].id != id)
		at = (at + 1) & index->mask;
	return &index->slots[at];
}

/* Without tombstones: what follows moves up when it may. */
void hash_index_remove(struct hash_index *index, uint32_t hash, uint32_t id)
{
	struct hash_index_slot *slots = index->slots;
	uint32_t mask = index->mask;
	uint32_t hole = (uint32_t)(hash_index_slot(index, hash, id) - slots);

	for (uint32_t at = (hole + 1) & mask; slots[at].id != HASH_INDEX_NONE;
		at = (at + 1) & mask) {
		if (((at - slots[at].hash) & mask) < ((at - hole) & mask))
			continue;
		slots[hole] = slots[at];
		hole = at;
	}
	slots[hole].id = HASH_INDEX_NONE;
	index->count--;
}
