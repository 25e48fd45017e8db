/* SPDX-License-Identifier: BSD-3-Clause */
/* Routing domains on this machine: namespaces, TAPs, and what their kernels say. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/log.h"
#include "control/routing/namespace.h"
#include "control/sync/copy.h"
#include "control/sync/internal.h"

/* Interface indexes of TAPs are unique on the machine, whatever the namespace. */
#define TAP_IFINDEX_BASE 65536u

/* FRR's staticd; the kernel's header has no name for it. */
#define RTPROT_FRR_STATIC 196

static uint32_t named_want(struct table *table, const char *name)
{
	uint32_t hash = table_hash(0, name, strlen(name));
	struct named *named;
	uint32_t id;

	for (id = table_first(table, hash); id != 0; id = table_next(table, id)) {
		named = table_at(table, id);
		if (strcmp(named->name, name) == 0) {
			named->wanted = true;
			return id;
		}
	}
	id = table_add(table, hash);
	if (id == 0)
		return 0;
	named = table_at(table, id);
	COPY_TEXT(named->name, name);
	named->wanted = true;
	return id;
}

static void named_forget(struct table *table)
{
	uint32_t id;

	for (id = table_walk(table, 0); id != 0; id = table_walk(table, id + 1))
		if (!((struct named *)table_at(table, id))->wanted)
			table_remove(table, id);
}

static void named_unwant(struct table *table)
{
	uint32_t id;

	for (id = table_walk(table, 0); id != 0; id = table_walk(table, id + 1))
		((struct named *)table_at(table, id))->wanted = false;
}

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

static bool same_subnet(const struct ip *subnet, const struct ip *address)
{
	unsigned int bytes = subnet->prefix_len / 8, bits = subnet->prefix_len % 8;

	if (subnet->family != address->family)
		return false;
	if (memcmp(subnet->address, address->address, bytes) != 0)
		return false;
	return bits == 0 || (subnet->address[bytes] ^ address->address[bytes]) >> (8 - bits) == 0;
}

/* A resolved neighbour within the link's subnet gets a route of its own, unless the kernel has
 * one for the very same address. */
static void neighbour_route(
	struct domain *domain, const struct domain_link *link, const struct ip *address)
{
	uint32_t adjacency = adjacency_find(domain->sync, link->interface, address);
	struct ip prefix = *address;
	const struct route_entry *entry;

	if (!same_subnet(&link->plan.edge4, address) && !same_subnet(&link->plan.edge6, address))
		return;
	prefix.prefix_len = address->family == AF_INET ? 32 : 128;
	entry = rib_find(domain->sync, domain->vrf, &prefix);
	if (entry != NULL && entry->native_set != 0 && entry->native_origin != API_ORIGIN_NEIGHBOUR)
		return;
	if (adjacency == 0 || !adjacency_resolved(domain->sync, adjacency))
		rib_native_gone(domain->sync, domain->vrf, &prefix);
	else
		rib_native(domain->sync, domain->vrf, &prefix,
			set_want(domain->sync, &adjacency, 1), API_ORIGIN_NEIGHBOUR);
}

static void on_neighbour(void *context, const struct kernel_neighbour *neighbour, bool gone)
{
	struct domain *domain = context;
	struct domain_link *link = link_of_ifindex(domain, neighbour->ifindex);

	if (link == NULL)
		return;
	adjacency_neighbour(domain->sync, link->interface, neighbour, gone);
	neighbour_route(domain, link, &neighbour->address);
}

static void route_gone(struct domain *domain, const struct ip *prefix)
{
	unsigned int full = prefix->family == AF_INET ? 32 : 128;

	rib_native_gone(domain->sync, domain->vrf, prefix);
	if (prefix->prefix_len != full)
		return;
	for (unsigned int i = 0; i < domain->link_count; i++)
		neighbour_route(domain, &domain->links[i], prefix);
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
	case RTPROT_BGP:
		return API_ORIGIN_BGP;
	case RTPROT_FRR_STATIC:
		return API_ORIGIN_STATIC;
	default:
		return route->kind == RTN_LOCAL ? API_ORIGIN_LOCAL : API_ORIGIN_CONNECTED;
	}
}

static void on_route(void *context, const struct kernel_route *route, bool gone)
{
	struct domain *domain = context;
	enum api_route_origin origin = route_origin(route);
	uint32_t set = gone ? 0 : route_set(domain, route);

	if (origin == API_ORIGIN_BGP)
		announce_stale(domain->sync, domain, route->prefix.family);
	if (set == 0)
		route_gone(domain, &route->prefix);
	else
		rib_native(domain->sync, domain->vrf, &route->prefix, set, origin);
}

