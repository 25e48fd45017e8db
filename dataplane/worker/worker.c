/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/worker.h"

#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_ring.h>

#include "dataplane/bfd/exchange.h"
#include "dataplane/policer/policer.h"
#include "dataplane/port/port.h"
#include "dataplane/worker/counters.h"
#include "dataplane/worker/exchange.h"
#include "dataplane/worker/reclaim.h"
#include "pipelines/pipeline.h"

/* From a device at once: with their buffers these stay in a first-level cache of 32 KiB until they
 * are sent; of 64 half do not, and each costs 10 to 20 cycles more. */
#define RECEIVE_BURST 32u
/* Turns without a packet before an idle worker may sleep: some 100 us of polling. */
#define IDLE_TURNS 1024u
/* One turn in 256 is timed stage by stage. */
#define SAMPLE_MASK 255u
#define BFD_BURST 32u

/* Main writes before the threads start. */
static struct worker *workers[API_CPUS_MAX];
static unsigned int count;
static uint32_t idle_sleep_us;
/* Main writes, workers read. */
static bool stopping;

static unsigned int receive(struct worker *worker)
{
	const struct poll_list *list = __atomic_load_n(&worker->receive, __ATOMIC_ACQUIRE);
	struct rte_mbuf *packets[BURST_MAX];
	unsigned int total = exchange_receive(worker);

	if (!list)
		return total;
	for (unsigned int i = 0; i < list->count; i++) {
		const struct poll_queue *from = &list->queues[i];
		uint16_t got =
			rte_eth_rx_burst(from->port->ethdev, from->queue, packets, RECEIVE_BURST);

		if (got == 0)
			continue;
		worker_stage_done(worker, API_STAGE_RECEIVE);
		total += got;
		if (__atomic_load_n(&from->port->spread, __ATOMIC_RELAXED) != EXCHANGE_NONE)
			got = exchange_spread(worker, from->port, packets, got);
		if (got > 0)
			pipeline_receive(worker, from->port, packets, got);
		worker_add(&worker->account.bursts, 1);
	}
	if (total > 0)
		worker_stage_done(worker, API_STAGE_RECEIVE);
	return total;
}

static unsigned int inject(struct worker *worker)
{
	struct rte_mbuf *packets[BURST_MAX];
	unsigned int got;

	got = rte_ring_sc_dequeue_burst(worker->inject, (void **)packets, BURST_MAX, NULL);
	if (got > 0)
		pipeline_inject(worker, packets, got);
	return got;
}

/* What the bfd thread sends comes before all else, however much that is. */
static unsigned int send_bfd(struct worker *worker)
{
	struct bfd_departure departures[BFD_BURST];
	unsigned int got = bfd_departures(worker->index, departures, BFD_BURST);

	if (got > 0 || unlikely(worker->bfd_waiting_count > 0))
		pipeline_bfd(worker, departures, got);
	return got + worker->bfd_waiting_count;
}

/* The turn that began at worker->now is over. */
static void count_turn(struct worker *worker, unsigned int packets)
{
	struct worker_account *account = &worker->account;
	uint64_t now = rte_rdtsc();

	worker_add(&account->polls, 1);
	if (packets == 0) {
		worker_add(&account->empty_polls, 1);
	} else {
		worker_add(&account->packets, packets);
		worker_add(&account->busy_cycles, now - worker->now);
	}
	if (worker->sampling)
		worker_add(&account->sampled_packets, packets);
	__atomic_store_n(&account->cycles, now - account->started, __ATOMIC_RELAXED);
	worker->now = worker->mark = now;
	/* Any number of turns without packets cost the sample nothing but its time stamps. */
	worker->sampling = (account->polls & SAMPLE_MASK) == 0;
}

/* One turn of the poll loop; the packets it brought. */
static unsigned int turn(struct worker *worker)
{
	unsigned int packets = send_bfd(worker);

	packets += receive(worker);
	packets += inject(worker);

	if (packets > 0) {
		pipeline_flush(worker);
		worker_stage_done(worker, API_STAGE_TRANSMIT);
	}
	count_turn(worker, packets);
	return packets;
}

