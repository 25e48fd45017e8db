/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whatever changes the store: what it refuses and in which words, who may what, and that a plan and
 * a commit never differ.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/server/changes.h"
#include "control/store/objects.h"
#include "tests/unit/control/server_fakes.h"
#include "tests/unit/control/server_wishes.h"

#define SEED 11u
#define RANDOM_WISHES 2000u /* half of them files */

static json_t *begin(const char *circuit, const char *name)
{
	return json_pack("{s:s, s:s, s:b}", "circuit", circuit, "verb", name, "begin", 1);
}

static const struct site_circuit *contoso(void)
{
	return &fakes.site->circuits[site_find_circuit(fakes.site, "contoso")];
}

/* document_provider in force; key: contoso's service key. */
static void apply_good(char key[37])
{
	must(file(document_provider));
	memcpy(key, contoso()->service_key, 37);
}

static void circuits_live(void **state)
{
	char key[37];

	apply_good(key);
	assert_int_equal(fakes.plan->domain_count, 1); /* the virtual network's alone */
	must(begin(key, "provision"));
	assert_int_equal(contoso()->provider_state, PROVIDER_PROVISIONING);
	assert_int_equal(fakes.plan->domain_count, 1);
	must_not(verb("contoso", "delete", NULL), "it is connected to virtual network blue");
	must(verb(key, "provision", NULL));
	assert_int_equal(fakes.plan->domain_count, 2);
	must(verb("contoso", "disable", NULL));
	assert_int_equal(fakes.plan->domain_count, 1);
	must(verb("contoso", "enable", NULL));
	must(verb("contoso", "set-bandwidth", "2G"));
	must(verb("contoso", "set-tier", "premium"));
	assert_int_equal(contoso()->bandwidth_bps, 2000000000);
	assert_int_equal(contoso()->tier, TIER_PREMIUM);
	must(begin(key, "deprovision"));
	assert_int_equal(fakes.plan->domain_count, 1);
	must(verb(key, "deprovision", NULL));
	must_not(verb("contoso", "delete", NULL), "it is connected to virtual network blue");
	must(verb("contoso", "set-bandwidth", "1G"));
}

static void created_and_deleted(void **state)
{
	char key[37];
	json_t *fields = json_pack(
		"{s:s, s:s, s:i}", "port_pair", "shared", "bandwidth", "50M", "s_tag", 200);
	json_t *wish =
		json_pack("{s:s, s:s, s:o}", "circuit", "acme", "verb", "create", "fields", fields);

	must_not(json_incref(wish), "nothing was applied yet");
	apply_good(key);
	must(json_incref(wish));
	assert_int_equal(fakes.site->circuit_count, 2);
	must_not(json_incref(wish), "there is a circuit acme already");
	/* A file that does not know it leaves it alone, and --prune does not take it unasked. */
	must(file(document_provider));
	assert_int_equal(fakes.site->circuit_count, 2);
	must_not(json_pack("{s:s, s:b}", "document", document_provider, "prune", 1),
		"circuits[acme] is there since revision 2 (by a command of the operator)");
	must(verb("acme", "delete", NULL));
	assert_int_equal(fakes.site->circuit_count, 1);
	json_object_set_new(fields, "s_tag", json_integer(100));
	must_not(wish, "100");
}

static void refusals_say_why(void **state)
{
	char key[37];

	apply_good(key);
	must_not(verb("contoso", "set-bandwidth", "3G"), "3G is not sold on provider ports");
	must_not(verb("contoso", "set-bandwidth", "fast"), "is no bandwidth");
	must_not(verb("contoso", "set-tier", "local"), "tier is standard and cannot become local");
	must_not(verb("contoso", "set-tier", "gold"), "gold");
	must_not(verb("nobody", "enable", NULL), "there is no circuit of the name");
	must_not(verb("contos", "enable", NULL), "did you mean \\\"contoso\\\"?");
	must_not(verb("contoso", "set-bandwidth", "3G"), "the site would not be right with it");
	must_not(verb("contoso].peerings[private", "enable", NULL), "neither a circuit's name");
	must_not(json_pack("{s:s, s:s, s:{s:i}}", "circuit", "contoso", "verb", "set", "fields",
			 "s_tag", 101),
		"s_tag is 100 and cannot become 101");
	must_not(verb("contoso", "dance", NULL), "nothing that can be done to a circuit");
	must_not(begin(key, "deprovision"),
		"provider_state is not-provisioned and cannot become deprovisioning");
	must(verb(key, "provision", NULL));
	must_not(begin(key, "provision"),
		"provider_state is provisioned and cannot become provisioning");
	must(verb(key, "provision", NULL)); /* it is so already */
	assert_int_equal(office.store.now.revision, 2);
}

