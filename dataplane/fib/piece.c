/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/fib/piece.h"

#include <errno.h>

/* Runs on their way into pieces: what a run is within the block, and its slot. Used as a stack,
 * since a run may need a piece of its own. One writer, one at a time. A piece has at most a run for
 * each range, and one behind each run that is a piece. */
#define RUNS_MAX (4 * RANGES_MAX)

struct runs {
	uint64_t keys[RUNS_MAX];
	fib_slot slots[RUNS_MAX];
	uint32_t used;
};

static struct runs runs;

struct block {
	enum fib_family family;
	unsigned int depth; /* bits that are spent */
	unsigned int bits;  /* of the piece's keys */
	fib_key *starts;
	const uint32_t *groups;
	uint32_t count;
	uint32_t first; /* of its runs */
};

static int block_build(struct block *block, fib_slot *slot);

/* Adds a run, unless it goes on with what the former has. */
static void run_put(const struct block *block, fib_key start, fib_slot slot)
{
	uint64_t key = (uint64_t)((start << block->depth) >> (FIB_KEY_BITS - block->bits));

	if (runs.used > block->first && runs.keys[runs.used - 1] == key)
		runs.used--;
	if (runs.used > block->first && runs.slots[runs.used - 1] == slot)
		return;
	runs.keys[runs.used] = key;
	runs.slots[runs.used++] = slot;
}

/* Ranges that begin within a unit, which is what the piece can tell apart: range i is the first
 * that does not begin with it. A piece of their own; returns how many of them, or -errno. */
static int unit_build(const struct block *block, uint32_t i)
{
	fib_key host = fib_key_host_bits(block->depth + block->bits);
	fib_key unit = block->starts[i] & ~host;
	uint32_t end = i;
	fib_slot slot;
	int error;

	while (end < block->count && (block->starts[end] & ~host) == unit)
		end++;
	struct block inner = {.family = block->family,
		.depth = block->depth + block->bits,
		.starts = block->starts + i - 1,
		.groups = block->groups + i - 1,
		.count = end - i + 1,
		.first = runs.used};

	/* The range before it reaches into the unit. It was put already and may change. */
	inner.starts[0] = unit;
	error = block_build(&inner, &slot);
	if (error != 0)
		return error;
	run_put(block, unit, slot);
	if ((unit | host) != (unit | fib_key_host_bits(block->depth)))
		run_put(block, (unit | host) + 1, block->groups[end - 1] << SLOT_TAG_BITS);
	return (int)(end - i);
}

static void runs_drop(uint32_t first)
{
	while (runs.used > first)
		piece_free(runs.slots[--runs.used]);
}

/* The block's runs, on the stack from block->first on. */
static int runs_build(struct block *block)
{
	fib_key host = fib_key_host_bits(block->depth + block->bits);

	for (uint32_t i = 0; i < block->count; i++) {
		int built;

		if ((block->starts[i] & host) == 0) {
			run_put(block, block->starts[i], block->groups[i] << SLOT_TAG_BITS);
			continue;
		}
		built = unit_build(block, i);
		if (built < 0) {
			runs_drop(block->first);
			return built;
		}
		i += (uint32_t)built - 1;
	}
	return 0;
}

static uint32_t bitmap_bytes(uint64_t bits)
{
	return (uint32_t)(sizeof(struct bitmap) +
			  (unsigned int)__builtin_popcountll(bits) * sizeof(fib_slot));
}

static fib_slot bitmap_create(uint32_t first)
{
	struct bitmap *bitmap;
	uint64_t bits = 0;
	uint32_t offset;

	for (uint32_t i = first; i < runs.used; i++)
		bits |= UINT64_C(1) << runs.keys[i];
	offset = arena_alloc(bitmap_bytes(bits));
	if (offset == 0)
		return 0;
	bitmap = arena_get(offset);
	bitmap->runs = bits;
	for (uint32_t i = first; i < runs.used; i++)
		bitmap->slots[i - first] = runs.slots[i];
	return offset | SLOT_BITMAP;
}

/* How a number of runs lies in lines. */
struct shape {
	unsigned int levels, fanout, per_leaf;
	uint32_t lines[4]; /* of each level */
	uint32_t total;
};

static void shape_of(struct shape *shape, bool wide, uint32_t count)
{
	uint32_t lines[4], n;

	*shape = (struct shape){.fanout = wide ? 8 : 16, .per_leaf = wide ? 5 : 8};
	n = (count + shape->per_leaf - 1) / shape->per_leaf;
	for (lines[0] = n; n > 1; lines[++shape->levels] = n)
		n = (n + shape->fanout - 1) / shape->fanout;
	shape->levels++;
	for (unsigned int i = 0; i < shape->levels; i++) {
		shape->lines[i] = lines[shape->levels - 1 - i];
		shape->total += shape->lines[i];
	}
}

