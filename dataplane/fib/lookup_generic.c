/* SPDX-License-Identifier: BSD-3-Clause */
/* For every processor: what the compiler makes of plain loops. */
#include "dataplane/fib/lookup.h"

#define LOOKUP_TARGET

static __rte_always_inline uint32_t line_child32(const void *line, uint64_t high)
{
	int32_t key = (int32_t)((uint32_t)(high >> 32) ^ UINT32_C(1) << 31);
	const int32_t *keys = line;
	uint32_t passed = 0;

	for (unsigned int i = 1; i < 16; i++)
		passed += keys[i] < key;
	return passed;
}

static __rte_always_inline fib_slot line_slot32(const void *line, uint64_t high)
{
	int32_t key = (int32_t)((uint32_t)(high >> 32) ^ UINT32_C(1) << 31);
	const struct line32 *leaf = line;
	uint32_t passed = 0;

	for (unsigned int i = 1; i < 8; i++)
		passed += leaf->keys[i] < key;
	return leaf->slots[passed];
}

static __rte_always_inline uint32_t line_child64(const void *line, uint64_t high)
{
	int64_t key = (int64_t)(high ^ UINT64_C(1) << 63);
	const int64_t *keys = line;
	uint32_t passed = 0;

	for (unsigned int i = 1; i < 8; i++)
		passed += keys[i] < key;
	return passed;
}

static __rte_always_inline fib_slot line_slot64(const void *line, uint64_t high)
{
	int64_t key = (int64_t)(high ^ UINT64_C(1) << 63);
	const struct line64 *leaf = line;
	uint32_t passed = 0;

	for (unsigned int i = 1; i < 5; i++)
		passed += leaf->keys[i] < key;
	return leaf->slots[passed];
}

#include "dataplane/fib/lookup_bulk.h"

static bool usable(void)
{
	return true;
}

const struct lookup_variant lookup_generic = {"generic", usable, bulk4, bulk6};
