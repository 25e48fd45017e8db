/* SPDX-License-Identifier: BSD-3-Clause */
/* A line in one vector of 512 bits. */
#include "dataplane/fib/lookup.h"

#include <immintrin.h>

#include <rte_cpuflags.h>

#define LOOKUP_TARGET __attribute__((target("avx512f,avx2,bmi,bmi2,popcnt")))
/* A line's first key is never compared. */
#define PASSED(mask, keys) ((uint32_t)__builtin_popcount((mask) & ((1u << (keys)) - 2)))

static __rte_always_inline LOOKUP_TARGET uint32_t passed32(const void *line, uint64_t high)
{
	__m512i key = _mm512_set1_epi32((int)((uint32_t)(high >> 32) ^ UINT32_C(1) << 31));

	return _mm512_cmpgt_epi32_mask(key, _mm512_load_si512(line));
}

static __rte_always_inline LOOKUP_TARGET uint32_t passed64(const void *line, uint64_t high)
{
	__m512i key = _mm512_set1_epi64((long long)(high ^ UINT64_C(1) << 63));

	return _mm512_cmpgt_epi64_mask(key, _mm512_load_si512(line));
}

static __rte_always_inline LOOKUP_TARGET uint32_t line_child32(const void *line, uint64_t high)
{
	return PASSED(passed32(line, high), 16);
}

static __rte_always_inline LOOKUP_TARGET fib_slot line_slot32(const void *line, uint64_t high)
{
	return ((const struct line32 *)line)->slots[PASSED(passed32(line, high), 8)];
}

static __rte_always_inline LOOKUP_TARGET uint32_t line_child64(const void *line, uint64_t high)
{
	return PASSED(passed64(line, high), 8);
}

static __rte_always_inline LOOKUP_TARGET fib_slot line_slot64(const void *line, uint64_t high)
{
	return ((const struct line64 *)line)->slots[PASSED(passed64(line, high), 5)];
}

#include "dataplane/fib/lookup_bulk.h"

static bool usable(void)
{
	return rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512F) > 0 &&
	       rte_cpu_get_flag_enabled(RTE_CPUFLAG_BMI2) > 0 && lookup_width_allowed(512);
}

const struct lookup_variant lookup_avx512 = {"avx512", usable, bulk4, bulk6};
