/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server/views.h"

#include <string.h>

struct rejected_walk {
	json_t *rows;
	const struct plan_domain *domain;
	uint32_t ifindexes[LINKS]; /* of the domain's links */
};

static json_t *rejected_row(const struct rejected_walk *walk, unsigned int number,
	const struct ip *prefix, json_t *reason)
{
	const struct plan_link *link = &walk->domain->links[number];
	bool ipv6 = prefix->family == AF_INET6;
	struct ip address = *prefix;
	char text[64], owner[sizeof(link->name)];
	const char *last;

	views_split_link(link, owner, &last);
	address.prefix_len = ipv6 ? 128 : 32; /* the text is without it then */
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:o}", "peering", owner, "link", last,
		"family", ipv6 ? "ipv6" : "ipv4", "neighbour",
		views_ip(ipv6 ? &link->peer6 : &link->peer4, false), "prefix",
		json_sprintf("%s/%u", ip_text(&address, text, sizeof(text)), prefix->prefix_len),
		"by", "limit", "reason", reason);
}

static void add_surplus(const struct kernel_route *route, void *context)
{
	const struct rejected_walk *walk = context;
	const struct prefix_limits *limits = &walk->domain->limits;
	bool ipv6 = route->prefix.family == AF_INET6;

	for (unsigned int i = 0; i < walk->domain->link_count; i++)
		for (unsigned int hop = 0; hop < route->count; hop++)
			if (route->next_hops[hop].ifindex == walk->ifindexes[i])
				json_array_append_new(walk->rows,
					rejected_row(walk, i, &route->prefix,
						json_sprintf("above the limit of %u %s prefixes",
							ipv6 ? limits->ipv6 : limits->ipv4,
							ipv6 ? "IPv6" : "IPv4")));
}

json_t *view_rejected(struct sync *sync, const json_t *sessions)
{
	const struct plan *plan = sync_plan(sync);
	json_t *rows = json_array();

	for (unsigned int i = 0; plan != NULL && i < plan->domain_count; i++) {
		struct rejected_walk walk = {.rows = rows, .domain = &plan->domains[i]};
		struct kernel *kernel = sync_kernel(sync, i);

		for (unsigned int l = 0; kernel != NULL && l < walk.domain->link_count; l++)
			walk.ifindexes[l] = kernel_ifindex(kernel, walk.domain->links[l].ifname);
		if (kernel != NULL)
			sync_each_refused(sync, i, add_surplus, &walk);
	}
	views_add_filtered(rows, plan, sessions);
	return rows;
}
