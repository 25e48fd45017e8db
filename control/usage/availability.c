/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/usage/availability.h"

#include <stdlib.h>
#include <string.h>

#include "control/model/lifecycle.h"
#include "control/routing/frr_summary.h"

static bool is_valid(struct kernel *kernel, const struct plan_link *link, const struct ip *peer)
{
	const struct kernel_neighbour *neighbour =
		kernel_neighbour_of(kernel, kernel_ifindex(kernel, link->ifname), peer);

	return neighbour != NULL && neighbour->valid;
}

static int64_t established_ms(
	const struct bgp_answers *bgp, const struct plan_domain *domain, const struct ip *peer)
{
	const json_t *session = views_bgp_session(bgp, domain->name, peer);

	return frr_established(session)
		       ? json_integer_value(json_object_get(session, "peerUptimeMsec"))
		       : 0;
}

/* -1: there is none yet. */
static void take_worse(int64_t *worst, int64_t ms)
{
	if (*worst < 0 || ms < *worst)
		*worst = ms;
}

/* Of all the link's peers: the one that is worst. kernel, bgp: NULL is nobody to ask. */
static void judge(struct history_link *seen, const struct plan_domain *domain,
	const struct plan_link *link, struct kernel *kernel, const struct bgp_answers *bgp)
{
	const struct ip *const peers[] = {&link->peer4, &link->peer6};

	for (unsigned int i = 0; i < 2; i++) {
		if (peers[i]->family == 0)
			continue;
		if (kernel != NULL)
			take_worse(&seen->neighbour_ms,
				is_valid(kernel, link, peers[i]) ? INT64_MAX : 0);
		if (bgp != NULL && link->peer_asn != 0)
			take_worse(&seen->session_ms, established_ms(bgp, domain, peers[i]));
	}
}

/* The one of this name, most likely the one that was found last or the next; NULL: none. */
static const struct site_circuit *find_circuit(
	const struct site *site, const char *name, unsigned int *hint)
{
	for (unsigned int i = 0; i < site->circuit_count && name[0] != '\0'; i++) {
		unsigned int at = (*hint + i) % site->circuit_count;

		if (strcmp(site->circuits[at].name, name) == 0) {
			*hint = at;
			return &site->circuits[at];
		}
	}
	return NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(
		((const struct history_link *)a)->name, ((const struct history_link *)b)->name);
}

/* The link of this name, of those that the dataplane told. */
static struct history_link *find_link(
	struct history_link *links, size_t count, const char name[API_NAME_MAX])
{
	struct history_link key;

	if (count == 0)
		return NULL;
	memcpy(key.name, name, sizeof(key.name));
	return bsearch(&key, links, count, sizeof(key), by_name);
}

void availability_of_links(
	struct history_link *links, size_t count, struct sync *sync, const struct bgp_answers *bgp)
{
	const struct plan *plan = sync_plan(sync);
	unsigned int hint = 0;

	if (count > 0)
		qsort(links, count, sizeof(*links), by_name);
	for (size_t i = 0; i < count; i++)
		links[i].neighbour_ms = links[i].session_ms = -1;
	for (unsigned int d = 0; plan != NULL && d < plan->domain_count; d++) {
		const struct plan_domain *domain = &plan->domains[d];
		struct kernel *kernel = sync_kernel(sync, d);

		if (kernel != NULL && !kernel_is_synced(kernel))
			kernel = NULL;
		for (unsigned int l = 0; l < domain->link_count; l++) {
			const struct plan_link *link = &domain->links[l];
			const struct site_circuit *circuit =
				find_circuit(plan->site, link->circuit, &hint);
			struct history_link *seen = find_link(links, count, link->name);

			if (seen == NULL)
				continue;
			if (circuit != NULL)
				seen->family = family_name(circuit->family);
			judge(seen, domain, link, kernel, bgp);
		}
	}
}
