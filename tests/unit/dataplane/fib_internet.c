/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A full Internet table, loaded as control does (batches, a commit each), against the oracle at
 * random addresses and at the edges of prefixes, and a part of it against rte_lpm and rte_lpm6.
 */
#include "tests/unit/dataplane/fib_common.h"

#include <time.h>

#include <rte_eal.h>
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wvla" /* DPDK's header */
#include <rte_lpm.h>
#pragma GCC diagnostic pop
#include <rte_lpm6.h>

#include "tests/unit/dataplane/fib_prefixes.h"

#define BATCH 1000u
#define LOOKUPS 100000u
#define LPM_ROUTES 50000u
#define SEED 20240612u

/* Of processor time: what else runs on the machine does not count. */
static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint32_t group_of(uint32_t i)
{
	return 16 + i % 4001;
}

static void load(struct fib *fib, const struct prefixes *prefixes, const char *what)
{
	double start = seconds_now();
	struct fib_usage usage;

	for (uint32_t i = 0; i < prefixes->count; i++) {
		assert_int_equal(
			add_key(fib, prefixes->keys[i], prefixes->lengths[i], group_of(i)), 0);
		if (i % BATCH == BATCH - 1)
			assert_int_equal(fib_commit(fib), 0);
	}
	assert_int_equal(fib_commit(fib), 0);
	fib_usage(fib, &usage);
	assert_int_equal(usage.routes, prefixes->count);
	printf("%s, %s: %.2f s, FIB %.1f MiB (%.1f B a route), RIB %.1f MiB (%.1f B a route)\n",
		family_name(prefixes->family), what, seconds_now() - start,
		(double)usage.fib_bytes / (1 << 20), (double)usage.fib_bytes / usage.routes,
		(double)usage.rib_bytes / (1 << 20), (double)usage.rib_bytes / usage.routes);
	assert_true(usage.fib_bytes + usage.rib_bytes < 75ull << 20);
}

static void unload(struct fib *fib, const struct prefixes *prefixes)
{
	double start = seconds_now();

	for (uint32_t i = 0; i < prefixes->count; i++) {
		assert_int_equal(delete_key(fib, prefixes->keys[i], prefixes->lengths[i]), 0);
		if (i % BATCH == BATCH - 1)
			assert_int_equal(fib_commit(fib), 0);
	}
	assert_int_equal(fib_commit(fib), 0);
	printf("%s, delete in batches: %.2f s\n", family_name(prefixes->family),
		seconds_now() - start);
}

/* A third anywhere, a third within some prefix, a third at an edge of one. */
static fib_key address_pick(const struct prefixes *prefixes, uint64_t *random)
{
	uint32_t i = (uint32_t)(random_next(random) % prefixes->count);
	uint64_t kind = random_next(random) % 12;
	fib_key any = random_key(random, prefixes->family), edges[4];

	if (kind < 4)
		return any;
	if (kind < 8)
		return prefixes->keys[i] | (any & fib_key_host_bits(prefixes->lengths[i]));
	boundary_keys(prefixes->family, prefixes->keys[i], prefixes->lengths[i], edges);
	return edges[kind - 8];
}

static void compare(
	const struct fib *fib, const struct prefixes *prefixes, const struct oracle *oracle)
{
	uint64_t random = SEED + 1;
	uint32_t groups[FIB_BULK_MAX], matched = 0;
	fib_key keys[FIB_BULK_MAX];

	for (uint32_t done = 0; done < LOOKUPS; done += FIB_BULK_MAX) {
		for (unsigned int i = 0; i < FIB_BULK_MAX; i++)
			keys[i] = address_pick(prefixes, &random);
		lookup_keys(fib, prefixes->family, keys, groups, FIB_BULK_MAX);
		for (unsigned int i = 0; i < FIB_BULK_MAX; i++) {
			assert_int_equal(groups[i], oracle_lookup(oracle, keys[i]));
			matched += groups[i] != 0;
		}
	}
	/* Enough of them lie within a prefix: the comparison was not one of misses. */
	assert_true(matched > LOOKUPS / 3);
}

static void measure(const struct fib *fib, const struct prefixes *prefixes)
{
	static fib_key keys[1 << 16];
	uint64_t random = SEED + 2, sum = 0;
	uint32_t groups[FIB_BULK_MAX];
	double start;

	for (uint32_t i = 0; i < RTE_DIM(keys); i++)
		keys[i] = address_pick(prefixes, &random);
	start = seconds_now();
	for (uint32_t round = 0; round < 16; round++)
		for (uint32_t i = 0; i < RTE_DIM(keys); i += FIB_BULK_MAX) {
			lookup_keys(fib, prefixes->family, keys + i, groups, FIB_BULK_MAX);
			sum += groups[0];
		}
	printf("%s: %.1f ns a look-up (%lu)\n", family_name(prefixes->family),
		(seconds_now() - start) * 1e9 / 16 / RTE_DIM(keys), sum);
}

