/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/punt/punt.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rte_errno.h>
#include <rte_lcore.h>

#include "dataplane/punt/internal.h"
#include "dataplane/startup/log.h"
#include "dataplane/worker/counters.h"
#include "dataplane/worker/reclaim.h"

#define EVENTS 64
/* epoll's tag of the wake-up; interface ids are below. */
#define WAKE_UP API_INTERFACES_MAX

static struct {
	pthread_t thread;
	bool started; /* main only */
	sem_t ready;  /* the thread has registered, or failed with error */
	int error;
	unsigned int index; /* ledger and reader */
	struct punt_work work;
	int epoll_fd;
	int wake_fd;
	bool stopping; /* main writes */
	/* The thread sets it before it sleeps; whoever clears it writes wake_fd, so that workers
	 * make no system call while the thread is busy anyway. */
	bool sleeping;

	/* Held by the thread while it works, by main to change taps. */
	pthread_mutex_t lock;
	pthread_cond_t main_served;
	unsigned int main_waits; /* the thread lets main pass first: mutexes are not fair */
	struct punt_tap taps[API_INTERFACES_MAX];
} punt = {
	.epoll_fd = -1,
	.wake_fd = -1,
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.main_served = PTHREAD_COND_INITIALIZER,
};

/* Fails only when the eventfd's counter is at its end, and then the thread wakes anyway. */
static void write_wake_up(void)
{
	eventfd_write(punt.wake_fd, 1);
}

bool punt_packet(struct rte_mbuf *packet)
{
	if (!punt.work.ring || rte_ring_mp_enqueue(punt.work.ring, packet) < 0)
		return false;
	/* The packet must be visible before sleeping is read; pairs with prepare_sleep(). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&punt.sleeping, __ATOMIC_RELAXED) &&
		__atomic_exchange_n(&punt.sleeping, false, __ATOMIC_SEQ_CST))
		write_wake_up();
	return true;
}

/* How long epoll may wait: for ever, or not at all when there is work. */
static int prepare_sleep(void)
{
	__atomic_store_n(&punt.sleeping, true, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (rte_ring_empty(punt.work.ring) && !__atomic_load_n(&punt.stopping, __ATOMIC_RELAXED))
		return -1;
	__atomic_store_n(&punt.sleeping, false, __ATOMIC_RELAXED);
	return 0;
}

static void lock_for_thread(void)
{
	pthread_mutex_lock(&punt.lock);
	while (__atomic_load_n(&punt.main_waits, __ATOMIC_RELAXED) > 0)
		pthread_cond_wait(&punt.main_served, &punt.lock);
}

static void lock_for_main(void)
{
	__atomic_add_fetch(&punt.main_waits, 1, __ATOMIC_RELAXED);
	pthread_mutex_lock(&punt.lock);
}

static void unlock_for_main(void)
{
	__atomic_sub_fetch(&punt.main_waits, 1, __ATOMIC_RELAXED);
	pthread_cond_signal(&punt.main_served);
	pthread_mutex_unlock(&punt.lock);
}

/* An event may be older than the last punt_unwatch: taps says what may be used. */
static void serve_tap(uint32_t interface)
{
	const struct punt_tap *tap = &punt.taps[interface];
	int error;

	if (tap->fd < 0)
		return;
	error = punt_read_tap(&punt.work, interface, tap);
	if (error == 0)
		return;
	log_warning("punt", "interface %u: its TAP can be read no more (%s)", interface,
		strerror(-error));
	epoll_ctl(punt.epoll_fd, EPOLL_CTL_DEL, tap->fd, NULL);
}

static void serve(const struct epoll_event *events, int count)
{
	eventfd_t wakes;

	lock_for_thread();
	reclaim_reader_online(punt.index);
	punt_write_taps(&punt.work, punt.taps);
	for (int i = 0; i < count; i++) {
		if (events[i].data.u32 != WAKE_UP)
			serve_tap(events[i].data.u32);
		else if (eventfd_read(punt.wake_fd, &wakes) < 0 && errno != EAGAIN)
			log_error("punt", "cannot read the wake-up: %s", strerror(errno));
	}
	reclaim_reader_offline(punt.index);
	pthread_mutex_unlock(&punt.lock);
}

static void *punt_loop(void *argument)
{
	struct epoll_event events[EVENTS];
	int count;

	punt.error = rte_thread_register() < 0 ? -rte_errno : 0;
	if (punt.error == 0) {
		reclaim_reader_register(punt.index);
		reclaim_reader_offline(punt.index);
	}
	sem_post(&punt.ready);
	if (punt.error < 0)
		return NULL;
	while (!__atomic_load_n(&punt.stopping, __ATOMIC_ACQUIRE)) {
		count = epoll_wait(punt.epoll_fd, events, EVENTS, prepare_sleep());
		__atomic_store_n(&punt.sleeping, false, __ATOMIC_RELAXED);
		serve(events, count);
	}
	reclaim_reader_unregister(punt.index);
	rte_thread_unregister();
	return NULL;
}

/* The thread takes no signal: net_tap's belong to the main thread. */
static int start_thread(void)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&punt.thread, NULL, punt_loop, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0)
		return -error;
	pthread_setname_np(punt.thread, "punt");
	while (sem_wait(&punt.ready) < 0)
		continue;
	if (punt.error < 0)
		pthread_join(punt.thread, NULL);
	else
		punt.started = true;
	return punt.error;
}

