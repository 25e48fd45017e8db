/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A node of the RIB's B+tree. Private to rib*.c, and to walk.c for its speed.
 *
 * Leaf: addresses, then routes. Inner: the first address of each child, the children, and the
 * first length of each child. What stands for child 0 is never read: it takes all that is before
 * child 1.
 */
#pragma once

#include <string.h>

#include <rte_prefetch.h>

#include "dataplane/fib/pool.h"
#include "dataplane/fib/rib.h"

#define NODE_DATA_BYTES 1008u

struct node {
	uint32_t count;
	uint32_t leaf;
	uint64_t reserved; /* keys of 16 bytes begin on a boundary of 16 */
	uint8_t data[NODE_DATA_BYTES];
};

/* A route as a leaf keeps it. The address lies apart, since searches read only that. */
struct node_route {
	uint32_t group : 24;
	uint32_t origin : 8;
	uint16_t leaked_from;
	uint8_t mark;
	uint8_t length;
};

_Static_assert(sizeof(struct node) == 1024, "nodes of a pool's segment share no page needlessly");
_Static_assert(sizeof(struct node_route) == 8, "packed");

extern struct pool node_pool;

static inline struct node *node_get(uint32_t index)
{
	return pool_get(&node_pool, index);
}

static inline unsigned int node_key_bytes(enum fib_family family)
{
	return family == FIB_IPV4 ? sizeof(uint32_t) : sizeof(fib_key);
}

/* A search reads several lines of a node, one after the other: let them come together. */
static inline void node_prefetch(uint32_t index)
{
	const uint8_t *line = (const uint8_t *)node_get(index);

	for (unsigned int i = 0; i < 6; i++)
		rte_prefetch0(line + i * RTE_CACHE_LINE_SIZE);
}

static inline unsigned int node_capacity(enum fib_family family, bool leaf)
{
	unsigned int entry = leaf ? sizeof(struct node_route) : sizeof(uint32_t) + 1;

	return NODE_DATA_BYTES / (node_key_bytes(family) + entry);
}

static inline struct node_route *node_routes(enum fib_family family, const struct node *node)
{
	return (struct node_route *)(node->data +
				     node_capacity(family, true) * node_key_bytes(family));
}

static inline uint32_t *node_children(enum fib_family family, const struct node *node)
{
	return (uint32_t *)(node->data + node_capacity(family, false) * node_key_bytes(family));
}

static inline uint8_t *node_lengths(enum fib_family family, const struct node *node)
{
	return (uint8_t *)(node_children(family, node) + node_capacity(family, false));
}

static inline fib_key node_key(enum fib_family family, const struct node *node, unsigned int i)
{
	if (family == FIB_IPV4)
		return (fib_key)((const uint32_t *)node->data)[i] << 96;
	return ((const fib_key *)node->data)[i];
}

static inline void node_key_set(
	enum fib_family family, struct node *node, unsigned int i, fib_key key)
{
	if (family == FIB_IPV4)
		((uint32_t *)node->data)[i] = (uint32_t)(key >> 96);
	else
		((fib_key *)node->data)[i] = key;
}

static inline unsigned int node_length(
	enum fib_family family, const struct node *node, unsigned int i)
{
	return node->leaf ? node_routes(family, node)[i].length : node_lengths(family, node)[i];
}

/* How many of the sorted keys are not above key. No branch depends on the data. */
#define NODE_SEARCH(keys, count, key, result)                                    \
	do {                                                                     \
		unsigned int base_ = 0, left_ = (count);                         \
		while (left_ > 1) {                                              \
			unsigned int half_ = left_ / 2;                          \
			base_ += (keys)[base_ + half_ - 1] <= (key) ? half_ : 0; \
			left_ -= half_;                                          \
		}                                                                \
		(result) = base_ + (left_ != 0 && (keys)[base_] <= (key));       \
	} while (0)

/* How many entries come before (key, length). Of an inner node the first counts always. */
static inline unsigned int node_before(
	enum fib_family family, const struct node *node, fib_key key, unsigned int length)
{
	unsigned int skip = node->leaf ? 0 : 1, n;

	if (family == FIB_IPV4) {
		const uint32_t *keys = (const uint32_t *)node->data + skip;
		uint32_t word = (uint32_t)(key >> 96);

		NODE_SEARCH(keys, node->count - skip, word, n);
	} else {
		const fib_key *keys = (const fib_key *)node->data + skip;

		NODE_SEARCH(keys, node->count - skip, key, n);
	}
	n += skip;
	while (n > skip && node_key(family, node, n - 1) == key &&
		node_length(family, node, n - 1) >= length)
		n--;
	return n;
}

/* The same, with the entry (key, length) itself when it is there: which child has it. */
static inline unsigned int node_child(
	enum fib_family family, const struct node *node, fib_key key, unsigned int length)
{
	return node_before(family, node, key, length + 1) - 1;
}

/* rib_get() and rib_next() for those who go over many routes. */
static inline void cursor_get(
	const struct rib_cursor *cursor, enum fib_family family, struct rib_entry *entry)
{
	const struct rib_step *step = &cursor->path[cursor->rib->depth - 1];
	const struct node *node = node_get(step->node);
	const struct node_route *route = &node_routes(family, node)[step->at];

	entry->key = node_key(family, node, step->at);
	entry->length = route->length;
	entry->group = route->group;
}

static inline void cursor_next(struct rib_cursor *cursor)
{
	struct rib_step *step = &cursor->path[cursor->rib->depth - 1];

	if (++step->at >= node_get(step->node)->count)
		rib_settle(cursor);
}
