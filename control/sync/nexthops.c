/* SPDX-License-Identifier: BSD-3-Clause */
/* Adjacencies and the sets of them that routes name. */
#include <errno.h>
#include <linux/neighbour.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "control/log.h"
#include "control/sync/internal.h"

static uint32_t address_hash(uint32_t interface, const struct ip *address)
{
	return hash_bytes(
		interface << 8 | address->family, address->address, sizeof(address->address));
}

uint32_t adjacency_find(const struct sync *sync, uint32_t interface, const struct ip *address)
{
	uint32_t hash = address_hash(interface, address);
	size_t at;
	uint32_t id = table_first(&sync->adjacencies, hash, &at);

	for (; id != 0; id = table_next(&sync->adjacencies, hash, &at)) {
		const struct adjacency_entry *entry = table_at(&sync->adjacencies, id);
		if (entry->interface == interface && entry->address.family == address->family &&
			memcmp(entry->address.address, address->address, 16) == 0)
			return id;
	}
	return 0;
}

bool adjacency_resolved(const struct sync *sync, uint32_t id)
{
	const struct adjacency_entry *entry = table_at(&sync->adjacencies, id);

	return entry->resolved;
}

void adjacency_state(struct sync *sync, uint32_t id)
{
	const struct adjacency_entry *entry = table_at(&sync->adjacencies, id);
	struct api_adjacency item = {.id = id,
		.interface = entry->interface,
		.family = entry->address.family,
		.resolved = entry->resolved,
		.path = path_towards(sync, entry->interface, &entry->address)};

	memcpy(item.mac, entry->mac, sizeof(item.mac));
	memcpy(item.address, entry->address.address, sizeof(item.address));
	session_send(sync, API_ADJACENCY, API_UPSERT, &item);
}

static bool adjacency_unused(const struct adjacency_entry *entry)
{
	return entry->sets == 0 && !entry->neighbour && !entry->peer;
}

static void adjacency_collect(struct sync *sync, uint32_t id)
{
	const struct adjacency_entry *entry = table_at(&sync->adjacencies, id);
	struct api_adjacency item = {
		.id = id, .interface = entry->interface, .family = entry->address.family};

	if (!adjacency_unused(entry))
		return;
	session_send(sync, API_ADJACENCY, API_DELETE, &item);
	table_remove(&sync->adjacencies, id);
}

typedef int (*kernel_ask)(struct kernel *kernel, uint32_t ifindex, const struct ip *address);

/* Interfaces of the plan know their domain; the kernel there does the ARP and ND. */
static void ask_kernel(
	struct sync *sync, uint32_t interface, const struct ip *address, kernel_ask how)
{
	struct domain *domain = sync->by_interface[interface];
	struct domain_link *link = domain ? domain_link(domain, interface) : NULL;
	int error;

	/* The kernel would ask, and keep what never answers, for a subnet that has gone too. */
	if (link == NULL || domain->kernel == NULL || link->ifindex == 0 ||
		!domain_on_link(link, address))
		return;
	error = how(domain->kernel, link->ifindex, address);
	if (error != 0 && error != -ENETDOWN) {
		char text[64];
		log_warning("neighbour", "%s: cannot ask for %s: %s", link->plan.name,
			ip_text(address, text, sizeof(text)), strerror(-error));
	}
}

static uint32_t adjacency_make(struct sync *sync, uint32_t interface, const struct ip *address)
{
	uint32_t id = table_add(&sync->adjacencies, address_hash(interface, address));
	struct adjacency_entry *entry;

	if (id == 0) {
		log_error("sync", "no adjacency id is left for %s",
			sync->by_interface[interface]->name);
		return 0;
	}
	entry = table_at(&sync->adjacencies, id);
	entry->interface = interface;
	entry->address = *address;
	entry->address.prefix_len = address->family == AF_INET ? 32 : 128;
	adjacency_state(sync, id);
	return id;
}

uint32_t adjacency_want(struct sync *sync, uint32_t interface, const struct ip *address)
{
	uint32_t id = adjacency_find(sync, interface, address);

	if (id != 0)
		return id;
	id = adjacency_make(sync, interface, address);
	if (id != 0)
		ask_kernel(sync, interface, address, kernel_resolve);
	return id;
}

void adjacency_want_peer(struct sync *sync, uint32_t interface, const struct ip *address)
{
	uint32_t id = adjacency_want(sync, interface, address);

	if (id == 0)
		return;
	((struct adjacency_entry *)table_at(&sync->adjacencies, id))->peer = true;
	ask_kernel(sync, interface, address, kernel_resolve);
}

