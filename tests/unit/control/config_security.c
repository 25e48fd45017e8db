/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Source checks, TTL security and budgets: from the file to each link of the plan.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/model/plan.h"
#include "tests/unit/control/config_support.h"

#define ASN "peer_asn: 65001"

static char *example(void)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/docs/examples/lab.yaml", getenv("SOURCE_ROOT"));
	return document_provisioned(document_read(path));
}

/* The example with something after its first peering's AS number. */
static struct site *site_with(const char *more)
{
	char *document = example();
	char text[128];

	snprintf(text, sizeof(text), ASN "%s", more);

	char *changed = document_replace(document, ASN, text, NULL);
	struct site *site = site_load(changed);

	free(document);
	free(changed);
	return site;
}

static void test_urpf(void **state)
{
	static const struct {
		const char *text;
		enum urpf urpf;
	} cases[] = {{"", URPF_STRICT}, {"\n        urpf: strict", URPF_STRICT},
		{"\n        urpf: loose", URPF_LOOSE}, {"\n        urpf: off", URPF_OFF}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct site *site = site_with(cases[i].text);
		struct plan *plan = plan_build(site, 0);
		unsigned int links = 0;

		for (unsigned int d = 0; d < plan->domain_count; d++)
			for (unsigned int l = 0; l < plan->domains[d].link_count; l++, links++) {
				enum urpf expected = d == 0 ? cases[i].urpf : URPF_STRICT;

				if (plan->domains[d].kind == DOMAIN_VNET)
					expected = URPF_OFF;
				assert_int_equal(plan->domains[d].links[l].urpf, expected);
			}
		assert_true(links > 2);
		plan_free(plan);
		site_free(site);
	}
}

/* Of two edges neither knows what the customer announces to the other. */
static void test_urpf_of_two_edges(void **state)
{
	static const char asn[] = "peer_asn: 65001\n        bfd";
	static const struct {
		const char *text;
		enum urpf urpf;
	} cases[] = {{asn, URPF_OFF},
		{"peer_asn: 65001\n        urpf: strict\n        bfd", URPF_STRICT}};
	char path[512];

	snprintf(path, sizeof(path), "%s/docs/examples/site.yaml", getenv("SOURCE_ROOT"));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *document = document_read(path);
		char *changed = document_replace(document, asn, cases[i].text, NULL);
		struct site *site = site_load(changed);

		assert_int_equal(site->circuits[0].peerings[0].urpf, cases[i].urpf);
		assert_int_equal(site->circuits[0].peerings[1].urpf, URPF_OFF);
		site_free(site);
		free(document);
		free(changed);
	}
}

static void test_ttl_security(void **state)
{
	for (unsigned int on = 0; on < 2; on++) {
		struct site *site = site_with(on ? "\n        ttl_security: true" : "");
		struct plan *plan = plan_build(site, 0);

		for (unsigned int l = 0; l < plan->domains[0].link_count; l++)
			assert_int_equal(plan->domains[0].links[l].ttl_security, on);
		assert_false(plan->domains[1].links[0].ttl_security);
		plan_free(plan);
		site_free(site);
	}
}

static struct site_budgets budgets_of(const char *more)
{
	char *document = example();
	size_t size = strlen(document) + strlen(more) + 1;
	char *longer = malloc(size);

	snprintf(longer, size, "%s%s", document, more);

	struct site *site = site_load(longer);
	struct site_budgets budgets = site->budgets;

	site_free(site);
	free(document);
	free(longer);
	return budgets;
}

static void test_budgets(void **state)
{
	struct site_budgets budgets = budgets_of("");

	assert_int_equal(budgets.neighbour, 200);
	assert_int_equal(budgets.bgp, 20000);
	assert_int_equal(budgets.bfd, 2000);
	assert_int_equal(budgets.other, 1000);
	assert_int_equal(budgets.icmp_errors, 200);
	budgets = budgets_of("control_budgets: {other: 50, bgp: 300, icmp_errors: 10}\n");
	assert_int_equal(budgets.neighbour, 200);
	assert_int_equal(budgets.bgp, 300);
	assert_int_equal(budgets.bfd, 2000);
	assert_int_equal(budgets.other, 50);
	assert_int_equal(budgets.icmp_errors, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_urpf),
		cmocka_unit_test(test_urpf_of_two_edges),
		cmocka_unit_test(test_ttl_security),
		cmocka_unit_test(test_budgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
