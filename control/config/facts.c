/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A site as {"contoso/private": {"peer_asn": "65001", ...}, ...}: every object with all its fields
 * as text, so that two sites can be compared without knowing what a field means.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "control/config/diff.h"
#include "control/model/ip.h"
#include "control/model/lifecycle.h"

static json_t *__attribute__((format(printf, 2, 3))) object(json_t *facts, const char *format, ...)
{
	char what[160];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	json_t *fields = json_object();
	return json_object_set_new(facts, what, fields) == 0 ? fields : NULL;
}

static void __attribute__((format(printf, 3, 4)))
fact(json_t *fields, const char *field, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (text[0] != '\0')
		json_object_set_new(fields, field, json_string(text));
}

static void cpus_fact(json_t *fields, const char *field, const uint32_t *cpus, uint32_t count)
{
	char text[512] = "";
	size_t used = 0;

	for (uint32_t i = 0; i < count && used < sizeof(text); i++)
		used += (size_t)snprintf(
			text + used, sizeof(text) - used, "%s%u", i == 0 ? "" : ", ", cpus[i]);
	fact(fields, field, "%s", text);
}

static void edge_facts(json_t *facts, const struct site_edge *edge)
{
	json_t *fields = object(facts, "edge %s", edge->name);
	char speed[24];

	fact(fields, "zone", "%s", edge->zone);
	cpus_fact(fields, "workers", edge->worker_cpus, edge->worker_cpu_count);
	cpus_fact(fields, "control", edge->control_cpus, edge->control_cpu_count);
	if (edge->idle_sleep_us == 0)
		fact(fields, "idle", "poll");
	else
		fact(fields, "idle", "%uus", edge->idle_sleep_us);
	fact(fields, "memory", "%uM%s", edge->memory_mb, edge->hugepages ? "" : ", no huge pages");
	for (unsigned int i = 0; i < edge->port_count; i++) {
		const struct site_port *port = &edge->ports[i];
		fields = object(facts, "port %s/%s", edge->name, port->name);
		fact(fields, "device", "%s", port->device);
		fact(fields, "role", "%s", port->role == PORT_CORE ? "core" : "customer");
		fact(fields, "speed", "%s", rate_text(port->speed_bps, speed, sizeof(speed)));
		fact(fields, "mtu", "%u", port->mtu);
		fact(fields, "outer_ethertype", "0x%04x", port->outer_ethertype);
		fact(fields, "rss", "%s", rss_name(port->rss));
	}
}

static void pair_facts(json_t *facts, const struct site *site, const struct site_port_pair *pair)
{
	json_t *fields = object(facts, "port pair %s", pair->name);

	fact(fields, "model", "%s", pair_model_name(pair->model));
	fact(fields, "encapsulation", "%s", encapsulation_name(pair->encapsulation));
	for (unsigned int half = 0; half < LINKS; half++) {
		const struct port_ref *ref = &pair->ports[half];
		if (!ref->present)
			continue;
		const struct site_edge *edge = &site->edges[ref->edge];
		fact(fields, link_name(half), "%s/%s", edge->name, edge->ports[ref->port].name);
	}
	fact(fields, "owner", "%s", pair->owner);
	for (unsigned int i = 0; i < pair->authorization_count; i++) {
		const struct site_authorization *authorization = &pair->authorizations[i];
		char rate[24];

		fields = object(facts, "authorization %s/%s", pair->name, authorization->name);
		fact(fields, "bandwidth", "%s",
			rate_text(authorization->quota_bps, rate, sizeof(rate)));
		fact(fields, "key_sha256", "%s", authorization->key_sha256);
		fact(fields, "circuit", "%s", authorization->circuit);
	}
}

static void link_fact(json_t *fields, const char *field, const struct site_link *link)
{
	char edges[2][64], peers[2][64];

	if (!link->present)
		return;
	ip_text(&link->edge4, edges[0], sizeof(edges[0]));
	ip_text(&link->edge6, edges[1], sizeof(edges[1]));
	struct ip peer4 = link->peer4, peer6 = link->peer6;
	peer4.prefix_len = 32;
	peer6.prefix_len = 128;
	ip_text(&peer4, peers[0], sizeof(peers[0]));
	ip_text(&peer6, peers[1], sizeof(peers[1]));
	fact(fields, field, "%s%s%s%s%s%s%s", edges[0], edges[0][0] != '\0' ? " to " : "", peers[0],
		edges[0][0] != '\0' && edges[1][0] != '\0' ? ", " : "", edges[1],
		edges[1][0] != '\0' ? " to " : "", peers[1]);
}

