/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/validation/rtr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <rtrlib/rtrlib.h>

/* Before the cache has said what it wants (RFC 8210 section 6 has these defaults). */
#define REFRESH_S 3600
#define EXPIRE_S 7200
/* A cache that comes back is asked soon, whatever it wants: ours is one connection. */
#define RETRY_S 5u
#define RETRY_MAX_S 30u

struct rtr {
	struct event *event;
	int notify; /* eventfd */
	void (*arrived)(void *context);
	void *context;
	/* Both threads', under lock. */
	pthread_mutex_t lock;
	struct rtr_news news;
	/* rtrlib's, from rtr_mgr_start to rtr_mgr_stop, and its thread's. */
	char host[256], port[8];
	struct tr_socket transport;
	struct rtr_socket socket, *sockets[1];
	struct rtr_mgr_config *manager;
	unsigned int failures;            /* since the cache was there */
	rtr_connection_state_fp managers; /* what the manager does with a state */
};

/* ---- rtrlib's thread ---- */

static void post(struct rtr *rtr)
{
	const uint64_t one = 1;

	/* It fails when it says so already. */
	if (write(rtr->notify, &one, sizeof(one)) < 0)
		return;
}

struct collection {
	struct vrps vrps;
	bool failed;
};

static void collect(const struct pfx_record *record, void *context)
{
	struct collection *collection = context;
	struct ip prefix = {.prefix_len = record->min_len};

	if (record->prefix.ver == LRTR_IPV4) {
		uint32_t word = htonl(record->prefix.u.addr4.addr);

		prefix.family = AF_INET;
		memcpy(prefix.address, &word, sizeof(word));
	} else {
		prefix.family = AF_INET6;
		for (int i = 0; i < 4; i++) {
			uint32_t word = htonl(record->prefix.u.addr6.addr[i]);

			memcpy(prefix.address + 4 * i, &word, sizeof(word));
		}
	}
	/* RFC 8210 section 5.6: one whose lengths do not fit is none. */
	if (record->min_len <= record->max_len &&
		record->min_len <= (prefix.family == AF_INET ? 32 : 128) &&
		vrps_add(&collection->vrps, &prefix, record->max_len, record->asn) == -ENOMEM)
		collection->failed = true;
}

/* The cache has said all. */
static void leave_data(struct rtr *rtr)
{
	struct collection collection = {0};

	rtr_mgr_for_each_ipv4_record(rtr->manager, collect, &collection);
	rtr_mgr_for_each_ipv6_record(rtr->manager, collect, &collection);
	vrps_settle(&collection.vrps);
	pthread_mutex_lock(&rtr->lock);
	if (collection.failed) {
		vrps_free(&collection.vrps);
		rtr->news.has_trouble = true;
		snprintf(rtr->news.trouble, sizeof(rtr->news.trouble), "no memory");
	} else {
		vrps_free(&rtr->news.vrps);
		rtr->news.vrps = collection.vrps;
		rtr->news.has_data = true;
		rtr->news.at = time(NULL);
		rtr->news.expires = rtr->news.at + rtr->socket.expire_interval;
		rtr->news.has_trouble = false;
	}
	pthread_mutex_unlock(&rtr->lock);
	post(rtr);
}

static void leave_trouble(struct rtr *rtr, const char *what)
{
	pthread_mutex_lock(&rtr->lock);
	rtr->news.has_trouble = true;
	snprintf(rtr->news.trouble, sizeof(rtr->news.trouble), "%s:%s %s", rtr->host, rtr->port,
		what);
	pthread_mutex_unlock(&rtr->lock);
	post(rtr);
}

/* Longer and longer, because rtrlib writes several lines of each try into the log; but ending waits
 * for a cache that has no data. */
static void pace(struct rtr *rtr, enum rtr_socket_state state)
{
	unsigned int wait_s = RETRY_S << rtr->failures;

	if (state == RTR_ERROR_NO_DATA_AVAIL) {
		rtr->socket.retry_interval = RETRY_S;
		return;
	}
	rtr->socket.retry_interval = wait_s < RETRY_MAX_S ? wait_s : RETRY_MAX_S;
	if (wait_s < RETRY_MAX_S)
		rtr->failures++;
}