/* ---- who may what ---- */

static void owners_are_named(void **state)
{
	static const struct {
		const char *verb, *value;
		enum principal owner;
	} verbs[] = {
		{"provision", NULL, PRINCIPAL_PROVIDER},
		{"disable", NULL, PRINCIPAL_OPERATOR},
		{"set-bandwidth", "5G", PRINCIPAL_OPERATOR},
		{"set-tier", "premium", PRINCIPAL_OPERATOR},
	};
	static const char *const names[] = {"operator", "provider", "customer:acme"};
	char key[37], text[64];

	apply_good(key);
	for (unsigned int i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		enum principal owner = verbs[i].owner;

		snprintf(text, sizeof(text), " belongs to the %s, and this was asked as the ",
			principal_name(owner));
		for (unsigned int as = 0; as < PRINCIPALS; as++) {
			json_t *wish = verb("contoso", verbs[i].verb, verbs[i].value);
			json_object_set_new(wish, "principal", json_string(names[as]));
			if (as != (unsigned int)owner)
				must_not(wish, text);
			else
				json_decref(wish);
		}
		/* By the way the circuit is called, too. */
		must_not(verb(owner == PRINCIPAL_OPERATOR ? key : "contoso", verbs[i].verb,
				 verbs[i].value),
			text);
		must(verb(owner == PRINCIPAL_OPERATOR ? "contoso" : key, verbs[i].verb,
			verbs[i].value));
	}
	json_t *wish = verb("contoso", "enable", NULL);
	json_object_set_new(wish, "principal", json_string("king"));
	must_not(wish, "king\\\" is no principal; write operator, provider or customer:NAME");
}

/* The first occurrence of from, which there must be. */
static char *replaced_in(const char *old, const char *from, const char *to)
{
	char *document = malloc(strlen(old) + strlen(to) + 1);
	const char *at = strstr(old, from);

	sprintf(document, "%.*s%s%s", (int)(at - old), old, to, at + strlen(from));
	return document;
}

static char *replaced(const char *from, const char *to)
{
	return replaced_in(document_provider, from, to);
}

static void files_respect_commands_and_providers(void **state)
{
	char key[37];
	char *provisioned =
		replaced("    s_tag: 100\n", "    s_tag: 100\n    provider_state: provisioned\n");

	must_not(file(provisioned), "circuit contoso: it is new and cannot be provisioned yet");
	apply_good(key);
	must_not(file(provisioned), "belongs to the provider; the file says provisioned");
	must(verb(key, "provision", NULL));
	must(file(provisioned));
	must(file(document_provider));
	must(verb("contoso", "set-bandwidth", "5G"));
	must_not(file(document_provider),
		"circuits[contoso].bandwidth is 5G since revision 3 (by a command of the "
		"operator); the file says 1G");
	must(json_pack("{s:s, s:b}", "document", document_provider, "take_ownership", 1));
	assert_int_equal(contoso()->bandwidth_bps, 1000000000);
	assert_int_equal(contoso()->provider_state, PROVIDER_PROVISIONED);
	/* Now it is the file's again. */
	must(file(document_provider));
	free(provisioned);
}

/* ---- there and back ---- */

static char *export(void)
{
	size_t length;
	char *document =
		objects_document(office.store.now.objects, office.store.now.revision, &length);

	assert_non_null(document);
	return document;
}

