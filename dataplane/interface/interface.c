/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/interface/interface.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/interface/capture.h"
#include "dataplane/interface/classifier.h"
#include "dataplane/interface/link_test.h"
#include "dataplane/interface/tap.h"
#include "dataplane/nexthop/nexthop.h"
#include "dataplane/nexthop/path.h"
#include "dataplane/policer/policer.h"
#include "dataplane/port/port.h"
#include "dataplane/punt/punt.h"
#include "dataplane/vrf/vrf.h"
#include "dataplane/worker/counters.h"
#include "dataplane/worker/mark.h"
#include "dataplane/worker/peaks.h"
#include "dataplane/worker/reclaim.h"

/* The least IPv6 allows on a link (RFC 8200 5); IPv4 needs less (RFC 791 3.2). */
#define MTU_MIN 1280u

#define VID_MAX 4094u /* 4095 is reserved (802.1Q 9.6) */

struct interface *interface_table[API_INTERFACES_MAX];
uint32_t interface_source_checks[API_PORTS_MAX];

/* Main thread only. */
static uint32_t references[API_INTERFACES_MAX];
static uint32_t last_epoch;

/* Unique to each life of an id, but for 2^32 lives. */
static uint32_t next_epoch(void)
{
	if (++last_epoch == 0)
		last_epoch = 1;
	return last_epoch;
}

static int check(const struct api_interface *api)
{
	if (api->id == 0 || api->id >= API_INTERFACES_MAX || api->port >= API_PORTS_MAX)
		return -EINVAL;
	if (api->s_tag > VID_MAX || api->c_tag > VID_MAX)
		return -EINVAL;
	if (api->s_tag != API_TAG_NONE && api->c_tag == API_TAG_NONE)
		return -EINVAL;
	if (api->prefix_len4 > 32 || api->prefix_len6 > 128 || api->urpf >= API_URPF_COUNT ||
		api->ttl_security > 1)
		return -EINVAL;
	for (unsigned int i = 0; i < API_BUDGETS; i++)
		if (api->budget_pps[i] > API_BUDGET_PPS_MAX)
			return -EINVAL;

	const struct port *port = port_get(api->port);

	if (port == NULL || !vrf_exists(api->vrf))
		return -ENOENT;
	if (!policer_exists(api->policer_in) || !policer_exists(api->policer_out))
		return -ENOENT;
	if (api->mtu < MTU_MIN || api->mtu > port->mtu)
		return -EINVAL;

	uint32_t owner = classifier_find(api->port, api->s_tag, api->c_tag);

	if (owner == 0 || owner == api->id)
		return 0;
	/* Who was not named since the last snapshot began loses its tags (take_tags). */
	return interface_table[owner]->mark == table_mark ? -EEXIST : 0;
}

static void write_tag(uint8_t *at, uint16_t ethertype, uint16_t vid)
{
	at[0] = ethertype >> 8;
	at[1] = ethertype & 0xff;
	at[2] = vid >> 8; /* priority 0, not drop eligible */
	at[3] = vid & 0xff;
}

static void write_tags(struct interface *interface, const struct port *port)
{
	const struct api_interface *api = &interface->api;
	uint8_t *at = interface->tags;

	if (api->s_tag != API_TAG_NONE) {
		write_tag(at, port->outer_ethertype, api->s_tag);
		at += 4;
	}
	if (api->c_tag != API_TAG_NONE) {
		write_tag(at, RTE_ETHER_TYPE_VLAN, api->c_tag);
		at += 4;
	}
	interface->tag_bytes = at - interface->tags;
}

static uint32_t broadcast4(const struct api_interface *api)
{
	uint32_t address;

	memcpy(&address, api->address4, sizeof(address));
	if (address == 0 || api->prefix_len4 > 30)
		return 0;
	return address | rte_cpu_to_be_32(UINT32_MAX >> api->prefix_len4);
}

