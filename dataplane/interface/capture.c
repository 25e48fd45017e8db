/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/interface/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <rte_cycles.h>

#include "dataplane/interface/interface.h"
#include "dataplane/worker/reclaim.h"

_Static_assert(API_CAPTURE_NAME_MAX == API_NAME_MAX, "a link's name");
_Static_assert(API_CAPTURE_SNAP_MAX + 1024 < CAPTURE_RING_BYTES, "a frame fits");

struct capture *capture_running;

/* What main alone knows of the capture that runs. */
static struct {
	bool watching; /* interfaces that are built now are watched */
	uint64_t told, over_us;
	int64_t real_ns;                      /* what the time of day is ahead of CLOCK_MONOTONIC */
	unsigned int taken;                   /* worker + 1 whose record was handed out last */
	uint32_t next_named;                  /* interface to look at for links without packets */
	uint32_t named[API_INTERFACES_MAX];   /* the epoch that was told of, 0: none */
	uint64_t packets[API_INTERFACES_MAX]; /* told */
} state;

static uint32_t last_number;

/* A circuit and a virtual network may have one name: then it is the circuit's. */
static bool covers(const char *address, const struct api_interface *api)
{
	size_t length = strlen(address);

	if (length == 0 || strcmp(address, api->name) == 0)
		return true;
	return api->circuit[0] != '\0' && strncmp(address, api->name, length) == 0 &&
	       api->name[length] == '/';
}

uint32_t capture_watch(const struct api_interface *api)
{
	if (!state.watching || !covers(capture_running->request.address, api))
		return 0;
	return capture_running->number;
}

static int check(const struct api_capture *request)
{
	bool has_family = request->family == AF_INET || request->family == AF_INET6;

	if (memchr(request->address, '\0', sizeof(request->address)) == NULL)
		return -EINVAL;
	if (request->packets == 0 || request->packets > API_CAPTURE_PACKETS_MAX)
		return -EINVAL;
	if (request->seconds == 0 || request->seconds > API_CAPTURE_S_MAX)
		return -EINVAL;
	if (request->snap_bytes < API_CAPTURE_SNAP_MIN ||
		request->snap_bytes > API_CAPTURE_SNAP_MAX)
		return -EINVAL;
	if (request->family != 0 && !has_family)
		return -EINVAL;
	return (request->has_from || request->has_to) && !has_family ? -EINVAL : 0;
}

/* Builds the interfaces that are called so anew. 0, -ENOENT: there is none, -ENOMEM. */
static int refresh(const char *address)
{
	int result = -ENOENT, error;

	for (uint32_t id = 1; id < API_INTERFACES_MAX; id++) {
		const struct interface *interface = interface_get(id);

		if (interface == NULL || !covers(address, &interface->api))
			continue;
		error = interface_refresh(id);
		if (error == -ENOMEM)
			return error;
		result = 0;
	}
	return result;
}

static void capture_free(void *object)
{
	struct capture *capture = object;

	free(capture->parts);
	free(capture);
}

static struct capture *make(const struct api_capture *request, unsigned int workers)
{
	struct capture *capture = calloc(1, sizeof(*capture));
	size_t bytes = workers * sizeof(*capture->parts);

	if (capture == NULL)
		return NULL;
	capture->parts = aligned_alloc(RTE_CACHE_LINE_SIZE, bytes);
	if (capture->parts == NULL) {
		free(capture);
		return NULL;
	}
	/* Touched here, so that workers meet no page that the kernel has yet to find. */
	memset(capture->parts, 0, bytes);
	capture->request = *request;
	capture->workers = workers;
	capture->number = ++last_number != 0 ? last_number : ++last_number;
	return capture;
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int capture_start(const struct api_capture *request, unsigned int workers, uint64_t now_us)
{
	struct capture *capture;
	int error = check(request);

	if (error != 0)
		return error;
	if (capture_running != NULL)
		return -EBUSY;
	capture = make(request, workers);
	if (capture == NULL)
		return -ENOMEM;
	memset(&state, 0, sizeof(state));
	state.watching = true;
	state.next_named = request->address[0] != '\0' ? 1 : API_INTERFACES_MAX;
	state.over_us = now_us + request->seconds * UINT64_C(1000000);
	state.real_ns = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);
	__atomic_store_n(&capture_running, capture, __ATOMIC_RELEASE);
	error = refresh(request->address);
	if (error != 0)
		capture_stop();
	return error;
}

