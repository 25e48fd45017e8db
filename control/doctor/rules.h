/* SPDX-License-Identifier: BSD-3-Clause */
/* The rules, one function a layer; each adds what it finds. */
#pragma once

#include "control/doctor/doctor.h"

struct doctor_case {
	const struct doctor_facts *facts;
	struct doctor_report *report;
	enum doctor_layer layer; /* the one that is judged */
};

/* A finding of the present layer. where: a link, peering or circuit, and a word or nothing after
 * it. Returns it, so that next can be said. */
struct doctor_finding *doctor_add(struct doctor_case *at, enum doctor_verdict verdict,
	enum doctor_side side, const char *where, const char *word, const char *format, ...)
	__attribute__((format(printf, 6, 7)));
void doctor_next(struct doctor_finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Who answers for the line between customer and edge. */
enum doctor_side doctor_line_side(const struct doctor_facts *facts);
/* "the provider", "the customer", "the operator" */
const char *doctor_whom(enum doctor_side side);

/* Is somebody at the other end, as far as BFD and BGP tell? */
bool doctor_link_lives(const struct doctor_link *link);
/* "ipv4", "ipv6" */
const char *doctor_family_name(unsigned int family);

void doctor_edge(struct doctor_case *at);
void doctor_circuit(struct doctor_case *at);
void doctor_port(struct doctor_case *at, const struct doctor_link *link);
void doctor_carrier(struct doctor_case *at, const struct doctor_link *link);
void doctor_tag(struct doctor_case *at, const struct doctor_link *link);
void doctor_neighbour(struct doctor_case *at, const struct doctor_link *link, unsigned int family);
void doctor_bfd(struct doctor_case *at, const struct doctor_link *link, unsigned int family);
void doctor_bgp(struct doctor_case *at, const struct doctor_link *link, unsigned int family);
void doctor_filter(struct doctor_case *at, const struct doctor_peering *peering);
void doctor_routes(struct doctor_case *at, const struct doctor_peering *peering);
void doctor_learned(struct doctor_case *at, const struct doctor_link *link);
void doctor_fib(struct doctor_case *at, const struct doctor_peering *peering);
void doctor_path(struct doctor_case *at, const struct doctor_link *link);
void doctor_policer(struct doctor_case *at, const struct doctor_link *link);
void doctor_drops(struct doctor_case *at, const struct doctor_link *link);
