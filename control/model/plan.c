/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/model/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/model/lifecycle.h"
#include "control/model/validation.h"

/* All services alike: what several have is shared among them. */
#define SERVICE_WEIGHT 100

static struct plan_rate circuit_rate(const struct site_circuit *circuit)
{
	if (!circuit->rate_limit)
		return (struct plan_rate){0};
	return (struct plan_rate){
		.bps = circuit->bandwidth_bps,
		.burst_bytes = circuit->bandwidth_bps / 8 * circuit->burst_us / 1000000,
		.overhead_bytes = circuit->overhead_bytes,
	};
}

static void plan_peering_link(const struct plan *plan, const struct site_circuit *circuit,
	const struct site_peering *peering, unsigned int half, struct plan_domain *domain)
{
	const struct port_ref *ref = &plan->site->port_pairs[circuit->port_pair].ports[half];
	const struct site_link *link = &peering->links[half];
	unsigned int self = (unsigned int)(plan->edge - plan->site->edges);

	/* A link of another edge is valid and inert here. */
	if (!link->present || !ref->present || ref->edge != self)
		return;
	struct plan_link *out = &domain->links[domain->link_count++];
	snprintf(out->name, sizeof(out->name), "%s/%s/%s", circuit->name,
		peering_type_name(peering->type), link_name(half));
	snprintf(out->ifname, sizeof(out->ifname), "%s", link_name(half));
	memcpy(out->circuit, circuit->name, sizeof(out->circuit));
	out->port = ref->port;
	out->s_tag = site_s_tag(circuit, half);
	out->c_tag = peering->c_tag;
	out->mtu = plan->edge->ports[ref->port].mtu;
	out->edge4 = link->edge4;
	out->edge6 = link->edge6;
	out->peer4 = link->peer4;
	out->peer6 = link->peer6;
	out->rate = circuit_rate(circuit);
	out->peer_asn = peering->peer_asn;
	out->bfd = peering->bfd;
	out->bfd_auth = peering->bfd_auth;
	out->urpf = peering->urpf;
	out->ttl_security = peering->ttl_security;
	out->md5 = peering->md5;
}

static void plan_peering(
	struct plan *plan, const struct site_circuit *circuit, const struct site_peering *peering)
{
	struct plan_domain *domain = &plan->domains[plan->domain_count];

	for (unsigned int half = 0; half < LINKS; half++)
		plan_peering_link(plan, circuit, peering, half, domain);
	if (domain->link_count == 0)
		return;
	snprintf(domain->name, sizeof(domain->name), "%s.%s", peering_type_name(peering->type),
		circuit->name);
	domain->kind = peering->type == PEERING_PRIVATE ? DOMAIN_PRIVATE : DOMAIN_PUBLIC;
	memcpy(domain->owner, circuit->name, sizeof(domain->owner));
	domain->limits = peering->limits;
	domain->accepted = peering->validated;
	domain->accepted_count = peering->validated_count;
	domain->origin_asn = site_origin(peering);
	domain->validation = peering->validation;
	if (peering->type == PEERING_PUBLIC && peering->filter >= 0)
		domain->filter = &plan->site->filters[peering->filter];
	plan->domain_count++;
}

