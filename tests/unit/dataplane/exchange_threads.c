/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Workers as threads, each with a queue of its own flows, hand frames to each other as fast as they
 * can: none is lost uncounted, none comes twice, and a flow's come in order.
 */
#include "tests/unit/dataplane/exchange_fakes.h"

#include <pthread.h>
#include <sched.h>

#include <rte_lcore.h>

#include "dataplane/worker/counters.h"
#include "pipelines/pipeline.h"

#define ROUNDS 4000u
#define FLOWS_EACH (FAKE_FLOWS / FAKE_WORKERS)

static uint64_t sent[FAKE_WORKERS];
static unsigned int done; /* workers that have sent everything */

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

static void *worker_main(void *argument)
{
	struct worker *worker = argument;

	/* A cache of buffers: a ring for many writers stands still while one of them is
	 * preempted in it. */
	if (rte_thread_register() != 0)
		return argument;

	for (uint32_t number = 0; number < ROUNDS; number++) {
		send_round(worker, number);
		exchange_receive(worker);
	}
	__atomic_fetch_add(&done, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&done, __ATOMIC_ACQUIRE) < FAKE_WORKERS)
		exchange_receive(worker);
	exchange_receive(worker);
	rte_thread_unregister();
	return NULL;
}

static void threads_keep_order_and_count(void **state)
{
	uint64_t total = 0, seen = 0, full = 0, rx = 0, disorder = 0;
	pthread_t threads[FAKE_WORKERS];

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

		total += sent[i];
		seen += fake_seen[i].frames;
		disorder += fake_seen[i].out_of_order;
		full += ledger->drops[API_DROP_EXCHANGE_FULL];
		rx += ledger->rx;
	}
	assert_int_equal(total, (uint64_t)ROUNDS * FAKE_FLOWS);
	assert_int_equal(seen + full, total);
	assert_int_equal(rx, total);
	/* A frame that found no room is a gap, and nothing else is. */
	assert_true(disorder <= full);
	assert_true(seen > total / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			threads_keep_order_and_count, fake_setup, fake_teardown),
	};

	return cmocka_run_group_tests(tests, fake_start, fake_stop);
}
