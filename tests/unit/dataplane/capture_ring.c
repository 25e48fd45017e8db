/* SPDX-License-Identifier: BSD-3-Clause */
/* Records of any length through the ring, around its end and from another thread. */
#include "dataplane/interface/capture_ring.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RECORDS 200000u
#define LONGEST 9800u

static struct capture_ring *ring;

static int setup(void **state)
{
	ring = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*ring));
	if (ring == NULL)
		return -1;
	memset(ring, 0, sizeof(*ring));
	return 0;
}

static int teardown(void **state)
{
	free(ring);
	return 0;
}

/* 8 bytes for its number, and then so many more, which follow from it. */
static uint32_t length_of(uint64_t number)
{
	return 8 + (uint32_t)(number * 2654435761u % (LONGEST - 8));
}

static bool put(uint64_t number)
{
	uint32_t length = length_of(number);
	uint8_t *record = capture_ring_room(ring, length);

	if (record == NULL)
		return false;
	memcpy(record, &number, sizeof(number));
	memset(record + 8, (uint8_t)number, length - 8);
	capture_ring_publish(ring);
	return true;
}

static void expect(uint64_t number, const uint8_t *record)
{
	uint64_t found;

	assert_int_equal((uintptr_t)record % 8, 0);
	memcpy(&found, record, sizeof(found));
	assert_int_equal(found, number);
	for (uint32_t i = 8; i < length_of(number); i++)
		assert_int_equal(record[i], (uint8_t)number);
}

static void comes_out_as_it_went_in(void **state)
{
	uint64_t in = 0, out = 0;

	assert_null(capture_ring_oldest(ring));
	for (unsigned int round = 0; round < 100; round++) {
		while (put(in))
			in++;
		assert_true(in > out);
		/* Not always all, so that the end of the ring is met at any fill. */
		for (uint64_t until = round % 3 == 0 ? in : out + 1 + (in - out) / 2; out < until;
			out++) {
			expect(out, capture_ring_oldest(ring));
			capture_ring_take(ring);
		}
	}
	for (; out < in; out++) {
		expect(out, capture_ring_oldest(ring));
		capture_ring_take(ring);
	}
	assert_null(capture_ring_oldest(ring));
	assert_true(in > 2000);
}

/* The oldest stays until it is taken; what is not published was never there. */
static void only_what_is_published(void **state)
{
	uint64_t *room = capture_ring_room(ring, 8);

	*room = 1;
	assert_null(capture_ring_oldest(ring));
	room = capture_ring_room(ring, 16);
	*room = 2;
	capture_ring_publish(ring);
	assert_int_equal(*(const uint64_t *)capture_ring_oldest(ring), 2);
	assert_int_equal(*(const uint64_t *)capture_ring_oldest(ring), 2);
	capture_ring_take(ring);
	assert_null(capture_ring_oldest(ring));
}

static void all_of_it_is_used(void **state)
{
	unsigned int count = 0;

	while (capture_ring_room(ring, 56) != NULL) {
		capture_ring_publish(ring);
		count++;
	}
	assert_int_equal(count, CAPTURE_RING_BYTES / 64);
	assert_null(capture_ring_room(ring, 1));
	capture_ring_take(ring);
	assert_non_null(capture_ring_room(ring, 56));
}

static void *produce(void *unused)
{
	for (uint64_t number = 0; number < RECORDS; number++)
		while (!put(number))
			sched_yield();
	return unused;
}

static void between_two_threads(void **state)
{
	pthread_t producer;

	assert_int_equal(pthread_create(&producer, NULL, produce, NULL), 0);
	for (uint64_t number = 0; number < RECORDS; number++) {
		const uint8_t *record;

		while ((record = capture_ring_oldest(ring)) == NULL)
			sched_yield();
		if (number % 64 == 0)
			expect(number, record);
		else
			assert_memory_equal(record, &number, sizeof(number));
		capture_ring_take(ring);
	}
	pthread_join(producer, NULL);
	assert_null(capture_ring_oldest(ring));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(comes_out_as_it_went_in, setup, teardown),
		cmocka_unit_test_setup_teardown(only_what_is_published, setup, teardown),
		cmocka_unit_test_setup_teardown(all_of_it_is_used, setup, teardown),
		cmocka_unit_test_setup_teardown(between_two_threads, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
