/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Paths: one to each peer that the plan names, by link and family. What the dataplane says of them
 * is told in the log.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "control/log.h"
#include "control/sync/copy.h"
#include "control/sync/internal.h"

/* Bits that somebody wants set in a link's paths, whether the plan has the link now or not. */
struct path_wish {
	struct path_wish *next;
	char link[API_NAME_MAX];
	uint8_t wanted;
};

static uint32_t path_hash(uint32_t interface, const struct ip *address)
{
	return hash_bytes(
		interface << 8 | address->family, address->address, sizeof(address->address));
}

static uint32_t path_find(const struct sync *sync, uint32_t interface, const struct ip *address)
{
	uint32_t hash = path_hash(interface, address);
	size_t at;
	uint32_t id = table_first(&sync->paths, hash, &at);

	for (; id != 0; id = table_next(&sync->paths, hash, &at)) {
		const struct path_entry *entry = table_at(&sync->paths, id);
		if (entry->interface == interface && entry->address.family == address->family &&
			memcmp(entry->address.address, address->address, 16) == 0)
			return id;
	}
	return 0;
}

static bool is_link_local(const struct ip *address)
{
	return address->family == AF_INET6 && address->address[0] == 0xfe &&
	       (address->address[1] & 0xc0) == 0x80;
}

/* On a customer's link only the peer lives, and next hops of IPv6 are its link-local address; a
 * gateway's too. Another router on a core link has no path. */
uint32_t path_towards(const struct sync *sync, uint32_t interface, const struct ip *address)
{
	const struct domain *domain = sync->by_interface[interface];
	const struct domain_link *link =
		domain != NULL ? domain_link((struct domain *)domain, interface) : NULL;
	const struct ip *peer;

	if (link == NULL)
		return 0;
	peer = address->family == AF_INET ? &link->plan.peer4 : &link->plan.peer6;
	if (peer->family == 0)
		return 0;
	if (link->plan.circuit[0] == '\0' && !is_link_local(address) &&
		memcmp(peer->address, address->address, sizeof(peer->address)) != 0)
		return 0;
	return path_find(sync, interface, peer);
}

static uint8_t wanted_of(const struct sync *sync, const char *link)
{
	for (const struct path_wish *wish = sync->path_wishes; wish != NULL; wish = wish->next)
		if (strcmp(wish->link, link) == 0)
			return wish->wanted;
	return 0;
}

static const struct domain_link *link_of(const struct sync *sync, uint32_t interface)
{
	struct domain *domain = sync->by_interface[interface];

	return domain != NULL ? domain_link(domain, interface) : NULL;
}

static const char *link_name_of(const struct sync *sync, uint32_t interface)
{
	const struct domain_link *link = link_of(sync, interface);

	return link != NULL ? link->plan.name : "";
}

static void state(struct sync *sync, uint32_t id)
{
	const struct path_entry *entry = table_at(&sync->paths, id);
	const struct domain_link *link = link_of(sync, entry->interface);
	struct api_path item = {.id = id,
		.interface = entry->interface,
		.family = entry->address.family,
		.bfd_off = link != NULL && link->plan.bfd.interval_ms == 0,
		.down_wanted = wanted_of(sync, link_name_of(sync, entry->interface))};

	memcpy(item.address, entry->address.address, sizeof(item.address));
	session_send(sync, API_PATH, API_UPSERT, &item);
}

void paths_state(struct sync *sync)
{
	uint32_t id = table_walk(&sync->paths, 0);

	for (; id != 0; id = table_walk(&sync->paths, id + 1))
		if (((const struct path_entry *)table_at(&sync->paths, id))->wanted)
			state(sync, id);
}

/* ---- which there are ---- */

static uint32_t make(struct sync *sync, uint32_t given, uint32_t interface, const struct ip *peer)
{
	uint32_t hash = path_hash(interface, peer), id = given;
	struct path_entry *entry;

	if (given == 0)
		id = table_add(&sync->paths, hash);
	else if (!table_claim(&sync->paths, given, hash))
		return 0;
	if (id == 0)
		return 0;
	entry = table_at(&sync->paths, id);
	entry->interface = interface;
	entry->address = *peer;
	return id;
}

static bool want(struct sync *sync, uint32_t interface, const struct ip *peer)
{
	uint32_t id;

	if (peer->family == 0)
		return true;
	id = path_find(sync, interface, peer);
	if (id == 0)
		id = make(sync, 0, interface, peer);
	if (id == 0)
		return false;
	((struct path_entry *)table_at(&sync->paths, id))->wanted = true;
	return true;
}

bool paths_plan(struct sync *sync)
{
	uint32_t id = table_walk(&sync->paths, 0);

	for (; id != 0; id = table_walk(&sync->paths, id + 1))
		((struct path_entry *)table_at(&sync->paths, id))->wanted = false;
	for (unsigned int i = 0; i < sync->domain_count; i++) {
		const struct domain *domain = sync->domains[i];

		for (unsigned int l = 0; l < domain->link_count; l++) {
			const struct domain_link *link = &domain->links[l];
			if (!want(sync, link->interface, &link->plan.peer4) ||
				!want(sync, link->interface, &link->plan.peer6))
				return false;
		}
	}
	return true;
}

