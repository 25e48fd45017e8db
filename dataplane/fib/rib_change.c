/* SPDX-License-Identifier: BSD-3-Clause */
/* Adding to and removing from the RIB's B+tree. */
#include <errno.h>

#include <rte_common.h>

#include "dataplane/fib/node.h"

/* A node with less than a fourth is merged with a neighbour when both fill no more than three
 * fourths: nodes that hover at a limit do not merge and split by turns. */
#define SPARSE(capacity) ((capacity) / 4)
#define ROOMY(capacity) ((capacity) / 4 * 3)

struct path {
	struct rib *rib;
	struct rib_step step[RIB_DEPTH_MAX];
};

/* Moves n entries; `from` and `to` may be one node. */
static void entries_move(enum fib_family family, struct node *to, unsigned int to_at,
	const struct node *from, unsigned int from_at, unsigned int n)
{
	unsigned int key = node_key_bytes(family);

	memmove(to->data + to_at * key, from->data + from_at * key, n * key);
	if (from->leaf) {
		memmove(node_routes(family, to) + to_at, node_routes(family, from) + from_at,
			n * sizeof(struct node_route));
		return;
	}
	memmove(node_children(family, to) + to_at, node_children(family, from) + from_at,
		n * sizeof(uint32_t));
	memmove(node_lengths(family, to) + to_at, node_lengths(family, from) + from_at, n);
}

static void entry_open(enum fib_family family, struct node *node, unsigned int at)
{
	entries_move(family, node, at + 1, node, at, node->count - at);
	node->count++;
}

static void entry_close(enum fib_family family, struct node *node, unsigned int at)
{
	entries_move(family, node, at, node, at + 1, node->count - at - 1);
	node->count--;
}

static void path_find(struct path *path, fib_key key, unsigned int length)
{
	enum fib_family family = path->rib->family;
	uint32_t index = path->rib->root;
	const struct node *node;

	for (unsigned int level = 0; level + 1 < path->rib->depth; level++) {
		unsigned int at;

		node = node_get(index);
		at = node_child(family, node, key, length);
		path->step[level] = (struct rib_step){index, at};
		index = node_children(family, node)[at];
		node_prefetch(index);
	}
	path->step[path->rib->depth - 1] =
		(struct rib_step){index, node_before(family, node_get(index), key, length)};
}

static struct node_route *path_route(struct path *path, fib_key key, unsigned int length)
{
	enum fib_family family = path->rib->family;
	const struct rib_step *step = &path->step[path->rib->depth - 1];
	const struct node *leaf = node_get(step->node);
	struct node_route *route = &node_routes(family, leaf)[step->at];

	if (step->at == leaf->count || node_key(family, leaf, step->at) != key ||
		route->length != length)
		return NULL;
	return route;
}

static void route_store(struct node_route *kept, unsigned int length, const struct fib_route *route)
{
	*kept = (struct node_route){.group = route->group,
		.origin = route->origin,
		.leaked_from = route->leaked_from,
		.mark = route->mark,
		.length = (uint8_t)length};
}

static void route_load(const struct node_route *kept, struct fib_route *route)
{
	*route = (struct fib_route){.group = kept->group,
		.leaked_from = kept->leaked_from,
		.origin = kept->origin,
		.mark = kept->mark};
}

/* Moves the upper part of child `at`, which is full, to a new node behind it; the parent has room.
 * What comes behind everything else leaves the old node full: a table that is loaded in order has
 * full nodes. */
static int child_split(struct rib *rib, struct node *parent, unsigned int at, bool append)
{
	enum fib_family family = rib->family;
	uint32_t fresh = pool_alloc(&node_pool);
	struct node *left, *right;
	unsigned int keep;

	if (fresh == RIB_NIL)
		return -ENOMEM;
	rib->nodes++;
	left = node_get(node_children(family, parent)[at]);
	right = node_get(fresh);
	keep = append ? left->count - 1 : left->count / 2;
	right->leaf = left->leaf;
	right->count = left->count - keep;
	entries_move(family, right, 0, left, keep, right->count);
	left->count = keep;
	entry_open(family, parent, at + 1);
	node_children(family, parent)[at + 1] = fresh;
	node_key_set(family, parent, at + 1, node_key(family, right, 0));
	node_lengths(family, parent)[at + 1] = (uint8_t)node_length(family, right, 0);
	return 0;
}

/* A new root above the old one, or the first leaf. */
static int root_grow(struct rib *rib)
{
	uint32_t fresh = pool_alloc(&node_pool);
	struct node *root;

	if (fresh == RIB_NIL)
		return -ENOMEM;
	root = node_get(fresh);
	root->leaf = rib->root == RIB_NIL;
	if (!root->leaf) {
		root->count = 1;
		node_children(rib->family, root)[0] = rib->root;
	}
	rib->root = fresh;
	rib->depth++;
	rib->nodes++;
	return 0;
}

