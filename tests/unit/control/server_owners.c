/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who may write what: every field of circuits and peerings, as every principal, whoever manages the
 * peering; then how peerings are made, taken away, filed and rolled back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/config/schema.h"
#include "control/server/changes.h"
#include "control/server/views.h"
#include "control/store/objects.h"
#include "tests/unit/control/server_fakes.h"
#include "tests/unit/control/server_wishes.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PRIVATE "circuits[contoso].peerings[private]"

/* document_provider with a second pair, and more said of its circuit and its peering; malloc'd. */
static char *document(const char *circuit, const char *peering)
{
	static const struct {
		const char *before;
		const char *more;
	} always[] = {
		{"port_pairs:\n",
			"      - {name: cust-c, device: net_null3, role: customer, speed: 10G}\n"
			"      - {name: cust-d, device: net_null4, role: customer, speed: 10G}\n"},
		{"circuits:\n", "  - {name: other, model: provider, encapsulation: mixed,\n"
				"     primary: lab-a/cust-c, secondary: lab-a/cust-d}\n"},
	};
	char *text = strdup(document_provider);
	const char *const places[] = {
		always[0].before, always[1].before, "    s_tag: 100\n", "c_tag: 200,"};
	const char *const more[] = {always[0].more, always[1].more, circuit, peering};

	for (size_t i = 0; i < COUNT(places); i++) {
		const char *at = strstr(text, places[i]);
		char *longer = NULL;

		assert_non_null(at);
		assert_true(asprintf(&longer, "%.*s%s%s", (int)(at - text), text, more[i], at) > 0);
		free(text);
		text = longer;
	}
	return text;
}

static void start(const char *circuit, const char *peering)
{
	char *text = document(circuit, peering);

	wishes_wipe();
	assert_int_equal(store_open(office.state_dir, &office.store), 0);
	must(file(text));
	free(text);
}

static json_t *as(const char *principal, json_t *wish)
{
	json_object_set_new(wish, "principal", json_string(principal));
	return wish;
}

static json_t *set(const char *what, const char *fields)
{
	json_t *wish = verb("contoso", "set", NULL);

	if (what != NULL) {
		json_object_set_new(wish, "verb", json_string("set-peering"));
		json_object_set_new(wish, "peering", json_string(what));
	}
	json_object_set_new(wish, "fields", json_loads(fields, 0, NULL));
	assert_non_null(json_object_get(wish, "fields"));
	return wish;
}

static json_t *delete_peering(const char *what)
{
	json_t *wish = verb("contoso", "delete-peering", NULL);

	json_object_set_new(wish, "peering", json_string(what));
	return wish;
}

static const json_t *own(const char *object)
{
	return json_object_get(office.store.now.objects, object);
}

/* ---- the matrix ---- */

static const char *const principals[] = {
	"operator", "provider", "customer:acme", "customer:globex"};
static const char *const called[] = {"operator", "provider", "customer acme", "customer globex"};

/* What the circuit and the peering say, and whose the peering's fields are then (of principals). */
static const struct situation {
	const char *circuit, *peering;
	unsigned int manager;
} situations[] = {
	{"", "", 0},
	{"", "managed_by: provider, ", 1},
	{"    customer: acme\n", "", 2},
	{"    customer: acme\n", "managed_by: customer, ", 2},
	{"    customer: acme\n", "managed_by: provider, ", 1},
	{"    customer: acme\n", "managed_by: operator, ", 0},
	{"    customer: globex\n", "", 3},
};

/* A value that the owner may write; of what is not listed here, and has none with a wrong one,
 * the owner's verdict is the loader's. */
