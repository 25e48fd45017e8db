/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The example files, from their text to the plan of each edge.
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

#define SOURCE_ROOT getenv("SOURCE_ROOT")

static char *example(const char *name)
{
	char path[4096];

	assert_non_null(SOURCE_ROOT);
	snprintf(path, sizeof(path), "%s/docs/examples/%s", SOURCE_ROOT, name);
	return document_provisioned(document_read(path));
}

static struct site *example_site(const char *name)
{
	char *document = example(name);
	struct site *site = site_load(document);

	free(document);
	return site;
}

static void assert_ip(const struct ip *ip, const char *text)
{
	char buffer[64];
	assert_string_equal(ip_text(ip, buffer, sizeof(buffer)), text);
}

static void assert_addresses(const struct plan_link *link, const char *const texts[4])
{
	assert_ip(&link->edge4, texts[0]);
	assert_ip(&link->peer4, texts[1]);
	assert_ip(&link->edge6, texts[2]);
	assert_ip(&link->peer6, texts[3]);
}

static void test_lab_site(void **state)
{
	struct site *site = example_site("lab.yaml");

	assert_string_equal(site->name, "lab");
	assert_int_equal(site->asn, 4200100001);
	assert_int_equal(site->edge_count, 1);
	const struct site_edge *edge = &site->edges[0];
	assert_string_equal(edge->name, "edge");
	assert_string_equal(edge->zone, "");
	assert_int_equal(edge->port_count, 3);
	assert_int_equal(edge->worker_cpu_count, 1);
	assert_int_equal(edge->worker_cpus[0], 1);
	assert_int_equal(edge->control_cpus[0], 0);
	assert_int_equal(edge->idle_sleep_us, 50);
	assert_int_equal(edge->memory_mb, 512);
	assert_false(edge->hugepages);
	assert_string_equal(edge->ports[1].device, "net_tap1,iface=cust-b,persist=1");
	assert_int_equal(edge->ports[1].role, PORT_CUSTOMER);
	assert_int_equal(edge->ports[2].role, PORT_CORE);
	assert_true(edge->ports[0].speed_bps == UINT64_C(10000000000));
	assert_int_equal(edge->ports[0].mtu, 1500);
	assert_int_equal(edge->ports[0].outer_ethertype, 0x8100);
	assert_int_equal(edge->ports[0].rss, RSS_AUTO);

	assert_int_equal(site->port_pair_count, 1);
	assert_int_equal(site->port_pairs[0].encapsulation, ENCAP_MIXED);
	assert_int_equal(site->port_pairs[0].ports[LINK_SECONDARY].port, 1);
	assert_int_equal(site->circuit_count, 2);
	assert_int_equal(site->circuits[0].s_tag, 100);
	assert_int_equal(site->circuits[0].tier, TIER_STANDARD);
	assert_int_equal(site->circuits[0].peerings[0].c_tag, 200);
	assert_int_equal(site->circuits[1].s_tag, 0);
	assert_int_equal(site->circuits[1].peerings[0].c_tag, 300);
	assert_true(site->circuits[1].bandwidth_bps == 500000000);
	site_free(site);
}

static void test_lab_domains(void **state)
{
	static const char *const names[] = {
		"private.contoso", "private.fabrikam", "vnet.contoso-vnet", "vnet.fabrikam-vnet"};
	struct site *site = example_site("lab.yaml");
	struct plan *plan = plan_build(site, 0);

	assert_non_null(plan);
	assert_int_equal(plan->domain_count, 4);
	for (int i = 0; i < 4; i++) {
		assert_string_equal(plan->domains[i].name, names[i]);
		assert_int_equal(plan_find_domain(plan, names[i]), i);
		assert_int_equal(plan->domains[i].link_count, i < 2 ? 2 : 1);
	}
	assert_int_equal(plan_find_domain(plan, "public.contoso"), -1);
	assert_int_equal(plan->domains[0].kind, DOMAIN_PRIVATE);
	assert_int_equal(plan->domains[2].kind, DOMAIN_VNET);
	assert_string_equal(plan->domains[3].owner, "fabrikam-vnet");

	assert_int_equal(plan->connection_count, 2);
	assert_int_equal(plan->connections[0].circuit_domain, 0);
	assert_int_equal(plan->connections[0].vnet_domain, 2);
	assert_int_equal(plan->connections[0].weight, 100);
	assert_int_equal(plan->connections[1].circuit_domain, 1);
	assert_int_equal(plan->connections[1].vnet_domain, 3);
	assert_int_equal(plan->connections[1].weight, 50);
	plan_free(plan);
	site_free(site);
}

