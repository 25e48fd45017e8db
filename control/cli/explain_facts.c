/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An explanation for programs.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "control/cli/explain.h"
#include "control/cli/routes.h"

const void *explain_find(const struct dump *dump, uint32_t id)
{
	for (size_t i = 0; i < dump->count; i++) {
		const void *row = dump_row(dump, i);

		if (*(const uint32_t *)row == id)
			return row;
	}
	return NULL;
}

const char *explain_domain(const struct explain_names *names, uint32_t vrf)
{
	const struct api_vrf *found = explain_find(&names->vrfs, vrf);

	return found != NULL ? found->name : "?";
}

const char *explain_link(const struct explain_names *names, uint32_t interface)
{
	const struct api_interface *found = explain_find(&names->interfaces, interface);

	return found != NULL ? found->name : "?";
}

const char *explain_use(uint32_t use)
{
	static const char *const names[] = {
		[API_MEMBER_DEAD] = "down",
		[API_MEMBER_UNRESOLVED] = "unresolved",
		[API_MEMBER_DRAINED] = "drained",
		[API_MEMBER_LIVE] = "live",
	};

	return use < sizeof(names) / sizeof(names[0]) ? names[use] : "?";
}

const char *explain_budget(uint32_t budget)
{
	static const char *const names[API_BUDGETS] = {
		[API_BUDGET_NEIGHBOUR] = "ARP and Neighbor Discovery",
		[API_BUDGET_ANSWER] = "answers to ARP and Neighbor Discovery",
		[API_BUDGET_BGP] = "BGP",
		[API_BUDGET_BFD] = "BFD",
		[API_BUDGET_OTHER] = "other control traffic",
		[API_BUDGET_ICMP] = "ICMP errors",
	};

	return budget < API_BUDGETS ? names[budget] : "?";
}

const char *explain_prefix(
	const struct api_explanation *explanation, const struct api_found *found, char *buffer)
{
	char address[INET6_ADDRSTRLEN];

	if (!found->has_prefix)
		return NULL;
	inet_ntop(explanation->ethertype == 0x0800 ? AF_INET : AF_INET6, found->prefix, address,
		sizeof(address));
	snprintf(buffer, INET6_ADDRSTRLEN + 4, "%s/%u", address, found->prefix_len);
	return buffer;
}

static json_t *found_json(const struct explain_names *names,
	const struct api_explanation *explanation, const struct api_found *found)
{
	char prefix[INET6_ADDRSTRLEN + 4];

	if (explain_prefix(explanation, found, prefix) == NULL)
		return json_null();
	return json_pack("{s:s, s:s, s:s?, s:s}", "prefix", prefix, "origin",
		route_origin_name(found->origin), "leaked_from",
		found->leaked_from != 0 ? explain_domain(names, found->leaked_from) : NULL,
		"target", route_target_name(found->group));
}

/* All BGP routes of a family and link come from one neighbour. */
const json_t *explain_announcer(const struct explain_names *names,
	const struct api_explanation *explanation, const struct api_adjacency *member,
	const json_t *sessions)
{
	const char *family = member->family == AF_INET ? "ipv4" : "ipv6", *link;
	char name[ADDRESS_MAX];
	json_t *row;
	size_t i;

	if (!explanation->route.has_prefix || explanation->route.origin != API_ORIGIN_BGP)
		return NULL;
	link = explain_link(names, member->interface);
	json_array_foreach (sessions, i, row) {
		const char *peering = json_string_value(json_object_get(row, "peering"));
		const char *last = json_string_value(json_object_get(row, "link"));
		const char *of = json_string_value(json_object_get(row, "family"));

		if (peering == NULL || last == NULL || of == NULL || strcmp(of, family) != 0)
			continue;
		snprintf(name, sizeof(name), "%s/%s", peering, last);
		if (strcmp(name, link) == 0)
			return row;
	}
	return NULL;
}

static json_t *announcer_json(const json_t *row)
{
	if (row == NULL)
		return json_null();
	return json_pack("{s:O, s:O}", "neighbour", json_object_get(row, "neighbour"), "asn",
		json_object_get(row, "asn"));
}

