/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/fib/rib.h"

#include <errno.h>

#include <rte_common.h>

struct pool rib_pools[] = {
	[FIB_IPV4] = {.object_bytes = sizeof(struct rib_node) + sizeof(uint32_t)},
	[FIB_IPV6] = {.object_bytes = sizeof(struct rib_node) + sizeof(fib_key)},
};

static struct rib_node *node_get(const struct rib *rib, uint32_t index)
{
	return pool_get(&rib_pools[rib->family], index);
}

uint64_t rib_bytes(const struct rib *rib)
{
	return rib->nodes * (uint64_t)rib_pools[rib->family].object_bytes;
}

static uint32_t node_new(struct rib *rib, fib_key key, unsigned int length)
{
	uint32_t index = pool_alloc(&rib_pools[rib->family]);
	struct rib_node *node;

	if (index == RIB_NIL)
		return RIB_NIL;
	rib->nodes++;
	node = node_get(rib, index);
	node->length = (uint8_t)length;
	key &= ~fib_key_host_bits(length);
	if (rib->family == FIB_IPV4)
		node->key[0] = (uint32_t)(key >> 96);
	else
		memcpy(node->key, &key, sizeof(key));
	return index;
}

static void node_free(struct rib *rib, uint32_t index)
{
	pool_free(&rib_pools[rib->family], index);
	rib->nodes--;
}

void rib_init(struct rib *rib, enum fib_family family)
{
	*rib = (struct rib){.family = family, .root = RIB_NIL};
}

static void subtree_free(struct rib *rib, uint32_t index)
{
	uint32_t child[2];

	if (index == RIB_NIL)
		return;
	memcpy(child, node_get(rib, index)->child, sizeof(child));
	node_free(rib, index);
	subtree_free(rib, child[0]);
	subtree_free(rib, child[1]);
}

void rib_clear(struct rib *rib)
{
	subtree_free(rib, rib->root);
	rib_init(rib, rib->family);
}

/* Is the node's prefix the same as, or an ancestor of, the first `length` bits of key? */
static bool node_covers(
	const struct rib *rib, const struct rib_node *node, fib_key key, unsigned int length)
{
	return node->length <= length && fib_key_common(key, rib_key(rib, node)) >= node->length;
}

/* The link where (key, length) hangs or would hang. */
static uint32_t *link_find(struct rib *rib, fib_key key, unsigned int length, uint32_t **parent)
{
	uint32_t *link = &rib->root;

	*parent = NULL;
	while (*link != RIB_NIL) {
		struct rib_node *node = node_get(rib, *link);

		if (node->length == length || !node_covers(rib, node, key, length))
			break;
		*parent = link;
		link = &node->child[fib_key_bit(key, node->length)];
	}
	return link;
}

/* Hangs a new node for (key, length) in at link, where another subtree may be. */
static int link_insert(
	struct rib *rib, uint32_t *link, fib_key key, unsigned int length, uint32_t *index)
{
	uint32_t below = *link, branch;
	unsigned int common;
	fib_key below_key;

	*index = node_new(rib, key, length);
	if (*index == RIB_NIL)
		return -ENOMEM;
	if (below == RIB_NIL) {
		*link = *index;
		return 0;
	}
	below_key = rib_key(rib, node_get(rib, below));
	common = fib_key_common(key, below_key);
	if (common >= length) {
		node_get(rib, *index)->child[fib_key_bit(below_key, length)] = below;
		*link = *index;
		return 0;
	}
	branch = node_new(rib, key, common);
	if (branch == RIB_NIL) {
		node_free(rib, *index);
		return -ENOMEM;
	}
	node_get(rib, branch)->child[fib_key_bit(key, common)] = *index;
	node_get(rib, branch)->child[fib_key_bit(below_key, common)] = below;
	*link = branch;
	return 0;
}

int rib_insert(struct rib *rib, fib_key key, uint8_t length, const struct fib_route *route,
	struct fib_route *previous)
{
	uint32_t *parent, *link = link_find(rib, key, length, &parent);
	uint32_t index = *link;
	int error;

	if (index == RIB_NIL || node_get(rib, index)->length != length ||
		rib_key(rib, node_get(rib, index)) != key) {
		error = link_insert(rib, link, key, length, &index);
		if (error != 0)
			return error;
	}
	*previous = node_get(rib, index)->route;
	node_get(rib, index)->route = *route;
	if (previous->group == 0)
		rib->routes++;
	return 0;
}