static void test_lab_links(void **state)
{
	/* Split from a /29 and a /125, and given one by one: the same addresses. */
	static const char *const primary[] = {
		"192.0.2.2/30", "192.0.2.1/30", "2001:db8:1::2/126", "2001:db8:1::1/126"};
	static const char *const secondary[] = {
		"192.0.2.6/30", "192.0.2.5/30", "2001:db8:1::6/126", "2001:db8:1::5/126"};
	struct site *site = example_site("lab.yaml");
	struct plan *plan = plan_build(site, 0);

	for (int i = 0; i < 2; i++) {
		const struct plan_domain *domain = &plan->domains[i];
		assert_addresses(&domain->links[0], primary);
		assert_addresses(&domain->links[1], secondary);
		assert_string_equal(domain->links[0].ifname, "primary");
		assert_string_equal(domain->links[1].ifname, "secondary");
		assert_int_equal(domain->links[0].port, 0);
		assert_int_equal(domain->links[1].port, 1);
		assert_int_equal(domain->links[1].peer_asn, 65001 + i);
		assert_int_equal(domain->links[0].mtu, 1500);
	}
	assert_string_equal(plan->domains[0].links[1].name, "contoso/private/secondary");
	assert_string_equal(plan->domains[0].links[1].circuit, "contoso");
	assert_int_equal(plan->domains[0].links[0].s_tag, 100);
	assert_int_equal(plan->domains[0].links[0].c_tag, 200);
	assert_int_equal(plan->domains[1].links[1].s_tag, 0);
	assert_int_equal(plan->domains[1].links[1].c_tag, 300);
	plan_free(plan);
	site_free(site);
}

/* Point-to-point Ethernet: one port, and an S-tag for each link. */
static void test_one_port(void **state)
{
	struct site *site = example_site("models.yaml");

	for (unsigned int i = 0; i < site->circuit_count; i++)
		site->circuits[i].provider_state = PROVIDER_PROVISIONED;
	struct plan *plan = plan_build(site, 0);
	int found = plan_find_domain(plan, "private.wingtip");

	assert_true(found >= 0);
	const struct plan_domain *domain = &plan->domains[found];
	assert_int_equal(domain->link_count, 2);
	assert_int_equal(domain->links[0].port, domain->links[1].port);
	assert_int_equal(domain->links[0].s_tag, 50);
	assert_int_equal(domain->links[1].s_tag, 51);
	assert_int_equal(domain->links[0].c_tag, domain->links[1].c_tag);
	/* On two ports one S-tag holds on both. */
	domain = &plan->domains[plan_find_domain(plan, "private.contoso")];
	assert_int_not_equal(domain->links[0].port, domain->links[1].port);
	assert_int_equal(domain->links[0].s_tag, 100);
	assert_int_equal(domain->links[1].s_tag, 100);
	plan_free(plan);
	site_free(site);
}