void paths_forget(struct sync *sync)
{
	uint32_t id = table_walk(&sync->paths, 0);

	for (; id != 0; id = table_walk(&sync->paths, id + 1))
		if (!((const struct path_entry *)table_at(&sync->paths, id))->wanted)
			table_remove(&sync->paths, id);
}

void paths_forget_down(struct sync *sync)
{
	uint32_t id = table_walk(&sync->paths, 0);

	for (; id != 0; id = table_walk(&sync->paths, id + 1))
		((struct path_entry *)table_at(&sync->paths, id))->down = 0;
}

/* A drain leaves a path usable, and a failure test shall be found out by BFD and BGP. */
static bool is_dead(uint8_t down)
{
	return (down & (API_PATH_BFD | API_PATH_CARRIER | API_PATH_ADMIN)) != 0;
}

bool path_dead(const struct sync *sync, uint32_t interface, const struct ip *address)
{
	uint32_t id = path_towards(sync, interface, address);

	return id != 0 && is_dead(((const struct path_entry *)table_at(&sync->paths, id))->down);
}

void path_read(struct sync *sync, const struct api_path *row)
{
	struct path_entry *entry;

	if (row->id == 0 || row->id >= sync->paths.top)
		return;
	entry = table_at(&sync->paths, row->id);
	if (entry->node.used && entry->interface == row->interface)
		entry->down = row->down;
}

void path_adopt(struct sync *sync, const struct api_path *row)
{
	struct ip peer = {.family = row->family};

	memcpy(peer.address, row->address, sizeof(row->address));
	peer.prefix_len = row->family == AF_INET ? 32 : 128;
	if (path_find(sync, row->interface, &peer) == 0)
		make(sync, row->id, row->interface, &peer);
	path_read(sync, row);
}

/* ---- what is wanted of them ---- */

static struct path_wish *find_wish(struct sync *sync, const char *link)
{
	struct path_wish *wish = sync->path_wishes;

	while (wish != NULL && strcmp(wish->link, link) != 0)
		wish = wish->next;
	if (wish != NULL)
		return wish;
	wish = calloc(1, sizeof(*wish));
	if (wish == NULL)
		return NULL;
	COPY_TEXT(wish->link, link);
	wish->next = sync->path_wishes;
	sync->path_wishes = wish;
	return wish;
}

int sync_want_paths(struct sync *sync, const char *link, uint8_t wanted)
{
	struct path_wish *wish = find_wish(sync, link);
	uint32_t id;

	if (wish == NULL)
		return -ENOMEM;
	wish->wanted = wanted;
	for (id = table_walk(&sync->paths, 0); id != 0; id = table_walk(&sync->paths, id + 1)) {
		const struct path_entry *entry = table_at(&sync->paths, id);
		if (entry->wanted && strcmp(link_name_of(sync, entry->interface), link) == 0)
			state(sync, id);
	}
	return 0;
}

void paths_fini(struct sync *sync)
{
	while (sync->path_wishes != NULL) {
		struct path_wish *wish = sync->path_wishes;
		sync->path_wishes = wish->next;
		free(wish);
	}
	table_fini(&sync->paths);
}

/* ---- what becomes of them ---- */

/* "3.204 s", "2 h 5 min". */
static const char *duration_text(uint32_t ms, char *buffer, size_t size)
{
	if (ms < 60 * 1000)
		snprintf(buffer, size, "%u.%03u s", ms / 1000, ms % 1000);
	else if (ms < 60 * 60 * 1000)
		snprintf(buffer, size, "%u min %u s", ms / 60000, ms / 1000 % 60);
	else
		snprintf(buffer, size, "%u h %u min", ms / 3600000, ms / 60000 % 60);
	return buffer;
}

void path_happened(struct sync *sync, const struct api_event *event)
{
	uint8_t down = event->b & 0xff, cause = event->b >> 8 & 0xff;
	char names[64], cause_name[64], peer_text[64], lasted[32];
	struct path_entry *entry;
	const char *link;

	if (event->a == 0 || event->a >= sync->paths.top)
		return;
	entry = table_at(&sync->paths, event->a);
	if (!entry->node.used)
		return;
	if (is_dead(entry->down) != is_dead(down))
		announce_later(sync);
	entry->down = down;
	link = link_name_of(sync, entry->interface);
	ip_text(&entry->address, peer_text, sizeof(peer_text));
	duration_text(event->c, lasted, sizeof(lasted));
	api_path_down_text(down, names, sizeof(names));
	api_path_down_text(cause, cause_name, sizeof(cause_name));
	if (down == 0)
		log_info("path", "%s: %s is live again: %s is over, after %s", link, peer_text,
			cause_name, lasted);
	else if ((down & cause) != 0)
		log_warning("path", "%s: %s is down: %s (before for %s)", link, peer_text, names,
			lasted);
	else
		log_info("path", "%s: %s: %s is over after %s, it is still down: %s", link,
			peer_text, cause_name, lasted, names);
}