static const struct {
	const char *list, *field, *fields;
} right[] = {
	{"circuits", "customer", "{\"customer\": \"wingtip\"}"},
	{"circuits", "port_pair", "{\"port_pair\": \"other\"}"},
	{"circuits", "bandwidth", "{\"bandwidth\": \"2G\"}"},
	{"circuits", "rate_limit", "{\"rate_limit\": true}"},
	{"circuits", "burst", "{\"burst\": \"20ms\"}"},
	{"circuits", "overhead", "{\"overhead\": 24}"},
	{"circuits", "tier", "{\"tier\": \"premium\"}"},
	{"circuits", "family", "{\"family\": \"unlimited\"}"},
	{"circuits", "state", "{\"state\": \"disabled\"}"},
	{"circuits", "provider_state", "{\"provider_state\": \"provisioned\"}"},
	{"circuits", "service_key", "{\"service_key\": \"2f1c3a52-6a0e-5c0f-9a3b-0d8c5d1f7e11\"}"},
	{"peerings", "managed_by", "{\"managed_by\": \"operator\"}"},
	{"peerings", "c_tag", "{\"c_tag\": 201}"},
	{"peerings", "peer_asn", "{\"peer_asn\": 65002}"},
	{"peerings", "bfd", "{\"bfd\": {\"interval\": \"50ms\"}}"},
	{"peerings", "urpf", "{\"urpf\": \"loose\"}"},
	{"peerings", "ttl_security", "{\"ttl_security\": true}"},
	{"peerings", "prefix_limit", "{\"prefix_limit\": {\"ipv4\": 8000}}"},
	{"peerings", "link_subnets", "{\"link_subnets\": [\"192.0.2.8/29\"]}"},
	{"peerings", "primary",
		"{\"link_subnets\": null, \"primary\": [\"192.0.2.8/30\"],"
		" \"secondary\": [\"192.0.2.12/30\"]}"},
};

/* From domain.md's rules, not from the code. */
static unsigned int owner_of_field(
	const char *list, const char *field, const struct situation *situation)
{
	if (strcmp(field, "provider_state") == 0)
		return 1;
	if (strcmp(list, "circuits") == 0 || strcmp(field, "managed_by") == 0)
		return 0;
	/* Who could spoof would set it off; and so what he may announce, and which files are read.
	 */
	if (strcmp(field, "urpf") == 0 || strcmp(field, "prefix_limit") == 0 ||
		strcmp(field, "md5_file") == 0 || strcmp(field, "validated_prefixes") == 0 ||
		strcmp(field, "origin_asn") == 0)
		return 0;
	return situation->manager;
}

static const char *right_value(const char *list, const char *field)
{
	for (size_t i = 0; i < COUNT(right); i++)
		if (strcmp(right[i].list, list) == 0 && strcmp(right[i].field, field) == 0)
			return right[i].fields;
	return NULL;
}

/* One cell: as this principal, this field. */
static void try(const struct situation *situation, const char *list, const char *field,
	unsigned int principal)
{
	unsigned int owner = owner_of_field(list, field, situation);
	const char *value = right_value(list, field);
	bool operators = strstr(situation->peering, "operator") != NULL;
	char fields[320], text[160];
	json_t *wish, *reply;

	/* Another than there is. */
	if (operators && strcmp(field, "managed_by") == 0)
		value = "{\"managed_by\": \"customer\"}";
	snprintf(fields, sizeof(fields), "{\"%s\": \"wrong value\"}", field);
	wish = as(principals[principal], set(strcmp(list, "peerings") == 0 ? "private" : NULL,
						 value != NULL ? value : fields));
	if (owner != principal) {
		snprintf(text, sizeof(text), " belongs to the %s, and this was asked as the %s",
			called[owner], called[principal]);
		must_not(wish, text);
		return;
	}
	reply = change(wish);
	const char *error = json_string_value(json_object_get(reply, "error"));
	if (value != NULL && error != NULL)
		fail_msg("%s.%s as the %s: %s", list, field, called[principal],
			json_dumps(reply, 0));
	if (value == NULL)
		assert_true(error != NULL && strstr(error, "belongs to") == NULL);
	if (error == NULL)
		start(situation->circuit, situation->peering);
	json_decref(reply);
}

static void try_list(
	const struct situation *situation, const char *list, const struct schema *schema)
{
	for (unsigned int i = 0; i < schema->field_count; i++) {
		bool inner = schema->fields[i].kind == FIELD_MAPPING &&
			     schema->fields[i].schema->key >= 0;

		/* It has commands of its own: see below. */
		if (strcmp(schema->fields[i].name, "route_filter") == 0)
			continue;
		if ((int)i == schema->key || inner)
			continue;
		for (unsigned int principal = 0; principal < COUNT(principals); principal++)
			try(situation, list, schema->fields[i].name, principal);
	}
}

