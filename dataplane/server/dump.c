/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/api/clock.h"
#include "dataplane/bfd/bfd.h"
#include "dataplane/interface/interface.h"
#include "dataplane/interface/link_test.h"
#include "dataplane/nexthop/nexthop.h"
#include "dataplane/nexthop/path.h"
#include "dataplane/policer/policer.h"
#include "dataplane/port/port.h"
#include "dataplane/server/dump.h"
#include "dataplane/server/pools.h"
#include "dataplane/server/state.h"
#include "dataplane/worker/counters.h"
#include "dataplane/worker/peaks.h"
#include "dataplane/worker/worker.h"

#define ROWS_BYTES (64u * 1024u)

/* Each fills the next row (zeroed before) and moves the cursor; false at the end. */
typedef bool (*next_row)(struct dump *dump, void *row);

static bool next_port(struct dump *dump, void *row)
{
	struct api_port *port = row;

	if (!port_next(dump->after, port))
		return false;
	dump->after = port->id + 1;
	return true;
}

static bool next_vrf(struct dump *dump, void *row)
{
	struct api_vrf *vrf = row;

	if (!vrf_next(dump->after, vrf))
		return false;
	dump->after = vrf->id;
	return true;
}

static bool next_interface(struct dump *dump, void *row)
{
	struct api_interface *interface = row;

	if (!interface_next(dump->after, interface))
		return false;
	dump->after = interface->id;
	return true;
}

static bool next_adjacency(struct dump *dump, void *row)
{
	struct api_adjacency *adjacency = row;

	if (!adjacency_next(dump->after, adjacency))
		return false;
	dump->after = adjacency->id;
	return true;
}

static bool next_group(struct dump *dump, void *row)
{
	struct api_group *group = row;

	if (!group_next(dump->after, group))
		return false;
	dump->after = group->id;
	return true;
}

static bool next_route(struct dump *dump, void *row)
{
	return route_next(&dump->route, row);
}

static bool next_policer(struct dump *dump, void *row)
{
	struct api_policer *policer = row;

	if (!policer_next(dump->after, policer))
		return false;
	dump->after = policer->id;
	return true;
}

static bool next_path(struct dump *dump, void *row)
{
	struct api_path *path = row;

	if (!path_next(dump->after, path))
		return false;
	dump->after = path->id;
	return true;
}

static bool next_link_test(struct dump *dump, void *row)
{
	struct api_link_test *test = row;

	if (!link_test_next(dump->after, monotonic_us(), test))
		return false;
	dump->after = test->interface;
	return true;
}

static bool next_port_counters(struct dump *dump, void *row)
{
	struct api_port port;

	while (port_next(dump->after, &port)) {
		dump->after = port.id + 1;
		if (port_counters(port.id, row))
			return true;
	}
	return false;
}

static void next_phase(struct dump *dump)
{
	dump->phase++;
	dump->after = 0;
}

/* All interfaces, then what each port received and could give to none. */
static bool next_interface_counters(struct dump *dump, void *row)
{
	struct api_interface_counters *counters = row;
	struct api_interface interface;
	struct api_port port;

	if (dump->phase == 0 && next_interface(dump, &interface)) {
		counters->interface = interface.id;
		counters->port = interface.port;
		memcpy(counters->name, interface.name, sizeof(counters->name));
		memcpy(counters->circuit, interface.circuit, sizeof(counters->circuit));
		counters->life = interface_life(interface.id);
		counters_read(interface.id, &counters->ledger);
		peaks_read(interface.id, counters->peaks);
		return true;
	}
	if (dump->phase == 0)
		next_phase(dump);
	if (!next_port(dump, &port))
		return false;
	counters->port = port.id;
	memcpy(counters->name, port.name, sizeof(counters->name));
	counters_read(COUNTERS_PORT(port.id), &counters->ledger);
	return true;
}

static bool next_worker(struct dump *dump, void *row)
{
	while (dump->after < worker_count())
		if (worker_stats(dump->after++, row))
			return true;
	return false;
}

static void vrf_memory(const struct api_vrf *vrf, struct api_memory *memory)
{
	/* "vrf " shortens the longest names; the ids are in the vrf dump. */
	snprintf(memory->name, sizeof(memory->name), "vrf %.*s", API_NAME_MAX - 5, vrf->name);
	memory->used_bytes = vrf->fib_bytes + vrf->rib_bytes;
	memory->used = (uint64_t)vrf->routes4 + vrf->routes6;
}