/* Sleeping readers are offline, so that nobody's grace period waits for them. */
static void rest(struct worker *worker)
{
	struct timespec pause = {.tv_nsec = (long)idle_sleep_us * 1000};

	reclaim_reader_offline(worker->index);
	/* EINTR only makes the rest shorter. */
	nanosleep(&pause, NULL);
	reclaim_reader_online(worker->index);
	/* Time went on, and nobody was busy. */
	worker->now = worker->mark = rte_rdtsc();
}

static int worker_loop(void *argument)
{
	struct worker *worker = argument;
	unsigned int idle = 0;

	/* The default slack of 50 us would double a short rest. */
	prctl(PR_SET_TIMERSLACK, 1000);
	reclaim_reader_register(worker->index);
	worker->now = rte_rdtsc();
	__atomic_store_n(&worker->account.started, worker->now, __ATOMIC_RELAXED);
	while (!__atomic_load_n(&stopping, __ATOMIC_RELAXED)) {
		unsigned int packets = turn(worker);

		policer_return_idle(worker);
		reclaim_reader_quiet(worker->index);
		idle = packets > 0 ? 0 : idle + 1;
		if (idle_sleep_us == 0 || idle < IDLE_TURNS)
			continue;
		rest(worker);
	}
	reclaim_reader_unregister(worker->index);
	return 0;
}

static void worker_free(struct worker *worker)
{
	struct rte_mbuf *packet;

	if (!worker)
		return;
	while (worker->inject && rte_ring_dequeue(worker->inject, (void **)&packet) == 0)
		rte_pktmbuf_free(packet);
	rte_ring_free(worker->inject);
	if (worker->budgets)
		pipeline_budgets_free(worker->budgets);
	exchange_free(worker);
	rte_free(worker->policers);
	rte_free(worker->receive);
	rte_free(worker);
}

static struct worker *worker_create(unsigned int index, unsigned int lcore, unsigned int total)
{
	int numa_node = rte_lcore_to_socket_id(lcore);
	char name[RTE_RING_NAMESIZE];
	struct worker *worker;

