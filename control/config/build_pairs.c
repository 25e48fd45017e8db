/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/config/build.h"

static const unsigned int half_fields[LINKS] = {PAIR_PRIMARY, PAIR_SECONDARY};

static const struct record *port_record(const struct build *build, const struct port_ref *ref)
{
	return build->root->values[SITE_EDGES]
		.records[ref->edge]
		->values[EDGE_PORTS]
		.records[ref->port];
}

/* All ports as EDGE/PORT: both the spelling that exists and the nearest to a wrong one. */
static bool find_port(
	struct build *build, const char *text, struct port_ref *ref, struct suggestion *suggestion)
{
	const struct site *site = build->site;

	for (unsigned int i = 0; i < site->edge_count; i++) {
		for (unsigned int j = 0; j < site->edges[i].port_count; j++) {
			const char *name = loader_format(build->loader, "%s/%s",
				site->edges[i].name, site->edges[i].ports[j].name);
			if (name == NULL)
				return false;
			if (strcmp(name, text) == 0) {
				*ref = (struct port_ref){true, i, j};
				return true;
			}
			suggest(suggestion, name);
		}
	}
	return false;
}

static void build_half(struct build *build, const struct record *record, unsigned int half,
	struct site_port_pair *pair)
{
	const struct value *value = usable(record, half_fields[half]);
	struct port_ref ref;
	char nearest[80];

	if (value == NULL)
		return;
	struct suggestion suggestion = {.wrong = value->text};
	if (!find_port(build, value->text, &ref, &suggestion)) {
		report(build->loader, record, half_fields[half],
			"\"%.60s\" is no port of this site; write EDGE/PORT as under edges%s",
			value->text, suggestion_text(&suggestion, nearest, sizeof(nearest)));
		return;
	}
	const struct record *port = port_record(build, &ref);
	if (usable(port, PORT_ROLE) != NULL && port->values[PORT_ROLE].number != PORT_CUSTOMER) {
		report(build->loader, record, half_fields[half],
			"%s is a core port (line %u); a port pair needs ports of role customer",
			value->text, port->values[PORT_ROLE].line);
		return;
	}
	pair->ports[half] = ref;
}

static bool same_port(const struct port_ref *a, const struct port_ref *b)
{
	return a->present && b->present && a->edge == b->edge && a->port == b->port;
}

/* A port carries the tags of one pair: two pairs could not both keep theirs unique. */
static void check_shared(struct build *build, struct record *const *records, unsigned int index)
{
	const struct site_port_pair *pairs = build->site->port_pairs;

	for (unsigned int other = 0; other < index; other++) {
		for (unsigned int i = 0; i < LINKS * LINKS; i++) {
			unsigned int half = i / LINKS;
			if (same_port(&pairs[index].ports[half], &pairs[other].ports[i % LINKS]))
				report(build->loader, records[index], half_fields[half],
					"%s belongs to port pair \"%s\" (line %u); a port is in "
					"one "
					"pair only",
					records[index]->values[half_fields[half]].text,
					pairs[other].name, records[other]->line);
		}
	}
}

/* Point-to-point Ethernet: a provider may bring both links over one port, under two S-tags. */
static void check_one_port(
	struct build *build, const struct record *record, const struct site_port_pair *pair)
{
	if (pair->model == PAIR_PROVIDER && pair->encapsulation == ENCAP_QINQ)
		report_warning(build->loader, record, PAIR_SECONDARY,
			"%s is also the primary port: when it fails, every circuit on it is cut "
			"off",
			record->values[PAIR_SECONDARY].text);
	else
		report(build->loader, record, PAIR_SECONDARY,
			"%s is also the primary port; a pair needs two ports, or redundancy: none "
			"(a provider's qinq pair may be one port twice)",
			record->values[PAIR_SECONDARY].text);
}

static void check_halves(
	struct build *build, const struct record *record, const struct site_port_pair *pair)
{
	const struct port_ref *primary = &pair->ports[LINK_PRIMARY];
	const struct port_ref *secondary = &pair->ports[LINK_SECONDARY];
	char rates[2][16];

	if (!primary->present || !secondary->present)
		return;
	if (same_port(primary, secondary)) {
		check_one_port(build, record, pair);
		return;
	}
	uint64_t speeds[LINKS];
	for (unsigned int half = 0; half < LINKS; half++)
		speeds[half] = record_number(port_record(build, &pair->ports[half]), PORT_SPEED, 0);
	if (speeds[0] != 0 && speeds[1] != 0 && speeds[0] != speeds[1])
		report(build->loader, record, PAIR_SECONDARY,
			"%s has %s, the primary port %s; both ports of a pair need the same speed",
			record->values[PAIR_SECONDARY].text,
			rate_text(speeds[1], rates[1], sizeof(rates[1])),
			rate_text(speeds[0], rates[0], sizeof(rates[0])));
}

static void check_redundancy(struct build *build, const struct record *record)
{
	bool secondary = record->values[PAIR_SECONDARY].given;
	bool none = record->values[PAIR_REDUNDANCY].given;

	if (secondary && none)
		report(build->loader, record, PAIR_REDUNDANCY,
			"none, but the pair has a secondary port; remove one of the two");
	else if (none && usable(record, PAIR_REDUNDANCY) != NULL)
		report_warning(build->loader, record, PAIR_REDUNDANCY,
			"the pair has no secondary port: when its only port fails, every circuit "
			"on "
			"it is cut off");
	else if (!secondary && !none)
		report(build->loader, record, PAIR_SECONDARY,
			"is missing; give the second port as EDGE/PORT, or state redundancy: none");
}

static void build_pair(
	struct build *build, const struct record *record, struct site_port_pair *pair)
{
	copy_name(pair->name, record, PAIR_NAME);
	copy_name(pair->owner, record, PAIR_OWNER);
	pair->model = (enum pair_model)record_number(record, PAIR_MODEL, PAIR_PROVIDER);
	pair->encapsulation = (enum encapsulation)record_number(record, PAIR_ENCAP, ENCAP_MIXED);
	for (unsigned int half = 0; half < LINKS; half++)
		build_half(build, record, half, pair);
	check_halves(build, record, pair);
	check_redundancy(build, record);
	if (usable(record, PAIR_MODEL) != NULL && usable(record, PAIR_ENCAP) != NULL &&
		pair->model == PAIR_DIRECT && pair->encapsulation == ENCAP_MIXED)
		report(build->loader, record, PAIR_ENCAP,
			"mixed is for provider pairs; a direct pair has one owner: write dot1q or "
			"qinq");
	if (record->values[PAIR_OWNER].given && usable(record, PAIR_MODEL) != NULL &&
		pair->model != PAIR_DIRECT)
		report(build->loader, record, PAIR_OWNER,
			"%s, but the pair is a provider's, whom many customers come by; remove "
			"owner",
			pair->owner);
}

bool build_pairs(struct build *build)
{
	struct site *site = build->site;
	size_t count;
	struct record *const *records = record_list(build->root, SITE_PAIRS, &count);

	site->port_pairs = calloc(count + 1, sizeof(*site->port_pairs));
	if (site->port_pairs == NULL)
		return false;
	site->port_pair_count = (unsigned int)count;
	for (unsigned int i = 0; i < count; i++) {
		build_pair(build, records[i], &site->port_pairs[i]);
		check_shared(build, records, i);
		if (!build_authorizations(build, records[i], &site->port_pairs[i]))
			return false;
	}
	check_unique(build->loader, &build->root->values[SITE_PAIRS], "port pair");
	return true;
}