static void ask_for_peers(struct domain *domain, struct domain_link *link)
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
			ask_for_peers(domain, link);
		link->running = running;
	}
}

static void on_synced(void *context)
{
	struct domain *domain = context;

	session_kernels_changed(domain->sync);
}

/* The link whose subnet has the address; a wish names the interface the packet came in by. */
static struct domain_link *link_towards(
	struct domain *domain, uint32_t interface, const struct ip *address)
{
	for (unsigned int i = 0; i < domain->link_count; i++) {
		const struct plan_link *plan = &domain->links[i].plan;

		if (same_subnet(&plan->edge4, address) || same_subnet(&plan->edge6, address))
			return &domain->links[i];
	}
	return domain_link(domain, interface);
}

void domain_neighbour_needed(struct sync *sync, uint32_t interface, const struct ip *address)
{
	struct domain *domain =
		interface < API_INTERFACES_MAX ? sync->by_interface[interface] : NULL;
	struct domain_link *link = domain ? link_towards(domain, interface, address) : NULL;
	uint32_t adjacency = link ? adjacency_find(sync, link->interface, address) : 0;
	int error;

	if (link == NULL || domain->kernel == NULL || link->ifindex == 0)
		return;
	/* What routes name is kept resolved; what a packet asks for is asked once. */
	error = adjacency != 0 ? kernel_resolve(domain->kernel, link->ifindex, address)
			       : kernel_probe(domain->kernel, link->ifindex, address);
	if (error != 0)
		log_warning("neighbour", "%s: cannot ask the kernel: %s", link->plan.name,
			strerror(-error));
}

/* ---- following the plan ---- */

static struct domain *find_domain(const struct sync *sync, const char *name)
{
	for (unsigned int i = 0; i < sync->domain_count; i++)
		if (strcmp(sync->domains[i]->name, name) == 0)
			return sync->domains[i];
	return NULL;
}

static void close_link(struct sync *sync, struct domain_link *link)
{
	adjacency_drop_interface(sync, link->interface);
	sync->by_interface[link->interface] = NULL;
	if (link->tap >= 0)
		close(link->tap);
	link->tap = -1;
}

static void domain_free(struct domain *domain)
{
	if (domain->kernel != NULL)
		kernel_close(domain->kernel);
	for (unsigned int i = 0; i < domain->link_count; i++)
		if (domain->links[i].tap >= 0)
			close(domain->links[i].tap);
	if (domain->netns >= 0)
		close(domain->netns);
	announce_domain_free(domain);
	free(domain->partners);
	free(domain);
}

/* A domain that the plan no longer names: its routes go at once, its namespace after the sweep. */
static void domain_retire(struct sync *sync, struct domain *domain)
{
	if (domain->kernel != NULL)
		kernel_close(domain->kernel);
	domain->kernel = NULL;
	rib_drop_vrf(sync, domain->vrf);
	for (unsigned int i = 0; i < domain->link_count; i++)
		close_link(sync, &domain->links[i]);
	domain->link_count = 0;
}

static struct domain *domain_make(struct sync *sync, const char *name)
{
	struct domain *domain = calloc(1, sizeof(*domain));

	if (domain == NULL)
		return NULL;
	domain->sync = sync;
	COPY_TEXT(domain->name, name);
	domain->netns = -1;
	return domain;
}

static void forget_peer(struct domain *domain, const struct domain_link *link, const struct ip *old,
	const struct ip *new)
{
	if (old->family == 0 || ip_equal(old, new))
		return;
	if (domain->kernel != NULL && link->ifindex != 0)
		kernel_forget(domain->kernel, link->ifindex, old);
	adjacency_unpeer(domain->sync, link->interface, old);
}

static void forget_peers(
	struct domain *domain, const struct domain_link *link, const struct plan_link *plan)
{
	forget_peer(domain, link, &link->plan.peer4, &plan->peer4);
	forget_peer(domain, link, &link->plan.peer6, &plan->peer6);
}

/* Takes over the plan's links, keeping what is known of those that stay. */
static int plan_links(struct sync *sync, struct domain *domain, const struct plan_domain *plan)
{
	struct domain_link old[LINKS];
	unsigned int old_count = domain->link_count;

	memcpy(old, domain->links, sizeof(old));
	domain->link_count = plan->link_count;
	for (unsigned int i = 0; i < plan->link_count; i++) {
		struct domain_link *link = &domain->links[i];
		uint32_t id = named_want(&sync->interfaces, plan->links[i].name);

		if (id == 0)
			return -ENOSPC;
		*link = (struct domain_link){.interface = id, .tap = -1};
		for (unsigned int j = 0; j < old_count; j++)
			if (old[j].interface == id) {
				*link = old[j];
				old[j].interface = 0;
			}
		forget_peers(domain, link, &plan->links[i]);
		link->plan = plan->links[i];
		link->port =
			named_want(&sync->ports, sync->plan->edge->ports[link->plan.port].name);
		sync->by_interface[id] = domain;
	}
	for (unsigned int j = 0; j < old_count; j++)
		if (old[j].interface != 0)
			close_link(sync, &old[j]);
	return 0;
}