void adjacency_unpeer(struct sync *sync, uint32_t interface, const struct ip *address)
{
	uint32_t id = adjacency_find(sync, interface, address);

	if (id == 0)
		return;
	((struct adjacency_entry *)table_at(&sync->adjacencies, id))->peer = false;
	adjacency_collect(sync, id);
}

void adjacency_adopt(struct sync *sync, const struct api_adjacency *row)
{
	struct ip address = {.family = row->family};
	struct adjacency_entry *entry;

	memcpy(address.address, row->address, sizeof(row->address));
	address.prefix_len = row->family == AF_INET ? 32 : 128;
	if (adjacency_find(sync, row->interface, &address) != 0 ||
		!table_claim(&sync->adjacencies, row->id, address_hash(row->interface, &address)))
		return;
	entry = table_at(&sync->adjacencies, row->id);
	entry->interface = row->interface;
	entry->address = address;
	entry->resolved = row->resolved;
	memcpy(entry->mac, row->mac, sizeof(entry->mac));
}

void adjacency_drop_interface(struct sync *sync, uint32_t interface)
{
	uint32_t id = table_walk(&sync->adjacencies, 0);

	for (; id != 0; id = table_walk(&sync->adjacencies, id + 1)) {
		struct adjacency_entry *entry = table_at(&sync->adjacencies, id);
		if (entry->interface != interface)
			continue;
		entry->neighbour = false;
		entry->peer = false;
		adjacency_collect(sync, id);
	}
}

static bool set_has(const struct set_entry *set, uint32_t adjacency)
{
	for (uint32_t i = 0; i < set->count; i++)
		if (set->members[i] == adjacency)
			return true;
	return false;
}

/* An adjacency came up or went down: the groups that name it change, and with them what may be
 * announced. */
static void sets_of_adjacency_changed(struct sync *sync, uint32_t adjacency)
{
	uint32_t id = table_walk(&sync->sets, 0);

	for (; id != 0; id = table_walk(&sync->sets, id + 1))
		if (set_has(table_at(&sync->sets, id), adjacency))
			set_state(sync, id);
	announce_later(sync);
}

void adjacency_neighbour(
	struct sync *sync, uint32_t interface, const struct kernel_neighbour *neighbour, bool gone)
{
	uint32_t id = adjacency_find(sync, interface, &neighbour->address);
	struct adjacency_entry *entry;
	bool was;

	if (id == 0 && (gone || !neighbour->valid))
		return;
	if (id == 0 && (id = adjacency_make(sync, interface, &neighbour->address)) == 0)
		return;
	entry = table_at(&sync->adjacencies, id);
	was = entry->resolved;
	entry->neighbour = !gone && neighbour->valid;
	/* A deleted entry is no news of the neighbour: keep its MAC until a probe fails. */
	if (gone) {
		if (entry->peer || entry->sets > 0)
			ask_kernel(sync, interface, &neighbour->address,
				entry->peer ? kernel_resolve : kernel_probe);
		adjacency_collect(sync, id);
		return;
	}
	if (neighbour->valid) {
		if (was && memcmp(entry->mac, neighbour->mac, 6) == 0)
			return;
		entry->resolved = true;
		memcpy(entry->mac, neighbour->mac, 6);
	} else if (neighbour->state & NUD_FAILED) {
		entry->resolved = false;
	}
	if (was != entry->resolved || entry->resolved)
		adjacency_state(sync, id);
	if (was != entry->resolved)
		sets_of_adjacency_changed(sync, id);
	adjacency_collect(sync, id);
}

/* ---- sets ---- */

static uint32_t members_hash(const uint32_t *members, uint32_t count)
{
	return hash_bytes(count, members, count * sizeof(*members));
}

static uint32_t set_find(
	const struct sync *sync, const uint32_t *members, uint32_t count, bool adopted)
{
	uint32_t hash = members_hash(members, count);
	size_t at;
	uint32_t id = table_first(&sync->sets, hash, &at);

	for (; id != 0; id = table_next(&sync->sets, hash, &at)) {
		const struct set_entry *set = table_at(&sync->sets, id);
		if (set->adopted == adopted && set->count == count &&
			memcmp(set->members, members, count * sizeof(*members)) == 0)
			return id;
	}
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static uint32_t sort_members(uint32_t *members, uint32_t count)
{
	uint32_t kept = 0;

	if (count == 1)
		return 1;
	qsort(members, count, sizeof(*members), compare_ids);
	for (uint32_t i = 0; i < count; i++)
		if (kept == 0 || members[kept - 1] != members[i])
			members[kept++] = members[i];
	return kept;
}

/* Those that packets can use now; all of them when none is resolved, so that the drop is counted
 * as an unresolved neighbour and wakes it. */
static uint32_t usable_members(
	const struct sync *sync, const uint32_t *members, uint32_t count, uint32_t *usable)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++)
		if (adjacency_resolved(sync, members[i]))
			usable[kept++] = members[i];
	if (kept > 0)
		return kept;
	memcpy(usable, members, count * sizeof(*members));
	return count;
}

