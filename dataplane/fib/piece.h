/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The pieces that workers search, and how a slot of 32 bits names one.
 *
 * A slot is a group, or a piece that tells more about the addresses of the slot's block: its next
 * bits choose the next slot, and are spent. Nothing but a table's slots ever changes.
 *
 *   table    2^4 .. 2^18 slots, indexed by the next bits
 *   bitmap   64 blocks by the next 6 bits, but only one slot for neighbours with the same: a bit
 *            is set where a run begins
 *   ranges   any number of ranges of the next 32 or 64 bits, as a search tree of 64-byte lines
 *
 * A line of ranges32: 16 keys of children, or at the end 8 keys and their 8 slots. Of ranges64: 8
 * keys, or 5 keys and 5 slots. A key is the last number before its range (so that what is unused is
 * never passed), and signed comparison orders keys. The first of a line needs none, for whoever
 * gets to a line has passed it: in the piece's first line the header takes that place. Lines lie
 * level by level.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/fib/arena.h"
#include "dataplane/fib/walk.h"

/* Group << 4, or a piece's offset in the arena; the tag in the lowest four bits. */
typedef uint32_t fib_slot;

#define SLOT_TAG_BITS 4u
#define SLOT_TAG_MASK 15u
/* A table's tag is half the bits that index it. */
enum slot_tag {
	SLOT_GROUP = 0,
	SLOT_BITMAP = 1,
	SLOT_TABLE_FIRST = 2,
	SLOT_TABLE_LAST = 9,
	SLOT_RANGES32 = 10,
	SLOT_RANGES64 = 11,
};

#define BITMAP_BITS 6u
#define LINE_BYTES 64u

struct bitmap {
	uint64_t runs; /* bit i: block i begins a run; bit 0 is always set */
	fib_slot slots[];
};

struct line32 {
	union {
		int32_t children[16];
		struct {
			int32_t keys[8];
			fib_slot slots[8];
		};
		uint32_t header;
	};
};

struct line64 {
	union {
		int64_t children[8];
		struct {
			int64_t keys[5];
			fib_slot slots[5];
		};
		uint32_t header;
	};
};

_Static_assert(sizeof(struct line32) == LINE_BYTES && sizeof(struct line64) == LINE_BYTES, "lines");

/* Header: levels (1..4), then how many lines levels 1, 2 and 3 have (level 0 has one). */
#define HEADER(levels, lines1, lines2, lines3) \
	((levels) | (lines1) << 3 | (lines2) << 8 | (lines3) << 18)
#define HEADER_LEVELS(header) ((header)&7)
#define HEADER_LINES1(header) ((header) >> 3 & 31)
#define HEADER_LINES2(header) ((header) >> 8 & 1023)
#define HEADER_LINES3(header) ((header) >> 18 & 1023)

static inline enum slot_tag slot_tag(fib_slot slot)
{
	return (enum slot_tag)(slot & SLOT_TAG_MASK);
}

static inline bool slot_is_table(fib_slot slot)
{
	return slot_tag(slot) - SLOT_TABLE_FIRST <= (unsigned)(SLOT_TABLE_LAST - SLOT_TABLE_FIRST);
}

static inline unsigned int slot_table_bits(fib_slot slot)
{
	return 2 * (slot & SLOT_TAG_MASK);
}

static __rte_always_inline void *slot_piece(fib_slot slot)
{
	return arena_get(slot & ~SLOT_TAG_MASK);
}

/* Main thread. What walk_block() found in the block of the first `depth` bits of key, as a slot.
 * Consumes the ranges. 0, -ENOMEM, or -E2BIG: no piece takes so many (never for half of
 * RANGES_MAX). */
int piece_build(enum fib_family family, struct ranges *ranges, unsigned int depth, fib_slot *slot);

/* Main thread. The slot's own piece, tables apart, with all below it. */
void piece_free(fib_slot slot);
uint64_t piece_bytes(fib_slot slot);
