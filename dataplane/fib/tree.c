/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/fib/tree.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include <rte_common.h>
#include <rte_prefetch.h>

#include "dataplane/worker/reclaim.h"

/* A change rebuilds one chunk, so these bound what it costs; the trie's nodes that it visits are
 * cache misses. A small table is one chunk for its memory's sake: 10,000 of them must fit. */
#define TOP_RANGES_MAX 4096u
#define INNER_RANGES_MAX 64u
/* A chunk of n ranges comes from n / 2 routes or more. Going back to a chunk only at half of that
 * keeps a table that hovers at the limit from being rebuilt over and over. */
#define TOP_ROUTES_MIN (TOP_RANGES_MAX / 4)
#define INNER_ROUTES_MIN (INNER_RANGES_MAX / 4)
/* How many bits index a table, by the routes in it; a table is rebuilt in another width when it
 * has twice the routes of the wider one's minimum, or half of its own. A slot takes 8 bytes. */
#define WIDE_BITS 16u /* only the root */
#define WIDE_ROUTES (1u << 16)
#define MIDDLE_BITS 8u
#define MIDDLE_ROUTES 1024u
#define NARROW_BITS 4u

_Static_assert(offsetof(struct table, default_group) == offsetof(struct chunk, default_group),
	"tree_default() reads both");
_Static_assert(TOP_RANGES_MAX >= INNER_RANGES_MAX, "the scratch serves both");

/* Ranges on their way into a chunk. One writer, one at a time. */
static struct {
	fib_key starts[TOP_RANGES_MAX];
	uint32_t groups[TOP_RANGES_MAX];
	uint32_t count, limit;
	fib_key last; /* of the block */
	bool overflow;
} scratch;

static void scratch_put(fib_key start, uint32_t group)
{
	uint32_t n = scratch.count;

	if (n > 0 && scratch.starts[n - 1] == start) {
		/* A longer prefix begins where a shorter one did: nothing is left of that range. */
		scratch.groups[n - 1] = group;
		if (n > 1 && scratch.groups[n - 2] == group)
			scratch.count--;
		return;
	}
	if (n > 0 && scratch.groups[n - 1] == group)
		return;
	if (n == scratch.limit) {
		scratch.overflow = true;
		return;
	}
	scratch.starts[n] = start;
	scratch.groups[n] = group;
	scratch.count = n + 1;
}

/* The ranges of a subtree; `around` is the group of what surrounds it. Recursion is as deep as
 * prefixes nest: at most 128. */
static void scratch_walk(const struct rib *rib, uint32_t index, uint32_t around)
{
	const struct rib_node *node = rib_get(rib, index);
	bool routed = node->route.group != 0 && node->length != 0;
	fib_key key = rib_key(rib, node), last = key | fib_key_host_bits(node->length);
	uint32_t group = routed ? node->route.group : around;

	/* The left subtree takes a while: fetch the right one's top meanwhile. */
	if (node->child[1] != RIB_NIL)
		rte_prefetch0(rib_get(rib, node->child[1]));
	if (routed)
		scratch_put(key, group);
	for (unsigned int i = 0; i < 2; i++)
		if (node->child[i] != RIB_NIL && !scratch.overflow)
			scratch_walk(rib, node->child[i], group);
	if (routed && last != scratch.last)
		scratch_put(last + 1, around);
}

/* Where to build: the block of the first `depth` bits of key, with what rib_descend() says. */
struct block {
	const struct rib *rib;
	uint32_t node;
	uint32_t group;
	fib_key key;
	unsigned int depth;
	bool top;
};

static int slot_build(const struct block *block, tree_slot *slot);

static unsigned int bits_for(uint32_t routes, bool top)
{
	if (top && routes >= WIDE_ROUTES)
		return WIDE_BITS;
	return routes >= MIDDLE_ROUTES ? MIDDLE_BITS : NARROW_BITS;
}

/* Should the table be built anew, in another width or as a chunk? */
static bool table_misfits(const struct table *table, bool top)
{
	if (table->routes < (top ? TOP_ROUTES_MIN : INNER_ROUTES_MIN))
		return true;
	return bits_for(table->routes / 2, top) > table->bits ||
	       bits_for(2 * table->routes, top) < table->bits;
}

