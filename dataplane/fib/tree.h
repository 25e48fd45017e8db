/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What workers search: a tree of direct tables with chunks at its ends, built from the RIB.
 *
 *   top ──► chunk                              a small table: all its ranges in one chunk
 *   top ──► table of 16, 256 or 65,536 slots   a grown one: indexed by the next address bits
 *             slot: group | chunk | table      deeper where many routes crowd
 *
 * Chunks never change. A slot (and the top) is replaced by one release store, hence each address
 * has its old or its new group at any time. What was replaced goes to reclaim_later().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/fib/chunk.h"
#include "dataplane/fib/fib.h"
#include "dataplane/fib/key.h"
#include "dataplane/fib/rib.h"

/* A group id shifted left, or a pointer; the two lowest bits tell. Zero: the default group. */
typedef uintptr_t tree_slot;

#define TREE_TAG_BITS 2u
#define TREE_TAG_MASK ((tree_slot)3)
enum tree_tag { TREE_GROUP, TREE_TABLE, TREE_CHUNK };

struct table {
	uint32_t default_group; /* as in struct chunk: both have it in the same place */
	uint8_t depth;          /* address bits before those that index this table */
	uint8_t bits;           /* 1 << bits slots */
	uint8_t shift;          /* what takes an address (32 or 128 bits wide) down to the index */
	uint8_t reserved;
	/* Main thread only: RIB routes strictly inside of this table's block, the default apart. */
	uint32_t routes;
	uint32_t unused;
	tree_slot slots[]; /* main stores with release, workers load with acquire */
};

static inline enum tree_tag tree_tag(tree_slot slot)
{
	return (enum tree_tag)(slot & TREE_TAG_MASK);
}

static inline struct table *tree_table(tree_slot slot)
{
	return (struct table *)(slot - TREE_TABLE);
}

static inline struct chunk *tree_chunk(tree_slot slot)
{
	return (struct chunk *)(slot - TREE_CHUNK);
}

/* The top is never a bare group; its header keeps the default group of the whole table. */
static inline uint32_t *tree_default(tree_slot top)
{
	return (uint32_t *)(top & ~TREE_TAG_MASK);
}

/* A change of slots, prepared in full before any of it is published: it fails without a trace.
 * Main thread. */
struct tree_change {
	const struct rib *rib;
	struct tree_replacement {
		tree_slot *slot;
		tree_slot with;
	} * replacements;
	uint32_t count, capacity;
	fib_key next; /* the first address that was not rebuilt yet; done: there is none */
	bool done;
};

/* A new tree for the whole RIB. 0 or -ENOMEM. */
int tree_build(const struct rib *rib, uint32_t default_group, tree_slot *top);

/* Should the whole be built anew, since the RIB outgrew the root's shape or shrank below it? */
bool tree_top_misfits(tree_slot top);

/* Prepares new contents for the slots (the top itself, if it is a chunk) that hold addresses
 * first..last. Calls of one change go in ascending order of first. 0 or -ENOMEM. */
int tree_refresh(struct tree_change *change, tree_slot *top, fib_key first, fib_key last);

/* Publishes a change and reclaims what it replaced; returns the growth in bytes. */
int64_t tree_publish(struct tree_change *change);
/* Throws a change away. */
void tree_cancel(struct tree_change *change);

/* A route came (delta 1) or went (-1): keeps the tables' counts. */
void tree_count_route(tree_slot top, fib_key key, uint8_t length, int delta);

uint64_t tree_bytes(tree_slot slot);
/* After a grace period, and at once. */
void tree_reclaim(tree_slot slot);
void tree_free(tree_slot slot);
