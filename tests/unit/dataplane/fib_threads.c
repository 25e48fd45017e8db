/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Readers look addresses up while a writer changes the table. Each commit takes the whole table
 * from state A to state B or back, so every address has two allowed answers, and a reader must
 * never see a third one: neither a parent's group while a child moves, nor a new default under an
 * old slot. Freed memory that a reader still holds shows under ASAN, a missing order under TSAN.
 */
#include "tests/unit/dataplane/fib_common.h"

#include <pthread.h>

#include "dataplane/worker/reclaim.h"

#define READERS 2u
#define PREFIXES 3000u
#define ADDRESSES 4096u
#define COMMITS 100u
#define LOOKUPS_AT_LEAST 20000u
#define CHANGES_AT_LEAST (2 * ADDRESSES) /* the first round's look-ups count once */

struct prefix {
	fib_key key;
	uint8_t length;
	uint32_t group[2]; /* in state A and B; 0: absent */
};

static struct {
	enum fib_family family;
	struct fib *fib;
	struct prefix prefixes[PREFIXES + 1];
	fib_key addresses[ADDRESSES];
	uint32_t allowed[2][ADDRESSES];
	bool stop;
	uint32_t wrong[READERS];
	uint64_t lookups[READERS];
	uint64_t changes[READERS]; /* how often an address had another answer than before */
} shared;

static void *reader_main(void *argument)
{
	unsigned int reader = (unsigned int)(uintptr_t)argument;
	uint32_t groups[FIB_BULK_MAX], last[ADDRESSES] = {0};
	uint64_t changes = 0;

	reclaim_reader_register(reader);
	while (!__atomic_load_n(&shared.stop, __ATOMIC_ACQUIRE)) {
		for (uint32_t i = 0; i < ADDRESSES; i += FIB_BULK_MAX) {
			lookup_keys(shared.fib, shared.family, shared.addresses + i, groups,
				FIB_BULK_MAX);
			for (uint32_t j = 0; j < FIB_BULK_MAX; j++) {
				shared.wrong[reader] += groups[j] != shared.allowed[0][i + j] &&
							groups[j] != shared.allowed[1][i + j];
				changes += groups[j] != last[i + j];
				last[i + j] = groups[j];
			}
			reclaim_reader_quiet(reader);
		}
		__atomic_store_n(&shared.changes[reader], changes, __ATOMIC_RELEASE);
		__atomic_store_n(&shared.lookups[reader], shared.lookups[reader] + ADDRESSES,
			__ATOMIC_RELEASE);
	}
	reclaim_reader_unregister(reader);
	return NULL;
}

/* Prefixes crowd enough for tables to come and go as the states alternate. */
static void states_make(
	enum fib_family family, unsigned int percent_in_both, struct oracle oracles[2])
{
	uint64_t random = 20240613;
	unsigned int bits = fib_family_bits(family);

	memset(&shared, 0, sizeof(shared));
	shared.family = family;
	for (unsigned int state = 0; state < 2; state++)
		oracle_init(&oracles[state], family, 2 * PREFIXES);
	for (uint32_t i = 0; i <= PREFIXES; i++) {
		struct prefix *prefix = &shared.prefixes[i];
		unsigned int length =
			i == PREFIXES ? 0 : 9 + (unsigned int)(random_next(&random) % 24);
		fib_key key = random_key(&random, family);

		if (bits == 128 && i % 3 == 0)
			length *= 4;
		key = (key >> 10 | (fib_key)0xa << 124) & ~fib_key_host_bits(length);
		prefix->key = i == PREFIXES ? 0 : key;
		prefix->length = (uint8_t)(length > bits ? bits : length);
		if (oracle_slot(&oracles[0], prefix->key, prefix->length)->used)
			continue; /* a double: in neither state */
		for (unsigned int state = 0; state < 2; state++) {
			bool absent = state == 1 && i != PREFIXES &&
				      random_next(&random) % 100 >= percent_in_both;

			prefix->group[state] = absent ? 0 : 16 + 2 * i + state;
			oracle_set(
				&oracles[state], prefix->key, prefix->length, prefix->group[state]);
		}
	}
	for (uint32_t i = 0; i < ADDRESSES; i++) {
		struct prefix *prefix = &shared.prefixes[random_next(&random) % PREFIXES];
		fib_key edges[4];

		boundary_keys(family, prefix->key, prefix->length, edges);
		shared.addresses[i] = edges[random_next(&random) % 4];
		for (unsigned int state = 0; state < 2; state++)
			shared.allowed[state][i] =
				oracle_lookup(&oracles[state], shared.addresses[i]);
	}
}