static void test_lab_core(void **state)
{
	static const char *const bgp[] = {
		"10.255.0.2/30", "10.255.0.1/30", "fd00:255::2/126", "fd00:255::1/126"};
	/* The gateways are named as the second address: the edge takes the first. */
	static const char *const fixed[] = {
		"10.255.1.1/30", "10.255.1.2/30", "fd00:256::1/126", "fd00:256::2/126"};
	struct site *site = example_site("lab.yaml");
	struct plan *plan = plan_build(site, 0);
	const struct plan_domain *contoso = &plan->domains[2], *fabrikam = &plan->domains[3];

	assert_string_equal(contoso->links[0].name, "contoso-vnet/core");
	assert_string_equal(contoso->links[0].ifname, "core");
	assert_string_equal(contoso->links[0].circuit, "");
	assert_int_equal(contoso->links[0].port, 2);
	assert_int_equal(contoso->links[0].s_tag, 0);
	assert_int_equal(contoso->links[0].c_tag, 10);
	assert_int_equal(contoso->links[0].peer_asn, 4200100002);
	assert_int_equal(contoso->static_prefix_count, 0);
	assert_addresses(&contoso->links[0], bgp);

	assert_int_equal(fabrikam->links[0].c_tag, 20);
	assert_int_equal(fabrikam->links[0].peer_asn, 0);
	assert_addresses(&fabrikam->links[0], fixed);
	assert_int_equal(fabrikam->static_prefix_count, 2);
	assert_ip(&fabrikam->static_prefixes[0], "10.1.0.0/16");
	assert_ip(&fabrikam->static_prefixes[1], "fd00:1::/48");
	plan_free(plan);
	site_free(site);
}

/* Each edge of a pair gets its own link of the same file, and its own part of the core's block. */
static void test_pair_of_edges(void **state)
{
	static const char *const core[] = {"10.255.0.2/30", "10.255.0.6/30"};
	static const char *const fixed[] = {"10.255.1.1/30", "10.255.1.5/30"};
	static const char *const public[] = {"203.0.113.2/30", "203.0.113.6/30"};
	struct site *site = example_site("site.yaml");

	assert_int_equal(site->edge_count, 2);
	for (unsigned int edge = 0; edge < 2; edge++) {
		struct plan *plan = plan_build(site, edge);
		assert_int_equal(plan->domain_count, 5);
		for (int i = 0; i < 5; i++)
			assert_int_equal(plan->domains[i].link_count, 1);
		assert_string_equal(plan->domains[0].links[0].ifname, link_name(edge));
		assert_string_equal(plan->domains[1].name, "public.acme-prod");
		assert_int_equal(plan->domains[1].kind, DOMAIN_PUBLIC);
		assert_ip(&plan->domains[1].links[0].edge4, public[edge]);
		assert_int_equal(plan->domains[1].links[0].edge6.family, 0);
		assert_ip(&plan->domains[2].links[0].edge4, core[edge]);
		assert_ip(&plan->domains[3].links[0].edge4, fixed[edge]);
		assert_int_equal(plan->domains[0].links[0].mtu, 9000);
		assert_int_equal(plan->connection_count, 3);
		assert_int_equal(plan->connections[1].weight, 10);
		plan_free(plan);
	}
	site_free(site);
}

/* Of the two ways to be attached the one that is not named is not there. */
static void test_service_by_bgp(void **state)
{
	char *document = example("site.yaml");
	char *changed = document_replace(document, "static: {link_subnets: [10.255.9.0/29]}",
		"bgp: {peer_asn: 4200100003, link_subnets: [10.255.9.0/29]}", NULL);
	struct site *site = site_load(changed);

	assert_int_equal(site->service_count, 1);
	assert_false(site->services[0].core.is_static);
	assert_int_equal(site->services[0].core.peer_asn, 4200100003);
	assert_ip(&site->services[0].core.links[0].edge4, "10.255.9.2/30");
	site_free(site);
	free(changed);
	free(document);
}

