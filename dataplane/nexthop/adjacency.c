/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <rte_ether.h>

#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/internal.h"
#include "dataplane/nexthop/nexthop.h"
#include "dataplane/nexthop/path.h"
#include "dataplane/policer/policer.h"
#include "dataplane/worker/mark.h"
#include "dataplane/worker/reclaim.h"

struct adjacency *adjacency_table[API_ADJACENCIES_MAX];

/* Main thread only. */
static uint32_t references[API_ADJACENCIES_MAX]; /* by groups */
static uint32_t highest;                         /* no id above it was ever used */
static uint32_t count;
static void (*watcher)(const struct api_adjacency *api, bool there);

static void tell_watcher(const struct adjacency *adjacency, bool there)
{
	if (watcher != NULL)
		watcher(&adjacency->api, there);
}

void adjacency_watch(void (*changed)(const struct api_adjacency *api, bool there))
{
	watcher = changed;
}

uint32_t adjacency_find(uint32_t interface, uint8_t family, const uint8_t address[16])
{
	size_t bytes = family == AF_INET ? 4 : 16;

	for (uint32_t id = 1; id <= highest; id++) {
		const struct adjacency *adjacency = adjacency_table[id];

		if (adjacency != NULL && adjacency->resolved && adjacency->interface == interface &&
			adjacency->api.family == family &&
			memcmp(adjacency->api.address, address, bytes) == 0)
			return id;
	}
	return 0;
}

static int check(const struct api_adjacency *api)
{
	if (api->id == 0 || api->id >= API_ADJACENCIES_MAX)
		return -EINVAL;
	if (api->family != AF_INET && api->family != AF_INET6)
		return -EINVAL;
	if (api->interface == 0 || api->interface >= API_INTERFACES_MAX)
		return -EINVAL;
	if (interface_get(api->interface) == NULL ||
		!path_fits(api->path, api->interface, api->family))
		return -ENOENT;

	struct rte_ether_addr mac;

	memcpy(&mac, api->mac, sizeof(mac));
	if (api->resolved && !rte_is_valid_assigned_ether_addr(&mac))
		return -EINVAL;
	return 0;
}

/* While groups hold it an adjacency stays in its domain, else the packets of that domain's routes
 * would follow it into another. */
static bool is_held_elsewhere(const struct api_adjacency *api)
{
	const struct adjacency *old = adjacency_table[api->id];

	return old != NULL && references[api->id] != 0 &&
	       interface_get(old->interface)->vrf != interface_get(api->interface)->vrf;
}

/* The whole layer-2 header: destination, source, tags, EtherType. */
static void write_template(struct adjacency *adjacency, const struct interface *interface)
{
	uint8_t bytes = RTE_ETHER_HDR_LEN + interface->tag_bytes;
	uint8_t *at = adjacency->template + TEMPLATE_BYTES - bytes;

	memcpy(at, adjacency->api.mac, RTE_ETHER_ADDR_LEN);
	at += RTE_ETHER_ADDR_LEN;
	memcpy(at, &interface->mac, RTE_ETHER_ADDR_LEN);
	at += RTE_ETHER_ADDR_LEN;
	memcpy(at, interface->tags, interface->tag_bytes);
	at += interface->tag_bytes;
	*at++ = RTE_ETHER_TYPE_IPV4 >> 8;
	*at++ = RTE_ETHER_TYPE_IPV4 & 0xff;
	adjacency->template_bytes = bytes;
}

static struct adjacency *build(const struct api_adjacency *api, uint8_t mark)
{
	const struct interface *interface = interface_get(api->interface);
	struct adjacency *adjacency = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*adjacency));

	if (adjacency == NULL)
		return NULL;
	memset(adjacency, 0, sizeof(*adjacency));
	adjacency->id = api->id;
	adjacency->interface = api->interface;
	adjacency->account = interface->account;
	adjacency->policer_out = interface->policer_out;
	adjacency->liveness = api->path != 0 ? api->path : PATH_PORT(interface->port);
	adjacency->port = interface->port;
	adjacency->mtu = interface->mtu;
	adjacency->kind = ADJACENCY_ETHERNET;
	adjacency->resolved = api->resolved != 0;
	adjacency->cut = interface->cut;
	if (adjacency->resolved && !interface->cut && interface->watched == 0)
		adjacency->open_mtu = adjacency->mtu;
	adjacency->mark = mark;
	adjacency->api = *api;
	write_template(adjacency, interface);
	return adjacency;
}

