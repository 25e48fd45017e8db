/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AS path, MED and communities of each domain's BGP routes. bgpd tells no attribute over netlink,
 * so its tables are read: when a route of a connected domain changed, and when the table's version
 * moved without that. Those of domains without a connection are only shown: they are read when
 * their version moved, without communities, and not when they are large.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/sync/internal.h"

#define SHOWN_MAX 10000 /* prefixes of a table that is read only to be shown */
#define LOCAL_PREF 100  /* bgpd's, of routes that no policy gives another */

static unsigned int family_index(uint8_t family)
{
	return family == AF_INET ? 0 : 1;
}

static const char *family_name(unsigned int index)
{
	return index == 0 ? "ipv4" : "ipv6";
}

void attributes_stale(struct sync *sync, struct domain *domain, uint8_t family)
{
	domain->attributes[family_index(family)].stale = true;
	if (domain->partner_count > 0)
		announce_later(sync);
}

void attributes_free(struct domain *domain)
{
	free(domain->attributes[0].items);
	free(domain->attributes[1].items);
}

struct question {
	struct sync *sync;
	char domain[DOMAIN_NAME_MAX];
	unsigned int family;
	struct ip prefix;
};

static int compare_attributes(const void *a, const void *b)
{
	const struct ip *left = &((const struct attribute *)a)->route.announcement.prefix;
	const struct ip *right = &((const struct attribute *)b)->route.announcement.prefix;
	int order = memcmp(left->address, right->address, sizeof(left->address));

	return order != 0 ? order : left->prefix_len - right->prefix_len;
}

static struct attribute *find_attribute(const struct attributes *table, const struct ip *prefix)
{
	struct attribute key = {.route.announcement.prefix = *prefix};

	if (table->count == 0)
		return NULL;
	return bsearch(&key, table->items, table->count, sizeof(key), compare_attributes);
}