/* All edges and the core's machines in one subnet. */
static void test_transit_subnets(void **state)
{
	static const char *const core[][4] = {
		{"10.255.64.2/24", "10.255.64.1/24", "fd00:64::2/64", "fd00:64::1/64"},
		{"10.255.64.3/24", "10.255.64.1/24", "fd00:64::3/64", "fd00:64::1/64"}};
	static const char *const edges[] = {"10.255.65.2/24", "10.255.65.3/24"};
	char *document = example("site.yaml");
	char *half = document_replace(document, "link_subnets: [10.255.0.0/29]",
		"transit_subnets: [10.255.64.0/24, \"fd00:64::/64\"]", NULL);
	char *whole = document_replace(half,
		"gateway: [10.255.1.2, 10.255.1.6], link_subnets: [10.255.1.0/29]",
		"gateway: 10.255.65.253, transit_subnets: [10.255.65.0/24]", NULL);
	struct site *site = site_load(whole);

	for (unsigned int edge = 0; edge < 2; edge++) {
		struct plan *plan = plan_build(site, edge);

		assert_addresses(&plan->domains[2].links[0], core[edge]);
		assert_true(plan->domains[2].links[0].is_transit);
		assert_ip(&plan->domains[3].links[0].edge4, edges[edge]);
		assert_ip(&plan->domains[3].links[0].peer4, "10.255.65.253/24");
		assert_false(plan->domains[0].links[0].is_transit);
		plan_free(plan);
	}
	site_free(site);
	free(whole);
	free(half);
	free(document);
}

/* A site without anything but its edges is a beginning. */
static void test_smallest(void **state)
{
	static const char document[] =
		"site: s\nasn: 64500\nedges:\n- name: e\n  cores: {workers: [1], control: [0]}\n"
		"  ports: [{name: p, device: x, role: core, speed: 400G}]\n";
	struct site *site = site_load(document);
	struct plan *plan = plan_build(site, 0);

	assert_int_equal(site->edges[0].memory_mb, 1024);
	assert_true(site->edges[0].hugepages);
	assert_int_equal(site->edges[0].idle_sleep_us, 0);
	assert_int_equal(plan->domain_count, 0);
	assert_int_equal(plan->connection_count, 0);
	plan_free(plan);
	site_free(site);
}

/* Python: uuid5(uuid5(NAMESPACE_DNS, "onramp:lab"), "contoso") */
static void test_service_key(void **state)
{
	struct site *site = example_site("lab.yaml");

	assert_string_equal(site->circuits[0].service_key, "dff551e3-70f2-5842-8974-6ff79ec38c36");
	assert_string_not_equal(site->circuits[0].service_key, site->circuits[1].service_key);
	site_free(site);
}

static void test_redundancy_none(void **state)
{
	char *lab = example("lab.yaml");
	char *one = document_replace(
		lab, "    secondary: edge/cust-b\n", "    redundancy: none\n", NULL);
	char *right = document_replace(
		one, "        secondary: [192.0.2.4/30, \"2001:db8:1::4/126\"]\n", "", NULL);
	struct config_findings findings;
	struct site *site = config_load(right, strlen(right), &findings);

	if (site == NULL)
		findings_dump(&findings);
	assert_non_null(site);
	assert_int_equal(findings.errors, 0);
	assert_int_equal(findings.count, 1);
	assert_true(findings.items[0].warning);
	assert_non_null(finding_search(
		&findings, 19, "port_pairs[shared].redundancy", "no secondary port", "cut off"));
	json_t *rows = config_findings_json(&findings);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(rows, 0), "severity")), "warning");
	json_decref(rows);
	struct plan *plan = plan_build(site, 0);
	assert_int_equal(plan->domains[0].link_count, 1);
	assert_int_equal(plan->domains[1].link_count, 1);
	plan_free(plan);
	config_findings_free(&findings);
	site_free(site);
	free(lab);
	free(one);
	free(right);
}

static struct plan_rate rate_of(const char *name, const char *from, const char *to)
{
	char *document = example(name);
	char *changed = document_replace(document, from, to, NULL);
	struct site *site = site_load(changed);
	struct plan *plan = plan_build(site, 0);
	struct plan_rate rate = plan->domains[0].links[0].rate;

	plan_free(plan);
	site_free(site);
	free(document);
	free(changed);
	return rate;
}