static bool is_same(const struct adjacency *a, const struct adjacency *b)
{
	struct adjacency copy = *a;

	copy.mark = b->mark;
	return memcmp(&copy, b, sizeof(copy)) == 0;
}

static void publish(struct adjacency *old, struct adjacency *new)
{
	if (old == NULL)
		reclaim_ids_settle();
	interface_hold(new->interface);
	policer_hold(new->policer_out);
	path_hold(new->api.path);
	__atomic_store_n(&adjacency_table[new->id], new, __ATOMIC_RELEASE);
	if (old == NULL) {
		count++;
		tell_watcher(new, true);
		return;
	}
	if (old->interface != new->interface ||
		memcmp(old->api.address, new->api.address, sizeof(new->api.address)) != 0)
		tell_watcher(old, false);
	tell_watcher(new, true);
	interface_release(old->interface);
	policer_release(old->policer_out);
	path_release(old->api.path);
	reclaim_later(old, free);
}

int adjacency_upsert(const struct api_adjacency *api)
{
	int error = check(api);

	if (error != 0)
		return error;
	if (is_held_elsewhere(api))
		return -EBUSY;

	struct adjacency *old = adjacency_table[api->id];
	struct adjacency *new = build(api, table_mark);

	if (new == NULL)
		return -ENOMEM;
	if (old != NULL && is_same(old, new)) {
		old->mark = table_mark;
		free(new);
		return 0;
	}
	if (api->id > highest)
		highest = api->id;
	publish(old, new);
	return 0;
}

static void unlink_adjacency(struct adjacency *adjacency)
{
	__atomic_store_n(&adjacency_table[adjacency->id], NULL, __ATOMIC_RELEASE);
	interface_release(adjacency->interface);
	policer_release(adjacency->policer_out);
	path_release(adjacency->api.path);
	count--;
	tell_watcher(adjacency, false);
	reclaim_id_retired();
	reclaim_later(adjacency, free);
}

int adjacency_delete(uint32_t id)
{
	if (id == 0 || id >= API_ADJACENCIES_MAX)
		return -EINVAL;
	if (adjacency_table[id] == NULL)
		return 0;
	if (references[id] != 0)
		return -EBUSY;
	unlink_adjacency(adjacency_table[id]);
	return 0;
}

uint32_t adjacency_sweep(void)
{
	uint32_t swept = 0;

	for (uint32_t id = 1; id <= highest; id++) {
		const struct adjacency *adjacency = adjacency_table[id];

		if (adjacency == NULL || adjacency->mark == table_mark)
			continue;
		if (adjacency_delete(id) == 0)
			swept++;
	}
	return swept;
}

bool adjacency_next(uint32_t after, struct api_adjacency *api)
{
	for (uint64_t id = (uint64_t)after + 1; id <= highest; id++) {
		if (adjacency_table[id] == NULL)
			continue;
		*api = adjacency_table[id]->api;
		return true;
	}
	return false;
}

static int rebuild_of(uint32_t interface, bool mute)
{
	for (uint32_t id = 1; id <= highest; id++) {
		struct adjacency *old = adjacency_table[id];

		if (old == NULL || old->interface != interface)
			continue;

		struct api_adjacency api = old->api;
		struct adjacency *new;

		if (mute)
			api.resolved = 0;
		new = build(&api, old->mark);
		if (new == NULL)
			return -ENOMEM;
		publish(old, new);
	}
	return 0;
}

int adjacency_interface_changed(uint32_t interface)
{
	return rebuild_of(interface, false);
}

int adjacency_interface_mute(uint32_t interface)
{
	return rebuild_of(interface, true);
}

bool adjacency_exists(uint32_t id)
{
	return id != 0 && id < API_ADJACENCIES_MAX && adjacency_table[id] != NULL;
}

void adjacency_hold(uint32_t id)
{
	references[id]++;
}

void adjacency_release(uint32_t id)
{
	references[id]--;
}

uint32_t adjacency_count(void)
{
	return count;
}

void adjacency_fini(void)
{
	for (uint32_t id = 1; id <= highest; id++) {
		if (adjacency_table[id] != NULL)
			unlink_adjacency(adjacency_table[id]);
	}
	highest = 0;
}
