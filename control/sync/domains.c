/* SPDX-License-Identifier: BSD-3-Clause */
/* Routing domains follow the plan: ids, namespaces, TAPs, and who is connected with whom. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/log.h"
#include "control/routing/namespace.h"
#include "control/sync/copy.h"
#include "control/sync/internal.h"

struct domain *domain_by_name(const struct sync *sync, const char *name)
{
	for (unsigned int i = 0; i < sync->domain_count; i++)
		if (strcmp(sync->domains[i]->name, name) == 0)
			return sync->domains[i];
	return NULL;
}

#define DOMAINS_A_TURN 16 /* some milliseconds */

static void close_link(struct sync *sync, struct domain_link *link)
{
	adjacency_drop_interface(sync, link->interface);
	sync->by_interface[link->interface] = NULL;
	if (link->tap >= 0)
		close(link->tap);
	link->tap = -1;
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
	bool changed = false;

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
		changed |= !ip_equal(&link->plan.edge4, &plan->links[i].edge4) ||
			   !ip_equal(&link->plan.edge6, &plan->links[i].edge6);
		forget_peers(domain, link, &plan->links[i]);
		link->plan = plan->links[i];
		link->port =
			named_want(&sync->ports, sync->plan->edge->ports[link->plan.port].name);
		if (policers_plan(sync, link) != 0)
			return -ENOSPC;
		sync->by_interface[id] = domain;
	}
	for (unsigned int j = 0; j < old_count; j++)
		if (old[j].interface != 0) {
			close_link(sync, &old[j]);
			changed = true;
		}
	if (changed)
		domain_links_changed(domain);
	return 0;
}

/* The partner of this vrf, a new one where there is none; NULL: no memory. */
static struct partner *want_partner(struct domain *domain, uint32_t vrf)
{
	struct partner *partners;

	for (unsigned int i = 0; i < domain->partner_count; i++)
		if (domain->partners[i].vrf == vrf)
			return &domain->partners[i];
	partners = reallocarray(
		domain->partners, domain->partner_count + 1, sizeof(*domain->partners));
	if (partners == NULL)
		return NULL;
	domain->partners = partners;
	partners[domain->partner_count] = (struct partner){.vrf = vrf};
	return &partners[domain->partner_count++];
}

/* Limits are the circuit's: end 0. */
static int plan_partner(
	const struct plan_connection *connection, struct domain *const ends[2], unsigned int end)
{
	struct partner *partner = want_partner(ends[end], ends[1 - end]->vrf);

	if (partner == NULL)
		return -ENOMEM;
	partner->wanted = true;
	partner->weight = connection->global_reach ? 0 : connection->weight + 1;
	partner->limits[0] = end == 0 ? connection->limits.ipv4 : 0;
	partner->limits[1] = end == 0 ? connection->limits.ipv6 : 0;
	return 0;
}

static void drop_partners(struct domain *domain)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < domain->partner_count; i++)
		if (domain->partners[i].wanted)
			domain->partners[kept++] = domain->partners[i];
	domain->partner_count = kept;
}

/* Those that stay keep what is known of them. */
static int plan_partners(struct sync *sync)
{
	int error = 0;

	for (unsigned int i = 0; i < sync->domain_count; i++)
		for (unsigned int p = 0; p < sync->domains[i]->partner_count; p++)
			sync->domains[i]->partners[p].wanted = false;
	for (unsigned int i = 0; error == 0 && i < sync->plan->connection_count; i++) {
		const struct plan_connection *connection = &sync->plan->connections[i];
		struct domain *ends[2] = {sync->domains[connection->circuit_domain],
			sync->domains[connection->vnet_domain]};

		error = plan_partner(connection, ends, 0);
		if (error == 0)
			error = plan_partner(connection, ends, 1);
	}
	for (unsigned int i = 0; i < sync->domain_count; i++)
		drop_partners(sync->domains[i]);
	return error;
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
		struct domain *domain = domain_by_name(sync, name);

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
	named_unwant(&sync->policers);
	for (unsigned int i = 0; i < sync->plan->edge->port_count; i++)
		if (named_want(&sync->ports, sync->plan->edge->ports[i].name) == 0)
			return -ENOSPC;
	for (unsigned int i = 0; i < sync->domain_count; i++)
		sync->domains[i]->wanted = false;
	if (sync->domain_count == 0)
		adopt_taps(sync);
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
		limits_plan(domain, &sync->plan->domains[i].limits);
	}
	if (error == 0 && !paths_plan(sync))
		error = -ENOSPC;
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
	if (domain->netns < 0)
		domain->netns = namespace_open(sync->netns_dir, domain->name);
	if (domain->netns < 0)
		return domain->netns;
	return open_links(sync, domain, ports, port_count);
}

static int open_kernel(struct sync *sync, struct domain *domain)
{
	if (domain->netns < 0)
		return 0; /* said already */
	if (domain->kernel == NULL)
		domain->kernel = kernel_open(sync->base, domain->netns, &domain_callbacks, domain);
	if (domain->kernel == NULL)
		return -errno;
	for (unsigned int i = 0; i < domain->link_count; i++)
		if (domain->links[i].running)
			domain_ask_for_peers(domain, &domain->links[i]);
	return 0;
}

/* Namespaces and TAPs of all come before the first socket: each change in any namespace is offered
 * to every socket that listens in some namespace, ours and zebra's. */
bool domains_open_some(struct sync *sync, const struct api_port *ports, unsigned int port_count)
{
	unsigned int count = sync->plan->domain_count;

	for (unsigned int turn = 0; turn < DOMAINS_A_TURN && sync->open_cursor < 2 * count;
		turn++, sync->open_cursor++) {
		struct domain *domain = sync->domains[sync->open_cursor % count];
		int error = sync->open_cursor < count ? open_domain(sync, domain, ports, port_count)
						      : open_kernel(sync, domain);

		if (error == 0)
			continue;
		log_error("domain", "%s: %s", domain->name, strerror(-error));
		sync->again = true;
	}
	return sync->open_cursor < 2 * count;
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

static uint8_t urpf_of(enum urpf urpf)
{
	static const uint8_t ways[] = {[URPF_OFF] = API_URPF_OFF,
		[URPF_LOOSE] = API_URPF_LOOSE,
		[URPF_STRICT] = API_URPF_STRICT};

	return ways[urpf];
}

static void fill_budgets(const struct site_budgets *budgets, struct api_interface *item)
{
	item->budget_pps[API_BUDGET_NEIGHBOUR] = budgets->neighbour;
	item->budget_pps[API_BUDGET_ANSWER] = budgets->neighbour;
	item->budget_pps[API_BUDGET_BGP] = budgets->bgp;
	item->budget_pps[API_BUDGET_BFD] = budgets->bfd;
	item->budget_pps[API_BUDGET_OTHER] = budgets->other;
	item->budget_pps[API_BUDGET_ICMP] = budgets->icmp_errors;
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
	item->urpf = urpf_of(plan->urpf);
	item->ttl_security = plan->ttl_security;
	fill_budgets(&domain->sync->plan->site->budgets, item);
	item->policer_in = link->policer_in;
	item->policer_out = link->policer_out;
}