static void exports_bring_everything_back(void **state)
{
	json_t *before, *diff;
	char key[37], *document;

	apply_good(key);
	must(verb(key, "provision", NULL));
	must(verb("contoso", "disable", NULL));
	must(verb("contoso", "set-bandwidth", "10G"));
	document = export();
	before = json_deep_copy(office.store.now.objects);
	must(file(document)); /* nothing changes */
	assert_int_equal(office.store.now.revision, 4);
	wishes_wipe();
	assert_int_equal(store_open(office.state_dir, &office.store), 0);
	must_not(file(document), "--take-ownership takes a backup's word for it");
	must(json_pack("{s:s, s:b}", "document", document, "take_ownership", 1));
	diff = objects_diff(before, office.store.now.objects);
	assert_int_equal(json_array_size(diff), 0);
	json_decref(diff);
	json_decref(before);
	free(document);
}

static void old_exports_do_not_undo(void **state)
{
	char key[37], *document;

	apply_good(key);
	document = export();
	must(file(document));
	must(verb("contoso", "set-bandwidth", "5G"));
	must_not(file(document), "since revision 2");
	free(document);
	document = export();
	must(file(document));
	free(document);
	document = replaced("site: lab\n", "site: lab\nrevision: 3\n");
	must_not(file(document), "is newer than the store, which is at 2");
	free(document);
}

static void rollbacks_keep_what_is_the_providers(void **state)
{
	char key[37];

	apply_good(key);
	must(verb("contoso", "set-bandwidth", "5G"));
	must(verb(key, "provision", NULL));
	must(verb("contoso", "set-tier", "premium"));
	must(json_pack("{s:i}", "rollback", 1));
	assert_int_equal(office.store.now.revision, 5);
	assert_int_equal(contoso()->bandwidth_bps, 1000000000);
	assert_int_equal(contoso()->tier, TIER_STANDARD);
	assert_int_equal(contoso()->provider_state, PROVIDER_PROVISIONED);
	must(json_pack("{s:i}", "rollback", 4));
	assert_int_equal(contoso()->tier, TIER_PREMIUM);
	must_not(json_pack("{s:i}", "rollback", 7), "the store has no revision 7");
	must_not(json_pack("{s:i}", "rollback", 0), "the store has no revision 0");
}

static void deleted_circuits_come_back_not_provisioned(void **state)
{
	char key[37], *lonely = replaced("    connections: [{circuit: contoso}]\n", "");

	must(file(lonely));
	memcpy(key, contoso()->service_key, 37);
	must(begin(key, "provision"));
	must_not(verb("contoso", "delete", NULL), "provider_state is provisioning, and such");
	must(verb(key, "provision", NULL));
	must_not(verb("contoso", "delete", NULL), "onramp circuit deprovision ");
	must(verb(key, "deprovision", NULL));
	must(verb("contoso", "delete", NULL));
	assert_int_equal(fakes.site->circuit_count, 0);
	must(json_pack("{s:i}", "rollback", 3)); /* it was provisioned then */
	assert_int_equal(contoso()->peering_count, 1);
	assert_int_equal(contoso()->provider_state, PROVIDER_NOT_PROVISIONED);
	free(lonely);
}

/* ---- plan and commit ---- */

static unsigned int draw(unsigned int below)
{
	return (unsigned int)random() % below;
}

