/* SPDX-License-Identifier: BSD-3-Clause */
/* Which tags came that no interface has: by kind, the latest first, a worker's and all workers'. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>

#include "dataplane/worker/unknown_tags.h"

static struct unknown_tags tags[2];
static struct api_tags rows[API_TAGS_KEPT];

static int setup(void **state)
{
	memset(tags, 0, sizeof(tags));
	memset(rows, 0, sizeof(rows));
	return 0;
}

/* EtherTypes and VLAN ids behind the MAC addresses, and how much of them came. */
static void came(
	struct unknown_tags *at, uint16_t length, const uint16_t words[5], unsigned int frames)
{
	uint8_t frame[22] = {0};

	for (unsigned int i = 0; i < 5; i++) {
		frame[12 + 2 * i] = words[i] >> 8;
		frame[13 + 2 * i] = words[i] & 0xff;
	}
	while (frames-- > 0)
		unknown_tags_note(at, frame, length);
}

static void vlan(struct unknown_tags *at, uint16_t id, unsigned int frames)
{
	came(at, 18, (uint16_t[]){0x8100, id, 0x0800, 0, 0}, frames);
}

static void is(unsigned int row, uint16_t count, uint16_t ethertype, uint16_t outer, uint16_t inner,
	uint64_t frames)
{
	assert_int_equal(rows[row].count, count);
	assert_int_equal(rows[row].ethertype, ethertype);
	assert_int_equal(rows[row].outer, outer);
	assert_int_equal(rows[row].inner, inner);
	assert_int_equal(rows[row].frames, frames);
}

static void kinds(void **state)
{
	assert_int_equal(unknown_tags_add(&tags[0], rows, 0), 0);
	came(&tags[0], 14, (uint16_t[]){0x0800, 0, 0, 0, 0}, 1);
	vlan(&tags[0], 0, 1);
	vlan(&tags[0], 4095, 1);
	/* The priority is not the VLAN's. */
	vlan(&tags[0], 0xf12c, 1);
	vlan(&tags[0], 300, 2);
	came(&tags[0], 22, (uint16_t[]){0x88a8, 100, 0x8100, 0xe007, 0x86dd}, 4);
	came(&tags[0], 18, (uint16_t[]){0x9100, 100, 0x0800, 0, 0}, 1);
	assert_int_equal(unknown_tags_add(&tags[0], rows, 0), 6);
	is(0, 1, 0x9100, 100, 0, 1);
	is(1, 2, 0x88a8, 100, 7, 4);
	is(2, 1, 0x8100, 300, 0, 3);
	is(3, 1, 0x8100, 4095, 0, 1);
	is(4, 1, 0x8100, 0, 0, 1);
	is(5, 0, 0, 0, 0, 1);
}

/* What did not come is not looked at, though the buffer has something there. */
static void cut_short(void **state)
{
	const uint16_t words[5] = {0x8100, 100, 0x8100, 7, 0x0800};

	came(&tags[0], 14, words, 1);
	came(&tags[0], 17, words, 1);
	came(&tags[0], 18, words, 1);
	came(&tags[0], 21, words, 1);
	came(&tags[0], 22, words, 1);
	assert_int_equal(unknown_tags_add(&tags[0], rows, 0), 3);
	is(0, 2, 0x8100, 100, 7, 1);
	is(1, 1, 0x8100, 100, 0, 2);
	is(2, 0, 0, 0, 0, 2);
}

static void the_oldest_gives_way(void **state)
{
	for (uint16_t id = 1; id <= API_TAGS_KEPT; id++)
		vlan(&tags[0], id, id);
	vlan(&tags[0], 1, 1);
	vlan(&tags[0], 99, 1);
	assert_int_equal(unknown_tags_add(&tags[0], rows, 0), API_TAGS_KEPT);
	is(0, 1, 0x8100, 99, 0, 1);
	is(1, 1, 0x8100, 1, 0, 2);
	for (uint16_t row = 2; row < API_TAGS_KEPT; row++)
		is(row, 1, 0x8100, API_TAGS_KEPT + 2 - row, 0, API_TAGS_KEPT + 2 - row);
}

static void workers_together(void **state)
{
	unsigned int count;

	vlan(&tags[0], 300, 3);
	vlan(&tags[1], 301, 1);
	vlan(&tags[1], 300, 4);
	count = unknown_tags_add(&tags[0], rows, 0);
	count = unknown_tags_add(&tags[1], rows, count);
	assert_int_equal(count, 2);
	is(0, 1, 0x8100, 300, 0, 7);
	is(1, 1, 0x8100, 301, 0, 1);
	/* Rows have an end. */
	for (uint16_t id = 1; id <= API_TAGS_KEPT; id++)
		vlan(&tags[1], id, 1);
	assert_int_equal(unknown_tags_add(&tags[1], rows, count), API_TAGS_KEPT);
	is(0, 1, 0x8100, 300, 0, 7);
}

static void counts_end(void **state)
{
	tags[0].latest[0] = UINT64_MAX << 28 | UINT64_C(300) << 12 | 1u << 24;
	vlan(&tags[0], 300, 1);
	assert_int_equal(unknown_tags_add(&tags[0], rows, 0), 1);
	is(0, 1, 0x8100, 300, 0, UINT64_MAX >> 28);
}

#define ROUNDS 200000u

static void *worker_main(void *argument)
{
	for (unsigned int i = 0; i < ROUNDS; i++)
		vlan(argument, 300 + i % 12, 1);
	return NULL;
}

/* Main reads meanwhile: whatever it sees was there. */
static void read_while_written(void **state)
{
	pthread_t thread;
	unsigned int count;

	assert_int_equal(pthread_create(&thread, NULL, worker_main, &tags[0]), 0);
	for (unsigned int look = 0; look < 1000; look++) {
		memset(rows, 0, sizeof(rows));
		count = unknown_tags_add(&tags[0], rows, 0);
		for (unsigned int i = 0; i < count; i++) {
			assert_int_equal(rows[i].count, 1);
			assert_in_range(rows[i].outer, 300, 311);
			assert_true(rows[i].frames > 0);
		}
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(unknown_tags_add(&tags[0], rows, 0), API_TAGS_KEPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(kinds, setup),
		cmocka_unit_test_setup(cut_short, setup),
		cmocka_unit_test_setup(the_oldest_gives_way, setup),
		cmocka_unit_test_setup(workers_together, setup),
		cmocka_unit_test_setup(counts_end, setup),
		cmocka_unit_test_setup(read_while_written, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
