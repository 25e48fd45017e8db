/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nexthop/path.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "dataplane/api/clock.h"
#include "dataplane/interface/interface.h"
#include "dataplane/worker/mark.h"

struct path {
	struct api_path api; /* down and changed_us are filled when it is dumped */
	uint32_t next;       /* of the interface's paths; 0: the last */
	uint32_t references; /* main only: adjacencies */
	uint32_t port;       /* of the interface */
	uint64_t changed_us;
	uint32_t lasted_ms; /* how long it was as before the last change */
	bool queued;        /* in news */
	uint8_t mark;       /* main only */
	TAILQ_ENTRY(path) in_news;
};

uint8_t path_down[PATH_SLOTS];

/* Everything here but path_down is under the lock; main is the only one to write paths, first and
 * highest, and reads those without. */
static pthread_mutex_t lock;
static struct path *paths[API_PATHS_MAX];
static uint32_t first[API_INTERFACES_MAX]; /* of the interface's paths; 0: none */
static uint32_t highest;                   /* no id above it was ever used */
static uint32_t generation;                /* main writes, others read relaxed */
static TAILQ_HEAD(, path) news = TAILQ_HEAD_INITIALIZER(news);
static void (*wake_main)(void);

/* The bfd thread has real-time priority: who holds the lock has it too while that thread waits. */
static void __attribute__((constructor)) init_lock(void)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&lock, &attributes);
	pthread_mutexattr_destroy(&attributes);
}

static void tell(struct path *path)
{
	if (!path->queued) {
		TAILQ_INSERT_TAIL(&news, path, in_news);
		path->queued = true;
	}
	if (wake_main != NULL)
		wake_main();
}

/* Under the lock. The byte comes first: traffic moves, then people are told. */
static void change(struct path *path, uint8_t cause, bool down)
{
	uint8_t *bits = &path_down[path->api.id], before;
	uint64_t now, lasted_ms;

	before = down ? __atomic_fetch_or(bits, cause, __ATOMIC_RELEASE)
		      : __atomic_fetch_and(bits, (uint8_t)~cause, __ATOMIC_RELEASE);
	if (((before & cause) != 0) == down)
		return;
	now = monotonic_us();
	lasted_ms = (now - path->changed_us) / 1000;
	path->lasted_ms = lasted_ms < UINT32_MAX ? lasted_ms : UINT32_MAX;
	path->changed_us = now;
	path->api.last_cause = cause;
	path->api.changes++;
	tell(path);
}

/* Under the lock. */
static void fill(const struct path *path, struct api_path *api)
{
	*api = path->api;
	api->down = path_bits(path->api.id);
	api->changed_us = path->changed_us;
}

bool path_set(uint32_t interface, uint8_t family, const uint8_t peer[16], enum api_path_down cause,
	bool down)
{
	bool found = false;

	if (interface >= API_INTERFACES_MAX)
		return false;
	pthread_mutex_lock(&lock);
	for (uint32_t id = first[interface]; id != 0; id = paths[id]->next) {
		struct path *path = paths[id];

		if (path->api.family != family ||
			memcmp(path->api.address, peer, sizeof(path->api.address)) != 0)
			continue;
		change(path, cause, down);
		found = true;
	}
	pthread_mutex_unlock(&lock);
	return found;
}

bool path_next_on(uint32_t interface, uint32_t *id, struct api_path *api)
{
	*id = *id == 0 ? first[interface] : paths[*id]->next;
	if (*id == 0)
		return false;
	pthread_mutex_lock(&lock);
	fill(paths[*id], api);
	pthread_mutex_unlock(&lock);
	return true;
}

bool path_find(uint32_t interface, uint8_t family, const uint8_t peer[16], struct api_path *api)
{
	uint32_t id = 0;

	while (path_next_on(interface, &id, api))
		if (api->family == family && memcmp(api->address, peer, sizeof(api->address)) == 0)
			return true;
	return false;
}

void path_set_interface(uint32_t interface, enum api_path_down cause, bool down)
{
	pthread_mutex_lock(&lock);
	for (uint32_t id = first[interface]; id != 0; id = paths[id]->next)
		change(paths[id], cause, down);
	pthread_mutex_unlock(&lock);
}

bool path_all_down(uint32_t interface, uint64_t *since_us)
{
	bool down = first[interface] != 0;

	*since_us = 0;
	pthread_mutex_lock(&lock);
	for (uint32_t id = first[interface]; id != 0; id = paths[id]->next) {
		down = down && path_bits(id) != 0;
		*since_us = RTE_MAX(*since_us, paths[id]->changed_us);
	}
	pthread_mutex_unlock(&lock);
	return down;
}

uint32_t path_generation(void)
{
	return __atomic_load_n(&generation, __ATOMIC_RELAXED);
}

void path_wake_with(void (*wake)(void))
{
	pthread_mutex_lock(&lock);
	wake_main = wake;
	pthread_mutex_unlock(&lock);
}

static void untell(struct path *path)
{
	if (path->queued)
		TAILQ_REMOVE(&news, path, in_news);
	path->queued = false;
}

bool path_next_news(struct api_path *api, uint32_t *lasted_ms)
{
	struct path *path;

	pthread_mutex_lock(&lock);
	path = TAILQ_FIRST(&news);
	if (path != NULL) {
		untell(path);
		fill(path, api);
		*lasted_ms = path->lasted_ms;
	}
	pthread_mutex_unlock(&lock);
	return path != NULL;
}

/* ---- the table: main thread ---- */

