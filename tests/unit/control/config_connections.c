/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What connects circuits with networks and with each other: docs/examples/connections.yaml, as it
 * is and with each mistake in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/model/plan.h"
#include "tests/unit/control/config_support.h"

static char *read_example(void)
{
	char path[4096];

	assert_non_null(getenv("SOURCE_ROOT"));
	snprintf(path, sizeof(path), "%s/docs/examples/connections.yaml", getenv("SOURCE_ROOT"));
	return document_provisioned(document_read(path));
}

static struct plan *plan_of(const char *document)
{
	struct plan *plan = plan_build(site_load(document), 0);

	assert_non_null(plan);
	return plan;
}

static void plan_end(struct plan *plan)
{
	site_free((struct site *)plan->site);
	plan_free(plan);
}

/* The connection between two domains of these names, in this order, or NULL. */
static const struct plan_connection *between(
	const struct plan *plan, const char *circuit, const char *other)
{
	for (unsigned int i = 0; i < plan->connection_count; i++) {
		const struct plan_connection *connection = &plan->connections[i];

		if (strcmp(plan->domains[connection->circuit_domain].name, circuit) == 0 &&
			strcmp(plan->domains[connection->vnet_domain].name, other) == 0)
			return connection;
	}
	return NULL;
}

static void networks_and_circuits_are_connected(void **state)
{
	char *document = read_example();
	struct plan *plan = plan_of(document);
	const struct plan_connection *reach;

	assert_int_equal(plan->connection_count, 5);
	assert_int_equal(between(plan, "private.acme-prod", "vnet.acme-vnet")->weight, 100);
	assert_int_equal(between(plan, "private.acme-dr", "vnet.acme-vnet")->weight, 50);
	assert_int_equal(between(plan, "private.globex", "vnet.globex-vnet")->weight, 100);
	assert_false(between(plan, "private.globex", "vnet.globex-vnet")->global_reach);
	reach = between(plan, "private.acme-prod", "private.acme-dr");
	assert_non_null(reach);
	assert_true(reach->global_reach);
	plan_end(plan);
	free(document);
}

static void assert_limits(const struct plan_connection *connection, uint32_t ipv4, uint32_t ipv6)
{
	assert_int_equal(connection->limits.ipv4, ipv4);
	assert_int_equal(connection->limits.ipv6, ipv6);
}

static void networks_alone_are_limited(void **state)
{
	char *document = read_example();
	char *changed = document_replace(
		document, "weight: 50}", "weight: 50, prefix_limit: {ipv6: 7}}", NULL);
	struct plan *plan = plan_of(changed);

	assert_limits(between(plan, "private.acme-prod", "vnet.acme-vnet"), 1000, 100);
	assert_limits(between(plan, "private.acme-dr", "vnet.acme-vnet"), 1000, 7);
	assert_limits(between(plan, "private.acme-prod", "vnet.acme-abroad"), 200, 20);
	assert_limits(between(plan, "private.acme-prod", "private.acme-dr"), 0, 0);
	plan_end(plan);
	free(changed);
	free(document);
}

/* A circuit that does not forward reaches nobody, and nothing else ends with it. */
static void both_circuits_must_forward(void **state)
{
	char *document = read_example();
	char *changed = document_replace(
		document, "    s_tag: 11\n", "    s_tag: 11\n    state: disabled\n", NULL);
	struct plan *plan = plan_of(changed);

	assert_int_equal(plan->connection_count, 3);
	assert_null(between(plan, "private.acme-prod", "private.acme-dr"));
	plan_end(plan);
	free(changed);
	free(document);
}

#define REACH "circuits: [acme-prod, acme-dr]}"
#define PATH "global_reach[acme-sites]."