/* Provider circuits are limited, direct ones when asked for. */
static void test_rates(void **state)
{
	struct plan_rate rate = rate_of("lab.yaml", "bandwidth: 1G", "bandwidth: 200M");

	assert_true(rate.bps == 200000000);
	assert_true(rate.burst_bytes == 250000); /* 10 ms */
	assert_int_equal(rate.overhead_bytes, 0);
	rate = rate_of("lab.yaml", "bandwidth: 1G",
		"bandwidth: 1G\n    rate_limit: true\n    burst: 2500us\n    overhead: 24");
	assert_true(rate.bps == 1000000000);
	assert_true(rate.burst_bytes == 312500);
	assert_int_equal(rate.overhead_bytes, 24);

	assert_true(rate_of("site.yaml", "bandwidth: 10G", "bandwidth: 40G").bps == 0);
	assert_true(rate_of("site.yaml", "bandwidth: 10G", "bandwidth: 10G\n    rate_limit: false")
			    .bps == 0);
	rate = rate_of("site.yaml", "bandwidth: 10G", "bandwidth: 40G\n    rate_limit: true");
	assert_true(rate.bps == UINT64_C(40000000000));
	assert_true(rate.burst_bytes == 50000000);
}

static struct bfd_timers bfd_of(const char *from, const char *to, unsigned int domain)
{
	char *document = example("lab.yaml");
	char *changed = document_replace(document, from, to, NULL);
	struct site *site = site_load(changed);
	struct plan *plan = plan_build(site, 0);
	struct bfd_timers bfd = plan->domains[domain].links[0].bfd;

	plan_free(plan);
	site_free(site);
	free(document);
	free(changed);
	return bfd;
}

/* On unless it is off; each field has its default alone. */
static void test_bfd(void **state)
{
	struct bfd_timers bfd = bfd_of("peer_asn: 65001", "peer_asn: 65001", 0);

	assert_int_equal(bfd.interval_ms, 300);
	assert_int_equal(bfd.multiplier, 3);
	bfd = bfd_of("peer_asn: 65001", "peer_asn: 65001\n        bfd: {interval: 60s}", 0);
	assert_int_equal(bfd.interval_ms, 60000);
	assert_int_equal(bfd.multiplier, 3);
	bfd = bfd_of("peer_asn: 65001", "peer_asn: 65001\n        bfd: {multiplier: 255}", 0);
	assert_int_equal(bfd.interval_ms, 300);
	assert_int_equal(bfd.multiplier, 255);
	bfd = bfd_of("peer_asn: 65001", "peer_asn: 65001\n        bfd: off", 0);
	assert_int_equal(bfd.interval_ms, 0);
	bfd = bfd_of("peer_asn: 4200100002", "peer_asn: 4200100002, bfd: {interval: 10ms}", 2);
	assert_int_equal(bfd.interval_ms, 10);
	bfd = bfd_of("peer_asn: 4200100002", "peer_asn: 4200100002, bfd: off", 2);
	assert_int_equal(bfd.interval_ms, 0);
}

/* Keys of a peering and of a core attachment reach each of its links; other peerings have none. */
static void test_bfd_keys(void **state)
{
	char *document = example("lab.yaml");
	char *changed = document_replace(document, "peer_asn: 65001",
		"peer_asn: 65001\n        bfd: {auth: {keys: [{id: 7, file: /new}, {id: 3, file: "
		"/old}]}}",
		NULL);
	char *both = document_replace(changed, "peer_asn: 4200100002",
		"peer_asn: 4200100002, bfd: {auth: {type: keyed-sha1, keys: [{id: 0, file: "
		"/core}]}}",
		NULL);
	struct site *site = site_load(both);
	struct plan *plan = plan_build(site, 0);
	const struct bfd_auth *auth = plan->domains[0].links[0].bfd_auth;

	assert_non_null(auth);
	assert_ptr_equal(plan->domains[0].links[1].bfd_auth, auth);
	assert_int_equal(auth->type, BFD_AUTH_TYPE_METICULOUS_SHA1);
	assert_int_equal(auth->key_count, 2);
	assert_int_equal(auth->keys[0].id, 7);
	assert_string_equal(auth->keys[0].file, "/new");
	assert_int_equal(auth->keys[1].id, 3);
	assert_string_equal(auth->keys[1].file, "/old");
	assert_int_equal(auth->keys[0].secret_bytes, 0); /* the document has none */
	assert_null(plan->domains[1].links[0].bfd_auth);
	auth = plan->domains[2].links[0].bfd_auth;
	assert_non_null(auth);
	assert_int_equal(auth->type, BFD_AUTH_TYPE_KEYED_SHA1);
	assert_int_equal(auth->keys[0].id, 0);
	assert_int_equal(plan->domains[0].links[0].bfd.interval_ms, 300);
	plan_free(plan);
	site_free(site);
	free(document);
	free(changed);
	free(both);
}

