/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/fib/rib.h"

#include <rte_common.h>

#include "dataplane/fib/node.h"

struct pool node_pool = {.object_bytes = sizeof(struct node)};

uint64_t rib_bytes(const struct rib *rib)
{
	return rib->nodes * (uint64_t)sizeof(struct node);
}

void rib_init(struct rib *rib, enum fib_family family)
{
	*rib = (struct rib){.family = family, .root = RIB_NIL};
}

static void subtree_free(enum fib_family family, uint32_t index)
{
	const struct node *node = node_get(index);

	if (!node->leaf)
		for (unsigned int i = 0; i < node->count; i++)
			subtree_free(family, node_children(family, node)[i]);
	pool_free(&node_pool, index);
}

void rib_clear(struct rib *rib)
{
	if (rib->root != RIB_NIL)
		subtree_free(rib->family, rib->root);
	rib_init(rib, rib->family);
}

static struct rib_step *cursor_leaf(struct rib_cursor *cursor)
{
	return &cursor->path[cursor->rib->depth - 1];
}

void rib_settle(struct rib_cursor *cursor)
{
	enum fib_family family = cursor->rib->family;
	unsigned int level = cursor->rib->depth - 1;
	uint32_t node;

	if (cursor_leaf(cursor)->at < node_get(cursor_leaf(cursor)->node)->count)
		return;
	do {
		if (level == 0) {
			cursor->end = true;
			return;
		}
		level--;
	} while (cursor->path[level].at + 1 >= node_get(cursor->path[level].node)->count);
	cursor->path[level].at++;
	for (; level + 1 < cursor->rib->depth; level++) {
		node = node_children(
			family, node_get(cursor->path[level].node))[cursor->path[level].at];
		cursor->path[level + 1] = (struct rib_step){.node = node};
	}
}

void rib_seek(const struct rib *rib, struct rib_cursor *cursor, fib_key key, unsigned int length)
{
	uint32_t index = rib->root;

	cursor->rib = rib;
	cursor->end = index == RIB_NIL;
	if (cursor->end)
		return;
	for (unsigned int level = 0; level + 1 < rib->depth; level++) {
		const struct node *node = node_get(index);
		unsigned int at = node_child(rib->family, node, key, length);

		cursor->path[level] = (struct rib_step){index, at};
		index = node_children(rib->family, node)[at];
		node_prefetch(index);
	}
	*cursor_leaf(cursor) =
		(struct rib_step){index, node_before(rib->family, node_get(index), key, length)};
	rib_settle(cursor);
}

void rib_get(const struct rib_cursor *cursor, struct rib_entry *entry)
{
	cursor_get(cursor, cursor->rib->family, entry);
}

void rib_get_route(const struct rib_cursor *cursor, struct fib_route *route)
{
	const struct rib_step *step = &cursor->path[cursor->rib->depth - 1];
	const struct node_route *kept =
		&node_routes(cursor->rib->family, node_get(step->node))[step->at];

	*route = (struct fib_route){.group = kept->group,
		.leaked_from = kept->leaked_from,
		.origin = kept->origin,
		.mark = kept->mark};
}

void rib_next(struct rib_cursor *cursor)
{
	cursor_next(cursor);
}

bool rib_previous(struct rib_cursor *cursor)
{
	enum fib_family family = cursor->rib->family;
	unsigned int level = cursor->rib->depth;

	if (cursor->rib->root == RIB_NIL)
		return false;
	do {
		if (level == 0)
			return false;
		level--;
	} while (cursor->path[level].at == 0);
	cursor->path[level].at--;
	for (; level + 1 < cursor->rib->depth; level++) {
		uint32_t node = node_children(
			family, node_get(cursor->path[level].node))[cursor->path[level].at];

		cursor->path[level + 1] = (struct rib_step){node, node_get(node)->count - 1};
	}
	cursor->end = false;
	return true;
}

bool rib_find(const struct rib *rib, fib_key key, uint8_t length, struct fib_route *route)
{
	struct rib_cursor cursor;
	struct rib_entry entry;

	rib_seek(rib, &cursor, key, length);
	if (cursor.end)
		return false;
	rib_get(&cursor, &entry);
	if (entry.key != key || entry.length != length)
		return false;
	rib_get_route(&cursor, route);
	return true;
}

bool rib_cover(const struct rib *rib, fib_key key, unsigned int depth, struct rib_entry *entry)
{
	struct rib_cursor cursor;

	/* The last route up to (key, depth) covers the block, or else no cover is longer than what
	 * it has in common with the block: a longer one would have come behind it. */
	while (depth > 0) {
		unsigned int common;

		key &= ~fib_key_host_bits(depth);
		rib_seek(rib, &cursor, key, depth + 1);
		if (!rib_previous(&cursor))
			return false;
		rib_get(&cursor, entry);
		common = RTE_MIN(fib_key_common(key, entry->key), depth);
		if (entry->length <= common)
			return entry->length != 0;
		depth = common;
	}
	return false;
}

uint32_t rib_lookup(const struct rib *rib, fib_key key)
{
	struct fib_route route;
	struct rib_entry entry;

	if (rib_cover(rib, key, fib_family_bits(rib->family), &entry))
		return entry.group;
	return rib_find(rib, 0, 0, &route) ? route.group : 0;
}

uint32_t rib_count(const struct rib *rib, fib_key key, unsigned int depth)
{
	fib_key last = key | fib_key_host_bits(depth);
	struct rib_cursor cursor;
	struct rib_entry entry;
	uint32_t count = 0;

	for (rib_seek(rib, &cursor, key, depth + 1); !cursor.end; rib_next(&cursor)) {
		rib_get(&cursor, &entry);
		if (entry.key > last)
			break;
		count++;
	}
	return count;
}
