/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The body of lookup_*.c. Before including it: LOOKUP_TARGET (the functions' target attribute),
 * line_child32/64 and line_slot32/64 (which child or slot of a line has a key).
 *
 * A burst goes down together, one step for all of its packets and then the next: their cache
 * misses overlap. Packets are sorted into a list for each kind of piece without a branch, so what
 * is not the same for all costs no misprediction.
 */
#include <rte_branch_prediction.h>
#include <rte_byteorder.h>
#include <rte_prefetch.h>

#include "dataplane/fib/lookup.h"

#define LOOKUP static __rte_always_inline LOOKUP_TARGET

struct list {
	uint32_t count;
	uint8_t index[FIB_BULK_MAX];
};

LOOKUP void list_put(struct list *list, uint32_t i, bool really)
{
	list->index[list->count] = (uint8_t)i;
	list->count += really;
}

LOOKUP void spend(struct lookup_burst *burst, uint32_t i, unsigned int bits, bool ipv6)
{
	if (ipv6) {
		burst->high[i] = burst->high[i] << bits | burst->low[i] >> (64 - bits);
		burst->low[i] <<= bits;
	} else {
		burst->high[i] <<= bits;
	}
}

LOOKUP void step_table(struct lookup_burst *burst, uint32_t i, bool ipv6)
{
	unsigned int bits = slot_table_bits(burst->slots[i]);
	const fib_slot *slots = slot_piece(burst->slots[i]);

	burst->slots[i] = __atomic_load_n(&slots[burst->high[i] >> (64 - bits)], __ATOMIC_ACQUIRE);
	spend(burst, i, bits, ipv6);
}

LOOKUP void step_bitmap(struct lookup_burst *burst, uint32_t i, bool ipv6)
{
	const struct bitmap *bitmap = slot_piece(burst->slots[i]);
	uint64_t runs = bitmap->runs << (63 - (burst->high[i] >> (64 - BITMAP_BITS)));

	burst->slots[i] = bitmap->slots[__builtin_popcountll(runs) - 1];
	if (unlikely(slot_tag(burst->slots[i]) != SLOT_GROUP))
		spend(burst, i, BITMAP_BITS, ipv6);
}

LOOKUP void step_leaf(
	struct lookup_burst *burst, const uint8_t *line, uint32_t i, bool wide, bool ipv6)
{
	burst->slots[i] =
		wide ? line_slot64(line, burst->high[i]) : line_slot32(line, burst->high[i]);
	if (likely(slot_tag(burst->slots[i]) == SLOT_GROUP))
		return;
	if (wide) {
		burst->high[i] = burst->low[i];
		burst->low[i] = 0;
	} else {
		spend(burst, i, 32, ipv6);
	}
}

/* All packets of the list, level by level. `at` is the number of a packet's line in its level. */
LOOKUP void step_ranges(struct lookup_burst *burst, struct list *list, bool wide, bool ipv6)
{
	uint32_t at[FIB_BULK_MAX], headers[FIB_BULK_MAX];
	const uint8_t *lines[FIB_BULK_MAX];
	struct list inner, leaves;

	inner.count = leaves.count = 0;
	for (uint32_t k = 0; k < list->count; k++) {
		uint32_t i = list->index[k];
		const uint8_t *line = slot_piece(burst->slots[i]);
		uint32_t h = ((const struct line32 *)line)->header;
		uint32_t child = wide ? line_child64(line, burst->high[i])
				      : line_child32(line, burst->high[i]);

		/* Of a last line the child means nothing. */
		lines[i] = line + (HEADER_LEVELS(h) > 1 ? (1 + child) * LINE_BYTES : 0);
		rte_prefetch0(lines[i]);
		headers[i] = h;
		at[i] = child;
		list_put(&inner, i, HEADER_LEVELS(h) > 2);
		list_put(&leaves, i, HEADER_LEVELS(h) <= 2);
	}
	for (uint32_t level = 2; inner.count != 0; level++) {
		uint32_t count = inner.count;

		inner.count = 0;
		for (uint32_t k = 0; k < count; k++) {
			uint32_t i = inner.index[k], h = headers[i];
			uint32_t child = wide ? line_child64(lines[i], burst->high[i])
					      : line_child32(lines[i], burst->high[i]);
			uint64_t lines_here = level == 2 ? HEADER_LINES1(h) : HEADER_LINES2(h);

			/* From this level's first line to the next one's, and to the child. */
			child += at[i] * (wide ? 8 : 16);
			lines[i] += (lines_here - at[i] + child) * LINE_BYTES;
			rte_prefetch0(lines[i]);
			at[i] = child;
			list_put(&inner, i, HEADER_LEVELS(h) > level + 1);
			list_put(&leaves, i, HEADER_LEVELS(h) <= level + 1);
		}
	}
	for (uint32_t k = 0; k < leaves.count; k++)
		step_leaf(burst, lines[leaves.index[k]], leaves.index[k], wide, ipv6);
}

/* Pieces, once the tables are behind: sorts the packets by the kind of their piece and takes each
 * kind's step. Those that are not at a group yet stay pending. */
LOOKUP void step_pieces(struct lookup_burst *burst, struct list *pending, bool ipv6)
{
	struct list bitmaps, narrow, wide;
	uint32_t count = pending->count;

	bitmaps.count = narrow.count = wide.count = 0;
	for (uint32_t k = 0; k < count; k++) {
		uint32_t i = pending->index[k];
		enum slot_tag tag = slot_tag(burst->slots[i]);

		rte_prefetch0(slot_piece(burst->slots[i]));
		list_put(&bitmaps, i, tag == SLOT_BITMAP);
		list_put(&narrow, i, tag == SLOT_RANGES32);
		if (ipv6)
			list_put(&wide, i, tag == SLOT_RANGES64);
	}
	for (uint32_t k = 0; k < bitmaps.count; k++)
		step_bitmap(burst, bitmaps.index[k], ipv6);
	if (narrow.count != 0)
		step_ranges(burst, &narrow, false, ipv6);
	if (ipv6 && wide.count != 0)
		step_ranges(burst, &wide, true, ipv6);
	pending->count = 0;
	for (uint32_t k = 0; k < count; k++)
		list_put(pending, pending->index[k],
			slot_tag(burst->slots[pending->index[k]]) != SLOT_GROUP);
}

/* The pending packets, down to groups: first those at tables, which lie above everything else. */
LOOKUP void burst_descend(
	struct lookup_burst *burst, struct list *at_tables, struct list *pending, bool ipv6)
{
	struct list tables = *at_tables;

	for (uint32_t count = tables.count; count != 0; count = tables.count) {
		tables.count = 0;
		for (uint32_t k = 0; k < count; k++) {
			uint32_t i = tables.index[k];

			step_table(burst, i, ipv6);
			rte_prefetch0(slot_piece(burst->slots[i]));
			list_put(&tables, i, slot_is_table(burst->slots[i]));
		}
	}
	while (pending->count != 0)
		step_pieces(burst, pending, ipv6);
}

static const struct fib_root no_root;

/* Each packet in a domain of its own. `again` receives those whose default changed meanwhile. */
LOOKUP void burst_of_many(struct lookup_burst *burst, const struct fib_root *const *roots,
	uint32_t *groups, unsigned int n, struct list *again, bool ipv6)
{
	uint64_t words[FIB_BULK_MAX];
	struct list tables, pending, defaults;

	tables.count = pending.count = defaults.count = again->count = 0;
	for (uint32_t i = 0; i < n; i++) {
		words[i] = root_load(roots[i] != NULL ? roots[i] : &no_root);
		burst->slots[i] = (fib_slot)words[i];
		list_put(&tables, i, slot_is_table(burst->slots[i]));
		list_put(&pending, i, slot_tag(burst->slots[i]) != SLOT_GROUP);
	}
	burst_descend(burst, &tables, &pending, ipv6);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t group = burst->slots[i] >> SLOT_TAG_BITS;

		groups[i] = group != 0 ? group : root_default(words[i]);
		list_put(&defaults, i, group == 0);
	}
	for (uint32_t k = 0; k < defaults.count; k++) {
		uint32_t i = defaults.index[k];

		list_put(again, i, roots[i] != NULL && root_load(roots[i]) != words[i]);
	}
}

