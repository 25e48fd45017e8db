/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "control/config/build.h"
#include "control/model/service_key.h"
#include "control/model/sku.h"

static int find_pair(struct build *build, const struct record *record)
{
	const struct value *value = usable(record, CIRCUIT_PAIR);
	char nearest[80];

	if (value == NULL)
		return -1;
	struct suggestion suggestion = {.wrong = value->text};
	for (unsigned int i = 0; i < build->site->port_pair_count; i++) {
		const char *name = build->site->port_pairs[i].name;
		if (strcmp(name, value->text) == 0)
			return (int)i;
		suggest(&suggestion, name);
	}
	report(build->loader, record, CIRCUIT_PAIR,
		"\"%s\" is no port pair of this site; write a name from port_pairs%s", value->text,
		suggestion_text(&suggestion, nearest, sizeof(nearest)));
	return -1;
}

uint64_t pair_speed(const struct build *build, unsigned int pair)
{
	const struct port_ref *ref = &build->site->port_pairs[pair].ports[LINK_PRIMARY];
	return ref->present ? build->site->edges[ref->edge].ports[ref->port].speed_bps : 0;
}

static const struct record *pair_record(const struct build *build, unsigned int pair)
{
	return build->root->values[SITE_PAIRS].records[pair];
}

static void check_bandwidth(struct build *build, const struct record *record, unsigned int pair)
{
	const struct value *bandwidth = usable(record, CIRCUIT_BANDWIDTH);
	enum pair_model model = build->site->port_pairs[pair].model;
	uint64_t speed = pair_speed(build, pair);
	char list[128], rate[16];

	if (bandwidth == NULL || usable(pair_record(build, pair), PAIR_MODEL) == NULL)
		return;
	if (model == PAIR_DIRECT && speed == 0)
		return;
	if (sku_exists(model, speed, bandwidth->number))
		return;
	sku_list_text(model, speed, list, sizeof(list));
	if (model == PAIR_DIRECT)
		report(build->loader, record, CIRCUIT_BANDWIDTH,
			"%s is not sold on direct ports of %s; write one of %s", bandwidth->text,
			rate_text(speed, rate, sizeof(rate)), list);
	else
		report(build->loader, record, CIRCUIT_BANDWIDTH,
			"%s is not sold on provider ports; write one of %s", bandwidth->text, list);
}

/* Settings of a limit that there is not. */
static void check_unlimited(struct build *build, const struct record *record)
{
	static const unsigned int fields[] = {CIRCUIT_BURST, CIRCUIT_OVERHEAD};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct value *value = &record->values[fields[i]];
		if (value->given)
			report(build->loader, record, fields[i],
				"%.20s, but the circuit is not limited to its bandwidth; write "
				"rate_limit: true, or remove it",
				value->text != NULL ? value->text : "given");
	}
}

/* Who shares a port with others cannot do without. */
static void build_limit(struct build *build, const struct record *record,
	struct site_circuit *circuit, unsigned int pair)
{
	bool provider = build->site->port_pairs[pair].model == PAIR_PROVIDER;

	circuit->rate_limit = record_number(record, CIRCUIT_LIMIT, provider) != 0;
	if (circuit->rate_limit || usable(pair_record(build, pair), PAIR_MODEL) == NULL)
		return;
	if (!provider) {
		check_unlimited(build, record);
		return;
	}
	report(build->loader, record, CIRCUIT_LIMIT,
		"found false, but port pair \"%s\" is a provider's, whose circuits share its "
		"ports; "
		"remove rate_limit or write true",
		build->site->port_pairs[pair].name);
}

static void check_s_tag(struct build *build, const struct record *record, unsigned int pair)
{
	enum encapsulation encapsulation = build->site->port_pairs[pair].encapsulation;
	const char *name = build->site->port_pairs[pair].name;
	const struct value *s_tag = &record->values[CIRCUIT_S_TAG];

	if (usable(pair_record(build, pair), PAIR_ENCAP) == NULL)
		return;
	if (encapsulation == ENCAP_DOT1Q && s_tag->given)
		report(build->loader, record, CIRCUIT_S_TAG,
			"%.20s, but port pair \"%s\" is dot1q; remove s_tag and give each peering "
			"a vlan",
			s_tag->text != NULL ? s_tag->text : "given", name);
	/* Until edges share a store, none could be assigned that the other edge knows. */
	if (encapsulation == ENCAP_QINQ && !s_tag->given)
		report(build->loader, record, CIRCUIT_S_TAG,
			"is missing; port pair \"%s\" is qinq: write s_tag: 1 to 4094", name);
}

static void check_secondary_s_tag(
	struct build *build, const struct record *record, unsigned int pair)
{
	const struct site_port_pair *on = &build->site->port_pairs[pair];
	const struct value *s_tag = &record->values[CIRCUIT_S_TAG];
	const struct value *secondary = &record->values[CIRCUIT_SECONDARY_S_TAG];

