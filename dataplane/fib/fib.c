/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/fib/fib.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include <rte_common.h>

#include "dataplane/fib/key.h"
#include "dataplane/fib/lookup.h"
#include "dataplane/fib/rib.h"
#include "dataplane/fib/tree.h"
#include "dataplane/worker/reclaim.h"

/* With more changes than this between two commits the whole table is built anew. */
#define PENDING_MAX (1u << 16)

struct pending_range {
	fib_key first, last;
};

/* Only `root` is read by workers; all else is the main thread's. */
struct fib {
	struct fib_root root; /* main stores with release, workers load with acquire */
	struct rib rib;
	uint32_t max_routes;
	uint64_t tree_bytes;
	/* What changed since the last commit. The default route is not among it: commit compares
	 * it with what is published. */
	struct pending_range *pending;
	uint32_t pending_count, pending_capacity;
	bool pending_all;
};

static fib_slot fib_top(const struct fib *fib)
{
	return (fib_slot)fib->root.word;
}

static uint32_t fib_default(const struct fib *fib)
{
	return root_default(fib->root.word);
}

/* A reader that falls back to the default takes the same root before and after for a sign that
 * nothing changed in between. A version comes again only after all bursts of its first time. */
static void root_store(struct fib *fib, fib_slot top, uint32_t default_group)
{
	uint32_t version = ((uint32_t)(fib->root.word >> 56) + 1) % ROOT_VERSIONS;

	if (version == 0) {
		reclaim_id_retired();
		reclaim_ids_settle();
	}
	__atomic_store_n(&fib->root.word, root_word(top, default_group, version), __ATOMIC_RELEASE);
}

struct fib *fib_create(enum fib_family family, uint32_t max_routes)
{
	struct fib *fib = calloc(1, sizeof(*fib));

	if (fib == NULL)
		return NULL;
	rib_init(&fib->rib, family);
	fib->max_routes = max_routes;
	lookup_choose();
	return fib;
}

void fib_free(struct fib *fib)
{
	if (fib == NULL)
		return;
	tree_free(fib_top(fib));
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
	if (route->group == 0 || route->group >= FIB_GROUPS_MAX ||
		!prefix_load(fib, address, length, &key))
		return -EINVAL;
	if (fib->rib.routes >= fib->max_routes && !rib_find(&fib->rib, key, length, &before))
		return -ENOSPC;
	error = rib_insert(&fib->rib, key, length, route, &before);
	if (error != 0)
		return error;
	if (before.group == 0)
		tree_count_route(fib_top(fib), key, length, 1);
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
	tree_count_route(fib_top(fib), key, length, -1);
	pending_add(fib, key, length);
	if (previous != NULL)
		*previous = before;
	return 0;
}

bool fib_get(const struct fib *fib, const uint8_t *address, uint8_t length, struct fib_route *route)
{
	fib_key key;

	return prefix_load(fib, address, length, &key) && rib_find(&fib->rib, key, length, route);
}

bool fib_next(const struct fib *fib, const struct fib_prefix *after, struct fib_prefix *prefix,
	struct fib_route *route)
{
	const struct rib *rib = &fib->rib;
	struct rib_cursor cursor;
	struct rib_entry entry;

	if (after == NULL)
		rib_seek(rib, &cursor, 0, 0);
	else
		rib_seek(rib, &cursor, fib_key_load(rib->family, after->address),
			after->length + 1u);
	if (cursor.end)
		return false;
	rib_get(&cursor, &entry);
	rib_get_route(&cursor, route);
	fib_key_store(entry.key, prefix->address);
	prefix->length = entry.length;
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

	/* Of those that begin together the shortest prefix first: it rebuilds what the others do.
	 */
	if (a->first == b->first)
		return a->last > b->last ? -1 : a->last < b->last;
	return a->first < b->first ? -1 : 1;
}

/* Replaces the whole tree by one store: for all that one slot's store cannot do, such as a change
 * of the default group together with others. */
static int commit_whole(struct fib *fib, uint32_t default_group)
{
	fib_slot old = fib_top(fib), top;
	int error = tree_build(&fib->rib, &top);

	if (error != 0)
		return error;
	root_store(fib, top, default_group);
	fib->tree_bytes = tree_bytes(top);
	tree_reclaim(old);
	return 0;
}

static int commit_slots(struct fib *fib)
{
	struct tree_change change;
	int error = 0;

	tree_change_begin(&change, &fib->rib);
	if (fib->pending_count > 1)
		qsort(fib->pending, fib->pending_count, sizeof(*fib->pending), pending_compare);
	for (uint32_t i = 0; i < fib->pending_count && error == 0; i++)
		error = tree_refresh(
			&change, fib_top(fib), fib->pending[i].first, fib->pending[i].last);
	if (error != 0) {
		tree_cancel(&change);
		return error;
	}
	fib->tree_bytes += (uint64_t)tree_publish(&change);
	return 0;
}

int fib_commit(struct fib *fib)
{
	struct fib_route route = {0};
	uint32_t default_group;
	int error;

	rib_find(&fib->rib, 0, 0, &route);
	default_group = route.group;
	if (fib->pending_count == 0 && !fib->pending_all) {
		if (fib_default(fib) != default_group)
			root_store(fib, fib_top(fib), default_group);
		return 0;
	}
	if (fib->pending_all || fib_default(fib) != default_group ||
		tree_top_misfits(&fib->rib, fib_top(fib)))
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

_Static_assert(offsetof(struct fib, root) == 0, "a pointer to a fib is one to its root");

void fib_lookup4_bulk(
	const struct fib *const *fibs, const uint32_t *addresses, uint32_t *groups, unsigned int n)
{
	lookup_variant->bulk4((const struct fib_root *const *)fibs, addresses, groups, n);
}

void fib_lookup6_bulk(const struct fib *const *fibs, const uint8_t (*addresses)[16],
	uint32_t *groups, unsigned int n)
{
	lookup_variant->bulk6((const struct fib_root *const *)fibs, addresses, groups, n);
}
