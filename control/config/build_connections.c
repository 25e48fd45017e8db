/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What connects circuits: with virtual networks, and with each other.
 */
#include <stdlib.h>
#include <string.h>

#include "control/config/build.h"

#define CONNECTION_LIMIT4 1000
#define CONNECTION_LIMIT6 100

static const struct record *circuit_record(const struct build *build, unsigned int circuit)
{
	return build->root->values[SITE_CIRCUITS].records[circuit];
}

static const struct site_peering *private_peering(const struct site_circuit *circuit)
{
	for (unsigned int i = 0; i < circuit->peering_count; i++)
		if (circuit->peerings[i].type == PEERING_PRIVATE)
			return &circuit->peerings[i];
	return NULL;
}

/* The circuit that a value of the field names: index, -1: there is none. what is to be connected
 * needs its private peering. */
static int find_circuit(struct build *build, const struct record *record, unsigned int field,
	const struct value *name, const char *what)
{
	struct suggestion suggestion = {.wrong = name->text};
	int circuit = site_find_circuit(build->site, name->text);
	char nearest[80];

	if (circuit < 0) {
		for (unsigned int i = 0; i < build->site->circuit_count; i++)
			suggest(&suggestion, build->site->circuits[i].name);
		report_item(build->loader, record, field, name,
			"\"%s\" is no circuit of this site; write a name from circuits%s",
			name->text, suggestion_text(&suggestion, nearest, sizeof(nearest)));
		return -1;
	}
	if (private_peering(&build->site->circuits[circuit]) == NULL)
		report_item(build->loader, record, field, name,
			"circuit \"%s\" (line %u) has no private peering, which %s needs; add one "
			"there, or remove this",
			name->text, circuit_record(build, (unsigned int)circuit)->line, what);
	return circuit;
}

/* ---- how far a tier reaches ---- */

/* The site's own, which a network's is compared with, must be known. */
static bool is_comparable(struct build *build, const struct record *record, unsigned int field,
	const char *own, const char *what)
{
	if (usable(record, field) == NULL || own[0] != '\0')
		return true;
	report(build->loader, record, field,
		"\"%s\" says nothing while the site has no %s; write %s: at the top of the file",
		usable(record, field)->text, what, what);
	return false;
}

static void build_place(struct build *build, const struct record *record, struct site_vnet *vnet)
{
	const struct site_place *own = &build->site->place;
	bool elsewhere;

	copy_name(vnet->place.location, record, VNET_LOCATION);
	copy_name(vnet->place.region, record, VNET_REGION);
	if (!is_comparable(build, record, VNET_LOCATION, own->location, "location") ||
		!is_comparable(build, record, VNET_REGION, own->region, "region"))
		return;
	if (vnet->place.region[0] == '\0')
		memcpy(vnet->place.region, own->region, sizeof(own->region));
	elsewhere = strcmp(vnet->place.region, own->region) != 0;
	if (elsewhere && own->location[0] != '\0' &&
		strcmp(vnet->place.location, own->location) == 0)
		report(build->loader, record, VNET_LOCATION,
			"\"%s\" is the site's own location, which is in region \"%s\", not \"%s\"; "
			"write one of the two only",
			own->location, own->region, vnet->place.region);
	else if (!elsewhere && vnet->place.location[0] == '\0')
		memcpy(vnet->place.location, own->location, sizeof(own->location));
}

/* What a circuit of its tier does not reach. */
static void check_tier(struct build *build, const struct record *record,
	const struct site_vnet *vnet, unsigned int index)
{
	const struct site_circuit *circuit = &build->site->circuits[index];
	const struct site_place *own = &build->site->place, *its = &vnet->place;
	const unsigned int line = circuit_record(build, index)->line;

	if (usable(circuit_record(build, index), CIRCUIT_TIER) == NULL)
		return;
	if (circuit->tier != TIER_PREMIUM && strcmp(own->region, its->region) != 0)
		report(build->loader, record, CONNECTION_CIRCUIT,
			"circuit \"%s\" is of tier %s, which reaches networks in region \"%s\" "
			"alone, and \"%s\" is in \"%s\"; write tier: premium for the circuit (line "
			"%u), or connect another",
			circuit->name, tier_name(circuit->tier), own->region, vnet->name,
			its->region, line);
	else if (circuit->tier == TIER_LOCAL && strcmp(own->location, its->location) != 0)
		report(build->loader, record, CONNECTION_CIRCUIT,
			"circuit \"%s\" is of tier local, which reaches networks in \"%s\" alone "
			"(location), and \"%s\" is in \"%s\"; write tier: standard for the circuit "
			"(line %u), or connect another",
			circuit->name, own->location, vnet->name, its->location, line);
}

/* ---- of a virtual network ---- */

static uint32_t limit_of(const struct record *limit, unsigned int field, uint32_t preset)
{
	return limit != NULL ? (uint32_t)record_number(limit, field, preset) : preset;
}

static void build_connection(
	struct build *build, const struct record *record, struct site_vnet *vnet)
{
	const struct value *name = usable(record, CONNECTION_CIRCUIT);
	int circuit =
		name != NULL ? find_circuit(build, record, CONNECTION_CIRCUIT, name, "a connection")
			     : -1;