static void nexthop_memory(uint32_t which, struct api_memory *memory)
{
	uint32_t adjacencies, groups;
	uint64_t bytes;

	nexthop_usage(&adjacencies, &groups, &bytes);
	if (which == 0) {
		snprintf(memory->name, sizeof(memory->name), "adjacencies");
		memory->used = adjacencies;
		memory->capacity = API_ADJACENCIES_MAX - 1;
		memory->used_bytes = (uint64_t)adjacencies * sizeof(struct adjacency);
		return;
	}
	snprintf(memory->name, sizeof(memory->name), "next-hop groups");
	memory->used = groups;
	memory->capacity = API_GROUPS_MAX - API_GROUP_FIRST;
	memory->used_bytes = (uint64_t)groups * sizeof(struct group);
}

static void routes_memory(struct api_memory *memory)
{
	uint32_t routes, limit;

	route_usage(&routes, &limit);
	snprintf(memory->name, sizeof(memory->name), "routes");
	memory->used = routes;
	memory->capacity = limit;
}

/* Packet buffers, then each vrf, then the next-hop tables, then the routes of all. */
static bool next_memory(struct dump *dump, void *row)
{
	struct api_vrf vrf;

	if (dump->phase == 0) {
		if (pools_usage(dump->after++, row))
			return true;
		next_phase(dump);
	}
	if (dump->phase == 1) {
		if (next_vrf(dump, &vrf)) {
			vrf_memory(&vrf, row);
			return true;
		}
		next_phase(dump);
	}
	if (dump->after > 2)
		return false;
	if (dump->after == 2)
		routes_memory(row);
	else
		nexthop_memory(dump->after, row);
	dump->after++;
	return true;
}

static bool next_bfd_key(struct dump *dump, void *row)
{
	return bfd_key_next(&dump->after, row);
}

static bool next_bfd_session(struct dump *dump, void *row)
{
	return bfd_next_row(&dump->after, row);
}

static const next_row rows_of[] = {
	[API_PORT] = next_port,
	[API_VRF] = next_vrf,
	[API_INTERFACE] = next_interface,
	[API_ADJACENCY] = next_adjacency,
	[API_GROUP] = next_group,
	[API_ROUTE] = next_route,
	[API_POLICER] = next_policer,
	[API_PATH] = next_path,
	[API_LINK_TEST] = next_link_test,
	[API_PORT_COUNTERS] = next_port_counters,
	[API_INTERFACE_COUNTERS] = next_interface_counters,
	[API_WORKER] = next_worker,
	[API_MEMORY] = next_memory,
	[API_BFD_KEY] = next_bfd_key,
	[API_BFD_SESSION] = next_bfd_session,
};

static int end(struct dump *dump, struct api_ack *ack, struct stream *stream)
{
	struct stream_part parts[2] = {{ack, sizeof(*ack)}};

	dump->active = false;
	return stream_append(stream, API_DUMP_END, dump->sequence, parts, NULL, 0);
}

int dump_start(
	struct dump *dump, uint32_t sequence, const struct api_dump *request, struct stream *stream)
{
	struct api_ack ack = {0};

	memset(dump, 0, sizeof(*dump));
	dump->sequence = sequence;
	dump->object = request->object;
	dump->route.vrf = request->vrf;
	dump->route.only = request->vrf != 0;
	if (api_row_size(request->object) == 0)
		ack_error(&ack, -EINVAL, "object %u is not for dumps", request->object);
	else if (request->vrf >= API_VRFS_MAX ||
		 (request->vrf != 0 && request->object != API_ROUTE))
		ack_error(&ack, -EINVAL, "vrf %u: only routes are dumped by vrf, and ids end at %u",
			request->vrf, API_VRFS_MAX - 1);
	else if (server_state.state == API_STATE_EMPTY)
		; /* no tables yet: no rows */
	else if (request->vrf != 0 && !vrf_exists(request->vrf))
		ack_error(&ack, -ENOENT, "there is no vrf %u", request->vrf);
	else
		dump->active = true;
	return dump->active ? 0 : end(dump, &ack, stream);
}

int dump_step(struct dump *dump, struct stream *stream)
{
	/* Main thread only, and rows are copied out before return. */
	static _Alignas(8) uint8_t bytes[ROWS_BYTES];
	uint32_t row_length = api_row_size(dump->object);
	struct api_rows rows = {.object = dump->object, .row_length = row_length};
	struct api_ack ack = {0};
	struct stream_part parts[2] = {{&rows, sizeof(rows)}, {bytes, 0}};

	while (!dump->finished && parts[1].length + row_length <= sizeof(bytes)) {
		uint8_t *row = bytes + parts[1].length;

		memset(row, 0, row_length);
		if (!rows_of[dump->object](dump, row)) {
			dump->finished = true;
			break;
		}
		parts[1].length += row_length;
		rows.count++;
	}
	dump->count += rows.count;
	if (rows.count > 0)
		return stream_append(stream, API_ROWS, dump->sequence, parts, NULL, 0);
	ack.count = dump->count;
	return end(dump, &ack, stream);
}
