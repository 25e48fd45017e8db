/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "control/config/build.h"

#define TAGS 4096

/* A circuit with an S-tag is QinQ and its peerings have C-tags; without one they have a VLAN. */
static void check_tag_field(struct build *build, const struct record *record, bool qinq)
{
	unsigned int right = qinq ? PEERING_C_TAG : PEERING_VLAN;
	unsigned int wrong = qinq ? PEERING_VLAN : PEERING_C_TAG;
	const struct value *stray = &record->values[wrong];

	if (stray->given)
		report(build->loader, record, wrong,
			"%.20s, but peerings of a circuit %s have a %s; write %s: 1 to 4094 "
			"instead",
			stray->text != NULL ? stray->text : "given",
			qinq ? "with s_tag (QinQ)" : "without s_tag (802.1Q)",
			record->schema->fields[right].name, record->schema->fields[right].name);
	else if (!record->values[right].given)
		report(build->loader, record, right,
			"is missing; peerings of a circuit %s have one: write %s: 1 to 4094",
			qinq ? "with s_tag (QinQ)" : "without s_tag (802.1Q)",
			record->schema->fields[right].name);
}

static void check_peer_asn(
	struct build *build, const struct record *record, const struct site *site)
{
	const struct value *asn = usable(record, PEERING_ASN);

	if (asn != NULL && asn->number == site->asn)
		report(build->loader, record, PEERING_ASN,
			"%s is the site's own AS number; sessions are external BGP, write the "
			"customer's",
			asn->text);
}

static void check_twins(struct build *build, struct record *const *records, unsigned int index)
{
	const struct value *type = usable(records[index], PEERING_TYPE);
	const struct value *c_tag = usable(records[index], PEERING_C_TAG);

	for (unsigned int i = 0; i < index; i++) {
		const struct value *other_type = usable(records[i], PEERING_TYPE);
		const struct value *other_tag = usable(records[i], PEERING_C_TAG);
		if (type != NULL && other_type != NULL && type->number == other_type->number)
			report(build->loader, records[index], PEERING_TYPE,
				"\"%s\": the circuit has a %s peering already (line %u); one of "
				"each "
				"type",
				type->text, peering_type_name((enum peering_type)type->number),
				other_type->line);
		if (c_tag != NULL && other_tag != NULL && c_tag->number == other_tag->number)
			report(build->loader, records[index], PEERING_C_TAG,
				"%s is already the tag of the peering on line %u; C-tags are "
				"unique in "
				"a circuit",
				c_tag->text, other_tag->line);
	}
}

/* Somebody must be there who can write it. */
static void build_manager(struct build *build, const struct record *record,
	const struct site_circuit *circuit, int pair, struct site_peering *peering)
{
	enum principal usual =
		circuit->customer[0] != '\0' ? PRINCIPAL_CUSTOMER : PRINCIPAL_OPERATOR;

	peering->managed_by =
		(enum principal)record_number(record, PEERING_MANAGED_BY, (uint64_t)usual);
	if (peering->managed_by == PRINCIPAL_CUSTOMER && circuit->customer[0] == '\0')
		report(build->loader, record, PEERING_MANAGED_BY,
			"customer, but the circuit names none; give it a customer: NAME");
	if (peering->managed_by == PRINCIPAL_PROVIDER && pair >= 0 &&
		build->site->port_pairs[pair].model == PAIR_DIRECT)
		report(build->loader, record, PEERING_MANAGED_BY,
			"provider, but port pair \"%s\" is direct, and no provider is between; "
			"write customer or operator",
			build->site->port_pairs[pair].name);
}

/* The customer may send by each edge what it announces to the other alone: only an edge that has
 * all links can know what is spoofed. Without a usable pair the site is refused anyway. */
static enum urpf usual_urpf(const struct build *build, int pair)
{
	const struct port_ref *ports;

	if (pair < 0)
		return URPF_OFF;
	ports = build->site->port_pairs[pair].ports;
	if (!ports[LINK_SECONDARY].present ||
		ports[LINK_PRIMARY].edge == ports[LINK_SECONDARY].edge)
		return URPF_STRICT;
	return URPF_OFF;
}

bool build_peerings(
	struct build *build, const struct record *record, struct site_circuit *circuit, int pair)
{
	const struct value *s_tag = &record->values[CIRCUIT_S_TAG];
	bool qinq = s_tag->given;
	size_t count;
	struct record *const *records = record_list(record, CIRCUIT_PEERINGS, &count);

