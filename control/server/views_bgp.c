/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server/views.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "control/model/validation.h"
#include "control/routing/frr_summary.h"

/* The keys are those of FRR 8.4.4: {VRF: {"peers": {ADDRESS: {remoteAs, state, peerUptimeMsec,
 * pfxRcd, pfxSnt}}}}, and in the lists of failed peers lastResetDueTo. */
static const char *const commands[BGP_ANSWERS] = {
	[BGP_SUMMARY4] = "show bgp vrf all ipv4 unicast summary json",
	[BGP_SUMMARY6] = "show bgp vrf all ipv6 unicast summary json",
	[BGP_FAILED4] = "show bgp vrf all ipv4 unicast summary failed json",
	[BGP_FAILED6] = "show bgp vrf all ipv6 unicast summary failed json",
};

const char *views_bgp_command(enum bgp_answer answer)
{
	return commands[answer];
}

static const json_t *find_peer(const json_t *answer, const char *domain, const struct ip *neighbour)
{
	char address[INET6_ADDRSTRLEN];

	if (answer == NULL ||
		inet_ntop(neighbour->family, neighbour->address, address, sizeof(address)) == NULL)
		return NULL;
	return json_object_get(json_object_get(json_object_get(answer, domain), "peers"), address);
}

const json_t *views_bgp_session(
	const struct bgp_answers *bgp, const char *domain, const struct ip *neighbour)
{
	enum bgp_answer answer = neighbour->family == AF_INET6 ? BGP_SUMMARY6 : BGP_SUMMARY4;

	return find_peer(bgp->answers[answer], domain, neighbour);
}

void views_split_link(
	const struct plan_link *link, char owner[sizeof(link->name)], const char **last)
{
	const char *slash = strrchr(link->name, '/');
	size_t length = slash != NULL ? (size_t)(slash - link->name) : strlen(link->name);

	memcpy(owner, link->name, length);
	owner[length] = '\0';
	*last = slash != NULL ? slash + 1 : link->name;
}

static json_t *copy_or_null(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return value != NULL ? json_incref(value) : json_null();
}

static json_t *uptime(const json_t *session, bool established)
{
	json_t *value = json_object_get(session, "peerUptimeMsec");

	if (!established || !json_is_integer(value))
		return json_null();
	return json_integer(json_integer_value(value) / 1000);
}

/* {"contoso/private/primary ipv4 limit": how many}, of rows of view_rejected, by what refused. */
static json_t *count_rejected(const json_t *rejected)
{
	json_t *counts = json_object(), *row;
	size_t index;

	json_array_foreach ((json_t *)rejected, index, row) {
		char key[96];

		snprintf(key, sizeof(key), "%s/%s %s %s",
			json_string_value(json_object_get(row, "peering")),
			json_string_value(json_object_get(row, "link")),
			json_string_value(json_object_get(row, "family")),
			json_string_value(json_object_get(row, "by")));
		json_object_set_new(counts, key,
			json_integer(json_integer_value(json_object_get(counts, key)) + 1));
	}
	return counts;
}

static json_int_t rejected_of(
	const json_t *counts, const struct plan_link *link, bool ipv6, const char *by)
{
	char key[96];

	snprintf(key, sizeof(key), "%s %s %s", link->name, ipv6 ? "ipv6" : "ipv4", by);
	return json_integer_value(json_object_get(counts, key));
}

/* What the session has, and what it may. bgpd took what a soft limit refused, and not what its
 * policies did (filtered; -1: not known); all of it counts. */
static void add_prefixes(json_t *row, const json_t *session, uint32_t limit, json_int_t surplus,
	json_int_t filtered, bool established)
{
	const json_t *received = json_object_get(session, "pfxRcd");
	json_int_t taken = json_integer_value(received);
	json_int_t all = taken + (filtered > 0 ? filtered : 0);
	bool alarm =
		established && limit != 0 && all * 100 >= (json_int_t)limit * PREFIX_ALARM_PERCENT;

	json_object_set_new(row, "accepted",
		json_is_integer(received) ? json_integer(taken > surplus ? taken - surplus : 0)
					  : json_null());
	json_object_set_new(row, "refused",
		established && filtered >= 0 ? json_integer(surplus + filtered) : json_null());
	json_object_set_new(row, "announced", copy_or_null(session, "pfxSnt"));
	json_object_set_new(row, "limit", limit != 0 ? json_integer(limit) : json_null());
	json_object_set_new(row, "alarm",
		alarm ? json_sprintf("%" JSON_INTEGER_FORMAT " of %u prefixes", all, limit)
		      : json_null());
}

/* FRR's word without what it adds in brackets. */
json_t *views_bgp_state(const char *state)
{
	return state == NULL ? json_string("Absent") : json_stringn(state, strcspn(state, " ("));
}

