/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bfd thread: a step each millisecond, and the rings to and from workers.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_ring_elem.h>

#include "dataplane/bfd/internal.h"
#include "dataplane/nexthop/nexthop.h"
#include "dataplane/startup/log.h"
#include "dataplane/worker/worker.h"

/* Without sessions there is nothing to be on time for. */
#define IDLE_TICK_US 20000u
/* Above all that runs at normal priority, below what administrators care for more. */
#define PRIORITY 10
/* Of one worker's ring in one step: what it may hold at most, so that a step is bounded. */
#define ARRIVALS_PER_STEP BFD_RING
#define ARRIVALS_BURST 32u
/* A worker whose turns are shorter than this is awake. One that is not has not yet handed over
 * what arrived meanwhile: silence is judged as of its last turn, in so many steps at most. (Steps,
 * not time: when the whole machine stood still, workers are to come first.) */
#define WORKER_AWAKE_US 3000u
#define WORKER_STALL_STEPS_MAX 250u

static struct {
	pthread_t thread;
	bool started; /* main only */
	bool stopping;
	sem_t ready;
	bool real_time; /* the thread writes before ready */
	int changes_fd;
	unsigned int workers;
	/* Written by main before threads run; the other end is a worker. */
	struct rte_ring *arrivals[API_CPUS_MAX], *departures[API_CPUS_MAX];
	/* The thread's own: when each worker's turn began, as seen last, and the one before. */
	uint64_t turn_us[API_CPUS_MAX], turned_us[API_CPUS_MAX];
	unsigned int stalled; /* steps since all were awake */

	pthread_mutex_t lock; /* inherits priority; guards engine */
	struct bfd_engine engine;
} bfd = {.changes_fd = -1};

static uint64_t to_us(uint64_t tsc)
{
	return (unsigned __int128)tsc * 1000000 / rte_get_tsc_hz();
}

/* ---- workers ---- */

bool bfd_arrived(unsigned int index, struct bfd_arrival *arrival)
{
	struct rte_ring *ring = bfd.arrivals[index];

	return ring != NULL && rte_ring_sp_enqueue_elem(ring, arrival, sizeof(*arrival)) == 0;
}

unsigned int bfd_departures(unsigned int index, struct bfd_departure *departures, unsigned int n)
{
	struct rte_ring *ring = bfd.departures[index];

	if (ring == NULL || rte_ring_empty(ring))
		return 0;
	return rte_ring_sc_dequeue_burst_elem(ring, departures, sizeof(*departures), n, NULL);
}

/* One worker for each interface, so that packets of a session keep their order. */
static bool depart(struct bfd_departure *departure)
{
	struct rte_ring *ring = bfd.departures[departure->interface % bfd.workers];

	return rte_ring_sp_enqueue_elem(ring, departure, sizeof(*departure)) == 0;
}

/* ---- the thread ---- */

/* Up to when all that arrived has been handed over: a turn that is over took what was there when it
 * began. */
static uint64_t judged_us(uint64_t now_us)
{
	uint64_t horizon_us = now_us;

	for (unsigned int i = 0; i < bfd.workers; i++) {
		uint64_t turn_us = to_us(worker_turn_began(i));

		if (turn_us != bfd.turn_us[i]) {
			bfd.turned_us[i] = bfd.turn_us[i];
			bfd.turn_us[i] = turn_us;
		}
		if (bfd.turned_us[i] < horizon_us)
			horizon_us = bfd.turned_us[i];
	}
	if (now_us - horizon_us <= WORKER_AWAKE_US) {
		bfd.stalled = 0;
		return now_us;
	}
	if (++bfd.stalled > WORKER_STALL_STEPS_MAX)
		return now_us;
	return horizon_us;
}

static void drain(struct rte_ring *ring)
{
	struct bfd_arrival arrivals[ARRIVALS_BURST];
	unsigned int got, total = 0;

	do {
		got = rte_ring_sc_dequeue_burst_elem(
			ring, arrivals, sizeof(arrivals[0]), ARRIVALS_BURST, NULL);
		for (unsigned int i = 0; i < got; i++)
			bfd_engine_arrival(&bfd.engine, &arrivals[i], to_us(arrivals[i].tsc));
		total += got;
	} while (got == ARRIVALS_BURST && total < ARRIVALS_PER_STEP);
}

/* Returns how long until the next step. */
static uint64_t step(void)
{
	/* Before the rings are drained: what comes later is not yet missed. */
	uint64_t now_us = to_us(rte_rdtsc()), until_us = judged_us(now_us);
	bool tell, idle;

	pthread_mutex_lock(&bfd.lock);
	bfd.engine.now_us = now_us;
	for (unsigned int i = 0; i < bfd.workers; i++)
		drain(bfd.arrivals[i]);
	bfd_engine_advance(&bfd.engine, now_us, until_us);
	tell = bfd.engine.news_since;
	bfd.engine.news_since = false;
	idle = bfd_table_count(bfd.engine.table) == 0;
	pthread_mutex_unlock(&bfd.lock);
	if (tell)
		eventfd_write(bfd.changes_fd, 1);
	return idle ? IDLE_TICK_US : BFD_TICK_US;
}

