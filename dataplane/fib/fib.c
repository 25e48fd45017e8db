/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/fib/fib.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_common.h>

#include "dataplane/fib/key.h"
#include "dataplane/fib/rib.h"
#include "dataplane/fib/tree.h"
#include "dataplane/worker/reclaim.h"

/* With more changes than this between two commits the whole table is built anew. */
#define PENDING_MAX (1u << 16)

struct pending_range {
	fib_key first, last;
};

/* Only `top` is read by workers; all else is the main thread's. */
struct fib {
	tree_slot top; /* main stores with release, workers load with acquire */
	struct rib rib;
	uint32_t max_routes;
	uint64_t tree_bytes;
	/* What changed since the last commit. The default route is not among it: commit compares
	 * it with what is published. */
	struct pending_range *pending;
	uint32_t pending_count, pending_capacity;
	bool pending_all;
};

struct fib *fib_create(enum fib_family family, uint32_t max_routes)
{
	struct fib *fib = calloc(1, sizeof(*fib));

	if (fib == NULL)
		return NULL;
	rib_init(&fib->rib, family);
	fib->max_routes = max_routes;
	if (tree_build(&fib->rib, 0, &fib->top) != 0) {
		free(fib);
		return NULL;
	}
	fib->tree_bytes = tree_bytes(fib->top);
	return fib;
}

void fib_free(struct fib *fib)
{
	if (fib == NULL)
		return;
	tree_free(fib->top);
	rib_clear(&fib->rib);
	free(fib->pending);
	free(fib);
}

/* False: not a prefix of this family. */
static bool prefix_load(const struct fib *fib, const uint8_t *address, uint8_t length, fib_key *key)
{
	if (length > fib_family_bits(fib->rib.family))
		return false;
	*key = fib_key_load(fib->rib.family, address);
	return (*key & fib_key_host_bits(length)) == 0;
}

/* Cannot fail: without memory for the list, everything is to be rebuilt. */
static void pending_add(struct fib *fib, fib_key key, uint8_t length)
{
	uint32_t capacity = fib->pending_capacity;
	struct pending_range *grown;

	if (length == 0 || fib->pending_all)
		return;
	if (fib->pending_count == capacity) {
		capacity = capacity != 0 ? 2 * capacity : 16;
		grown = capacity <= PENDING_MAX ? realloc(fib->pending, capacity * sizeof(*grown))
						: NULL;
		if (grown == NULL) {
			fib->pending_all = true;
			return;
		}
		fib->pending = grown;
		fib->pending_capacity = capacity;
	}
	fib->pending[fib->pending_count++] =
		(struct pending_range){key, key | fib_key_host_bits(length)};
}

int fib_add(struct fib *fib, const uint8_t *address, uint8_t length, const struct fib_route *route,
	struct fib_route *previous)
{
	struct fib_route before = {0};
	fib_key key;
	int error;

	if (previous != NULL)
		*previous = before;
	if (route->group == 0 || !prefix_load(fib, address, length, &key))
		return -EINVAL;
	if (fib->rib.routes >= fib->max_routes && rib_find(&fib->rib, key, length) == NULL)
		return -ENOSPC;
	error = rib_insert(&fib->rib, key, length, route, &before);
	if (error != 0)
		return error;
	if (before.group == 0)
		tree_count_route(fib->top, key, length, 1);
	if (before.group != route->group)
		pending_add(fib, key, length);
	if (previous != NULL)
		*previous = before;
	return 0;
}

int fib_delete(struct fib *fib, const uint8_t *address, uint8_t length, struct fib_route *previous)
{
	struct fib_route before = {0};
	fib_key key;

	if (previous != NULL)
		*previous = before;
	if (!prefix_load(fib, address, length, &key) ||
		rib_remove(&fib->rib, key, length, &before) != 0)
		return -ENOENT;
	tree_count_route(fib->top, key, length, -1);
	pending_add(fib, key, length);
	if (previous != NULL)
		*previous = before;
	return 0;
}

bool fib_get(const struct fib *fib, const uint8_t *address, uint8_t length, struct fib_route *route)
{
	const struct fib_route *found;
	fib_key key;

	if (!prefix_load(fib, address, length, &key))
		return false;
	found = rib_find(&fib->rib, key, length);
	if (found == NULL)
		return false;
	*route = *found;
	return true;
}

static void prefix_store(
	const struct rib *rib, const struct rib_node *node, struct fib_prefix *prefix)
{
	fib_key_store(rib_key(rib, node), prefix->address);
	prefix->length = node->length;
}

bool fib_next(const struct fib *fib, const struct fib_prefix *after, struct fib_prefix *prefix,
	struct fib_route *route)
{
	const struct rib *rib = &fib->rib;
	const struct rib_node *node;
	uint32_t index;

	if (after == NULL)
		index = rib_first(rib, rib->root);
	else
		index = rib_after(rib, fib_key_load(rib->family, after->address), after->length);
	if (index == RIB_NIL)
		return false;
	node = rib_get(rib, index);
	prefix_store(rib, node, prefix);
	*route = node->route;
	return true;
}

