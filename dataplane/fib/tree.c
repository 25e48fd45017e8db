/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/fib/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_prefetch.h>

#include "dataplane/worker/reclaim.h"

/* A change rebuilds one piece, so the inner limits bound what it costs. A small table is one piece
 * for its memory's sake: 10,000 of them must fit. */
#define TOP_RANGES_MAX4 2048u /* three lines deep */
#define TOP_RANGES_MAX6 2560u /* four */
#define INNER_RANGES_MAX4 256u
#define INNER_RANGES_MAX6 128u
/* A piece of n ranges comes from n / 2 routes or more. Going back to a piece only at half of that
 * keeps a table that hovers at the limit from being rebuilt over and over. */
#define TOP_ROUTES_MIN (TOP_RANGES_MAX4 / 4)
#define INNER_ROUTES_MIN (INNER_RANGES_MAX6 / 4)
/* How many bits index a table, by the routes in it; a table is rebuilt in another width when it
 * has twice the routes of the wider one's minimum, or half of its own. A slot takes 4 bytes. IPv4
 * goes to /12, /18, /24: below /18 a bitmap tells 64 of /24 apart. */
#define WIDE_BITS4 18u /* only the root */
#define WIDE_BITS6 16u
#define WIDE_ROUTES4 (1u << 15)
#define WIDE_ROUTES6 (1u << 14)
#define ROOT_BITS 12u
#define INNER_BITS4 6u
#define MIDDLE_BITS6 12u
#define MIDDLE_ROUTES6 1024u
#define NARROW_BITS6 8u

_Static_assert(TOP_RANGES_MAX6 <= RANGES_MAX && TOP_RANGES_MAX4 <= RANGES_MAX, "a walk holds them");
_Static_assert(sizeof(struct table) % ARENA_UNIT == 0, "slots begin on a boundary");

/* Too large for a stack. One writer, one walk at a time. */
static struct walk walker;

/* Where to build: the block of the first `depth` bits of key. */
struct block {
	struct walk *walk;
	fib_key key;
	unsigned int depth;
	bool top;
	uint32_t *cover; /* what covers the block is stored here, if not NULL */
};

static int slot_build(const struct block *block, fib_slot *slot);

static struct table *slot_table(fib_slot slot)
{
	return (struct table *)((uint8_t *)slot_piece(slot) - sizeof(struct table));
}

static uint32_t table_bytes(unsigned int bits)
{
	return (uint32_t)(sizeof(struct table) + (2 * sizeof(fib_slot) << bits));
}

/* The group around slot i, as of the RIB's present state. */
static uint32_t *table_cover(struct table *table, uint32_t i)
{
	return &table->slots[(1u << table->bits) + i];
}

static unsigned int bits_for(enum fib_family family, uint32_t routes, bool top)
{
	if (top && routes >= (family == FIB_IPV4 ? WIDE_ROUTES4 : WIDE_ROUTES6))
		return family == FIB_IPV4 ? WIDE_BITS4 : WIDE_BITS6;
	if (top)
		return ROOT_BITS;
	if (family == FIB_IPV4)
		return INNER_BITS4;
	return routes >= MIDDLE_ROUTES6 ? MIDDLE_BITS6 : NARROW_BITS6;
}

/* Should the table be built anew, in another width or as a piece? */
static bool table_misfits(enum fib_family family, const struct table *table, bool top)
{
	if (table->routes < (top ? TOP_ROUTES_MIN : INNER_ROUTES_MIN))
		return true;
	return bits_for(family, table->routes / 2, top) > table->bits ||
	       bits_for(family, 2 * table->routes, top) < table->bits;
}

static int table_build(const struct block *block, fib_slot *slot)
{
	const struct rib *rib = block->walk->rib;
	uint32_t routes = rib_count(rib, block->key, block->depth);
	unsigned int bits = bits_for(rib->family, routes, block->top);
	unsigned int depth = block->depth + bits;
	uint32_t offset = arena_alloc(table_bytes(bits));
	struct table *table;
	fib_slot made;
	int error;

	if (offset == 0)
		return -ENOMEM;
	table = arena_get(offset);
	memset(table, 0, table_bytes(bits));
	table->routes = routes;
	table->depth = (uint8_t)block->depth;
	table->bits = (uint8_t)bits;
	made = (offset + (uint32_t)sizeof(*table)) | bits / 2;
	for (uint32_t i = 0; i < 1u << bits; i++) {
		struct block inner = {.walk = block->walk,
			.key = block->key | (fib_key)i << (FIB_KEY_BITS - depth),
			.depth = depth};

		inner.cover = table_cover(table, i);
		error = slot_build(&inner, &table->slots[i]);
		if (error != 0) {
			tree_free(made);
			return error;
		}
	}
	*slot = made;
	return 0;
}

static int slot_build(const struct block *block, fib_slot *slot)
{
	enum fib_family family = block->walk->rib->family;
	uint32_t top = family == FIB_IPV4 ? TOP_RANGES_MAX4 : TOP_RANGES_MAX6;
	uint32_t inner = family == FIB_IPV4 ? INNER_RANGES_MAX4 : INNER_RANGES_MAX6;
	int error = -E2BIG;

	walk_block(block->walk, block->key, block->depth, block->top ? top : inner);
	if (block->cover != NULL)
		*block->cover = walk_cover(block->walk);
	if (!block->walk->ranges.overflow)
		error = piece_build(family, &block->walk->ranges, block->depth, slot);
	if (error != -E2BIG)
		return error;
	block->walk->positioned = false;
	return table_build(block, slot);
}