/* What the rows are made of. */
struct bgp_view {
	struct sync *sync;
	const struct plan_domain *domain; /* the one at hand, and its index in the plan */
	unsigned int index;
	const struct bgp_answers *bgp;
	json_t *rejected; /* counts */
	const struct refused_counts *refused;
};

json_t *views_not_enabled(const struct plan_domain *domain)
{
	char text[VALIDATION_TEXT_MAX];

	if (domain == NULL || plan_may_peer(domain))
		return json_null();
	if (validation_reason(domain->validation, domain->accepted, text) != NULL)
		return json_sprintf("not enabled: %s", text);
	return json_string("not enabled: no public prefix is validated; the operator names them in "
			   "validated_prefixes");
}

static json_t *closed_for_prefixes(const struct prefix_limits *limits, bool ipv6)
{
	uint32_t limit = ipv6 ? limits->ipv6 : limits->ipv4;

	return json_sprintf(
		"closed by us: more than %u prefixes%s (CEASE, maximum number of prefixes "
		"reached); tried again each minute",
		limits->soft ? limit * FRR_SOFT_LIMIT_CLOSES_AT : limit,
		limits->soft ? ", far above the soft limit" : "");
}

/* Why the session is not up, in words; null: nothing is known. */
static json_t *last_error(const struct bgp_view *view, unsigned int link,
	const struct ip *neighbour, const char *state)
{
	bool ipv6 = neighbour->family == AF_INET6;
	const json_t *failed = find_peer(view->bgp->answers[ipv6 ? BGP_FAILED6 : BGP_FAILED4],
		view->domain->name, neighbour);
	const json_t *notification = json_object_get(failed, "lastNotificationReason");
	char text[384];

	if (state != NULL && strstr(state, "PfxCt") != NULL)
		return closed_for_prefixes(&view->domain->limits, ipv6);
	if (!plan_may_peer(view->domain))
		return views_not_enabled(view->domain);
	if (sync_session_trouble(view->sync, view->index, link, text, sizeof(text)))
		return json_string(text);
	if (json_is_string(notification) && json_string_length(notification) > 0)
		return json_sprintf("%s: %s",
			json_string_value(json_object_get(failed, "lastResetDueTo")),
			json_string_value(notification));
	return copy_or_null(failed, "lastResetDueTo");
}

static json_t *session_row(
	const struct bgp_view *view, unsigned int number, const struct ip *neighbour)
{
	const struct plan_link *link = &view->domain->links[number];
	bool ipv6 = neighbour->family == AF_INET6;
	const json_t *session = views_bgp_session(view->bgp, view->domain->name, neighbour);
	const char *state = json_string_value(json_object_get(session, "state"));
	bool established = frr_established(session), public = view->domain->kind == DOMAIN_PUBLIC;
	uint32_t limit = ipv6 ? view->domain->limits.ipv6 : view->domain->limits.ipv4;
	const char *family = ipv6 ? "ipv6" : "ipv4", *last;
	char owner[sizeof(link->name)];
	json_t *row;

	views_split_link(link, owner, &last);
	row = json_pack("{s:s, s:s, s:s, s:o, s:I, s:o, s:o, s:o}", "peering", owner, "link", last,
		"family", family, "neighbour", views_ip(neighbour, false), "asn",
		(json_int_t)link->peer_asn, "state", views_bgp_state(state), "uptime_s",
		uptime(session, established), "last_error",
		established ? json_null() : last_error(view, number, neighbour, state));
	add_prefixes(row, session, limit, rejected_of(view->rejected, link, ipv6, "limit"),
		public ? refused_count(view->refused, link->name, family) : 0, established);
	return row;
}

static void add_sessions(json_t *rows, const struct bgp_view *view)
{
	for (unsigned int i = 0; i < view->domain->link_count; i++) {
		const struct plan_link *link = &view->domain->links[i];
		if (link->peer_asn == 0)
			continue;
		if (link->peer4.family != 0)
			json_array_append_new(rows, session_row(view, i, &link->peer4));
		if (link->peer6.family != 0)
			json_array_append_new(rows, session_row(view, i, &link->peer6));
	}
}

json_t *view_bgp(struct sync *sync, const struct bgp_answers *bgp, const json_t *rejected,
	const struct refused_counts *refused)
{
	const struct plan *plan = sync_plan(sync);
	struct bgp_view view = {
		.sync = sync, .bgp = bgp, .rejected = count_rejected(rejected), .refused = refused};
	json_t *rows = json_array();

	for (view.index = 0; plan != NULL && view.index < plan->domain_count; view.index++) {
		view.domain = &plan->domains[view.index];
		add_sessions(rows, &view);
	}
	json_decref(view.rejected);
	return rows;
}