	if (!site_pair_is_one_port(on)) {
		if (secondary->given)
			report(build->loader, record, CIRCUIT_SECONDARY_S_TAG,
				"%.20s, but port pair \"%s\" has two ports, and s_tag holds on "
				"both; remove secondary_s_tag",
				secondary->text != NULL ? secondary->text : "given", on->name);
		return;
	}
	if (!secondary->given)
		report(build->loader, record, CIRCUIT_SECONDARY_S_TAG,
			"is missing; port pair \"%s\" is one port for both links: write "
			"secondary_s_tag: 1 to 4094",
			on->name);
	else if (secondary->valid && s_tag->valid && secondary->number == s_tag->number)
		report(build->loader, record, CIRCUIT_SECONDARY_S_TAG,
			"%s is the circuit's s_tag too, and both links are on one port; write "
			"another",
			secondary->text);
}

static void check_provider(struct build *build, const struct record *record, unsigned int pair)
{
	const struct value *state = &record->values[CIRCUIT_PROVIDER_STATE];

	if (!state->given || usable(pair_record(build, pair), PAIR_MODEL) == NULL ||
		build->site->port_pairs[pair].model == PAIR_PROVIDER)
		return;
	report(build->loader, record, CIRCUIT_PROVIDER_STATE,
		"%.20s, but port pair \"%s\" is direct, and no provider is between; remove "
		"provider_state",
		state->text != NULL ? state->text : "given", build->site->port_pairs[pair].name);
}

static void build_key(
	struct build *build, const struct record *record, struct site_circuit *circuit)
{
	const struct value *key = usable(record, CIRCUIT_KEY);

	if (key != NULL)
		memcpy(circuit->service_key, key->text, sizeof(circuit->service_key));
	else
		service_key_make(build->site->name, circuit->name, circuit->service_key);
}

static void check_keys(struct build *build, struct record *const *records, unsigned int index)
{
	const struct site_circuit *circuits = build->site->circuits;

	if (usable(records[index], CIRCUIT_KEY) == NULL)
		return;
	for (unsigned int i = 0; i < build->site->circuit_count; i++) {
		bool later_twin = i > index && usable(records[i], CIRCUIT_KEY) != NULL;
		if (i == index || later_twin)
			continue;
		if (strcmp(circuits[i].service_key, circuits[index].service_key) == 0)
			report(build->loader, records[index], CIRCUIT_KEY,
				"\"%s\" is already the key of circuit \"%s\" (line %u); each "
				"circuit "
				"has its own",
				circuits[index].service_key, circuits[i].name, records[i]->line);
	}
}

static bool build_circuit(struct build *build, const struct record *record, unsigned int index)
{
	struct site_circuit *circuit = &build->site->circuits[index];
	size_t peerings;

	copy_name(circuit->name, record, CIRCUIT_NAME);
	copy_name(circuit->customer, record, CIRCUIT_CUSTOMER);
	copy_name(circuit->authorization, record, CIRCUIT_AUTHORIZATION);
	circuit->bandwidth_bps = record_number(record, CIRCUIT_BANDWIDTH, 0);
	circuit->burst_us = (uint32_t)record_number(record, CIRCUIT_BURST, 10000);
	circuit->overhead_bytes = (uint32_t)record_number(record, CIRCUIT_OVERHEAD, 0);
	circuit->tier = (enum tier)record_number(record, CIRCUIT_TIER, TIER_STANDARD);
	circuit->family = (enum family)record_number(record, CIRCUIT_FAMILY, FAMILY_METERED);
	circuit->enabled = record_number(record, CIRCUIT_STATE, 1) != 0;
	circuit->provider_state = (enum provider_state)record_number(
		record, CIRCUIT_PROVIDER_STATE, PROVIDER_NOT_PROVISIONED);
	circuit->s_tag = (uint16_t)record_number(record, CIRCUIT_S_TAG, 0);
	circuit->secondary_s_tag = (uint16_t)record_number(record, CIRCUIT_SECONDARY_S_TAG, 0);
	build_key(build, record, circuit);

	int pair = find_pair(build, record);
	build->circuit_pairs[index] = pair;
	if (pair >= 0) {
		circuit->port_pair = (unsigned int)pair;
		check_bandwidth(build, record, (unsigned int)pair);
		build_limit(build, record, circuit, (unsigned int)pair);
		check_s_tag(build, record, (unsigned int)pair);
		check_secondary_s_tag(build, record, (unsigned int)pair);
		check_provider(build, record, (unsigned int)pair);
	}
	record_list(record, CIRCUIT_PEERINGS, &peerings);
	circuit->peerings = calloc(peerings + 1, sizeof(*circuit->peerings));
	if (circuit->peerings == NULL)
		return false;
	circuit->peering_count = (unsigned int)peerings;
	return build_peerings(build, record, circuit, pair);
}

bool build_circuits(struct build *build)
{
	struct site *site = build->site;
	size_t count;
	struct record *const *records = record_list(build->root, SITE_CIRCUITS, &count);

	site->circuits = calloc(count + 1, sizeof(*site->circuits));
	build->circuit_pairs = loader_alloc(build->loader, (count + 1) * sizeof(int));
	if (site->circuits == NULL || build->circuit_pairs == NULL)
		return false;
	site->circuit_count = (unsigned int)count;
	for (unsigned int i = 0; i < count; i++) {
		if (!build_circuit(build, records[i], i))
			return false;
	}
	for (unsigned int i = 0; i < count; i++)
		check_keys(build, records, i);
	check_authorizations(build);
	check_unique(build->loader, &build->root->values[SITE_CIRCUITS], "circuit");
	check_pair_tags(build);
	return true;
}