/* All packets at the same table. */
LOOKUP void all_at_table(struct lookup_burst *burst, fib_slot top, unsigned int n,
	struct list *tables, struct list *pending, bool ipv6)
{
	unsigned int bits = slot_table_bits(top);
	const fib_slot *slots = slot_piece(top);
	struct list bitmaps;

	bitmaps.count = 0;
	for (uint32_t i = 0; i < n; i++) {
		burst->slots[i] =
			__atomic_load_n(&slots[burst->high[i] >> (64 - bits)], __ATOMIC_ACQUIRE);
		spend(burst, i, bits, ipv6);
	}
	for (uint32_t i = 0; i < n; i++) {
		enum slot_tag tag = slot_tag(burst->slots[i]);

		rte_prefetch0(slot_piece(burst->slots[i]));
		list_put(&bitmaps, i, tag == SLOT_BITMAP);
		list_put(pending, i, tag > SLOT_BITMAP);
		list_put(tables, i, slot_is_table(burst->slots[i]));
	}
	for (uint32_t k = 0; k < bitmaps.count; k++) {
		uint32_t i = bitmaps.index[k];

		step_bitmap(burst, i, ipv6);
		list_put(pending, i, slot_tag(burst->slots[i]) != SLOT_GROUP);
	}
}

/* All packets at the same tree of ranges: one header, as many levels for each. */
LOOKUP void all_at_ranges(struct lookup_burst *burst, fib_slot top, unsigned int n,
	struct list *pending, bool wide, bool ipv6)
{
	const uint8_t *first = slot_piece(top), *lines[FIB_BULK_MAX];
	uint32_t h = ((const struct line32 *)first)->header, at[FIB_BULK_MAX];
	uint32_t not_groups = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t child = wide ? line_child64(first, burst->high[i])
				      : line_child32(first, burst->high[i]);

