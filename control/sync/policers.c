/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A circuit's bandwidth holds for each link and direction, for all its peerings together: their
 * sub-interfaces name the same two policers. Names are CIRCUIT/LINK/DIRECTION.
 */
#include <errno.h>
#include <stdio.h>

#include "control/sync/copy.h"
#include "control/sync/internal.h"

static uint32_t want(struct sync *sync, const struct plan_link *plan, const char *direction)
{
	char name[API_NAME_MAX];

	snprintf(name, sizeof(name), "%s/%s/%s", plan->circuit, plan->ifname, direction);
	return named_want(&sync->policers, name);
}

int policers_plan(struct sync *sync, struct domain_link *link)
{
	link->policer_in = 0;
	link->policer_out = 0;
	if (link->plan.rate.bps == 0)
		return 0;
	link->policer_in = want(sync, &link->plan, "in");
	link->policer_out = want(sync, &link->plan, "out");
	return link->policer_in != 0 && link->policer_out != 0 ? 0 : -ENOSPC;
}

static void state(struct sync *sync, uint32_t id, const struct plan_rate *rate)
{
	const struct named *named = table_at(&sync->policers, id);
	struct api_policer item = {
		.id = id,
		.rate_bps = rate->bps,
		.burst_bytes = rate->burst_bytes,
		.overhead_bytes = rate->overhead_bytes,
	};

	/* Less would never let a large frame pass. */
	if (item.burst_bytes < API_POLICER_BURST_MIN)
		item.burst_bytes = API_POLICER_BURST_MIN;
	COPY_TEXT(item.name, named->name);
	batch_add(sync, API_POLICER, API_UPSERT, &item);
}

/* Peerings of one circuit say the same twice; that changes nothing. */
void policers_state(struct sync *sync)
{
	for (unsigned int i = 0; i < sync->domain_count; i++) {
		const struct domain *domain = sync->domains[i];

		for (unsigned int l = 0; l < domain->link_count; l++) {
			const struct domain_link *link = &domain->links[l];

			if (link->policer_in == 0)
				continue;
			state(sync, link->policer_in, &link->plan.rate);
			state(sync, link->policer_out, &link->plan.rate);
		}
	}
}
