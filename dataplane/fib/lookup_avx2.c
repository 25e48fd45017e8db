/* SPDX-License-Identifier: BSD-3-Clause */
/* A line in two vectors of 256 bits. */
#include "dataplane/fib/lookup.h"

#include <immintrin.h>

#include <rte_cpuflags.h>

#define LOOKUP_TARGET __attribute__((target("avx2,bmi,bmi2,popcnt")))
/* A line's first key is never compared. */
#define PASSED(mask, keys) ((uint32_t)__builtin_popcount((mask) & ((1u << (keys)) - 2)))

static __rte_always_inline LOOKUP_TARGET __m256i key32(uint64_t high)
{
	return _mm256_set1_epi32((int)((uint32_t)(high >> 32) ^ UINT32_C(1) << 31));
}

static __rte_always_inline LOOKUP_TARGET __m256i key64(uint64_t high)
{
	return _mm256_set1_epi64x((long long)(high ^ UINT64_C(1) << 63));
}

/* Bit i: key i of eight of 32 bits, or of four of 64, was passed. */
static __rte_always_inline LOOKUP_TARGET uint32_t passed32(const void *keys, __m256i key)
{
	__m256i less = _mm256_cmpgt_epi32(key, _mm256_load_si256(keys));

	return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(less));
}

static __rte_always_inline LOOKUP_TARGET uint32_t passed64(const void *keys, __m256i key)
{
	__m256i less = _mm256_cmpgt_epi64(key, _mm256_load_si256(keys));

	return (uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(less));
}

static __rte_always_inline LOOKUP_TARGET uint32_t line_child32(const void *line, uint64_t high)
{
	const int32_t *keys = line;
	__m256i key = key32(high);

	return PASSED(passed32(keys, key) | passed32(keys + 8, key) << 8, 16);
}

static __rte_always_inline LOOKUP_TARGET fib_slot line_slot32(const void *line, uint64_t high)
{
	const struct line32 *leaf = line;

	return leaf->slots[PASSED(passed32(leaf->keys, key32(high)), 8)];
}

static __rte_always_inline LOOKUP_TARGET uint32_t line_child64(const void *line, uint64_t high)
{
	const int64_t *keys = line;
	__m256i key = key64(high);

	return PASSED(passed64(keys, key) | passed64(keys + 4, key) << 4, 8);
}

static __rte_always_inline LOOKUP_TARGET fib_slot line_slot64(const void *line, uint64_t high)
{
	const struct line64 *leaf = line;
	__m256i key = key64(high);

	/* The second half of the line begins with the fifth key. */
	return leaf
		->slots[PASSED(passed64(leaf->keys, key) | passed64(leaf->keys + 4, key) << 4, 5)];
}

#include "dataplane/fib/lookup_bulk.h"

static bool usable(void)
{
	return rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX2) > 0 &&
	       rte_cpu_get_flag_enabled(RTE_CPUFLAG_BMI2) > 0 && lookup_width_allowed(256);
}

const struct lookup_variant lookup_avx2 = {"avx2", usable, bulk4, bulk6};