void capture_close(uint64_t now_us)
{
	if (capture_running == NULL || !state.watching)
		return;
	state.watching = false;
	state.over_us = RTE_MIN(state.over_us, now_us);
	/* What finds no memory says it is watched until it is next built; nobody listens. */
	refresh(capture_running->request.address);
}

void capture_stop(void)
{
	struct capture *capture = capture_running;

	if (capture == NULL)
		return;
	capture_close(0);
	__atomic_store_n(&capture_running, NULL, __ATOMIC_RELEASE);
	reclaim_later(capture, capture_free);
}

bool capture_is_over(uint64_t now_us, uint64_t *over_us)
{
	*over_us = state.over_us;
	return capture_running == NULL || !state.watching || now_us >= state.over_us ||
	       state.told >= capture_running->request.packets;
}

/* ---- what waits ---- */

/* A record is milliseconds old when it is read, so that it does not matter how exactly the
 * counter's rate is known. */
static uint64_t time_of(uint64_t tsc)
{
	int64_t now_ns = clock_ns(CLOCK_MONOTONIC) + state.real_ns;
	double age = (double)(int64_t)(rte_rdtsc() - tsc) * 1e9 / (double)rte_get_tsc_hz();

	return (uint64_t)(now_ns - (int64_t)age);
}

static void forget_taken(void)
{
	if (state.taken != 0)
		capture_ring_take(&capture_running->parts[state.taken - 1].ring);
	state.taken = 0;
}

/* The oldest of all workers'. NULL: none waits. */
static const struct capture_record *oldest(unsigned int *worker)
{
	const struct capture_record *best = NULL;

	for (unsigned int i = 0; i < capture_running->workers; i++) {
		const struct capture_record *record =
			capture_ring_oldest(&capture_running->parts[i].ring);

		if (record == NULL ||
			(best != NULL && best->about.time_ns <= record->about.time_ns))
			continue;
		best = record;
		*worker = i;
	}
	return best;
}

static void name_link(const struct interface *interface, struct api_capture_link *link)
{
	state.named[interface->id] = interface->epoch;
	memset(link, 0, sizeof(*link));
	link->interface = interface->id;
	link->vrf = interface->vrf;
	memcpy(link->name, interface->api.name, sizeof(link->name));
}

/* Links that may never have a packet are named too. */
static bool next_unnamed(struct api_capture_link *link)
{
	while (state.next_named < API_INTERFACES_MAX) {
		const struct interface *interface = interface_get(state.next_named++);

		if (interface == NULL || interface->watched != capture_running->number)
			continue;
		name_link(interface, link);
		return true;
	}
	return false;
}

enum capture_item capture_next(
	struct api_capture_link *link, struct api_captured *captured, const uint8_t **frame)
{
	const struct capture_record *record;
	const struct interface *interface;
	unsigned int worker = 0;

	if (capture_running == NULL)
		return CAPTURE_NONE;
	forget_taken();
	if (next_unnamed(link))
		return CAPTURE_LINK;
	while ((record = oldest(&worker)) != NULL) {
		interface = interface_get(record->about.interface);
		if (state.told >= capture_running->request.packets)
			return CAPTURE_NONE;
		if (interface != NULL && interface->epoch == record->epoch)
			break;
		/* Its link went meanwhile, and the number may be another one's. */
		capture_ring_take(&capture_running->parts[worker].ring);
	}
	if (record == NULL)
		return CAPTURE_NONE;
	if (state.named[interface->id] != interface->epoch) {
		name_link(interface, link);
		return CAPTURE_LINK;
	}
	state.taken = worker + 1;
	state.told++;
	state.packets[interface->id]++;
	*captured = record->about;
	captured->time_ns = time_of(record->about.time_ns);
	*frame = (const uint8_t *)(record + 1);
	return CAPTURE_PACKET;
}

bool capture_next_count(uint32_t after, struct api_capture_count *count)
{
	for (uint32_t id = after + 1; capture_running != NULL && id < API_INTERFACES_MAX; id++) {
		uint64_t lost = 0;

		for (unsigned int i = 0; i < capture_running->workers; i++)
			lost += __atomic_load_n(
				&capture_running->parts[i].lost[id], __ATOMIC_RELAXED);
		if (lost == 0 && state.packets[id] == 0)
			continue;
		*count = (struct api_capture_count){
			.interface = id, .packets = state.packets[id], .lost = lost};
		return true;
	}
	return false;
}