static void add_us(struct timespec *time, uint64_t us)
{
	time->tv_nsec += (long)us * 1000;
	time->tv_sec += time->tv_nsec / 1000000000;
	time->tv_nsec %= 1000000000;
}

static bool is_past(const struct timespec *time)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > time->tv_sec ||
	       (now.tv_sec == time->tv_sec && now.tv_nsec > time->tv_nsec);
}

static void *bfd_loop(void *argument)
{
	struct sched_param param = {.sched_priority = PRIORITY};
	struct timespec next;

	/* The default slack of 50 us would be part of each interval. */
	prctl(PR_SET_TIMERSLACK, 1000);
	bfd.real_time = pthread_setschedparam(pthread_self(), SCHED_FIFO, &param) == 0;
	sem_post(&bfd.ready);
	clock_gettime(CLOCK_MONOTONIC, &next);
	while (!__atomic_load_n(&bfd.stopping, __ATOMIC_ACQUIRE)) {
		add_us(&next, step());
		/* Steps that were missed are not made up for: one does the work of all. */
		if (is_past(&next))
			clock_gettime(CLOCK_MONOTONIC, &next);
		else
			clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	return NULL;
}

/* ---- main thread ---- */

struct bfd_engine *bfd_lock(void)
{
	if (!bfd.started)
		return NULL;
	pthread_mutex_lock(&bfd.lock);
	return &bfd.engine;
}

void bfd_unlock(struct bfd_engine *engine)
{
	bool tell = engine->news_since;

	engine->news_since = false;
	pthread_mutex_unlock(&bfd.lock);
	if (tell)
		eventfd_write(bfd.changes_fd, 1);
}

static void neighbour_changed(const struct api_adjacency *api, bool there)
{
	struct bfd_engine *engine = bfd_lock();

	if (engine == NULL)
		return;
	bfd_engine_neighbour(engine, api, there && api->resolved);
	bfd_unlock(engine);
}

static struct rte_ring *make_ring(const char *name, size_t element_bytes)
{
	ssize_t bytes = rte_ring_get_memsize_elem(element_bytes, BFD_RING);
	struct rte_ring *ring = aligned_alloc(RTE_CACHE_LINE_SIZE, bytes);

	if (ring == NULL)
		return NULL;
	memset(ring, 0, bytes);
	if (rte_ring_init(ring, name, BFD_RING, RING_F_SP_ENQ | RING_F_SC_DEQ) == 0)
		return ring;
	free(ring);
	return NULL;
}

static int make_rings(void)
{
	for (unsigned int i = 0; i < bfd.workers; i++) {
		bfd.arrivals[i] = make_ring("bfd-in", sizeof(struct bfd_arrival));
		bfd.departures[i] = make_ring("bfd-out", sizeof(struct bfd_departure));
		if (bfd.arrivals[i] == NULL || bfd.departures[i] == NULL)
			return -ENOMEM;
	}
	return 0;
}

static void free_all(void)
{
	for (unsigned int i = 0; i < API_CPUS_MAX; i++) {
		free(bfd.arrivals[i]);
		free(bfd.departures[i]);
		bfd.arrivals[i] = bfd.departures[i] = NULL;
	}
	if (bfd.changes_fd >= 0)
		close(bfd.changes_fd);
	bfd.changes_fd = -1;
	bfd_engine_fini(&bfd.engine);
	bfd_keys_fini();
}

static int make_all(void)
{
	pthread_mutexattr_t attributes;
	uint64_t random;
	int error = make_rings();

	if (error < 0)
		return error;
	bfd.changes_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (bfd.changes_fd < 0 || getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -errno;
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&bfd.lock, &attributes);
	pthread_mutexattr_destroy(&attributes);
	memset(&bfd.engine, 0, sizeof(bfd.engine));
	bfd.engine.depart = depart;
	return bfd_engine_init(&bfd.engine, random, to_us(rte_rdtsc()));
}

/* The thread takes no signal: net_tap's belong to the main thread. */
static int start_thread(void)
{
	sigset_t all, before;
	int error;

	sem_init(&bfd.ready, 0, 0);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&bfd.thread, NULL, bfd_loop, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0)
		return -error;
	pthread_setname_np(bfd.thread, "bfd");
	while (sem_wait(&bfd.ready) < 0)
		continue;
	if (!bfd.real_time)
		log_warning("bfd",
			"no real-time priority for BFD's timers: give the dataplane CAP_SYS_NICE "
			"(systemd: LimitRTPRIO=10), or short intervals may flap under load");
	return 0;
}

int bfd_start(unsigned int workers)
{
	int error;

	if (bfd.started)
		return -EALREADY;
	if (workers == 0 || workers > API_CPUS_MAX)
		return -EINVAL;
	bfd.workers = workers;
	bfd.stopping = false;
	error = make_all();
	if (error == 0)
		error = start_thread();
	if (error < 0) {
		free_all();
		return error;
	}
	bfd.started = true;
	adjacency_watch(neighbour_changed);
	return 0;
}

void bfd_stop(void)
{
	if (!bfd.started)
		return;
	adjacency_watch(NULL);
	__atomic_store_n(&bfd.stopping, true, __ATOMIC_RELEASE);
	pthread_join(bfd.thread, NULL);
	bfd.started = false;
	free_all();
}

int bfd_changes_fd(void)
{
	return bfd.changes_fd;
}
