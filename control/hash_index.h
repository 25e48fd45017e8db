/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a hash to the ids of objects that are kept elsewhere: linear probing, the hash beside the
 * id, so that a look-up touches an object only when it is most likely the one.
 *
 *	size_t at;
 *	for (id = hash_index_first(index, hash, &at); id != HASH_INDEX_NONE;
 *		id = hash_index_next(index, hash, &at))
 *		compare keys
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define HASH_INDEX_NONE UINT32_MAX

struct hash_index_slot {
	uint32_t hash;
	uint32_t id; /* HASH_INDEX_NONE: empty */
};

struct hash_index {
	struct hash_index_slot *slots;
	uint32_t mask; /* their number less one; a zeroed index has none */
	uint32_t count;
};

/* Makes room for one more. 0 or -ENOMEM. */
int hash_index_reserve(struct hash_index *index);
void hash_index_free(struct hash_index *index);

/* After hash_index_reserve. */
void hash_index_add(struct hash_index *index, uint32_t hash, uint32_t id);
/* It must be there. */
void hash_index_remove(struct hash_index *index, uint32_t hash, uint32_t id);
/* The place of one that must be there. */
struct hash_index_slot *hash_index_slot(const struct hash_index *index, uint32_t hash, uint32_t id);

static inline uint32_t hash_index_from(const struct hash_index *index, uint32_t hash, size_t *at)
{
	for (;; *at = (*at + 1) & index->mask) {
		const struct hash_index_slot *slot = &index->slots[*at];

		if (slot->id == HASH_INDEX_NONE || slot->hash == hash)
			return slot->id;
	}
}

static inline uint32_t hash_index_first(const struct hash_index *index, uint32_t hash, size_t *at)
{
	if (index->slots == NULL)
		return HASH_INDEX_NONE;
	*at = hash & index->mask;
	return hash_index_from(index, hash, at);
}

static inline uint32_t hash_index_next(const struct hash_index *index, uint32_t hash, size_t *at)
{
	*at = (*at + 1) & index->mask;
	return hash_index_from(index, hash, at);
}

static inline void hash_index_prefetch(const struct hash_index *index, uint32_t hash)
{
	if (index->slots != NULL)
		__builtin_prefetch(&index->slots[hash & index->mask]);
}

/* Of any bytes; chain by passing the previous result as seed. */
uint32_t hash_bytes(uint32_t seed, const void *bytes, size_t length);

/* A large table that is read at random: with huge pages where the kernel has them, a miss costs a
 * cache line and not a page walk as well. Small ones are left alone. */
void prefer_huge_pages(void *start, size_t bytes);
