/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/bfd/bfd.h"
#include "dataplane/interface/capture.h"
#include "dataplane/interface/interface.h"
#include "dataplane/interface/link_test.h"
#include "dataplane/nexthop/nexthop.h"
#include "dataplane/nexthop/path.h"
#include "dataplane/policer/policer.h"
#include "dataplane/port/port.h"
#include "dataplane/server/pools.h"
#include "dataplane/startup/startup.h"
#include "dataplane/vrf/vrf.h"
#include "dataplane/worker/counters.h"
#include "dataplane/worker/mark.h"
#include "dataplane/worker/peaks.h"
#include "dataplane/worker/worker.h"
#include "pipelines/explain.h"
#include "tests/unit/dataplane/server_fakes.h"

/* One slot an id; a route's id is the last byte of an IPv4 prefix. */
union object {
	struct api_port port;
	struct api_vrf vrf;
	struct api_interface interface;
	struct api_adjacency adjacency;
	struct api_group group;
	struct api_route route;
	struct api_policer policer;
	struct api_path path;
	struct api_link_test link_test;
	struct api_bfd_key bfd_key; /* its key_id is the id */
};

struct slot {
	bool present;
	uint8_t mark;
	union object object;
};

uint8_t table_mark = 1;
struct fakes fakes;
static struct slot tables[API_ITEM_LAST + 1][FAKE_IDS];

static void call(char letter)
{
	if (fakes.call_count < sizeof(fakes.calls) - 1)
		fakes.calls[fakes.call_count++] = letter;
}

void fakes_reset(void)
{
	if (fakes.taps[0] == -1) /* not the first time */
		for (unsigned int i = 0; i < FAKE_IDS; i++)
			if (fakes.taps[i] >= 0)
				close(fakes.taps[i]);
	memset(&fakes, 0, sizeof(fakes));
	memset(fakes.taps, -1, sizeof(fakes.taps));
	memset(tables, 0, sizeof(tables));
	table_mark = 1;
}

unsigned int fakes_count(enum api_object object)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < FAKE_IDS; i++)
		count += tables[object][i].present;
	return count;
}

bool fakes_has(enum api_object object, uint32_t id)
{
	return id < FAKE_IDS && tables[object][id].present;
}

static int upsert(enum api_object object, uint32_t id, const void *payload)
{
	struct slot *slot = &tables[object][id % FAKE_IDS];

	if (id >= FAKE_IDS)
		return -ENOSPC;
	if (fakes.upsert_error != 0)
		return fakes.upsert_error;
	slot->present = true;
	slot->mark = table_mark;
	memcpy(&slot->object, payload, api_row_size(object));
	return 0;
}

static int delete (enum api_object object, uint32_t id)
{
	if (!fakes_has(object, id))
		return -ENOENT;
	tables[object][id].present = false;
	return 0;
}

static uint32_t sweep(enum api_object object, char letter)
{
	uint32_t swept = 0;

	call(letter);
	for (unsigned int i = 0; i < FAKE_IDS; i++) {
		struct slot *slot = &tables[object][i];

		if (!slot->present || slot->mark == table_mark)
			continue;
		slot->present = false;
		swept++;
	}
	return swept;
}

static bool next(enum api_object object, uint32_t from, void *row)
{
	for (uint32_t i = from; i < FAKE_IDS; i++)
		if (tables[object][i].present) {
			memcpy(row, &tables[object][i].object, api_row_size(object));
			return true;
		}
	return false;
}

int port_upsert(const struct api_port *api)
{
	return upsert(API_PORT, api->id, api);
}

int port_delete(uint32_t id)
{
	return delete (API_PORT, id);
}

uint32_t port_sweep(void)
{
	return sweep(API_PORT, 'p');
}

bool port_next(uint32_t after_plus_one, struct api_port *api)
{
	return next(API_PORT, after_plus_one, api);
}

void port_open_all(void)
{
	call('o');
}

bool port_counters(uint32_t id, struct api_port_counters *counters)
{
	counters->port = id;
	counters->rx_missed = 1000 + id;
	return true;
}

int vrf_upsert(const struct api_vrf *vrf)
{
	return upsert(API_VRF, vrf->id, vrf);
}

int vrf_delete(uint32_t id)
{
	return delete (API_VRF, id);
}

bool vrf_exists(uint32_t id)
{
	return fakes_has(API_VRF, id);
}

uint32_t vrf_sweep(void)
{
	return sweep(API_VRF, 'v');
}