	if (circuit < 0)
		return;
	check_tier(build, record, vnet, (unsigned int)circuit);
	const struct record *limit = record_of(record, CONNECTION_LIMIT);
	vnet->connections[vnet->connection_count++] = (struct site_connection){
		.circuit = (unsigned int)circuit,
		.weight = (uint32_t)record_number(record, CONNECTION_WEIGHT, 0),
		.limits = {.ipv4 = limit_of(limit, LIMIT_IPV4, CONNECTION_LIMIT4),
			.ipv6 = limit_of(limit, LIMIT_IPV6, CONNECTION_LIMIT6),
			.soft = true},
	};
}

static void check_connections_unique(struct build *build, const struct value *list)
{
	for (size_t i = 1; i < list->count; i++) {
		const char *name = record_name(list->records[i], CONNECTION_CIRCUIT);
		for (size_t j = 0; j < i && name[0] != '\0'; j++) {
			const struct record *other = list->records[j];
			if (strcmp(record_name(other, CONNECTION_CIRCUIT), name) != 0)
				continue;
			report(build->loader, list->records[i], CONNECTION_CIRCUIT,
				"\"%s\" is connected already (line %u); name each circuit once",
				name, other->values[CONNECTION_CIRCUIT].line);
			break;
		}
	}
}

bool build_connections(struct build *build, const struct record *record, struct site_vnet *vnet)
{
	size_t count;
	struct record *const *connections = record_list(record, VNET_CONNECTIONS, &count);

	vnet->connections = calloc(count + 1, sizeof(*vnet->connections));
	if (vnet->connections == NULL)
		return false;
	build_place(build, record, vnet);
	for (size_t i = 0; i < count; i++)
		build_connection(build, connections[i], vnet);
	check_connections_unique(build, &record->values[VNET_CONNECTIONS]);
	return true;
}

/* ---- of two circuits ---- */

/* BGP takes a path with its own AS number for a loop (RFC 4271 9.1.2). */
static void warn_of_loop(
	struct build *build, const struct record *record, const struct site_global_reach *reach)
{
	const struct site_circuit *circuits = build->site->circuits;
	const struct site_peering *a = private_peering(&circuits[reach->circuits[0]]);
	const struct site_peering *b = private_peering(&circuits[reach->circuits[1]]);

	if (a != NULL && b != NULL && a->peer_asn == b->peer_asn && a->peer_asn != 0)
		report_warning(build->loader, record, REACH_CIRCUITS,
			"both peerings have peer_asn %u; the customer's routers take each other's "
			"routes for loops unless they accept their own AS number (allowas-in)",
			a->peer_asn);
}

static bool same_circuits(const struct site_global_reach *a, const struct site_global_reach *b)
{
	return (a->circuits[0] == b->circuits[0] && a->circuits[1] == b->circuits[1]) ||
	       (a->circuits[0] == b->circuits[1] && a->circuits[1] == b->circuits[0]);
}

/* Its circuits are known, and two. */
static void check_pair(struct build *build, struct record *const *records,
	const struct site_global_reach *all, unsigned int index)
{
	const struct record *record = records[index];
	const struct site_global_reach *reach = &all[index];

	if (reach->circuits[0] == reach->circuits[1]) {
		report(build->loader, record, REACH_CIRCUITS,
			"\"%s\" stands twice; name two circuits",
			build->site->circuits[reach->circuits[0]].name);
		return;
	}
	for (unsigned int i = 0; i < index; i++)
		if (all[i].complete && same_circuits(&all[i], reach)) {
			report(build->loader, record, REACH_CIRCUITS,
				"these two are connected by \"%s\" already (line %u); remove one",
				all[i].name, records[i]->line);
			return;
		}
	warn_of_loop(build, record, reach);
}

static void build_reach(
	struct build *build, const struct record *record, struct site_global_reach *reach)
{
	const struct value *list = usable(record, REACH_CIRCUITS);

	copy_name(reach->name, record, REACH_NAME);
	if (list == NULL)
		return;
	if (list->count != 2) {
		report(build->loader, record, REACH_CIRCUITS,
			"names %zu circuit%s; a global reach is between two: write one for each "
			"two "
			"that shall reach each other",
			list->count, list->count == 1 ? "" : "s");
		return;
	}
	reach->complete = true;
	for (unsigned int i = 0; i < 2; i++) {
		int circuit = list->items[i].valid ? find_circuit(build, record, REACH_CIRCUITS,
							     &list->items[i], "a global reach")
						   : -1;

		reach->complete &= circuit >= 0;
		reach->circuits[i] = circuit >= 0 ? (unsigned int)circuit : 0;
	}
}

bool build_global_reach(struct build *build)
{
	struct site *site = build->site;
	size_t count;
	struct record *const *records = record_list(build->root, SITE_GLOBAL_REACH, &count);

	site->global_reach = calloc(count + 1, sizeof(*site->global_reach));
	if (site->global_reach == NULL)
		return false;
	site->global_reach_count = (unsigned int)count;
	for (unsigned int i = 0; i < count; i++) {
		build_reach(build, records[i], &site->global_reach[i]);
		if (site->global_reach[i].complete)
			check_pair(build, records, site->global_reach, i);
	}
	check_unique(build->loader, &build->root->values[SITE_GLOBAL_REACH], "global reach");
	return true;
}