static int plan_partners(struct sync *sync)
{
	for (unsigned int i = 0; i < sync->domain_count; i++)
		sync->domains[i]->partner_count = 0;
	for (unsigned int i = 0; i < sync->plan->connection_count; i++) {
		const struct plan_connection *connection = &sync->plan->connections[i];
		struct domain *ends[2] = {sync->domains[connection->circuit_domain],
			sync->domains[connection->vnet_domain]};

		for (unsigned int e = 0; e < 2; e++) {
			struct partner *partners = reallocarray(
				ends[e]->partners, ends[e]->partner_count + 1, sizeof(*partners));
			if (partners == NULL)
				return -ENOMEM;
			ends[e]->partners = partners;
			partners[ends[e]->partner_count++] =
				(struct partner){ends[1 - e]->vrf, connection->weight};
		}
	}
	return 0;
}

/* Domains in the plan's order first, so that the plan's indexes are ours; then retired ones. */
static int order_domains(struct sync *sync)
{
	unsigned int wanted = sync->plan->domain_count, total = wanted;
	struct domain **domains = calloc(wanted + sync->domain_count + 1, sizeof(*domains));

	if (domains == NULL)
		return -ENOMEM;
	for (unsigned int i = 0; i < wanted; i++) {
		const char *name = sync->plan->domains[i].name;
		struct domain *domain = find_domain(sync, name);

		if (domain == NULL)
			domain = domain_make(sync, name);
		if (domain == NULL) {
			free(domains);
			return -ENOMEM;
		}
		domain->wanted = true;
		domain->index = i;
		domains[i] = domain;
	}
	for (unsigned int i = 0; i < sync->domain_count; i++)
		if (!sync->domains[i]->wanted)
			domains[total++] = sync->domains[i];
	free(sync->domains);
	sync->domains = domains;
	sync->domain_count = total;
	return 0;
}

int domains_plan(struct sync *sync)
{
	int error;

	named_unwant(&sync->ports);
	named_unwant(&sync->vrfs);
	named_unwant(&sync->interfaces);
	for (unsigned int i = 0; i < sync->plan->edge->port_count; i++)
		if (named_want(&sync->ports, sync->plan->edge->ports[i].name) == 0)
			return -ENOSPC;
	for (unsigned int i = 0; i < sync->domain_count; i++)
		sync->domains[i]->wanted = false;
	error = order_domains(sync);
	for (unsigned int i = 0; error == 0 && i < sync->domain_count; i++) {
		struct domain *domain = sync->domains[i];

		if (!domain->wanted) {
			domain_retire(sync, domain);
			continue;
		}
		domain->vrf = named_want(&sync->vrfs, domain->name);
		if (domain->vrf == 0)
			return -ENOSPC;
		sync->by_vrf[domain->vrf] = domain;
		error = plan_links(sync, domain, &sync->plan->domains[i]);
	}
	if (error == 0)
		error = plan_partners(sync);
	if (error == 0)
		rib_connections_changed(sync);
	return error;
}

static const struct api_port *find_port(
	const struct api_port *ports, unsigned int count, uint32_t id)
{
	for (unsigned int i = 0; i < count; i++)
		if (ports[i].id == id)
			return &ports[i];
	return NULL;
}

void domain_tap_settings(const struct domain_link *link, struct tap_settings *settings)
{
	*settings = (struct tap_settings){.ifname = link->plan.ifname,
		.ifindex = TAP_IFINDEX_BASE + link->interface,
		.mtu = link->plan.mtu,
		.address4 = link->plan.edge4,
		.address6 = link->plan.edge6};
	memcpy(settings->mac, link->mac, sizeof(settings->mac));
}

/* The TAP of a link: ours already, the dataplane's, or a new one. */
static int open_tap(struct sync *sync, struct domain *domain, struct domain_link *link,
	const struct api_port *port)
{
	struct tap_settings settings;

	memcpy(link->mac, port->mac, sizeof(link->mac));
	domain_tap_settings(link, &settings);
	link->heard = false;
	heard_later(sync);
	if (link->tap < 0) {
		link->tap = session_tap(sync, link->interface);
		link->tap_given = link->tap >= 0;
	}
	if (link->tap < 0) {
		link->tap = tap_open(domain->netns, &settings);
		return link->tap < 0 ? link->tap : 0;
	}
	return tap_configure(domain->netns, &settings);
}

