/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/control/doctor_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct doctor_facts facts;
struct doctor_report report;

static struct doctor_family family_of(const char *peer)
{
	return (struct doctor_family){.peer = peer,
		.neighbour = "reachable",
		.mac = "02:00:00:00:00:01",
		.bfd = {.wanted = true,
			.state = "up",
			.remote = "up",
			.diagnostic = "none",
			.remote_diagnostic = "none",
			.heard = true,
			.min_tx_ms = 300,
			.multiplier = 3,
			.remote_min_tx_ms = 300,
			.remote_multiplier = 3,
			.detection_ms = 900},
		.bgp = {.state = "Established",
			.asn = 65001,
			.uptime_s = 60,
			.accepted = 5,
			.announced = 2}};
}

static struct doctor_link link_of(const char *name)
{
	return (struct doctor_link){.name = name,
		.port = "cust",
		.s_tag = 100,
		.c_tag = 200,
		.port_there = true,
		.interface_there = true,
		.carrier = true,
		.rx = 1000,
		.unknown_tags = 7,
		.moved = {.span_ms = 1000, .rx = 10, .tx = 9},
		.families = {family_of("192.0.2.1"), family_of("2001:db8::1")}};
}

int healthy_facts(void **state)
{
	facts = (struct doctor_facts){.address = "acme",
		.frr_told = true,
		.bfdd_there = true,
		.circuit = "acme",
		.by_provider = true,
		.provider_state = "provisioned",
		.enabled = true,
		.forwards = true,
		.service_key = "KEY",
		.peerings_sold = 1,
		.peering_count = 1,
		.peerings = {{.name = "acme/private",
			.known = true,
			.connections = 1,
			.connected = "blue",
			.domain_there = true,
			.kernel_routes = 10,
			.routes = 10,
			.leaked = 4,
			.links = {link_of(PRIMARY), link_of("acme/private/secondary")},
			.link_count = 2}}};
	return 0;
}

struct doctor_peering *peering(void)
{
	return &facts.peerings[0];
}

struct doctor_link *first_link(void)
{
	return &facts.peerings[0].links[0];
}

struct doctor_family *ipv4(void)
{
	return &first_link()->families[0];
}

void examine(void)
{
	doctor_examine(&facts, &report);
}

void named(enum doctor_layer layer, enum doctor_verdict verdict, enum doctor_side side,
	const char *where, const char *words)
{
	const struct doctor_finding *first;

	examine();
	first = doctor_first(&report);
	assert_non_null(first);
	if (first->layer != layer || first->verdict != verdict || first->side != side ||
		strcmp(first->where, where) != 0 || strstr(first->text, words) == NULL)
		fail_msg("%s %s %s, %s: %s", doctor_layer_name(first->layer),
			doctor_verdict_name(first->verdict), doctor_side_name(first->side),
			first->where, first->text);
	assert_true(strlen(first->next) > 10);
}

void wrong(enum doctor_layer layer, enum doctor_side side, const char *where, const char *words)
{
	named(layer, DOCTOR_WRONG, side, where, words);
}

const struct doctor_finding *finding_of(enum doctor_layer layer, const char *where)
{
	for (unsigned int i = 0; i < report.count; i++)
		if (report.findings[i].layer == layer &&
			strcmp(report.findings[i].where, where) == 0)
			return &report.findings[i];
	return NULL;
}

void unknown(enum doctor_layer layer, const char *where, const char *words)
{
	const struct doctor_finding *finding;

	examine();
	finding = finding_of(layer, where);
	assert_non_null(finding);
	assert_int_equal(finding->verdict, DOCTOR_UNKNOWN);
	assert_int_equal(finding->side, SIDE_NONE);
	assert_non_null(strstr(finding->text, words));
}

void fine(enum doctor_layer layer, const char *where, const char *words)
{
	const struct doctor_finding *finding;

	examine();
	finding = finding_of(layer, where);
	assert_non_null(finding);
	assert_int_equal(finding->verdict, DOCTOR_OK);
	assert_non_null(strstr(finding->text, words));
}
