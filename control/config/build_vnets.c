/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "control/config/build.h"
#include "control/model/ip.h"

/* Which edges have the core port; reports when none has. */
static void find_core_port(struct build *build, const struct record *core, bool *edges)
{
	const struct value *port = usable(core, CORE_PORT);
	const char *customer = NULL;
	bool found = false;
	char nearest[80];

	if (port == NULL)
		return;
	struct suggestion suggestion = {.wrong = port->text};
	for (unsigned int i = 0; i < build->site->edge_count; i++) {
		const struct site_edge *edge = &build->site->edges[i];
		for (unsigned int j = 0; j < edge->port_count; j++) {
			bool same = strcmp(edge->ports[j].name, port->text) == 0;
			bool is_core = edge->ports[j].role == PORT_CORE;
			if (is_core)
				suggest(&suggestion, edge->ports[j].name);
			edges[i] = edges[i] || (same && is_core);
			customer = same && !is_core ? edge->name : customer;
		}
		found = found || edges[i];
	}
	if (found)
		return;
	if (customer != NULL)
		report(build->loader, core, CORE_PORT,
			"\"%s\" is a customer port (edge %s); a virtual network needs a port of "
			"role "
			"core",
			port->text, customer);
	else
		report(build->loader, core, CORE_PORT,
			"no edge has a port \"%s\"; write the name of a port of role core%s",
			port->text, suggestion_text(&suggestion, nearest, sizeof(nearest)));
}

static const struct value *core_vlan(const struct record *vnet, unsigned int field)
{
	const struct record *core = record_of(vnet, field);

	if (core == NULL || usable(core, CORE_PORT) == NULL)
		return NULL;
	return usable(core, CORE_VLAN);
}

static void check_vlan(struct build *build, const struct record *core, const struct value *vlan,
	const struct record *other, unsigned int field)
{
	const char *port = record_name(core, CORE_PORT);
	const char *what = field == VNET_CORE ? "vnet" : "service";
	const char *name = record_name(other, field == VNET_CORE ? VNET_NAME : SERVICE_NAME);
	const struct value *its = core_vlan(other, field);

	if (its == NULL || its->number != vlan->number ||
		strcmp(record_name(record_of(other, field), CORE_PORT), port) != 0)
		return;
	if (vlan->number == 0)
		report(build->loader, core, CORE_VLAN,
			"0 (untagged) on port \"%s\" is %s \"%s\"'s already (line %u); write a "
			"vlan: 1 to 4094",
			port, what, name, its->line);
	else
		report(build->loader, core, CORE_VLAN,
			"%s on port \"%s\" is %s \"%s\"'s already (line %u); choose another",
			vlan->text, port, what, name, its->line);
}

static void check_vlans(struct build *build, struct record *const *records, unsigned int index)
{
	const struct value *vlan = core_vlan(records[index], VNET_CORE);

	for (unsigned int i = 0; vlan != NULL && i < index; i++)
		check_vlan(
			build, record_of(records[index], VNET_CORE), vlan, records[i], VNET_CORE);
}

void check_core_vlan(struct build *build, const struct record *service, unsigned int index)
{
	const struct value *vlan = core_vlan(service, SERVICE_CORE);
	const struct record *core = record_of(service, SERVICE_CORE);
	size_t vnets, services;
	struct record *const *vnet_records = record_list(build->root, SITE_VNETS, &vnets);
	struct record *const *records = record_list(build->root, SITE_SERVICES, &services);

	for (size_t i = 0; vlan != NULL && i < vnets; i++)
		check_vlan(build, core, vlan, vnet_records[i], VNET_CORE);
	for (size_t i = 0; vlan != NULL && i < index; i++)
		check_vlan(build, core, vlan, records[i], SERVICE_CORE);
}

static bool has_family(const struct value *link_subnets, uint8_t family)
{
	for (size_t i = 0; i < link_subnets->count; i++) {
		if (!link_subnets->items[i].valid || link_subnets->items[i].ip.family == family)
			return true;
	}
	return !link_subnets->valid;
}

/* Wider prefixes (a default route, say) are fine beside the link subnets, which are longer. One
 * that is equal to or inside a link subnet would take the gateway's own address away. */
static void check_static_prefix(struct build *build, const struct record *record, size_t index)
{
	const struct value *prefix = &record->values[STATIC_PREFIXES].items[index];
	bool transit = record->values[STATIC_TRANSIT].given;
	unsigned int field = transit ? STATIC_TRANSIT : STATIC_LINK_SUBNETS;
	const struct value *links = &record->values[field];
	const char *range;

	if (!has_family(links, prefix->ip.family))
		report_item(build->loader, record, STATIC_PREFIXES, prefix,
			"%s has no way out: %s has no %s subnet; add one", prefix->text,
			transit ? "transit_subnets" : "link_subnets",
			ip_family_name(prefix->ip.family));
	for (size_t i = 0; i < links->count; i++) {
		if (links->items[i].valid && ip_contains(&links->items[i].ip, &prefix->ip))
			report_item(build->loader, record, STATIC_PREFIXES, prefix,
				"%s lies in the %s subnet %s, where the gateway is; remove it or "
				"choose another subnet",
				prefix->text, transit ? "transit" : "link", links->items[i].text);
	}
	for (size_t i = 0; i < index; i++) {
		const struct value *other = &record->values[STATIC_PREFIXES].items[i];
		if (other->valid && ip_equal(&other->ip, &prefix->ip))
			report_item(build->loader, record, STATIC_PREFIXES, prefix,
				"%s stands twice; remove one", prefix->text);
	}
	/* Short prefixes (0.0.0.0/0) overlap everything and are meant to. */
	if (prefix->ip.prefix_len >= 8 && ip_use(&prefix->ip, &range) == IP_USE_NEVER)
		report_item(build->loader, record, STATIC_PREFIXES, prefix,
			"%s is %s; it cannot be routed", prefix->text, range);
}

