/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From records to a site: every name resolved, every rule that ties fields together checked. The
 * site's arrays are parallel to the records', also where a record is wrong: then its entry is
 * incomplete, later checks pass over it, and the site is thrown away at the end.
 */
#pragma once

#include "control/config/loader.h"

struct build {
	struct loader *loader;
	const struct record *root;
	struct site *site;
	int *circuit_pairs; /* by circuit: index of its port pair, -1: unknown */
};

/* In this order. False: no memory. */
bool build_edges(struct build *build);
bool build_pairs(struct build *build);
bool build_circuits(struct build *build);
bool build_filters(struct build *build); /* before circuits */
bool build_vnets(struct build *build);
void build_budgets(struct build *build);
bool build_services(struct build *build);
bool build_global_reach(struct build *build);
/* The place of one virtual network and its connections. False: no memory. */
bool build_connections(struct build *build, const struct record *record, struct site_vnet *vnet);
/* How a virtual network or service is attached; its links are allocated. False: no memory. */
bool build_core(struct build *build, const struct record *core, struct site_vnet *vnet);
/* Is the VLAN of the index-th service free on its core port? */
void check_core_vlan(struct build *build, const struct record *service, unsigned int index);

/* The fields of an edge that its machine's own file may have too; NULL: nothing is said. */
void build_cores(struct build *build, const struct record *cores, struct site_edge *edge);
void build_memory(const struct record *memory, struct site_edge *edge);

/* The authorizations of one pair; then, when circuits are built, what ties them together, and the
 * over-subscription of direct pairs. */
bool build_authorizations(
	struct build *build, const struct record *record, struct site_port_pair *pair);
void check_authorizations(struct build *build);
/* 0: not known, some field of pair or port is wrong. */
uint64_t pair_speed(const struct build *build, unsigned int pair);

/* The bfd field of a peering or of a core attachment. *auth: malloc'd, NULL: none. */
struct bfd_timers build_bfd(const struct build *build, const struct record *record,
	unsigned int field, struct bfd_auth **auth);

/* The md5_file field; *key is malloc'd, NULL: none. */
void build_md5(const struct build *build, const struct record *record, unsigned int field,
	struct md5_key **key);
/* The prefix_limit field of a peering, with the defaults of its type and the circuit's tier. */
struct prefix_limits build_limits(
	const struct record *record, const struct site_circuit *circuit, enum peering_type type);

/* validated_prefixes and route_filter, of a public peering only. */
void build_public_peering(
	struct build *build, const struct record *record, struct site_peering *peering);

/* Peerings of one circuit, whose pair may be unknown (-1); then tags across each pair. */
bool build_peerings(
	struct build *build, const struct record *record, struct site_circuit *circuit, int pair);
void check_pair_tags(struct build *build);

/* Links of a peering and of a core attachment from their subnets. */
void build_peering_links(
	struct build *build, const struct record *record, struct site_peering *peering, int pair);
/* edges: by edge index, whether it has the core port. vnet->links is there. */
void build_core_links(struct build *build, const struct record *record, const bool *edges,
	struct site_vnet *vnet);
/* At most one subnet of a family, of a length from shortest to longest by family, fit for links.
 * Reports and returns false otherwise. */
struct subnet_lengths {
	uint8_t shortest4, longest4, shortest6, longest6;
};
bool check_subnets(struct build *build, const struct record *record, unsigned int field,
	const struct subnet_lengths *lengths, bool must_be_public);

/* Reports every record whose key field says what an earlier one said. */
void check_unique(struct loader *loader, const struct value *list, const char *what);
/* The records of a list field; *count may be 0. */
struct record *const *record_list(const struct record *record, unsigned int field, size_t *count);
/* The one record of a mapping field, or NULL (also when a word stands in its place). */
const struct record *record_of(const struct record *record, unsigned int field);
/* The name field's text, "" when it is not usable. */
const char *record_name(const struct record *record, unsigned int field);
void copy_name(char name[NAME_MAX_LENGTH + 1], const struct record *record, unsigned int field);
/* The value's number, or fallback when it is not usable (then it is reported already). */
uint64_t record_number(const struct record *record, unsigned int field, uint64_t fallback);
