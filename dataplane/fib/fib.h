/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Longest-prefix match of one routing domain and one family.
 *
 * Two halves: the RIB (every prefix with its group, main thread only) and the FIB built from it
 * (immutable pieces that workers read). fib_add/fib_delete change the RIB and note what is to be
 * rebuilt; fib_commit builds new pieces, swaps each in with one store and hands the old ones to
 * reclaim_later(). Addresses are bytes in network order, 4 or 16 by family.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FIB_BULK_MAX 64u
#define FIB_GROUPS_MAX (1u << 24) /* group ids are below */

struct fib; /* opaque */

enum fib_family { FIB_IPV4, FIB_IPV6 };

/* What the RIB keeps with a prefix. */
struct fib_route {
	uint32_t group;       /* never 0, below FIB_GROUPS_MAX */
	uint16_t leaked_from; /* vrf id, 0: native */
	uint8_t origin;       /* enum api_route_origin */
	uint8_t mark;         /* see worker/mark.h */
};

struct fib_prefix {
	uint8_t address[16];
	uint8_t length;
};

struct fib_usage {
	uint32_t routes;
	uint64_t fib_bytes;
	uint64_t rib_bytes;
};

/* Main thread. NULL: no memory. max_routes: fib_add beyond it returns -ENOSPC. */
struct fib *fib_create(enum fib_family family, uint32_t max_routes);

/* Main thread; the fib must be unreachable for readers already (unlink first, call this from
 * reclaim_later). */
void fib_free(struct fib *fib);

/* Main thread. Adds or replaces. Host bits of address beyond length must be zero (-EINVAL).
 * 0, -EINVAL, -ENOSPC (limit), -ENOMEM. When previous is given it receives what was there, or
 * group 0. Not visible to readers before fib_commit, except that nothing ever goes backwards. */
int fib_add(struct fib *fib, const uint8_t *address, uint8_t length, const struct fib_route *route,
	struct fib_route *previous);

/* Main thread. 0 or -ENOENT; previous as above. */
int fib_delete(struct fib *fib, const uint8_t *address, uint8_t length, struct fib_route *previous);

/* Main thread. Exact match in the RIB; false when absent. */
bool fib_get(
	const struct fib *fib, const uint8_t *address, uint8_t length, struct fib_route *route);

/* Main thread. Walk in ascending (address, length) order: *after = NULL starts; true while there
 * is a next one. The walk survives changes between calls. */
bool fib_next(const struct fib *fib, const struct fib_prefix *after, struct fib_prefix *prefix,
	struct fib_route *route);

/* Main thread. Longest match straight in the RIB, for oracles and `explain`; group 0 if none. */
uint32_t fib_rib_lookup(const struct fib *fib, const uint8_t *address);

/* Main thread. Deletes every route whose mark differs; calls each() before, when given. Returns
 * how many. */
uint32_t fib_sweep(struct fib *fib, uint8_t mark,
	void (*each)(const struct fib_route *route, void *context), void *context);

/* Main thread. Makes all changes since the last commit visible. 0 or -ENOMEM, in which case the
 * previous state stays visible and the changes stay pending. */
int fib_commit(struct fib *fib);

void fib_usage(const struct fib *fib, struct fib_usage *usage);

/* Workers, within a read side (reclaim.h). For each i: groups[i] = group of the longest match of
 * addresses[i] in fibs[i], 0 if none. n <= FIB_BULK_MAX. Each i may be in another domain; a NULL
 * fib gives 0. IPv4 addresses are in host byte order here. */
void fib_lookup4_bulk(
	const struct fib *const *fibs, const uint32_t *addresses, uint32_t *groups, unsigned int n);
void fib_lookup6_bulk(const struct fib *const *fibs, const uint8_t (*addresses)[16],
	uint32_t *groups, unsigned int n);
