/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses of both families as one kind of number: 128 bits, the first bit of the address on top.
 * IPv4 takes the upper 32 bits and the rest is zero, so that prefix arithmetic is written once.
 */
#pragma once

#include <stdint.h>
#include <string.h>

#include <rte_byteorder.h>

#include "dataplane/fib/fib.h"

typedef unsigned __int128 fib_key;

#define FIB_KEY_BITS 128u
#define FIB_KEY_MAX (~(fib_key)0)

static inline unsigned int fib_family_bits(enum fib_family family)
{
	return family == FIB_IPV4 ? 32 : 128;
}

static inline fib_key fib_key_make(uint64_t high, uint64_t low)
{
	return (fib_key)high << 64 | low;
}

/* From bytes in network order. */
static inline fib_key fib_key_load(enum fib_family family, const uint8_t *address)
{
	uint64_t words[2];
	uint32_t word;

	if (family == FIB_IPV4) {
		memcpy(&word, address, sizeof(word));
		return (fib_key)rte_be_to_cpu_32(word) << 96;
	}
	memcpy(words, address, sizeof(words));
	return fib_key_make(rte_be_to_cpu_64(words[0]), rte_be_to_cpu_64(words[1]));
}

/* Always writes 16 bytes; those behind an IPv4 address become zero. */
static inline void fib_key_store(fib_key key, uint8_t address[16])
{
	uint64_t words[2] = {
		rte_cpu_to_be_64((uint64_t)(key >> 64)), rte_cpu_to_be_64((uint64_t)key)};

	memcpy(address, words, sizeof(words));
}

/* The bits behind the first `length` ones: what varies within a prefix. */
static inline fib_key fib_key_host_bits(unsigned int length)
{
	return length >= FIB_KEY_BITS ? 0 : FIB_KEY_MAX >> length;
}

/* The bit that follows the first `position` ones; position < 128. */
static inline unsigned int fib_key_bit(fib_key key, unsigned int position)
{
	return (unsigned int)(key >> (FIB_KEY_BITS - 1 - position)) & 1;
}

/* How many leading bits two keys share, 0..128. */
static inline unsigned int fib_key_common(fib_key a, fib_key b)
{
	uint64_t high = (uint64_t)((a ^ b) >> 64);
	uint64_t low = (uint64_t)(a ^ b);

	if (high != 0)
		return (unsigned int)__builtin_clzll(high);
	return low != 0 ? 64 + (unsigned int)__builtin_clzll(low) : FIB_KEY_BITS;
}
