/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Link subnets. The customer (or the core's gateway) takes the first usable address, the edge the
 * second; for an IPv6 /126 these are ::1 and ::2, because ::0 is the subnet-router anycast address
 * (RFC 4291 2.6.1).
 */
#include <string.h>
#include <sys/socket.h>

#include "control/config/build.h"
#include "control/model/ip.h"

static const struct subnet_lengths link_lengths = {30, 30, 126, 126};
static const struct subnet_lengths split_lengths = {29, 29, 125, 125};
static const struct subnet_lengths core_lengths = {24, 30, 120, 126};
static const struct subnet_lengths transit_lengths = {16, 29, 48, 124};

static uint8_t link_length(uint8_t family)
{
	return family == AF_INET ? 30 : 126;
}

static bool check_length(struct build *build, const struct record *record, unsigned int field,
	const struct subnet_lengths *lengths, const struct value *item)
{
	bool four = item->ip.family == AF_INET;
	uint8_t shortest = four ? lengths->shortest4 : lengths->shortest6;
	uint8_t longest = four ? lengths->longest4 : lengths->longest6;

	if (item->ip.prefix_len >= shortest && item->ip.prefix_len <= longest)
		return true;
	if (shortest == longest)
		report_item(build->loader, record, field, item,
			"%s is a /%u; the %s subnet here is a /%u", item->text, item->ip.prefix_len,
			ip_family_name(item->ip.family), shortest);
	else
		report_item(build->loader, record, field, item,
			"%s is a /%u; the %s block here is a /%u to /%u", item->text,
			item->ip.prefix_len, ip_family_name(item->ip.family), shortest, longest);
	return false;
}

bool check_subnets(struct build *build, const struct record *record, unsigned int field,
	const struct subnet_lengths *lengths, bool must_be_public)
{
	const struct value *list = &record->values[field];
	bool right = list->valid;

	for (size_t i = 0; i < list->count; i++) {
		const struct value *item = &list->items[i];
		const char *range;
		if (!item->valid) {
			right = false;
			continue;
		}
		for (size_t j = 0; j < i; j++) {
			if (!list->items[j].valid || list->items[j].ip.family != item->ip.family)
				continue;
			report_item(build->loader, record, field, item,
				"%s is a second %s subnet beside %s; one of each family",
				item->text, ip_family_name(item->ip.family), list->items[j].text);
			right = false;
		}
		right = check_length(build, record, field, lengths, item) && right;
		enum ip_use use = ip_use(&item->ip, &range);
		if (use == IP_USE_NEVER)
			report_item(build->loader, record, field, item,
				"%s is %s; no link can have it", item->text, range);
		else if (use == IP_USE_PRIVATE && must_be_public)
			report_item(build->loader, record, field, item,
				"%s is %s; a public peering needs public addresses", item->text,
				range);
		right = right && use != IP_USE_NEVER;
	}
	return right;
}

static void set_link(struct site_link *link, const struct ip *subnet, uint64_t peer, uint64_t edge)
{
	struct ip peer_address = ip_add(subnet, peer, subnet->prefix_len);
	struct ip edge_address = ip_add(subnet, edge, subnet->prefix_len);

	link->present = true;
	if (subnet->family == AF_INET) {
		link->peer4 = peer_address;
		link->edge4 = edge_address;
	} else {
		link->peer6 = peer_address;
		link->edge6 = edge_address;
	}
}

static void split_links(struct build *build, const struct record *record,
	struct site_peering *peering, unsigned int links, bool must_be_public)
{
	const struct value *list = &record->values[PEERING_LINK_SUBNETS];

	if (!check_subnets(build, record, PEERING_LINK_SUBNETS, &split_lengths, must_be_public))
		return;
	for (size_t i = 0; i < list->count; i++) {
		const struct ip *block = &list->items[i].ip;
		for (unsigned int half = 0; half < links; half++) {
			struct ip subnet = ip_part(block, half, link_length(block->family));
			set_link(&peering->links[half], &subnet, 1, 2);
		}
	}
}

static void check_halves_apart(struct build *build, const struct record *record)
{
	const struct value *primary = &record->values[PEERING_PRIMARY];
	const struct value *secondary = &record->values[PEERING_SECONDARY];
	bool families[2][2] = {{false}};

	for (size_t i = 0; i < primary->count; i++) {
		for (size_t j = 0; j < secondary->count; j++) {
			const struct value *a = &primary->items[i], *b = &secondary->items[j];
			if (a->valid && b->valid && ip_overlaps(&a->ip, &b->ip))
				report_item(build->loader, record, PEERING_SECONDARY, b,
					"%s overlaps %s of the primary link; each link has its own",
					b->text, a->text);
		}
	}
	for (size_t i = 0; i < primary->count; i++)
		families[0][primary->items[i].ip.family == AF_INET6] = true;
	for (size_t i = 0; i < secondary->count; i++)
		families[1][secondary->items[i].ip.family == AF_INET6] = true;
	for (unsigned int six = 0; six < 2; six++) {
		if (families[0][six] != families[1][six])
			report(build->loader, record, PEERING_SECONDARY,
				"only the %s link has %s; give both links the same families",
				families[0][six] ? "primary" : "secondary", six ? "IPv6" : "IPv4");
	}
}

static void given_links(struct build *build, const struct record *record,
	struct site_peering *peering, unsigned int links, bool must_be_public)
{
	static const unsigned int fields[LINKS] = {PEERING_PRIMARY, PEERING_SECONDARY};
	bool right = true;

	for (unsigned int half = 0; half < LINKS; half++) {
		const struct value *list = &record->values[fields[half]];
		if (half >= links && list->given)
			report(build->loader, record, fields[half],
				"the circuit's port pair has no secondary port; remove it");
		if (half < links && !list->given)
			report(build->loader, record, fields[half],
				"is missing; give the %s link's /30 or /126, or both links' /29 or "
				"/125 "
				"as link_subnets",
				link_name(half));
		if (!list->given || !check_subnets(build, record, fields[half], &link_lengths,
					    must_be_public)) {
			right = right && half >= links;
			continue;
		}
		for (size_t i = 0; half < links && i < list->count; i++)
			set_link(&peering->links[half], &list->items[i].ip, 1, 2);
	}
	if (right && links == LINKS)
		check_halves_apart(build, record);
}

void build_peering_links(
	struct build *build, const struct record *record, struct site_peering *peering, int pair)
{
	bool split = record->values[PEERING_LINK_SUBNETS].given;
	bool single =
		record->values[PEERING_PRIMARY].given || record->values[PEERING_SECONDARY].given;
	bool must_be_public =
		usable(record, PEERING_TYPE) != NULL && peering->type == PEERING_PUBLIC;
	unsigned int links = LINKS;

	if (pair >= 0 &&
		build->root->values[SITE_PAIRS].records[pair]->values[PAIR_REDUNDANCY].valid)
		links = 1;
	if (split && single)
		report(build->loader, record, PEERING_LINK_SUBNETS,
			"stands beside primary or secondary; give either link_subnets, or the two");
	else if (split)
		split_links(build, record, peering, links, must_be_public);
	else if (single)
		given_links(build, record, peering, links, must_be_public);
	else
		report(build->loader, record, PEERING_LINK_SUBNETS,
			"is missing; write link_subnets: [192.0.2.0/29], or primary: "
			"[192.0.2.0/30] and "
			"secondary: [192.0.2.4/30]");
}

/* The gateway among the two usable addresses of a part: 1, 2, or 0 when none of those named. */
static unsigned int named_gateway(const struct record *record, const struct ip *part)
{
	const struct value *list = usable(record, STATIC_GATEWAY);

	for (size_t i = 0; list != NULL && i < list->count; i++) {
		for (unsigned int host = 1; host <= 2; host++) {
			struct ip address = ip_add(part, host, ip_full_length(part->family));
			if (list->items[i].valid && ip_equal(&address, &list->items[i].ip))
				return host;
		}
	}
	return 0;
}

static bool family_has_gateway(const struct record *record, uint8_t family)
{
	const struct value *list = usable(record, STATIC_GATEWAY);

	for (size_t i = 0; list != NULL && i < list->count; i++) {
		if (list->items[i].valid && list->items[i].ip.family == family)
			return true;
	}
	return false;
}

static void core_link(struct build *build, const struct record *record, bool is_static,
	const struct ip *part, struct site_link *link)
{
	char text[64];
	unsigned int gateway = 1;

	if (is_static && family_has_gateway(record, part->family)) {
		gateway = named_gateway(record, part);
		if (gateway == 0)
			report(build->loader, record, STATIC_GATEWAY,
				"none of the addresses is a usable one of %s; name one of its two "
				"for "
				"every edge, or leave gateway out",
				ip_text(part, text, sizeof(text)));
	}
	set_link(link, part, gateway, gateway == 1 ? 2 : 1);
}

/* Each edge's part of the blocks. */
static void part_links(struct build *build, const struct record *record, const bool *edges,
	unsigned int wanted, struct site_vnet *vnet)
{
	unsigned int field = vnet->is_static ? STATIC_LINK_SUBNETS : BGP_LINK_SUBNETS;
	const struct value *list = &record->values[field];

	if (!check_subnets(build, record, field, &core_lengths, false))
		return;
	for (size_t i = 0; i < list->count; i++) {
		const struct ip *block = &list->items[i].ip;
		uint8_t length = link_length(block->family);
		unsigned int parts = 1u << (length - block->prefix_len), next = 0;
		if (wanted > parts) {
			report_item(build->loader, record, field, &list->items[i],
				"%s is enough for %u edge%s, but %u have the core port; give a "
				"larger "
				"block: each edge takes a /%u",
				list->items[i].text, parts, parts == 1 ? "" : "s", wanted, length);
			continue;
		}
		for (unsigned int edge = 0; edge < build->site->edge_count; edge++) {
			if (!edges[edge])
				continue;
			struct ip part = ip_part(block, next++, length);
			core_link(build, record, vnet->is_static, &part, &vnet->links[edge]);
		}
	}
}

/* The one gateway in a transit subnet: what is named, or else the first usable address. An address
 * that an edge has, or that is no machine's, is reported. */
static struct ip transit_gateway(struct build *build, const struct record *record,
	const struct ip *subnet, unsigned int edges)
{
	const struct value *list = usable(record, STATIC_GATEWAY);

	for (size_t i = 0; list != NULL && i < list->count; i++) {
		struct ip gateway = list->items[i].ip;
		bool wrong = false;

		if (!list->items[i].valid || !ip_contains(subnet, &gateway))
			continue;
		gateway.prefix_len = subnet->prefix_len;
		for (unsigned int host = 0; host < edges + 2; host++) {
			struct ip taken = ip_add(subnet, host, subnet->prefix_len);
			wrong = wrong || (host != 1 && ip_equal(&taken, &gateway));
		}
		if (subnet->family == AF_INET) {
			struct ip last = ip_add(subnet,
				(UINT64_C(1) << (32 - subnet->prefix_len)) - 1, subnet->prefix_len);
			wrong = wrong || ip_equal(&last, &gateway);
		}
		if (wrong)
			report_item(build->loader, record, STATIC_GATEWAY, &list->items[i],
				"%s is an edge's, or the subnet's own; the edges take the %u "
				"after the first usable one: name another",
				list->items[i].text, edges);
		return gateway;
	}
	return ip_add(subnet, 1, subnet->prefix_len);
}

/* All edges in one subnet. */
static void transit_links(struct build *build, const struct record *record, const bool *edges,
	unsigned int wanted, struct site_vnet *vnet)
{
	unsigned int field = vnet->is_static ? STATIC_TRANSIT : BGP_TRANSIT;
	const struct value *list = &record->values[field];

	if (!check_subnets(build, record, field, &transit_lengths, false))
		return;
	for (size_t i = 0; i < list->count; i++) {
		const struct ip *subnet = &list->items[i].ip;
		unsigned int host_bits = ip_full_length(subnet->family) - subnet->prefix_len;
		unsigned int next = 2;
		struct ip gateway = ip_add(subnet, 1, subnet->prefix_len);

		if (host_bits < 16 && wanted + 3 > 1u << host_bits) {
			report_item(build->loader, record, field, &list->items[i],
				"%s is too small for %u edges and a router; give a larger subnet",
				list->items[i].text, wanted);
			continue;
		}
		if (vnet->is_static)
			gateway = transit_gateway(build, record, subnet, wanted);
		for (unsigned int edge = 0; edge < build->site->edge_count; edge++) {
			struct site_link *link = &vnet->links[edge];

			if (!edges[edge])
				continue;
			set_link(link, subnet, 1, next++);
			*(subnet->family == AF_INET ? &link->peer4 : &link->peer6) = gateway;
		}
	}
}

void build_core_links(
	struct build *build, const struct record *record, const bool *edges, struct site_vnet *vnet)
{
	unsigned int parts = vnet->is_static ? STATIC_LINK_SUBNETS : BGP_LINK_SUBNETS;
	unsigned int transit = vnet->is_static ? STATIC_TRANSIT : BGP_TRANSIT;
	unsigned int wanted = 0;

	for (unsigned int i = 0; i < build->site->edge_count; i++)
		wanted += edges[i];
	vnet->is_transit = record->values[transit].given;
	if (vnet->is_transit && record->values[parts].given)
		report(build->loader, record, transit,
			"stands beside link_subnets; give one of them");
	else if (vnet->is_transit)
		transit_links(build, record, edges, wanted, vnet);
	else if (record->values[parts].given)
		part_links(build, record, edges, wanted, vnet);
	else
		report(build->loader, record, parts,
			"is missing; write link_subnets: [10.255.0.0/29], or for one subnet of "
			"all: "
			"transit_subnets: [10.255.64.0/24]");
}
