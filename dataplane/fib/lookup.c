/* SPDX-License-Identifier: BSD-3-Clause */
/* For rte_vect_get_max_simd_bitwidth(), which DPDK 22.11 does not promise to keep. */
#define ALLOW_EXPERIMENTAL_API

#include "dataplane/fib/lookup.h"

#include <rte_common.h>
#include <rte_vect.h>

const struct lookup_variant *const lookup_variants[] = {
	&lookup_avx512, &lookup_avx2, &lookup_generic};
const unsigned int lookup_variant_count = RTE_DIM(lookup_variants);
const struct lookup_variant *lookup_variant = &lookup_generic;

bool lookup_width_allowed(unsigned int bits)
{
	unsigned int allowed = rte_vect_get_max_simd_bitwidth();

	/* 0: EAL was not started, and then its default holds. */
	return bits <= (allowed != 0 ? allowed : RTE_VECT_SIMD_256);
}

void lookup_choose(void)
{
	static bool chosen;

	if (chosen)
		return;
	chosen = true;
	for (unsigned int i = 0; i < lookup_variant_count; i++)
		if (lookup_variants[i]->usable()) {
			lookup_variant = lookup_variants[i];
			return;
		}
}

static void spend(uint64_t *high, uint64_t *low, unsigned int bits)
{
	if (bits == 64) {
		*high = *low;
		*low = 0;
		return;
	}
	*high = *high << bits | *low >> (64 - bits);
	*low <<= bits;
}

static fib_slot step_ranges(fib_slot slot, uint64_t key, bool wide)
{
	const uint8_t *lines = slot_piece(slot);
	uint32_t header = ((const struct line32 *)lines)->header;
	uint32_t bases[4] = {
		0, 1, 1 + HEADER_LINES1(header), 1 + HEADER_LINES1(header) + HEADER_LINES2(header)};
	uint32_t at = 0, levels = HEADER_LEVELS(header);
	int64_t key64 = (int64_t)(key ^ UINT64_C(1) << 63);
	int32_t key32 = (int32_t)((uint32_t)(key >> 32) ^ UINT32_C(1) << 31);

	for (uint32_t level = 0; level < levels; level++) {
		const void *line = lines + (bases[level] + at) * LINE_BYTES;
		const struct line32 *narrow = line;
		const struct line64 *broad = line;
		bool leaf = level + 1 == levels;
		uint32_t keys = wide ? (leaf ? 5 : 8) : (leaf ? 8 : 16), i = 1;

		while (i < keys &&
			(wide ? broad->children[i] < key64 : narrow->children[i] < key32))
			i++;
		i--;
		if (leaf)
			return wide ? broad->slots[i] : narrow->slots[i];
		at = at * keys + i;
	}
	return 0;
}

static fib_slot walk_slots(fib_slot slot, uint64_t high, uint64_t low)
{
	while (slot_tag(slot) != SLOT_GROUP) {
		if (slot_is_table(slot)) {
			unsigned int bits = slot_table_bits(slot);
			const fib_slot *slots = slot_piece(slot);

			slot = __atomic_load_n(&slots[high >> (64 - bits)], __ATOMIC_ACQUIRE);
			spend(&high, &low, bits);
		} else if (slot_tag(slot) == SLOT_BITMAP) {
			const struct bitmap *bitmap = slot_piece(slot);
			uint64_t runs = bitmap->runs << (63 - (high >> (64 - BITMAP_BITS)));

			slot = bitmap->slots[__builtin_popcountll(runs) - 1];
			spend(&high, &low, BITMAP_BITS);
		} else {
			bool wide = slot_tag(slot) == SLOT_RANGES64;

			slot = step_ranges(slot, high, wide);
			spend(&high, &low, wide ? 64 : 32);
		}
	}
	return slot >> SLOT_TAG_BITS;
}

/* The default group is kept beside the slots, so that a look-up reads two words which main changes
 * one at a time. The root being the same before and after the slots tells that the pair existed. */
uint32_t lookup_one(const struct fib_root *root, uint64_t high, uint64_t low)
{
	uint64_t before, after = root_load(root);
	uint32_t group;

	do {
		before = after;
		group = walk_slots((fib_slot)before, high, low);
		after = root_load(root);
	} while (group == 0 && after != before);
	return group != 0 ? group : root_default(before);
}