/* Not published yet; NULL: no memory. */
static struct interface *build(const struct api_interface *api, uint32_t epoch, int tap_fd)
{
	const struct port *port = port_get(api->port);
	struct interface *interface = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*interface));

	if (interface == NULL)
		return NULL;
	memset(interface, 0, sizeof(*interface));
	interface->id = api->id;
	interface->epoch = epoch;
	interface->vrf = api->vrf;
	interface->account = COUNTERS_ACCOUNT(api->id);
	interface->cut = link_test_cuts(api->id);
	interface->watched = capture_watch(api);
	interface->policer_in =
		interface->cut || interface->watched != 0 ? POLICER_CLOSED : api->policer_in;
	interface->policer_out = api->policer_out;
	interface->urpf = interface->cut ? API_URPF_OFF : api->urpf;
	interface->port = api->port;
	/* The port's may have become smaller since. */
	interface->mtu = RTE_MIN(api->mtu, port->mtu);
	memcpy(&interface->address4, api->address4, sizeof(interface->address4));
	interface->broadcast4 = broadcast4(api);
	interface->mark = table_mark;
	memcpy(interface->address6, api->address6, sizeof(interface->address6));
	memcpy(interface->link_local6, api->link_local6, sizeof(interface->link_local6));
	interface->mac = port->mac;
	interface->tap_fd = tap_fd;
	interface->api = *api;
	interface->api.has_tap = tap_fd >= 0;
	write_tags(interface, port);
	return interface;
}

static bool is_same(const struct interface *a, const struct interface *b)
{
	struct interface copy = *a;

	copy.mark = b->mark;
	return memcmp(&copy, b, sizeof(copy)) == 0;
}

static bool is_same_rewrite(const struct interface *a, const struct interface *b)
{
	return a->port == b->port && a->mtu == b->mtu && a->cut == b->cut &&
	       a->watched == b->watched && a->policer_out == b->policer_out &&
	       a->tag_bytes == b->tag_bytes && memcmp(a->tags, b->tags, sizeof(a->tags)) == 0 &&
	       rte_is_same_ether_addr(&a->mac, &b->mac);
}

static bool is_same_tags(const struct interface *a, const struct interface *b)
{
	return a->port == b->port && a->api.s_tag == b->api.s_tag && a->api.c_tag == b->api.c_tag;
}

/* Waits until no packet that came with the old tags, and has the id in hand, looks it up any more:
 * those tags may be somebody else's the next moment. */
static void leave_tags(const struct interface *old)
{
	if (classifier_find(old->port, old->api.s_tag, old->api.c_tag) != old->id)
		return; /* somebody else's already */
	classifier_hide(old->port, old->api.s_tag, old->api.c_tag);
	reclaim_id_retired();
	reclaim_ids_settle();
}

static void forget_tags(const struct api_interface *api)
{
	uint32_t owner = classifier_find(api->port, api->s_tag, api->c_tag);

	if (owner == 0 || owner == api->id)
		classifier_clear(api->port, api->s_tag, api->c_tag);
}

/* A snapshot gives an interface the tags that another one has until it is named with others, or
 * swept: two may swap theirs, and one may go whose tags the next gets. The other one sends nothing
 * until then. */
static int take_tags(const struct api_interface *api)
{
	uint32_t owner = classifier_find(api->port, api->s_tag, api->c_tag);
	int error;

	if (owner == 0 || owner == api->id)
		return 0;
	error = adjacency_interface_mute(owner);
	if (error == 0)
		leave_tags(interface_table[owner]);
	return error;
}

static void hold_others(const struct interface *interface)
{
	vrf_hold(interface->vrf);
	policer_hold(interface->api.policer_in); /* also while it is cut */
	policer_hold(interface->policer_out);
}

static void release_others(const struct interface *interface)
{
	vrf_release(interface->vrf);
	policer_release(interface->api.policer_in);
	policer_release(interface->policer_out);
}

static void count_source_checks(const struct interface *interface, uint32_t change)
{
	if (interface->urpf != API_URPF_OFF)
		__atomic_fetch_add(
			&interface_source_checks[interface->port], change, __ATOMIC_RELEASE);
}