		/* Of a last line the child means nothing. */
		lines[i] = first + (HEADER_LEVELS(h) > 1 ? (1 + child) * LINE_BYTES : 0);
		at[i] = child;
	}
	for (uint32_t level = 2; level < HEADER_LEVELS(h); level++) {
		uint32_t lines_here = level == 2 ? HEADER_LINES1(h) : HEADER_LINES2(h);

		for (uint32_t i = 0; i < n; i++) {
			uint32_t child = wide ? line_child64(lines[i], burst->high[i])
					      : line_child32(lines[i], burst->high[i]);

			child += at[i] * (wide ? 8 : 16);
			lines[i] += ((uint64_t)lines_here - at[i] + child) * LINE_BYTES;
			rte_prefetch0(lines[i]);
			at[i] = child;
		}
	}
	for (uint32_t i = 0; i < n; i++) {
		step_leaf(burst, lines[i], i, wide, ipv6);
		not_groups |= slot_tag(burst->slots[i]);
	}
	for (uint32_t i = 0; not_groups != 0 && i < n; i++)
		list_put(pending, i, slot_tag(burst->slots[i]) != SLOT_GROUP);
}

/* All packets in one domain, which has more than a default: what it begins with is looked at once
 * for all. */
LOOKUP void burst_of_one(struct lookup_burst *burst, const struct fib_root *root, uint64_t word,
	uint32_t *groups, unsigned int n, struct list *again, bool ipv6)
{
	fib_slot top = (fib_slot)word;
	struct list tables, pending;
	bool changed, fallen = false;

	tables.count = pending.count = again->count = 0;
	if (slot_is_table(top))
		all_at_table(burst, top, n, &tables, &pending, ipv6);
	else
		all_at_ranges(
			burst, top, n, &pending, ipv6 && slot_tag(top) == SLOT_RANGES64, ipv6);
	if (pending.count != 0)
		burst_descend(burst, &tables, &pending, ipv6);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t group = burst->slots[i] >> SLOT_TAG_BITS;

		groups[i] = group != 0 ? group : root_default(word);
		fallen |= group == 0;
	}
	changed = fallen && root_load(root) != word;
	for (uint32_t i = 0; changed && i < n; i++)
		list_put(again, i, burst->slots[i] >> SLOT_TAG_BITS == 0);
}

LOOKUP void burst_lookup(struct lookup_burst *burst, const struct fib_root *const *roots,
	uint32_t *groups, unsigned int n, struct list *again, bool ipv6)
{
	uint64_t word = n != 0 && roots[0] != NULL ? root_load(roots[0]) : 0;
	uintptr_t differ = 0;

	for (uint32_t i = 1; i < n; i++)
		differ |= (uintptr_t)roots[i] ^ (uintptr_t)roots[0];
	if (differ == 0 && slot_tag((fib_slot)word) >= SLOT_TABLE_FIRST)
		burst_of_one(burst, roots[0], word, groups, n, again, ipv6);
	else
		burst_of_many(burst, roots, groups, n, again, ipv6);
}

static LOOKUP_TARGET void bulk4(const struct fib_root *const *roots, const uint32_t *addresses,
	uint32_t *groups, unsigned int n)
{
	struct lookup_burst burst;
	struct list again;

	for (uint32_t i = 0; i < n; i++)
		burst.high[i] = (uint64_t)addresses[i] << 32;
	burst_lookup(&burst, roots, groups, n, &again, false);
	for (uint32_t k = 0; k < again.count; k++) {
		uint32_t i = again.index[k];

		groups[i] = lookup_one(roots[i], (uint64_t)addresses[i] << 32, 0);
	}
}

LOOKUP uint64_t load_half(const uint8_t *address)
{
	uint64_t half;

	memcpy(&half, address, sizeof(half));
	return rte_be_to_cpu_64(half);
}

static LOOKUP_TARGET void bulk6(const struct fib_root *const *roots, const uint8_t (*addresses)[16],
	uint32_t *groups, unsigned int n)
{
	struct lookup_burst burst;
	struct list again;

	for (uint32_t i = 0; i < n; i++) {
		burst.high[i] = load_half(addresses[i]);
		burst.low[i] = load_half(addresses[i] + 8);
	}
	burst_lookup(&burst, roots, groups, n, &again, true);
	for (uint32_t k = 0; k < again.count; k++) {
		uint32_t i = again.index[k];

		groups[i] =
			lookup_one(roots[i], load_half(addresses[i]), load_half(addresses[i] + 8));
	}
}