/* Key i of a line is that of the first run behind it. Level by level, `step` runs a key. */
static void lines_fill(const struct shape *shape, bool wide, uint32_t first, uint8_t *lines)
{
	uint32_t count = runs.used - first, line = 0, step = shape->per_leaf;

	for (unsigned int level = shape->levels; level > 2; level--)
		step *= shape->fanout;
	for (unsigned int level = 0; level < shape->levels; level++) {
		bool leaf = level == shape->levels - 1;
		uint32_t keys = leaf ? shape->per_leaf : shape->fanout;

		step = leaf ? 1 : step;
		for (uint32_t i = 0; i < shape->lines[level] * keys; i++) {
			uint8_t *at = lines + (line + i / keys) * LINE_BYTES;
			uint64_t run = (uint64_t)i * step;
			uint64_t key = run < count ? runs.keys[first + run] - 1 : UINT64_MAX;

			if (wide)
				((struct line64 *)at)->children[i % keys] =
					(int64_t)(key ^ UINT64_C(1) << 63);
			else
				((struct line32 *)at)->children[i % keys] =
					(int32_t)((uint32_t)key ^ UINT32_C(1) << 31);
			if (leaf && wide)
				((struct line64 *)at)->slots[i % keys] =
					run < count ? runs.slots[first + run] : 0;
			else if (leaf)
				((struct line32 *)at)->slots[i % keys] =
					run < count ? runs.slots[first + run] : 0;
		}
		line += shape->lines[level];
		step /= shape->fanout;
	}
}

static fib_slot ranges_create(uint32_t first, bool wide)
{
	struct shape shape;
	uint32_t offset;
	uint8_t *lines;

	shape_of(&shape, wide, runs.used - first);
	offset = arena_alloc(shape.total * LINE_BYTES);
	if (offset == 0)
		return 0;
	lines = arena_get(offset);
	lines_fill(&shape, wide, first, lines);
	((struct line32 *)lines)->header =
		HEADER(shape.levels, shape.lines[1], shape.lines[2], shape.lines[3]);
	return offset | (wide ? SLOT_RANGES64 : SLOT_RANGES32);
}

/* The narrowest keys that tell all ranges apart without a further piece, else the widest; IPv4
 * below its root has 64 blocks of /24 and few longer prefixes. */
static unsigned int key_bits(const struct block *block)
{
	fib_key all = 0;

	for (uint32_t i = 1; i < block->count; i++)
		all |= block->starts[i];
	if ((all & fib_key_host_bits(block->depth + BITMAP_BITS)) == 0 ||
		(block->family == FIB_IPV4 && block->depth >= 18))
		return BITMAP_BITS;
	return (all & fib_key_host_bits(block->depth + 32)) == 0 ? 32 : 64;
}

static int block_build(struct block *block, fib_slot *slot)
{
	int error;

	if (block->count == 1) {
		*slot = block->groups[0] << SLOT_TAG_BITS;
		return 0;
	}
	block->bits = key_bits(block);
	error = runs_build(block);
	if (error != 0)
		return error;
	if (runs.used - block->first > RANGES_MAX) {
		runs_drop(block->first);
		return -E2BIG;
	}
	if (block->bits == BITMAP_BITS)
		*slot = bitmap_create(block->first);
	else
		*slot = ranges_create(block->first, block->bits == 64);
	if (*slot == 0) {
		runs_drop(block->first);
		return -ENOMEM;
	}
	runs.used = block->first;
	return 0;
}

int piece_build(enum fib_family family, struct ranges *ranges, unsigned int depth, fib_slot *slot)
{
	struct block block = {.family = family,
		.depth = depth,
		.starts = ranges->starts,
		.groups = ranges->groups,
		.count = ranges->count,
		.first = 0};

	runs.used = 0;
	return block_build(&block, slot);
}

/* Calls each() with the slots of the piece itself that are pieces; returns what the piece takes. */
static __rte_always_inline uint32_t piece_slots(
	fib_slot slot, void (*each)(fib_slot slot, void *context), void *context)
{
	const struct bitmap *bitmap = slot_piece(slot);
	const uint8_t *lines = slot_piece(slot);
	bool wide = slot_tag(slot) == SLOT_RANGES64;
	uint32_t header, leaves, total;

	if (slot_tag(slot) == SLOT_BITMAP) {
		for (int i = 0; i < __builtin_popcountll(bitmap->runs); i++)
			if (slot_tag(bitmap->slots[i]) != SLOT_GROUP)
				each(bitmap->slots[i], context);
		return bitmap_bytes(bitmap->runs);
	}
	header = ((const struct line32 *)lines)->header;
	total = 1 + HEADER_LINES1(header) + HEADER_LINES2(header) + HEADER_LINES3(header);
	leaves = HEADER_LEVELS(header) == 1   ? 1
		 : HEADER_LEVELS(header) == 2 ? HEADER_LINES1(header)
		 : HEADER_LEVELS(header) == 3 ? HEADER_LINES2(header)
					      : HEADER_LINES3(header);
	for (const uint8_t *line = lines + (total - leaves) * LINE_BYTES;
		line < lines + total * LINE_BYTES; line += LINE_BYTES)
		for (unsigned int i = 0; i < (wide ? 5 : 8); i++) {
			fib_slot below = wide ? ((const struct line64 *)line)->slots[i]
					      : ((const struct line32 *)line)->slots[i];

			if (slot_tag(below) != SLOT_GROUP)
				each(below, context);
		}
	return total * LINE_BYTES;
}

static void each_free(fib_slot slot, void *context)
{
	piece_free(slot);
}

void piece_free(fib_slot slot)
{
	if (slot_tag(slot) == SLOT_GROUP)
		return;
	arena_free(slot & ~SLOT_TAG_MASK, piece_slots(slot, each_free, NULL));
}

static void each_bytes(fib_slot slot, void *context)
{
	*(uint64_t *)context += piece_bytes(slot);
}

uint64_t piece_bytes(fib_slot slot)
{
	uint64_t bytes = 0;

	if (slot_tag(slot) != SLOT_GROUP)
		bytes += arena_bytes(piece_slots(slot, each_bytes, &bytes));
	return bytes;
}