static bool build_static(struct build *build, const struct record *record, struct site_vnet *vnet)
{
	const struct value *prefixes = usable(record, STATIC_PREFIXES);
	size_t count = prefixes != NULL ? prefixes->count : 0;

	vnet->static_prefixes = calloc(count + 1, sizeof(*vnet->static_prefixes));
	if (vnet->static_prefixes == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!prefixes->items[i].valid)
			continue;
		check_static_prefix(build, record, i);
		vnet->static_prefixes[vnet->static_prefix_count++] = prefixes->items[i].ip;
	}
	return true;
}

/* Every gateway named must be of use: an address of no edge's part is a mistake. */
static void check_gateways(
	struct build *build, const struct record *record, const struct site_vnet *vnet)
{
	const struct value *list = usable(record, STATIC_GATEWAY);

	for (size_t i = 0; list != NULL && i < list->count; i++) {
		const struct ip *gateway = &list->items[i].ip;
		bool used = !list->items[i].valid;
		for (unsigned int edge = 0; edge < build->site->edge_count; edge++) {
			const struct site_link *link = &vnet->links[edge];
			struct ip peer = gateway->family == AF_INET ? link->peer4 : link->peer6;
			peer.prefix_len = ip_full_length(gateway->family);
			used = used || (link->present && ip_equal(&peer, gateway));
		}
		if (!used)
			report_item(build->loader, record, STATIC_GATEWAY, &list->items[i],
				"%s is not the gateway of any link; it must be %s, named once",
				list->items[i].text,
				vnet->is_transit ? "one address of a transit subnet for each family"
						 : "one of the two usable addresses of an edge's "
						   "/30 or /126");
	}
}

bool build_core(struct build *build, const struct record *core, struct site_vnet *vnet)
{
	bool by_bgp = core->values[CORE_BGP].given, is_static = core->values[CORE_STATIC].given;
	bool both = by_bgp && is_static;
	/* One that is not named may have a record all the same, of defaults. */
	const struct record *bgp = by_bgp ? record_of(core, CORE_BGP) : NULL;
	const struct record *fixed = is_static ? record_of(core, CORE_STATIC) : NULL;
	bool *edges = loader_alloc(build->loader, (build->site->edge_count + 1) * sizeof(*edges));

	if (edges == NULL)
		return false;
	copy_name(vnet->port, core, CORE_PORT);
	vnet->vlan = (uint16_t)record_number(core, CORE_VLAN, 0);
	find_core_port(build, core, edges);
	if (both)
		report(build->loader, core, CORE_STATIC,
			"stands beside bgp; a network is attached one way: remove one of them");
	else if (!by_bgp && !is_static)
		report(build->loader, core, CORE_BGP,
			"is missing, and so is static; write one of them: bgp: {peer_asn: ..., "
			"link_subnets: [...]} or static: {prefixes: [...], link_subnets: [...]}");
	if (bgp != NULL) {
		const struct value *asn = usable(bgp, BGP_ASN);
		vnet->peer_asn = (uint32_t)record_number(bgp, BGP_ASN, 0);
		vnet->bfd = build_bfd(build, bgp, BGP_BFD, &vnet->bfd_auth);
		build_md5(build, bgp, BGP_MD5, &vnet->md5);
		if (asn != NULL && asn->number == build->site->asn)
			report(build->loader, bgp, BGP_ASN,
				"%s is the site's own AS number; sessions are external BGP, write "
				"the "
				"core router's",
				asn->text);
		build_core_links(build, bgp, edges, vnet);
	}
	if (fixed != NULL && !both) {
		size_t errors = build->loader->findings->errors;
		vnet->is_static = true;
		build_core_links(build, fixed, edges, vnet);
		if (errors == build->loader->findings->errors)
			check_gateways(build, fixed, vnet);
		return vnet->is_service || build_static(build, fixed, vnet);
	}
	return true;
}

static bool build_vnet(struct build *build, const struct record *record, struct site_vnet *vnet)
{
	const struct record *core = record_of(record, VNET_CORE);
	copy_name(vnet->name, record, VNET_NAME);
	vnet->links = calloc(build->site->edge_count + 1, sizeof(*vnet->links));
	if (vnet->links == NULL || !build_connections(build, record, vnet))
		return false;
	return core == NULL || build_core(build, core, vnet);
}

bool build_vnets(struct build *build)
{
	struct site *site = build->site;
	size_t count;
	struct record *const *records = record_list(build->root, SITE_VNETS, &count);

	site->vnets = calloc(count + 1, sizeof(*site->vnets));
	if (site->vnets == NULL)
		return false;
	site->vnet_count = (unsigned int)count;
	for (unsigned int i = 0; i < count; i++) {
		if (!build_vnet(build, records[i], &site->vnets[i]))
			return false;
		check_vlans(build, records, i);
	}
	check_unique(build->loader, &build->root->values[SITE_VNETS], "vnet");
	return true;
}
