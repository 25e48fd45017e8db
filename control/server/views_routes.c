/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes of single sessions, which bgpd is asked for one by one: what it refused on public
 * peerings, and what it announces. The keys are those of FRR 8.4.4: {"...Routes": {PREFIX: {path,
 * nextHop}}}.
 */
#include <stdio.h>
#include <string.h>

#include "control/model/ip.h"
#include "control/model/public.h"
#include "control/routing/frr_summary.h"
#include "control/server/views.h"

static bool established(const struct bgp_answers *bgp, const char *domain, const struct ip *peer)
{
	return frr_established(views_bgp_session(bgp, domain, peer));
}

static void add_question(json_t *questions, const struct plan_domain *domain,
	const struct plan_link *link, const struct ip *peer, const char *which)
{
	bool ipv6 = peer->family == AF_INET6;
	char owner[sizeof(link->name)], address[64];
	struct ip plain = *peer;
	const char *last;

	plain.prefix_len = ipv6 ? 128 : 32;
	ip_text(&plain, address, sizeof(address));
	views_split_link(link, owner, &last);
	json_array_append_new(
		questions, json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "domain", domain->name,
				   "peering", owner, "link", last, "family", ipv6 ? "ipv6" : "ipv4",
				   "neighbour", address, "command",
				   json_sprintf("show bgp vrf %s %s unicast neighbors %s %s json",
					   domain->name, ipv6 ? "ipv6" : "ipv4", address, which)));
}

/* within: CIRCUIT[/PEERING[/LINK]], or NULL for all. */
static bool is_within(const char *name, const char *within)
{
	size_t length = within != NULL ? strlen(within) : 0;

	return within == NULL || (strncmp(name, within, length) == 0 &&
					 (name[length] == '\0' || name[length] == '/'));
}

json_t *views_session_questions(const struct plan *plan, const struct bgp_answers *bgp,
	enum session_routes which, const char *within)
{
	const char *word = which == ROUTES_FILTERED ? "filtered-routes" : "advertised-routes";
	json_t *questions = json_array();

	for (unsigned int i = 0; plan != NULL && i < plan->domain_count; i++) {
		const struct plan_domain *domain = &plan->domains[i];

		/* Where bgpd keeps what it refuses. */
		if (which == ROUTES_FILTERED && domain->kind != DOMAIN_PUBLIC)
			continue;
		for (unsigned int l = 0; l < domain->link_count; l++) {
			const struct plan_link *link = &domain->links[l];

			if (!is_within(link->name, within))
				continue;
			if (established(bgp, domain->name, &link->peer4))
				add_question(questions, domain, link, &link->peer4, word);
			if (established(bgp, domain->name, &link->peer6))
				add_question(questions, domain, link, &link->peer6, word);
		}
	}
	return questions;
}

const json_t *views_too_large(const json_t *questions, const struct bgp_answers *bgp)
{
	const json_t *question;
	size_t index;

	json_array_foreach (questions, index, question) {
		struct ip neighbour;
		const json_t *session;

		if (ip_parse(json_string_value(json_object_get(question, "neighbour")),
			    &neighbour) != 0)
			continue;
		session = views_bgp_session(
			bgp, json_string_value(json_object_get(question, "domain")), &neighbour);
		if (json_integer_value(json_object_get(session, "pfxSnt")) > ADVERTISED_MAX)
			return question;
	}
	return NULL;
}

const json_t *views_routes(const json_t *answer)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)answer, key, value) {
		size_t length = strlen(key);

		if (json_is_object(value) && length > 6 && strcmp(key + length - 6, "Routes") == 0)
			return value;
	}
	return NULL;
}

static json_t *route_row(const json_t *question, const char *prefix)
{
	json_t *row = json_copy((json_t *)question);

	json_object_del(row, "command");
	json_object_del(row, "domain");
	json_object_del(row, "answer");
	json_object_set_new(row, "prefix", json_string(prefix));
	return row;
}

/* bgpd refused it, so there is a reason; one that is not the rule's is that of a policy which is
 * being changed. */
static json_t *refusal_json(
	const struct plan_domain *domain, const char *prefix_text, const json_t *route)
{
	const char *path = json_string_value(json_object_get(route, "path"));
	struct ip prefix;
	char text[PUBLIC_REFUSAL_MAX];

	if (domain == NULL || domain->link_count == 0 || ip_parse(prefix_text, &prefix) != 0 ||
		public_refusal(domain, &prefix, path != NULL ? path : "", text) == NULL)
		return json_string("refused by the policy");
	return json_string(text);
}

void views_add_filtered(json_t *rows, const struct plan *plan, const json_t *sessions)
{
	size_t index;
	json_t *session, *route;
	const char *prefix;

	json_array_foreach ((json_t *)sessions, index, session) {
		const char *name = json_string_value(json_object_get(session, "domain"));
		int found = plan != NULL ? plan_find_domain(plan, name) : -1;

		json_object_foreach (
			(json_t *)views_routes(json_object_get(session, "answer")), prefix, route) {
			json_t *row = route_row(session, prefix);

			json_object_set_new(row, "by", json_string("policy"));
			json_object_set_new(row, "reason",
				refusal_json(
					found >= 0 ? &plan->domains[found] : NULL, prefix, route));
			json_array_append_new(rows, row);
		}
	}
}

json_t *view_advertised(const json_t *sessions)
{
	static const struct {
		const char *key, *frr;
	} values[] = {{"path", "path"}, {"med", "metric"}};
	json_t *rows = json_array(), *session, *route;
	const char *prefix;
	size_t index;

	json_array_foreach ((json_t *)sessions, index, session)
		json_object_foreach (
			(json_t *)views_routes(json_object_get(session, "answer")), prefix, route) {
			json_t *row = route_row(session, prefix);

			for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
				json_t *value = json_object_get(route, values[i].frr);

				json_object_set_new(row, values[i].key,
					value != NULL ? json_incref(value) : json_null());
			}
			json_array_append_new(rows, row);
		}
	return rows;
}
