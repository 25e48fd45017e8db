/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The routes of one kernel, compactly: about 60 bytes a route at 1M. Routes with the same next
 * hops share one interned set. Routes of one prefix form a chain, the kernel's choice first.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/hash_index.h"
#include "control/routing/kernel.h"

#define ROUTE_NONE HASH_INDEX_NONE

/* next_hops is an index in sets; next the chain's next, or ROUTE_NONE. */
struct route_entry {
	uint8_t address[16];
	uint8_t family; /* 0: free */
	uint8_t prefix_len;
	uint8_t protocol;
	uint8_t kind;
	uint32_t metric;
	uint32_t next_hops;
	uint32_t next_hop_object; /* id of a nexthop object (RTA_NH_ID), 0: none */
	uint32_t next;
	uint32_t stamp; /* see kernel.c */
	bool local;     /* of the local table, looked up before main */
	bool aliased;   /* the kernel holds, or held, another route of this key */
	bool deleted;   /* told gone during a dump: later rows of that dump are older */
};

struct next_hop_set {
	uint32_t references;
	uint32_t hash;
	uint32_t free_next;
	uint32_t epoch; /* of the last link change that touched it */
	uint8_t count;
	struct kernel_next_hop next_hops[];
};

struct route_table {
	struct route_entry *entries;
	uint32_t entry_capacity, entry_used; /* slots ever used of entries */
	uint32_t free_entry;
	uint32_t count;

	struct hash_index prefixes; /* hash of prefix -> first entry of its chain */

	struct next_hop_set **sets;
	uint32_t set_capacity, set_used, free_set; /* a free set's free_next is the list */
	struct hash_index sets_index;
};

int route_table_init(struct route_table *table);
void route_table_free(struct route_table *table);

/* The first entry of the prefix's chain. */
uint32_t route_table_find(const struct route_table *table, const struct ip *prefix);
/* A find will follow. */
void route_table_prefetch(const struct route_table *table, const struct ip *prefix);
/* A new entry for the key, in its place in the chain; without next hops. ROUTE_NONE: no memory. */
uint32_t route_table_add(
	struct route_table *table, const struct ip *prefix, bool local, uint32_t metric);
void route_table_remove(struct route_table *table, uint32_t entry);

/* Replaces the entry's next hops; *changed tells whether they differ. 0 or -ENOMEM. */
int route_table_set_next_hops(struct route_table *table, uint32_t entry,
	const struct kernel_next_hop *next_hops, uint8_t count, bool *changed);

static inline const struct next_hop_set *route_next_hops(
	const struct route_table *table, uint32_t entry)
{
	return table->sets[table->entries[entry].next_hops];
}
