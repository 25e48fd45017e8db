/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/sync/sync.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "control/log.h"
#include "control/routing/namespace.h"
#include "control/sync/internal.h"

static const char *const phase_names[] = {[PHASE_AWAY] = "away",
	[PHASE_ADOPTING] = "idle",
	[PHASE_STARTING] = "starting",
	[PHASE_PORTS] = "ports",
	[PHASE_OPENING] = "domains",
	[PHASE_KERNELS] = "kernels",
	[PHASE_PUSHING] = "pushing",
	[PHASE_ENDING] = "pushing",
	[PHASE_SYNCED] = "synced"};

static void init_tables(struct sync *sync)
{
	table_init(&sync->ports, sizeof(struct named), 1, API_PORTS_MAX);
	table_init(&sync->vrfs, sizeof(struct named), 1, API_VRFS_MAX);
	table_init(&sync->interfaces, sizeof(struct named), 1, API_INTERFACES_MAX);
	table_init(&sync->policers, sizeof(struct named), 1, API_POLICERS_MAX);
	table_init(&sync->adjacencies, sizeof(struct adjacency_entry), 1, API_ADJACENCIES_MAX);
	table_init(&sync->sets, sizeof(struct set_entry), API_GROUP_FIRST, API_GROUPS_MAX);
	table_init(&sync->paths, sizeof(struct path_entry), 1, API_PATHS_MAX);
	table_init(&sync->routes, sizeof(struct route_entry), 1, UINT32_MAX);
}

struct sync *sync_open(struct event_base *base, const struct sync_options *options)
{
	struct sync *sync = calloc(1, sizeof(*sync));
	int error = 0;

	if (sync == NULL)
		return NULL;
	init_tables(sync);
	sync->base = base;
	sync->stale_s = options->stale_s;
	sync->run_dir = strdup(options->run_dir);
	sync->frr_dir = strdup(options->frr_dir);
	if (sync->run_dir == NULL || sync->frr_dir == NULL ||
		asprintf(&sync->netns_dir, "%s/netns", options->run_dir) < 0)
		error = -ENOMEM;
	if (error == 0)
		error = namespace_init(sync->netns_dir);
	if (error == 0)
		error = announce_open(sync);
	if (error == 0)
		error = hold_open(sync);
	if (error == 0)
		error = limits_open(sync);
	if (error == 0)
		error = probes_open(sync);
	if (error == 0)
		error = drain_open(sync);
	if (error == 0)
		error = heard_open(sync);
	if (error == 0)
		error = session_open(sync);
	if (error == 0)
		return sync;
	sync_close(sync);
	errno = -error;
	return NULL;
}

void sync_close(struct sync *sync)
{
	if (sync == NULL)
		return;
	heard_close(sync);
	hold_close(sync);
	limits_close(sync);
	probes_close(sync);
	drain_close(sync);
	announce_close(sync);
	session_close(sync);
	domains_close(sync);
	table_fini(&sync->ports);
	table_fini(&sync->vrfs);
	table_fini(&sync->interfaces);
	table_fini(&sync->policers);
	table_fini(&sync->adjacencies);
	table_fini(&sync->sets);
	table_fini(&sync->routes);
	paths_fini(sync);
	plan_free(sync->next_plan);
	site_free(sync->next_site);
	plan_free(sync->plan);
	site_free(sync->site);
	free(sync->run_dir);
	free(sync->frr_dir);
	free(sync->netns_dir);
	free(sync);
}

int sync_apply(struct sync *sync, struct site *site, unsigned int edge)
{
	struct plan *plan = plan_build(site, edge);

	if (plan == NULL) {
		site_free(site);
		return -ENOMEM;
	}
	plan_free(sync->next_plan);
	site_free(sync->next_site);
	sync->next_plan = plan;
	sync->next_site = site;
	session_resync(sync);
	return 0;
}

void sync_promote(struct sync *sync)
{
	if (sync->next_plan == NULL)
		return;
	plan_free(sync->plan);
	site_free(sync->site);
	sync->plan = sync->next_plan;
	sync->site = sync->next_site;
	sync->next_plan = NULL;
	sync->next_site = NULL;
}

const struct plan *sync_plan(const struct sync *sync)
{
	return sync->next_plan != NULL ? sync->next_plan : sync->plan;
}

