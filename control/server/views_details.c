/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What control adds to routes that somebody has read from the dataplane: what BGP says of them, and
 * why they are there. From memory: nobody else is asked.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/model/ip.h"
#include "control/model/reason.h"
#include "control/server/views.h"

/* A route as it was asked for. */
struct asked {
	unsigned int domain;
	int from; /* -1: the domain's own */
	struct ip prefix;
	enum route_source source;
};

struct view {
	struct sync *sync;
	const struct plan *plan;
	int last_domain, last_from; /* of the row before; -1: none */
};

static bool read_source(const char *name, enum route_source *source)
{
	static const char *const names[] = {
		[ROUTE_CONNECTED] = "connected",
		[ROUTE_LOCAL] = "local",
		[ROUTE_NEIGHBOUR] = "neighbour",
		[ROUTE_STATIC] = "static",
		[ROUTE_BGP] = "bgp",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0) {
			*source = (enum route_source)i;
			return true;
		}
	return false;
}

/* Names come many times in a row: *last is the index of the one before. */
static int find_domain(const struct plan *plan, const char *name, int *last)
{
	if (*last < 0 || strcmp(plan->domains[*last].name, name) != 0)
		*last = plan_find_domain(plan, name);
	return *last;
}

/* Of [domain, prefix, origin, leaked_from]. false: of no domain of the plan's (any more). */
static bool read_asked(struct view *view, const json_t *row, struct asked *asked)
{
	const char *texts[4];
	int domain;

	for (size_t i = 0; i < 4; i++)
		texts[i] = json_string_value(json_array_get(row, i));
	if (view->plan == NULL || texts[0] == NULL || texts[1] == NULL || texts[2] == NULL)
		return false;
	domain = find_domain(view->plan, texts[0], &view->last_domain);
	asked->from = texts[3] != NULL ? find_domain(view->plan, texts[3], &view->last_from) : -1;
	asked->domain = (unsigned int)domain;
	return domain >= 0 && (texts[3] == NULL || asked->from >= 0) &&
	       ip_parse(texts[1], &asked->prefix) == 0 && read_source(texts[2], &asked->source);
}

/* "65001 65010"; empty: it began where it was learned. */
static json_t *path_json(const struct frr_announcement *announcement)
{
	char text[sizeof(announcement->as_path) / sizeof(announcement->as_path[0]) * 11 + 1] = "";
	size_t used = 0;

	for (unsigned int i = 0; i < announcement->as_path_length; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%" PRIu32,
			i > 0 ? " " : "", announcement->as_path[i]);
	return json_string(text);
}

static void add_learned(json_t *row, const struct learned_route *learned)
{
	const struct frr_announcement *announcement = &learned->announcement;

	json_object_set_new(row, "local_pref", json_integer(learned->local_pref));
	json_object_set_new(row, "weight", json_integer(learned->weight));
	json_object_set_new(row, "path", path_json(announcement));
	if (announcement->has_med)
		json_object_set_new(row, "med", json_integer(announcement->med));
}

static json_t *details(struct view *view, const json_t *wanted)
{
	const struct plan *plan = view->plan;
	json_t *row = json_pack(
		"{s:n, s:n, s:n, s:n, s:n}", "local_pref", "weight", "path", "med", "why");
	const struct learned_route *learned = NULL;
	struct asked asked;
	char text[192];

	if (row == NULL || !read_asked(view, wanted, &asked))
		return row;
	if (asked.source == ROUTE_BGP)
		learned = sync_learned(view->sync,
			asked.from >= 0 ? (unsigned int)asked.from : asked.domain, &asked.prefix);
	if (learned != NULL)
		add_learned(row, learned);
	if (asked.from >= 0) {
		const struct plan_connection *connection =
			plan_find_connection(plan, asked.domain, (unsigned int)asked.from);

		json_object_set_new(row, "weight",
			connection != NULL && !connection->global_reach
				? json_integer(connection->weight)
				: json_null());
	}
	if (route_reason(plan, asked.domain, asked.from, &asked.prefix, asked.source, text,
		    sizeof(text)) != NULL)
		json_object_set_new(row, "why", json_string(text));
	return row;
}

json_t *view_route_details(struct sync *sync, const json_t *routes)
{
	struct view view = {
		.sync = sync, .plan = sync_plan(sync), .last_domain = -1, .last_from = -1};
	json_t *rows = json_array(), *wanted;
	size_t index;

	json_array_foreach ((json_t *)routes, index, wanted)
		json_array_append_new(rows, details(&view, wanted));
	return rows;
}