static const struct mistake {
	const char *from, *to;
	int down; /* lines from there to the finding */
	const char *field, *found, *remedy;
} mistakes[] = {
	{REACH, "circuits: [acme-prod, acme-rd]}", 0, PATH "circuits", "\"acme-rd\" is no circuit",
		"did you mean \"acme-dr\""},
	{REACH, "circuits: [acme-prod]}", 0, PATH "circuits", "1 circuit;", "for each two"},
	{REACH, "circuits: [acme-prod, acme-dr, globex]}", 0, PATH "circuits", "3 circuits",
		"for each two"},
	{REACH, "circuits: []}", 0, PATH "circuits", "is empty", "remove the line"},
	{REACH, "circuits: [globex, globex]}", 0, PATH "circuits", "\"globex\" stands twice",
		"name two"},
	{REACH, "circuits: acme-prod}", 0, PATH "circuits", "acme-prod", "list"},
	{REACH, "circuits: [acme-prod, Acme]}", 0, PATH "circuits", "Acme", "a-z"},
	{"name: acme-sites, " REACH, "name: acme-sites}", 0, PATH "circuits", "missing", "acme-dr"},
	{"name: acme-sites, ", "", 0, "global_reach[#1].name", "missing", "acme-sites"},
	{REACH, REACH "\n  - {name: back, circuits: [acme-dr, acme-prod]}", 1,
		"global_reach[back].circuits", "by \"acme-sites\" already", "remove one"},
	{REACH, REACH "\n  - {name: acme-sites, circuits: [acme-dr, globex]}", 1,
		"global_reach[acme-sites].name", "\"acme-sites\" is already", "choose another"},
	{"peerings: [{type: private, c_tag: 100, peer_asn: 65002, link_subnets: [192.0.2.8/29, "
	 "\"2001:db8:2::/125\"]}]",
		"peerings: []", 22, PATH "circuits", "has no private peering", "add one"},
	{"weight: 50}", "weight: 50, prefix_limit: {ipv4: 0}}", 0,
		"vnets[acme-vnet].connections[acme-dr].prefix_limit.ipv4", "0", "1 to 1000000"},
	{"weight: 50}", "weight: 50, prefix_limit: {mode: soft}}", 0,
		"vnets[acme-vnet].connections[acme-dr].prefix_limit.mode", "mode", "ipv4"},
	{"tier: premium   ", "tier: standard  ", 26,
		"vnets[acme-abroad].connections[acme-prod].circuit",
		"of tier standard, which reaches networks in region \"europe\" alone, and "
		"\"acme-abroad\" is in \"america\"",
		"tier: premium"},
	{"- name: globex-vnet\n", "- name: globex-vnet\n    location: amsterdam\n", 3,
		"vnets[globex-vnet].connections[globex].circuit",
		"of tier local, which reaches networks in \"frankfurt\" alone", "tier: standard"},
	{"    region: america\n", "    region: america\n    location: frankfurt\n", 1,
		"vnets[acme-abroad].location", "\"frankfurt\" is the site's own", "one of the two"},
	{"\nregion: europe\n", "\n", 40, "vnets[acme-abroad].region", "\"america\" says nothing",
		"write region: at the top"},
	{"location: frankfurt", "location: Frankfurt", 0, "location", "Frankfurt", "a-z"},
	{REACH, "circuits: [acme-prod, acme-dr], weight: 3}", 0, PATH "weight", "weight",
		"circuits"},
};

static unsigned int try_mistake(const char *good, const struct mistake *mistake)
{
	struct config_findings findings;
	unsigned int line, failed = 0;
	char *document = document_replace(good, mistake->from, mistake->to, &line);
	struct site *site = config_load(document, strlen(document), &findings);

	if (site != NULL || finding_search(&findings, line + (unsigned int)mistake->down,
				    mistake->field, mistake->found, mistake->remedy) == NULL) {
		print_error("\"%s\" for \"%s\": not what was to be found:\n", mistake->to,
			mistake->from);
		findings_dump(&findings);
		failed = 1;
	}
	config_findings_free(&findings);
	site_free(site);
	free(document);
	return failed;
}

static void mistakes_are_named(void **state)
{
	char *good = read_example();
	unsigned int failed = 0;

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++)
		failed += try_mistake(good, &mistakes[i]);
	free(good);
	assert_int_equal(failed, 0);
}

/* Which places a circuit of each tier reaches: those that are not mistakes. */
static void tiers_reach_places(void **state)
{
	static const struct {
		const char *tier, *place;
		bool reaches;
	} cases[] = {
		{"local", "", true},
		{"local", "location: frankfurt", true},
		{"local", "location: amsterdam", false},
		{"local", "region: europe", true},
		{"local", "region: america", false},
		{"standard", "", true},
		{"standard", "location: amsterdam", true},
		{"standard", "region: america", false},
		{"standard", "location: boston\n    region: america", false},
		{"premium", "location: amsterdam", true},
		{"premium", "location: boston\n    region: america", true},
	};
	char *good = read_example();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config_findings findings;
		char tier[64], place[128];
		snprintf(tier, sizeof(tier), "tier: %s  ", cases[i].tier);
		snprintf(place, sizeof(place), "  - name: globex-vnet\n    %s\n", cases[i].place);
		char *half = document_replace(good, "tier: local", tier, NULL);
		char *document = document_replace(half, "  - name: globex-vnet\n", place, NULL);
		struct site *site = config_load(document, strlen(document), &findings);

		if ((site != NULL) != cases[i].reaches) {
			findings_dump(&findings);
			fail_msg("%s, %s", cases[i].tier, cases[i].place);
		}
		config_findings_free(&findings);
		site_free(site);
		free(document);
		free(half);
	}
	free(good);
}

/* Routers drop a path with their own AS number; whether these do is the customer's. */
static void loops_are_warned_of(void **state)
{
	char *good = read_example();
	char *document = document_replace(good, REACH, "circuits: [acme-prod, globex]}", NULL);
	struct config_findings findings;
	struct site *site = config_load(document, strlen(document), &findings);

	assert_non_null(site);
	assert_int_equal(findings.count, 1);
	assert_true(findings.items[0].warning);
	assert_string_equal(findings.items[0].field, PATH "circuits");
	assert_non_null(strstr(findings.items[0].text, "65001"));
	assert_non_null(strstr(findings.items[0].text, "allowas-in"));
	config_findings_free(&findings);
	site_free(site);
	free(document);
	free(good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks_and_circuits_are_connected),
		cmocka_unit_test(networks_alone_are_limited),
		cmocka_unit_test(both_circuits_must_forward),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(tiers_reach_places),
		cmocka_unit_test(loops_are_warned_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
