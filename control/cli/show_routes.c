/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/cli/dataplane.h"
#include "control/cli/route_details.h"
#include "control/config/loader.h"

/* What routes point at. */
struct tables {
	struct dump vrfs, interfaces, adjacencies, groups;
};

/* One run: routes that are newer than the tables wait until those are read again. */
struct walk {
	const struct cli *cli;
	struct api_client *client;
	struct tables tables;
	struct routes *routes;
	struct route_details details;
	struct api_route page[ROUTE_PAGE]; /* not printed yet */
	size_t page_count;
	bool begun; /* the heading is printed */
	struct api_route *late;
	size_t late_count, late_capacity;
	size_t unknown; /* of those that were late */
	bool no_memory;
};

static void tables_free(struct tables *tables)
{
	dump_free(&tables->vrfs);
	dump_free(&tables->interfaces);
	dump_free(&tables->adjacencies);
	dump_free(&tables->groups);
}

/* 0, or -errno and reported. In this order what points is never newer than what it points at, but
 * for changes in between. */
static int tables_read(const struct cli *cli, struct api_client *client, struct tables *tables)
{
	int error = dataplane_dump(cli, client, API_GROUP, &tables->groups);

	if (error == 0)
		error = dataplane_dump(cli, client, API_ADJACENCY, &tables->adjacencies);
	if (error == 0)
		error = dataplane_dump(cli, client, API_INTERFACE, &tables->interfaces);
	if (error == 0)
		error = dataplane_dump(cli, client, API_VRF, &tables->vrfs);
	return error;
}

static int walk_open(struct walk *walk)
{
	struct tables *tables = &walk->tables;
	int error = tables_read(walk->cli, walk->client, tables);

	if (error != 0)
		return error;
	walk->routes = routes_new(walk->cli, &tables->vrfs, &tables->interfaces,
		&tables->adjacencies, &tables->groups);
	if (walk->routes != NULL)
		return 0;
	dataplane_report(walk->cli, -ENOMEM);
	return -ENOMEM;
}

static void keep_late(struct walk *walk, const struct api_route *route)
{
	if (walk->late_count == walk->late_capacity) {
		size_t capacity = walk->late_capacity == 0 ? 64 : walk->late_capacity * 2;
		struct api_route *late = realloc(walk->late, capacity * sizeof(*late));
		walk->no_memory |= late == NULL;
		if (late == NULL)
			return;
		walk->late = late;
		walk->late_capacity = capacity;
	}
	walk->late[walk->late_count++] = *route;
}

/* The first page tells whether control is there. */
static void print_page(struct walk *walk, void (*unknown)(struct walk *, const struct api_route *))
{
	json_t *rows = walk->page_count == 0 ? NULL
					     : route_details_ask(&walk->details, walk->routes,
						       walk->page, walk->page_count);

	if (!walk->begun)
		routes_begin(walk->routes, !walk->details.away);
	walk->begun = true;
	for (size_t i = 0; i < walk->page_count; i++)
		if (!routes_print(walk->routes, &walk->page[i], json_array_get(rows, i)))
			unknown(walk, &walk->page[i]);
	walk->page_count = 0;
	json_decref(rows);
}

static void add_to_page(struct walk *walk, const struct api_route *route,
	void (*unknown)(struct walk *, const struct api_route *))
{
	walk->page[walk->page_count++] = *route;
	if (walk->page_count == ROUTE_PAGE)
		print_page(walk, unknown);
}

static void each_route(const void *row, void *context)
{
	add_to_page(context, row, keep_late);
}

/* A domain's routes, or with vrf 0 those of all. 0, or -errno and reported. */
static int walk_vrf(struct walk *walk, uint32_t vrf)
{
	int error = api_client_dump(walk->client, API_ROUTE, vrf, each_route, walk);

	if (error == 0 && walk->no_memory)
		error = -ENOMEM;
	if (error != 0)
		dataplane_report(walk->cli, error);
	return error;
}

static void count_unknown(struct walk *walk, const struct api_route *route)
{
	walk->unknown++;
}

/* Routes whose group came after the dump of groups. One that is still unknown changed again while
 * we looked: it is gone or will be in the next answer, and the person is told. */
static int walk_late(struct walk *walk)
{
	struct tables tables = {0};
	struct routes *newer;
	int error;

	if (walk->late_count == 0)
		return 0;
	error = tables_read(walk->cli, walk->client, &tables);
	newer = error == 0 ? routes_new(walk->cli, &tables.vrfs, &tables.interfaces,
				     &tables.adjacencies, &tables.groups)
			   : NULL;
	if (newer == NULL) {
		tables_free(&tables);
		return error != 0 ? error : -ENOMEM;
	}
	routes_continue(newer, walk->routes);
	routes_free(walk->routes);
	tables_free(&walk->tables);
	walk->routes = newer;
	walk->tables = tables;
	for (size_t i = 0; i < walk->late_count; i++)
		add_to_page(walk, &walk->late[i], count_unknown);
	print_page(walk, count_unknown);
	if (walk->unknown != 0)
		cli_error(walk->cli, "%zu routes changed while they were read; ask again",
			walk->unknown);
	return walk->unknown == 0 ? 0 : -EAGAIN;
}

static int report_unknown(const struct walk *walk)
{
	struct suggestion suggestion = {.wrong = walk->cli->operand};
	char hint[80];

	for (size_t i = 0; i < walk->tables.vrfs.count; i++) {
		const char *name = ((const struct api_vrf *)dump_row(&walk->tables.vrfs, i))->name;
		const char *dot = strchr(name, '.');
		suggest(&suggestion, name);
		if (dot != NULL)
			suggest(&suggestion, dot + 1);
	}
	cli_error(walk->cli, "the dataplane has no routing domain \"%s\"%s", walk->cli->operand,
		suggestion_text(&suggestion, hint, sizeof(hint)));
	return -ENOENT;
}

static int walk_domains(struct walk *walk)
{
	const char *operand = walk->cli->operand;
	uint32_t ids[API_VRFS_MAX];
	size_t count = 0;
	int error = 0;

	for (size_t i = 0; operand != NULL && i < walk->tables.vrfs.count; i++) {
		const struct api_vrf *vrf = dump_row(&walk->tables.vrfs, i);
		if (count < API_VRFS_MAX && domain_matches(operand, vrf->name))
			ids[count++] = vrf->id;
	}
	if (operand != NULL && count == 0)
		return report_unknown(walk);
	if (operand == NULL)
		error = walk_vrf(walk, 0);
	for (size_t i = 0; error == 0 && i < count; i++)
		error = walk_vrf(walk, ids[i]);
	print_page(walk, keep_late);
	if (error == 0)
		error = walk_late(walk);
	routes_end(walk->routes);
	return error;
}

int show_routes_run(const struct cli *cli)
{
	struct walk walk = {.cli = cli, .details.cli = cli};
	int error;

	if (cli->rejected)
		return show_rejected_run(cli);
	walk.client = dataplane_open(cli);
	if (walk.client == NULL)
		return STATUS_REFUSED;
	error = walk_open(&walk);
	if (error == 0)
		error = walk_domains(&walk);
	if (walk.routes != NULL)
		routes_free(walk.routes);
	tables_free(&walk.tables);
	free(walk.late);
	api_client_close(walk.client);
	return error == 0 ? STATUS_OK : STATUS_REFUSED;
}
