/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/sync/table.h"

#include <stdlib.h>
#include <string.h>

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
	hash_index_free(&table->index);
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
	prefer_huge_pages(objects, (size_t)capacity * table->size);
	memset(objects + (size_t)table->capacity * table->size, 0,
		(size_t)(capacity - table->capacity) * table->size);
	table->objects = objects;
	table->capacity = capacity;
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

	if (!grow_objects(table, id) || hash_index_reserve(&table->index) != 0)
		return false;
	for (; table->top <= id; table->top++)
		if (table->top < id && !push_free(table, table->top))
			return false;
	node = node_at(table, id);
	memset(node, 0, table->size);
	node->hash = hash;
	node->used = true;
	hash_index_add(&table->index, hash, id);
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

	hash_index_remove(&table->index, node->hash, id);
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

uint32_t table_walk(const struct table *table, uint32_t from)
{
	uint32_t id;

	for (id = from < table->first ? table->first : from; id < table->top; id++)
		if (id < table->capacity && node_at(table, id)->used)
			return id;
	return 0;
}