	/* What the pair asks for decides over a stray or missing s_tag, which is told already. */
	if (pair >= 0 && build->site->port_pairs[pair].encapsulation != ENCAP_MIXED)
		qinq = build->site->port_pairs[pair].encapsulation == ENCAP_QINQ;
	for (unsigned int i = 0; i < count; i++) {
		struct site_peering *peering = &circuit->peerings[i];
		unsigned int tag = qinq ? PEERING_C_TAG : PEERING_VLAN;
		peering->type =
			(enum peering_type)record_number(records[i], PEERING_TYPE, PEERING_PRIVATE);
		peering->c_tag = (uint16_t)record_number(records[i], tag, 0);
		peering->peer_asn = (uint32_t)record_number(records[i], PEERING_ASN, 0);
		peering->bfd = build_bfd(build, records[i], PEERING_BFD, &peering->bfd_auth);
		peering->urpf = (enum urpf)record_number(
			records[i], PEERING_URPF, (uint64_t)usual_urpf(build, pair));
		peering->ttl_security = record_number(records[i], PEERING_TTL_SECURITY, 0) != 0;
		build_md5(build, records[i], PEERING_MD5, &peering->md5);
		peering->limits = build_limits(records[i], circuit, peering->type);
		build_public_peering(build, records[i], peering);
		check_tag_field(build, records[i], qinq);
		build_manager(build, records[i], circuit, pair, peering);
		check_peer_asn(build, records[i], build->site);
		check_twins(build, records, i);
		build_peering_links(build, records[i], peering, pair);
	}
	return true;
}

/* What uses a tag on the ports of the pair at hand. */
struct tag_use {
	const char *circuit;
	unsigned int line;
};

struct tag_table {
	struct tag_use s_tags[TAGS], vlans[TAGS];
};

static void check_circuit_s_tag(struct build *build, struct tag_table *table,
	const struct record *record, unsigned int field)
{
	const struct value *s_tag = usable(record, field);

	if (s_tag == NULL)
		return;
	struct tag_use *use = &table->s_tags[s_tag->number];
	/* Of the circuit itself: its two are told to differ already. */
	if (use->circuit != NULL && use->circuit == record_name(record, CIRCUIT_NAME))
		return;
	if (use->circuit != NULL)
		report(build->loader, record, field,
			"%s is already the S-tag of circuit \"%s\" (line %u) on this port pair; "
			"choose "
			"another",
			s_tag->text, use->circuit, use->line);
	else
		*use = (struct tag_use){record_name(record, CIRCUIT_NAME), s_tag->line};
}

/*
 * A VLAN equal to an S-tag is refused whatever the outer EtherType: the customer of that VLAN could
 * put a second tag into its frames and be taken for the QinQ circuit, and where the EtherTypes
 * differ (0x88a8) a switch on the way that rewrites one of them would make the two the same.
 */
static void check_vlan(struct build *build, struct tag_table *table, const struct record *circuit,
	const struct record *record)
{
	const struct value *vlan = usable(record, PEERING_VLAN);

	if (vlan == NULL)
		return;
	struct tag_use *use = &table->vlans[vlan->number];
	const struct tag_use *outer = &table->s_tags[vlan->number];
	if (use->circuit != NULL)
		report(build->loader, record, PEERING_VLAN,
			"%s is already a VLAN of circuit \"%s\" (line %u) on this port pair; "
			"choose "
			"another",
			vlan->text, use->circuit, use->line);
	else
		*use = (struct tag_use){record_name(circuit, CIRCUIT_NAME), vlan->line};
	if (outer->circuit != NULL)
		report(build->loader, record, PEERING_VLAN,
			"%s is the S-tag of circuit \"%s\" (line %u) on this port pair; choose "
			"another",
			vlan->text, outer->circuit, outer->line);
}

static void check_tags_of_pair(struct build *build, unsigned int pair, struct tag_table *table)
{
	size_t count, peerings;
	struct record *const *circuits = record_list(build->root, SITE_CIRCUITS, &count);

	memset(table, 0, sizeof(*table));
	for (size_t i = 0; i < count; i++) {
		if (build->circuit_pairs[i] == (int)pair) {
			check_circuit_s_tag(build, table, circuits[i], CIRCUIT_S_TAG);
			check_circuit_s_tag(build, table, circuits[i], CIRCUIT_SECONDARY_S_TAG);
		}
	}
	for (size_t i = 0; i < count; i++) {
		struct record *const *records =
			record_list(circuits[i], CIRCUIT_PEERINGS, &peerings);
		if (build->circuit_pairs[i] != (int)pair)
			continue;
		for (size_t j = 0; j < peerings; j++)
			check_vlan(build, table, circuits[i], records[j]);
	}
}

void check_pair_tags(struct build *build)
{
	struct tag_table *table = loader_alloc(build->loader, sizeof(*table));

	for (unsigned int i = 0; table != NULL && i < build->site->port_pair_count; i++)
		check_tags_of_pair(build, i, table);
}