bool vrf_next(uint32_t after, struct api_vrf *vrf)
{
	return next(API_VRF, after + 1, vrf);
}

int vrf_commit(void)
{
	call('c');
	return fakes.commit_error;
}

int interface_upsert(const struct api_interface *api, int tap_fd)
{
	int error = upsert(API_INTERFACE, api->id, api);

	if (tap_fd < 0)
		return error;
	if (error != 0) {
		close(tap_fd);
		return error;
	}
	if (fakes.taps[api->id] >= 0)
		close(fakes.taps[api->id]);
	fakes.taps[api->id] = tap_fd;
	return 0;
}

int interface_delete(uint32_t id)
{
	return delete (API_INTERFACE, id);
}

uint32_t interface_sweep(void)
{
	return sweep(API_INTERFACE, 'i');
}

bool interface_next(uint32_t after, struct api_interface *api)
{
	return next(API_INTERFACE, after + 1, api);
}

int interface_tap(uint32_t id)
{
	return id < FAKE_IDS && fakes.taps[id] >= 0 ? fakes.taps[id] : -ENOENT;
}

int adjacency_upsert(const struct api_adjacency *api)
{
	return upsert(API_ADJACENCY, api->id, api);
}

int adjacency_delete(uint32_t id)
{
	return delete (API_ADJACENCY, id);
}

uint32_t adjacency_sweep(void)
{
	return sweep(API_ADJACENCY, 'a');
}

bool adjacency_next(uint32_t after, struct api_adjacency *api)
{
	return next(API_ADJACENCY, after + 1, api);
}

int group_upsert(const struct api_group *api)
{
	return upsert(API_GROUP, api->id, api);
}

bool group_exists(uint32_t id)
{
	return fakes_has(API_GROUP, id);
}

int group_delete(uint32_t id)
{
	call('d');
	return delete (API_GROUP, id);
}

uint32_t group_sweep(void)
{
	return sweep(API_GROUP, 'g');
}

bool group_next(uint32_t after, struct api_group *api)
{
	return next(API_GROUP, after + 1, api);
}

void nexthop_usage(uint32_t *adjacencies, uint32_t *groups, uint64_t *bytes)
{
	*adjacencies = fakes_count(API_ADJACENCY);
	*groups = fakes_count(API_GROUP);
	*bytes = 0;
}

int route_upsert(const struct api_route *route)
{
	return upsert(API_ROUTE, route->address[3], route);
}

int route_delete(const struct api_route *route)
{
	return delete (API_ROUTE, route->address[3]);
}

uint32_t route_sweep(void)
{
	return sweep(API_ROUTE, 'r');
}

void route_usage(uint32_t *routes, uint32_t *limit)
{
	*routes = 6;
	*limit = 66;
}

/* Made-up routes first, numbered in the address; then none. */
static bool next_virtual(struct route_cursor *cursor, struct api_route *route)
{
	uint32_t number;

	memcpy(&number, cursor->at.address, sizeof(number));
	if (number >= fakes.virtual_routes) {
		/* Asked again it would start over: nobody may rely on it not to. */
		memset(cursor, 0, sizeof(*cursor));
		return false;
	}
	route->vrf = cursor->only ? cursor->vrf : 1;
	route->group = API_GROUP_FIRST;
	memcpy(route->address, &number, sizeof(number));
	number++;
	memcpy(cursor->at.address, &number, sizeof(number));
	return true;
}

bool route_next(struct route_cursor *cursor, struct api_route *route)
{
	if (fakes.virtual_routes > 0)
		return next_virtual(cursor, route);
	if (!next(API_ROUTE, cursor->at.length, route))
		return false;
	cursor->at.length = route->address[3] + 1; /* tests stay below 255 */
	return true;
}

int policer_upsert(const struct api_policer *api, uint64_t now)
{
	return upsert(API_POLICER, api->id, api);
}

int policer_delete(uint32_t id)
{
	return delete (API_POLICER, id);
}

uint32_t policer_sweep(void)
{
	return sweep(API_POLICER, 'l');
}

bool policer_next(uint32_t after, struct api_policer *api)
{
	return next(API_POLICER, after + 1, api);
}

int path_upsert(const struct api_path *api)
{
	return upsert(API_PATH, api->id, api);
}

int path_delete(uint32_t id)
{
	return delete (API_PATH, id);
}

uint32_t path_sweep(void)
{
	return sweep(API_PATH, 'h');
}

