/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server/views.h"

#include <stdio.h>
#include <string.h>

/* The kernel's word for the peer on this link; null: no such address, or the domain is not up. */
static json_t *neighbour_state(
	struct kernel *kernel, const struct plan_link *link, const struct ip *peer)
{
	const struct kernel_neighbour *neighbour;

	if (kernel == NULL || peer->family == 0)
		return json_null();
	neighbour = kernel_neighbour_of(kernel, kernel_ifindex(kernel, link->ifname), peer);
	return json_string(neighbour != NULL ? views_neighbour_state(neighbour->state) : "none");
}

static json_t *bgp_state(
	const struct bgp_answers *bgp, const struct plan_domain *domain, const struct ip *peer)
{
	enum bgp_answer answer = peer->family == AF_INET6 ? BGP_SUMMARY6 : BGP_SUMMARY4;
	const json_t *state;

	if (peer->family == 0 || bgp->answers[answer] == NULL)
		return json_null();
	state = json_object_get(views_bgp_session(bgp, domain->name, peer), "state");
	return views_bgp_state(json_string_value(state));
}

static const struct plan_link *find_plan_link(const struct plan_domain *domain, const char *ifname)
{
	for (unsigned int i = 0; domain != NULL && i < domain->link_count; i++)
		if (strcmp(domain->links[i].ifname, ifname) == 0)
			return &domain->links[i];
	return NULL;
}

struct peering_context {
	const struct plan *plan;
	const struct site_circuit *circuit;
	const struct site_peering *peering;
	const struct plan_domain *domain; /* NULL: no link of it on this edge */
	struct kernel *kernel;
	const struct bgp_answers *bgp;
};

static json_t *tag_or_null(uint16_t tag)
{
	return tag != 0 ? json_integer(tag) : json_null();
}

static json_t *link_row(const struct peering_context *context, unsigned int which)
{
	const struct site_link *link = &context->peering->links[which];
	const struct site *site = context->plan->site;
	const struct port_ref *ref = &site->port_pairs[context->circuit->port_pair].ports[which];
	const struct site_edge *edge = &site->edges[ref->edge];
	const struct plan_link *local = edge == context->plan->edge
						? find_plan_link(context->domain, link_name(which))
						: NULL;
	json_t *row = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
		link_name(which), "edge", edge->name, "port", edge->ports[ref->port].name, "s_tag",
		tag_or_null(site_s_tag(context->circuit, which)), "c_tag",
		tag_or_null(context->peering->c_tag), "edge4", views_ip(&link->edge4, true),
		"peer4", views_ip(&link->peer4, false), "edge6", views_ip(&link->edge6, true),
		"peer6", views_ip(&link->peer6, false));
	struct kernel *kernel = local != NULL ? context->kernel : NULL;
	static const char *const keys[] = {"neighbour4", "neighbour6", "bgp4", "bgp6"};

	json_object_set_new(row, keys[0], neighbour_state(kernel, local, &link->peer4));
	json_object_set_new(row, keys[1], neighbour_state(kernel, local, &link->peer6));
	json_object_set_new(row, keys[2],
		local != NULL ? bgp_state(context->bgp, context->domain, &link->peer4)
			      : json_null());
	json_object_set_new(row, keys[3],
		local != NULL ? bgp_state(context->bgp, context->domain, &link->peer6)
			      : json_null());
	return row;
}

static json_t *peering_row(const struct peering_context *context, const char *domain_name)
{
	json_t *links = json_array();
	char name[64];

	for (unsigned int i = 0; i < LINKS; i++)
		if (context->peering->links[i].present)
			json_array_append_new(links, link_row(context, i));
	snprintf(name, sizeof(name), "%s/%s", context->circuit->name,
		peering_type_name(context->peering->type));
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:I, s:o, s:o}", "name", name, "type",
		peering_type_name(context->peering->type), "domain", domain_name, "s_tag",
		tag_or_null(context->circuit->s_tag), "c_tag", tag_or_null(context->peering->c_tag),
		"peer_asn", (json_int_t)context->peering->peer_asn, "not_enabled",
		views_not_enabled(context->domain), "links", links);
}

static void add_peerings(json_t *rows, struct sync *sync, struct peering_context *context)
{
	for (unsigned int i = 0; i < context->circuit->peering_count; i++) {
		char domain_name[DOMAIN_NAME_MAX];
		int domain;

		context->peering = &context->circuit->peerings[i];
		snprintf(domain_name, sizeof(domain_name), "%s.%s",
			peering_type_name(context->peering->type), context->circuit->name);
		domain = plan_find_domain(context->plan, domain_name);
		context->domain = domain >= 0 ? &context->plan->domains[domain] : NULL;
		context->kernel = domain >= 0 ? sync_kernel(sync, (unsigned int)domain) : NULL;
		json_array_append_new(rows, peering_row(context, domain_name));
	}
}

json_t *view_peerings(struct sync *sync, const struct bgp_answers *bgp)
{
	struct peering_context context = {.plan = sync_plan(sync), .bgp = bgp};
	json_t *rows = json_array();

	for (unsigned int i = 0; context.plan != NULL && i < context.plan->site->circuit_count;
		i++) {
		context.circuit = &context.plan->site->circuits[i];
		add_peerings(rows, sync, &context);
	}
	return rows;
}