static struct domain *planned_domain(struct sync *sync, unsigned int index)
{
	const struct plan *plan = sync_plan(sync);

	if (plan == NULL || index >= plan->domain_count)
		return NULL;
	/* As they are, but while a new plan waits. */
	if (index < sync->domain_count &&
		strcmp(sync->domains[index]->name, plan->domains[index].name) == 0)
		return sync->domains[index];
	return domain_by_name(sync, plan->domains[index].name);
}

struct kernel *sync_kernel(struct sync *sync, unsigned int index)
{
	const struct domain *domain = planned_domain(sync, index);

	return domain != NULL ? domain->kernel : NULL;
}

bool sync_session_trouble(
	struct sync *sync, unsigned int index, unsigned int link, char *text, size_t size)
{
	const struct domain *domain = planned_domain(sync, index);

	return domain != NULL && link < domain->link_count &&
	       md5_trouble(domain, &domain->links[link].plan, text, size);
}

void sync_each_refused(struct sync *sync, unsigned int index,
	void (*each)(const struct kernel_route *route, void *context), void *context)
{
	struct domain *domain = planned_domain(sync, index);

	if (domain != NULL)
		limits_each_refused(domain, each, context);
}

const struct learned_route *sync_learned(
	struct sync *sync, unsigned int index, const struct ip *prefix)
{
	const struct domain *domain = planned_domain(sync, index);
	const struct attribute *found = domain != NULL ? attributes_find(domain, prefix) : NULL;

	return found != NULL ? &found->route : NULL;
}

static void count_refused(const struct ip *prefix, void *context)
{
	struct sync_leaks *leaks = context;

	leaks->refused[prefix->family != AF_INET]++;
}

void sync_leaks(struct sync *sync, const struct plan_connection *connection, bool to_circuit,
	struct sync_leaks *leaks)
{
	const struct domain *circuit = planned_domain(sync, connection->circuit_domain);
	const struct domain *other = planned_domain(sync, connection->vnet_domain);
	const struct domain *to = to_circuit ? circuit : other,
			    *from = to_circuit ? other : circuit;
	struct leak_use uses[2];

	memset(leaks, 0, sizeof(*leaks));
	if (to == NULL || from == NULL)
		return;
	leaks_from(to, from->vrf, uses);
	for (unsigned int f = 0; f < 2; f++) {
		leaks->prefixes[f] = uses[f].count;
		leaks->alarm[f] = uses[f].alarm;
	}
	leaks_each_refused(to, from->vrf, count_refused, leaks);
}

void sync_each_leak_refused(struct sync *sync, const struct plan_connection *connection,
	void (*each)(const struct ip *prefix, void *context), void *context)
{
	const struct domain *to = planned_domain(sync, connection->circuit_domain);
	const struct domain *from = planned_domain(sync, connection->vnet_domain);

	if (to != NULL && from != NULL)
		leaks_each_refused(to, from->vrf, each, context);
}

struct frr *sync_frr(struct sync *sync)
{
	return sync->frr;
}

static json_t *text_or_null(const char *text)
{
	return text[0] != '\0' ? json_string(text) : json_null();
}

json_t *sync_status(const struct sync *sync)
{
	return json_pack("{s:{s:b,s:s,s:b,s:o,s:I,s:o},s:{s:b,s:b,s:b,s:I,s:o},s:I,s:I,s:I,s:I}",
		"dataplane", "connected", sync->client != NULL, "state", phase_names[sync->phase],
		"synced", sync->phase == PHASE_SYNCED, "error", text_or_null(sync->error),
		"refused", (json_int_t)sync->refused, "refused_routes", refusals_of_routes(sync),
		"frr", "connected", frr_connected(sync->frr), "bfd", frr_bfd_connected(sync->frr),
		"applied",
		frr_connected(sync->frr) && sync->frr_applied && sync->told &&
			frr_settled(sync->frr),
		"held_routes", (json_int_t)sync->held_routes, "error",
		text_or_null(sync->frr_error), "domains",
		(json_int_t)(sync_plan(sync) != NULL ? sync_plan(sync)->domain_count : 0), "routes",
		(json_int_t)sync->routes.count, "neighbours", (json_int_t)sync->adjacencies.count,
		"groups", (json_int_t)sync->sets.count);
}