static void heed(struct rtr *rtr, enum rtr_socket_state state)
{
	if (state == RTR_ESTABLISHED) {
		rtr->failures = 0;
		leave_data(rtr);
	} else if (state == RTR_ERROR_TRANSPORT) {
		pace(rtr, state);
		leave_trouble(rtr, "cannot be reached");
	} else if (state == RTR_ERROR_NO_DATA_AVAIL) {
		pace(rtr, state);
		leave_trouble(rtr, "has no data yet");
	} else if (state == RTR_ERROR_FATAL) {
		pace(rtr, state);
		leave_trouble(rtr, "closed the connection, or breaks the protocol (RFC 8210)");
		/* A cache that was restarted may call our session an error (StayRTR does) instead
		 * of asking us to reset; rtrlib would name the old one again until it expires. */
		rtr->socket.request_session_id = true;
		rtr->socket.serial_number = 0;
	}
}

/* rtrlib's manager tells of groups, and nothing of an update of a cache that it is in step with;
 * the socket's own state does. */
static void on_state(const struct rtr_socket *socket, const enum rtr_socket_state state,
	void *config, void *group)
{
	struct rtr *rtr = (struct rtr *)((char *)(uintptr_t)socket - offsetof(struct rtr, socket));
	int before;

	/* rtrlib ends its thread by cancelling it; not here. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	rtr->managers(socket, state, config, group);
	heed(rtr, state);
	pthread_setcancelstate(before, NULL);
}

/* ---- the event loop ---- */

static void on_notify(evutil_socket_t file, short what, void *context)
{
	struct rtr *rtr = context;
	uint64_t count;

	if (read(rtr->notify, &count, sizeof(count)) == (ssize_t)sizeof(count))
		rtr->arrived(rtr->context);
}

bool rtr_fetch(struct rtr *rtr, struct rtr_news *news)
{
	pthread_mutex_lock(&rtr->lock);
	*news = rtr->news;
	rtr->news = (struct rtr_news){0};
	pthread_mutex_unlock(&rtr->lock);
	return news->has_data || news->has_trouble;
}

/* Signals are the event loop's. 0 or -errno. */
static int start_thread(struct rtr *rtr)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = rtr_mgr_start(rtr->manager);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error == RTR_SUCCESS ? 0 : -EAGAIN;
}

/* 0 or -errno. */
static int start(struct rtr *rtr)
{
	const struct tr_tcp_config tcp = {
		.host = rtr->host, .port = rtr->port, .connect_timeout = RTR_CONNECT_S};
	struct rtr_mgr_group group = {.sockets = rtr->sockets, .sockets_len = 1, .preference = 1};

	if (tr_tcp_init(&tcp, &rtr->transport) != TR_SUCCESS)
		return -ENOMEM;
	rtr->socket.tr_socket = &rtr->transport;
	rtr->sockets[0] = &rtr->socket;
	if (rtr_mgr_init(&rtr->manager, &group, 1, REFRESH_S, EXPIRE_S, RETRY_S, NULL, NULL, NULL,
		    NULL) != RTR_SUCCESS)
		return -ENOMEM;
	rtr->managers = rtr->socket.connection_state_fp;
	rtr->socket.connection_state_fp = on_state;
	return start_thread(rtr);
}

struct rtr *rtr_open(struct event_base *base, const char *host, uint16_t port,
	void (*arrived)(void *context), void *context)
{
	struct rtr *rtr = calloc(1, sizeof(*rtr));
	int error;

	if (rtr == NULL)
		return NULL;
	pthread_mutex_init(&rtr->lock, NULL);
	rtr->arrived = arrived;
	rtr->context = context;
	snprintf(rtr->host, sizeof(rtr->host), "%s", host);
	snprintf(rtr->port, sizeof(rtr->port), "%u", port);
	rtr->notify = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	error = rtr->notify < 0 ? -errno : 0;
	if (error == 0) {
		rtr->event = event_new(base, rtr->notify, EV_READ | EV_PERSIST, on_notify, rtr);
		if (rtr->event == NULL || event_add(rtr->event, NULL) != 0)
			error = -ENOMEM;
	}
	if (error == 0)
		error = start(rtr);
	if (error == 0)
		return rtr;
	rtr_close(rtr);
	errno = -error;
	return NULL;
}

void rtr_close(struct rtr *rtr)
{
	if (rtr == NULL)
		return;
	if (rtr->manager != NULL) {
		rtr_mgr_stop(rtr->manager);
		rtr_mgr_free(rtr->manager);
	} else if (rtr->transport.socket != NULL) {
		rtr->transport.free_fp(&rtr->transport);
	}
	if (rtr->event != NULL)
		event_free(rtr->event);
	if (rtr->notify >= 0)
		close(rtr->notify);
	pthread_mutex_destroy(&rtr->lock);
	vrps_free(&rtr->news.vrps);
	free(rtr);
}
