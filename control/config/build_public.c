/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Public peerings: what a customer may announce, the services, and the filters between the two.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "control/config/build.h"
#include "control/model/community.h"
#include "control/model/ip.h"
#include "control/model/public.h"

/* A list of communities as numbers, malloc'd; NULL: no memory. */
static struct community *build_communities(struct build *build, const struct record *record,
	unsigned int field, unsigned int most, unsigned int *count)
{
	const struct value *list = usable(record, field);
	struct community *communities = calloc((list ? list->count : 0) + 1, sizeof(*communities));

	*count = 0;
	for (size_t i = 0; communities != NULL && list != NULL && i < list->count; i++) {
		const struct value *item = &list->items[i];

		if (!item->valid)
			continue;
		if (community_parse(item->text, &communities[*count]) == 0)
			(*count)++;
		else
			report_item(build->loader, record, field, item,
				"\"%s\" is no community; write a standard one as \"65000:5010\" "
				"(16 bits each) or a large one as \"4200100001:1:5010\"",
				item->text);
	}
	if (communities == NULL)
		build->loader->no_memory = true;
	else if (list != NULL && list->count == 0)
		report(build->loader, record, field, "is empty; write one, as in %s",
			record->schema->fields[field].example);
	else if (*count > most)
		report(build->loader, record, field, "%u communities; at most %u fit", *count,
			most);
	return communities;
}

/* ---- what a customer may announce ---- */

static void check_public_prefix(struct build *build, const struct record *record,
	unsigned int field, size_t index, bool routed)
{
	const struct value *prefix = &record->values[field].items[index];
	uint8_t longest = public_longest(prefix->ip.family);
	const char *range;

	if (prefix->ip.prefix_len == 0)
		report_item(build->loader, record, field, prefix,
			"%s is a default route; name the prefixes themselves", prefix->text);
	else if (ip_use(&prefix->ip, &range) != IP_USE_PUBLIC)
		report_item(build->loader, record, field, prefix,
			"%s is %s; only public prefixes can be had here", prefix->text, range);
	else if (routed && prefix->ip.prefix_len > longest)
		report_item(build->loader, record, field, prefix,
			"%s is longer than the /%u that is accepted on public peerings; name a "
			"prefix of at most that length",
			prefix->text, longest);
	for (size_t i = 0; i < index; i++) {
		const struct value *other = &record->values[field].items[i];

		if (other->valid && ip_equal(&other->ip, &prefix->ip))
			report_item(build->loader, record, field, prefix,
				"%s stands twice; remove one", prefix->text);
	}
}

static struct ip *build_prefixes(struct build *build, const struct record *record,
	unsigned int field, bool routed, unsigned int *count)
{
	const struct value *list = usable(record, field);
	struct ip *prefixes = calloc((list ? list->count : 0) + 1, sizeof(*prefixes));

	*count = 0;
	if (prefixes == NULL)
		build->loader->no_memory = true;
	for (size_t i = 0; prefixes != NULL && list != NULL && i < list->count; i++) {
		if (!list->items[i].valid)
			continue;
		check_public_prefix(build, record, field, i, routed);
		prefixes[(*count)++] = list->items[i].ip;
	}
	return prefixes;
}

static int find_filter(const struct site *site, const char *name)
{
	for (unsigned int i = 0; i < site->filter_count; i++)
		if (strcmp(site->filters[i].name, name) == 0)
			return (int)i;
	return -1;
}

static void build_filter_reference(
	struct build *build, const struct record *record, struct site_peering *peering)
{
	const struct value *name = usable(record, PEERING_FILTER);
	char nearest[80];

	peering->filter = -1;
	if (name == NULL)
		return;
	struct suggestion suggestion = {.wrong = name->text};
	peering->filter = find_filter(build->site, name->text);
	if (peering->filter >= 0)
		return;
	for (unsigned int i = 0; i < build->site->filter_count; i++)
		suggest(&suggestion, build->site->filters[i].name);
	report(build->loader, record, PEERING_FILTER,
		"\"%s\" is no route filter of this site; write a name from route_filters%s",
		name->text, suggestion_text(&suggestion, nearest, sizeof(nearest)));
}

/* A customer with an AS number of its own announces by that: another's would be transit. */
static void build_origin(
	struct build *build, const struct record *record, struct site_peering *peering)
{
	const struct value *origin = usable(record, PEERING_ORIGIN);

	if (origin == NULL || !record->values[PEERING_ORIGIN].given)
		return;
	peering->origin_asn = (uint32_t)origin->number;
	if (asn_is_private(peering->origin_asn))
		report(build->loader, record, PEERING_ORIGIN,
			"%s is a private AS number, which no public prefix belongs to; write the "
			"one that the prefixes are registered for",
			origin->text);
	else if (peering->peer_asn != 0 && !asn_is_private(peering->peer_asn))
		report(build->loader, record, PEERING_ORIGIN,
			"%s, but peer_asn %u is no private AS number, and its prefixes must be its "
			"own; remove origin_asn",
			origin->text, peering->peer_asn);
}

