/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server/links.h"

#include <stdio.h>
#include <string.h>

#include "control/config/loader.h"
#include "control/routing/frr_summary.h"
#include "control/server/drains.h"

bool links_find(const struct plan *plan, const char *name, struct link_place *place)
{
	for (unsigned int i = 0; plan != NULL && i < plan->domain_count; i++)
		for (unsigned int l = 0; l < plan->domains[i].link_count; l++) {
			if (strcmp(plan->domains[i].links[l].name, name) != 0)
				continue;
			*place = (struct link_place){&plan->domains[i], l};
			return true;
		}
	return false;
}

json_t *links_no_such(const struct office *office, const char *name)
{
	const struct plan *plan = sync_plan(office->sync);
	struct suggestion suggestion = {.wrong = name};
	char hint[120];

	for (unsigned int i = 0; plan != NULL && i < plan->domain_count; i++)
		for (unsigned int l = 0; l < plan->domains[i].link_count; l++)
			suggest(&suggestion, plan->domains[i].links[l].name);
	return request_error(
		"this edge (%s) has no link \"%s\"; write it as CIRCUIT/PEERING/primary or "
		"secondary, as `onramp show stats` lists them%s",
		office->self, name, suggestion_text(&suggestion, hint, sizeof(hint)));
}

/* A session that is not up, as words; NULL: all the link's sessions are. */
static const char *session_down(const struct plan_domain *domain, const struct plan_link *link,
	const struct bgp_answers *bgp, char *text, size_t size)
{
	const struct ip *peers[] = {&link->peer4, &link->peer6};

	for (unsigned int i = 0; i < 2 && link->peer_asn != 0; i++) {
		const json_t *session;
		const char *state;

		if (peers[i]->family == 0)
			continue;
		session = views_bgp_session(bgp, domain->name, peers[i]);
		if (frr_established(session))
			continue;
		state = json_string_value(json_object_get(session, "state"));
		snprintf(text, size, "its %s session is %s", i == 0 ? "IPv4" : "IPv6",
			state != NULL ? state : "Absent");
		return text;
	}
	return NULL;
}

/* Does the site have the peering's other link, on another edge? */
static bool is_elsewhere(const struct plan *plan, const struct plan_domain *domain)
{
	int index = site_find_circuit(plan->site, domain->owner);
	const struct site_port_pair *pair;

	if (domain->kind == DOMAIN_VNET || domain->kind == DOMAIN_SERVICE || index < 0)
		return false;
	pair = &plan->site->port_pairs[plan->site->circuits[index].port_pair];
	return pair->ports[LINK_PRIMARY].present && pair->ports[LINK_SECONDARY].present;
}

const char *links_no_way_left(const struct office *office, const struct link_place *place,
	const struct bgp_answers *bgp, char *text, size_t size)
{
	const struct plan_domain *domain = place->domain;
	const struct plan_link *other;
	char why[80];

	if (domain->link_count < 2) {
		if (is_elsewhere(sync_plan(office->sync), domain))
			return NULL;
		snprintf(text, size, "%s is the only link of %s", domain->links[place->link].name,
			domain->owner);
		return text;
	}
	other = &domain->links[1 - place->link];
	if (drains_has(office, other->name))
		snprintf(text, size, "the other link, %s, is drained", other->name);
	else if (bgp->answers[BGP_SUMMARY4] == NULL)
		snprintf(text, size,
			"FRR's bgpd does not answer, so nobody knows whether the other link, %s, "
			"is up",
			other->name);
	else if (session_down(domain, other, bgp, why, sizeof(why)) != NULL)
		snprintf(text, size, "the other link, %s, is not up: %s", other->name, why);
	else
		return NULL;
	return text;
}

const char *links_owner(const struct link_place *place, char *buffer, size_t size)
{
	const char *name = place->domain->links[place->link].name;
	const char *end = strrchr(name, '/');

	snprintf(buffer, size, "%.*s", (int)(end != NULL ? end - name : (long)strlen(name)), name);
	return buffer;
}
