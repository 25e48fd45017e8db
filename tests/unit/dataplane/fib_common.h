/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the FIB share: prefixes from text, look-ups of one address, an oracle that
 * finds the longest match by trying every length, and random numbers that repeat. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/fib/fib.h"
#include "dataplane/fib/key.h"

/* splitmix64 */
static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static inline fib_key random_key(uint64_t *state, enum fib_family family)
{
	uint64_t high = random_next(state), low = random_next(state);
	fib_key key = fib_key_make(high, low);

	return family == FIB_IPV4 ? key >> 96 << 96 : key;
}

/* Up to FIB_BULK_MAX look-ups in one table. */
static inline void lookup_keys(const struct fib *fib, enum fib_family family, const fib_key *keys,
	uint32_t *groups, unsigned int n)
{
	const struct fib *fibs[FIB_BULK_MAX];
	uint32_t addresses4[FIB_BULK_MAX];
	uint8_t addresses6[FIB_BULK_MAX][16];

	for (unsigned int i = 0; i < n; i++) {
		fibs[i] = fib;
		addresses4[i] = (uint32_t)(keys[i] >> 96);
		fib_key_store(keys[i], addresses6[i]);
	}
	if (family == FIB_IPV4)
		fib_lookup4_bulk(fibs, addresses4, groups, n);
	else
		fib_lookup6_bulk(fibs, (const uint8_t(*)[16])addresses6, groups, n);
}

static inline uint32_t lookup_key(const struct fib *fib, enum fib_family family, fib_key key)
{
	uint32_t group;

	lookup_keys(fib, family, &key, &group, 1);
	return group;
}

static inline int add_key(struct fib *fib, fib_key key, unsigned int length, uint32_t group)
{
	struct fib_route route = {.group = group, .mark = 1};
	uint8_t address[16];

	fib_key_store(key, address);
	return fib_add(fib, address, (uint8_t)length, &route, NULL);
}

static inline int delete_key(struct fib *fib, fib_key key, unsigned int length)
{
	uint8_t address[16];

	fib_key_store(key, address);
	return fib_delete(fib, address, (uint8_t)length, NULL);
}

/*
 * The oracle: an open hash table of (prefix, length) -> group. Asked for an address it tries all
 * lengths from the longest down. It shares nothing with the FIB but the type of keys.
 */
struct oracle {
	struct oracle_entry {
		fib_key key;
		uint8_t length;
		uint8_t used;
		uint32_t group; /* 0: deleted */
	} * entries;
	size_t mask;
	unsigned int bits;
	uint32_t per_length[129];
	uint32_t routes;
};

static inline void oracle_init(struct oracle *oracle, enum fib_family family, size_t routes)
{
	size_t slots = 64;

	while (slots < 2 * routes)
		slots *= 2;
	*oracle = (struct oracle){.mask = slots - 1, .bits = family == FIB_IPV4 ? 32 : 128};
	oracle->entries = calloc(slots, sizeof(*oracle->entries));
	assert_non_null(oracle->entries);
}

static inline struct oracle_entry *oracle_slot(
	const struct oracle *oracle, fib_key key, unsigned int length)
{
	uint64_t state = (uint64_t)(key >> 64) ^ (uint64_t)key * 31 ^ (uint64_t)length << 56;
	size_t i = random_next(&state) & oracle->mask;

	while (oracle->entries[i].used &&
		(oracle->entries[i].key != key || oracle->entries[i].length != length))
		i = (i + 1) & oracle->mask;
	return &oracle->entries[i];
}

/* Group 0 deletes. */
static inline void oracle_set(
	struct oracle *oracle, fib_key key, unsigned int length, uint32_t group)
{
	struct oracle_entry *entry = oracle_slot(oracle, key, length);
	int delta = (group != 0) - (entry->used && entry->group != 0);

	entry->key = key;
	entry->length = (uint8_t)length;
	entry->used = 1;
	entry->group = group;
	oracle->per_length[length] += (uint32_t)delta;
	oracle->routes += (uint32_t)delta;
}

static inline uint32_t oracle_lookup(const struct oracle *oracle, fib_key key)
{
	for (int length = (int)oracle->bits; length >= 0; length--) {
		fib_key masked = length == 0 ? 0 : key >> (128 - length) << (128 - length);
		const struct oracle_entry *entry;

		if (oracle->per_length[length] == 0)
			continue;
		entry = oracle_slot(oracle, masked, (unsigned int)length);
		if (entry->used && entry->group != 0)
			return entry->group;
	}
	return 0;
}

/* first - 1, first, last, last + 1 of a prefix, wrapping around. Returns 4. */
static inline unsigned int boundary_keys(
	enum fib_family family, fib_key key, unsigned int length, fib_key keys[4])
{
	fib_key one = family == FIB_IPV4 ? (fib_key)1 << 96 : 1;
	fib_key size = length == 0 ? 0 : (fib_key)1 << (128 - length);

	keys[0] = key - one;
	keys[1] = key;
	keys[2] = key + size - one;
	keys[3] = key + size;
	return 4;
}

static inline const char *family_name(enum fib_family family)
{
	return family == FIB_IPV4 ? "IPv4" : "IPv6";
}
