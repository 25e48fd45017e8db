/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Workers as threads, each with a queue of its own flows, hand frames to each other: while nobody
 * runs away from the others, all arrive, once and in order; as fast as they can, none is lost
 * uncounted.
 */
#include "tests/unit/dataplane/exchange_fakes.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

#include <rte_lcore.h>

#include "dataplane/worker/counters.h"
#include "pipelines/pipeline.h"

#define ROUNDS 4000u
#define FLOWS_EACH (FAKE_FLOWS / FAKE_WORKERS)

/* Rounds that a worker may be in front of any other. A ring then holds those of twice as many and
 * one: the other may have been in front first, and not have received since. */
#define AHEAD 4u
_Static_assert((2 * AHEAD + 1) * FLOWS_EACH < EXCHANGE_WAITING / (FAKE_WORKERS - 1),
	"a ring has room for all that is under way");

static unsigned int ahead_max;
static uint64_t sent[FAKE_WORKERS];
static uint32_t rounds[FAKE_WORKERS]; /* that a worker has ended */

static void send_round(struct worker *worker, uint32_t number)
{
	struct rte_mbuf *packets[BURST_MAX];
	unsigned int n = 0;

	for (uint32_t i = 0; i < FLOWS_EACH; i++) {
		packets[n] = fake_frame(worker->index * FLOWS_EACH + i, number);
		/* A buffer that is missing leaves a gap in the flow: wait for it. */
		while (packets[n] == NULL) {
			exchange_receive(worker);
			sched_yield();
			packets[n] = fake_frame(worker->index * FLOWS_EACH + i, number);
		}
		n++;
	}
	sent[worker->index] += n;
	n = exchange_spread(worker, fake_port(), packets, n);
	pipeline_receive(worker, fake_port(), packets, n);
}

static uint32_t slowest(void)
{
	uint32_t least = ROUNDS;

	for (unsigned int i = 0; i < FAKE_WORKERS; i++)
		least = RTE_MIN(least, __atomic_load_n(&rounds[i], __ATOMIC_ACQUIRE));
	return least;
}

static void receive_until(struct worker *worker, uint32_t round)
{
	while (slowest() < round) {
		exchange_receive(worker);
		sched_yield();
	}
}

static void *worker_main(void *argument)
{
	struct worker *worker = argument;

	/* A cache of buffers: a ring for many writers stands still while one of them is
	 * preempted in it. */
	if (rte_thread_register() != 0)
		return argument;

	for (uint32_t number = 0; number < ROUNDS; number++) {
		if (number >= ahead_max)
			receive_until(worker, number - ahead_max);
		send_round(worker, number);
		exchange_receive(worker);
		__atomic_store_n(&rounds[worker->index], number + 1, __ATOMIC_RELEASE);
	}
	receive_until(worker, ROUNDS);
	exchange_receive(worker);
	rte_thread_unregister();
	return NULL;
}

struct outcome {
	uint64_t total, seen, full, rx, disorder;
};

/* All rounds of all workers, nobody more than `ahead` in front. */
static struct outcome exchange_all(unsigned int ahead)
{
	struct outcome outcome = {0};
	pthread_t threads[FAKE_WORKERS];

	ahead_max = ahead;
	memset(sent, 0, sizeof(sent));
	memset(rounds, 0, sizeof(rounds));
	for (unsigned int i = 0; i < FAKE_WORKERS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, worker_main, &fake_workers[i]), 0);
	for (unsigned int i = 0; i < FAKE_WORKERS; i++) {
		void *failed;

		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	for (unsigned int i = 0; i < FAKE_WORKERS; i++) {
		const struct api_ledger *ledger = &fake_workers[i].ledger[COUNTERS_PORT(FAKE_PORT)];

		outcome.total += sent[i];
		outcome.seen += fake_seen[i].frames;
		outcome.disorder += fake_seen[i].out_of_order;
		outcome.full += ledger->drops[API_DROP_EXCHANGE_FULL];
		outcome.rx += ledger->rx;
	}
	assert_int_equal(outcome.total, (uint64_t)ROUNDS * FAKE_FLOWS);
	assert_int_equal(outcome.seen + outcome.full, outcome.total);
	assert_int_equal(outcome.rx, outcome.total);
	return outcome;
}

static void threads_in_step_lose_nothing(void **state)
{
	struct outcome outcome = exchange_all(AHEAD);

	assert_int_equal(outcome.full, 0);
	assert_int_equal(outcome.disorder, 0);
}

/* Whoever is preempted, or not, decides how much finds no room: a frame that did not is a gap in
 * its flow, and nothing else is. */
static void threads_at_full_speed_count_all(void **state)
{
	struct outcome outcome = exchange_all(ROUNDS);

	assert_true(outcome.disorder <= outcome.full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			threads_in_step_lose_nothing, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(
			threads_at_full_speed_count_all, fake_setup, fake_teardown),
	};

	return cmocka_run_group_tests(tests, fake_start, fake_stop);
}
