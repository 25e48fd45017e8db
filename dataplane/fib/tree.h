/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tree of pieces: built from the RIB, replaced slot by slot, and taken down.
 *
 *   top ──► a group, or one piece                 a small table
 *   top ──► table of 2^12, 2^16 or 2^18 slots     a grown one
 *             slot: group | piece | deeper table  where many routes crowd
 *
 * A table's slot is replaced by one release store, hence each address has its old or its new group
 * at any time. What was replaced goes to reclaim_later(). Main thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/fib/piece.h"

/* What lies before a table's slots. Main thread only. */
struct table {
	uint32_t routes; /* RIB routes strictly inside of this table's block */
	uint8_t depth;   /* address bits before those that index this table */
	uint8_t bits;
	uint16_t reserved;
	uint64_t reserved2; /* pieces begin on a boundary of ARENA_UNIT */
	/* Main stores with release, workers load with acquire. Behind them, main thread only, as
	 * many groups: what covers the block of each slot. */
	fib_slot slots[];
};

/* A change of slots, prepared in full before any of it is published: it fails without a trace. */
struct tree_change {
	struct walk *walk;
	struct tree_replacement {
		fib_slot *slot;
		fib_slot with;
	} * replacements;
	uint32_t count, capacity;
	fib_key next; /* the first address that was not rebuilt yet; done: there is none */
	bool done;
};

/* A new tree for the whole RIB. 0 or -ENOMEM. */
int tree_build(const struct rib *rib, fib_slot *top);

/* Is the top to be built anew with any change: no table, or one that the RIB does not fit? */
bool tree_top_misfits(const struct rib *rib, fib_slot top);

/* The top is a table. Starts a change. */
void tree_change_begin(struct tree_change *change, const struct rib *rib);
/* Prepares new contents for the slots that hold addresses first..last. Calls of one change go in
 * ascending order of first. 0 or -ENOMEM. */
int tree_refresh(struct tree_change *change, fib_slot top, fib_key first, fib_key last);
/* Publishes a change and reclaims what it replaced; returns the growth in bytes. */
int64_t tree_publish(struct tree_change *change);
/* Throws a change away. */
void tree_cancel(struct tree_change *change);

/* A route came (delta 1) or went (-1): keeps the tables' counts. */
void tree_count_route(fib_slot top, fib_key key, uint8_t length, int delta);

uint64_t tree_bytes(fib_slot slot);
/* After a grace period, and at once. */
void tree_reclaim(fib_slot slot);
void tree_free(fib_slot slot);
