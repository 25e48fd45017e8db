/* SPDX-License-Identifier: BSD-3-Clause */
/* Random changes against the oracle: few prefixes that nest and collide, then enough of them that
 * the tree grows tables and loses them again. FIB_SEED in the environment repeats a run.
 *
 * usage: fib_random [--long]: 10,000 full cycles instead of some */
#include <errno.h>

#include "dataplane/fib/node.h"
#include "tests/unit/dataplane/fib_common.h"

#define STEPS 40000u
#define STEPS_PER_COMMIT 25u
#define CYCLES 60u
#define CYCLES_LONG 10000u
#define CYCLE_ROUTES_MAX 12000u

static uint64_t seed;
static bool is_long;

/* Prefixes crowd below a few roots, so that they nest, split and share blocks; some are anywhere
 * and of any length. */
static fib_key crowded_prefix(uint64_t *random, enum fib_family family, unsigned int *length)
{
	unsigned int bits = fib_family_bits(family);
	uint64_t roots[4] = {
		0x0a00000000000000u, 0xc0a8000000000000u, 0x20010db800000000u, 0x2001048600000000u};
	fib_key key = random_key(random, family), root = 0;
	unsigned int kept = 8 + (unsigned int)(random_next(random) % (bits - 8));

	*length = (unsigned int)(random_next(random) % (bits + 1));
	if (random_next(random) % 8 != 0) {
		root = fib_key_make(roots[random_next(random) % 4], 0);
		/* Behind the root: zeros up to a random place, then few random bits. */
		key = root | (key >> kept & fib_key_host_bits(16));
		if (*length < 8)
			*length = bits - *length;
	}
	if (family == FIB_IPV4)
		key = key >> 96 << 96;
	return key & ~fib_key_host_bits(*length);
}

static void check_boundaries(const struct fib *fib, const struct oracle *oracle,
	enum fib_family family, const fib_key *keys, const uint8_t *lengths, unsigned int n)
{
	fib_key asked[FIB_BULK_MAX];
	uint32_t groups[FIB_BULK_MAX];
	unsigned int count = 0;

	for (unsigned int i = 0; i < n; i++) {
		count += boundary_keys(family, keys[i], lengths[i], asked + count);
		if (count < FIB_BULK_MAX && i + 1 < n)
			continue;
		lookup_keys(fib, family, asked, groups, count);
		for (unsigned int j = 0; j < count; j++) {
			uint32_t expected = oracle_lookup(oracle, asked[j]);

			if (groups[j] != expected)
				fail_msg("seed %lu: %016lx%016lx is %u, should be %u", seed,
					(uint64_t)(asked[j] >> 64), (uint64_t)asked[j], groups[j],
					expected);
		}
		count = 0;
	}
}

/* What is in the RIB is what the oracle has: no more, no less. */
static void check_walk(const struct fib *fib, const struct oracle *oracle, enum fib_family family)
{
	struct fib_prefix prefix, last = {0};
	struct fib_route route;
	uint32_t count = 0;

	for (bool more = fib_next(fib, NULL, &prefix, &route); more;
		more = fib_next(fib, &prefix, &prefix, &route)) {
		fib_key key = fib_key_load(family, prefix.address);
		const struct oracle_entry *entry = oracle_slot(oracle, key, prefix.length);
		int order = memcmp(last.address, prefix.address, sizeof(last.address));

		assert_true(entry->used);
		assert_int_equal(entry->group, route.group);
		if (count > 0)
			assert_true(order < 0 || (order == 0 && last.length < prefix.length));
		last = prefix;
		count++;
	}
	assert_int_equal(count, oracle->routes);
}

static void assert_usage_equal(const struct fib_usage *a, const struct fib_usage *b)
{
	assert_int_equal(a->routes, b->routes);
	assert_int_equal(a->fib_bytes, b->fib_bytes);
	assert_int_equal(a->rib_bytes, b->rib_bytes);
}

static void delete_all(struct fib *fib)
{
	struct fib_prefix prefix;
	struct fib_route route;

	while (fib_next(fib, NULL, &prefix, &route))
		assert_int_equal(fib_delete(fib, prefix.address, prefix.length, NULL), 0);
	assert_int_equal(fib_commit(fib), 0);
}

static void random_changes(enum fib_family family)
{
	fib_key keys[STEPS_PER_COMMIT];
	uint8_t lengths[STEPS_PER_COMMIT];
	struct fib_usage before, after;
	struct fib *fib = fib_create(family, 1u << 20);
	uint64_t random = seed;
	struct oracle oracle;
	unsigned int n = 0;

	oracle_init(&oracle, family, STEPS);
	fib_usage(fib, &before);
	for (uint32_t step = 1; step <= STEPS; step++) {
		unsigned int length;
		fib_key key = crowded_prefix(&random, family, &length);
		const struct oracle_entry *entry = oracle_slot(&oracle, key, length);
		uint32_t group = 16 + (uint32_t)(random_next(&random) % 50);
		bool present = entry->used && entry->group != 0;

		if (random_next(&random) % 3 == 0)
			group = 0;
		if (group != 0)
			assert_int_equal(add_key(fib, key, length, group), 0);
		else
			assert_int_equal(delete_key(fib, key, length), present ? 0 : -2);
		oracle_set(&oracle, key, length, group);
		keys[n] = key;
		lengths[n++] = (uint8_t)length;
		if (n < STEPS_PER_COMMIT)
			continue;
		assert_int_equal(fib_commit(fib), 0);
		check_boundaries(fib, &oracle, family, keys, lengths, n);
		n = 0;
	}
	check_walk(fib, &oracle, family);
	fib_usage(fib, &after);
	assert_int_equal(after.routes, oracle.routes);
	assert_true(after.routes > 1000);
	delete_all(fib);
	fib_usage(fib, &after);
	assert_usage_equal(&before, &after);
	fib_free(fib);
	free(oracle.entries);
}

