/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bulk look-up, once for each kind of processor: lookup_*.c define how to compare a line, then
 * include lookup_bulk.h, and lookup.c chooses at start.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/fib/fib.h"
#include "dataplane/fib/piece.h"

/* What workers read of a fib: in one word the slot of the whole table (lower half), the default
 * group (24 bits), and a version, other after each store. Main stores, workers load. */
struct fib_root {
	uint64_t word;
};

#define ROOT_VERSIONS 256u

static inline uint64_t root_word(fib_slot top, uint32_t default_group, uint32_t version)
{
	return (uint64_t)version << 56 | (uint64_t)default_group << 32 | top;
}

static inline uint32_t root_default(uint64_t word)
{
	return (uint32_t)(word >> 32) & (FIB_GROUPS_MAX - 1);
}

static inline uint64_t root_load(const struct fib_root *root)
{
	return __atomic_load_n(&root->word, __ATOMIC_ACQUIRE);
}

/* The addresses of a burst, their first bit on top, less the bits that were spent. IPv4 leaves
 * `low` alone. */
struct lookup_burst {
	uint64_t high[FIB_BULK_MAX];
	uint64_t low[FIB_BULK_MAX];
	fib_slot slots[FIB_BULK_MAX];
};

typedef void (*lookup_bulk4)(const struct fib_root *const *roots, const uint32_t *addresses,
	uint32_t *groups, unsigned int n);
typedef void (*lookup_bulk6)(const struct fib_root *const *roots, const uint8_t (*addresses)[16],
	uint32_t *groups, unsigned int n);

struct lookup_variant {
	const char *name;
	bool (*usable)(void);
	lookup_bulk4 bulk4;
	lookup_bulk6 bulk6;
};

extern const struct lookup_variant lookup_generic, lookup_avx2, lookup_avx512;
/* The best first; the last is usable everywhere. */
extern const struct lookup_variant *const lookup_variants[];
extern const unsigned int lookup_variant_count;
/* The one in use. Main thread sets it, before there are readers. */
extern const struct lookup_variant *lookup_variant;

/* Does EAL let us use vectors this wide? Its default is 256 bits; whoever wants 512 starts the
 * dataplane with --force-max-simd-bitwidth=512. */
bool lookup_width_allowed(unsigned int bits);

/* Main thread, when the first table is made. */
void lookup_choose(void);

/* One address at a time, as plain as can be; what falls back to the default while main changes it
 * comes here. */
uint32_t lookup_one(const struct fib_root *root, uint64_t high, uint64_t low);