static struct walk *walk_start(const struct rib *rib)
{
	walker.rib = rib;
	walker.positioned = false;
	return &walker;
}

int tree_build(const struct rib *rib, fib_slot *top)
{
	struct block block = {.walk = walk_start(rib), .top = true};

	return slot_build(&block, top);
}

bool tree_top_misfits(const struct rib *rib, fib_slot top)
{
	return !slot_is_table(top) || table_misfits(rib->family, slot_table(top), true);
}

void tree_change_begin(struct tree_change *change, const struct rib *rib)
{
	*change = (struct tree_change){.walk = walk_start(rib)};
}

static int change_add(struct tree_change *change, fib_slot *slot, fib_slot with)
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

/* Builds one slot anew, whatever was in it. `inside`: only routes within its block changed. */
static int slot_refresh(
	struct tree_change *change, struct table *table, uint32_t i, fib_key key, bool inside)
{
	unsigned int depth = table->depth + table->bits;
	struct block block = {
		.walk = change->walk, .key = key, .depth = depth, .cover = table_cover(table, i)};
	fib_slot *slot = &table->slots[i];
	fib_key last = key | fib_key_host_bits(depth);
	fib_slot with;
	int error;

	change->done = last == FIB_KEY_MAX;
	change->next = last + 1;
	/* What covers a deeper table is not kept up: its own slots know better. */
	if (inside && !slot_is_table(*slot))
		walk_around(change->walk, key, depth, *block.cover);
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
	enum fib_family family = change->walk->rib->family;
	unsigned int depth = table->depth + table->bits, shift = FIB_KEY_BITS - depth;
	fib_key mask = ((fib_key)1 << table->bits) - 1;
	uint32_t to = (uint32_t)(last >> shift & mask);
	fib_key block = first & ~fib_key_host_bits(table->depth);
	int error = 0;

	for (uint32_t i = (uint32_t)(first >> shift & mask); i <= to && error == 0; i++) {
		fib_slot *slot = &table->slots[i];
		fib_key key = block | (fib_key)i << shift;
		fib_key end = key | fib_key_host_bits(depth);

		if (slot_is_table(*slot) && !table_misfits(family, slot_table(*slot), false))
			error = table_refresh(
				change, slot_table(*slot), RTE_MAX(first, key), RTE_MIN(last, end));
		else
			error = slot_refresh(change, table, i, key, first > key || last < end);
	}
	return error;
}

int tree_refresh(struct tree_change *change, fib_slot top, fib_key first, fib_key last)
{
	if (change->done || last < change->next)
		return 0;
	return table_refresh(change, slot_table(top), RTE_MAX(first, change->next), last);
}

int64_t tree_publish(struct tree_change *change)
{
	int64_t growth = 0;

	for (uint32_t i = 0; i < change->count; i++) {
		struct tree_replacement *replacement = &change->replacements[i];
		fib_slot old = *replacement->slot;

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

void tree_count_route(fib_slot top, fib_key key, uint8_t length, int delta)
{
	fib_slot slot = top;

	while (slot_is_table(slot) && length > slot_table(slot)->depth) {
		struct table *table = slot_table(slot);
		unsigned int depth = table->depth + table->bits;

		table->routes += (uint32_t)delta;
		if (length <= depth)
			return;
		slot = table->slots[(uint32_t)(key >> (FIB_KEY_BITS - depth)) &
				    ((1u << table->bits) - 1)];
	}
	/* The commit will replace it. */
	if (slot_tag(slot) != SLOT_GROUP)
		rte_prefetch0(slot_piece(slot));
}

uint64_t tree_bytes(fib_slot slot)
{
	const struct table *table;
	uint64_t bytes;

	if (!slot_is_table(slot))
		return piece_bytes(slot);
	table = slot_table(slot);
	bytes = arena_bytes(table_bytes(table->bits));
	for (uint32_t i = 0; i < 1u << table->bits; i++)
		bytes += tree_bytes(table->slots[i]);
	return bytes;
}

void tree_free(fib_slot slot)
{
	struct table *table;
	unsigned int bits;

	if (!slot_is_table(slot)) {
		piece_free(slot);
		return;
	}
	table = slot_table(slot);
	bits = table->bits;
	for (uint32_t i = 0; i < 1u << bits; i++)
		tree_free(table->slots[i]);
	arena_free((slot & ~SLOT_TAG_MASK) - (uint32_t)sizeof(*table), table_bytes(bits));
}

/* Nothing writes to what was unlinked: it is still whole when its turn comes. */
static void slot_reclaimed(void *slot)
{
	tree_free((fib_slot)(uintptr_t)slot);
}

void tree_reclaim(fib_slot slot)
{
	if (slot_tag(slot) != SLOT_GROUP)
		reclaim_later((void *)(uintptr_t)slot, slot_reclaimed);
}
