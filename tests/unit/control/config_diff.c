/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an apply would change, and which sessions it touches.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/control/config_support.h"

static char *example(const char *name)
{
	const char *root = getenv("SOURCE_ROOT");
	char path[4096];

	assert_non_null(root);
	snprintf(path, sizeof(path), "%s/docs/examples/%s", root, name);
	return document_provisioned(document_read(path));
}

/* The difference that one replacement in an example makes on an edge. */
static json_t *diff_of(const char *file, const char *from, const char *to, const char *edge)
{
	char *document = example(file);
	char *changed = document_replace(document, from, to, NULL);
	struct site *old = site_load(document), *new = site_load(changed);
	json_t *diff = config_diff(old, new, edge);

	assert_non_null(diff);
	site_free(old);
	site_free(new);
	free(document);
	free(changed);
	return diff;
}

/* Compares, shows both when they differ, and gives diff back. */
static void assert_diff(json_t *diff, const char *expected)
{
	json_t *wanted = json_loads(expected, 0, NULL);

	assert_non_null(wanted);
	if (!json_equal(diff, wanted)) {
		char *text = json_dumps(diff, JSON_INDENT(1));
		print_error("found %s\nwanted %s\n", text, expected);
		free(text);
		fail();
	}
	json_decref(wanted);
	json_decref(diff);
}

static void test_nothing(void **state)
{
	assert_diff(diff_of("lab.yaml", "bandwidth: 1G", "bandwidth: 1000M", "edge"),
		"{\"changes\": [], \"sessions\": [], \"restart\": []}");
}

static void test_bandwidth(void **state)
{
	assert_diff(diff_of("lab.yaml", "bandwidth: 1G", "bandwidth: 2G", "edge"),
		"{\"changes\": [{\"action\": \"change\", \"what\": \"circuit contoso\","
		" \"field\": \"bandwidth\", \"from\": \"1G\", \"to\": \"2G\"}],"
		" \"sessions\": [], \"restart\": []}");
}

static void test_peer_asn(void **state)
{
	assert_diff(diff_of("lab.yaml", "peer_asn: 65001", "peer_asn: 65009", "edge"),
		"{\"changes\": [{\"action\": \"change\", \"what\": \"contoso/private\","
		" \"field\": \"peer_asn\", \"from\": \"65001\", \"to\": \"65009\"}],"
		" \"sessions\": ["
		" {\"session\": \"contoso/private/primary ipv4\", \"effect\": \"reset\"},"
		" {\"session\": \"contoso/private/primary ipv6\", \"effect\": \"reset\"},"
		" {\"session\": \"contoso/private/secondary ipv4\", \"effect\": \"reset\"},"
		" {\"session\": \"contoso/private/secondary ipv6\", \"effect\": \"reset\"}],"
		" \"restart\": []}");
}

/* Timers change under a session that goes on. */
static void test_bfd(void **state)
{
	assert_diff(
		diff_of("lab.yaml", "peer_asn: 65001", "peer_asn: 65001\n        bfd: off", "edge"),
		"{\"changes\": [{\"action\": \"change\", \"what\": \"contoso/private\","
		" \"field\": \"bfd\", \"from\": \"300ms x 3\", \"to\": \"off\"}],"
		" \"sessions\": [], \"restart\": []}");
}

#define AUTH(keys) "peer_asn: 65001\n        bfd: {auth: {keys: [" keys "]}}"

/* The keys that are there, which of them signs, and that a secret is another one: not what it is.
 */
static void test_bfd_keys(void **state)
{
	char *document = example("lab.yaml");
	char *first = document_replace(
		document, "peer_asn: 65001", AUTH("{id: 1, file: /a}, {id: 2, file: /b}"), NULL);
	char *then = document_replace(
		document, "peer_asn: 65001", AUTH("{id: 2, file: /b}, {id: 3, file: /c}"), NULL);
	struct site *old = site_load(first), *new = site_load(then);

	for (unsigned int i = 0; i < 2; i++) {
		struct bfd_auth_key *keys =
			(i == 0 ? old : new)->circuits[0].peerings[0].bfd_auth->keys;

		for (unsigned int k = 0; k < 2; k++) {
			keys[k].secret_bytes = 6;
			memcpy(keys[k].secret, "secret", 6);
		}
	}
	assert_diff(config_diff(old, new, "edge"),
		"{\"changes\": ["
		"{\"action\": \"change\", \"what\": \"contoso/private\", \"field\": \"bfd.auth\","
		" \"from\": \"meticulous-sha1, signed with key 1\","
		" \"to\": \"meticulous-sha1, signed with key 2\"},"
		"{\"action\": \"change\", \"what\": \"contoso/private\","
		" \"field\": \"bfd.auth.keys[1]\", \"from\": \"/a\", \"to\": null},"
		"{\"action\": \"change\", \"what\": \"contoso/private\","
		" \"field\": \"bfd.auth.keys[3]\", \"from\": null, \"to\": \"/c\"}],"
		" \"sessions\": [], \"restart\": []}");
	/* Key 2 again, with something else in its file. */
	memcpy(new->circuits[0].peerings[0].bfd_auth->keys[0].secret, "other!", 6);
	json_t *diff = config_diff(old, new, "edge");
	json_t *changes = json_object_get(diff, "changes");

	assert_int_equal(json_array_size(changes), 4);
	assert_string_equal(json_string_value(json_object_get(json_array_get(changes, 3), "field")),
		"bfd.auth.keys[2]");
	assert_string_equal(json_string_value(json_object_get(json_array_get(changes, 3), "to")),
		"/b, with another secret");
	json_decref(diff);
	site_free(old);
	site_free(new);
	free(document);
	free(first);
	free(then);
}