static void each_field_as_each_principal(void **state)
{
	const struct schema *circuits = site_schema.fields[SITE_CIRCUITS].schema;

	for (size_t i = 0; i < COUNT(situations); i++) {
		start(situations[i].circuit, situations[i].peering);
		try_list(&situations[i], "circuits", circuits);
		try_list(&situations[i], "peerings", circuits->fields[CIRCUIT_PEERINGS].schema);
	}
}

/* ---- peerings come and go ---- */

#define PUBLIC_FIELDS \
	"{\"c_tag\": 300, \"peer_asn\": 65001, \"link_subnets\": [\"203.0.113.0/29\"]}"

static void peerings_are_made_by_who_manages_them(void **state)
{
	char key[37];

	start("    customer: acme\n", "");
	memcpy(key, fakes.site->circuits[0].service_key, sizeof(key));
	must_not(set("public", PUBLIC_FIELDS), "belongs to the customer acme");
	must_not(as("customer:globex", set("public", PUBLIC_FIELDS)),
		"belongs to the customer acme, and this was asked as the customer globex");
	must_not(as("customer:acme", set("public", "{\"c_tag\": 300}")), "peer_asn");
	must(as("customer:acme", set("public", PUBLIC_FIELDS)));
	must_not(as("customer:acme", set("public", "{\"route_filter\": \"storage\"}")),
		"onramp filter attach");
	must_not(as("customer:acme", verb("contoso", "attach-filter", "storage")),
		"its provider has to provision it first");
	must_not(delete_peering("public"), "peerings[public].");
	must_not(as("provider", delete_peering("public")), "belongs to the customer acme");
	must(as("customer:acme", delete_peering("microsoft")));
	must_not(as("customer:acme", delete_peering("public")), "there is no circuits[contoso]");
	/* The provider calls it by its key, and what he makes is his. */
	json_t *wish = set("public", PUBLIC_FIELDS);
	json_object_set_new(wish, "circuit", json_string(key));
	must(wish);
	assert_string_equal("provider",
		json_string_value(
			json_object_get(own("circuits[contoso].peerings[public]"), "managed_by")));
	must_not(as("customer:acme", set("public", "{\"peer_asn\": 65009}")),
		"circuits[contoso].peerings[public].peer_asn belongs to the provider, and this was "
		"asked as the customer acme");
	must_not(as("customer:acme", delete_peering("private")),
		"its circuit is connected to virtual network blue");
	/* The operator deletes circuits with all that is in them, whoever manages it. */
	must_not(verb("contoso", "delete", NULL), "connected to virtual network");
}

static void what_names_things_cannot_be_set(void **state)
{
	start("", "");
	must_not(set(NULL, "{\"name\": \"other\"}"), "is no field that can be set");
	must_not(set("private", "{\"type\": \"public\"}"), "is no field that can be set");
	must_not(set(NULL, "{\"peerings\": []}"), "is no field that can be set");
	must_not(set(NULL, "{\"burst\": 1.5}"), "has a value that no file could hold");
	must_not(set("private", "{\"bfd\": {\"interval\": null}}"), "that no file could hold");
	must_not(set("other", "{}"), "is no peering; write CIRCUIT/private or CIRCUIT/public");
	must_not(set(NULL, "{\"colour\": \"red\"}"), "colour");
	must_not(set("private", "{\"managed_by\": \"customer\"}"), "give it a customer: NAME");
	must(set("private", "{}"));
	assert_int_equal(office.store.now.revision, 1);
}

static void direct_pairs_have_no_provider(void **state)
{
	must(file(document_good));
	must_not(set("private", "{\"managed_by\": \"provider\"}"),
		"is direct, and no provider is between");
}

/* ---- files and rollbacks ---- */

