/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the doctor finds from the edge's own programs up to the neighbour: a healthy circuit, and
 * each rule with the one fact that makes it speak.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/control/doctor_kit.h"

/* ---- the whole ---- */

static void all_is_well(void **state)
{
	unsigned int layers = 0;

	examine();
	assert_null(doctor_first(&report));
	for (unsigned int i = 0; i < report.count; i++) {
		assert_int_equal(report.findings[i].verdict, DOCTOR_OK);
		assert_int_equal(report.findings[i].side, SIDE_NONE);
		assert_string_equal(report.findings[i].next, "");
		assert_true(i == 0 || report.findings[i].layer >= report.findings[i - 1].layer);
		layers |= 1u << report.findings[i].layer;
	}
	assert_int_equal(layers, (1u << DOCTOR_LAYERS) - 1);
}

/* What is nearest to the wire comes first, wherever it is; a warning only where nothing is wrong.
 */
static void the_lowest_layer_comes_first(void **state)
{
	peering()->unequal = true;
	first_link()->moved.drops[API_DROP_URPF_STRICT] = 1;
	wrong(DOCTOR_FIB, SIDE_OURS, "acme/private", "kernel");
	peering()->links[1].families[1].bgp =
		(struct doctor_bgp){.state = "Active", .error = NULL, .asn = 65001};
	wrong(DOCTOR_BGP, SIDE_CUSTOMER, "acme/private/secondary ipv6", "does not take part");
	ipv4()->neighbour = "failed";
	wrong(DOCTOR_NEIGHBOUR, SIDE_CUSTOMER, PRIMARY " ipv4", "does not answer ARP");
	peering()->links[1].carrier = false;
	wrong(DOCTOR_CARRIER, SIDE_PROVIDER, "acme/private/secondary", "no light");
	first_link()->draining = true;
	wrong(DOCTOR_CARRIER, SIDE_PROVIDER, "acme/private/secondary", "no light");
	facts.control_away = "control does not run";
	wrong(DOCTOR_EDGE, SIDE_OURS, "this edge", "control does not run");
}

/* Each rule at its most, on as many links as there can be. */
static void the_report_holds_everything(void **state)
{
	facts.unsynced = "not in step";
	facts.bgp_away = "bgpd is away";
	facts.held_routes = 1;
	facts.peering_count = DOCTOR_PEERINGS;
	facts.peerings[1] = facts.peerings[0];
	for (unsigned int p = 0; p < DOCTOR_PEERINGS; p++)
		for (unsigned int l = 0; l < DOCTOR_LINKS; l++) {
			struct doctor_link *link = &facts.peerings[p].links[l];

			link->name = "another/private/primary";
			link->moved.drops[API_DROP_POLICER_IN] = 1;
			link->moved.drops[API_DROP_POLICER_OUT] = 1;
			link->moved.drops[API_DROP_RUNT] = 1;
		}
	examine();
	assert_true(report.count + 1 < DOCTOR_FINDINGS_MAX);
	assert_int_equal(report.findings[report.count - 1].layer, DOCTOR_DROPS);
}

/* ---- edge and circuit ---- */

static void programs(void **state)
{
	facts.held_routes = 12;
	named(DOCTOR_EDGE, DOCTOR_WARN, SIDE_OURS, "this edge", "12 routes");
	facts.held_routes = 0;
	facts.bfdd_there = false;
	wrong(DOCTOR_EDGE, SIDE_OURS, "this edge", "bfdd is away");
	facts.frr_told = false;
	wrong(DOCTOR_EDGE, SIDE_OURS, "this edge", "FRR does not run");
	facts.bgp_away = "bgpd does not answer";
	wrong(DOCTOR_EDGE, SIDE_OURS, "this edge", "bgpd does not answer");
	facts.unsynced = "not in step";
	wrong(DOCTOR_EDGE, SIDE_OURS, "this edge", "not in step");
	facts.control_away = "control does not run";
	wrong(DOCTOR_EDGE, SIDE_OURS, "this edge", "control does not run");
	facts.dataplane_away = "the dataplane does not run";
	wrong(DOCTOR_EDGE, SIDE_OURS, "this edge", "the dataplane does not run");
	/* Nothing above it can be looked at. */
	assert_null(finding_of(DOCTOR_PORT, PRIMARY));
}