static bool parse_prefix(const char *text, unsigned int family, struct ip *prefix)
{
	char address[INET6_ADDRSTRLEN + 4];
	const char *slash = strchr(text, '/');
	size_t length = slash != NULL ? (size_t)(slash - text) : sizeof(address);

	if (length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	memset(prefix, 0, sizeof(*prefix));
	prefix->family = family == 0 ? AF_INET : AF_INET6;
	prefix->prefix_len = atoi(slash + 1);
	return inet_pton(prefix->family, address, prefix->address) == 1;
}

/* "65001 65002 {65003,65004}": the members of a set count as hops of their own. */
static void parse_path(const char *text, struct frr_announcement *announcement)
{
	const unsigned int most = sizeof(announcement->as_path) / sizeof(announcement->as_path[0]);

	announcement->as_path_length = 0;
	while (*text != '\0' && announcement->as_path_length < most) {
		char *end;
		unsigned long asn = strtoul(text, &end, 10);

		if (end == text) {
			text++;
			continue;
		}
		announcement->as_path[announcement->as_path_length++] = asn;
		text = end;
	}
}

static const json_t *best_path(const json_t *paths)
{
	const json_t *path;
	size_t i;

	json_array_foreach (paths, i, path)
		if (json_is_true(json_object_get(path, "bestpath")) ||
			json_is_object(json_object_get(path, "bestpath")))
			return path;
	return NULL;
}

static int ask(struct sync *sync, const struct domain *domain, unsigned int family,
	const struct ip *prefix, frr_answer answer)
{
	struct question *question = calloc(1, sizeof(*question));
	char command[192], text[64] = "";
	int error;

	if (question == NULL)
		return -ENOMEM;
	question->sync = sync;
	memcpy(question->domain, domain->name, sizeof(question->domain));
	question->family = family;
	if (prefix != NULL) {
		char address[INET6_ADDRSTRLEN];

		question->prefix = *prefix;
		inet_ntop(prefix->family, prefix->address, address, sizeof(address));
		snprintf(text, sizeof(text), " %s/%u", address, prefix->prefix_len);
	}
	snprintf(command, sizeof(command), "show bgp vrf %s %s unicast%s json", domain->name,
		family_name(family), text);
	error = frr_query(sync->frr, command, answer, question);
	if (error != 0)
		free(question);
	return error;
}

/* Another bgpd counts its tables' versions anew. */
void attributes_forget_former_life(struct sync *sync)
{
	if (frr_bgpd_lives(sync->frr) == sync->bgpd_life)
		return;
	sync->bgpd_life = frr_bgpd_lives(sync->frr);
	for (unsigned int i = 0; i < sync->domain_count; i++)
		for (unsigned int f = 0; f < 2; f++) {
			struct attributes *table = &sync->domains[i]->attributes[f];

			table->stale = true;
			for (size_t row = 0; row < table->count; row++)
				table->items[row].version = 0;
		}
}

static void details_done(struct sync *sync, struct attributes *table)
{
	if (--table->waiting > 0)
		return;
	table->known = true;
	announce_later(sync);
}

/* One prefix: what the table's listing leaves out. */
static void on_details(void *context, json_t *answer)
{
	struct question *question = context;
	struct domain *domain = domain_by_name(question->sync, question->domain);
	struct attributes *table = domain ? &domain->attributes[question->family] : NULL;
	struct attribute *attribute = table ? find_attribute(table, &question->prefix) : NULL;
	const json_t *path = best_path(json_object_get(answer, "paths"));
	const char *text =
		json_string_value(json_object_get(json_object_get(path, "community"), "string"));

	if (attribute != NULL && text != NULL &&
		strlen(text) < sizeof(attribute->route.announcement.communities))
		strcpy(attribute->route.announcement.communities, text);
	if (table != NULL)
		details_done(question->sync, table);
	free(question);
}

static uint32_t local_pref_of(const json_t *path)
{
	const json_t *value = json_object_get(path, "locPrf");

	return json_is_integer(value) ? (uint32_t)json_integer_value(value) : LOCAL_PREF;
}

/* Reads one row of the listing; communities come from the row before, if that is the same. */
static bool read_row(const struct attributes *old, unsigned int family, const char *key,
	const json_t *paths, struct attribute *row)
{
	const json_t *path = best_path(paths);
	const char *as_path = json_string_value(json_object_get(path, "path"));
	const json_t *med = json_object_get(path, "metric");
	struct frr_announcement *announcement = &row->route.announcement;
	const struct attribute *before;

	memset(row, 0, sizeof(*row));
	if (path == NULL || !parse_prefix(key, family, &announcement->prefix))
		return false;
	parse_path(as_path != NULL ? as_path : "", announcement);
	announcement->has_med = json_is_integer(med);
	announcement->med = json_integer_value(med);
	row->route.local_pref = local_pref_of(path);
	row->route.weight = (uint32_t)json_integer_value(json_object_get(path, "weight"));
	row->version = json_integer_value(json_object_get(path, "version"));
	before = find_attribute(old, &announcement->prefix);
	if (before != NULL && before->version == row->version)
		memcpy(announcement->communities, before->route.announcement.communities,
			sizeof(announcement->communities));
	else
		row->version = -row->version; /* communities unknown yet */
	return true;
}

static void ask_details(struct sync *sync, struct domain *domain, unsigned int family)
{
	struct attributes *table = &domain->attributes[family];

	table->waiting = 1; /* until all are asked */
	for (size_t i = 0; i < table->count; i++) {
		struct attribute *row = &table->items[i];

		if (row->version >= 0)
			continue;
		if (ask(sync, domain, family, &row->route.announcement.prefix, on_details) != 0)
			continue;
		row->version = -row->version;
		table->waiting++;
	}
	details_done(sync, table);
}

/* A bgpd that came back has yet to learn what the kernel and the dataplane still forward by: such
 * a route keeps the attributes it had. */
static size_t keep_rows(struct sync *sync, const struct domain *domain, unsigned int family,
	struct attribute *items, size_t count)
{
	const struct attributes *old = &domain->attributes[family];
	const struct attributes new = {.items = items, .count = count};
	size_t kept = count;

	for (size_t i = 0; i < old->count; i++) {
		const struct ip *prefix = &old->items[i].route.announcement.prefix;
		const struct route_entry *entry = rib_find(sync, domain->vrf, prefix);

		if (find_attribute(&new, prefix) == NULL && entry != NULL &&
			entry->native_set != 0 && entry->native_origin == API_ORIGIN_BGP)
			items[kept++] = old->items[i];
	}
	qsort(items, kept, sizeof(*items), compare_attributes);
	return kept;
}

static void on_table(void *context, json_t *answer)
{
	struct question *question = context;
	struct sync *sync = question->sync;
	unsigned int family = question->family;
	struct domain *domain = domain_by_name(sync, question->domain);
	json_t *routes = json_object_get(answer, "routes"), *paths;
	struct attributes *table = domain ? &domain->attributes[family] : NULL;
	size_t most = json_object_size(routes) + (table ? table->count : 0) + 1, count = 0;
	struct attribute *items = calloc(most, sizeof(*items));
	const char *key;

	free(question);
	if (table != NULL)
		table->asked = false;
	/* No answer from a bgpd that is there: it does not know the domain yet, so it has learned
	 * nothing in it. One that went away is asked again when it is back. */
	if (table == NULL || items == NULL || (answer == NULL && !frr_connected(sync->frr))) {
		free(items);
		if (table != NULL)
			table->stale = true;
		return;
	}
	json_object_foreach (routes, key, paths)
		count += read_row(table, family, key, paths, &items[count]);
	qsort(items, count, sizeof(*items), compare_attributes);
	count = keep_rows(sync, domain, family, items, count);
	free(table->items);
	table->items = items;
	table->count = count;
	table->version = json_integer_value(json_object_get(answer, "tableVersion"));
	table->listed = true;
	table->known = false;
	if (domain->partner_count > 0)
		ask_details(sync, domain, family);
}

static void ask_table(struct sync *sync, struct domain *domain, unsigned int family)
{
	struct attributes *table = &domain->attributes[family];

	table->stale = false;
	table->asked = ask(sync, domain, family, NULL, on_table) == 0;
	table->stale = !table->asked;
}

/* True when everything that announcements of connected domains need has been read. */
bool attributes_known(struct sync *sync)
{
	bool known = true;

	for (unsigned int i = 0; i < sync->plan->domain_count; i++) {
		struct domain *domain = sync->domains[i];
		bool bgp = domain->link_count > 0 && domain->links[0].plan.peer_asn != 0;

		for (unsigned int f = 0; bgp && domain->partner_count > 0 && f < 2; f++) {
			struct attributes *table = &domain->attributes[f];

			if ((table->stale || !table->known) && !table->asked && table->waiting == 0)
				ask_table(sync, domain, f);
			known &= table->known && !table->stale && !table->asked &&
				 table->waiting == 0;
		}
	}
	return known;
}

static void domain_sessions(struct domain *domain, uint8_t family, const json_t *peers)
{
	limits_sessions(domain, family, peers);
	md5_sessions(domain, family, peers);
}

/* Of a domain without a connection: how large the table is was asked just now. */
static void ask_to_show(struct sync *sync, struct domain *domain, unsigned int family,
	const json_t *summary, int64_t version)
{
	struct attributes *table = &domain->attributes[family];
	bool few = json_integer_value(json_object_get(summary, "ribCount")) <= SHOWN_MAX;

	table->known = false;
	table->listed &= few;
	if (few && !table->asked && (!table->listed || version != table->version))
		ask_table(sync, domain, family);
}

/* A table's version moves also when only attributes changed, which no route tells. */
static void on_versions(void *context, json_t *answer)
{
	struct question *question = context;
	struct sync *sync = question->sync;
	const char *name;
	json_t *summary;

	json_object_foreach (answer, name, summary) {
		struct domain *domain = domain_by_name(sync, name);
		const json_t *version = json_object_get(summary, "tableVersion");
		struct attributes *table = domain ? &domain->attributes[question->family] : NULL;

		if (domain != NULL)
			domain_sessions(domain, question->family == 0 ? AF_INET : AF_INET6,
				json_object_get(summary, "peers"));
		if (table == NULL || !json_is_integer(version))
			continue;
		if (domain->partner_count == 0)
			ask_to_show(sync, domain, question->family, summary,
				json_integer_value(version));
		else if (table->known && json_integer_value(version) != table->version)
			attributes_stale(sync, domain, question->family == 0 ? AF_INET : AF_INET6);
	}
	free(question);
}

void attributes_ask_versions(struct sync *sync)
{
	for (unsigned int f = 0; f < 2; f++) {
		struct question *question = calloc(1, sizeof(*question));
		char command[64];

		if (question == NULL)
			break;
		question->sync = sync;
		question->family = f;
		snprintf(command, sizeof(command), "show bgp vrf all %s unicast summary json",
			family_name(f));
		if (frr_query(sync->frr, command, on_versions, question) != 0)
			free(question);
	}
}

const struct attribute *attributes_find(const struct domain *domain, const struct ip *prefix)
{
	const struct attributes *table = &domain->attributes[family_index(prefix->family)];

	return table->listed ? find_attribute(table, prefix) : NULL;
}