static struct plan *plan_with(const char *from, const char *to, struct site **site)
{
	char *document = example("lab.yaml");
	char *changed = document_replace(document, from, to, NULL);

	*site = site_load(changed);
	free(document);
	free(changed);
	return plan_build(*site, 0);
}

/* Each field has its default alone, and the default is the tier's. */
static void test_prefix_limits(void **state)
{
	static const struct {
		const char *from, *to;
		struct prefix_limits limits;
	} cases[] = {
		{"peer_asn: 65001", "peer_asn: 65001", {4000, 100, false}},
		{"name: contoso\n", "name: contoso\n    tier: premium\n", {10000, 100, false}},
		{"peer_asn: 65001", "peer_asn: 65001\n        prefix_limit: {ipv6: 7}",
			{4000, 7, false}},
		{"peer_asn: 65001",
			"peer_asn: 65001\n        prefix_limit: {ipv4: 5, ipv6: 9, mode: soft}",
			{5, 9, true}},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct site *site;
		struct plan *plan = plan_with(cases[i].from, cases[i].to, &site);

		assert_int_equal(plan->domains[0].limits.ipv4, cases[i].limits.ipv4);
		assert_int_equal(plan->domains[0].limits.ipv6, cases[i].limits.ipv6);
		assert_int_equal(plan->domains[0].limits.soft, cases[i].limits.soft);
		assert_int_equal(plan->domains[2].limits.ipv4, 0); /* a virtual network */
		plan_free(plan);
		site_free(site);
	}
}

/* On each link of the peering and nowhere else; the document has no secret. */
static void test_md5_file(void **state)
{
	struct site *site;
	struct plan *plan =
		plan_with("peer_asn: 65001", "peer_asn: 65001\n        md5_file: /key", &site);

	assert_non_null(plan->domains[0].links[0].md5);
	assert_string_equal(plan->domains[0].links[0].md5->file, "/key");
	assert_string_equal(plan->domains[0].links[0].md5->secret, "");
	assert_ptr_equal(plan->domains[0].links[1].md5, plan->domains[0].links[0].md5);
	assert_null(plan->domains[1].links[0].md5);
	assert_null(plan->domains[2].links[0].md5);
	plan_free(plan);
	site_free(site);
}

static void test_synonym(void **state)
{
	char *document = example("site.yaml");
	char *microsoft = document_replace(document, "type: public", "type: microsoft", NULL);
	struct site *site = site_load(microsoft);

	assert_int_equal(site->circuits[0].peerings[1].type, PEERING_PUBLIC);
	site_free(site);
	free(document);
	free(microsoft);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lab_site),
		cmocka_unit_test(test_lab_domains),
		cmocka_unit_test(test_lab_links),
		cmocka_unit_test(test_one_port),
		cmocka_unit_test(test_lab_core),
		cmocka_unit_test(test_pair_of_edges),
		cmocka_unit_test(test_service_by_bgp),
		cmocka_unit_test(test_transit_subnets),
		cmocka_unit_test(test_smallest),
		cmocka_unit_test(test_service_key),
		cmocka_unit_test(test_redundancy_none),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_bfd),
		cmocka_unit_test(test_bfd_keys),
		cmocka_unit_test(test_prefix_limits),
		cmocka_unit_test(test_md5_file),
		cmocka_unit_test(test_synonym),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
