/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory of pieces: no two objects overlap, freed memory is used again, and a span that lost
 * its objects serves other sizes. */
#include "tests/unit/dataplane/fib_common.h"

#include "dataplane/fib/arena.h"

#define OBJECTS 4000u

struct object {
	uint32_t offset, bytes;
};

static uint32_t random_bytes(uint64_t *random)
{
	static const uint32_t limits[] = {64, 300, 2100, 33000, 200000};
	uint64_t draw = random_next(random);

	return 1 + (uint32_t)(draw / 64 % limits[draw % 64 == 0 ? 4 : draw % 4]);
}

static void object_fill(const struct object *object, uint8_t value)
{
	memset(arena_get(object->offset), value, object->bytes);
}

static void object_check(const struct object *object, uint8_t value)
{
	const uint8_t *bytes = arena_get(object->offset);

	for (uint32_t i = 0; i < object->bytes; i++)
		assert_int_equal(bytes[i], value);
}

static void test_overlap(void **state)
{
	static struct object objects[OBJECTS];
	uint64_t random = 11;

	for (uint32_t step = 0; step < 10 * OBJECTS; step++) {
		uint32_t i = (uint32_t)(random_next(&random) % OBJECTS);
		struct object *object = &objects[i];

		if (object->offset != 0) {
			object_check(object, (uint8_t)i);
			arena_free(object->offset, object->bytes);
		}
		object->bytes = random_bytes(&random);
		object->offset = arena_alloc(object->bytes);
		assert_true(object->offset != 0);
		assert_int_equal(object->offset % ARENA_UNIT, 0);
		if (object->bytes % 64 == 0 && object->bytes <= 256)
			assert_int_equal(object->offset % (object->bytes & -object->bytes), 0);
		object_fill(object, (uint8_t)i);
	}
	for (uint32_t i = 0; i < OBJECTS; i++) {
		object_check(&objects[i], (uint8_t)i);
		arena_free(objects[i].offset, objects[i].bytes);
	}
}

/* What is freed comes again, for the same size at once, for another when the span is empty. */
static void test_again(void **state)
{
	uint32_t first = arena_alloc(32), second, other;

	arena_free(first, 32);
	second = arena_alloc(32);
	assert_int_equal(first, second);
	arena_free(second, 32);
	other = arena_alloc(4096);
	assert_int_equal(other, first);
	arena_free(other, 4096);
}

static void test_rounding(void **state)
{
	assert_int_equal(arena_bytes(1), 16);
	assert_int_equal(arena_bytes(256), 256);
	assert_int_equal(arena_bytes(257), 320);
	assert_int_equal(arena_bytes(2049), 3072);
	assert_int_equal(arena_bytes(32769), 65536);
	for (uint32_t bytes = 64; bytes <= 32768; bytes += 64)
		assert_int_equal(arena_bytes(bytes) % 64, 0);
}

static void test_fails(void **state)
{
	arena_fails = true;
	assert_int_equal(arena_alloc(16), 0);
	assert_int_equal(arena_alloc(1u << 20), 0);
	arena_fails = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rounding),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