static bool node_full(enum fib_family family, const struct node *node)
{
	return node->count == node_capacity(family, node->leaf);
}

/* Down to the leaf for (key, length), splitting every full node on the way, so that there is room
 * for one more. A failure leaves a tree that is as good as before. */
static int leaf_with_room(struct rib *rib, fib_key key, unsigned int length, struct node **leaf)
{
	enum fib_family family = rib->family;
	struct node *node, *child;

	if (rib->root == RIB_NIL || node_full(family, node_get(rib->root)))
		if (root_grow(rib) != 0)
			return -ENOMEM;
	node = node_get(rib->root);
	while (!node->leaf) {
		unsigned int at = node_child(family, node, key, length);

		node_prefetch(node_children(family, node)[at]);
		child = node_get(node_children(family, node)[at]);
		if (node_full(family, child)) {
			bool append = node_before(family, child, key, length) == child->count;

			if (child_split(rib, node, at, append) != 0)
				return -ENOMEM;
			at = node_child(family, node, key, length);
			child = node_get(node_children(family, node)[at]);
		}
		node = child;
	}
	*leaf = node;
	return 0;
}

int rib_insert(struct rib *rib, fib_key key, uint8_t length, const struct fib_route *route,
	struct fib_route *previous)
{
	enum fib_family family = rib->family;
	struct node_route *kept;
	struct node *leaf;
	unsigned int at;

	*previous = (struct fib_route){0};
	if (leaf_with_room(rib, key, length, &leaf) != 0)
		return -ENOMEM;
	at = node_before(family, leaf, key, length);
	kept = &node_routes(family, leaf)[at];
	if (at < leaf->count && node_key(family, leaf, at) == key && kept->length == length) {
		route_load(kept, previous);
	} else {
		entry_open(family, leaf, at);
		node_key_set(family, leaf, at, key);
		rib->routes++;
	}
	route_store(kept, length, route);
	return 0;
}

/* Takes child `at` out of its parent. */
static void child_free(struct rib *rib, struct node *parent, unsigned int at)
{
	pool_free(&node_pool, node_children(rib->family, parent)[at]);
	rib->nodes--;
	entry_close(rib->family, parent, at);
}

/* Child at + 1 goes into child `at` when both have room for that. */
static bool children_merge(struct rib *rib, struct node *parent, unsigned int at)
{
	enum fib_family family = rib->family;
	struct node *left = node_get(node_children(family, parent)[at]);
	struct node *right = node_get(node_children(family, parent)[at + 1]);
	unsigned int first = left->count;

	if (left->count + right->count > ROOMY(node_capacity(family, left->leaf)))
		return false;
	entries_move(family, left, first, right, 0, right->count);
	left->count += right->count;
	if (!left->leaf) {
		/* What stood for child 0 was not kept; the parent knows where it begins. */
		node_key_set(family, left, first, node_key(family, parent, at + 1));
		node_lengths(family, left)[first] = node_lengths(family, parent)[at + 1];
	}
	child_free(rib, parent, at + 1);
	return true;
}

/* After a removal, from the leaf up: empty nodes go, sparse ones join a neighbour. */
static void path_shrink(struct path *path)
{
	struct rib *rib = path->rib;

	for (unsigned int level = rib->depth - 1; level > 0; level--) {
		struct node *node = node_get(path->step[level].node);
		struct node *parent = node_get(path->step[level - 1].node);
		unsigned int at = path->step[level - 1].at;

		if (node->count == 0)
			child_free(rib, parent, at);
		else if (node->count >= SPARSE(node_capacity(rib->family, node->leaf)) ||
			 !((at + 1 < parent->count && children_merge(rib, parent, at)) ||
				 (at > 0 && children_merge(rib, parent, at - 1))))
			break;
	}
	while (rib->root != RIB_NIL) {
		const struct node *root = node_get(rib->root);
		uint32_t below = RIB_NIL;

		if (root->count > 1 || (root->leaf && root->count == 1))
			return;
		if (root->count == 1)
			below = node_children(rib->family, root)[0];
		pool_free(&node_pool, rib->root);
		rib->root = below;
		rib->depth = below == RIB_NIL ? 0 : rib->depth - 1;
		rib->nodes--;
	}
}

int rib_remove(struct rib *rib, fib_key key, uint8_t length, struct fib_route *previous)
{
	struct path path = {.rib = rib};
	const struct node_route *kept;
	struct rib_step *step;

	*previous = (struct fib_route){0};
	if (rib->root == RIB_NIL)
		return -ENOENT;
	path_find(&path, key, length);
	kept = path_route(&path, key, length);
	if (kept == NULL)
		return -ENOENT;
	route_load(kept, previous);
	step = &path.step[rib->depth - 1];
	entry_close(rib->family, node_get(step->node), step->at);
	rib->routes--;
	path_shrink(&path);
	return 0;
}
