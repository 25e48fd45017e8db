/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `onramp doctor` reads, from control and from the dataplane, and the facts that follow from
 * it (control/doctor/doctor.h). Nothing is asked twice that a show has.
 */
#pragma once

#include <stdbool.h>

#include <jansson.h>

#include "control/cli/dataplane.h"
#include "control/doctor/doctor.h"

/* Routes of a domain in the dataplane. */
struct doctor_routes {
	uint64_t learned; /* by BGP or static, native */
	uint64_t leaked;
};

/* What counts is read twice, a second apart. */
enum { LOOK_FIRST, LOOK_SECOND, LOOKS };

struct doctor_sources {
	/* Why somebody does not answer, malloc'd; NULL: he does. */
	char *control_away, *bgp_away, *dataplane_away;
	/* Control's answers; NULL: none. */
	json_t *status, *circuits, *peerings, *bgp, *arp, *drains;
	json_t *domains[LOOKS];
	/* The dataplane's. */
	struct dump ports, interfaces, vrfs, adjacencies, paths, tests;
	struct dump counters[LOOKS], port_counters[LOOKS], sessions[LOOKS];
	struct doctor_routes routes[LOOKS][DOCTOR_PEERINGS]; /* by peering, as facts have them */
	uint32_t span_ms;                                    /* between the looks */
	json_t *texts;                                       /* that facts point at */
};

/* cli->operand names what is looked at. False: no such circuit, peering or link, reported. Free it
 * either way. */
bool doctor_sources_read(const struct cli *cli, struct doctor_sources *sources);
void doctor_sources_free(struct doctor_sources *sources);

/* Facts point into sources. */
void doctor_facts_fill(
	const char *address, struct doctor_sources *sources, struct doctor_facts *facts);

/* ---- parts ---- */

/* The names of the domains that peerings within address have, in the order of the facts. */
unsigned int doctor_domains_of(const struct doctor_sources *sources, const char *address,
	const char *domains[DOCTOR_PEERINGS]);

/* A text that lives as long as sources. */
const char *doctor_text(struct doctor_sources *sources, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What the dataplane says of a link whose name (and port, if known) is filled in. */
void doctor_link_fill(struct doctor_sources *sources, struct doctor_link *link);
/* The links within address that the dataplane has, without control's knowledge. */
void doctor_links_found(
	const char *address, struct doctor_sources *sources, struct doctor_facts *facts);
