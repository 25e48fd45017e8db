/* SPDX-License-Identifier: BSD-3-Clause */
/* What the kernel of a routing domain says, as adjacencies and native routes. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "control/log.h"
#include "control/sync/internal.h"

struct domain_link *domain_link(struct domain *domain, uint32_t interface)
{
	for (unsigned int i = 0; i < domain->link_count; i++)
		if (domain->links[i].interface == interface)
			return &domain->links[i];
	return NULL;
}

static struct domain_link *link_of_ifindex(struct domain *domain, uint32_t ifindex)
{
	for (unsigned int i = 0; i < domain->link_count; i++) {
		struct domain_link *link = &domain->links[i];
		if (link->ifindex == 0 && domain->kernel != NULL)
			link->ifindex = kernel_ifindex(domain->kernel, link->plan.ifname);
		if (link->ifindex == ifindex)
			return link;
	}
	return NULL;
}

/* ---- what the kernel says ---- */

static bool is_link_local(const struct ip *address)
{
	return address->family == AF_INET6 && address->address[0] == 0xfe &&
	       (address->address[1] & 0xc0) == 0x80;
}

static bool same_subnet(const struct ip *subnet, const struct ip *address)
{
	unsigned int bytes = subnet->prefix_len / 8, bits = subnet->prefix_len % 8;

	if (subnet->family != address->family)
		return false;
	if (memcmp(subnet->address, address->address, bytes) != 0)
		return false;
	return bits == 0 || (subnet->address[bytes] ^ address->address[bytes]) >> (8 - bits) == 0;
}

bool domain_on_link(const struct domain_link *link, const struct ip *address)
{
	return is_link_local(address) || same_subnet(&link->plan.edge4, address) ||
	       same_subnet(&link->plan.edge6, address);
}

/* The set of the neighbour that has this address on a link of ours; 0: none is resolved. */
static uint32_t neighbour_set(struct domain *domain, const struct ip *address)
{
	for (unsigned int i = 0; i < domain->link_count; i++) {
		const struct domain_link *link = &domain->links[i];
		uint32_t adjacency;

		if (!same_subnet(&link->plan.edge4, address) &&
			!same_subnet(&link->plan.edge6, address))
			continue;
		adjacency = adjacency_find(domain->sync, link->interface, address);
		if (adjacency != 0 && adjacency_resolved(domain->sync, adjacency))
			return set_want(domain->sync, &adjacency, 1);
	}
	return 0;
}

/* A resolved neighbour within a link's subnet gets a route of its own, unless the kernel has one
 * for the very same address. */
static void neighbour_route(struct domain *domain, const struct ip *address)
{
	struct ip prefix = *address;
	const struct route_entry *entry;
	uint32_t set;

	prefix.prefix_len = address->family == AF_INET ? 32 : 128;
	entry = rib_find(domain->sync, domain->vrf, &prefix);
	if (entry != NULL && entry->native_set != 0 && entry->native_origin != API_ORIGIN_NEIGHBOUR)
		return;
	set = neighbour_set(domain, address);
	if (set == 0)
		rib_native_gone(domain->sync, domain->vrf, &prefix);
	else
		rib_native(domain->sync, domain->vrf, &prefix, set, API_ORIGIN_NEIGHBOUR);
}

static void on_neighbour(void *context, const struct kernel_neighbour *neighbour, bool gone)
{
	struct domain *domain = context;
	struct domain_link *link = link_of_ifindex(domain, neighbour->ifindex);

	if (link == NULL)
		return;
	adjacency_neighbour(domain->sync, link->interface, neighbour, gone);
	neighbour_route(domain, &neighbour->address);
	/* Of a scan nothing stays in the kernel's table, which all domains share (RFC 6583 6.1). */
	if (!gone && (neighbour->state & NUD_FAILED) != 0 &&
		adjacency_find(domain->sync, link->interface, &neighbour->address) == 0)
		kernel_forget(domain->kernel, neighbour->ifindex, &neighbour->address);
}

void domain_route_gone(struct domain *domain, const struct ip *prefix)
{
	unsigned int full = prefix->family == AF_INET ? 32 : 128;

	rib_native_gone(domain->sync, domain->vrf, prefix);
	if (prefix->prefix_len == full)
		neighbour_route(domain, prefix);
	limits_look(domain, prefix->family);
}

/* The set that a kernel route forwards to; 0: none of its next hops is on a link of ours. */
static uint32_t route_set(struct domain *domain, const struct kernel_route *route)
{
	uint32_t members[KERNEL_NEXT_HOPS_MAX];
	unsigned int count = 0;

	if (route->kind == RTN_LOCAL)
		return API_GROUP_RECEIVE;
	if (route->kind != RTN_UNICAST)
		return API_GROUP_BLACKHOLE;
	for (unsigned int i = 0; i < route->count; i++) {
		const struct kernel_next_hop *hop = &route->next_hops[i];
		struct domain_link *link = link_of_ifindex(domain, hop->ifindex);

		if (link == NULL)
			continue;
		if (hop->via.family == 0)
			return API_GROUP_GLEAN;
		members[count] = adjacency_want(domain->sync, link->interface, &hop->via);
		count += members[count] != 0;
	}
	return count > 0 ? set_want(domain->sync, members, count) : 0;
}