/* Takes the node at link out when it has neither a route nor two children. */
static void link_prune(struct rib *rib, uint32_t *link)
{
	uint32_t index = *link;
	const struct rib_node *node = node_get(rib, index);

	if (node->route.group != 0 || (node->child[0] != RIB_NIL && node->child[1] != RIB_NIL))
		return;
	*link = node->child[0] != RIB_NIL ? node->child[0] : node->child[1];
	node_free(rib, index);
}

int rib_remove(struct rib *rib, fib_key key, uint8_t length, struct fib_route *previous)
{
	uint32_t *parent, *link = link_find(rib, key, length, &parent);
	struct rib_node *node;

	*previous = (struct fib_route){0};
	if (*link == RIB_NIL)
		return -ENOENT;
	node = node_get(rib, *link);
	if (node->length != length || rib_key(rib, node) != key || node->route.group == 0)
		return -ENOENT;
	*previous = node->route;
	node->route = (struct fib_route){0};
	rib->routes--;
	link_prune(rib, link);
	/* Losing its child may leave the parent, a mere branch, without a reason to be. The pool
	 * is empty, and its memory gone, only when there is no parent. */
	if (parent != NULL)
		link_prune(rib, parent);
	return 0;
}

const struct fib_route *rib_find(const struct rib *rib, fib_key key, uint8_t length)
{
	uint32_t index = rib->root;

	while (index != RIB_NIL) {
		const struct rib_node *node = rib_get(rib, index);

		if (!node_covers(rib, node, key, length))
			return NULL;
		if (node->length == length)
			return node->route.group != 0 ? &node->route : NULL;
		index = node->child[fib_key_bit(key, node->length)];
	}
	return NULL;
}

uint32_t rib_lookup(const struct rib *rib, fib_key key)
{
	unsigned int bits = fib_family_bits(rib->family);
	uint32_t index = rib->root, group = 0;

	while (index != RIB_NIL) {
		const struct rib_node *node = rib_get(rib, index);

		if (!node_covers(rib, node, key, bits))
			break;
		if (node->route.group != 0)
			group = node->route.group;
		if (node->length == bits)
			break;
		index = node->child[fib_key_bit(key, node->length)];
	}
	return group;
}

uint32_t rib_first(const struct rib *rib, uint32_t index)
{
	/* A node without a route has two children. */
	while (index != RIB_NIL && rib_get(rib, index)->route.group == 0)
		index = rib_get(rib, index)->child[0];
	return index;
}

uint32_t rib_after(const struct rib *rib, fib_key key, uint8_t length)
{
	uint32_t index = rib->root, right = RIB_NIL;

	while (index != RIB_NIL) {
		const struct rib_node *node = rib_get(rib, index);
		unsigned int bit;

		if (!node_covers(rib, node, key, length)) {
			/* The whole subtree is on one side of (key, length). */
			fib_key node_key = rib_key(rib, node);

			if (node_key > key || (node_key == key && node->length > length))
				return rib_first(rib, index);
			break;
		}
		if (node->length == length) {
			if (node->child[0] != RIB_NIL)
				return rib_first(rib, node->child[0]);
			if (node->child[1] != RIB_NIL)
				return rib_first(rib, node->child[1]);
			break;
		}
		bit = fib_key_bit(key, node->length);
		if (bit == 0 && node->child[1] != RIB_NIL)
			right = node->child[1];
		index = node->child[bit];
	}
	return rib_first(rib, right);
}

uint32_t rib_descend(
	const struct rib *rib, uint32_t from, fib_key key, unsigned int depth, uint32_t *group)
{
	uint32_t index = from;

	while (index != RIB_NIL) {
		const struct rib_node *node = rib_get(rib, index);
		unsigned int common = fib_key_common(key, rib_key(rib, node));

		if (common < RTE_MIN(node->length, depth))
			return RIB_NIL;
		if (node->length <= depth && node->length != 0 && node->route.group != 0)
			*group = node->route.group;
		if (node->length >= depth)
			return index;
		index = node->child[fib_key_bit(key, node->length)];
	}
	return RIB_NIL;
}

uint32_t rib_count(const struct rib *rib, uint32_t index)
{
	const struct rib_node *node;

	if (index == RIB_NIL)
		return 0;
	node = rib_get(rib, index);
	return (node->route.group != 0) + rib_count(rib, node->child[0]) +
	       rib_count(rib, node->child[1]);
}