static int check(const struct api_path *api)
{
	if (api->id == 0 || api->id >= API_PATHS_MAX)
		return -EINVAL;
	if (api->family != AF_INET && api->family != AF_INET6)
		return -EINVAL;
	if ((api->down_wanted & ~(API_PATH_DRAIN | API_PATH_ADMIN)) != 0)
		return -EINVAL;
	if (api->interface == 0 || api->interface >= API_INTERFACES_MAX || api->bfd_off > 1)
		return -EINVAL;
	return interface_get(api->interface) != NULL ? 0 : -ENOENT;
}

static bool has_carrier(const struct path *path)
{
	return path_bits(PATH_PORT(path->port)) == 0;
}

static void chain(struct path *path)
{
	path->next = first[path->api.interface];
	first[path->api.interface] = path->api.id;
}

static void unchain(const struct path *path)
{
	uint32_t *link = &first[path->api.interface];

	while (*link != path->api.id)
		link = &paths[*link]->next;
	*link = path->next;
}

static int create(const struct api_path *api)
{
	struct path *path = calloc(1, sizeof(*path));

	if (path == NULL)
		return -ENOMEM;
	path->api = (struct api_path){.id = api->id,
		.interface = api->interface,
		.family = api->family,
		.down_wanted = api->down_wanted,
		.bfd_off = api->bfd_off};
	memcpy(path->api.address, api->address, sizeof(api->address));
	path->mark = table_mark;
	path->port = interface_get(api->interface)->port;
	path->changed_us = monotonic_us();
	interface_hold(api->interface);
	pthread_mutex_lock(&lock);
	path_down[api->id] = api->down_wanted | (has_carrier(path) ? 0 : API_PATH_CARRIER);
	paths[api->id] = path;
	chain(path);
	if (api->id > highest)
		highest = api->id;
	pthread_mutex_unlock(&lock);
	__atomic_add_fetch(&generation, 1, __ATOMIC_RELAXED);
	return 0;
}

static bool is_same_place(const struct api_path *a, const struct api_path *b)
{
	return a->interface == b->interface && a->family == b->family &&
	       memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

static void want(struct path *path, const struct api_path *api)
{
	uint8_t wanted = api->down_wanted;

	pthread_mutex_lock(&lock);
	path->api.down_wanted = wanted;
	change(path, API_PATH_DRAIN, (wanted & API_PATH_DRAIN) != 0);
	change(path, API_PATH_ADMIN, (wanted & API_PATH_ADMIN) != 0);
	if (path->api.bfd_off != api->bfd_off)
		__atomic_add_fetch(&generation, 1, __ATOMIC_RELAXED);
	path->api.bfd_off = api->bfd_off;
	pthread_mutex_unlock(&lock);
}

int path_upsert(const struct api_path *api)
{
	int error = check(api);
	struct path *path;

	if (error != 0)
		return error;
	path = paths[api->id];
	if (path != NULL && is_same_place(&path->api, api)) {
		path->mark = table_mark;
		want(path, api);
		return 0;
	}
	/* Elsewhere it is another path, which nobody has watched yet. */
	error = path_delete(api->id);
	return error == 0 ? create(api) : error;
}

static void unlink_path(struct path *path)
{
	pthread_mutex_lock(&lock);
	unchain(path);
	untell(path);
	paths[path->api.id] = NULL;
	__atomic_add_fetch(&generation, 1, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&lock);
	interface_release(path->api.interface);
	free(path);
}

int path_delete(uint32_t id)
{
	if (id == 0 || id >= API_PATHS_MAX)
		return -EINVAL;
	if (paths[id] == NULL)
		return 0;
	if (paths[id]->references != 0)
		return -EBUSY;
	unlink_path(paths[id]);
	return 0;
}

uint32_t path_sweep(void)
{
	uint32_t swept = 0;

	for (uint32_t id = 1; id <= highest; id++) {
		if (paths[id] == NULL || paths[id]->mark == table_mark)
			continue;
		if (path_delete(id) == 0)
			swept++;
	}
	return swept;
}

bool path_next(uint32_t after, struct api_path *api)
{
	for (uint64_t id = (uint64_t)after + 1; id <= highest; id++) {
		if (paths[id] == NULL)
			continue;
		pthread_mutex_lock(&lock);
		fill(paths[id], api);
		pthread_mutex_unlock(&lock);
		return true;
	}
	return false;
}

void path_port_carrier(uint32_t port, bool up)
{
	uint8_t bits = up ? 0 : API_PATH_CARRIER;

	pthread_mutex_lock(&lock);
	for (uint32_t id = 1; path_bits(PATH_PORT(port)) != bits && id <= highest; id++) {
		if (paths[id] != NULL && paths[id]->port == port)
			change(paths[id], API_PATH_CARRIER, !up);
	}
	__atomic_store_n(&path_down[PATH_PORT(port)], bits, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&lock);
}

void path_interface_changed(uint32_t interface)
{
	uint32_t port = interface_get(interface)->port;

	pthread_mutex_lock(&lock);
	for (uint32_t id = first[interface]; id != 0; id = paths[id]->next) {
		paths[id]->port = port;
		change(paths[id], API_PATH_CARRIER, !has_carrier(paths[id]));
	}
	pthread_mutex_unlock(&lock);
}

bool path_fits(uint32_t id, uint32_t interface, uint8_t family)
{
	const struct path *path = id < API_PATHS_MAX ? paths[id] : NULL;

	return id == 0 ||
	       (path != NULL && path->api.interface == interface && path->api.family == family);
}

void path_hold(uint32_t id)
{
	if (id != 0)
		paths[id]->references++;
}

void path_release(uint32_t id)
{
	if (id != 0)
		paths[id]->references--;
}

void path_fini(void)
{
	for (uint32_t id = 1; id <= highest; id++) {
		if (paths[id] != NULL)
			unlink_path(paths[id]);
	}
	highest = 0;
	memset(path_down, 0, sizeof(path_down));
}
