/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>

#include "dataplane/api/clock.h"
#include "dataplane/bfd/bfd.h"
#include "dataplane/interface/interface.h"
#include "dataplane/interface/link_test.h"
#include "dataplane/nexthop/nexthop.h"
#include "dataplane/nexthop/path.h"
#include "dataplane/policer/policer.h"
#include "dataplane/port/port.h"
#include "dataplane/server/batch.h"
#include "dataplane/server/state.h"
#include "dataplane/vrf/vrf.h"

/* BATCH_ITEMS_MAX counts with the smallest item. */
static_assert(sizeof(struct api_adjacency) >= sizeof(struct api_route), "smallest item");
static_assert(sizeof(struct api_link_test) >= sizeof(struct api_route), "smallest item");
static_assert(sizeof(struct api_path) >= sizeof(struct api_route), "smallest item");
static_assert(sizeof(struct api_bfd_key) >= sizeof(struct api_route), "smallest item");
static_assert(sizeof(struct api_group) >= sizeof(struct api_route), "smallest item");
static_assert(sizeof(struct api_vrf) >= sizeof(struct api_route), "smallest item");
static_assert(sizeof(struct api_policer) >= sizeof(struct api_route), "smallest item");

static bool terminated(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static int apply_port(const struct api_port *port, bool upsert)
{
	if (port->id >= API_PORTS_MAX || !terminated(port->name, sizeof(port->name)) ||
		!terminated(port->device, sizeof(port->device)))
		return -EINVAL;
	return upsert ? port_upsert(port) : port_delete(port->id);
}

static int apply_vrf(const struct api_vrf *vrf, bool upsert)
{
	if (vrf->id == 0 || vrf->id >= API_VRFS_MAX || !terminated(vrf->name, sizeof(vrf->name)))
		return -EINVAL;
	return upsert ? vrf_upsert(vrf) : vrf_delete(vrf->id);
}

/* tap: -1, or the TAP, whose ownership passes here. */
static int apply_interface(const struct api_interface *interface, bool upsert, int tap)
{
	if (interface->id == 0 || interface->id >= API_INTERFACES_MAX ||
		interface->policer_in >= API_POLICERS_MAX ||
		interface->policer_out >= API_POLICERS_MAX || interface->port >= API_PORTS_MAX ||
		interface->vrf >= API_VRFS_MAX ||
		!terminated(interface->name, sizeof(interface->name)) ||
		!terminated(interface->circuit, sizeof(interface->circuit))) {
		if (tap >= 0)
			close(tap);
		return -EINVAL;
	}
	return upsert ? interface_upsert(interface, tap) : interface_delete(interface->id);
}

static int apply_adjacency(const struct api_adjacency *adjacency, bool upsert)
{
	if (adjacency->id == 0 || adjacency->id >= API_ADJACENCIES_MAX ||
		adjacency->interface >= API_INTERFACES_MAX || adjacency->path >= API_PATHS_MAX)
		return -EINVAL;
	return upsert ? adjacency_upsert(adjacency) : adjacency_delete(adjacency->id);
}

/* Before the first snapshot ends no port receives: its end commits all routes together, which costs
 * a fraction of building the FIBs anew with every batch. */
static bool routes_are_looked_at(void)
{
	return server_state.state != API_STATE_LOADING || !server_state.in_snapshot;
}

static int apply_group(const struct api_group *group, bool upsert)
{
	if (group->id < API_GROUP_FIRST || group->id >= API_GROUPS_MAX ||
		group->count > API_GROUP_MEMBERS_MAX)
		return -EINVAL;
	for (uint32_t i = 0; i < group->count; i++)
		if (group->adjacencies[i] == 0 || group->adjacencies[i] >= API_ADJACENCIES_MAX)
			return -EINVAL;
	if (upsert)
		return group_upsert(group);
	/* A route that moved off this group earlier in the batch must not send packets to it. */
	if (routes_are_looked_at() && group_exists(group->id) && vrf_commit() != 0)
		return -ENOMEM;
	return group_delete(group->id);
}

static int apply_route(const struct api_route *route, bool upsert)
{
	if (route->vrf == 0 || route->vrf >= API_VRFS_MAX || route->leaked_from >= API_VRFS_MAX ||
		route->group >= API_GROUPS_MAX)
		return -EINVAL;
	return upsert ? route_upsert(route) : route_delete(route);
}

static int apply_policer(const struct api_policer *policer, bool upsert)
{
	if (policer->id == 0 || policer->id >= API_POLICERS_MAX ||
		!terminated(policer->name, sizeof(policer->name)))
		return -EINVAL;
	return upsert ? policer_upsert(policer, rte_rdtsc()) : policer_delete(policer->id);
}

static int apply_path(const struct api_path *path, bool upsert)
{
	if (path->id == 0 || path->id >= API_PATHS_MAX || path->interface >= API_INTERFACES_MAX)
		return -EINVAL;
	return upsert ? path_upsert(path) : path_delete(path->id);
}

static int apply_link_test(const struct api_link_test *test, bool upsert)
{
	return upsert ? link_test_upsert(test, monotonic_us(), bfd_watches)
		      : link_test_delete(test->interface, monotonic_us());
}

static int apply(const struct api_item *item, const void *payload, int tap)
{
	bool upsert = item->operation == API_UPSERT;
	int error;

	switch (item->object) {
	case API_PORT:
		error = apply_port(payload, upsert);
		break;
	case API_VRF:
		error = apply_vrf(payload, upsert);
		break;
	case API_INTERFACE:
		error = apply_interface(payload, upsert, tap);
		break;
	case API_ADJACENCY:
		error = apply_adjacency(payload, upsert);
		break;
	case API_GROUP:
		error = apply_group(payload, upsert);
		break;
	case API_ROUTE:
		error = apply_route(payload, upsert);
		break;
	case API_POLICER:
		error = apply_policer(payload, upsert);
		break;
	case API_PATH:
		error = apply_path(payload, upsert);
		break;
	case API_LINK_TEST:
		error = apply_link_test(payload, upsert);
		break;
	case API_BFD_KEY:
		error = upsert ? bfd_key_upsert(payload) : bfd_key_delete(payload);
		break;
	default:
		return -EINVAL; /* batch_check lets none through */
	}
	/* What is not there is deleted. */
	return !upsert && error == -ENOENT ? 0 : error;
}

static bool wants_tap(const struct api_item *item, const void *payload)
{
	return item->object == API_INTERFACE && item->operation == API_UPSERT &&
	       ((const struct api_interface *)payload)->has_tap;
}

static size_t item_bytes(const struct api_item *item)
{
	return sizeof(*item) + ((item->length + 7u) & ~7u);
}

static int check_item(
	const struct api_item *item, size_t left, uint32_t number, struct api_ack *ack)
{
	uint32_t size;

	if (left < sizeof(*item)) {
		ack_error(ack, -EPROTO, "item %u: %zu bytes are no item header", number, left);
		return -EPROTO;
	}
	size = api_item_size(item->object);
	if (size == 0)
		ack_error(ack, -EPROTO, "item %u: object %u is not for batches", number,
			item->object);
	else if (item->operation != API_UPSERT && item->operation != API_DELETE)
		ack_error(ack, -EPROTO, "item %u: unknown operation %u", number, item->operation);
	else if (item->length != size)
		ack_error(ack, -EPROTO, "item %u: %u bytes of object %u, %u are right", number,
			item->length, item->object, size);
	else if (item_bytes(item) > left)
		ack_error(ack, -EPROTO, "item %u: runs over the end of the message", number);
	return ack->error;
}

int batch_check(const struct api_message *message, struct api_ack *ack)
{
	const uint8_t *at = message->payload;
	size_t left = message->payload_length;
	uint32_t taps = 0;

	for (uint32_t number = 0; left > 0; number++) {
		const struct api_item *item = (const struct api_item *)at;

		if (check_item(item, left, number, ack) != 0)
			return ack->error;
		taps += wants_tap(item, item + 1);
		at += item_bytes(item);
		left -= item_bytes(item);
	}
	if (taps != message->fd_count)
		ack_error(ack, -EPROTO, "%u interfaces want a TAP, %u fds came", taps,
			message->fd_count);
	return ack->error;
}

/* The routes are in the RIB but packets do not see them. */
static void fail_routes(const struct api_message *message, int error, int32_t *errors)
{
	const uint8_t *at = message->payload;
	const uint8_t *end = at + message->payload_length;

	for (uint32_t i = 0; at < end; i++) {
		const struct api_item *item = (const struct api_item *)at;

		if (item->object == API_ROUTE && errors[i] == 0)
			errors[i] = error;
		at += item_bytes(item);
	}
}

void batch_apply(
	struct api_message *message, struct api_batch_ack *ack, int32_t errors[BATCH_ITEMS_MAX])
{
	const uint8_t *at = message->payload;
	const uint8_t *end = at + message->payload_length;
	unsigned int fds = 0;
	int error;

	memset(ack, 0, sizeof(*ack));
	while (at < end) {
		const struct api_item *item = (const struct api_item *)at;
		int tap = -1;

		if (wants_tap(item, item + 1)) {
			tap = message->fds[fds];
			message->fds[fds++] = -1;
		}
		errors[ack->count++] = apply(item, item + 1, tap);
		at += item_bytes(item);
	}
	error = routes_are_looked_at() ? vrf_commit() : 0;
	if (error != 0)
		fail_routes(message, error, errors);
	for (uint32_t i = 0; i < ack->count; i++)
		ack->failed += errors[i] != 0;
}