static void control_away(void **state)
{
	facts.control_away = "control does not run";
	facts.circuit = NULL;
	facts.forwards = facts.enabled = false;
	peering()->known = false;
	for (unsigned int i = 0; i < 2; i++)
		first_link()->families[i].bgp.state = NULL;
	unknown(DOCTOR_CIRCUIT, "acme", "control alone");
	unknown(DOCTOR_BGP, PRIMARY " ipv4", "away");
	unknown(DOCTOR_FILTER, "acme/private", "away");
	fine(DOCTOR_CARRIER, PRIMARY, "link");
	fine(DOCTOR_BFD, PRIMARY " ipv6", "up");
	assert_null(finding_of(DOCTOR_FIB, "acme/private"));
	ipv4()->neighbour = NULL;
	unknown(DOCTOR_NEIGHBOUR, PRIMARY " ipv4", "away");
	ipv4()->neighbour = "resolved";
	fine(DOCTOR_NEIGHBOUR, PRIMARY " ipv4", "02:00:00:00:00:01");
	/* Nobody knows whose ports they are. */
	first_link()->carrier = false;
	examine();
	assert_int_equal(finding_of(DOCTOR_CARRIER, PRIMARY)->side, SIDE_PROVIDER);
}

static void states_of_circuits(void **state)
{
	facts.peerings_sold = facts.peering_count = 0;
	wrong(DOCTOR_CIRCUIT, SIDE_OURS, "acme", "no peering");
	healthy_facts(NULL);
	facts.forwards = false;
	facts.provider_state = "provisioning";
	wrong(DOCTOR_CIRCUIT, SIDE_PROVIDER, "acme", "its state is provisioning");
	assert_non_null(strstr(doctor_first(&report)->next, "KEY"));
	/* A circuit that does not forward has nothing on the edge. */
	assert_null(finding_of(DOCTOR_PORT, PRIMARY));
	facts.enabled = false;
	wrong(DOCTOR_CIRCUIT, SIDE_OURS, "acme", "disabled");
	healthy_facts(NULL);
	facts.by_provider = false;
	facts.provider_state = NULL;
	fine(DOCTOR_CIRCUIT, "acme", "enabled");
}

/* ---- the line ---- */

static void ports(void **state)
{
	first_link()->draining = true;
	named(DOCTOR_PORT, DOCTOR_WARN, SIDE_OURS, PRIMARY, "drained");
	first_link()->test_left_s = 30;
	wrong(DOCTOR_PORT, SIDE_OURS, PRIMARY, "failure test");
	first_link()->moved.rx = 0;
	unknown(DOCTOR_TAG, PRIMARY, "failure test");
	first_link()->interface_there = false;
	wrong(DOCTOR_PORT, SIDE_OURS, PRIMARY, "not this link");
	first_link()->port_there = false;
	wrong(DOCTOR_PORT, SIDE_OURS, PRIMARY, "no port cust");
	first_link()->port = NULL;
	wrong(DOCTOR_PORT, SIDE_OURS, PRIMARY, "no port of it");
	assert_null(finding_of(DOCTOR_CARRIER, PRIMARY));
	first_link()->edge = "fra1-b";
	unknown(DOCTOR_PORT, PRIMARY, "on edge fra1-b");
	assert_null(doctor_first(&report));
	/* With both there, the peering's own rules have nothing here either. */
	peering()->links[1].edge = "fra1-b";
	peering()->connections = 0;
	examine();
	assert_null(doctor_first(&report));
	assert_null(finding_of(DOCTOR_ROUTES, "acme/private"));
}

static void carriers(void **state)
{
	first_link()->carrier = false;
	wrong(DOCTOR_CARRIER, SIDE_PROVIDER, PRIMARY, "port cust has no light");
	assert_non_null(strstr(doctor_first(&report)->next, "write to the provider"));
	facts.by_provider = false;
	wrong(DOCTOR_CARRIER, SIDE_CUSTOMER, PRIMARY, "no light");
	assert_non_null(strstr(doctor_first(&report)->next, "write to the customer"));
}

/* Neither BFD nor BGP is up, and the neighbour is as given. */
static void silent(const char *neighbour)
{
	struct doctor_link *link = first_link();

	link->moved.rx = 0;
	for (unsigned int i = 0; i < 2; i++) {
		link->families[i].neighbour = neighbour;
		link->families[i].bfd.state = link->families[i].bfd.remote = "down";
		link->families[i].bfd.heard = false;
		link->families[i].bgp.state = "Active";
	}
}

