/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Workers as threads share one policer, in real time, while main changes it: what passes them all
 * is the rate. Under TSAN: what they share is atomic, what they own nobody touches.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_cycles.h>

#include "dataplane/policer/policer.h"
#include "dataplane/worker/mark.h"
#include "dataplane/worker/reclaim.h"

#define WORKERS 4u
#define ID 1u
#define CHURNED 2u
#define G UINT64_C(1000000000)
#define RATE (1 * G)

/* The threads' clock: each step is a burst of one worker, whoever takes it. Steps are handed out
 * atomically, so that time is the same for all and the test does not depend on the machine's. */
#define HZ UINT64_C(1000000000)
#define STEP (HZ / 1000000)
#define STEPS 500000u
#define FRAMES 4u
#define CHANGES 50u /* in the first half of the time */

static struct worker workers[WORKERS];
static uint64_t step;
static uint64_t allowed;            /* workers wait for main before the step after this one */
static uint64_t passed[WORKERS][2]; /* before half the time, and after */

static void wait_for(const uint64_t *counter, uint64_t at)
{
	while (__atomic_load_n(counter, __ATOMIC_RELAXED) < at)
		sched_yield();
}

/* As a worker without packets does: main may be waiting for this one to let go of an id before it
 * allows the next step. */
static void wait_quietly(unsigned int index, uint64_t at)
{
	while (__atomic_load_n(&allowed, __ATOMIC_RELAXED) < at) {
		reclaim_reader_quiet(index);
		sched_yield();
	}
}

static void *worker_main(void *argument)
{
	struct worker *worker = argument;
	unsigned int index = worker->index;
	static const uint32_t sizes[WORKERS] = {64, 594, 1500, 9000};

	reclaim_reader_register(index);
	for (;;) {
		uint64_t at = __atomic_fetch_add(&step, 1, __ATOMIC_RELAXED);

		if (at >= STEPS)
			break;
		wait_quietly(index, at);
		worker->now = HZ + at * STEP;
		for (unsigned int i = 0; i < FRAMES; i++)
			if (policer_take(worker, ID, sizes[index]))
				passed[index][at >= STEPS / 2] += sizes[index];
		/* Ids come and go between bursts only for who does not use them. */
		policer_return_idle(worker);
		reclaim_reader_quiet(index);
	}
	reclaim_reader_unregister(index);
	return NULL;
}

static void start(void)
{
	policer_init(WORKERS, HZ);
	memset(passed, 0, sizeof(passed));
	step = 0;
	allowed = STEPS;
	for (unsigned int i = 0; i < WORKERS; i++) {
		workers[i] =
			(struct worker){.index = i, .policers = calloc(1, POLICER_SLOTS_BYTES)};
		assert_non_null(workers[i].policers);
		policer_attach(i, workers[i].policers);
	}
}

static void run(void (*meanwhile)(void))
{
	pthread_t threads[WORKERS];

	for (unsigned int i = 0; i < WORKERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, worker_main, &workers[i]), 0);
	meanwhile();
	for (unsigned int i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
}

static int setup(void **state)
{
	table_mark = 1;
	start();
	return reclaim_init();
}

static int teardown(void **state)
{
	policer_fini();
	for (unsigned int i = 0; i < WORKERS; i++)
		free(workers[i].policers);
	reclaim_fini();
	return 0;
}

static uint64_t sum(unsigned int half)
{
	uint64_t total = 0;

	for (unsigned int i = 0; i < WORKERS; i++)
		total += passed[i][half];
	return total;
}

static void upsert(uint32_t id, uint64_t rate_bps)
{
	struct api_policer api = {.id = id, .rate_bps = rate_bps, .burst_bytes = rate_bps / 800};

	assert_int_equal(
		policer_upsert(&api, HZ + __atomic_load_n(&step, __ATOMIC_RELAXED) * STEP), 0);
}

static void nothing(void)
{
}

/* In half the time, 250 ms, and the burst of 10 ms in the first half. */
static void workers_share_a_rate(void **state)
{
	uint64_t half = RATE / 8 * STEPS / 2 / 1000000;

	upsert(ID, RATE);
	run(nothing);
	assert_in_range(sum(0), half * 99 / 100, half * 105 / 100);
	assert_in_range(sum(1), half * 99 / 100, half * 101 / 100);
}

static void change_rates(void)
{
	for (unsigned int i = 1; i <= CHANGES; i++) {
		upsert(ID, i % 2 != 0 ? 2 * RATE : RATE);
		upsert(CHURNED, RATE);
		assert_int_equal(policer_delete(CHURNED), 0);
		__atomic_store_n(&allowed, STEPS / 2 / CHANGES * i, __ATOMIC_RELAXED);
		wait_for(&step, STEPS / 2 / CHANGES * i);
	}
	__atomic_store_n(&allowed, STEPS, __ATOMIC_RELAXED);
}

/* The mean of two rates while they take turns, the burst of the larger, and what it begins with
 * each time (a 32nd of its burst and at most a 64th leased); then the last one. */
static void rates_change_under_load(void **state)
{
	uint64_t half = RATE / 8 * STEPS / 2 / 1000000;

	allowed = 0;
	upsert(ID, RATE);
	run(change_rates);
	assert_in_range(sum(0), half * 147 / 100,
		half * 160 / 100 + CHANGES / 2 * (2 * RATE / 800) * 3 / 64);
	assert_in_range(sum(1), half * 99 / 100, half * 101 / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(workers_share_a_rate, setup, teardown),
		cmocka_unit_test_setup_teardown(rates_change_under_load, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
