/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server/views.h"

#include <arpa/inet.h>
#include <string.h>

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

/* Owner of the session: CIRCUIT/PEERING, or the virtual network's name; and the link's own name. */
static void split_link_name(
	const struct plan_link *link, char *owner, size_t size, const char **last)
{
	const char *slash = strrchr(link->name, '/');
	size_t length = slash != NULL ? (size_t)(slash - link->name) : strlen(link->name);

	if (length >= size)
		length = size - 1;
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

static json_t *session_row(const struct plan_domain *domain, const struct plan_link *link,
	const struct ip *neighbour, const struct bgp_answers *bgp)
{
	bool ipv6 = neighbour->family == AF_INET6;
	const json_t *session = views_bgp_session(bgp, domain->name, neighbour);
	const json_t *failed =
		find_peer(bgp->answers[ipv6 ? BGP_FAILED6 : BGP_FAILED4], domain->name, neighbour);
	const char *state = json_string_value(json_object_get(session, "state"));
	bool established = state != NULL && strcmp(state, "Established") == 0;
	char owner[sizeof(link->name)];
	const char *last;

	split_link_name(link, owner, sizeof(owner), &last);
	return json_pack("{s:s, s:s, s:s, s:o, s:I, s:s, s:o, s:o, s:o, s:o}", "peering", owner,
		"link", last, "family", ipv6 ? "ipv6" : "ipv4", "neighbour",
		views_ip(neighbour, false), "asn", (json_int_t)link->peer_asn, "state",
		state != NULL ? state : "Absent", "uptime_s", uptime(session, established),
		"accepted", copy_or_null(session, "pfxRcd"), "announced",
		copy_or_null(session, "pfxSnt"), "last_error",
		established ? json_null() : copy_or_null(failed, "lastResetDueTo"));
}

static void add_sessions(
	json_t *rows, const struct plan_domain *domain, const struct bgp_answers *bgp)
{
	for (unsigned int i = 0; i < domain->link_count; i++) {
		const struct plan_link *link = &domain->links[i];
		if (link->peer_asn == 0)
			continue;
		if (link->peer4.family != 0)
			json_array_append_new(rows, session_row(domain, link, &link->peer4, bgp));
		if (link->peer6.family != 0)
			json_array_append_new(rows, session_row(domain, link, &link->peer6, bgp));
	}
}

json_t *view_bgp(const struct plan *plan, const struct bgp_answers *bgp)
{
	json_t *rows = json_array();

	for (unsigned int i = 0; plan != NULL && i < plan->domain_count; i++)
		add_sessions(rows, &plan->domains[i], bgp);
	return rows;
}
