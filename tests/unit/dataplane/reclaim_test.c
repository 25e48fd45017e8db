/* SPDX-License-Identifier: BSD-3-Clause */
/* When objects are freed: at once without readers, else not before every reader was quiet. The
 * readers here are indices that this one thread plays, so that each order of events is exact. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>

#include "dataplane/worker/reclaim.h"

static bool realloc_fails;
static unsigned int freed;

void *__real_realloc(void *memory, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);

void *__wrap_realloc(void *memory, size_t bytes)
{
	return realloc_fails ? NULL : __real_realloc(memory, bytes);
}

static void count_free(void *object)
{
	freed++;
	free(object);
}

static void free_and_hand_over(void *object)
{
	freed++;
	reclaim_later(object, count_free);
}

static int setup(void **state)
{
	freed = 0;
	return reclaim_init();
}

static int teardown(void **state)
{
	reclaim_fini();
	return 0;
}

static void test_init_twice(void **state)
{
	assert_int_not_equal(reclaim_init(), 0);
}

static void test_without_readers(void **state)
{
	reclaim_later(malloc(8), count_free);
	assert_int_equal(freed, 1);
	assert_int_equal(reclaim_run(), 0);
}

static void test_waits_for_every_reader(void **state)
{
	reclaim_reader_register(0);
	reclaim_reader_register(RECLAIM_READERS_MAX - 1);
	for (unsigned int i = 0; i < 1000; i++)
		reclaim_later(malloc(8), count_free);
	assert_int_equal(freed, 0);
	assert_int_equal(reclaim_run(), 1000);
	reclaim_reader_quiet(0);
	assert_int_equal(reclaim_run(), 1000);
	reclaim_reader_quiet(RECLAIM_READERS_MAX - 1);
	assert_int_equal(reclaim_run(), 0);
	assert_int_equal(freed, 1000);
	reclaim_reader_unregister(0);
	reclaim_reader_unregister(RECLAIM_READERS_MAX - 1);
}

/* What comes while a grace period runs is not covered by it. */
static void test_late_object(void **state)
{
	reclaim_reader_register(3);
	reclaim_later(malloc(8), count_free);
	assert_int_equal(reclaim_run(), 1);
	reclaim_later(malloc(8), count_free);
	reclaim_reader_quiet(3);
	assert_int_equal(reclaim_run(), 1);
	assert_int_equal(freed, 1);
	assert_int_equal(reclaim_run(), 1);
	reclaim_reader_quiet(3);
	assert_int_equal(reclaim_run(), 0);
	assert_int_equal(freed, 2);
	reclaim_reader_unregister(3);
}

/* Who sleeps holds nothing; who wakes up holds what there is then. */
static void test_offline(void **state)
{
	reclaim_reader_register(1);
	reclaim_reader_offline(1);
	reclaim_later(malloc(8), count_free);
	assert_int_equal(freed, 0);
	assert_int_equal(reclaim_run(), 0);
	assert_int_equal(freed, 1);
	reclaim_reader_online(1);
	reclaim_later(malloc(8), count_free);
	assert_int_equal(reclaim_run(), 1);
	reclaim_reader_unregister(1);
	assert_int_equal(reclaim_run(), 0);
	assert_int_equal(freed, 2);
}

static void test_free_hands_over(void **state)
{
	reclaim_reader_register(1);
	reclaim_later(malloc(8), free_and_hand_over);
	assert_int_equal(reclaim_run(), 1);
	reclaim_reader_quiet(1);
	/* The first is gone, the second waits for a grace period of its own. */
	assert_int_equal(reclaim_run(), 1);
	assert_int_equal(freed, 1);
	reclaim_reader_quiet(1);
	assert_int_equal(reclaim_run(), 0);
	assert_int_equal(freed, 2);
	reclaim_reader_unregister(1);
}

static void test_no_memory(void **state)
{
	reclaim_reader_register(1);
	reclaim_reader_offline(1); /* so that waiting ends */
	realloc_fails = true;
	reclaim_later(malloc(8), count_free);
	realloc_fails = false;
	assert_int_equal(freed, 1);
	reclaim_reader_unregister(1);
}

/* A reader in the middle of a burst, played by a thread: settle() waits for its end. */
static bool burst_ended;

static void *end_burst(void *context)
{
	__atomic_store_n(&burst_ended, true, __ATOMIC_SEQ_CST);
	reclaim_reader_quiet(0);
	return NULL;
}

static void test_retired_ids_settle(void **state)
{
	pthread_t thread;

	reclaim_ids_settle(); /* nothing retired: no wait, whoever reads */
	reclaim_reader_register(0);
	reclaim_ids_settle();
	burst_ended = false;
	reclaim_id_retired();
	assert_int_equal(pthread_create(&thread, NULL, end_burst, NULL), 0);
	reclaim_ids_settle();
	assert_true(__atomic_load_n(&burst_ended, __ATOMIC_SEQ_CST));
	pthread_join(thread, NULL);
	reclaim_ids_settle(); /* settled: no second wait */
	reclaim_reader_unregister(0);
}

static void test_fini_drops(void **state)
{
	reclaim_reader_register(1);
	reclaim_later(malloc(8), count_free);
	assert_int_equal(reclaim_run(), 1);
	reclaim_later(malloc(8), free_and_hand_over);
	reclaim_reader_unregister(1);
	reclaim_fini();
	assert_int_equal(freed, 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_init_twice),
		TEST(test_without_readers),
		TEST(test_waits_for_every_reader),
		TEST(test_late_object),
		TEST(test_offline),
		TEST(test_free_hands_over),
		TEST(test_no_memory),
		TEST(test_retired_ids_settle),
		TEST(test_fini_drops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