static uint32_t routes_inside(const struct block *block)
{
	const struct rib_node *node = rib_get(block->rib, block->node);
	bool own = node->length == block->depth && node->route.group != 0;

	return rib_count(block->rib, block->node) - own;
}

static int table_build(const struct block *block, tree_slot *slot)
{
	uint32_t routes = routes_inside(block);
	unsigned int bits = bits_for(routes, block->top);
	unsigned int depth = block->depth + bits;
	struct table *table = calloc(1, sizeof(*table) + (sizeof(tree_slot) << bits));
	int error;

	if (table == NULL)
		return -ENOMEM;
	table->depth = (uint8_t)block->depth;
	table->bits = (uint8_t)bits;
	table->shift = (uint8_t)(fib_family_bits(block->rib->family) - depth);
	table->routes = routes;
	for (uint32_t i = 0; i < 1u << bits; i++) {
		struct block inner = {.rib = block->rib,
			.group = block->group,
			.key = block->key | (fib_key)i << (FIB_KEY_BITS - depth),
			.depth = depth};

		inner.node = rib_descend(block->rib, block->node, inner.key, depth, &inner.group);
		error = slot_build(&inner, &table->slots[i]);
		if (error != 0) {
			tree_free((tree_slot)table + TREE_TABLE);
			return error;
		}
	}
	*slot = (tree_slot)table + TREE_TABLE;
	return 0;
}

static int slot_build(const struct block *block, tree_slot *slot)
{
	struct chunk *chunk;

	if (block->node == RIB_NIL && !block->top) {
		*slot = (tree_slot)block->group << TREE_TAG_BITS;
		return 0;
	}
	scratch.count = 0;
	scratch.limit = block->top ? TOP_RANGES_MAX : INNER_RANGES_MAX;
	scratch.last = block->key | fib_key_host_bits(block->depth);
	scratch.overflow = false;
	scratch_put(block->key, block->group);
	if (block->node != RIB_NIL)
		scratch_walk(block->rib, block->node, block->group);
	if (scratch.overflow)
		return table_build(block, slot);
	if (scratch.count == 1 && !block->top) {
		*slot = (tree_slot)scratch.groups[0] << TREE_TAG_BITS;
		return 0;
	}
	chunk = chunk_create(block->rib->family, scratch.starts, scratch.groups, scratch.count);
	if (chunk == NULL)
		return -ENOMEM;
	*slot = (tree_slot)chunk + TREE_CHUNK;
	return 0;
}

int tree_build(const struct rib *rib, uint32_t default_group, tree_slot *top)
{
	struct block block = {.rib = rib, .node = rib->root, .top = true};
	int error = slot_build(&block, top);

	if (error == 0)
		*tree_default(*top) = default_group;
	return error;
}

bool tree_top_misfits(tree_slot top)
{
	return tree_tag(top) == TREE_TABLE && table_misfits(tree_table(top), true);
}

