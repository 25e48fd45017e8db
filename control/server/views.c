/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server/views.h"

#include <arpa/inet.h>
#include <linux/neighbour.h>
#include <stdio.h>
#include <string.h>

json_t *views_ip(const struct ip *ip, bool with_length)
{
	struct ip plain = *ip;
	char text[64];

	if (ip->family == 0)
		return json_null();
	if (!with_length)
		plain.prefix_len = ip->family == AF_INET6 ? 128 : 32;
	return json_string(ip_text(&plain, text, sizeof(text)));
}

const char *views_neighbour_state(uint16_t state)
{
	static const struct {
		uint16_t state;
		const char *name;
	} names[] = {
		{NUD_PERMANENT, "permanent"},
		{NUD_REACHABLE, "reachable"},
		{NUD_STALE, "stale"},
		{NUD_DELAY, "delay"},
		{NUD_PROBE, "probe"},
		{NUD_INCOMPLETE, "incomplete"},
		{NUD_FAILED, "failed"},
		{NUD_NOARP, "noarp"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((state & names[i].state) != 0)
			return names[i].name;
	return "none";
}

/* ---- neighbours ---- */

struct neighbour_walk {
	json_t *rows;
	const struct plan_domain *domain;
	uint32_t ifindexes[LINKS]; /* of the domain's links */
};

/* Has it ever answered? Without an answer there is neither a MAC nor an age. */
static bool answered(const struct kernel_neighbour *neighbour)
{
	return neighbour->state != NUD_NONE &&
	       (neighbour->state & (NUD_INCOMPLETE | NUD_FAILED)) == 0;
}

static json_t *mac_json(const struct kernel_neighbour *neighbour)
{
	const uint8_t *mac = neighbour->mac;
	char text[18];

	if (!answered(neighbour))
		return json_null();
	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		mac[3], mac[4], mac[5]);
	return json_string(text);
}

static json_t *age_json(const struct kernel_neighbour *neighbour)
{
	return answered(neighbour) ? json_integer(neighbour->confirmed_s_ago) : json_null();
}

static void add_neighbour(const struct kernel_neighbour *neighbour, void *context)
{
	struct neighbour_walk *walk = context;

	/* NOARP entries are the kernel's own (multicast, loopback), no station's. */
	if ((neighbour->state & NUD_NOARP) != 0)
		return;
	for (unsigned int i = 0; i < walk->domain->link_count; i++) {
		if (walk->ifindexes[i] == 0 || walk->ifindexes[i] != neighbour->ifindex)
			continue;
		json_array_append_new(walk->rows,
			json_pack("{s:s, s:s, s:o, s:o, s:s, s:o}", "domain", walk->domain->name,
				"link", walk->domain->links[i].name, "address",
				views_ip(&neighbour->address, false), "mac", mac_json(neighbour),
				"state", views_neighbour_state(neighbour->state), "age_s",
				age_json(neighbour)));
		return;
	}
}

json_t *view_arp(struct sync *sync)
{
	const struct plan *plan = sync_plan(sync);
	json_t *rows = json_array();

	for (unsigned int i = 0; plan != NULL && i < plan->domain_count; i++) {
		struct neighbour_walk walk = {.rows = rows, .domain = &plan->domains[i]};
		struct kernel *kernel = sync_kernel(sync, i);
		if (kernel == NULL)
			continue;
		for (unsigned int j = 0; j < walk.domain->link_count; j++)
			walk.ifindexes[j] = kernel_ifindex(kernel, walk.domain->links[j].ifname);
		kernel_each_neighbour(kernel, add_neighbour, &walk);
	}
	return rows;
}
