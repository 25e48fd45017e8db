/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Objects with small integer ids and a hash index in one: what sync uses for everything that it
 * names to the dataplane. An object starts with struct table_node; ids stay, addresses do not:
 * a pointer is good until the next table_add or table_claim.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/hash_index.h"

struct table_node {
	uint32_t hash;
	bool used;
};

struct table {
	uint8_t *objects;
	size_t size;       /* of an object */
	uint32_t first;    /* lowest id to give, > 0 */
	uint32_t limit;    /* ids are below it */
	uint32_t capacity; /* objects allocated, by id */
	uint32_t top;      /* ids from here on were never given */
	uint32_t count;    /* in use */
	struct hash_index index;
	uint32_t *free_ids;
	uint32_t free_count, free_capacity;
	bool held; /* what is removed is not given again */
};

void table_init(struct table *table, size_t size, uint32_t first, uint32_t limit);
void table_fini(struct table *table);

/* A new zeroed object, or 0: no memory or no id left. */
uint32_t table_add(struct table *table, uint32_t hash);
/* The same with a given id; false: taken, out of range or no memory. */
bool table_claim(struct table *table, uint32_t id, uint32_t hash);
void table_remove(struct table *table, uint32_t id);

static inline void *table_at(const struct table *table, uint32_t id)
{
	return table->objects + (size_t)id * table->size;
}

/* Held: no id that was ever used is given again, until this is ended. */
void table_hold_ids(struct table *table, bool hold);

/* Candidates of a hash: for (id = table_first(..); id; id = table_next(..)) compare keys. */
static inline uint32_t table_first(const struct table *table, uint32_t hash, size_t *at)
{
	uint32_t id = hash_index_first(&table->index, hash, at);

	return id != HASH_INDEX_NONE ? id : 0;
}

static inline uint32_t table_next(const struct table *table, uint32_t hash, size_t *at)
{
	uint32_t id = hash_index_next(&table->index, hash, at);

	return id != HASH_INDEX_NONE ? id : 0;
}

/* Walk: the first used id >= from; 0 at the end. */
uint32_t table_walk(const struct table *table, uint32_t from);
