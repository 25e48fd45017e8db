/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What circuits are connected with, and what the connections carry and refuse.
 */
#include <stdio.h>
#include <string.h>

#include "control/model/lifecycle.h"
#include "control/server/views.h"

#define SHOWN_MAX 1000u /* refused prefixes of a connection and family, one by one */

/* ---- one by one ---- */

struct leak_rows {
	json_t *rows;
	const struct plan_domain *circuit, *network;
	const struct prefix_limits *limits;
	unsigned int count[2];
};

static void add_refused(const struct ip *prefix, void *context)
{
	struct leak_rows *walk = context;
	bool ipv6 = prefix->family == AF_INET6;
	struct ip address = *prefix;
	char text[64];

	if (walk->count[ipv6]++ >= SHOWN_MAX)
		return;
	address.prefix_len = ipv6 ? 128 : 32; /* the text is without it then */
	json_array_append_new(walk->rows,
		json_pack("{s:o, s:s, s:s, s:n, s:o, s:s, s:o}", "peering",
			json_sprintf("%s/private", walk->circuit->owner), "link",
			walk->network->owner, "family", ipv6 ? "ipv6" : "ipv4", "neighbour",
			"prefix",
			json_sprintf(
				"%s/%u", ip_text(&address, text, sizeof(text)), prefix->prefix_len),
			"by", "connection", "reason",
			json_sprintf("above the limit of %u %s prefixes of the connection with "
				     "virtual network %s",
				ipv6 ? walk->limits->ipv6 : walk->limits->ipv4,
				ipv6 ? "IPv6" : "IPv4", walk->network->owner)));
}

void views_add_leaks(json_t *rows, struct sync *sync)
{
	const struct plan *plan = sync_plan(sync);

	for (unsigned int i = 0; plan != NULL && i < plan->connection_count; i++) {
		const struct plan_connection *connection = &plan->connections[i];
		struct leak_rows walk = {.rows = rows,
			.circuit = &plan->domains[connection->circuit_domain],
			.network = &plan->domains[connection->vnet_domain],
			.limits = &connection->limits};

		if (connection->limits.ipv4 != 0)
			sync_each_leak_refused(sync, connection, add_refused, &walk);
	}
}

/* ---- connections ---- */

struct connection_view {
	struct sync *sync;
	const struct plan *plan;
	const struct site_circuit *circuit;
	const char *other;                     /* the network's name, or the other circuit's */
	char domain[DOMAIN_NAME_MAX];          /* its domain's */
	const struct plan_connection *planned; /* NULL: not on this edge, or it does not forward */
};

static const struct plan_connection *find_planned(
	const struct plan *plan, const char *circuit, const char *domain)
{
	for (unsigned int i = 0; i < plan->connection_count; i++) {
		const struct plan_connection *connection = &plan->connections[i];
		const struct plan_domain *of = &plan->domains[connection->circuit_domain];

		if (of->kind == DOMAIN_PRIVATE && strcmp(of->owner, circuit) == 0 &&
			strcmp(plan->domains[connection->vnet_domain].name, domain) == 0)
			return connection;
	}
	return NULL;
}

/* Why the circuit has no part in anything, or NULL. */
static const char *idle_circuit(const struct site *site, const struct site_circuit *circuit)
{
	if (lifecycle_forwards(site->port_pairs[circuit->port_pair].model, circuit->provider_state,
		    circuit->enabled))
		return NULL;
	return circuit->enabled ? provider_state_name(circuit->provider_state) : "disabled";
}

static unsigned int sum(const uint32_t of[2])
{
	return of[0] + of[1];
}

static json_t *state_of(const struct connection_view *view, const struct sync_leaks *in,
	const struct sync_leaks *out)
{
	const char *idle = idle_circuit(view->plan->site, view->circuit);

	if (idle != NULL)
		return json_sprintf("circuit %s is %s", view->circuit->name, idle);
	if (view->planned == NULL)
		return json_sprintf("%s is not on this edge, or does not forward", view->other);
	if (sum(in->refused) > 0)
		return json_sprintf("%u prefixes refused: above the limit", sum(in->refused));
	if (in->alarm[0] || in->alarm[1])
		return json_sprintf("%u %% of the limit", PREFIX_ALARM_PERCENT);
	if (sum(in->prefixes) + sum(out->prefixes) == 0)
		return json_string("no prefixes either way");
	if (sum(in->prefixes) == 0)
		return json_sprintf("no prefixes from %s", view->other);
	if (sum(out->prefixes) == 0)
		return json_sprintf("no prefixes from %s", view->circuit->name);
	return json_string("up");
}

static json_t *limit_json(uint32_t limit)
{
	return limit != 0 ? json_integer(limit) : json_null();
}

static json_t *row_of(struct connection_view *view, json_t *weight, const char *kind,
	const struct prefix_limits *limits)
{
	struct sync_leaks in = {0}, out = {0};

	view->planned = find_planned(view->plan, view->circuit->name, view->domain);
	if (view->planned != NULL) {
		sync_leaks(view->sync, view->planned, true, &in);
		sync_leaks(view->sync, view->planned, false, &out);
	}
	return json_pack("{s:s, s:o, s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:I, s:I, s:o}",
		"circuit", view->circuit->name, "peering",
		json_sprintf("%s/private", view->circuit->name), "kind", kind, "with", view->other,
		"weight", weight, "to_circuit4", (json_int_t)in.prefixes[0], "to_circuit6",
		(json_int_t)in.prefixes[1], "from_circuit4", (json_int_t)out.prefixes[0],
		"from_circuit6", (json_int_t)out.prefixes[1], "limit4", limit_json(limits->ipv4),
		"limit6", limit_json(limits->ipv6), "refused4", (json_int_t)in.refused[0],
		"refused6", (json_int_t)in.refused[1], "state", state_of(view, &in, &out));
}

static void add_network(json_t *rows, struct connection_view *view, const struct site_vnet *vnet)
{
	snprintf(view->domain, sizeof(view->domain), "vnet.%s", vnet->name);
	view->other = vnet->name;
	for (unsigned int i = 0; i < vnet->connection_count; i++) {
		const struct site_connection *connection = &vnet->connections[i];

		view->circuit = &view->plan->site->circuits[connection->circuit];
		json_array_append_new(rows, row_of(view, json_integer(connection->weight),
						    "network", &connection->limits));
	}
}

static void add_reach(
	json_t *rows, struct connection_view *view, const struct site_global_reach *reach)
{
	static const struct prefix_limits none = {0};
	const struct site *site = view->plan->site;

	view->circuit = &site->circuits[reach->circuits[0]];
	view->other = site->circuits[reach->circuits[1]].name;
	snprintf(view->domain, sizeof(view->domain), "private.%s", view->other);
	json_array_append_new(rows, row_of(view, json_null(), "global-reach", &none));
}

json_t *view_connections(struct sync *sync)
{
	struct connection_view view = {.sync = sync, .plan = sync_plan(sync)};
	json_t *rows = json_array();

	for (unsigned int i = 0; view.plan != NULL && i < view.plan->site->vnet_count; i++)
		add_network(rows, &view, &view.plan->site->vnets[i]);
	for (unsigned int i = 0; view.plan != NULL && i < view.plan->site->global_reach_count; i++)
		add_reach(rows, &view, &view.plan->site->global_reach[i]);
	return rows;
}