static void replace_struct(struct interface *old, struct interface *new)
{
	hold_others(new);
	count_source_checks(new, 1);
	__atomic_store_n(&interface_table[new->id], new, __ATOMIC_RELEASE);
	if (old == NULL)
		return;
	count_source_checks(old, -1u);
	release_others(old);
	reclaim_later(old, free);
}

/* The new struct takes the old one's place, which may be NULL. */
static int publish(struct interface *old, struct interface *new)
{
	struct api_interface before = old == NULL ? new->api : old->api;
	bool moves = old != NULL && !is_same_tags(old, new);
	bool rewrite_changed = old != NULL && !is_same_rewrite(old, new);
	int error = classifier_reserve(new->port, new->api.s_tag);

	if (error != 0)
		return error;
	if (moves)
		leave_tags(old);
	replace_struct(old, new);
	error = classifier_set(new->port, new->api.s_tag, new->api.c_tag, new->id);
	if (moves) {
		forget_tags(&before);
		path_interface_changed(new->id);
	}
	if (error == 0 && rewrite_changed)
		error = adjacency_interface_changed(new->id);
	/* Nor may the next owner of the tags be sent what was rewritten before. */
	if (moves)
		reclaim_id_retired();
	return error;
}

/* The old TAP is no longer read when the new one comes, so that no frame overtakes another. */
static int change_tap(struct interface *interface, int old_fd)
{
	if (old_fd >= 0) {
		punt_unwatch(interface->id, old_fd);
		tap_close_later(old_fd);
	}

	int error = punt_watch(interface->id, interface->epoch, interface->tap_fd);

	if (error == 0) {
		const struct port *port = port_get(interface->port);

		tap_set_carrier(
			interface->tap_fd, __atomic_load_n(&port->link_up, __ATOMIC_RELAXED));
		return 0;
	}
	/* The one change to a published struct: without a reader the TAP must not be used. */
	tap_close_later(interface->tap_fd);
	interface->api.has_tap = 0;
	__atomic_store_n(&interface->tap_fd, -1, __ATOMIC_RELEASE);
	return error;
}

static int replace(const struct api_interface *api, int tap_fd)
{
	struct interface *old = interface_table[api->id];
	int old_fd = old == NULL ? -1 : old->tap_fd;
	struct interface *new =
		build(api, old == NULL ? next_epoch() : old->epoch, tap_fd >= 0 ? tap_fd : old_fd);

	if (new == NULL)
		return -ENOMEM;
	if (old != NULL && is_same(old, new)) {
		old->mark = table_mark;
		free(new);
		return 0;
	}
	if (old == NULL) {
		reclaim_ids_settle();
		counters_reset(api->id);
		peaks_watch(api->id);
	}

	int error = publish(old, new);

	if (interface_table[api->id] != new)
		free(new);
	return error;
}

static void unlink_interface(struct interface *interface)
{
	uint32_t id = interface->id;

	forget_tags(&interface->api);
	__atomic_store_n(&interface_table[id], NULL, __ATOMIC_RELEASE);
	if (interface->tap_fd >= 0) {
		punt_unwatch(id, interface->tap_fd);
		tap_close_later(interface->tap_fd);
	}
	count_source_checks(interface, -1u);
	release_others(interface);
	link_test_forget(id);
	peaks_forget(id);
	reclaim_id_retired();
	reclaim_later(interface, free);
}

/* In another domain an id is another interface: nothing of the old one, neither packets in queues
 * nor its TAP, may come along. Neighbours hold it, for routes of the old domain lead to them. */
static int leave_domain(const struct api_interface *api)
{
	struct interface *old = interface_table[api->id];

	if (old == NULL || old->vrf == api->vrf)
		return 0;
	if (references[api->id] != 0)
		return -EBUSY;
	unlink_interface(old);
	return 0;
}

