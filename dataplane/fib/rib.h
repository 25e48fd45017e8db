/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The RIB: a path-compressed binary trie of every prefix. Main thread only.
 *
 * A node is there because it has a route or because it has two children. Nodes of all tables of a
 * family come from one pool and name each other by 32-bit index: 24 bytes a node for IPv4, 36 for
 * IPv6, about 1.5 nodes a route.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/fib/fib.h"
#include "dataplane/fib/key.h"
#include "dataplane/fib/pool.h"

#define RIB_NIL 0u

struct rib_node {
	uint32_t child[2];      /* by the bit behind this node's prefix; RIB_NIL: none */
	struct fib_route route; /* group 0: only a branch */
	uint8_t length;
	uint8_t reserved[3];
	uint32_t key[]; /* IPv4: one word in host order; IPv6: a fib_key */
};

struct rib {
	enum fib_family family;
	uint32_t root;
	uint32_t routes;
	uint32_t nodes;
};

void rib_init(struct rib *rib, enum fib_family family);
void rib_clear(struct rib *rib);

/* Adds or replaces; previous (never NULL) receives what was there or group 0. 0 or -ENOMEM. */
int rib_insert(struct rib *rib, fib_key key, uint8_t length, const struct fib_route *route,
	struct fib_route *previous);

/* 0 or -ENOENT; previous is never NULL. */
int rib_remove(struct rib *rib, fib_key key, uint8_t length, struct fib_route *previous);

/* The route of exactly this prefix, NULL: none. Valid until the next change. */
const struct fib_route *rib_find(const struct rib *rib, fib_key key, uint8_t length);

/* Group of the longest match, 0: none. */
uint32_t rib_lookup(const struct rib *rib, fib_key key);

/* The node with the first route behind (key, length) in (address, length) order, RIB_NIL: none. */
uint32_t rib_after(const struct rib *rib, fib_key key, uint8_t length);
/* The node with the first route of the subtree, RIB_NIL for an empty one. */
uint32_t rib_first(const struct rib *rib, uint32_t index);

/*
 * From node `from` down towards the block of addresses that share the first `depth` bits of key.
 * Returns the top of all nodes within the block (RIB_NIL: none), which may be the node of the
 * block itself, and in *group the group that covers the whole block; *group stays as given when
 * there is none. The default route is never reported: the FIB keeps it apart.
 */
uint32_t rib_descend(
	const struct rib *rib, uint32_t from, fib_key key, unsigned int depth, uint32_t *group);

/* Routes in a subtree. */
uint32_t rib_count(const struct rib *rib, uint32_t index);

uint64_t rib_bytes(const struct rib *rib);

extern struct pool rib_pools[]; /* by family */

static inline const struct rib_node *rib_get(const struct rib *rib, uint32_t index)
{
	return pool_get(&rib_pools[rib->family], index);
}

static inline fib_key rib_key(const struct rib *rib, const struct rib_node *node)
{
	fib_key key;

	if (rib->family == FIB_IPV4)
		return (fib_key)node->key[0] << 96;
	memcpy(&key, node->key, sizeof(key));
	return key;
}