static void tags(void **state)
{
	fine(DOCTOR_TAG, PRIMARY, "10 frames with S-tag 100, C-tag 200");
	first_link()->moved.rx = 0;
	fine(DOCTOR_TAG, PRIMARY, "quiet");
	first_link()->moved.unknown_tags = 3;
	fine(DOCTOR_TAG, PRIMARY, "quiet");
	ipv4()->bfd.state = "down";
	fine(DOCTOR_TAG, PRIMARY, "quiet");
	silent("reachable");
	wrong(DOCTOR_TAG, SIDE_CUSTOMER, PRIMARY, "3 came on port cust with tags that no link has");
	first_link()->moved.other_tags = "VLAN 201";
	wrong(DOCTOR_TAG, SIDE_CUSTOMER, PRIMARY, "with tags that no link has: VLAN 201");
	first_link()->moved.unknown_tags = 0;
	fine(DOCTOR_TAG, PRIMARY, "nothing just now");
	first_link()->rx = 0;
	wrong(DOCTOR_TAG, SIDE_PROVIDER, PRIMARY, "nor ever did; with tags that no link has, 7");
	first_link()->other_tags = "VLAN 202; no tag";
	wrong(DOCTOR_TAG, SIDE_PROVIDER, PRIMARY, "on port cust so far: VLAN 202; no tag");
	first_link()->rx = 1000;
	first_link()->s_tag = 0;
	silent("probe");
	wrong(DOCTOR_TAG, SIDE_PROVIDER, PRIMARY, "no frame with VLAN 200 arrives; ");
	silent(NULL);
	first_link()->c_tag = 0;
	facts.by_provider = false;
	wrong(DOCTOR_TAG, SIDE_CUSTOMER, PRIMARY, "no frame with no tag");
}

static void neighbours(void **state)
{
	static const char *const good[] = {"reachable", "stale", "delay", "probe", "permanent"};
	static const char *const bad[] = {"none", "incomplete", "failed", "unresolved"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ipv4()->neighbour = good[i];
		fine(DOCTOR_NEIGHBOUR, PRIMARY " ipv4", good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ipv4()->neighbour = bad[i];
		wrong(DOCTOR_NEIGHBOUR, SIDE_CUSTOMER, PRIMARY " ipv4",
			"192.0.2.1 does not answer ARP");
	}
	ipv4()->neighbour = "stale";
	first_link()->families[1].neighbour = "failed";
	wrong(DOCTOR_NEIGHBOUR, SIDE_CUSTOMER, PRIMARY " ipv6",
		"2001:db8::1 does not answer Neighbor Discovery");
	first_link()->families[1].stranger = "2001:db8::3";
	first_link()->families[1].stranger_mac = "02:00:00:00:00:03";
	wrong(DOCTOR_NEIGHBOUR, SIDE_CUSTOMER, PRIMARY " ipv6", "somebody speaks as 2001:db8::3");
	first_link()->families[1].neighbour = "reachable";
	named(DOCTOR_NEIGHBOUR, DOCTOR_WARN, SIDE_CUSTOMER, PRIMARY " ipv6", "another station");
	/* A second address of the same router is its own business. */
	first_link()->families[1].stranger_mac = "02:00:00:00:00:01";
	fine(DOCTOR_NEIGHBOUR, PRIMARY " ipv6", "2001:db8::1 is at");
	ipv4()->own_mac = true;
	wrong(DOCTOR_NEIGHBOUR, SIDE_PROVIDER, PRIMARY " ipv4", "frames come back");
}

/* A link without IPv6 is not asked for it. */
static void a_family_that_is_not_there(void **state)
{
	first_link()->families[1] = (struct doctor_family){0};
	examine();
	assert_null(doctor_first(&report));
	assert_null(finding_of(DOCTOR_NEIGHBOUR, PRIMARY " ipv6"));
	assert_null(finding_of(DOCTOR_FIB, PRIMARY " ipv6"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_is_well),
		TEST(the_lowest_layer_comes_first),
		TEST(the_report_holds_everything),
		TEST(programs),
		TEST(control_away),
		TEST(states_of_circuits),
		TEST(ports),
		TEST(carriers),
		TEST(tags),
		TEST(neighbours),
		TEST(a_family_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
