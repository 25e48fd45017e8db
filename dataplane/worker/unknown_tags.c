/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/unknown_tags.h"

#include <stdbool.h>

#include <rte_ether.h>

/*
 * A word: the inner VID, the outer one, how many tags, which EtherType the outer one has, and, in
 * what is left, how many frames. The kind is all but the last.
 */
#define INNER_SHIFT 0
#define OUTER_SHIFT 12
#define COUNT_SHIFT 24
#define TYPE_SHIFT 26
#define FRAMES_SHIFT 28
#define VID_MASK 0xfffu
#define KIND_MASK ((UINT64_C(1) << FRAMES_SHIFT) - 1)
#define FRAMES_MAX (UINT64_MAX >> FRAMES_SHIFT)

enum { TAG_AT = 12, TAG_LENGTH = 4 };

static const uint16_t types[] = {RTE_ETHER_TYPE_VLAN, RTE_ETHER_TYPE_QINQ, RTE_ETHER_TYPE_QINQ1};

static uint16_t word16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint64_t kind_of(const uint8_t *frame, uint16_t length)
{
	uint16_t type = word16(frame + TAG_AT);
	uint64_t kind;
	unsigned int t;

	for (t = 0; t < RTE_DIM(types) && types[t] != type; t++)
		;
	if (t == RTE_DIM(types) || length < TAG_AT + TAG_LENGTH + 2)
		return 0;
	kind = (uint64_t)t << TYPE_SHIFT | UINT64_C(1) << COUNT_SHIFT |
	       (uint64_t)(word16(frame + TAG_AT + 2) & VID_MASK) << OUTER_SHIFT;
	if (word16(frame + TAG_AT + TAG_LENGTH) != RTE_ETHER_TYPE_VLAN ||
		length < TAG_AT + 2 * TAG_LENGTH + 2)
		return kind;
	return kind + (UINT64_C(1) << COUNT_SHIFT) +
	       ((uint64_t)(word16(frame + TAG_AT + TAG_LENGTH + 2) & VID_MASK) << INNER_SHIFT);
}

/* A word that is 0 is free: each that is not has frames. */
static bool is_of_kind(uint64_t word, uint64_t kind)
{
	return word != 0 && (word & KIND_MASK) == kind;
}

void unknown_tags_note(struct unknown_tags *tags, const uint8_t *frame, uint16_t length)
{
	uint64_t kind = kind_of(frame, length), word = kind;
	unsigned int at = 0;

	while (at < API_TAGS_KEPT - 1 && !is_of_kind(tags->latest[at], kind))
		at++;
	if (is_of_kind(tags->latest[at], kind))
		word = tags->latest[at];
	if (word >> FRAMES_SHIFT != FRAMES_MAX)
		word += UINT64_C(1) << FRAMES_SHIFT;
	for (; at > 0; at--)
		__atomic_store_n(&tags->latest[at], tags->latest[at - 1], __ATOMIC_RELAXED);
	__atomic_store_n(&tags->latest[0], word, __ATOMIC_RELAXED);
}

static struct api_tags row_of(uint64_t word)
{
	struct api_tags row = {
		.frames = word >> FRAMES_SHIFT,
		.count = word >> COUNT_SHIFT & 3,
		.outer = word >> OUTER_SHIFT & VID_MASK,
		.inner = word >> INNER_SHIFT & VID_MASK,
	};

	if (row.count != 0)
		row.ethertype = types[word >> TYPE_SHIFT & 3];
	return row;
}

static bool same(const struct api_tags *one, const struct api_tags *other)
{
	return one->count == other->count && one->ethertype == other->ethertype &&
	       one->outer == other->outer && one->inner == other->inner;
}

unsigned int unknown_tags_add(
	const struct unknown_tags *tags, struct api_tags rows[API_TAGS_KEPT], unsigned int count)
{
	for (unsigned int i = 0; i < API_TAGS_KEPT; i++) {
		uint64_t word = __atomic_load_n(&tags->latest[i], __ATOMIC_RELAXED);
		struct api_tags row = row_of(word);
		unsigned int at = 0;

		if (word == 0)
			continue;
		while (at < count && !same(&rows[at], &row))
			at++;
		if (at < count)
			rows[at].frames += row.frames;
		else if (count < API_TAGS_KEPT)
			rows[count++] = row;
	}
	return count;
}
