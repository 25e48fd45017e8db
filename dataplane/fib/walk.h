/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ranges of a block of addresses, out of the RIB. Blocks that follow one another are walked
 * without a search for each. Main thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/fib/key.h"
#include "dataplane/fib/rib.h"

#define RANGES_MAX 2560u

/* Range i holds the addresses from start i to the one before start i + 1; range 0 begins at the
 * block's first address, the last ends at its last. Neighbours differ in their group; group 0 means
 * the table's default. */
struct ranges {
	uint32_t count, limit;
	bool overflow; /* there are more than limit: what is here is not all */
	fib_key starts[RANGES_MAX];
	uint32_t groups[RANGES_MAX];
};

struct walk {
	const struct rib *rib;
	bool positioned; /* the cursor is at the first route that is not before `next` */
	fib_key next;    /* where the following block begins */
	struct rib_cursor cursor;
	struct open {
		fib_key last;
		uint32_t group;
	} open[1 + FIB_KEY_BITS]; /* prefixes around the cursor's place, the longest last */
	uint32_t opened;
	uint32_t cover; /* of the last block */
	struct ranges ranges;
};

/* Fills walk->ranges for the block of the first `depth` bits of key, at most `limit` of them. The
 * default route is left out. */
void walk_block(struct walk *walk, fib_key key, unsigned int depth, uint32_t limit);

/* The group around the block that walk_block() filled last, 0: none. Whoever keeps it may give it
 * back with walk_around() right before a later walk_block() of the same block, as long as no route
 * that covers the block changed: this spares the search for it. */
uint32_t walk_cover(const struct walk *walk);
void walk_around(struct walk *walk, fib_key key, unsigned int depth, uint32_t group);
