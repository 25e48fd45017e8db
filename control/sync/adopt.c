/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ids that a restarted control takes over: those the dataplane works with, and for its links, when
 * the dataplane is new too, those their TAPs were made with. A TAP's interface index is its link's
 * id above TAP_IFINDEX_BASE, and so it is unique on the machine.
 */
#include <errno.h>
#include <unistd.h>

#include "control/routing/namespace.h"
#include "control/sync/internal.h"

static void adopt_port(const void *row, void *context)
{
	const struct api_port *port = row;

	named_claim(&((struct sync *)context)->ports, port->id, port->name);
}

static void adopt_vrf(const void *row, void *context)
{
	const struct api_vrf *vrf = row;

	named_claim(&((struct sync *)context)->vrfs, vrf->id, vrf->name);
}

static void adopt_interface(const void *row, void *context)
{
	const struct api_interface *interface = row;

	named_claim(&((struct sync *)context)->interfaces, interface->id, interface->name);
}

static void adopt_policer(const void *row, void *context)
{
	const struct api_policer *policer = row;

	named_claim(&((struct sync *)context)->policers, policer->id, policer->name);
}

static void adopt_path(const void *row, void *context)
{
	path_adopt(context, row);
}

static void adopt_adjacency(const void *row, void *context)
{
	adjacency_adopt(context, row);
}

static void adopt_group(const void *row, void *context)
{
	set_adopt(context, row);
}

int adopt_dataplane(struct sync *sync)
{
	static const struct {
		enum api_object object;
		void (*row)(const void *row, void *context);
	} kinds[] = {{API_PORT, adopt_port}, {API_VRF, adopt_vrf}, {API_INTERFACE, adopt_interface},
		{API_POLICER, adopt_policer}, {API_PATH, adopt_path},
		{API_ADJACENCY, adopt_adjacency}, {API_GROUP, adopt_group}};

	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int error = api_client_dump(sync->client, kinds[i].object, 0, kinds[i].row, sync);
		if (error != 0)
			return error;
	}
	return 0;
}

static void read_path(const void *row, void *context)
{
	path_read(context, row);
}

/* It may be another process than the one that told its news, and news may have been missed. */
int adopt_liveness(struct sync *sync)
{
	paths_forget_down(sync);
	return api_client_dump(sync->client, API_PATH, 0, read_path, sync);
}

static void adopt_tap(struct sync *sync, int netns, const struct plan_link *link)
{
	uint32_t ifindex = tap_ifindex(netns, link->ifname);

	if (ifindex > TAP_IFINDEX_BASE && ifindex < TAP_IFINDEX_BASE + API_INTERFACES_MAX)
		named_claim(&sync->interfaces, ifindex - TAP_IFINDEX_BASE, link->name);
}

void adopt_taps(struct sync *sync)
{
	for (unsigned int i = 0; i < sync->plan->domain_count; i++) {
		const struct plan_domain *domain = &sync->plan->domains[i];
		int netns = namespace_find(sync->netns_dir, domain->name);

		for (unsigned int l = 0; netns >= 0 && l < domain->link_count; l++)
			adopt_tap(sync, netns, &domain->links[l]);
		if (netns >= 0)
			close(netns);
	}
}