static int change_add(struct tree_change *change, tree_slot *slot, tree_slot with)
{
	struct tree_replacement *grown;

	if (change->count == change->capacity) {
		uint32_t capacity = change->capacity != 0 ? 2 * change->capacity : 64;

		grown = realloc(change->replacements, capacity * sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		change->replacements = grown;
		change->capacity = capacity;
	}
	change->replacements[change->count++] = (struct tree_replacement){slot, with};
	return 0;
}

/* Builds one slot anew, whatever was in it. */
static int slot_refresh(
	struct tree_change *change, tree_slot *slot, fib_key key, unsigned int depth, bool top)
{
	struct block block = {.rib = change->rib, .key = key, .depth = depth, .top = top};
	fib_key last = key | fib_key_host_bits(depth);
	tree_slot with;
	int error;

	change->done = last == FIB_KEY_MAX;
	change->next = last + 1;
	block.node = rib_descend(change->rib, change->rib->root, key, depth, &block.group);
	if (top)
		error = tree_build(change->rib, *tree_default(*slot), &with);
	else
		error = slot_build(&block, &with);
	if (error != 0)
		return error;
	if (with == *slot)
		return 0; /* the same bare group: other prefixes inside of it hide the change */
	error = change_add(change, slot, with);
	if (error != 0)
		tree_free(with);
	return error;
}

/* The slots of a table that touch first..last, both within its block. */
static int table_refresh(
	struct tree_change *change, struct table *table, fib_key first, fib_key last)
{
	unsigned int depth = table->depth + table->bits, shift = FIB_KEY_BITS - depth;
	fib_key mask = ((fib_key)1 << table->bits) - 1;
	uint32_t to = (uint32_t)(last >> shift & mask);
	fib_key block = first & ~fib_key_host_bits(table->depth);
	int error = 0;

	for (uint32_t i = (uint32_t)(first >> shift & mask); i <= to && error == 0; i++) {
		tree_slot *slot = &table->slots[i];
		fib_key key = block | (fib_key)i << shift;
		fib_key end = key | fib_key_host_bits(depth);

		if (tree_tag(*slot) == TREE_TABLE && !table_misfits(tree_table(*slot), false))
			error = table_refresh(
				change, tree_table(*slot), RTE_MAX(first, key), RTE_MIN(last, end));
		else
			error = slot_refresh(change, slot, key, depth, false);
	}
	return error;
}

int tree_refresh(struct tree_change *change, tree_slot *top, fib_key first, fib_key last)
{
	if (change->done || last < change->next)
		return 0;
	first = RTE_MAX(first, change->next);
	if (tree_tag(*top) == TREE_TABLE)
		return table_refresh(change, tree_table(*top), first, last);
	return slot_refresh(change, top, 0, 0, true);
}

int64_t tree_publish(struct tree_change *change)
{
	int64_t growth = 0;

	for (uint32_t i = 0; i < change->count; i++) {
		struct tree_replacement *replacement = &change->replacements[i];
		tree_slot old = *replacement->slot;

		growth += (int64_t)tree_bytes(replacement->with) - (int64_t)tree_bytes(old);
		__atomic_store_n(replacement->slot, replacement->with, __ATOMIC_RELEASE);
		tree_reclaim(old);
	}
	free(change->replacements);
	return growth;
}

void tree_cancel(struct tree_change *change)
{
	for (uint32_t i = 0; i < change->count; i++)
		tree_free(change->replacements[i].with);
	free(change->replacements);
}

void tree_count_route(tree_slot top, fib_key key, uint8_t length, int delta)
{
	tree_slot slot = top;

	while (tree_tag(slot) == TREE_TABLE && length > tree_table(slot)->depth) {
		struct table *table = tree_table(slot);
		unsigned int depth = table->depth + table->bits;

		table->routes += (uint32_t)delta;
		if (length <= depth)
			return;
		slot = table->slots[(uint32_t)(key >> (FIB_KEY_BITS - depth)) &
				    ((1u << table->bits) - 1)];
	}
}

uint64_t tree_bytes(tree_slot slot)
{
	const struct table *table;
	uint64_t bytes;

	if (tree_tag(slot) == TREE_GROUP)
		return 0;
	if (tree_tag(slot) == TREE_CHUNK)
		return chunk_bytes(tree_chunk(slot));
	table = tree_table(slot);
	bytes = sizeof(*table) + (sizeof(tree_slot) << table->bits);
	for (uint32_t i = 0; i < 1u << table->bits; i++)
		bytes += tree_bytes(table->slots[i]);
	return bytes;
}

static void tree_each(tree_slot slot, void (*drop)(void *piece))
{
	struct table *table;

	if (tree_tag(slot) == TREE_GROUP)
		return;
	if (tree_tag(slot) == TREE_CHUNK) {
		drop(tree_chunk(slot));
		return;
	}
	table = tree_table(slot);
	for (uint32_t i = 0; i < 1u << table->bits; i++)
		tree_each(table->slots[i], drop);
	drop(table);
}

static void piece_reclaim(void *piece)
{
	reclaim_later(piece, free);
}

void tree_reclaim(tree_slot slot)
{
	tree_each(slot, piece_reclaim);
}

void tree_free(tree_slot slot)
{
	tree_each(slot, free);
}
