/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "control/config/diff.h"
#include "control/model/lifecycle.h"
#include "control/server/views.h"

static json_t *circuit_row(const struct site *site, const struct site_circuit *circuit)
{
	const struct site_port_pair *pair = &site->port_pairs[circuit->port_pair];
	bool both = pair->ports[LINK_PRIMARY].present && pair->ports[LINK_SECONDARY].present;
	json_t *peerings = json_array();

	for (unsigned int i = 0; i < circuit->peering_count; i++)
		json_array_append_new(
			peerings, json_string(peering_type_name(circuit->peerings[i].type)));
	bool provider = pair->model == PAIR_PROVIDER;

	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:s?, s:b, s:s, s:o, s:o, s:s}",
		"name", circuit->name, "service_key", circuit->service_key, "port_pair", pair->name,
		"model", pair_model_name(pair->model), "bandwidth_bps",
		(json_int_t)circuit->bandwidth_bps, "tier", tier_name(circuit->tier), "family",
		family_name(circuit->family), "state", circuit->enabled ? "enabled" : "disabled",
		"provider_state", provider ? provider_state_name(circuit->provider_state) : NULL,
		"forwards",
		lifecycle_forwards(pair->model, circuit->provider_state, circuit->enabled),
		"encapsulation", encapsulation_name(circuit->s_tag != 0 ? ENCAP_QINQ : ENCAP_DOT1Q),
		"s_tag", circuit->s_tag != 0 ? json_integer(circuit->s_tag) : json_null(),
		"peerings", peerings, "redundancy",
		site_pair_is_one_port(pair) ? "one port"
		: both                      ? "pair"
					    : "none");
}

json_t *view_circuits(const struct plan *plan)
{
	json_t *rows = json_array();

	for (unsigned int i = 0; plan != NULL && i < plan->site->circuit_count; i++)
		json_array_append_new(rows, circuit_row(plan->site, &plan->site->circuits[i]));
	return rows;
}

/* ---- for its provider ---- */

static json_t *vlans_of(const struct site_circuit *circuit)
{
	json_t *vlans = json_array();

	for (unsigned int i = 0; circuit->s_tag == 0 && i < circuit->peering_count; i++)
		json_array_append_new(vlans, json_sprintf("%u", circuit->peerings[i].c_tag));
	return vlans;
}

static json_t *managed_by_provider(const struct site_circuit *circuit)
{
	json_t *managed = json_array();

	for (unsigned int i = 0; i < circuit->peering_count; i++)
		if (circuit->peerings[i].managed_by == PRINCIPAL_PROVIDER)
			json_array_append_new(
				managed, json_string(peering_type_name(circuit->peerings[i].type)));
	return managed;
}

static json_t *provider_row(
	const struct site *site, const struct site_circuit *circuit, unsigned int link)
{
	const struct port_ref *ref = &site->port_pairs[circuit->port_pair].ports[link];
	const struct site_edge *edge = &site->edges[ref->edge];
	const struct site_port *port = &edge->ports[ref->port];

	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:I, s:s, s:o}", "link", link_name(link),
		"port", json_sprintf("%s/%s", edge->name, port->name), "outer_ethertype",
		json_sprintf("0x%04x", port->outer_ethertype), "s_tag",
		circuit->s_tag != 0 ? json_integer(site_s_tag(circuit, link)) : json_null(),
		"vlans", vlans_of(circuit), "bandwidth_bps", (json_int_t)circuit->bandwidth_bps,
		"provider_state", provider_state_name(circuit->provider_state), "managed",
		managed_by_provider(circuit));
}

json_t *view_service_key(const struct plan *plan, const char *key)
{
	for (unsigned int i = 0; plan != NULL && i < plan->site->circuit_count; i++) {
		const struct site_circuit *circuit = &plan->site->circuits[i];
		const struct site_port_pair *pair = &plan->site->port_pairs[circuit->port_pair];
		json_t *rows;

		if (strcasecmp(circuit->service_key, key) != 0 || pair->model != PAIR_PROVIDER)
			continue;
		rows = json_array();
		for (unsigned int link = 0; link < LINKS; link++)
			if (pair->ports[link].present)
				json_array_append_new(
					rows, provider_row(plan->site, circuit, link));
		return rows;
	}
	return NULL;
}

