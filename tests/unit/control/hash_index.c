/* SPDX-License-Identifier: BSD-3-Clause */
/* The index from hashes to ids, against an array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/hash_index.h"

#define IDS 3000u

static bool found(const struct hash_index *index, uint32_t hash, uint32_t id)
{
	size_t at;

	for (uint32_t each = hash_index_first(index, hash, &at); each != HASH_INDEX_NONE;
		each = hash_index_next(index, hash, &at))
		if (each == id)
			return true;
	return false;
}

static void test_empty(void **state)
{
	struct hash_index index = {0};

	assert_false(found(&index, 0, 0));
	hash_index_free(&index);
}

/* hash_of[] has few values, so that ids share hashes and runs of slots meet and wrap around. */
static void churn(uint32_t hashes)
{
	static uint32_t hash_of[IDS];
	static bool present[IDS];
	struct hash_index index = {0};
	uint32_t count = 0;

	memset(present, 0, sizeof(present));
	srandom(hashes);
	for (uint32_t id = 0; id < IDS; id++)
		hash_of[id] = UINT32_MAX - (uint32_t)random() % hashes;
	for (unsigned int step = 0; step < 20000; step++) {
		uint32_t id = (uint32_t)random() % IDS;

		if (present[id]) {
			hash_index_remove(&index, hash_of[id], id);
			count--;
		} else {
			assert_int_equal(hash_index_reserve(&index), 0);
			hash_index_add(&index, hash_of[id], id);
			count++;
		}
		present[id] = !present[id];
		assert_int_equal(index.count, count);
		if (step % 500 != 0)
			continue;
		for (id = 0; id < IDS; id++)
			assert_int_equal(found(&index, hash_of[id], id), present[id]);
	}
	for (uint32_t id = 0; id < IDS; id++)
		if (present[id])
			assert_int_equal(hash_index_slot(&index, hash_of[id], id)->id, id);
	hash_index_free(&index);
}

static void test_one_hash(void **state)
{
	churn(1);
}

static void test_some_hashes(void **state)
{
	churn(64);
}

static void test_many_hashes(void **state)
{
	churn(100 * IDS);
}

/* Neighbouring keys, as prefixes are: hardly more than chance lets share a hash's low bits. */
static void test_spread(void **state)
{
	static uint8_t taken[1 << 16];
	unsigned int used = 0;

	for (uint32_t i = 0; i < 1 << 16; i++) {
		uint8_t key[16] = {10, (uint8_t)(i >> 8), (uint8_t)i};
		uint32_t hash = hash_bytes(24, key, sizeof(key));

		used += taken[hash & 0xffff] == 0;
		taken[hash & 0xffff] = 1;
	}
	/* 1 - 1/e of the slots are expected: 41,427. */
	assert_in_range(used, 40500, 65536);
}

static void test_hash_of_bytes(void **state)
{
	const char text[] = "private.contoso";

	/* Length, seed and each byte count; where the bytes stand does not. */
	assert_int_equal(hash_bytes(1, text, 15), hash_bytes(1, strdupa(text), 15));
	assert_int_not_equal(hash_bytes(1, text, 15), hash_bytes(2, text, 15));
	assert_int_not_equal(hash_bytes(1, text, 15), hash_bytes(1, text, 14));
	assert_int_not_equal(hash_bytes(1, text, 15), hash_bytes(1, "private.contosp", 15));
	assert_int_not_equal(hash_bytes(1, "\0\0", 1), hash_bytes(1, "\0\0", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_empty),
		cmocka_unit_test(test_one_hash), cmocka_unit_test(test_some_hashes),
		cmocka_unit_test(test_many_hashes), cmocka_unit_test(test_spread),
		cmocka_unit_test(test_hash_of_bytes)};

	return cmocka_run_group_tests_name("hash_index", tests, NULL, NULL);
}