static int open_links(struct sync *sync, struct domain *domain, const struct api_port *ports,
	unsigned int port_count)
{
	int result = 0;

	for (unsigned int i = 0; i < domain->link_count; i++) {
		struct domain_link *link = &domain->links[i];
		const struct api_port *port = find_port(ports, port_count, link->port);
		int error = port == NULL ? -ENODEV : open_tap(sync, domain, link, port);

		if (error == 0)
			continue;
		log_error("link", "%s: cannot set up its TAP: %s", link->plan.name,
			port == NULL ? "its port is not there" : strerror(-error));
		result = error;
	}
	return result;
}

static int open_domain(struct sync *sync, struct domain *domain, const struct api_port *ports,
	unsigned int port_count)
{
	static const struct kernel_callbacks callbacks = {
		.route = on_route, .neighbour = on_neighbour, .link = on_link, .synced = on_synced};
	int error;

	if (domain->netns < 0)
		domain->netns = namespace_open(sync->netns_dir, domain->name);
	if (domain->netns < 0)
		return domain->netns;
	error = open_links(sync, domain, ports, port_count);
	if (domain->kernel == NULL)
		domain->kernel = kernel_open(sync->base, domain->netns, &callbacks, domain);
	if (domain->kernel == NULL)
		return -errno;
	for (unsigned int i = 0; i < domain->link_count; i++)
		if (domain->links[i].running)
			ask_for_peers(domain, &domain->links[i]);
	return error;
}

int domains_open(struct sync *sync, const struct api_port *ports, unsigned int port_count)
{
	int result = 0;

	for (unsigned int i = 0; i < sync->plan->domain_count; i++) {
		int error = open_domain(sync, sync->domains[i], ports, port_count);
		if (error == 0)
			continue;
		log_error("domain", "%s: %s", sync->domains[i]->name, strerror(-error));
		result = error;
	}
	return result;
}

bool domains_ready(const struct sync *sync)
{
	for (unsigned int i = 0; i < sync->plan->domain_count; i++) {
		const struct domain *domain = sync->domains[i];
		if (domain->kernel != NULL && !kernel_is_synced(domain->kernel))
			return false;
	}
	return true;
}

static void sweep_tap(const char *ifname, void *context)
{
	struct domain *domain = context;

	for (unsigned int i = 0; i < domain->link_count; i++)
		if (strcmp(domain->links[i].plan.ifname, ifname) == 0)
			return;
	tap_delete(domain->netns, ifname);
}

static void sweep_namespace(const char *name, void *context)
{
	struct sync *sync = context;
	const struct domain *domain = find_domain(sync, name);

	if (domain == NULL)
		namespace_delete(sync->netns_dir, name);
}

void domains_sweep(struct sync *sync)
{
	while (sync->domain_count > sync->plan->domain_count) {
		struct domain *domain = sync->domains[--sync->domain_count];

		sync->by_vrf[domain->vrf] = NULL;
		domain_free(domain);
	}
	namespace_list(sync->netns_dir, sweep_namespace, sync);
	for (unsigned int i = 0; i < sync->domain_count; i++)
		if (sync->domains[i]->netns >= 0)
			tap_list(sync->domains[i]->netns, sweep_tap, sync->domains[i]);
	named_forget(&sync->ports);
	named_forget(&sync->vrfs);
	named_forget(&sync->interfaces);
}

void domains_close(struct sync *sync)
{
	for (unsigned int i = 0; i < sync->domain_count; i++)
		domain_free(sync->domains[i]);
	free(sync->domains);
	sync->domains = NULL;
	sync->domain_count = 0;
}

void domain_interface_item(
	const struct domain *domain, const struct domain_link *link, struct api_interface *item)
{
	const struct plan_link *plan = &link->plan;
	const uint8_t *mac;

	memset(item, 0, sizeof(*item));
	item->id = link->interface;
	item->port = link->port;
	item->vrf = domain->vrf;
	item->s_tag = plan->s_tag;
	item->c_tag = plan->c_tag;
	item->mtu = plan->mtu;
	memcpy(item->address4, plan->edge4.address, sizeof(item->address4));
	item->prefix_len4 = plan->edge4.prefix_len;
	memcpy(item->address6, plan->edge6.address, sizeof(item->address6));
	item->prefix_len6 = plan->edge6.prefix_len;
	mac = link->mac;
	/* RFC 4291 appendix A: the interface identifier from a MAC address. */
	memcpy(item->link_local6,
		(uint8_t[]){0xfe, 0x80, 0, 0, 0, 0, 0, 0, mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe,
			mac[3], mac[4], mac[5]},
		16);
	COPY_TEXT(item->name, plan->name);
	COPY_TEXT(item->circuit, plan->circuit);
}