uint32_t fib_rib_lookup(const struct fib *fib, const uint8_t *address)
{
	return rib_lookup(&fib->rib, fib_key_load(fib->rib.family, address));
}

uint32_t fib_sweep(struct fib *fib, uint8_t mark,
	void (*each)(const struct fib_route *route, void *context), void *context)
{
	struct fib_prefix prefix;
	struct fib_route route;
	uint32_t swept = 0;

	for (bool more = fib_next(fib, NULL, &prefix, &route); more;
		more = fib_next(fib, &prefix, &prefix, &route)) {
		if (route.mark == mark)
			continue;
		if (each != NULL)
			each(&route, context);
		fib_delete(fib, prefix.address, prefix.length, NULL);
		swept++;
	}
	return swept;
}

static int pending_compare(const void *left, const void *right)
{
	const struct pending_range *a = left, *b = right;

	return a->first < b->first ? -1 : a->first > b->first;
}

/* Replaces the whole tree by one store: for all that one slot's store cannot do, such as a change
 * of the default group together with others. */
static int commit_whole(struct fib *fib, uint32_t default_group)
{
	tree_slot old = fib->top, top;
	int error = tree_build(&fib->rib, default_group, &top);

	if (error != 0)
		return error;
	__atomic_store_n(&fib->top, top, __ATOMIC_RELEASE);
	fib->tree_bytes = tree_bytes(top);
	tree_reclaim(old);
	return 0;
}

static int commit_slots(struct fib *fib)
{
	struct tree_change change = {.rib = &fib->rib};
	int error = 0;

	qsort(fib->pending, fib->pending_count, sizeof(*fib->pending), pending_compare);
	for (uint32_t i = 0; i < fib->pending_count && error == 0; i++)
		error = tree_refresh(
			&change, &fib->top, fib->pending[i].first, fib->pending[i].last);
	if (error != 0) {
		tree_cancel(&change);
		return error;
	}
	fib->tree_bytes += (uint64_t)tree_publish(&change);
	return 0;
}

int fib_commit(struct fib *fib)
{
	const struct fib_route *route = rib_find(&fib->rib, 0, 0);
	uint32_t default_group = route != NULL ? route->group : 0;
	uint32_t *published = tree_default(fib->top);
	int error;

	if (fib->pending_count == 0 && !fib->pending_all) {
		if (*published != default_group)
			__atomic_store_n(published, default_group, __ATOMIC_RELEASE);
		return 0;
	}
	if (fib->pending_all || *published != default_group || tree_top_misfits(fib->top))
		error = commit_whole(fib, default_group);
	else
		error = commit_slots(fib);
	if (error != 0)
		return error;
	free(fib->pending);
	fib->pending = NULL;
	fib->pending_count = 0;
	fib->pending_capacity = 0;
	fib->pending_all = false;
	return 0;
}

void fib_usage(const struct fib *fib, struct fib_usage *usage)
{
	usage->routes = fib->rib.routes;
	usage->fib_bytes = sizeof(*fib) + fib->tree_bytes;
	usage->rib_bytes = rib_bytes(&fib->rib);
}

/*
 * The default group is kept beside the ranges, so a look-up reads two words that main changes one
 * at a time. Reading the default on both sides of the slot tells whether the pair existed at one
 * moment; the second read is of the same cache line, and only for what the default route takes.
 */
static __rte_always_inline uint32_t lookup(
	const struct fib *fib, enum fib_family family, fib_key address)
{
	tree_slot top = __atomic_load_n(&fib->top, __ATOMIC_ACQUIRE), slot;
	uint32_t before, after = __atomic_load_n(tree_default(top), __ATOMIC_ACQUIRE), group;

	do {
		before = after;
		for (slot = top; tree_tag(slot) == TREE_TABLE;) {
			const struct table *table = tree_table(slot);
			uint32_t bits = family == FIB_IPV4 ? (uint32_t)address >> table->shift
							   : (uint32_t)(address >> table->shift);

			slot = __atomic_load_n(
				&table->slots[bits & ((1u << table->bits) - 1)], __ATOMIC_ACQUIRE);
		}
		if (tree_tag(slot) == TREE_GROUP)
			group = (uint32_t)(slot >> TREE_TAG_BITS);
		else if (family == FIB_IPV4)
			group = chunk_lookup4(tree_chunk(slot), (uint32_t)address);
		else
			group = chunk_lookup6(tree_chunk(slot), address);
		if (group != 0)
			return group;
		after = __atomic_load_n(tree_default(top), __ATOMIC_ACQUIRE);
	} while (after != before);
	return after;
}

void fib_lookup4_bulk(
	const struct fib *const *fibs, const uint32_t *addresses, uint32_t *groups, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		groups[i] = fibs[i] != NULL ? lookup(fibs[i], FIB_IPV4, addresses[i]) : 0;
}

void fib_lookup6_bulk(const struct fib *const *fibs, const uint8_t (*addresses)[16],
	uint32_t *groups, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		groups[i] = fibs[i] != NULL ? lookup(fibs[i], FIB_IPV6,
						      fib_key_load(FIB_IPV6, addresses[i]))
					    : 0;
}