static void files_leave_to_others_what_is_theirs(void **state)
{
	static const char customer[] = "    customer: acme\n";
	char *asn = document(customer, "");

	memcpy(strstr(asn, "65001"), "65007", 5);
	start(customer, "");
	must(as("customer:acme", set("private", "{\"peer_asn\": 65002, \"bfd\": \"off\"}")));
	must_not(file(asn), PRIVATE ".peer_asn is 65002 and belongs to the customer acme; the file "
				    "says 65007");
	must(json_pack("{s:s, s:b}", "document", asn, "take_ownership", 1));
	assert_int_equal(65007, json_integer_value(json_object_get(own(PRIVATE), "peer_asn")));
	/* What the file does not say stays his, the peering too when the file prunes. */
	assert_string_equal("off", json_string_value(json_object_get(own(PRIVATE), "bfd")));
	must(as("customer:acme", set("public", PUBLIC_FIELDS)));
	must_not(json_pack("{s:s, s:b}", "document", asn, "prune", 1),
		"circuits[contoso].peerings[public] is there and belongs to the customer acme; the "
		"file does not have it");
	must(json_pack("{s:s, s:b, s:b}", "document", asn, "prune", 1, "take_ownership", 1));
	assert_null(own("circuits[contoso].peerings[public]"));
	free(asn);
}

static void rollbacks_leave_to_others_what_is_theirs(void **state)
{
	start("    customer: acme\n", "");
	must(verb("contoso", "set-bandwidth", "2G"));
	must(as("customer:acme", set("private", "{\"peer_asn\": 65002}")));
	must(as("customer:acme", set("public", PUBLIC_FIELDS)));
	must(json_pack("{s:i}", "rollback", 1));
	assert_int_equal(65002, json_integer_value(json_object_get(own(PRIVATE), "peer_asn")));
	assert_non_null(own("circuits[contoso].peerings[public]"));
	assert_string_equal(
		"1G", json_string_value(json_object_get(own("circuits[contoso]"), "bandwidth")));
	must(as("customer:acme", delete_peering("public")));
	must(json_pack("{s:i}", "rollback", 4)); /* it was there then */
	assert_null(own("circuits[contoso].peerings[public]"));
}

static void circuits_go_and_come_with_all_of_theirs(void **state)
{
	char *lonely = document("    customer: acme\n", "");
	char *at = strstr(lonely, "    connections:");

	*at = '\0';
	wishes_wipe();
	assert_int_equal(store_open(office.state_dir, &office.store), 0);
	must(file(lonely));
	must(verb("contoso", "delete", NULL));
	assert_null(own(PRIVATE));
	must(json_pack("{s:i}", "rollback", 1));
	assert_int_equal(65001, json_integer_value(json_object_get(own(PRIVATE), "peer_asn")));
	free(lonely);
}

/* ---- what a provider sees ---- */

static void providers_see_what_they_need(void **state)
{
	json_t *rows;

	start("", "managed_by: provider, ");
	rows = view_service_key(fakes.plan, fakes.site->circuits[0].service_key);
	assert_int_equal(json_array_size(rows), 2);
	json_t *wanted = json_pack("{s:s, s:s, s:s, s:i, s:[], s:I, s:s, s:[s]}", "link",
		"secondary", "port", "lab-a/cust-b", "outer_ethertype", "0x8100", "s_tag", 100,
		"vlans", "bandwidth_bps", (json_int_t)1000000000, "provider_state",
		"not-provisioned", "managed", "private");
	assert_true(json_equal(json_array_get(rows, 1), wanted));
	json_decref(wanted);
	json_decref(rows);
	assert_null(view_service_key(fakes.plan, "contoso"));
	assert_null(view_service_key(NULL, "contoso"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, wishes_setup, wishes_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_field_as_each_principal),
		TEST(peerings_are_made_by_who_manages_them),
		TEST(what_names_things_cannot_be_set),
		TEST(direct_pairs_have_no_provider),
		TEST(files_leave_to_others_what_is_theirs),
		TEST(rollbacks_leave_to_others_what_is_theirs),
		TEST(circuits_go_and_come_with_all_of_theirs),
		TEST(providers_see_what_they_need),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
