/* SPDX-License-Identifier: BSD-3-Clause */
/* Every variant of the look-up against the RIB and against each other: one domain and many, all
 * sizes of bursts, tables of each shape. A variant that this processor lacks is skipped by name. */
#include "tests/unit/dataplane/fib_common.h"

#include "dataplane/fib/lookup.h"

#define FIBS 8u
#define BURSTS 3000u

static struct fib *fibs[2][FIBS];
static fib_key *edges[2][FIBS];
static uint32_t edge_count[2][FIBS];

/* From a few routes (one line) to a wide root; crowded, so that tables nest, and with prefixes of
 * all lengths; every other one has a default. */
static void fib_fill(enum fib_family family, unsigned int which)
{
	static const uint32_t sizes[FIBS] = {0, 1, 5, 40, 600, 3000, 20000, 60000};
	unsigned int bits = fib_family_bits(family);
	uint64_t random = 100 + which;
	struct fib *fib = fib_create(family, 1u << 20);

	assert_non_null(fib);
	fibs[family][which] = fib;
	edges[family][which] = calloc(4 * sizes[which] + 4, sizeof(fib_key));
	for (uint32_t i = 0; i < sizes[which]; i++) {
		unsigned int length = bits - (unsigned int)(random_next(&random) % 25) * bits / 32;
		fib_key key = random_key(&random, family);

		if (i % 4 != 0)
			key = key >> (8 + i % 13) | (fib_key)0x2a << 120;
		if (family == FIB_IPV4)
			key = key >> 96 << 96;
		key &= ~fib_key_host_bits(length);
		assert_int_equal(add_key(fib, key, length, 16 + i % 5000), 0);
		edge_count[family][which] += boundary_keys(
			family, key, length, edges[family][which] + edge_count[family][which]);
	}
	if (which % 2 != 0)
		assert_int_equal(add_key(fib, 0, 0, 7 + which), 0);
	if (edge_count[family][which] == 0)
		edge_count[family][which] = 1; /* address 0 */
	assert_int_equal(fib_commit(fib), 0);
}

/* One burst: of one domain (which < FIBS) or of any, and some of none. */
static void burst_check(const struct lookup_variant *variant, enum fib_family family,
	unsigned int which, unsigned int n, uint64_t *random)
{
	const struct fib_root *roots[FIB_BULK_MAX];
	uint8_t addresses6[FIB_BULK_MAX][16];
	uint32_t addresses4[FIB_BULK_MAX], groups[FIB_BULK_MAX + 1], expected;

	for (unsigned int i = 0; i < n; i++) {
		unsigned int w = which < FIBS ? which : random_next(random) % (FIBS + 1);
		uint64_t pick = random_next(random);
		fib_key key = w == FIBS || pick % 8 == 0
				      ? random_key(random, family)
				      : edges[family][w][pick / 8 % edge_count[family][w]];

		roots[i] = w == FIBS ? NULL : (const struct fib_root *)fibs[family][w];
		addresses4[i] = (uint32_t)(key >> 96);
		fib_key_store(key, addresses6[i]);
	}
	groups[n] = 0xabcdef;
	if (family == FIB_IPV4)
		variant->bulk4(roots, addresses4, groups, n);
	else
		variant->bulk6(roots, (const uint8_t(*)[16])addresses6, groups, n);
	assert_int_equal(groups[n], 0xabcdef);
	for (unsigned int i = 0; i < n; i++) {
		expected = 0;
		if (roots[i] != NULL)
			expected = fib_rib_lookup((const struct fib *)roots[i], addresses6[i]);
		assert_int_equal(groups[i], expected);
	}
}

static void variant_check(const struct lookup_variant *variant)
{
	uint64_t random = 7;

	if (!variant->usable()) {
		print_message("%s: this processor lacks it, or EAL forbids vectors so wide\n",
			variant->name);
		skip();
	}
	for (unsigned int family = FIB_IPV4; family <= FIB_IPV6; family++) {
		for (unsigned int n = 0; n <= FIB_BULK_MAX; n++)
			burst_check(variant, family, FIBS, n, &random);
		for (unsigned int burst = 0; burst < BURSTS; burst++)
			burst_check(variant, family, burst % (FIBS + 1), 1 + burst % FIB_BULK_MAX,
				&random);
	}
}

static void test_generic(void **state)
{
	variant_check(&lookup_generic);
}

static void test_avx2(void **state)
{
	variant_check(&lookup_avx2);
}

static void test_avx512(void **state)
{
	variant_check(&lookup_avx512);
}

/* The first of the list that can be used is in use, and one always can. */
static void test_choice(void **state)
{
	const struct lookup_variant *best = NULL;

	for (unsigned int i = lookup_variant_count; i > 0; i--)
		if (lookup_variants[i - 1]->usable())
			best = lookup_variants[i - 1];
	assert_non_null(best);
	assert_ptr_equal(lookup_variant, best);
	assert_true(lookup_generic.usable());
	print_message("in use: %s\n", best->name);
}

/* One address at a time says the same. */
static void test_one(void **state)
{
	for (unsigned int family = FIB_IPV4; family <= FIB_IPV6; family++)
		for (unsigned int which = 0; which < FIBS; which++)
			for (uint32_t i = 0; i < edge_count[family][which]; i += 3) {
				fib_key key = edges[family][which][i];

				assert_int_equal(
					lookup_one((const struct fib_root *)fibs[family][which],
						(uint64_t)(key >> 64), (uint64_t)key),
					lookup_key(fibs[family][which], family, key));
			}
}

static int fill_all(void **state)
{
	for (unsigned int which = 0; which < FIBS; which++) {
		fib_fill(FIB_IPV4, which);
		fib_fill(FIB_IPV6, which);
	}
	return 0;
}

static int free_all(void **state)
{
	for (unsigned int which = 0; which < 2 * FIBS; which++) {
		fib_free(fibs[which % 2][which / 2]);
		free(edges[which % 2][which / 2]);
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_generic),
		cmocka_unit_test(test_avx2),
		cmocka_unit_test(test_avx512),
		cmocka_unit_test(test_one),
	};

	return cmocka_run_group_tests(tests, fill_all, free_all);
}
