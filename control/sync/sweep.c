/* SPDX-License-Identifier: BSD-3-Clause */
/* What the plan left: domains, TAPs and, when FRR has left them, namespaces. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/routing/namespace.h"
#include "control/sync/internal.h"

static void domain_free(struct domain *domain)
{
	if (domain->kernel != NULL)
		kernel_close(domain->kernel);
	for (unsigned int i = 0; i < domain->link_count; i++)
		if (domain->links[i].tap >= 0)
			close(domain->links[i].tap);
	if (domain->netns >= 0)
		close(domain->netns);
	attributes_free(domain);
	free(domain->partners);
	free(domain);
}

static void sweep_tap(const char *ifname, void *context)
{
	struct domain *domain = context;

	for (unsigned int i = 0; i < domain->link_count; i++)
		if (strcmp(domain->links[i].plan.ifname, ifname) == 0)
			return;
	tap_delete(domain->netns, ifname);
}

struct leftovers {
	struct sync *sync;
	bool any;
};

static void sweep_namespace(const char *name, void *context)
{
	struct sync *sync = context;

	if (domain_by_name(sync, name) == NULL)
		namespace_delete(sync->netns_dir, name);
}

static void empty_tap(const char *ifname, void *context)
{
	tap_delete(*(const int *)context, ifname);
}

static void empty_namespace(const char *name, void *context)
{
	struct leftovers *leftovers = context;
	int netns;

	if (domain_by_name(leftovers->sync, name) != NULL)
		return;
	leftovers->any = true;
	netns = namespace_find(leftovers->sync->netns_dir, name);
	if (netns < 0)
		return;
	tap_list(netns, empty_tap, &netns);
	close(netns);
}

bool domains_empty_namespaces(struct sync *sync)
{
	struct leftovers leftovers = {.sync = sync};

	namespace_list(sync->netns_dir, empty_namespace, &leftovers);
	return leftovers.any;
}

void domains_sweep_namespaces(struct sync *sync)
{
	namespace_list(sync->netns_dir, sweep_namespace, sync);
}

void domains_sweep(struct sync *sync)
{
	while (sync->domain_count > sync->plan->domain_count) {
		struct domain *domain = sync->domains[--sync->domain_count];

		sync->by_vrf[domain->vrf] = NULL;
		domain_free(domain);
	}
	for (unsigned int i = 0; i < sync->domain_count; i++)
		if (sync->domains[i]->netns >= 0)
			tap_list(sync->domains[i]->netns, sweep_tap, sync->domains[i]);
	named_forget(&sync->ports);
	named_forget(&sync->vrfs);
	named_forget(&sync->interfaces);
	named_forget(&sync->policers);
}

void domains_close(struct sync *sync)
{
	for (unsigned int i = 0; i < sync->domain_count; i++)
		domain_free(sync->domains[i]);
	free(sync->domains);
	sync->domains = NULL;
	sync->domain_count = 0;
}
