/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `onramp explain`: the answer in words and for programs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "control/cli/explain.h"

static struct api_port ports[] = {{.id = 0, .name = "cust"}};
static struct api_vrf vrfs[] = {{.id = 1, .name = "private.acme"}, {.id = 2, .name = "vnet.net"}};
static struct api_interface interfaces[] = {
	{.id = 1, .vrf = 1, .s_tag = 100, .c_tag = 200, .name = "acme/private/primary"},
	{.id = 2, .vrf = 2, .name = "net/core"},
};
static struct api_adjacency adjacencies[] = {
	{.id = 5, .interface = 2, .family = AF_INET, .address = {10, 255, 0, 1}},
	{.id = 6, .interface = 2, .family = AF_INET, .address = {10, 255, 0, 5}},
};
static struct api_policer policers[] = {{.id = 9, .name = "acme/primary/in"}};

#define ALL(which, list)                                                               \
	{                                                                              \
		.object = which, .rows = list, .count = sizeof(list) / sizeof(list[0]) \
	}
static const struct explain_names names = {
	.ports = ALL(API_PORT, ports),
	.vrfs = ALL(API_VRF, vrfs),
	.interfaces = ALL(API_INTERFACE, interfaces),
	.adjacencies = ALL(API_ADJACENCY, adjacencies),
	.policers = ALL(API_POLICER, policers),
};

static const struct api_explanation forwarded = {
	.outcome = API_OUTCOME_SENT,
	.step = API_STEP_REWRITE,
	.interface = 1,
	.vrf = 1,
	.ethertype = 0x0800,
	.l3_bytes = 40,
	.urpf = API_URPF_STRICT,
	.source = {.group = 16,
		.has_prefix = 1,
		.prefix_len = 16,
		.origin = API_ORIGIN_BGP,
		.prefix = {10}},
	.route = {.group = 17,
		.leaked_from = 2,
		.has_prefix = 1,
		.prefix_len = 16,
		.origin = API_ORIGIN_STATIC,
		.prefix = {10, 1}},
	.member_count = 2,
	.chosen = 6,
	.members = {{5, API_MEMBER_DEAD, API_PATH_BFD}, {6, API_MEMBER_LIVE, 0}},
	.out_interface = 2,
	.mtu = 1400,
	.policer_in = 9,
	.layer2_bytes = 18,
	.layer2 = {6, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 7, 0x81, 0, 0, 10, 8, 0},
};

static const char *cell(const json_t *answer, const char *step, const char *key)
{
	json_t *row;
	size_t i;

	json_array_foreach (json_object_get(answer, "steps"), i, row)
		if (strcmp(json_string_value(json_object_get(row, "step")), step) == 0)
			return json_string_value(json_object_get(row, key));
	return "no such step";
}

static const char *text(const json_t *answer, const char *key)
{
	return json_string_value(json_object_get(answer, key));
}

static void a_packet_that_is_sent(void **state)
{
	json_t *answer = explain_answer(&names, &interfaces[0], &forwarded, NULL);
	const json_t *hops = json_object_get(answer, "next_hops");

	assert_string_equal(cell(answer, "tags", "why"),
		"port cust, S-tag 100 and C-tag 200: domain private.acme");
	assert_string_equal(cell(answer, "source", "why"),
		"uRPF strict: the way back is 10.0.0.0/16, bgp, by a link of private.acme");
	assert_string_equal(
		cell(answer, "route", "why"), "10.1.0.0/16, static, leaked from vnet.net");
	assert_string_equal(cell(answer, "next hop", "why"),
		"10.255.0.1 on net/core: down by bfd; 10.255.0.5 on net/core: live, chosen for "
		"this flow");
	assert_string_equal(
		cell(answer, "egress", "why"), "40 bytes by net/core, whose MTU is 1400");
	assert_string_equal(cell(answer, "policer", "why"), "acme/primary/in: credit at hand");
	assert_string_equal(cell(answer, "rewrite", "why"),
		"to 06:00:00:00:00:01 from 02:00:00:00:00:07, tag 10 (0x8100)");
	assert_string_equal(cell(answer, "martian", "verdict"), "pass");
	assert_string_equal(cell(answer, "outcome", "verdict"), "sent");
	assert_string_equal(text(answer, "link"), "acme/private/primary");
	assert_string_equal(text(answer, "outcome"), "sent");
	assert_true(json_is_null(json_object_get(answer, "reason")));
	assert_string_equal(text(answer, "layer2"), "0600000000010200000000078100000a0800");
	assert_string_equal(text(json_object_get(answer, "route"), "prefix"), "10.1.0.0/16");
	assert_string_equal(text(json_array_get(hops, 0), "down"), "bfd");
	assert_true(json_is_true(json_object_get(json_array_get(hops, 1), "chosen")));
	json_decref(answer);
}