static void test_random(void **state)
{
	random_changes(FIB_IPV4);
	random_changes(FIB_IPV6);
}

/* Grows through every shape (chunk, narrow tables, nested ones, the wide root) and back, in random
 * order, checking all prefixes now and then and those just changed always. */
#define GROWN 80000u

static void grow_and_shrink(enum fib_family family)
{
	unsigned int bits = fib_family_bits(family);
	fib_key *keys = malloc(GROWN * sizeof(*keys));
	uint8_t *lengths = malloc(GROWN);
	struct fib_usage before, after;
	struct fib *fib = fib_create(family, GROWN);
	uint64_t random = seed + 1;
	struct oracle oracle;

	oracle_init(&oracle, family, 2 * GROWN);
	fib_usage(fib, &before);
	for (uint32_t i = 0; i < GROWN; i++) {
		/* 29 lengths of each family: the oracle tries all that there are. */
		unsigned int length =
			bits - (unsigned int)(random_next(&random) % 29) * (bits / 32);
		fib_key key = random_key(&random, family);

		/* Half of them in one block, so that it must nest. */
		if (i % 2 == 0 && length > 12)
			key = key >> 12 | fib_key_make(0xabc0000000000000u, 0);
		if (family == FIB_IPV4)
			key = key >> 96 << 96;
		keys[i] = key & ~fib_key_host_bits(length);
		lengths[i] = (uint8_t)length;
		assert_int_equal(add_key(fib, keys[i], length, 16 + i % 1000), 0);
		oracle_set(&oracle, keys[i], length, 16 + i % 1000);
		if (i % 500 != 499)
			continue;
		assert_int_equal(fib_commit(fib), 0);
		check_boundaries(fib, &oracle, family, keys + i - 499, lengths + i - 499, 500);
	}
	check_boundaries(fib, &oracle, family, keys, lengths, GROWN);
	fib_usage(fib, &after);
	assert_int_equal(after.routes, oracle.routes);
	for (uint32_t i = 0; i < GROWN; i++) {
		/* A double is already gone. */
		bool there = oracle_slot(&oracle, keys[i], lengths[i])->group != 0;

		assert_int_equal(delete_key(fib, keys[i], lengths[i]), there ? 0 : -2);
		oracle_set(&oracle, keys[i], lengths[i], 0);
		if (i % 500 != 499)
			continue;
		assert_int_equal(fib_commit(fib), 0);
		check_boundaries(fib, &oracle, family, keys + i - 499, lengths + i - 499, 500);
		if (i == GROWN / 2 - 1)
			check_boundaries(fib, &oracle, family, keys, lengths, GROWN);
	}
	fib_usage(fib, &after);
	assert_usage_equal(&before, &after);
	fib_free(fib);
	free(oracle.entries);
	free(keys);
	free(lengths);
}

static void test_grow_and_shrink(void **state)
{
	grow_and_shrink(FIB_IPV4);
	grow_and_shrink(FIB_IPV6);
}

/* ---- full cycles: from nothing to a table and back to nothing ---- */

/* So that prefixes come before those inside of them, after them, or as they are drawn. */
enum order { AS_DRAWN, PARENTS_FIRST, CHILDREN_FIRST, ORDERS };

struct cycle {
	enum fib_family family;
	struct fib *fib;
	struct oracle oracle;
	uint64_t random;
	uint32_t count;
	struct drawn {
		fib_key key;
		uint8_t length;
	} drawn[CYCLE_ROUTES_MAX];
};

static int by_length(const void *left, const void *right)
{
	return ((const struct drawn *)left)->length - ((const struct drawn *)right)->length;
}

static int by_length_down(const void *left, const void *right)
{
	return by_length(right, left);
}

static void cycle_order(struct cycle *cycle, enum order order)
{
	if (order != AS_DRAWN)
		qsort(cycle->drawn, cycle->count, sizeof(cycle->drawn[0]),
			order == PARENTS_FIRST ? by_length : by_length_down);
}

/* Few routes mostly, and now and then so many that the top becomes a table. The default route is
 * always among them. */