static void internet(enum fib_family family)
{
	struct fib *fib = fib_create(family, 4u << 20);
	struct fib_usage before, after;
	struct prefixes prefixes;
	struct oracle oracle;

	fib_usage(fib, &before);
	prefixes_obtain(&prefixes, family);
	printf("%s: %u prefixes, %s\n", family_name(family), prefixes.count, prefixes.source);
	oracle_init(&oracle, family, prefixes.count);
	load(fib, &prefixes, "as listed");
	unload(fib, &prefixes);
	prefixes_shuffle(&prefixes);
	for (uint32_t i = 0; i < prefixes.count; i++)
		oracle_set(&oracle, prefixes.keys[i], prefixes.lengths[i], group_of(i));
	load(fib, &prefixes, "shuffled");
	compare(fib, &prefixes, &oracle);
	measure(fib, &prefixes);
	/* Half of it goes. */
	for (uint32_t i = 0; i < prefixes.count; i += 2) {
		delete_key(fib, prefixes.keys[i], prefixes.lengths[i]);
		oracle_set(&oracle, prefixes.keys[i], prefixes.lengths[i], 0);
	}
	assert_int_equal(fib_commit(fib), 0);
	compare(fib, &prefixes, &oracle);
	assert_int_equal(fib_sweep(fib, 2, NULL, NULL), prefixes.count / 2);
	assert_int_equal(fib_commit(fib), 0);
	fib_usage(fib, &after);
	assert_int_equal(after.routes, 0);
	assert_int_equal(after.fib_bytes, before.fib_bytes);
	assert_int_equal(after.rib_bytes, before.rib_bytes);
	fib_free(fib);
	free(oracle.entries);
	prefixes_free(&prefixes);
}

static void test_internet4(void **state)
{
	internet(FIB_IPV4);
}

static void test_internet6(void **state)
{
	internet(FIB_IPV6);
}

static void test_lpm4(void **state)
{
	struct rte_lpm_config config = {.max_rules = LPM_ROUTES, .number_tbl8s = 4096};
	struct rte_lpm *lpm = rte_lpm_create("oracle4", SOCKET_ID_ANY, &config);
	struct fib *fib = fib_create(FIB_IPV4, LPM_ROUTES);
	struct prefixes prefixes;
	uint64_t random = SEED + 3;
	uint32_t expected, matched = 0;

	assert_non_null(lpm);
	prefixes_obtain(&prefixes, FIB_IPV4);
	prefixes_shuffle(&prefixes);
	prefixes.count = LPM_ROUTES;
	for (uint32_t i = 0; i < prefixes.count; i++) {
		assert_int_equal(rte_lpm_add(lpm, (uint32_t)(prefixes.keys[i] >> 96),
					 prefixes.lengths[i], group_of(i)),
			0);
		assert_int_equal(
			add_key(fib, prefixes.keys[i], prefixes.lengths[i], group_of(i)), 0);
	}
	assert_int_equal(fib_commit(fib), 0);
	for (uint32_t i = 0; i < LOOKUPS; i++) {
		fib_key key = address_pick(&prefixes, &random);

		if (rte_lpm_lookup(lpm, (uint32_t)(key >> 96), &expected) != 0)
			expected = 0;
		matched += expected != 0;
		assert_int_equal(lookup_key(fib, FIB_IPV4, key), expected);
	}
	assert_true(matched > LOOKUPS / 3);
	rte_lpm_free(lpm);
	fib_free(fib);
	prefixes_free(&prefixes);
}

static void test_lpm6(void **state)
{
	struct rte_lpm6_config config = {.max_rules = LPM_ROUTES, .number_tbl8s = 1u << 18};
	struct rte_lpm6 *lpm = rte_lpm6_create("oracle6", SOCKET_ID_ANY, &config);
	struct fib *fib = fib_create(FIB_IPV6, LPM_ROUTES);
	struct prefixes prefixes;
	uint64_t random = SEED + 4;
	uint32_t expected, matched = 0;
	uint8_t address[16];

	assert_non_null(lpm);
	prefixes_obtain(&prefixes, FIB_IPV6);
	prefixes_shuffle(&prefixes);
	prefixes.count = LPM_ROUTES;
	for (uint32_t i = 0; i < prefixes.count; i++) {
		fib_key_store(prefixes.keys[i], address);
		assert_int_equal(rte_lpm6_add(lpm, address, prefixes.lengths[i], group_of(i)), 0);
		assert_int_equal(
			add_key(fib, prefixes.keys[i], prefixes.lengths[i], group_of(i)), 0);
	}
	assert_int_equal(fib_commit(fib), 0);
	for (uint32_t i = 0; i < LOOKUPS; i++) {
		fib_key key = address_pick(&prefixes, &random);

		fib_key_store(key, address);
		if (rte_lpm6_lookup(lpm, address, &expected) != 0)
			expected = 0;
		matched += expected != 0;
		assert_int_equal(lookup_key(fib, FIB_IPV6, key), expected);
	}
	assert_true(matched > LOOKUPS / 3);
	rte_lpm6_free(lpm);
	fib_free(fib);
	prefixes_free(&prefixes);
}

/* rte_lpm wants EAL's memory. */
static int eal_start(void **state)
{
	char *arguments[] = {"fib_internet", "--no-huge", "--no-shconf", "--no-pci", "-m", "1024",
		"-l", "0", "--log-level", "3"};

	return rte_eal_init(RTE_DIM(arguments), arguments) < 0;
}

static int eal_stop(void **state)
{
	return rte_eal_cleanup();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_internet4),
		cmocka_unit_test(test_internet6),
		cmocka_unit_test(test_lpm4),
		cmocka_unit_test(test_lpm6),
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	return cmocka_run_group_tests(tests, eal_start, eal_stop);
}