int interface_upsert(const struct api_interface *api, int tap_fd)
{
	int error = check(api);

	if (error == 0)
		error = leave_domain(api);
	if (error == 0)
		error = take_tags(api);

	int old_fd = error == 0 ? interface_tap(api->id) : -1;

	if (error == 0)
		error = replace(api, tap_fd);
	if (tap_fd < 0)
		return error;
	/* An error after publication leaves the new TAP with its interface. */
	if (error != 0 && interface_tap(api->id) != tap_fd) {
		close(tap_fd);
		return error;
	}

	int tap_error = change_tap(interface_table[api->id], old_fd);

	return error != 0 ? error : tap_error;
}

int interface_delete(uint32_t id)
{
	if (id == 0 || id >= API_INTERFACES_MAX)
		return -EINVAL;
	if (interface_table[id] == NULL)
		return 0;
	if (references[id] != 0)
		return -EBUSY;
	unlink_interface(interface_table[id]);
	return 0;
}

uint32_t interface_sweep(void)
{
	uint32_t swept = 0;

	for (uint32_t id = 1; id < API_INTERFACES_MAX; id++) {
		const struct interface *interface = interface_table[id];

		if (interface == NULL || interface->mark == table_mark)
			continue;
		if (interface_delete(id) == 0)
			swept++;
	}
	return swept;
}

bool interface_next(uint32_t after, struct api_interface *api)
{
	for (uint32_t id = after + 1; id < API_INTERFACES_MAX; id++) {
		if (interface_table[id] == NULL)
			continue;
		*api = interface_table[id]->api;
		return true;
	}
	return false;
}

uint32_t interface_life(uint32_t id)
{
	return interface_table[id] != NULL ? interface_table[id]->epoch : 0;
}

int interface_tap(uint32_t id)
{
	if (id >= API_INTERFACES_MAX || interface_table[id] == NULL)
		return -ENOENT;
	return interface_table[id]->tap_fd >= 0 ? interface_table[id]->tap_fd : -ENOENT;
}

void interface_hold(uint32_t id)
{
	references[id]++;
}

void interface_release(uint32_t id)
{
	references[id]--;
}

bool interface_on_port(uint32_t port)
{
	for (uint32_t id = 1; id < API_INTERFACES_MAX; id++) {
		if (interface_table[id] != NULL && interface_table[id]->port == port)
			return true;
	}
	return false;
}

/* What it is made of changed, what it was told did not. */
static int rebuild(struct interface *old)
{
	struct interface *new = build(&old->api, old->epoch, old->tap_fd);
	int error;

	if (new == NULL)
		return -ENOMEM;
	new->mark = old->mark; /* no word of the snapshot */
	error = publish(old, new);
	if (interface_table[new->id] != new)
		free(new);
	return error;
}

int interface_refresh(uint32_t id)
{
	return interface_table[id] != NULL ? rebuild(interface_table[id]) : -ENOENT;
}

int interface_port_changed(uint32_t port)
{
	int result = 0;

	if (port >= API_PORTS_MAX)
		return -EINVAL;
	if (port_get(port) == NULL)
		return -ENOENT;
	for (uint32_t id = 1; id < API_INTERFACES_MAX; id++) {
		struct interface *old = interface_table[id];
		int error;

		if (old == NULL || old->port != port)
			continue;
		error = rebuild(old);
		if (error == -ENOMEM && interface_table[id] == old)
			return error;
		if (error != 0)
			result = error;
	}
	return result;
}

void interface_port_carrier(uint32_t port, bool up)
{
	for (uint32_t id = 1; id < API_INTERFACES_MAX; id++) {
		const struct interface *interface = interface_table[id];

		if (interface != NULL && interface->port == port && interface->tap_fd >= 0)
			tap_set_carrier(interface->tap_fd, up);
	}
}

void interface_fini(void)
{
	for (uint32_t id = 1; id < API_INTERFACES_MAX; id++) {
		if (interface_table[id] != NULL)
			unlink_interface(interface_table[id]);
	}
	classifier_fini();
}