bool path_next(uint32_t after, struct api_path *api)
{
	return next(API_PATH, after + 1, api);
}

bool bfd_watches(uint32_t interface, uint8_t family, const uint8_t peer[16])
{
	return false;
}

int link_test_upsert(const struct api_link_test *api, uint64_t now_us, link_test_watched is_watched)
{
	return upsert(API_LINK_TEST, api->interface, api);
}

int link_test_delete(uint32_t interface, uint64_t now_us)
{
	return delete (API_LINK_TEST, interface);
}

bool link_test_next(uint32_t after, uint64_t now_us, struct api_link_test *api)
{
	return next(API_LINK_TEST, after + 1, api);
}

int capture_start(const struct api_capture *request, unsigned int workers, uint64_t now_us)
{
	if (fakes.capture != FAKE_CAPTURE_NONE)
		return -EBUSY;
	if (strcmp(request->address, "nobody") == 0)
		return -ENOENT;
	fakes.capture = FAKE_CAPTURE_RUNS;
	return 0;
}

void capture_close(uint64_t now_us)
{
	if (fakes.capture == FAKE_CAPTURE_RUNS)
		fakes.capture = FAKE_CAPTURE_CLOSED;
}

void capture_stop(void)
{
	fakes.capture = FAKE_CAPTURE_NONE;
}

bool capture_is_over(uint64_t now_us, uint64_t *over_us)
{
	*over_us = now_us - fakes.capture_over_us;
	return fakes.capture == FAKE_CAPTURE_CLOSED;
}

enum capture_item capture_next(
	struct api_capture_link *link, struct api_captured *captured, const uint8_t **frame)
{
	static const uint8_t bytes[FAKE_FRAME_BYTES] = {1, 2, 3};

	if (fakes.captured == 0)
		return CAPTURE_NONE;
	if (fakes.captured-- % 2 == 0) {
		*link = (struct api_capture_link){.interface = 7, .name = "acme/private/primary"};
		return CAPTURE_LINK;
	}
	*captured = (struct api_captured){.interface = 7, .captured_bytes = sizeof(bytes)};
	*frame = bytes;
	return CAPTURE_PACKET;
}

bool capture_next_count(uint32_t after, struct api_capture_count *count)
{
	*count = (struct api_capture_count){.interface = 7, .packets = 3, .lost = 4};
	return after < 7;
}

int bfd_key_upsert(const struct api_bfd_key *api)
{
	return upsert(API_BFD_KEY, api->key_id, api);
}

int bfd_key_delete(const struct api_bfd_key *api)
{
	return delete (API_BFD_KEY, api->key_id);
}

uint32_t bfd_key_sweep(void)
{
	return sweep(API_BFD_KEY, 'k');
}

bool bfd_key_next(uint32_t *after, struct api_bfd_key *api)
{
	if (!next(API_BFD_KEY, *after, api))
		return false;
	*after = api->key_id + 1;
	return true;
}

bool bfd_next_row(uint32_t *after, struct api_bfd_session *row)
{
	if (*after == 3)
		return false;
	row->local_discriminator = ++*after;
	return true;
}

uint32_t interface_life(uint32_t id)
{
	return id + 100;
}

void peaks_read(uint32_t interface, struct api_peak peaks[2])
{
	peaks[0].in_bps = interface + 200;
	peaks[1].in_bps = interface + 300;
}

void counters_read(uint32_t slot, struct api_ledger *sum)
{
	sum->rx = slot;
}

unsigned int worker_count(void)
{
	return 2;
}

bool worker_stats(unsigned int index, struct api_worker *stats)
{
	stats->cpu = index + 10;
	return true;
}

bool pools_usage(unsigned int index, struct api_memory *row)
{
	if (index > 0)
		return false;
	snprintf(row->name, sizeof(row->name), "buffers");
	row->used = 7;
	row->capacity = 8;
	return true;
}

int explain_packet(
	const struct api_explain *request, uint64_t now, struct api_explanation *explanation)
{
	memset(explanation, 0, sizeof(*explanation));
	if (request->frame_bytes > API_EXPLAIN_BYTES_MAX)
		return -EINVAL;
	if (request->port != 1)
		return -ENOENT;
	explanation->interface = request->head[0];
	return 0;
}

int startup_run(const struct api_startup *startup, char *text, size_t size)
{
	fakes.startups++;
	if (fakes.startup_error != 0)
		snprintf(text, size, "no hugepages; run: echo 1024 > ...");
	return fakes.startup_error;
}