/* Of a neighbour that came after the dump its use alone is known. */
static json_t *member_json(const struct explain_names *names,
	const struct api_explanation *explanation, uint32_t number, const json_t *sessions)
{
	uint32_t id = explanation->members[number].adjacency;
	const struct api_adjacency *member = explain_find(&names->adjacencies, id);
	const json_t *announcer = NULL;
	char address[INET6_ADDRSTRLEN] = "?", down[64];

	if (member != NULL) {
		inet_ntop(member->family, member->address, address, sizeof(address));
		announcer = explain_announcer(names, explanation, member, sessions);
	}
	api_path_down_text((uint8_t)explanation->members[number].down, down, sizeof(down));
	return json_pack("{s:s, s:s, s:s, s:s?, s:b, s:o}", "via", address, "link",
		member != NULL ? explain_link(names, member->interface) : "?", "use",
		explain_use(explanation->members[number].use), "down",
		down[0] != '\0' ? down : NULL, "chosen", id == explanation->chosen, "announced_by",
		announcer_json(announcer));
}

static json_t *members_json(const struct explain_names *names,
	const struct api_explanation *explanation, const json_t *sessions)
{
	json_t *members = json_array();

	for (uint32_t i = 0; i < explanation->member_count && i < API_EXPLAIN_MEMBERS; i++)
		json_array_append_new(members, member_json(names, explanation, i, sessions));
	return members;
}

static const char *policer_name(const struct explain_names *names, uint32_t id)
{
	const struct api_policer *policer = explain_find(&names->policers, id);

	return policer != NULL ? policer->name : NULL;
}

static json_t *layer2_json(const struct api_explanation *explanation)
{
	char text[2 * API_EXPLAIN_LAYER2 + 1] = "";

	if (explanation->layer2_bytes == 0 || explanation->layer2_bytes > API_EXPLAIN_LAYER2)
		return json_null();
	for (uint32_t i = 0; i < explanation->layer2_bytes; i++)
		snprintf(text + 2 * i, 3, "%02x", explanation->layer2[i]);
	return json_string(text);
}

static void add_way_out(json_t *answer, const struct explain_names *names,
	const struct api_explanation *explanation)
{
	bool out = explanation->out_interface != 0;

	json_object_set_new(answer, "out_link",
		out ? json_string(explain_link(names, explanation->out_interface)) : json_null());
	json_object_set_new(answer, "out_port",
		out ? json_string(dump_port_name(&names->ports, explanation->out_port))
		    : json_null());
	json_object_set_new(answer, "mtu", out ? json_integer(explanation->mtu) : json_null());
	json_object_set_new(answer, "layer2", layer2_json(explanation));
}

void explain_facts(json_t *answer, const struct explain_names *names,
	const struct api_interface *interface, const struct api_explanation *explanation,
	const json_t *sessions)
{
	static const char *const outcomes[] = {[API_OUTCOME_SENT] = "sent",
		[API_OUTCOME_FRAGMENTED] = "fragmented",
		[API_OUTCOME_PUNTED] = "punted",
		[API_OUTCOME_DROPPED] = "dropped"};
	bool dropped = explanation->outcome == API_OUTCOME_DROPPED;
	json_t *more = json_pack("{s:s, s:s, s:s, s:s, s:s?, s:b, s:o, s:o, s:o, s:s?, s:s?}",
		"link", interface->name, "domain", explain_domain(names, interface->vrf), "port",
		dump_port_name(&names->ports, interface->port), "outcome",
		explanation->outcome <= API_OUTCOME_DROPPED ? outcomes[explanation->outcome] : "?",
		"reason",
		dropped && explanation->reason < API_DROP_COUNT
			? api_drop_name((enum api_drop_reason)explanation->reason)
			: NULL,
		"told", (int)explanation->told, "source_route",
		found_json(names, explanation, &explanation->source), "route",
		found_json(names, explanation, &explanation->route), "next_hops",
		members_json(names, explanation, sessions), "policer_in",
		policer_name(names, explanation->policer_in), "policer_out",
		policer_name(names, explanation->policer_out));

	add_way_out(more, names, explanation);
	json_object_set_new(more, "budget",
		explanation->budget_pps == 0
			? json_null()
			: json_pack("{s:s, s:I}", "kind", explain_budget(explanation->budget),
				  "pps", (json_int_t)explanation->budget_pps));
	json_object_update(answer, more);
	json_decref(more);
}