static void state_enter(unsigned int state)
{
	for (uint32_t i = 0; i <= PREFIXES; i++) {
		const struct prefix *prefix = &shared.prefixes[i];

		if (prefix->group[0] == 0)
			continue;
		if (prefix->group[state] != 0)
			assert_int_equal(add_key(shared.fib, prefix->key, prefix->length,
						 prefix->group[state]),
				0);
		else
			assert_int_equal(delete_key(shared.fib, prefix->key, prefix->length), 0);
	}
	assert_int_equal(fib_commit(shared.fib), 0);
}

/* Until every reader has looked up enough and seen the table change often enough. */
static bool readers_busy(void)
{
	for (unsigned int i = 0; i < READERS; i++)
		if (__atomic_load_n(&shared.lookups[i], __ATOMIC_ACQUIRE) < LOOKUPS_AT_LEAST ||
			__atomic_load_n(&shared.changes[i], __ATOMIC_ACQUIRE) < CHANGES_AT_LEAST)
			return true;
	return false;
}

static void alternate(enum fib_family family, unsigned int percent_in_both)
{
	pthread_t threads[READERS];
	struct oracle oracles[2];

	states_make(family, percent_in_both, oracles);
	shared.fib = fib_create(family, 2 * PREFIXES);
	assert_int_equal(reclaim_init(), 0);
	state_enter(0);
	for (uintptr_t i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, reader_main, (void *)i), 0);
	for (unsigned int i = 1; i < COMMITS || readers_busy(); i++) {
		state_enter(i % 2);
		reclaim_run();
	}
	__atomic_store_n(&shared.stop, true, __ATOMIC_RELEASE);
	for (unsigned int i = 0; i < READERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(shared.wrong[i], 0);
	}
	while (reclaim_run() != 0)
		;
	fib_free(shared.fib);
	reclaim_fini();
	free(oracles[0].entries);
	free(oracles[1].entries);
}

/* Most prefixes stay and change their group with each commit; the default does too. */
static void test_groups_change(void **state)
{
	alternate(FIB_IPV4, 95);
	alternate(FIB_IPV6, 95);
}

/* Most prefixes come and go: tables become chunks and tables again. */
static void test_prefixes_change(void **state)
{
	alternate(FIB_IPV4, 10);
	alternate(FIB_IPV6, 10);
}

/* Only the default and single slots change, each in a commit of its own, where two words that
 * change one after another must not be read as a pair that never was. */
static void test_default_alone(void **state)
{
	pthread_t threads[READERS];
	fib_key block = (fib_key)0x0a010000u << 96;

	memset(&shared, 0, sizeof(shared));
	shared.fib = fib_create(FIB_IPV4, 100000);
	for (uint32_t i = 0; i < 10000; i++)
		add_key(shared.fib, (fib_key)(0x0a020000u + (i << 8)) << 96, 24, 100 + i);
	add_key(shared.fib, 0, 0, 16);
	assert_int_equal(fib_commit(shared.fib), 0);
	/* default 16 -> prefix 18 comes -> default 17 -> default 16 -> prefix goes: the address
	 * is 16 or 18, never 17. */
	for (uint32_t i = 0; i < ADDRESSES; i++) {
		shared.addresses[i] = block | (fib_key)(i % 256) << 96;
		shared.allowed[0][i] = 16;
		shared.allowed[1][i] = 18;
	}
	assert_int_equal(reclaim_init(), 0);
	for (uintptr_t i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, reader_main, (void *)i), 0);
	for (unsigned int i = 0; i < 10 * COMMITS || readers_busy(); i++) {
		add_key(shared.fib, block, 24, 18);
		assert_int_equal(fib_commit(shared.fib), 0);
		add_key(shared.fib, 0, 0, 17);
		assert_int_equal(fib_commit(shared.fib), 0);
		add_key(shared.fib, 0, 0, 16);
		assert_int_equal(fib_commit(shared.fib), 0);
		delete_key(shared.fib, block, 24);
		assert_int_equal(fib_commit(shared.fib), 0);
		reclaim_run();
	}
	__atomic_store_n(&shared.stop, true, __ATOMIC_RELEASE);
	for (unsigned int i = 0; i < READERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(shared.wrong[i], 0);
	}
	reclaim_fini();
	fib_free(shared.fib);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_groups_change),
		cmocka_unit_test(test_prefixes_change),
		cmocka_unit_test(test_default_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
