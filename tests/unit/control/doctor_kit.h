/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A healthy circuit to break one fact at a time, and what the doctor then must say.
 */
#pragma once

#include "control/doctor/doctor.h"

#define PRIMARY "acme/private/primary"

extern struct doctor_facts facts;
extern struct doctor_report report;

/* A provider's circuit with one peering of two links; the set-up of each test. */
int healthy_facts(void **state);

/* Of facts: the peering, its first link, and that one's IPv4. */
struct doctor_peering *peering(void);
struct doctor_link *first_link(void);
struct doctor_family *ipv4(void);

/* facts into report. */
void examine(void);

/* All of these examine first. That is what comes first, with these words and a next step. */
void named(enum doctor_layer layer, enum doctor_verdict verdict, enum doctor_side side,
	const char *where, const char *words);
void wrong(enum doctor_layer layer, enum doctor_side side, const char *where, const char *words);
/* It is there, and nothing is wrong because of it. */
void unknown(enum doctor_layer layer, const char *where, const char *words);
void fine(enum doctor_layer layer, const char *where, const char *words);

/* In report; NULL: there is none. */
const struct doctor_finding *finding_of(enum doctor_layer layer, const char *where);

#define TEST(function) cmocka_unit_test_setup(function, healthy_facts)