static void cycle_draw(struct cycle *cycle, uint32_t number)
{
	uint32_t most = number % 20 == 0 ? CYCLE_ROUTES_MAX : 200;

	cycle->count = 1 + (uint32_t)(random_next(&cycle->random) % most);
	for (uint32_t i = 0; i < cycle->count; i++) {
		unsigned int length = 0;
		fib_key key = 0;

		if (i != cycle->count / 2)
			key = crowded_prefix(&cycle->random, cycle->family, &length);
		cycle->drawn[i] = (struct drawn){key, (uint8_t)length};
	}
}

static void cycle_check(const struct cycle *cycle, uint32_t from, uint32_t to)
{
	fib_key keys[FIB_BULK_MAX];
	uint8_t lengths[FIB_BULK_MAX];

	while (from < to) {
		unsigned int n = 0;

		for (; from < to && n < FIB_BULK_MAX; from++, n++) {
			keys[n] = cycle->drawn[from].key;
			lengths[n] = cycle->drawn[from].length;
		}
		check_boundaries(cycle->fib, &cycle->oracle, cycle->family, keys, lengths, n);
	}
}

/* Each commit has as many changes as chance wants, and is looked at. */
static void cycle_change(struct cycle *cycle, bool add)
{
	for (uint32_t i = 0, committed = 0; i < cycle->count; i++) {
		const struct drawn *drawn = &cycle->drawn[i];
		const struct oracle_entry *entry =
			oracle_slot(&cycle->oracle, drawn->key, drawn->length);
		bool there = entry->used && entry->group != 0;
		uint32_t group = add ? 16 + (uint32_t)(random_next(&cycle->random) % 50) : 0;

		if (add)
			assert_int_equal(add_key(cycle->fib, drawn->key, drawn->length, group), 0);
		else
			assert_int_equal(delete_key(cycle->fib, drawn->key, drawn->length),
				there ? 0 : -ENOENT);
		oracle_set(&cycle->oracle, drawn->key, drawn->length, group);
		if (random_next(&cycle->random) % 32 != 0 && i + 1 < cycle->count)
			continue;
		assert_int_equal(fib_commit(cycle->fib), 0);
		cycle_check(cycle, committed, i + 1);
		committed = i + 1;
	}
}

static void cycle_run(struct cycle *cycle, uint32_t number)
{
	struct fib_usage before, after;

	fib_usage(cycle->fib, &before);
	cycle_draw(cycle, number);
	oracle_init(&cycle->oracle, cycle->family, cycle->count);
	cycle_order(cycle, number % ORDERS);
	cycle_change(cycle, true);
	cycle_check(cycle, 0, cycle->count);
	check_walk(cycle->fib, &cycle->oracle, cycle->family);
	cycle_order(cycle, number / ORDERS % ORDERS);
	cycle_change(cycle, false);
	fib_usage(cycle->fib, &after);
	assert_int_equal(cycle->oracle.routes, 0);
	assert_usage_equal(&before, &after);
	/* Nothing is left of the RIB, nobody else having one. */
	assert_int_equal(node_pool.live, 0);
	free(cycle->oracle.entries);
}

static void full_cycles(enum fib_family family)
{
	struct cycle *cycle = calloc(1, sizeof(*cycle));

	assert_non_null(cycle);
	cycle->family = family;
	cycle->fib = fib_create(family, CYCLE_ROUTES_MAX);
	cycle->random = seed + 2;
	for (uint32_t number = 0; number < (is_long ? CYCLES_LONG : CYCLES); number++)
		cycle_run(cycle, number);
	fib_free(cycle->fib);
	free(cycle);
}

static void test_full_cycles(void **state)
{
	full_cycles(FIB_IPV4);
	full_cycles(FIB_IPV6);
}

/* More changes than the list of changes holds. */
static void test_one_big_commit(void **state)
{
	struct fib *fib = fib_create(FIB_IPV6, 200000);
	uint32_t groups[FIB_BULK_MAX];
	fib_key keys[FIB_BULK_MAX];

	for (uint32_t i = 0; i < 150000; i++)
		assert_int_equal(add_key(fib, fib_key_make((uint64_t)i << 16, 0), 48, 16 + i), 0);
	assert_int_equal(fib_commit(fib), 0);
	for (uint32_t i = 0; i < 150000; i += FIB_BULK_MAX) {
		for (uint32_t j = 0; j < FIB_BULK_MAX; j++)
			keys[j] = fib_key_make((uint64_t)(i + j) << 16 | 0xffff, ~0ull);
		lookup_keys(fib, FIB_IPV6, keys, groups, FIB_BULK_MAX);
		for (uint32_t j = 0; j < FIB_BULK_MAX; j++)
			assert_int_equal(groups[j], i + j < 150000 ? 16 + i + j : 0);
	}
	fib_free(fib);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_grow_and_shrink),
		cmocka_unit_test(test_full_cycles),
		cmocka_unit_test(test_one_big_commit),
	};

	is_long = argc == 2 && strcmp(argv[1], "--long") == 0;
	if (argc > 1 && !is_long) {
		fprintf(stderr, "usage: %s [--long]\n", argv[0]);
		return EXIT_FAILURE;
	}
	seed = getenv("FIB_SEED") != NULL ? strtoull(getenv("FIB_SEED"), NULL, 0) : 20240611;
	printf("seed %lu\n", seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
