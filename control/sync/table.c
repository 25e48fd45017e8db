/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/sync/table.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS_MIN 64u

static struct table_node *node_at(const struct table *table, uint32_t id)
{
	return table_at(table, id);
}

void table_init(struct table *table, size_t size, uint32_t first, uint32_t limit)
{
	memset(table, 0, sizeof(*table));
	table->size = size;
	table->first = first;
	table->limit = limit;
	table->top = first;
}

void table_fini(struct table *table)
{
	free(table->objects);
	free(table->buckets);
	free(table->free_ids);
	table_init(table, table->size, table->first, table->limit);
}

static bool grow_objects(struct table *table, uint32_t id)
{
	uint32_t capacity = table->capacity ? table->capacity : 64;
	uint8_t *objects;

	if (id < table->capacity)
		return true;
	while (capacity <= id)
		capacity += capacity / 2;
	objects = realloc(table->objects, (size_t)capacity * table->size);
	if (objects == NULL)
		return false;
	memset(objects + (size_t)table->capacity * table->size, 0,
		(size_t)(capacity - table->capacity) * table->size);
	table->objects = objects;
	table->capacity = capacity;
	return true;
}

static void link_node(struct table *table, uint32_t id)
{
	struct table_node *node = node_at(table, id);
	uint32_t *bucket = &table->buckets[node->hash & (table->bucket_count - 1)];

	node->next = *bucket;
	*bucket = id;
}

static bool grow_buckets(struct table *table)
{
	uint32_t count = table->bucket_count ? table->bucket_count * 2 : BUCKETS_MIN;
	uint32_t *buckets, id;

	if (table->count < table->bucket_count)
		return true;
	buckets = calloc(count, sizeof(*buckets));
	if (buckets == NULL)
		return false;
	free(table->buckets);
	table->buckets = buckets;
	table->bucket_count = count;
	for (id = table_walk(table, 0); id != 0; id = table_walk(table, id + 1))
		link_node(table, id);
	return true;
}

static bool push_free(struct table *table, uint32_t id)
{
	uint32_t capacity = table->free_capacity ? table->free_capacity * 2 : 64;
	uint32_t *ids;

	if (table->free_count == table->free_capacity) {
		ids = realloc(table->free_ids, capacity * sizeof(*ids));
		if (ids == NULL)
			return false;
		table->free_ids = ids;
		table->free_capacity = capacity;
	}
	table->free_ids[table->free_count++] = id;
	return true;
}

/* An unused id: one given back, else a new one. Claimed ids may still lie on the free list. */
static uint32_t pick_id(struct table *table)
{
	while (table->free_count > 0) {
		uint32_t id = table->free_ids[--table->free_count];
		if (!node_at(table, id)->used)
			return id;
	}
	return table->top < table->limit ? table->top : 0;
}

static bool occupy(struct table *table, uint32_t id, uint32_t hash)
{
	struct table_node *node;

	if (!grow_objects(table, id) || !grow_buckets(table))
		return false;
	for (; table->top <= id; table->top++)
		if (table->top < id && !push_free(table, table->top))
			return false;
	node = node_at(table, id);
	memset(node, 0, table->size);
	node->hash = hash;
	node->used = true;
	link_node(table, id);
	table->count++;
	return true;
}

uint32_t table_add(struct table *table, uint32_t hash)
{
	uint32_t id = pick_id(table);

	return id != 0 && occupy(table, id, hash) ? id : 0;
}

bool table_claim(struct table *table, uint32_t id, uint32_t hash)
{
	if (id < table->first || id >= table->limit)
		return false;
	if (id < table->top && node_at(table, id)->used)
		return false;
	return occupy(table, id, hash);
}

void table_remove(struct table *table, uint32_t id)
{
	struct table_node *node = node_at(table, id);
	uint32_t *link = &table->buckets[node->hash & (table->bucket_count - 1)];

	while (*link != id)
		link = &node_at(table, *link)->next;
	*link = node->next;
	node->used = false;
	table->count--;
	/* Without memory for the list the id is merely not given again. */
	if (!table->held)
		push_free(table, id);
}

void table_hold_ids(struct table *table, bool hold)
{
	uint32_t id;

	if (hold)
		table->free_count = 0;
	for (id = table->first; table->held && !hold && id < table->top; id++)
		if (!node_at(table, id)->used)
			push_free(table, id);
	table->held = hold;
}

static uint32_t skip_to(const struct table *table, uint32_t id, uint32_t hash)
{
	while (id != 0 && node_at(table, id)->hash != hash)
		id = node_at(table, id)->next;
	return id;
}

uint32_t table_first(const struct table *table, uint32_t hash)
{
	if (table->bucket_count == 0)
		return 0;
	return skip_to(table, table->buckets[hash & (table->bucket_count - 1)], hash);
}

uint32_t table_next(const struct table *table, uint32_t id)
{
	const struct table_node *node = node_at(table, id);

	return skip_to(table, node->next, node->hash);
}

uint32_t table_walk(const struct table *table, uint32_t from)
{
	uint32_t id;

	for (id = from < table->first ? table->first : from; id < table->top; id++)
		if (id < table->capacity && node_at(table, id)->used)
			return id;
	return 0;
}

uint32_t table_hash(uint32_t seed, const void *bytes, size_t length)
{
	const uint8_t *byte = bytes;
	uint32_t hash = seed ^ 2166136261u;

	while (length-- > 0)
		hash = (hash ^ *byte++) * 16777619u;
	hash ^= hash >> 15;
	hash *= 0x85ebca6bu;
	return hash ^ hash >> 13;
}
