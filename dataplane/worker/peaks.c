/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/peaks.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "dataplane/api/clock.h"
#include "dataplane/worker/counters.h"

/* Less is no window: a late look was just before. */
#define WINDOW_LEAST_US (PEAKS_WINDOW_US * 9 / 10)

/* All under lock, which is held for one interface at a time. */
static struct account {
	bool watched;
	bool looked; /* last is of this life */
	uint64_t last_us;
	struct counters_traffic last;
	struct api_peak peaks[2]; /* this minute, the one before */
} accounts[API_INTERFACES_MAX];

static uint32_t top; /* above all that were ever watched; main writes */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_t thread;
static bool started, stopping; /* main writes */

void peaks_watch(uint32_t interface)
{
	struct account *account = &accounts[interface];

	pthread_mutex_lock(&lock);
	memset(account, 0, sizeof(*account));
	account->watched = true;
	pthread_mutex_unlock(&lock);
	if (interface >= top)
		__atomic_store_n(&top, interface + 1, __ATOMIC_RELAXED);
}

void peaks_forget(uint32_t interface)
{
	pthread_mutex_lock(&lock);
	accounts[interface].watched = false;
	pthread_mutex_unlock(&lock);
}

void peaks_read(uint32_t interface, struct api_peak peaks[2])
{
	pthread_mutex_lock(&lock);
	memcpy(peaks, accounts[interface].peaks, sizeof(accounts[interface].peaks));
	pthread_mutex_unlock(&lock);
}

/* ---- the thread ---- */

static void turn_minute(struct account *account, uint32_t minute)
{
	struct api_peak *peaks = account->peaks;

	if (peaks[0].minute == minute || peaks[0].minute == minute + 1)
		return;
	peaks[1] = peaks[0];
	peaks[0] = (struct api_peak){.minute = minute};
}

/* What a device did not take is taken back from what was sent: a counter may have gone down. */
static uint64_t rate_bps(uint64_t from, uint64_t to, uint64_t us)
{
	return to > from ? (uint64_t)((unsigned __int128)(to - from) * 8 * 1000000 / us) : 0;
}

static void lift(uint64_t *peak, uint64_t bps)
{
	if (bps > *peak)
		*peak = bps;
}

static void look(struct account *account, uint32_t interface, uint64_t now_us, uint32_t minute)
{
	uint64_t us = now_us - account->last_us;
	struct counters_traffic now, last = account->last;
	struct api_peak *peak = &account->peaks[0];

	if (account->looked && us < WINDOW_LEAST_US)
		return;
	counters_traffic(interface, &now);
	turn_minute(account, minute);
	if (account->looked) {
		lift(&peak->in_bps, rate_bps(last.rx_bytes, now.rx_bytes, us));
		lift(&peak->out_bps, rate_bps(last.tx_bytes, now.tx_bytes, us));
		lift(&peak->dropped_in_bps, rate_bps(last.dropped_bytes[API_DROP_IN],
						    now.dropped_bytes[API_DROP_IN], us));
		lift(&peak->dropped_out_bps, rate_bps(last.dropped_bytes[API_DROP_OUT],
						     now.dropped_bytes[API_DROP_OUT], us));
	}
	account->looked = true;
	account->last_us = now_us;
	account->last = now;
}

void peaks_look(uint64_t (*clock_us)(void), uint32_t minute)
{
	uint32_t end = __atomic_load_n(&top, __ATOMIC_RELAXED);

	for (uint32_t interface = 1; interface < end; interface++) {
		pthread_mutex_lock(&lock);
		/* The time of this account, not of the whole round. */
		if (accounts[interface].watched)
			look(&accounts[interface], interface, clock_us(), minute);
		pthread_mutex_unlock(&lock);
	}
}

static void *run(void *argument)
{
	const struct timespec window = {.tv_nsec = PEAKS_WINDOW_US * 1000};
	struct timespec now;

	while (!__atomic_load_n(&stopping, __ATOMIC_ACQUIRE)) {
		clock_gettime(CLOCK_REALTIME, &now);
		peaks_look(monotonic_us, (uint32_t)(now.tv_sec / 60));
		/* From now on: a round that was late makes the next window no shorter. */
		clock_nanosleep(CLOCK_MONOTONIC, 0, &window, NULL);
	}
	return NULL;
}

/* ---- main thread ---- */

/* The thread takes no signal: net_tap's belong to the main thread. */
int peaks_start(void)
{
	sigset_t all, before;
	int error;

	if (started)
		return -EALREADY;
	stopping = false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&thread, NULL, run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0)
		return -error;
	pthread_setname_np(thread, "peaks");
	started = true;
	return 0;
}

void peaks_stop(void)
{
	if (!started)
		return;
	__atomic_store_n(&stopping, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	started = false;
}
