/* SPDX-License-Identifier: BSD-3-Clause */
/* The RIB's B+tree against a sorted array that is searched from end to end. */
#include "tests/unit/dataplane/fib_common.h"

#include <errno.h>

#include "dataplane/fib/rib.h"

#define ENTRIES_MAX 3000u
#define STEPS 30000u

static struct rib_entry model[ENTRIES_MAX];
static uint32_t model_count;

static bool entry_before(const struct rib_entry *a, fib_key key, unsigned int length)
{
	return a->key < key || (a->key == key && a->length < length);
}

static uint32_t model_seek(fib_key key, unsigned int length)
{
	uint32_t i = 0;

	while (i < model_count && entry_before(&model[i], key, length))
		i++;
	return i;
}

static bool model_has(uint32_t i, fib_key key, unsigned int length)
{
	return i < model_count && model[i].key == key && model[i].length == length;
}

/* Few distinct addresses with many lengths, and some anywhere. */
static fib_key draw_prefix(uint64_t *random, enum fib_family family, unsigned int *length)
{
	unsigned int bits = fib_family_bits(family);
	fib_key key = random_key(random, family);

	*length = (unsigned int)(random_next(random) % (bits + 1));
	if (random_next(random) % 4 != 0)
		key = key >> (bits - 7) << (bits - 7 > 20 ? 20 : 0);
	if (family == FIB_IPV4)
		key = key >> 96 << 96;
	return key & ~fib_key_host_bits(*length);
}

static void insert(struct rib *rib, fib_key key, unsigned int length, uint32_t group)
{
	struct fib_route route = {.group = group, .leaked_from = 9, .origin = 3, .mark = 2}, before;
	uint32_t i = model_seek(key, length);
	bool there = model_has(i, key, length);

	if (!there && model_count == ENTRIES_MAX)
		return;
	assert_int_equal(rib_insert(rib, key, (uint8_t)length, &route, &before), 0);
	assert_int_equal(before.group, there ? model[i].group : 0);
	if (!there) {
		memmove(model + i + 1, model + i, (model_count - i) * sizeof(model[0]));
		model_count++;
	}
	model[i] = (struct rib_entry){key, (uint8_t)length, group};
}

static void take_out(struct rib *rib, fib_key key, unsigned int length)
{
	uint32_t i = model_seek(key, length);
	bool there = model_has(i, key, length);
	struct fib_route before;

	assert_int_equal(rib_remove(rib, key, (uint8_t)length, &before), there ? 0 : -ENOENT);
	assert_int_equal(before.group, there ? model[i].group : 0);
	if (!there)
		return;
	assert_int_equal(before.leaked_from, 9);
	model_count--;
	memmove(model + i, model + i + 1, (model_count - i) * sizeof(model[0]));
}

static void check_at(const struct rib_cursor *cursor, uint32_t i)
{
	struct rib_entry entry;

	assert_int_equal(cursor->end, i == model_count);
	if (cursor->end)
		return;
	rib_get(cursor, &entry);
	assert_true(entry.key == model[i].key);
	assert_int_equal(entry.length, model[i].length);
	assert_int_equal(entry.group, model[i].group);
}

static void check_place(const struct rib *rib, fib_key key, unsigned int length)
{
	uint32_t i = model_seek(key, length), best = 0, inside = 0;
	fib_key last = key | fib_key_host_bits(length);
	struct rib_cursor cursor;
	struct rib_entry entry = {.group = 0};

	rib_seek(rib, &cursor, key, length);
	check_at(&cursor, i);
	if (i > 0) {
		assert_true(rib_previous(&cursor));
		check_at(&cursor, i - 1);
		rib_next(&cursor);
		check_at(&cursor, i);
	} else {
		assert_false(rib_previous(&cursor));
	}
	for (uint32_t j = 0; j < model_count; j++) {
		const struct rib_entry *e = &model[j];

		if (e->length > 0 && e->length <= length &&
			e->key == (key & ~fib_key_host_bits(e->length)))
			best = e->group; /* sorted: the longest is the last */
		inside += e->key >= key && e->key <= last && e->length > length;
	}
	assert_int_equal(rib_cover(rib, key, length, &entry), best != 0);
	if (best != 0)
		assert_int_equal(entry.group, best);
	assert_int_equal(rib_count(rib, key, length), inside);
}

static void check_walk(const struct rib *rib)
{
	struct rib_cursor cursor;
	uint32_t i = 0;

	for (rib_seek(rib, &cursor, 0, 0); !cursor.end; rib_next(&cursor))
		check_at(&cursor, i++);
	assert_int_equal(i, model_count);
	assert_int_equal(rib->routes, model_count);
}

static void random_changes(enum fib_family family)
{
	uint64_t random = 5;
	struct rib rib;

	rib_init(&rib, family);
	model_count = 0;
	/* It grows, hovers and shrinks. */
	for (uint32_t step = 0; step < STEPS; step++) {
		unsigned int length, chance = step < STEPS / 3 ? 1 : step < 2 * STEPS / 3 ? 4 : 9;
		fib_key key = draw_prefix(&random, family, &length);

		if (random_next(&random) % 10 >= chance)
			insert(&rib, key, length, 16 + step);
		else if (model_count > 0 && step % 8 != 0)
			take_out(&rib, model[step * 7919u % model_count].key,
				model[step * 7919u % model_count].length);
		else
			take_out(&rib, key, length);
		if (step % 16 == 0)
			check_place(&rib, key, length);
		if (step % 1000 == 0)
			check_walk(&rib);
	}
	while (model_count > 0)
		take_out(&rib, model[model_count / 2].key, model[model_count / 2].length);
	check_walk(&rib);
	assert_int_equal(rib_bytes(&rib), 0);
	insert(&rib, 0, 0, 17);
	check_walk(&rib);
	rib_clear(&rib);
	assert_int_equal(rib_bytes(&rib), 0);
}

static void test_random4(void **state)
{
	random_changes(FIB_IPV4);
}

static void test_random6(void **state)
{
	random_changes(FIB_IPV6);
}

/* Loaded in order the leaves are full: what the documented bytes a route stand on. */
static void test_in_order(void **state)
{
	struct fib_route route = {.group = 20}, before;
	struct rib rib;

	rib_init(&rib, FIB_IPV4);
	for (uint32_t i = 0; i < 100000; i++)
		assert_int_equal(rib_insert(&rib, (fib_key)i << 104, 24, &route, &before), 0);
	assert_true(rib_bytes(&rib) < 13 * 100000);
	rib_clear(&rib);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random4),
		cmocka_unit_test(test_random6),
		cmocka_unit_test(test_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
