/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands about what circuits are connected with, and what is shown of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/server/views.h"
#include "tests/unit/control/server_fakes.h"
#include "tests/unit/control/server_wishes.h"

static void make_circuit(const char *name, int s_tag, const char *subnet)
{
	must(json_pack("{s:s, s:s, s:{s:s, s:s, s:i}}", "circuit", name, "verb", "create", "fields",
		"port_pair", "shared", "bandwidth", "1G", "s_tag", s_tag));
	must(json_pack("{s:s, s:s, s:s, s:{s:i, s:i, s:[s]}}", "circuit", name, "verb",
		"set-peering", "peering", "private", "fields", "c_tag", 100, "peer_asn", 65100,
		"link_subnets", subnet));
}

static void two_circuits(void)
{
	must(file(document_provider));
	make_circuit("acme", 101, "192.0.2.8/29");
}

static void circuits_are_connected_and_disconnected(void **state)
{
	two_circuits();
	must(verb("contoso", "connect-circuit", "acme"));
	assert_int_equal(fakes.site->global_reach_count, 1);
	assert_string_equal(fakes.site->global_reach[0].name, "contoso-acme");
	/* Either of them may be named first. */
	must_not(verb("acme", "connect-circuit", "contoso"),
		"circuits acme and contoso reach each other already, by "
		"global_reach[contoso-acme]");
	must(verb("acme", "disconnect-circuit", "contoso"));
	assert_int_equal(fakes.site->global_reach_count, 0);
	must_not(verb("contoso", "disconnect-circuit", "acme"),
		"there is no global reach between circuits contoso and acme");
}

static void what_cannot_be_connected_is_named(void **state)
{
	two_circuits();
	must_not(verb("contoso", "connect-circuit", "acmee"), "did you mean \\\"acme\\\"");
	must_not(verb("contoso", "connect-circuit", "contoso"), "both are contoso");
	must_not(verb("contoso", "disconnect-circuit", "contoso"), "there is no global reach");
	must_not(verb("contoso", "connect-circuit", NULL), "needs \\\"value\\\"");
	must(json_pack("{s:s, s:s, s:s}", "circuit", "acme", "verb", "delete-peering", "peering",
		"private"));
	must_not(verb("contoso", "connect-circuit", "acme"), "has no private peering");
	json_t *wish = verb("contoso", "connect-circuit", "acme");
	json_object_set_new(wish, "principal", json_string("customer:acme"));
	must_not(wish, "belongs to the operator");
}

/* Names that together are too long for one, and a file's entry in the way. */
static void connections_find_a_name(void **state)
{
	two_circuits();
	make_circuit("a-circuit-of-a-long-name", 102, "192.0.2.16/29");
	make_circuit("and-one-more-of-the-kind", 103, "192.0.2.24/29");
	must(verb("a-circuit-of-a-long-name", "connect-circuit", "and-one-more-of-the-kind"));
	must(verb("a-circuit-of-a-long-name", "connect-circuit", "contoso"));
	assert_int_equal(fakes.site->global_reach_count, 2);
	assert_string_equal(fakes.site->global_reach[0].name, "reach-1");
	assert_string_equal(fakes.site->global_reach[1].name, "reach-2");
}

static void what_is_connected_is_not_deleted(void **state)
{
	two_circuits();
	must(verb("contoso", "connect-circuit", "acme"));
	must_not(verb("acme", "delete", NULL),
		"circuits[acme] cannot be deleted: it reaches another by "
		"global_reach[contoso-acme]; take that away first");
	must_not(json_pack("{s:s, s:s, s:s}", "circuit", "acme", "verb", "delete-peering",
			 "peering", "private"),
		"cannot be deleted: its circuit reaches another by");
	must(verb("contoso", "disconnect-circuit", "acme"));
	must(verb("acme", "delete", NULL));
}

/* A tier is not lowered below what it is used for. */
static void tiers_follow_what_is_connected(void **state)
{
	char *document;

	assert_true(asprintf(&document, "region: europe\n%s    region: america\n",
			    document_provider) > 0);
	must_not(file(document), "is of tier standard, which reaches networks in region");
	memcpy(strstr(document, "tier: standard"), "tier: premium ", strlen("tier: premium "));
	must(file(document));
	must_not(verb("contoso", "set-tier", "standard"),
		"is of tier standard, which reaches networks in region");
	must_not(verb("contoso", "set-tier", "standard"), "tier: premium for the circuit");
	free(document);
}