static int open_all(void)
{
	struct epoll_event wake = {.events = EPOLLIN, .data.u32 = WAKE_UP};
	int error;

	for (uint32_t id = 0; id < API_INTERFACES_MAX; id++)
		punt.taps[id].fd = -1;
	sem_init(&punt.ready, 0, 0);
	punt.work.ring = rte_ring_create("punt", PUNT_RING, SOCKET_ID_ANY, RING_F_SC_DEQ);
	if (!punt.work.ring)
		return -rte_errno;
	error = neighbour_init();
	if (error < 0)
		return error;
	punt.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	punt.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (punt.epoll_fd < 0 || punt.wake_fd < 0)
		return -errno;
	return epoll_ctl(punt.epoll_fd, EPOLL_CTL_ADD, punt.wake_fd, &wake) < 0 ? -errno : 0;
}

static void close_all(void)
{
	struct rte_mbuf *packet;

	if (punt.wake_fd >= 0)
		close(punt.wake_fd);
	if (punt.epoll_fd >= 0)
		close(punt.epoll_fd);
	punt.wake_fd = -1;
	punt.epoll_fd = -1;
	neighbour_fini();
	while (punt.work.ring && rte_ring_dequeue(punt.work.ring, (void **)&packet) == 0)
		rte_pktmbuf_free(packet);
	rte_ring_free(punt.work.ring);
	punt.work.ring = NULL;
}

int punt_start(unsigned int thread_index, struct rte_mempool *pool)
{
	int error;

	if (punt.started)
		return -EALREADY;
	punt.index = thread_index;
	punt.work.pool = pool;
	punt.work.ledger = counters_of_thread(thread_index);
	punt.stopping = false;
	error = open_all();
	if (error == 0)
		error = start_thread();
	if (error < 0)
		close_all();
	return error;
}

void punt_stop(void)
{
	if (!punt.started)
		return;
	__atomic_store_n(&punt.stopping, true, __ATOMIC_SEQ_CST);
	write_wake_up();
	pthread_join(punt.thread, NULL);
	punt.started = false;
	close_all();
}

/* A TAP that the thread could wait for would hold up all others, and main with them. */
static int never_wait_for(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

int punt_watch(uint32_t interface, uint32_t epoch, int tap_fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = interface};
	struct punt_tap *tap;
	int error;

	if (interface >= API_INTERFACES_MAX || tap_fd < 0)
		return -EINVAL;
	if (!punt.started)
		return -ESRCH;
	error = never_wait_for(tap_fd);
	if (error < 0)
		return error;
	tap = &punt.taps[interface];
	lock_for_main();
	if (tap->fd >= 0 && tap->fd != tap_fd)
		epoll_ctl(punt.epoll_fd, EPOLL_CTL_DEL, tap->fd, NULL);
	if (epoll_ctl(punt.epoll_fd, EPOLL_CTL_ADD, tap_fd, &event) < 0 && errno != EEXIST)
		error = -errno;
	tap->fd = error == 0 ? tap_fd : -1;
	tap->epoch = epoch;
	unlock_for_main();
	return error;
}

void punt_unwatch(uint32_t interface, int tap_fd)
{
	struct punt_tap *tap;

	if (interface >= API_INTERFACES_MAX || !punt.started)
		return;
	tap = &punt.taps[interface];
	/* Once main holds the lock the thread is between two steps, and uses only what taps says
	 * in its next one. */
	lock_for_main();
	if (tap->fd == tap_fd && tap_fd >= 0) {
		epoll_ctl(punt.epoll_fd, EPOLL_CTL_DEL, tap_fd, NULL);
		tap->fd = -1;
	}
	unlock_for_main();
}