static enum api_route_origin route_origin(const struct kernel_route *route)
{
	switch (route->protocol) {
	case KERNEL_PROTOCOL_BGP:
		return API_ORIGIN_BGP;
	case KERNEL_PROTOCOL_STATIC:
		return API_ORIGIN_STATIC;
	default:
		return route->kind == RTN_LOCAL ? API_ORIGIN_LOCAL : API_ORIGIN_CONNECTED;
	}
}

static void on_route(void *context, const struct kernel_route *route, bool gone)
{
	struct domain *domain = context;
	enum api_route_origin origin = route_origin(route);
	bool refused = !gone && origin == API_ORIGIN_BGP && limits_refuse(domain, &route->prefix);
	uint32_t set = gone || refused ? 0 : route_set(domain, route);

	if (origin == API_ORIGIN_BGP)
		attributes_stale(domain->sync, domain, route->prefix.family);
	if (set != 0) {
		hold_renewed(domain, &route->prefix, origin);
		rib_native(domain->sync, domain->vrf, &route->prefix, set, origin);
		if (origin == API_ORIGIN_BGP)
			limits_look(domain, route->prefix.family);
	} else if (refused || !hold_keeps(domain, &route->prefix)) {
		domain_route_gone(domain, &route->prefix);
	}
}

static void on_expect(void *context, const struct ip *prefix)
{
	const struct domain *domain = context;

	rib_expect(domain->sync, domain->vrf, prefix);
}

static void on_route_again(const struct kernel_route *route, void *context)
{
	on_route(context, route, false);
}

static void on_neighbour_route(const struct ip *prefix, void *context)
{
	neighbour_route(context, prefix);
}

void domain_routes_again(struct domain *domain)
{
	if (domain->kernel != NULL)
		kernel_each_route(domain->kernel, on_route_again, domain);
}

void domain_links_changed(struct domain *domain)
{
	rib_each_native(
		domain->sync, domain->vrf, API_ORIGIN_NEIGHBOUR, on_neighbour_route, domain);
	domain_routes_again(domain);
}

void domain_ask_for_peers(struct domain *domain, const struct domain_link *link)
{
	if (link->plan.peer4.family != 0)
		adjacency_want_peer(domain->sync, link->interface, &link->plan.peer4);
	if (link->plan.peer6.family != 0)
		adjacency_want_peer(domain->sync, link->interface, &link->plan.peer6);
}

static void on_link(void *context, const struct kernel_link *kernel_link, bool gone)
{
	struct domain *domain = context;

	for (unsigned int i = 0; i < domain->link_count; i++) {
		struct domain_link *link = &domain->links[i];
		bool running = kernel_link->running && !gone;

		if (strcmp(link->plan.ifname, kernel_link->name) != 0)
			continue;
		link->ifindex = gone ? 0 : kernel_link->ifindex;
		if (running != link->running)
			log_info("link", "%s is %s", link->plan.name, running ? "up" : "down");
		if (running && !link->running)
			domain_ask_for_peers(domain, link);
		link->running = running;
	}
}

static void on_synced(void *context)
{
	struct domain *domain = context;

	session_kernels_changed(domain->sync);
}

/* The link whose subnet has the address; a wish names the interface the packet came in by, and that
 * is the link of a link-local address. NULL: it is on no link, any more for one: a BFD session
 * lives on for a while when its link got other addresses, and still asks for its peer. */
static struct domain_link *link_towards(
	struct domain *domain, uint32_t interface, const struct ip *address)
{
	for (unsigned int i = 0; i < domain->link_count; i++) {
		const struct plan_link *plan = &domain->links[i].plan;

		if (same_subnet(&plan->edge4, address) || same_subnet(&plan->edge6, address))
			return &domain->links[i];
	}
	return is_link_local(address) ? domain_link(domain, interface) : NULL;
}

static void need_on(struct domain *domain, const struct domain_link *link, const struct ip *address)
{
	uint32_t adjacency = adjacency_find(domain->sync, link->interface, address);
	int error;

	if (domain->kernel == NULL || link->ifindex == 0)
		return;
	/* What routes name is kept resolved. */
	error = adjacency != 0 ? kernel_resolve(domain->kernel, link->ifindex, address)
			       : probe(domain, link, address);
	if (error != 0)
		log_warning("neighbour", "%s: cannot ask the kernel: %s", link->plan.name,
			strerror(-error));
}

void domain_neighbour_needed(struct sync *sync, uint32_t interface, const struct ip *address)
{
	struct domain *domain =
		interface < API_INTERFACES_MAX ? sync->by_interface[interface] : NULL;
	const struct domain_link *link = domain ? link_towards(domain, interface, address) : NULL;

	if (link != NULL)
		need_on(domain, link, address);
	if (domain == NULL || link != NULL || is_link_local(address))
		return;
	/* On a transit subnet that leaks to where the packet came from. */
	for (unsigned int i = 0; i < domain->partner_count; i++) {
		struct domain *partner = sync->by_vrf[domain->partners[i].vrf];

		link = partner ? link_towards(partner, 0, address) : NULL;
		if (link != NULL && link->plan.is_transit)
			need_on(partner, link, address);
	}
}

const struct kernel_callbacks domain_callbacks = {.expect = on_expect,
	.route = on_route,
	.neighbour = on_neighbour,
	.link = on_link,
	.synced = on_synced};