/* ---- authorizations ---- */

static json_t *authorization_row(const struct site *site, const struct site_port_pair *pair,
	const struct site_authorization *authorization)
{
	int circuit = site_find_circuit(site, authorization->circuit);
	bool lives =
		circuit >= 0 && site_uses_authorization(authorization, &site->circuits[circuit]);
	bool open = authorization->circuit[0] == '\0';

	return json_pack("{s:o, s:s, s:s?, s:I, s:s, s:s?}", "name",
		json_sprintf("%s/%s", pair->name, authorization->name), "port_pair", pair->name,
		"owner", pair->owner[0] != '\0' ? pair->owner : NULL, "bandwidth_bps",
		(json_int_t)authorization->quota_bps, "state",
		open    ? "open"
		: lives ? "used"
			: "spent",
		"circuit", open ? NULL : authorization->circuit);
}

json_t *view_authorizations(const struct plan *plan)
{
	json_t *rows = json_array();

	for (unsigned int i = 0; plan != NULL && i < plan->site->port_pair_count; i++) {
		const struct site_port_pair *pair = &plan->site->port_pairs[i];

		for (unsigned int j = 0; j < pair->authorization_count; j++)
			json_array_append_new(rows,
				authorization_row(plan->site, pair, &pair->authorizations[j]));
	}
	return rows;
}

/* ---- with every default ---- */

/* Who set a field of an object, from the stamps of the store; a field that nobody set has its
 * default, or follows from others. */
static json_t *set_by(
	const json_t *stamps, const char *circuit, const char *peering, const char *field)
{
	char object[96];
	const json_t *stamp;

	snprintf(object, sizeof(object), "circuits[%s]%s%s%s", circuit,
		peering != NULL ? ".peerings[" : "", peering != NULL ? peering : "",
		peering != NULL ? "]" : "");
	stamp = json_object_get(json_object_get(stamps, object), field);
	if (stamp == NULL && (strcmp(field, "primary") == 0 || strcmp(field, "secondary") == 0))
		stamp = json_object_get(json_object_get(stamps, object), "link_subnets");
	if (stamp == NULL)
		return json_string(
			strcmp(field, "service_key") == 0 ? "made from the names" : "default");
	return json_sprintf("%s, revision %" JSON_INTEGER_FORMAT,
		json_string_value(json_object_get(stamp, "principal")),
		json_integer_value(json_object_get(stamp, "generation")));
}

static void add_facts(json_t *rows, const json_t *facts, const json_t *stamps, const char *what,
	const char *circuit, const char *peering)
{
	const char *field;
	json_t *value;

	json_object_foreach (json_object_get(facts, what), field, value)
		json_array_append_new(
			rows, json_pack("{s:s++, s:s, s:O, s:o}", "name", circuit,
				      peering != NULL ? "/" : "", peering != NULL ? peering : "",
				      "field", field, "value", value, "set_by",
				      set_by(stamps, circuit, peering, field)));
}

json_t *view_effective(const struct plan *plan, const json_t *stamps)
{
	json_t *rows = json_array(), *facts = site_facts(plan != NULL ? plan->site : NULL);
	char what[96];

	for (unsigned int i = 0; plan != NULL && i < plan->site->circuit_count; i++) {
		const struct site_circuit *circuit = &plan->site->circuits[i];

		snprintf(what, sizeof(what), "circuit %s", circuit->name);
		add_facts(rows, facts, stamps, what, circuit->name, NULL);
		for (unsigned int j = 0; j < circuit->peering_count; j++) {
			const char *type = peering_type_name(circuit->peerings[j].type);

			snprintf(what, sizeof(what), "%s/%s", circuit->name, type);
			add_facts(rows, facts, stamps, what, circuit->name, type);
		}
	}
	json_decref(facts);
	return rows;
}