/* What else files may say, right and wrong. */
static void vary(char **document)
{
	static const char *const lines[][2] = {
		{"c_tag: 200", "c_tag: 201"},
		{"c_tag: 200", "vlan: 200"},
		{"peer_asn: 65001", "peer_asn: 65002"},
		{"peer_asn: 65001", "peer_asn: 4200100001"},
		{"{type: private", "{type: private, managed_by: provider"},
		{"{type: private", "{type: private, bfd: {interval: 50ms}"},
		{"{type: private", "{type: public"},
		{"[192.0.2.0/29,", "[192.0.2.8/29,"},
		{"[192.0.2.0/29,", "[192.0.2.0/28,"},
		{"vlan: 10,", "vlan: 11,"},
		{"    connections: [{circuit: contoso}]\n", ""},
		{"connections: [{circuit: contoso}]",
			"connections: [{circuit: contoso, weight: 7}]"},
		{"  - name: blue\n", "  - name: green\n"},
		{"    port_pair: shared\n", "    port_pair: shared\n    customer: globex\n"},
		{"    port_pair: shared\n", "    port_pair: shared\n    rate_limit: false\n"},
		{"    port_pair: shared\n", "    port_pair: shared\n    burst: 20ms\n"},
		{"model: provider, encapsulation: mixed", "model: provider, encapsulation: qinq"},
		{"model: provider, encapsulation: mixed", "model: direct, encapsulation: qinq"},
		{"     secondary: lab-a/cust-b", "     redundancy: none"},
		{"     secondary: lab-a/cust-b", "     secondary: lab-a/cust-a"},
		{"asn: 4200100001\nedges", "asn: 4200100002\nedges"},
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char *changed;

		/* One variation may be in another's way. */
		if (draw(24) != 0 || strstr(*document, lines[i][0]) == NULL)
			continue;
		changed = replaced_in(*document, lines[i][0], lines[i][1]);
		free(*document);
		*document = changed;
	}
}

static json_t *random_file(void)
{
	static const char *const bandwidths[] = {"1G", "2G", "3G", "50M", "10G", "much"};
	static const char *const tiers[] = {"standard", "premium", "local"};
	char circuit[160], *document, *place;
	json_t *wish;

	snprintf(circuit, sizeof(circuit), "    bandwidth: %s\n    tier: %s\n    s_tag: %u\n",
		bandwidths[draw(6)], tiers[draw(3)], draw(9) == 0 ? 0 : 100 + draw(6) / 5);
	document = replaced("    bandwidth: 1G\n    tier: standard\n    s_tag: 100\n", circuit);
	vary(&document);
	place = strstr(document, "circuit: contoso");
	if (place != NULL && draw(8) == 0)
		memcpy(place, "circuit: nothing", 16);
	wish = json_pack("{s:s, s:b, s:b}", "document", document, "prune", (int)draw(2),
		"take_ownership", (int)draw(2));
	free(document);
	return wish;
}

static json_t *random_verb(const char *key)
{
	static const char *const names[] = {"provision", "deprovision", "enable", "disable",
		"delete", "set-tier", "set-bandwidth", "create"};
	static const char *const values[] = {"1G", "2G", "premium", "standard", "local", "4G"};
	json_t *wish = verb(draw(2)   ? "contoso"
			    : draw(5) ? key
				      : "acme",
		names[draw(8)], values[draw(6)]);

	json_object_set_new(wish, "begin", json_boolean(draw(3) == 0));
	json_object_set_new(wish, "fields",
		json_pack("{s:s, s:s, s:i}", "port_pair", "shared", "bandwidth", "1G", "s_tag",
			(int)(200 + draw(2))));
	return wish;
}

/* change() holds the two against each other; here both verdicts must come up. */
static void plans_are_what_commits_do(void **state)
{
	unsigned int done = 0, refused = 0;
	char key[37];

	srandom(SEED);
	apply_good(key);
	for (unsigned int i = 0; i < RANDOM_WISHES; i++) {
		unsigned int kind = draw(10);
		json_t *reply = change(
			kind < 5 ? random_file()
			: kind < 9
				? random_verb(key)
				: json_pack("{s:i}", "rollback",
					  (int)draw((unsigned int)office.store.now.revision + 2)));
		bool yes = json_object_get(reply, "error") == NULL;

		(yes ? &done : &refused)[0]++;
		json_decref(reply);
	}
	assert_true(done > RANDOM_WISHES / 10 && refused > RANDOM_WISHES / 10);
	json_t *verdict = store_verify(&office.store);
	assert_true(json_is_null(json_object_get(verdict, "wrong")));
	json_decref(verdict);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, wishes_setup, wishes_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(circuits_live),
		TEST(created_and_deleted),
		TEST(refusals_say_why),
		TEST(owners_are_named),
		TEST(files_respect_commands_and_providers),
		TEST(exports_bring_everything_back),
		TEST(old_exports_do_not_undo),
		TEST(rollbacks_keep_what_is_the_providers),
		TEST(deleted_circuits_come_back_not_provisioned),
		TEST(plans_are_what_commits_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
