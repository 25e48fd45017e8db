/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the dataplane refuses: counted, and written out as far as a person would read it. A domain
 * at its limit may have a million routes refused.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "control/log.h"
#include "control/sync/internal.h"

#define TOLD_MAX 5       /* refusals written out ... */
#define TOLD_WITHIN_S 10 /* ... in this time; the next one after it says how many were not */

static const char *object_name(unsigned int object)
{
	static const char *const names[] = {[API_PORT] = "port",
		[API_VRF] = "domain",
		[API_INTERFACE] = "link",
		[API_ADJACENCY] = "neighbour",
		[API_GROUP] = "next-hop group",
		[API_ROUTE] = "route",
		[API_POLICER] = "rate limit",
		[API_PATH] = "path",
		[API_LINK_TEST] = "failure test",
		[API_BFD_KEY] = "BFD key"};

	return object < sizeof(names) / sizeof(names[0]) ? names[object] : "object";
}

/* What an item was about, for a person. */
static void item_text(struct sync *sync, const struct api_item *item, char *text, size_t size)
{
	const void *payload = item + 1;
	const struct api_route *route = payload;
	const struct api_bfd_key *key = payload;
	struct ip prefix = {0};
	char address[64];

	switch (item->object) {
	case API_PORT:
		snprintf(text, size, "%s", ((const struct api_port *)payload)->name);
		break;
	case API_VRF:
		snprintf(text, size, "%s", ((const struct api_vrf *)payload)->name);
		break;
	case API_INTERFACE:
		snprintf(text, size, "%s", ((const struct api_interface *)payload)->name);
		break;
	case API_POLICER:
		snprintf(text, size, "%s", ((const struct api_policer *)payload)->name);
		break;
	case API_ROUTE:
		prefix.family = route->family;
		prefix.prefix_len = route->prefix_len;
		memcpy(prefix.address, route->address, sizeof(prefix.address));
		snprintf(text, size, "%s in %s", ip_text(&prefix, address, sizeof(address)),
			route->vrf < API_VRFS_MAX && sync->by_vrf[route->vrf] != NULL
				? sync->by_vrf[route->vrf]->name
				: "a domain that is gone");
		break;
	case API_BFD_KEY:
		snprintf(text, size, "%u of link %u", key->key_id, key->interface);
		break;
	default:
		snprintf(text, size, "%u", *(const uint32_t *)payload);
	}
}

static void count_route(struct sync *sync, const struct api_route *route)
{
	if (route->vrf < API_VRFS_MAX && sync->by_vrf[route->vrf] != NULL)
		sync->by_vrf[route->vrf]->refused_routes++;
}

/* What one refusal means for what is stated next. */
static void heed(struct sync *sync, const struct api_item *item, int error)
{
	const struct api_interface *interface = (const void *)(item + 1);
	struct domain *domain;

	sync->refused++;
	if (item->object == API_ROUTE)
		count_route(sync, (const void *)(item + 1));
	if (item->object == API_PORT || item->object == API_INTERFACE || error == -ENOMEM)
		sync->again = true;
	if (item->object != API_INTERFACE)
		return;
	/* The TAP that rode along was closed: it must ride along again. */
	domain = sync->by_interface[interface->id];
	if (domain != NULL && domain_link(domain, interface->id) != NULL)
		domain_link(domain, interface->id)->tap_given = false;
}

/* True: this one may be written out. */
static bool may_tell(struct sync *sync)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (sync->refusals_told == 0 || now.tv_sec - sync->refusals_since_s >= TOLD_WITHIN_S) {
		if (sync->refusals_untold > 0)
			log_error("dataplane", "and %u more were refused", sync->refusals_untold);
		sync->refusals_since_s = now.tv_sec;
		sync->refusals_told = 0;
		sync->refusals_untold = 0;
	}
	if (sync->refusals_told < TOLD_MAX) {
		sync->refusals_told++;
		return true;
	}
	sync->refusals_untold++;
	return false;
}

static const char *reason(const struct api_item *item, int error)
{
	if (item->object == API_ROUTE && error == -ENOSPC)
		return "the domain, or the dataplane, has as many routes as it may; "
		       "see `onramp show memory`";
	return strerror(-error);
}

void refusal_take(struct sync *sync, const struct api_item *item, int error)
{
	char what[160], text[200];

	heed(sync, item, error);
	if (!may_tell(sync))
		return;
	item_text(sync, item, what, sizeof(what));
	snprintf(text, sizeof(text), "%s %s refused", object_name(item->object), what);
	session_complain(sync, text, reason(item, error));
}

json_t *refusals_of_routes(const struct sync *sync)
{
	json_t *rows = json_object();

	for (unsigned int i = 0; i < sync->domain_count; i++)
		if (sync->domains[i]->refused_routes > 0)
			json_object_set_new(rows, sync->domains[i]->name,
				json_integer((json_int_t)sync->domains[i]->refused_routes));
	return rows;
}

void refusals_forget(struct sync *sync)
{
	for (unsigned int i = 0; i < sync->domain_count; i++)
		sync->domains[i]->refused_routes = 0;
}
