/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The pure parts of the model: addresses, bandwidths, and plans with a part missing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "control/model/ip.h"
#include "control/model/plan.h"
#include "control/model/public.h"
#include "control/model/sku.h"

static struct ip ip_of(const char *text)
{
	struct ip ip;

	assert_int_equal(ip_parse(text, &ip), 0);
	return ip;
}

static void assert_ip(struct ip ip, const char *text)
{
	char buffer[64];
	assert_string_equal(ip_text(&ip, buffer, sizeof(buffer)), text);
}

static void test_communities(void **state)
{
	static const char *const right[] = {
		"65000:5010", "0:0", "65535:65535", "4200100001:1:5010", "4294967295:0:4294967295"};
	static const char *const wrong[] = {"", "1", "1:", ":1", "65536:1", "1:65536", "1:2:3:4",
		"a:b", "1:2 ", " 1:2", "-1:2", "4294967296:1:1", "1:2:", "00000000001:2"};
	struct community one, other;
	char text[COMMUNITY_TEXT_MAX];

	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		assert_int_equal(community_parse(right[i], &one), 0);
		assert_string_equal(community_text(&one, text), right[i]);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (community_parse(wrong[i], &one) == 0)
			fail_msg("\"%s\" was taken", wrong[i]);
	assert_int_equal(community_parse("1:2", &one), 0);
	assert_int_equal(community_parse("1:2:0", &other), 0);
	assert_false(communities_meet(&one, 1, &other, 1)); /* standard and large */
	assert_true(communities_meet(&one, 1, (struct community[]){other, one}, 2));
	assert_false(communities_meet(&one, 0, &one, 1));
}

/* The rule of public peerings, and each reason. */
static void test_public_rule(void **state)
{
	const struct ip validated[] = {ip_of("198.51.100.0/24"), ip_of("2001:db8:100::/48")};
	static const struct {
		const char *prefix, *path, *reason;
	} cases[] = {
		{"198.51.100.0/24", "65001", NULL},
		{"198.51.100.128/29", "65001 65001", NULL},
		{"198.51.100.0/24", "65001 64512 4200000000", NULL},
		{"2001:db8:100:1::/64", "65001", NULL},
		{"198.51.100.0/30", "65001", "longer than /29"},
		{"2001:db8:100::/65", "65001", "longer than /64"},
		{"198.51.0.0/16", "65001", "not among the validated"},
		{"203.0.113.0/24", "65001", "not among the validated"},
		{"0.0.0.0/0", "65001", "default route"},
		{"::/0", "65001", "default route"},
		{"10.1.0.0/16", "65001", "RFC 1918"},
		{"127.1.0.0/16", "65001", "loopback"},
		{"fd00::/48", "65001", "RFC 4193"},
		{"198.51.100.0/24", "65001 3356", "transit: AS 3356"},
		{"198.51.100.0/24", "65001 {64512,174}", "transit: AS 174"},
		{"198.51.100.0/24", "65001 65535", "transit: AS 65535"},
		{"198.51.100.0/24", "65001 64500", NULL},
		{"198.51.100.0/24", "65001 64501", "transit: AS 64501"},
	};
	const struct plan_domain domain = {.kind = DOMAIN_PUBLIC,
		.links = {{.peer_asn = 65001}},
		.link_count = 1,
		.accepted = validated,
		.accepted_count = 2,
		.origin_asn = 64500};
	char text[PUBLIC_REFUSAL_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ip prefix = ip_of(cases[i].prefix);
		const char *reason = public_refusal(&domain, &prefix, cases[i].path, text);

		if ((reason == NULL) != (cases[i].reason == NULL) ||
			(reason != NULL && strstr(reason, cases[i].reason) == NULL))
			fail_msg("%s by %s: %s", cases[i].prefix, cases[i].path, reason);
	}
	assert_true(asn_is_private(64512) && asn_is_private(65534));
	assert_true(asn_is_private(4200000000) && asn_is_private(4294967294));
	assert_false(asn_is_private(64511) || asn_is_private(65535));
	assert_false(asn_is_private(4199999999) || asn_is_private(4294967295));
}