static void who_announced_it(void **state)
{
	struct api_explanation said = forwarded;
	json_t *sessions = json_pack("[{s:s, s:s, s:s, s:s, s:i}]", "peering", "net", "link",
		"core", "family", "ipv4", "neighbour", "10.255.0.5", "asn", 65001);
	json_t *answer, *hop;

	said.route.origin = API_ORIGIN_BGP;
	answer = explain_answer(&names, &interfaces[0], &said, sessions);
	assert_non_null(
		strstr(cell(answer, "next hop", "why"), "(announced by 10.255.0.5, AS 65001)"));
	hop = json_array_get(json_object_get(answer, "next_hops"), 1);
	assert_string_equal(text(json_object_get(hop, "announced_by"), "neighbour"), "10.255.0.5");
	json_decref(answer);
	json_decref(sessions);
}

static void a_packet_that_is_dropped(void **state)
{
	struct api_explanation said = forwarded;
	json_t *answer;

	said.outcome = API_OUTCOME_DROPPED;
	said.step = API_STEP_SOURCE;
	said.reason = API_DROP_URPF_STRICT;
	said.source = (struct api_found){.group = API_GROUP_NONE};
	answer = explain_answer(&names, &interfaces[0], &said, NULL);
	assert_string_equal(cell(answer, "header", "verdict"), "pass");
	assert_string_equal(cell(answer, "source", "verdict"), "drop");
	assert_string_equal(cell(answer, "source", "why"),
		"uRPF strict: the way back is no route in private.acme");
	assert_string_equal(cell(answer, "route", "why"), "no such step");
	assert_string_equal(cell(answer, "outcome", "verdict"), "dropped");
	assert_non_null(strstr(cell(answer, "outcome", "why"), "urpf-strict: "));
	assert_string_equal(text(answer, "reason"), "urpf-strict");
	json_decref(answer);

	said.step = API_STEP_ROUTE;
	said.reason = API_DROP_NO_ROUTE;
	said.route = said.source;
	said.told = 1;
	said.budget = API_BUDGET_ICMP;
	said.budget_pps = 200;
	answer = explain_answer(&names, &interfaces[0], &said, NULL);
	assert_string_equal(cell(answer, "route", "verdict"), "drop");
	assert_string_equal(cell(answer, "route", "why"), "no route in private.acme");
	assert_non_null(strstr(cell(answer, "outcome", "why"), "told by ICMP, 200 times a second"));
	json_decref(answer);
}

static void a_packet_beyond_the_rate(void **state)
{
	struct api_explanation said = forwarded;
	json_t *answer;

	said.outcome = API_OUTCOME_DROPPED;
	said.step = API_STEP_POLICER;
	said.reason = API_DROP_POLICER_IN;
	answer = explain_answer(&names, &interfaces[0], &said, NULL);
	assert_string_equal(cell(answer, "policer", "verdict"), "drop");
	assert_string_equal(
		cell(answer, "policer", "why"), "acme/primary/in: no credit this moment");
	json_decref(answer);
}

static void a_packet_for_the_edge(void **state)
{
	struct api_explanation said = {.outcome = API_OUTCOME_PUNTED,
		.step = API_STEP_LOCAL,
		.vrf = 1,
		.interface = 1,
		.ethertype = 0x0800,
		.budget = API_BUDGET_BGP,
		.budget_pps = 2000};
	json_t *answer = explain_answer(&names, &interfaces[0], &said, NULL);

	assert_string_equal(cell(answer, "for us", "verdict"), "punt");
	assert_string_equal(cell(answer, "outcome", "verdict"), "punted");
	assert_non_null(
		strstr(cell(answer, "outcome", "why"), "budget for BGP is 2000 packets a second"));
	assert_true(json_is_null(json_object_get(answer, "out_link")));
	assert_true(json_is_null(json_object_get(answer, "route")));
	json_decref(answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_that_is_sent),
		cmocka_unit_test(who_announced_it),
		cmocka_unit_test(a_packet_that_is_dropped),
		cmocka_unit_test(a_packet_beyond_the_rate),
		cmocka_unit_test(a_packet_for_the_edge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