static int edge_core_port(const struct site_edge *edge, const char *name)
{
	for (unsigned int i = 0; i < edge->port_count; i++) {
		if (edge->ports[i].role == PORT_CORE && strcmp(edge->ports[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

static void plan_core(
	struct plan *plan, const struct site_vnet *vnet, const struct site_service *service)
{
	unsigned int self = (unsigned int)(plan->edge - plan->site->edges);
	const struct site_link *link = &vnet->links[self];
	int port = edge_core_port(plan->edge, vnet->port);

	if (!link->present || port < 0)
		return;
	struct plan_domain *domain = &plan->domains[plan->domain_count++];
	snprintf(domain->name, sizeof(domain->name), "%s.%s", service ? "service" : "vnet",
		vnet->name);
	domain->kind = service ? DOMAIN_SERVICE : DOMAIN_VNET;
	domain->service = service;
	memcpy(domain->owner, vnet->name, sizeof(domain->owner));
	if (vnet->is_static) {
		domain->static_prefixes = vnet->static_prefixes;
		domain->static_prefix_count = vnet->static_prefix_count;
	} else if (service) {
		domain->accepted = vnet->static_prefixes;
		domain->accepted_count = vnet->static_prefix_count;
	}
	domain->link_count = 1;

	struct plan_link *out = &domain->links[0];
	snprintf(out->name, sizeof(out->name), "%s/core", vnet->name);
	snprintf(out->ifname, sizeof(out->ifname), "core");
	out->port = (unsigned int)port;
	out->c_tag = vnet->vlan;
	out->mtu = plan->edge->ports[port].mtu;
	out->is_transit = vnet->is_transit && !vnet->is_service;
	out->edge4 = link->edge4;
	out->edge6 = link->edge6;
	out->peer4 = link->peer4;
	out->peer6 = link->peer6;
	out->peer_asn = vnet->is_static ? 0 : vnet->peer_asn;
	out->bfd = vnet->bfd;
	out->bfd_auth = vnet->bfd_auth;
	out->md5 = vnet->is_static ? NULL : vnet->md5;
}

static int find_owner(const struct plan *plan, enum domain_kind kind, const char *owner)
{
	for (unsigned int i = 0; i < plan->domain_count; i++) {
		if (plan->domains[i].kind == kind && strcmp(plan->domains[i].owner, owner) == 0)
			return (int)i;
	}
	return -1;
}

/* A connection needs both of its domains on this edge. */
static void plan_connections(struct plan *plan, const struct site_vnet *vnet)
{
	int vnet_domain = find_owner(plan, DOMAIN_VNET, vnet->name);

	if (vnet_domain < 0)
		return;
	for (unsigned int i = 0; i < vnet->connection_count; i++) {
		const struct site_connection *connection = &vnet->connections[i];
		const struct site_circuit *circuit = &plan->site->circuits[connection->circuit];
		int circuit_domain = find_owner(plan, DOMAIN_PRIVATE, circuit->name);
		if (circuit_domain < 0)
			continue;
		plan->connections[plan->connection_count++] = (struct plan_connection){
			.circuit_domain = (unsigned int)circuit_domain,
			.vnet_domain = (unsigned int)vnet_domain,
			.weight = connection->weight,
			.limits = connection->limits,
		};
	}
}

static void plan_global_reach(struct plan *plan, const struct site_global_reach *reach)
{
	const struct site_circuit *circuits = plan->site->circuits;
	int one = find_owner(plan, DOMAIN_PRIVATE, circuits[reach->circuits[0]].name);
	int other = find_owner(plan, DOMAIN_PRIVATE, circuits[reach->circuits[1]].name);

	if (one < 0 || other < 0)
		return;
	plan->connections[plan->connection_count++] =
		(struct plan_connection){.circuit_domain = (unsigned int)one,
			.vnet_domain = (unsigned int)other,
			.global_reach = true};
}

/* A route filter connects a public peering with each service that it lets through. */
static void plan_filters(struct plan *plan)
{
	for (unsigned int i = 0; i < plan->domain_count; i++) {
		const struct site_filter *filter = plan->domains[i].filter;

		for (unsigned int j = 0; filter != NULL && j < plan->domain_count; j++) {
			const struct site_service *service = plan->domains[j].service;

			if (service == NULL ||
				!communities_meet(filter->allow, filter->allow_count,
					service->communities, service->community_count))
				continue;
			plan->connections[plan->connection_count++] = (struct plan_connection){
				.circuit_domain = i, .vnet_domain = j, .weight = SERVICE_WEIGHT};
		}
	}
}

bool plan_may_peer(const struct plan_domain *domain)
{
	return domain->kind != DOMAIN_PUBLIC ||
	       (domain->accepted_count > 0 && validation_vouches_all(domain->validation));
}

static struct plan *plan_alloc(const struct site *site, unsigned int edge)
{
	size_t domains = site->vnet_count + site->service_count;
	size_t connections = site->global_reach_count;

	for (unsigned int i = 0; i < site->circuit_count; i++)
		domains += site->circuits[i].peering_count;
	for (unsigned int i = 0; i < site->vnet_count; i++)
		connections += site->vnets[i].connection_count;
	connections += (size_t)site->circuit_count * site->service_count;

	struct plan *plan = calloc(1, sizeof(*plan));
	if (plan == NULL)
		return NULL;
	plan->site = site;
	plan->edge = &site->edges[edge];
	/* One more than needed: calloc(0) may return NULL, and a domain is tried in the last slot.
	 */
	plan->domains = calloc(domains + 1, sizeof(*plan->domains));
	plan->connections = calloc(connections + 1, sizeof(*plan->connections));
	if (plan->domains == NULL || plan->connections == NULL) {
		plan_free(plan);
		return NULL;
	}
	return plan;
}

struct plan *plan_build(const struct site *site, unsigned int edge)
{
	struct plan *plan = plan_alloc(site, edge);

	if (plan == NULL)
		return NULL;
	for (unsigned int i = 0; i < site->circuit_count; i++) {
		const struct site_circuit *circuit = &site->circuits[i];
		if (!lifecycle_forwards(site->port_pairs[circuit->port_pair].model,
			    circuit->provider_state, circuit->enabled))
			continue;
		for (unsigned int j = 0; j < circuit->peering_count; j++)
			plan_peering(plan, circuit, &circuit->peerings[j]);
	}
	for (unsigned int i = 0; i < site->vnet_count; i++)
		plan_core(plan, &site->vnets[i], NULL);
	for (unsigned int i = 0; i < site->service_count; i++)
		plan_core(plan, &site->services[i].core, &site->services[i]);
	for (unsigned int i = 0; i < site->vnet_count; i++)
		plan_connections(plan, &site->vnets[i]);
	for (unsigned int i = 0; i < site->global_reach_count; i++)
		plan_global_reach(plan, &site->global_reach[i]);
	plan_filters(plan);
	return plan;
}

void plan_free(struct plan *plan)
{
	if (plan == NULL)
		return;
	free(plan->domains);
	free(plan->connections);
	free(plan);
}

int plan_find_domain(const struct plan *plan, const char *name)
{
	for (unsigned int i = 0; i < plan->domain_count; i++) {
		if (strcmp(plan->domains[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}