/* A family that goes stops its sessions and leaves the others alone. */
static void test_family_goes(void **state)
{
	assert_diff(diff_of("lab.yaml", "[192.0.2.0/29, \"2001:db8:1::/125\"]",
			    "[\"2001:db8:1::/125\"]", "edge"),
		"{\"changes\": [{\"action\": \"change\", \"what\": \"contoso/private\","
		" \"field\": \"primary\","
		" \"from\": \"192.0.2.2/30 to 192.0.2.1, 2001:db8:1::2/126 to 2001:db8:1::1\","
		" \"to\": \"2001:db8:1::2/126 to 2001:db8:1::1\"},"
		" {\"action\": \"change\", \"what\": \"contoso/private\", \"field\": \"secondary\","
		" \"from\": \"192.0.2.6/30 to 192.0.2.5, 2001:db8:1::6/126 to 2001:db8:1::5\","
		" \"to\": \"2001:db8:1::6/126 to 2001:db8:1::5\"}],"
		" \"sessions\": ["
		" {\"session\": \"contoso/private/primary ipv4\", \"effect\": \"stop\"},"
		" {\"session\": \"contoso/private/secondary ipv4\", \"effect\": \"stop\"}],"
		" \"restart\": []}");
}

static void test_connection_and_prefix(void **state)
{
	assert_diff(diff_of("lab.yaml", "    connections: [{circuit: contoso}]\n", "", "edge"),
		"{\"changes\": [{\"action\": \"remove\","
		" \"what\": \"connection contoso-vnet - contoso\"}],"
		" \"sessions\": [], \"restart\": []}");
	assert_diff(diff_of("lab.yaml", "10.1.0.0/16", "10.2.0.0/16", "edge"),
		"{\"changes\": [{\"action\": \"change\", \"what\": \"vnet fabrikam-vnet\","
		" \"field\": \"prefix 10.1.0.0/16\", \"from\": \"routed\", \"to\": null},"
		" {\"action\": \"change\", \"what\": \"vnet fabrikam-vnet\","
		" \"field\": \"prefix 10.2.0.0/16\", \"from\": null, \"to\": \"routed\"}],"
		" \"sessions\": [], \"restart\": []}");
}

/* Only the edge that is asked about: the other's sessions and CPUs are not its business. */
static void test_other_edge(void **state)
{
	static const char from[] = "secondary: [203.0.113.4/30]";
	static const char to[] = "secondary: [203.0.113.8/30]";
	json_t *here = diff_of("site.yaml", from, to, "fra1-b");
	json_t *there = diff_of("site.yaml", from, to, "fra1-a");

	assert_int_equal(json_array_size(json_object_get(there, "changes")), 1);
	assert_int_equal(json_array_size(json_object_get(there, "sessions")), 0);
	assert_diff(json_incref(json_object_get(here, "sessions")),
		"[{\"session\": \"acme-prod/public/secondary ipv4\", \"effect\": \"reset\"}]");
	json_decref(here);
	json_decref(there);
}

static json_t *restart_of(const char *from, const char *to)
{
	json_t *diff = diff_of("lab.yaml", from, to, "edge");
	json_t *restart = json_incref(json_object_get(diff, "restart"));

	json_decref(diff);
	return restart;
}

static void test_restart(void **state)
{
	assert_diff(restart_of("workers: [1]", "workers: [2]"), "[\"cores.workers changes\"]");
	assert_diff(restart_of("control: [0]", "control: [0, 3]"), "[\"cores.control changes\"]");
	assert_diff(restart_of("idle: 50us", "idle: poll"), "[\"cores.idle changes\"]");
	assert_diff(restart_of("size: 512M", "size: 1G"), "[\"memory changes\"]");
	assert_diff(restart_of("name: core, ", "name: core, mtu: 9000, "),
		"[\"the largest port mtu changes from 1500 to 9000, and with it the packet "
		"buffers\"]");
	assert_diff(restart_of("\"net_tap2,iface=core,persist=1\"", "\"0000:17:00.1\""),
		"[\"the first PCI device comes\"]");
	assert_diff(restart_of("name: core, ", "name: core, mtu: 1400, "), "[]");
}

/* Without a site before, everything is new. */
static void test_first(void **state)
{
	char *document = example("lab.yaml");
	struct site *site = site_load(document);
	json_t *diff = config_diff(NULL, site, "edge");
	json_t *changes = json_object_get(diff, "changes"), *change;
	size_t index;

	/* site, edge, 3 ports, pair, 2 circuits, 2 peerings, 2 vnets, 2 connections */
	assert_int_equal(json_array_size(changes), 14);
	json_array_foreach (changes, index, change)
		assert_string_equal(json_string_value(json_object_get(change, "action")), "add");
	/* 2 customers x 2 links x 2 families, and the core's 2 */
	assert_int_equal(json_array_size(json_object_get(diff, "sessions")), 10);
	assert_int_equal(json_array_size(json_object_get(diff, "restart")), 0);
	json_decref(diff);
	site_free(site);
	free(document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_bandwidth),
		cmocka_unit_test(test_peer_asn),
		cmocka_unit_test(test_bfd),
		cmocka_unit_test(test_bfd_keys),
		cmocka_unit_test(test_family_goes),
		cmocka_unit_test(test_connection_and_prefix),
		cmocka_unit_test(test_other_edge),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
