/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cli/routes.h"
#include "control/cli/units.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX_WIDTH 20
#define ORIGIN_WIDTH 9
#define PATH_WIDTH 14
#define WHY_WIDTH 36
#define PLAIN_TEXT "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:;/-_'()"

struct routes {
	const struct cli *cli;
	const struct dump *vrfs, *interfaces, *adjacencies, *groups;
	const char *vrf_names[API_VRFS_MAX]; /* by id */
	char **group_texts;                  /* by place in groups; made when first needed */
	int domain_width;
	bool detailed;
	uint64_t printed;
};

static int compare_id(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

/* Interfaces, adjacencies and groups all begin with their id. */
static void sort_by_id(struct dump *dump)
{
	if (dump->count > 1)
		qsort(dump->rows, dump->count, api_row_size(dump->object), compare_id);
}

static const void *find_by_id(const struct dump *dump, uint32_t id)
{
	if (dump->count == 0)
		return NULL;
	return bsearch(&id, dump->rows, dump->count, api_row_size(dump->object), compare_id);
}

struct routes *routes_new(const struct cli *cli, const struct dump *vrfs, struct dump *interfaces,
	struct dump *adjacencies, struct dump *groups)
{
	struct routes *routes = calloc(1, sizeof(*routes));

	if (routes == NULL)
		return NULL;
	routes->group_texts = calloc(groups->count + 1, sizeof(char *));
	if (routes->group_texts == NULL) {
		free(routes);
		return NULL;
	}
	sort_by_id(interfaces);
	sort_by_id(adjacencies);
	sort_by_id(groups);
	routes->cli = cli;
	routes->vrfs = vrfs;
	routes->interfaces = interfaces;
	routes->adjacencies = adjacencies;
	routes->groups = groups;
	routes->domain_width = (int)strlen("DOMAIN");
	for (size_t i = 0; i < vrfs->count; i++) {
		const struct api_vrf *vrf = dump_row(vrfs, i);
		int width = (int)strlen(vrf->name);
		if (vrf->id < API_VRFS_MAX)
			routes->vrf_names[vrf->id] = vrf->name;
		if (width > routes->domain_width)
			routes->domain_width = width;
	}
	return routes;
}

void routes_free(struct routes *routes)
{
	for (size_t i = 0; i < routes->groups->count; i++)
		free(routes->group_texts[i]);
	free(routes->group_texts);
	free(routes);
}

void routes_continue(struct routes *routes, const struct routes *older)
{
	routes->printed = older->printed;
	routes->domain_width = older->domain_width;
	routes->detailed = older->detailed;
}

/* The columns that control fills; how many characters they take. */
static int print_details(const struct routes *routes, const char *local_pref, const char *weight,
	const char *path, const char *why)
{
	return fprintf(routes->cli->out, "%6s  %6s  %-*s  %-*s  ", local_pref, weight, PATH_WIDTH,
		path, WHY_WIDTH, why);
}

void routes_begin(struct routes *routes, bool detailed)
{
	routes->detailed = detailed;
	if (routes->cli->json) {
		fputs("[\n", routes->cli->out);
		return;
	}
	fprintf(routes->cli->out, "%-*s  %-*s  %-*s  ", routes->domain_width, "DOMAIN",
		PREFIX_WIDTH, "PREFIX", ORIGIN_WIDTH, "ORIGIN");
	if (detailed)
		print_details(routes, "LOCPRF", "WEIGHT", "PATH", "LET IN BY");
	fputs("NEXT HOP\n", routes->cli->out);
}

void routes_end(struct routes *routes)
{
	if (routes->cli->json)
		fputs(routes->printed != 0 ? "\n]\n" : "]\n", routes->cli->out);
	else if (routes->printed == 0)
		fputs("none\n", routes->cli->out);
}

/* ---- what a group says ---- */

/* {link, via, mac, resolved}, NULL when the dumps do not have it. */
static json_t *member_json(const struct routes *routes, uint32_t id)
{
	const struct api_adjacency *adjacency = find_by_id(routes->adjacencies, id);
	const struct api_interface *interface =
		adjacency != NULL ? find_by_id(routes->interfaces, adjacency->interface) : NULL;
	char via[INET6_ADDRSTRLEN], mac[UNITS_MAX];

	if (interface == NULL ||
		inet_ntop(adjacency->family, adjacency->address, via, sizeof(via)) == NULL)
		return NULL;
	return json_pack("{s:s, s:s, s:o, s:b}", "link", interface->name, "via", via, "mac",
		adjacency->resolved ? json_string(units_mac(adjacency->mac, mac)) : json_null(),
		"resolved", adjacency->resolved);
}

/* For people: "192.0.2.1 contoso/private/primary" and further members below each other. */
static char *members_text(const struct routes *routes, const json_t *members)
{
	int indent = routes->domain_width + PREFIX_WIDTH + ORIGIN_WIDTH + 6 +
		     (routes->detailed ? PATH_WIDTH + WHY_WIDTH + 20 : 0);
	char *text = NULL;
	size_t size, index;
	FILE *out = open_memstream(&text, &size);
	json_t *member;

	if (out == NULL)
		return NULL;
	if (json_array_size(members) == 0)
		fputs("no next hop", out);
	json_array_foreach (members, index, member) {
		if (index > 0)
			fprintf(out, "\n%*s", indent, "");
		fprintf(out, "%s %s%s", json_string_value(json_object_get(member, "via")),
			json_string_value(json_object_get(member, "link")),
			json_is_true(json_object_get(member, "resolved")) ? "" : " (unresolved)");
	}
	return fclose(out) == 0 ? text : NULL;
}

/* The text of a group, kept for the next route that has it. NULL: not in the dumps. */
static const char *group_text(struct routes *routes, uint32_t id)
{
	const struct api_group *group = find_by_id(routes->groups, id);
	json_t *members;
	size_t place;

	if (group == NULL)
		return NULL;
	place = (size_t)(group - (const struct api_group *)routes->groups->rows);
	if (routes->group_texts[place] != NULL)
		return routes->group_texts[place];
	members = json_array();
	for (uint32_t i = 0; i < group->count && i < API_GROUP_MEMBERS_MAX; i++)
		if (json_array_append_new(members, member_json(routes, group->adjacencies[i])) <
			0) {
			json_decref(members);
			return NULL;
		}
	routes->group_texts[place] = routes->cli->json ? json_dumps(members, JSON_COMPACT)
						       : members_text(routes, members);
	json_decref(members);
	return routes->group_texts[place];
}

const char *route_target_name(uint32_t group)
{
	switch (group) {
	case API_GROUP_NONE:
		return "none";
	case API_GROUP_RECEIVE:
		return "receive";
	case API_GROUP_BLACKHOLE:
		return "blackhole";
	case API_GROUP_GLEAN:
	case API_GROUP_GLEAN_LEAKED:
		return "glean";
	default:
		return "forward";
	}
}

const char *route_origin_name(uint8_t origin)
{
	switch (origin) {
	case API_ORIGIN_CONNECTED:
		return "connected";
	case API_ORIGIN_LOCAL:
		return "local";
	case API_ORIGIN_STATIC:
		return "static";
	case API_ORIGIN_BGP:
		return "bgp";
	case API_ORIGIN_NEIGHBOUR:
		return "neighbour";
	default:
		return "unknown";
	}
}

static const char *vrf_name(const struct routes *routes, uint32_t id)
{
	return id < API_VRFS_MAX ? routes->vrf_names[id] : NULL;
}

/* What jansson would print, a lot faster where nothing is to be escaped: a full table has a million
 * of each. */
static void print_value(FILE *out, const json_t *value)
{
	const char *text = json_string_value(value);

	if (value == NULL || json_is_null(value))
		fputs("null", out);
	else if (json_is_integer(value))
		fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (text != NULL && text[strspn(text, PLAIN_TEXT)] == '\0')
		fprintf(out, "\"%s\"", text);
	else
		json_dumpf(value, out, JSON_ENCODE_ANY);
}

/* null where control does not know it, or is not there. */
static void print_json_details(const struct routes *routes, const json_t *details)
{
	static const char *const keys[] = {"local_pref", "weight", "path", "med", "why"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		fprintf(routes->cli->out, "\"%s\":", keys[i]);
		print_value(routes->cli->out, json_object_get(details, keys[i]));
		fputc(',', routes->cli->out);
	}
}

/* Names are [a-z0-9.-], checked by the configuration: they need no escaping. */
static void print_json(struct routes *routes, const struct api_route *route, const char *prefix,
	const char *domain, const char *from, const char *next_hops, const json_t *details)
{
	fprintf(routes->cli->out, "%s{\"domain\":\"%s\",\"prefix\":\"%s\",\"origin\":\"%s\",",
		routes->printed != 0 ? ",\n" : "", domain, prefix,
		route_origin_name(route->origin));
	if (from != NULL)
		fprintf(routes->cli->out, "\"leaked_from\":\"%s\",", from);
	else
		fputs("\"leaked_from\":null,", routes->cli->out);
	print_json_details(routes, details);
	fprintf(routes->cli->out, "\"target\":\"%s\",\"next_hops\":%s}",
		route_target_name(route->group), next_hops != NULL ? next_hops : "[]");
}

/* "-" where there is nothing to say; an empty path is one that began here. */
static const char *number_text(const json_t *details, const char *key, char buffer[24])
{
	const json_t *value = json_object_get(details, key);

	if (!json_is_integer(value))
		return "-";
	snprintf(buffer, 24, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return buffer;
}

static const char *plain_text(const json_t *details, const char *key)
{
	const char *text = json_string_value(json_object_get(details, key));

	return text != NULL ? text : "-";
}

static void print_line(struct routes *routes, const struct api_route *route, const char *prefix,
	const char *domain, const char *from, const char *next_hops, const json_t *details)
{
	char local_pref[24], weight[24];

	fprintf(routes->cli->out, "%-*s  %-*s  %-*s  ", routes->domain_width, domain, PREFIX_WIDTH,
		prefix, ORIGIN_WIDTH, route_origin_name(route->origin));
	if (routes->detailed)
		print_details(routes, number_text(details, "local_pref", local_pref),
			number_text(details, "weight", weight), plain_text(details, "path"),
			plain_text(details, "why"));
	fputs(next_hops != NULL ? next_hops : route_target_name(route->group), routes->cli->out);
	if (from != NULL)
		fprintf(routes->cli->out, "  (leaked from %s)", from);
	fputc('\n', routes->cli->out);
}

static bool prefix_text(const struct api_route *route, char prefix[INET6_ADDRSTRLEN + 5])
{
	if (inet_ntop(route->family, route->address, prefix, INET6_ADDRSTRLEN) == NULL)
		return false;
	snprintf(prefix + strlen(prefix), 5, "/%u", route->prefix_len);
	return true;
}

json_t *routes_question(const struct routes *routes, const struct api_route *route)
{
	const char *domain = vrf_name(routes, route->vrf);
	const char *from = vrf_name(routes, route->leaked_from);
	char prefix[INET6_ADDRSTRLEN + 5];

	if (domain == NULL || !prefix_text(route, prefix))
		return NULL;
	return json_pack("[s, s, s, s?]", domain, prefix, route_origin_name(route->origin), from);
}

bool routes_print(struct routes *routes, const struct api_route *route, const json_t *details)
{
	const char *domain = vrf_name(routes, route->vrf);
	const char *from = vrf_name(routes, route->leaked_from);
	const char *next_hops = NULL;
	char prefix[INET6_ADDRSTRLEN + 5];

	if (route->group >= API_GROUP_FIRST)
		next_hops = group_text(routes, route->group);
	if (domain == NULL || (route->leaked_from != 0 && from == NULL) ||
		(route->group >= API_GROUP_FIRST && next_hops == NULL) ||
		!prefix_text(route, prefix))
		return false;
	if (routes->cli->json)
		print_json(routes, route, prefix, domain, from, next_hops, details);
	else
		print_line(routes, route, prefix, domain, from, next_hops, details);
	routes->printed++;
	return true;
}

bool domain_matches(const char *operand, const char *domain)
{
	const char *dot = strchr(domain, '.'), *slash = strchr(operand, '/');

	if (strcmp(operand, domain) == 0)
		return true;
	if (dot == NULL)
		return false;
	if (slash == NULL)
		return strcmp(operand, dot + 1) == 0;
	/* contoso/private is private.contoso */
	return strlen(dot + 1) == (size_t)(slash - operand) &&
	       strncmp(operand, dot + 1, (size_t)(slash - operand)) == 0 &&
	       strlen(slash + 1) == (size_t)(dot - domain) &&
	       strncmp(slash + 1, domain, (size_t)(dot - domain)) == 0;
}