static void test_parse(void **state)
{
	static const char *const right[] = {"192.0.2.1", "192.0.2.0/24", "0.0.0.0/0", "2001:db8::1",
		"2001:db8::/32", "::/0", "fe80::1/64"};
	static const char *const wrong[] = {"", "/24", "192.0.2", "192.0.2.256", "192.0.2.1/33",
		"192.0.2.1/", "192.0.2.1/08", "192.0.2.1/+8", "192.0.2.1/-1", "192.0.2.1/8 ",
		"010.0.0.1", "2001:db8::/129", "2001:db8:::1", "1:2:3:4:5:6:7:8:9", "fe80::1%eth0",
		"192.0.2.1/4294967297",
		"11111111111111111111111111111111111111111111111111111111111111111111"};
	struct ip ip;

	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		assert_ip(ip_of(right[i]), right[i]);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (ip_parse(wrong[i], &ip) == 0)
			print_error("taken: %s\n", wrong[i]);
		assert_int_not_equal(ip_parse(wrong[i], &ip), 0);
	}
	ip = (struct ip){0};
	assert_ip(ip, "");
}

static void assert_contains(const char *outer, const char *inner, bool contains)
{
	struct ip a = ip_of(outer), b = ip_of(inner);

	assert_int_equal(ip_contains(&a, &b), contains);
	/* The other way round only when they are equal. */
	assert_int_equal(ip_contains(&b, &a), contains && ip_equal(&a, &b));
	assert_int_equal(ip_overlaps(&a, &b), contains);
	assert_int_equal(ip_overlaps(&b, &a), contains);
}

static void test_contains(void **state)
{
	assert_contains("0.0.0.0/0", "10.0.0.0/8", true);
	assert_contains("10.0.0.0/15", "10.1.255.255", true);
	assert_contains("10.0.0.0/15", "10.2.0.0/16", false);
	assert_contains("192.0.2.0/30", "192.0.2.0/30", true);
	assert_contains("192.0.2.0/30", "192.0.2.4/30", false);
	assert_contains("::/0", "10.0.0.0/8", false);
	assert_contains("2001:db8::/125", "2001:db8::4/126", true);
	assert_contains("2001:db8::/126", "2001:db8::4/126", false);
	assert_contains("2001:db8::/33", "2001:db8:7fff::/48", true);
	assert_contains("2001:db8::/33", "2001:db8:8000::/48", false);
}

static void test_parts(void **state)
{
	struct ip block4 = ip_of("10.255.255.0/24"), block6 = ip_of("2001:db8::fff8/125");
	struct ip bits = ip_of("10.1.2.3/12");

	assert_ip(ip_part(&block4, 0, 30), "10.255.255.0/30");
	assert_ip(ip_part(&block4, 63, 30), "10.255.255.252/30");
	assert_ip(ip_part(&block6, 1, 126), "2001:db8::fffc/126");
	/* Carries run through. */
	assert_ip(ip_add(&block4, 256, 32), "11.0.0.0");
	assert_ip(ip_add(&block6, 8, 128), "2001:db8::1:0");
	assert_false(ip_host_bits_zero(&bits));
	assert_ip(ip_network(&bits), "10.0.0.0/12");
	assert_true(ip_host_bits_zero(&block6));
}

static void assert_use(const char *text, enum ip_use use)
{
	struct ip prefix = ip_of(text);
	const char *name = NULL;

	assert_int_equal(ip_use(&prefix, &name), use);
	assert_non_null(name);
	assert_int_equal(ip_use(&prefix, NULL), use);
}

static void test_use(void **state)
{
	assert_use("203.0.113.0/29", IP_USE_PUBLIC);
	assert_use("2001:db8::/125", IP_USE_PUBLIC);
	assert_use("172.31.255.0/29", IP_USE_PRIVATE);
	assert_use("172.32.0.0/29", IP_USE_PUBLIC);
	assert_use("100.127.0.0/29", IP_USE_PRIVATE);
	assert_use("fd12::/125", IP_USE_PRIVATE);
	assert_use("127.0.0.0/29", IP_USE_NEVER);
	assert_use("239.0.0.0/29", IP_USE_NEVER);
	assert_use("255.255.255.248/29", IP_USE_NEVER);
	assert_use("ff02::/125", IP_USE_NEVER);
	assert_use("fe80::/125", IP_USE_NEVER);
	assert_use("::ffff:0:0/125", IP_USE_NEVER);
}

