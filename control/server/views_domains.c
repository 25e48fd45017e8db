/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The routing domains of a circuit's peerings, for whoever compares them with what the dataplane
 * has (`onramp doctor`).
 */
#include <string.h>

#include "control/server/views.h"

static void count_learned(const struct kernel_route *route, void *context)
{
	uint64_t *count = context;

	if (route->protocol == KERNEL_PROTOCOL_BGP || route->protocol == KERNEL_PROTOCOL_STATIC)
		(*count)++;
}

static void count_refused(const struct kernel_route *route, void *context)
{
	(*(uint64_t *)context)++;
}

/* What the dataplane should have of the kernel's routes; null: the domain is not up yet. */
static json_t *learned(struct sync *sync, unsigned int index)
{
	struct kernel *kernel = sync_kernel(sync, index);
	uint64_t count = 0, refused = 0;

	if (kernel == NULL)
		return json_null();
	kernel_each_route(kernel, count_learned, &count);
	sync_each_refused(sync, index, count_refused, &refused);
	return json_integer((json_int_t)(count - refused));
}

static json_t *connections_of(const struct plan *plan, unsigned int index)
{
	json_t *connections = json_array();

	for (unsigned int i = 0; i < plan->connection_count; i++) {
		const struct plan_connection *each = &plan->connections[i];
		unsigned int other;

		if (each->circuit_domain == index)
			other = each->vnet_domain;
		else if (each->vnet_domain == index)
			other = each->circuit_domain;
		else
			continue;
		json_array_append_new(connections, json_string(plan->domains[other].owner));
	}
	return connections;
}

static bool has_bfd(const struct plan_domain *domain)
{
	return domain->link_count > 0 && domain->links[0].bfd.interval_ms != 0;
}

json_t *view_domains(struct sync *sync, const char *circuit)
{
	const struct plan *plan = sync_plan(sync);
	json_t *rows = json_array();

	for (unsigned int i = 0; plan != NULL && i < plan->domain_count; i++) {
		const struct plan_domain *domain = &plan->domains[i];
		bool is_public = domain->kind == DOMAIN_PUBLIC;

		if ((domain->kind != DOMAIN_PRIVATE && !is_public) ||
			(circuit != NULL && strcmp(domain->owner, circuit) != 0))
			continue;
		json_array_append_new(rows,
			json_pack("{s:s++, s:s, s:o, s:o, s:b, s:i, s:s?}", "peering",
				domain->owner, "/", is_public ? "public" : "private", "domain",
				domain->name, "learned", learned(sync, i), "connections",
				connections_of(plan, i), "bfd", has_bfd(domain), "validated",
				is_public ? (int)domain->accepted_count : 0, "route_filter",
				domain->filter != NULL ? domain->filter->name : NULL));
	}
	return rows;
}
