/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The RIB: every prefix with its route in a B+tree, in (address, length) order, so that all routes
 * of a block of addresses lie side by side and a shorter prefix comes before those inside of it.
 * Nodes of 1 KiB come from one pool for all tables: 12 bytes a route for IPv4 and 24 for IPv6 in
 * leaves that are two thirds full or more. Main thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/fib/fib.h"
#include "dataplane/fib/key.h"

#define RIB_NIL 0u
#define RIB_DEPTH_MAX 10u /* of the tree; half-full nodes reach 2^32 routes with 8 */

struct rib {
	enum fib_family family;
	uint32_t root;
	uint32_t routes;
	uint32_t nodes;
	uint32_t depth; /* levels, leaves included */
};

/* A place in the order of all routes; invalid after a change of the RIB. */
struct rib_cursor {
	const struct rib *rib;
	struct rib_step {
		uint32_t node;
		uint32_t at;
	} path[RIB_DEPTH_MAX]; /* from the root to the leaf */
	bool end;              /* behind the last route */
};

struct rib_entry {
	fib_key key;
	uint8_t length;
	uint32_t group;
};

void rib_init(struct rib *rib, enum fib_family family);
void rib_clear(struct rib *rib);

/* Adds or replaces; previous (never NULL) receives what was there or group 0. 0 or -ENOMEM. */
int rib_insert(struct rib *rib, fib_key key, uint8_t length, const struct fib_route *route,
	struct fib_route *previous);

/* 0 or -ENOENT; previous is never NULL. */
int rib_remove(struct rib *rib, fib_key key, uint8_t length, struct fib_route *previous);

/* The route of exactly this prefix. False: none. */
bool rib_find(const struct rib *rib, fib_key key, uint8_t length, struct fib_route *route);

/* Group of the longest match, 0: none. */
uint32_t rib_lookup(const struct rib *rib, fib_key key);

/* To the first route that is not before (key, length). */
void rib_seek(const struct rib *rib, struct rib_cursor *cursor, fib_key key, unsigned int length);
/* Where the cursor stands; it must not be at the end. */
void rib_get(const struct rib_cursor *cursor, struct rib_entry *entry);
void rib_get_route(const struct rib_cursor *cursor, struct fib_route *route);
void rib_next(struct rib_cursor *cursor);
/* From behind the last route of a leaf to the first of the next one. */
void rib_settle(struct rib_cursor *cursor);
/* False, and nothing moved: there is none before. */
bool rib_previous(struct rib_cursor *cursor);

/* The longest prefix of 1..depth bits that covers the block of the first `depth` bits of key. The
 * default route is never reported: the FIB keeps it apart. False: none. */
bool rib_cover(const struct rib *rib, fib_key key, unsigned int depth, struct rib_entry *entry);

/* Routes longer than `depth` in the block of the first `depth` bits of key. */
uint32_t rib_count(const struct rib *rib, fib_key key, unsigned int depth);

uint64_t rib_bytes(const struct rib *rib);