void build_public_peering(
	struct build *build, const struct record *record, struct site_peering *peering)
{
	static const unsigned int fields[] = {PEERING_VALIDATED, PEERING_ORIGIN, PEERING_FILTER};

	peering->filter = -1;
	if (usable(record, PEERING_TYPE) != NULL && peering->type == PEERING_PRIVATE) {
		for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
			if (record->values[fields[i]].given)
				report(build->loader, record, fields[i],
					"is of public peerings; a private one takes all prefixes "
					"and is announced its virtual networks: remove it");
		return;
	}
	peering->validated =
		build_prefixes(build, record, PEERING_VALIDATED, true, &peering->validated_count);
	build_origin(build, record, peering);
	build_filter_reference(build, record, peering);
}

/* ---- filters ---- */

bool build_filters(struct build *build)
{
	struct site *site = build->site;
	size_t count;
	struct record *const *records = record_list(build->root, SITE_FILTERS, &count);

	site->filters = calloc(count + 1, sizeof(*site->filters));
	if (site->filters == NULL)
		return false;
	site->filter_count = (unsigned int)count;
	for (unsigned int i = 0; i < count; i++) {
		struct site_filter *filter = &site->filters[i];

		copy_name(filter->name, records[i], FILTER_NAME);
		filter->allow = build_communities(
			build, records[i], FILTER_ALLOW, SITE_ALLOWED_MAX, &filter->allow_count);
		if (filter->allow == NULL)
			return false;
	}
	check_unique(build->loader, &build->root->values[SITE_FILTERS], "route filter");
	return true;
}

/* ---- services ---- */

static void check_names(struct build *build, const struct record *record)
{
	const struct value *name = usable(record, SERVICE_NAME);
	int vnet = name != NULL ? site_find_vnet(build->site, name->text) : -1;

	if (vnet >= 0)
		report(build->loader, record, SERVICE_NAME,
			"\"%s\" is a virtual network's name already (line %u); choose another",
			name->text, build->root->values[SITE_VNETS].records[vnet]->line);
}

/* Each prefix needs a way out. */
static void check_families(
	struct build *build, const struct record *record, const struct site_vnet *core)
{
	const struct value *prefixes = usable(record, SERVICE_PREFIXES);
	bool four = false, six = false;

	for (unsigned int edge = 0; edge < build->site->edge_count; edge++) {
		four |= core->links[edge].edge4.family != 0;
		six |= core->links[edge].edge6.family != 0;
	}
	for (size_t i = 0; prefixes != NULL && i < prefixes->count; i++) {
		const struct value *prefix = &prefixes->items[i];

		if (prefix->valid && !(prefix->ip.family == AF_INET ? four : six))
			report_item(build->loader, record, SERVICE_PREFIXES, prefix,
				"%s has no way out: core has no %s subnet; add one to its "
				"link_subnets or transit_subnets",
				prefix->text, ip_family_name(prefix->ip.family));
	}
}

static bool build_service(
	struct build *build, const struct record *record, struct site_service *service)
{
	const struct record *core = record_of(record, SERVICE_CORE);
	size_t errors = build->loader->findings->errors;

	copy_name(service->core.name, record, SERVICE_NAME);
	service->core.is_service = true;
	service->core.links = calloc(build->site->edge_count + 1, sizeof(*service->core.links));
	service->core.static_prefixes = build_prefixes(
		build, record, SERVICE_PREFIXES, false, &service->core.static_prefix_count);
	service->communities = build_communities(build, record, SERVICE_COMMUNITIES,
		SITE_COMMUNITIES_MAX, &service->community_count);
	if (service->core.links == NULL || service->core.static_prefixes == NULL ||
		service->communities == NULL)
		return false;
	check_names(build, record);
	if (core != NULL && !build_core(build, core, &service->core))
		return false;
	if (core != NULL && errors == build->loader->findings->errors)
		check_families(build, record, &service->core);
	return true;
}

bool build_services(struct build *build)
{
	struct site *site = build->site;
	size_t count;
	struct record *const *records = record_list(build->root, SITE_SERVICES, &count);

	site->services = calloc(count + 1, sizeof(*site->services));
	if (site->services == NULL)
		return false;
	site->service_count = (unsigned int)count;
	for (unsigned int i = 0; i < count; i++) {
		if (!build_service(build, records[i], &site->services[i]))
			return false;
		check_core_vlan(build, records[i], i);
	}
	check_unique(build->loader, &build->root->values[SITE_SERVICES], "service");
	return true;
}