/* A group that the dataplane had before this process started and that forwards the same. */
static uint32_t set_claim_adopted(struct sync *sync, const uint32_t *members, uint32_t count)
{
	uint32_t usable[API_GROUP_MEMBERS_MAX];
	uint32_t usable_count = usable_members(sync, members, count, usable);
	uint32_t id = set_find(sync, usable, usable_count, true);

	if (id == 0)
		return 0;
	table_remove(&sync->sets, id);
	return table_claim(&sync->sets, id, members_hash(members, count)) ? id : 0;
}

uint32_t set_want(struct sync *sync, const uint32_t *wanted, unsigned int wanted_count)
{
	uint32_t members[API_GROUP_MEMBERS_MAX];
	uint32_t count =
		wanted_count > API_GROUP_MEMBERS_MAX ? API_GROUP_MEMBERS_MAX : wanted_count;
	struct set_entry *set;
	uint32_t id;

	memcpy(members, wanted, count * sizeof(*members));
	count = sort_members(members, count);
	id = set_find(sync, members, count, false);
	if (id != 0)
		return id;
	id = set_claim_adopted(sync, members, count);
	if (id == 0)
		id = table_add(&sync->sets, members_hash(members, count));
	if (id == 0) {
		log_error("sync", "no next-hop group id is left");
		return 0;
	}
	set = table_at(&sync->sets, id);
	set->count = count;
	memcpy(set->members, members, count * sizeof(*members));
	for (uint32_t i = 0; i < count; i++)
		((struct adjacency_entry *)table_at(&sync->adjacencies, members[i]))->sets++;
	set_state(sync, id);
	return id;
}

void set_state(struct sync *sync, uint32_t id)
{
	const struct set_entry *set = table_at(&sync->sets, id);
	struct api_group item = {.id = id};

	if (set->adopted)
		return;
	item.count = usable_members(sync, set->members, set->count, item.adjacencies);
	session_send(sync, API_GROUP, API_UPSERT, &item);
}

void set_hold(struct sync *sync, uint32_t id)
{
	if (id >= API_GROUP_FIRST)
		((struct set_entry *)table_at(&sync->sets, id))->references++;
}

void set_release(struct sync *sync, uint32_t id)
{
	struct api_group item = {.id = id};
	struct set_entry *set;

	if (id < API_GROUP_FIRST)
		return;
	set = table_at(&sync->sets, id);
	if (--set->references > 0)
		return;
	session_send(sync, API_GROUP, API_DELETE, &item);
	for (uint32_t i = 0; i < set->count; i++) {
		((struct adjacency_entry *)table_at(&sync->adjacencies, set->members[i]))->sets--;
		adjacency_collect(sync, set->members[i]);
	}
	table_remove(&sync->sets, id);
}

static bool member_alive(const struct sync *sync, uint32_t id)
{
	const struct adjacency_entry *entry = table_at(&sync->adjacencies, id);

	return entry->resolved && !path_dead(sync, entry->interface, &entry->address);
}

bool set_alive(const struct sync *sync, uint32_t id)
{
	const struct set_entry *set;

	if (id < API_GROUP_FIRST)
		return false;
	set = table_at(&sync->sets, id);
	for (uint32_t i = 0; i < set->count; i++)
		if (member_alive(sync, set->members[i]))
			return true;
	return false;
}

void set_adopt(struct sync *sync, const struct api_group *row)
{
	struct set_entry *set;

	if (!table_claim(&sync->sets, row->id, members_hash(row->adjacencies, row->count)))
		return;
	set = table_at(&sync->sets, row->id);
	set->adopted = true;
	set->count = row->count;
	memcpy(set->members, row->adjacencies, row->count * sizeof(*set->members));
}

/* After a sweep: what no set claimed is gone from the dataplane too. */
void sets_forget_adopted(struct sync *sync)
{
	uint32_t id = table_walk(&sync->sets, 0);

	for (; id != 0; id = table_walk(&sync->sets, id + 1)) {
		const struct set_entry *set = table_at(&sync->sets, id);
		if (set->adopted)
			table_remove(&sync->sets, id);
	}
	for (id = table_walk(&sync->adjacencies, 0); id != 0;
		id = table_walk(&sync->adjacencies, id + 1))
		if (adjacency_unused(table_at(&sync->adjacencies, id)))
			table_remove(&sync->adjacencies, id);
}