static void bfd_fact(json_t *fields, const struct bfd_timers *bfd)
{
	if (bfd->interval_ms == 0)
		fact(fields, "bfd", "off");
	else
		fact(fields, "bfd", "%ums x %u", bfd->interval_ms, bfd->multiplier);
}

static void bfd_auth_facts(json_t *fields, const struct bfd_auth *auth)
{
	char field[64];

	if (auth == NULL)
		return;
	fact(fields, "bfd.auth", "%s, signed with key %u", bfd_auth_type_name(auth->type),
		auth->keys[0].id);
	for (unsigned int i = 0; i < auth->key_count; i++) {
		snprintf(field, sizeof(field), "bfd.auth.keys[%u]", auth->keys[i].id);
		fact(fields, field, "%s", auth->keys[i].file);
	}
}

static void limit_facts(json_t *fields, const struct prefix_limits *limits)
{
	fact(fields, "prefix_limit.ipv4", "%u", limits->ipv4);
	fact(fields, "prefix_limit.ipv6", "%u", limits->ipv6);
	fact(fields, "prefix_limit.mode", "%s", limits->soft ? "soft" : "hard");
}

static void prefix_facts(
	json_t *fields, const struct ip *prefixes, unsigned int count, const char *what)
{
	char field[64], prefix[64];

	for (unsigned int i = 0; i < count; i++) {
		ip_text(&prefixes[i], prefix, sizeof(prefix));
		snprintf(field, sizeof(field), "prefix %.50s", prefix);
		fact(fields, field, "%s", what);
	}
}

static void public_facts(
	json_t *fields, const struct site *site, const struct site_peering *peering)
{
	if (peering->type != PEERING_PUBLIC)
		return;
	fact(fields, "route_filter", "%s",
		peering->filter >= 0 ? site->filters[peering->filter].name : "none");
	if (peering->origin_asn != 0)
		fact(fields, "origin_asn", "%u", peering->origin_asn);
	prefix_facts(fields, peering->validated, peering->validated_count, "validated");
}

static void communities_fact(
	json_t *fields, const char *field, const struct community *communities, unsigned int count)
{
	char text[SITE_ALLOWED_MAX * COMMUNITY_TEXT_MAX] = "", one[COMMUNITY_TEXT_MAX];

	for (unsigned int i = 0; i < count && i < SITE_ALLOWED_MAX; i++) {
		strcat(text, i > 0 ? " " : "");
		strcat(text, community_text(&communities[i], one));
	}
	json_object_set_new(fields, field, json_string(text));
}

static void circuit_facts(
	json_t *facts, const struct site *site, const struct site_circuit *circuit)
{
	json_t *fields = object(facts, "circuit %s", circuit->name);
	char rate[24];

	fact(fields, "customer", "%s", circuit->customer);
	fact(fields, "authorization", "%s", circuit->authorization);
	fact(fields, "port_pair", "%s", site->port_pairs[circuit->port_pair].name);
	fact(fields, "bandwidth", "%s", rate_text(circuit->bandwidth_bps, rate, sizeof(rate)));
	fact(fields, "rate_limit", "%s", circuit->rate_limit ? "true" : "false");
	fact(fields, "burst", "%uus", circuit->burst_us);
	fact(fields, "overhead", "%u", circuit->overhead_bytes);
	fact(fields, "tier", "%s", tier_name(circuit->tier));
	fact(fields, "family", "%s", family_name(circuit->family));
	fact(fields, "state", "%s", circuit->enabled ? "enabled" : "disabled");
	if (site->port_pairs[circuit->port_pair].model == PAIR_PROVIDER)
		fact(fields, "provider_state", "%s", provider_state_name(circuit->provider_state));
	if (circuit->s_tag != 0)
		fact(fields, "s_tag", "%u", circuit->s_tag);
	if (circuit->secondary_s_tag != 0)
		fact(fields, "secondary_s_tag", "%u", circuit->secondary_s_tag);
	fact(fields, "service_key", "%s", circuit->service_key);
	for (unsigned int i = 0; i < circuit->peering_count; i++) {
		const struct site_peering *peering = &circuit->peerings[i];
		fields = object(facts, "%s/%s", circuit->name, peering_type_name(peering->type));
		fact(fields, "managed_by", "%s", principal_name(peering->managed_by));
		fact(fields, circuit->s_tag != 0 ? "c_tag" : "vlan", "%u", peering->c_tag);
		fact(fields, "peer_asn", "%u", peering->peer_asn);
		bfd_fact(fields, &peering->bfd);
		bfd_auth_facts(fields, peering->bfd_auth);
		fact(fields, "urpf", "%s", urpf_name(peering->urpf));
		fact(fields, "ttl_security", "%s", peering->ttl_security ? "true" : "false");
		if (peering->md5 != NULL)
			fact(fields, "md5_file", "%s", peering->md5->file);
		limit_facts(fields, &peering->limits);
		public_facts(fields, site, peering);
		for (unsigned int half = 0; half < LINKS; half++)
			link_fact(fields, link_name(half), &peering->links[half]);
	}
}