	worker = rte_zmalloc_socket("worker", sizeof(*worker), __alignof__(*worker), numa_node);
	if (!worker)
		return NULL;
	worker->index = index;
	worker->lcore = lcore;
	worker->numa_node = numa_node;
	worker->ledger = counters_of_thread(index);
	worker->pool = port_mempool(numa_node);
	worker->budgets = pipeline_budgets_create(total, numa_node);
	worker->policers =
		rte_zmalloc_socket("policers", POLICER_SLOTS_BYTES, RTE_CACHE_LINE_SIZE, numa_node);
	policer_attach(index, worker->policers);
	snprintf(name, sizeof(name), "inject-%u", index);
	worker->inject = rte_ring_create(
		name, WORKER_INJECT_RING, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (worker->budgets && worker->policers && worker->inject)
		return worker;
	worker_free(worker);
	return NULL;
}

/* Lcore i + 1 is worker i (startup/arguments.h), which is the order EAL lists them in. */
static int create_all(unsigned int total)
{
	unsigned int lcore, index = 0;

	RTE_LCORE_FOREACH_WORKER (lcore) {
		if (index == total)
			break;
		workers[index] = worker_create(index, lcore, total);
		if (!workers[index])
			return -ENOMEM;
		index++;
	}
	return index == total ? exchange_create(workers, total) : -ENODEV;
}

int worker_start_all(const struct api_startup *startup, uint64_t tsc_hz)
{
	int error;

	if (startup->worker_count == 0 || startup->worker_count > API_CPUS_MAX)
		return -EINVAL;
	stopping = false;
	idle_sleep_us = startup->idle_sleep_us;
	policer_init(startup->worker_count, tsc_hz);
	error = create_all(startup->worker_count);
	if (error < 0)
		return error;
	/* The workers exist before anyone may count on them. */
	__atomic_store_n(&count, startup->worker_count, __ATOMIC_RELEASE);
	for (unsigned int i = 0; i < startup->worker_count; i++) {
		error = rte_eal_remote_launch(worker_loop, workers[i], workers[i]->lcore);
		if (error < 0)
			return error;
	}
	return 0;
}

void worker_stop_all(void)
{
	__atomic_store_n(&stopping, true, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < count; i++)
		rte_eal_wait_lcore(workers[i]->lcore);
}

void worker_free_all(void)
{
	__atomic_store_n(&count, 0, __ATOMIC_RELEASE);
	for (unsigned int i = 0; i < API_CPUS_MAX; i++) {
		worker_free(workers[i]);
		workers[i] = NULL;
	}
}

unsigned int worker_count(void)
{
	return __atomic_load_n(&count, __ATOMIC_ACQUIRE);
}

int worker_numa_node(unsigned int index)
{
	return index < worker_count() ? workers[index]->numa_node : -1;
}

bool worker_stats(unsigned int index, struct api_worker *stats)
{
	const struct worker_account *account;

	if (index >= worker_count())
		return false;
	account = &workers[index]->account;
	*stats = (struct api_worker){
		.cpu = rte_lcore_to_cpu_id(workers[index]->lcore),
		.numa_node = workers[index]->numa_node,
		.tsc_hz = rte_get_tsc_hz(),
		.cycles = __atomic_load_n(&account->cycles, __ATOMIC_RELAXED),
		.busy_cycles = __atomic_load_n(&account->busy_cycles, __ATOMIC_RELAXED),
		.polls = __atomic_load_n(&account->polls, __ATOMIC_RELAXED),
		.empty_polls = __atomic_load_n(&account->empty_polls, __ATOMIC_RELAXED),
		.bursts = __atomic_load_n(&account->bursts, __ATOMIC_RELAXED),
		.packets = __atomic_load_n(&account->packets, __ATOMIC_RELAXED),
		.sampled_packets = __atomic_load_n(&account->sampled_packets, __ATOMIC_RELAXED),
	};
	for (unsigned int i = 0; i < API_STAGE_COUNT; i++)
		stats->stage_cycles[i] =
			__atomic_load_n(&account->stage_cycles[i], __ATOMIC_RELAXED);
	return true;
}

uint64_t worker_turn_began(unsigned int index)
{
	const struct worker_account *account;

	if (index >= worker_count())
		return rte_rdtsc();
	account = &workers[index]->account;
	return __atomic_load_n(&account->started, __ATOMIC_RELAXED) +
	       __atomic_load_n(&account->cycles, __ATOMIC_RELAXED);
}

void worker_hashes_seen(uint32_t port, uint64_t *hashed, uint64_t *unhashed)
{
	*hashed = *unhashed = 0;
	for (unsigned int i = 0; i < worker_count(); i++) {
		const struct exchange *exchange = workers[i]->exchange;

		if (exchange == NULL)
			continue;
		*hashed += __atomic_load_n(&exchange->seen[port].hashed, __ATOMIC_RELAXED);
		*unhashed += __atomic_load_n(&exchange->seen[port].unhashed, __ATOMIC_RELAXED);
	}
}

void worker_unknown_tags(uint32_t port, struct api_tags rows[API_TAGS_KEPT])
{
	unsigned int kinds = 0;

	for (unsigned int i = 0; i < worker_count(); i++)
		kinds = unknown_tags_add(&workers[i]->unknown_tags[port], rows, kinds);
}

bool worker_inject(struct rte_mbuf *packet)
{
	const struct handover *handover = rte_mbuf_to_priv(packet);
	unsigned int total = worker_count();

	if (total == 0)
		return false;
	/* One worker per interface keeps the order of a session's packets. */
	return rte_ring_sp_enqueue(workers[handover->interface % total]->inject, packet) == 0;
}

void worker_poll(unsigned int index, struct poll_list *list)
{
	struct poll_list *before;

	if (index >= worker_count()) {
		rte_free(list);
		return;
	}
	before = workers[index]->receive;
	__atomic_store_n(&workers[index]->receive, list, __ATOMIC_RELEASE);
	if (before)
		reclaim_later(before, rte_free);
}