/* ---- what is shown ---- */

static const char *state_of_first(void)
{
	static char text[128];
	json_t *rows = view_connections(NULL);

	snprintf(text, sizeof(text), "%s",
		json_string_value(json_object_get(json_array_get(rows, 0), "state")));
	json_decref(rows);
	return text;
}

static void connections_are_shown(void **state)
{
	json_t *rows, *expected;

	assert_int_equal(json_array_size(rows = view_connections(NULL)), 0);
	json_decref(rows);
	must(file(document_good));
	make_circuit("acme", 101, "192.0.2.8/29");
	must(verb("acme", "connect-circuit", "contoso"));
	fakes.to_circuit = (struct sync_leaks){.prefixes = {2, 1}};
	fakes.from_circuit = (struct sync_leaks){.prefixes = {7, 5}};
	rows = view_connections(NULL);
	expected = json_loads(
		"[{\"circuit\": \"contoso\", \"peering\": \"contoso/private\", \"kind\":"
		" \"network\", \"with\": \"blue\", \"weight\": 100, \"to_circuit4\": 2,"
		" \"to_circuit6\": 1, \"from_circuit4\": 7, \"from_circuit6\": 5,"
		" \"limit4\": 1000, \"limit6\": 100, \"refused4\": 0, \"refused6\": 0,"
		" \"state\": \"up\"},"
		" {\"circuit\": \"acme\", \"peering\": \"acme/private\", \"kind\":"
		" \"global-reach\", \"with\": \"contoso\", \"weight\": null,"
		" \"to_circuit4\": 2, \"to_circuit6\": 1, \"from_circuit4\": 7,"
		" \"from_circuit6\": 5, \"limit4\": null, \"limit6\": null, \"refused4\": 0,"
		" \"refused6\": 0, \"state\": \"up\"}]",
		0, NULL);
	if (!json_equal(rows, expected))
		fail_msg("%s", json_dumps(rows, 0));
	json_decref(expected);
	json_decref(rows);
}

static void states_say_what_is_wrong(void **state)
{
	must(file(document_good));
	assert_string_equal(state_of_first(), "no prefixes either way");
	fakes.from_circuit.prefixes[1] = 1;
	assert_string_equal(state_of_first(), "no prefixes from blue");
	fakes.from_circuit.prefixes[1] = 0;
	fakes.to_circuit.prefixes[0] = 800;
	assert_string_equal(state_of_first(), "no prefixes from contoso");
	fakes.to_circuit.alarm[0] = true;
	assert_string_equal(state_of_first(), "80 % of the limit");
	fakes.to_circuit.refused[0] = 3;
	fakes.to_circuit.refused[1] = 1;
	assert_string_equal(state_of_first(), "4 prefixes refused: above the limit");
	must(verb("contoso", "disable", NULL));
	assert_string_equal(state_of_first(), "circuit contoso is disabled");
	must(verb("contoso", "enable", NULL));
	make_circuit("acme", 101, "192.0.2.8/29");
	must(verb("acme", "connect-circuit", "contoso"));
	must(verb("contoso", "disable", NULL));
	json_t *rows = view_connections(NULL);
	assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 1), "state")),
		"contoso is not on this edge, or does not forward");
	json_decref(rows);
}

static void what_is_refused_is_named(void **state)
{
	json_t *rows = json_array(), *row;

	must(file(document_good));
	fakes.to_circuit.refused[0] = 1001;
	views_add_leaks(rows, NULL);
	assert_int_equal(json_array_size(rows), 1000);
	row = json_array_get(rows, 0);
	assert_string_equal(json_string_value(json_object_get(row, "peering")), "contoso/private");
	assert_string_equal(json_string_value(json_object_get(row, "link")), "blue");
	assert_string_equal(json_string_value(json_object_get(row, "prefix")), "10.7.0.0/24");
	assert_string_equal(json_string_value(json_object_get(row, "reason")),
		"above the limit of 1000 IPv4 prefixes of the connection with virtual network "
		"blue");
	json_decref(rows);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, wishes_setup, wishes_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(circuits_are_connected_and_disconnected),
		TEST(what_cannot_be_connected_is_named),
		TEST(connections_find_a_name),
		TEST(what_is_connected_is_not_deleted),
		TEST(tiers_follow_what_is_connected),
		TEST(connections_are_shown),
		TEST(states_say_what_is_wrong),
		TEST(what_is_refused_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