static void place_facts(json_t *fields, const struct site_place *place)
{
	fact(fields, "location", "%s", place->location);
	fact(fields, "region", "%s", place->region);
}

static void vnet_facts(json_t *facts, const struct site *site, const struct site_vnet *vnet)
{
	json_t *fields = object(facts, "%s %s", vnet->is_service ? "service" : "vnet", vnet->name);
	char field[64];

	place_facts(fields, &vnet->place);
	fact(fields, "port", "%s", vnet->port);
	fact(fields, "vlan", "%u", vnet->vlan);
	fact(fields, "attachment", "%s", vnet->is_static ? "static" : "bgp");
	if (!vnet->is_static) {
		fact(fields, "peer_asn", "%u", vnet->peer_asn);
		bfd_fact(fields, &vnet->bfd);
		bfd_auth_facts(fields, vnet->bfd_auth);
		if (vnet->md5 != NULL)
			fact(fields, "md5_file", "%s", vnet->md5->file);
	}
	for (unsigned int i = 0; i < site->edge_count; i++) {
		snprintf(field, sizeof(field), "link on %s", site->edges[i].name);
		link_fact(fields, field, &vnet->links[i]);
	}
	prefix_facts(fields, vnet->static_prefixes, vnet->static_prefix_count,
		vnet->is_static ? "routed" : "accepted");
	for (unsigned int i = 0; i < vnet->connection_count; i++) {
		const struct site_connection *connection = &vnet->connections[i];
		fields = object(facts, "connection %s - %s", vnet->name,
			site->circuits[connection->circuit].name);
		fact(fields, "weight", "%u", connection->weight);
		fact(fields, "prefix_limit.ipv4", "%u", connection->limits.ipv4);
		fact(fields, "prefix_limit.ipv6", "%u", connection->limits.ipv6);
	}
}

static void budgets_facts(json_t *fields, const struct site_budgets *budgets)
{
	fact(fields, "control_budgets.neighbour", "%u", budgets->neighbour);
	fact(fields, "control_budgets.bgp", "%u", budgets->bgp);
	fact(fields, "control_budgets.bfd", "%u", budgets->bfd);
	fact(fields, "control_budgets.other", "%u", budgets->other);
	fact(fields, "control_budgets.icmp_errors", "%u", budgets->icmp_errors);
}

static void service_facts(
	json_t *facts, const struct site *site, const struct site_service *service)
{
	char what[64];

	vnet_facts(facts, site, &service->core);
	snprintf(what, sizeof(what), "service %s", service->core.name);
	communities_fact(json_object_get(facts, what), "communities", service->communities,
		service->community_count);
}

static void global_reach_facts(
	json_t *facts, const struct site *site, const struct site_global_reach *reach)
{
	fact(object(facts, "global reach %s", reach->name), "circuits", "%s and %s",
		site->circuits[reach->circuits[0]].name, site->circuits[reach->circuits[1]].name);
}

json_t *site_facts(const struct site *site)
{
	json_t *facts = json_object();

	if (site == NULL || facts == NULL)
		return facts;
	json_t *fields = object(facts, "site");
	fact(fields, "site", "%s", site->name);
	place_facts(fields, &site->place);
	fact(fields, "asn", "%u", site->asn);
	budgets_facts(fields, &site->budgets);
	for (unsigned int i = 0; i < site->edge_count; i++)
		edge_facts(facts, &site->edges[i]);
	for (unsigned int i = 0; i < site->port_pair_count; i++)
		pair_facts(facts, site, &site->port_pairs[i]);
	for (unsigned int i = 0; i < site->circuit_count; i++)
		circuit_facts(facts, site, &site->circuits[i]);
	for (unsigned int i = 0; i < site->vnet_count; i++)
		vnet_facts(facts, site, &site->vnets[i]);
	for (unsigned int i = 0; i < site->filter_count; i++)
		communities_fact(object(facts, "route filter %s", site->filters[i].name), "allow",
			site->filters[i].allow, site->filters[i].allow_count);
	for (unsigned int i = 0; i < site->service_count; i++)
		service_facts(facts, site, &site->services[i]);
	for (unsigned int i = 0; i < site->global_reach_count; i++)
		global_reach_facts(facts, site, &site->global_reach[i]);
	return facts;
}