#define G UINT64_C(1000000000)

static void test_skus(void **state)
{
	char list[128];

	assert_true(sku_exists(PAIR_PROVIDER, 10 * G, 50000000));
	assert_false(sku_exists(PAIR_PROVIDER, 100 * G, 40 * G));
	assert_true(sku_exists(PAIR_DIRECT, 10 * G, 1 * G));
	assert_false(sku_exists(PAIR_DIRECT, 10 * G, 40 * G));
	assert_false(sku_exists(PAIR_DIRECT, 100 * G, 1 * G));
	assert_true(sku_exists(PAIR_DIRECT, 100 * G, 40 * G));
	assert_true(sku_exists(PAIR_DIRECT, 400 * G, 200 * G));
	assert_false(sku_exists(PAIR_DIRECT, 100 * G, 200 * G));
	assert_string_equal(
		sku_list_text(PAIR_DIRECT, 100 * G, list, sizeof(list)), "5G, 10G, 40G, 100G");
	assert_true(sku_direct_sum_max(10 * G) == 20 * G);
}

static void test_rate_text(void **state)
{
	static const struct {
		uint64_t bps;
		const char *text;
	} cases[] = {{50000000, "50M"}, {10 * G, "10G"}, {1500000000, "1500M"}, {999, "999"},
		{64000, "64K"}, {0, "0"}};
	char buffer[24];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(rate_text(cases[i].bps, buffer, sizeof(buffer)), cases[i].text);
}

/* A circuit with links on another edge only leaves no trace here, nor does its connection. */
static void test_links_elsewhere(void **state)
{
	struct site_edge edges[2] = {{.name = "here"}, {.name = "there"}};
	struct site_port here = {.name = "core", .role = PORT_CORE, .mtu = 1500};
	struct site_port there = {.name = "cust", .role = PORT_CUSTOMER, .mtu = 9000};
	struct site_port_pair pair = {.name = "p", .ports = {{true, 1, 0}}};
	struct site_peering peering = {.type = PEERING_PRIVATE,
		.c_tag = 7,
		.peer_asn = 1,
		.links = {{.present = true, .edge4 = ip_of("192.0.2.2/30")}}};
	struct site_circuit circuit = {
		.name = "c", .s_tag = 5, .enabled = true, .peerings = &peering, .peering_count = 1};
	struct site_link links[2] = {{.present = true, .edge4 = ip_of("10.0.0.2/30")}};
	struct site_connection connection = {.weight = 100};
	struct site_vnet vnet = {.name = "v",
		.port = "core",
		.peer_asn = 2,
		.links = links,
		.connections = &connection,
		.connection_count = 1};
	struct site site = {.name = "s",
		.asn = 64500,
		.edges = edges,
		.edge_count = 2,
		.port_pairs = &pair,
		.port_pair_count = 1,
		.circuits = &circuit,
		.circuit_count = 1,
		.vnets = &vnet,
		.vnet_count = 1};

	edges[0].ports = &here;
	edges[1].ports = &there;
	edges[0].port_count = edges[1].port_count = 1;

	struct plan *plan = plan_build(&site, 0);
	assert_int_equal(plan->domain_count, 1);
	assert_string_equal(plan->domains[0].name, "vnet.v");
	assert_int_equal(plan->connection_count, 0);
	plan_free(plan);

	plan = plan_build(&site, 1);
	assert_int_equal(plan->domain_count, 1);
	assert_string_equal(plan->domains[0].name, "private.c");
	assert_int_equal(plan->domains[0].link_count, 1);
	assert_int_equal(plan->domains[0].links[0].mtu, 9000);
	assert_int_equal(plan->connection_count, 0);
	plan_free(plan);

	/* One that does not forward leaves none anywhere. */
	circuit.enabled = false;
	plan = plan_build(&site, 1);
	assert_int_equal(plan->domain_count, 0);
	plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_communities),
		cmocka_unit_test(test_public_rule),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_contains),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_use),
		cmocka_unit_test(test_skus),
		cmocka_unit_test(test_rate_text),
		cmocka_unit_test(test_links_elsewhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
