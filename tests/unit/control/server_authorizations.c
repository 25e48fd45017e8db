/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One-time authorizations of a direct pair: who issues and redeems them, that each makes one
 * circuit and no larger one, that no more is promised than twice the port, whatever comes between.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/model/authorization_key.h"
#include "control/server/changes.h"
#include "control/server/views.h"
#include "control/store/objects.h"
#include "tests/unit/control/server_fakes.h"
#include "tests/unit/control/server_wishes.h"

#define SEED 7u
#define RANDOM_WISHES 600u
#define NAMES 4u
#define G UINT64_C(1000000000)
#define PATH "port_pairs[shared].authorizations[globex]"

/* document_good, whose pair of 10G ports is acme's; 1G of it is contoso's. */
static void start(void)
{
	const char *at = strstr(document_good, "primary:");
	char *text = NULL;

	assert_true(asprintf(&text, "%.*sowner: acme, %s", (int)(at - document_good), document_good,
			    at) > 0);
	must(file(text));
	free(text);
}

static json_t *authorize(const char *as, const char *name, const char *bandwidth, const char *key)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "port_pair", "shared", "authorization",
		name, "verb", "authorize", "bandwidth", bandwidth, "key", key, "principal", as);
}

static json_t *revoke(const char *as, const char *name)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "port_pair", "shared", "authorization", name,
		"verb", "revoke", "principal", as);
}

static json_t *redeem(
	const char *as, const char *circuit, const char *key, const char *bandwidth, int s_tag)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:i}}", "circuit", circuit, "verb", "create",
		"authorization_key", key, "principal", as, "fields", "bandwidth", bandwidth,
		"s_tag", s_tag);
}

static const char *state_of(const char *name)
{
	json_t *rows = view_authorizations(fakes.plan), *row;
	const char *found = NULL;
	static char state[16];
	size_t index;

	json_array_foreach (rows, index, row)
		if (strcmp(json_string_value(json_object_get(row, "name")), name) == 0)
			found = json_string_value(json_object_get(row, "state"));
	snprintf(state, sizeof(state), "%s", found != NULL ? found : "none");
	json_decref(rows);
	return state;
}

static const struct site_circuit *circuit(const char *name)
{
	int index = site_find_circuit(fakes.site, name);

	return index >= 0 ? &fakes.site->circuits[index] : NULL;
}

static void owners_issue_and_others_redeem(void **state)
{
	start();
	must_not(authorize("operator", "globex", "5G", "key-1"),
		PATH " belongs to the customer acme, and this was asked as the operator");
	must_not(authorize("customer:globex", "globex", "5G", "key-1"),
		"belongs to the customer acme, and this was asked as the customer globex");
	must_not(authorize("provider", "globex", "5G", "key-1"), "belongs to the customer acme");
	must(authorize("customer:acme", "globex", "5G", "key-1"));
	must_not(authorize("customer:acme", "globex", "1G", "key-2"), "there is " PATH " already");
	assert_string_equal(state_of("shared/globex"), "open");
	must_not(
		redeem("customer:globex", "prod", "key-2", "5G", 200), "no authorization has this");
	must_not(redeem("customer:globex", "prod", "key-1", "10G", 200),
		"10G is more than authorization \\\"globex\\\" of port pair \\\"shared\\\" allows, "
		"which is 5G");
	json_t *wish = redeem("customer:globex", "prod", "key-1", "5G", 200);
	json_object_set_new(json_object_get(wish, "fields"), "tier", json_string("premium"));
	must_not(wish, "circuits[prod].tier belongs to the operator, and this was asked as the "
		       "customer globex");
	wish = redeem("customer:globex", "prod", "key-1", "5G", 200);
	json_object_set_new(json_object_get(wish, "fields"), "port_pair", json_string("other"));
	must_not(wish, "the authorization is for port_pairs[shared]; leave it out");
	/* No circuit without one. */
	wish = redeem("customer:globex", "prod", "key-1", "5G", 200);
	json_object_del(wish, "authorization_key");
	must_not(wish, "belongs to the operator, and this was asked as the customer globex");
	must(redeem("customer:globex", "prod", "KEY-1", "5G", 200));
	assert_string_equal(circuit("prod")->customer, "globex");
	assert_string_equal(circuit("prod")->authorization, "globex");
	assert_string_equal(state_of("shared/globex"), "used");
}

static void each_makes_one_circuit(void **state)
{
	start();
	must(authorize("customer:acme", "globex", "5G", "key-1"));
	must(redeem("customer:globex", "prod", "key-1", "1G", 200));
	must_not(redeem("customer:globex", "more", "key-1", "1G", 201),
		PATH " was used for circuit prod already; an authorization makes one circuit");
	must(verb("prod", "set-bandwidth", "5G"));
	must_not(verb("prod", "set-bandwidth", "10G"), "10G is more than authorization");
	must_not(revoke("customer:acme", "globex"), "circuit prod was made with it");
	must(verb("prod", "delete", NULL));
	assert_string_equal(state_of("shared/globex"), "spent");
	must_not(
		redeem("customer:globex", "more", "key-1", "1G", 201), "was used for circuit prod");
	/* Another circuit of the name is not the one that was made with it. */
	must(json_pack("{s:s, s:s, s:{s:s, s:s, s:i}}", "circuit", "prod", "verb", "create",
		"fields", "port_pair", "shared", "bandwidth", "10G", "s_tag", 200));
	assert_string_equal(state_of("shared/globex"), "spent");
	must_not(revoke("customer:globex", "globex"), "belongs to the customer acme");
	must(revoke("customer:acme", "globex"));
	must_not(revoke("customer:acme", "globex"), "there is no " PATH);
	assert_string_equal(state_of("shared/globex"), "none");
}

static void promises_are_kept(void **state)
{
	start();
	must_not(authorize("customer:acme", "globex", "3G", "key-1"),
		"3G is not sold on these ports; write one of 1G, 2G, 5G, 10G");
	must(authorize("customer:acme", "globex", "10G", "key-1"));
	must_not(authorize("customer:acme", "wingtip", "10G", "key-2"),
		"10G brings the circuits and authorizations of port pair \\\"shared\\\" to 21G; "
		"direct circuits may sum to 20G, twice the port's speed");
	/* What was promised can be redeemed, whatever the others get. */
	must(verb("contoso", "set-bandwidth", "10G"));
	must(redeem("customer:globex", "prod", "key-1", "1G", 200));
	must_not(authorize("customer:acme", "wingtip", "1G", "key-2"), "to 21G");
	must(verb("prod", "set-bandwidth", "10G"));
	must(verb("prod", "delete", NULL));
	must(authorize("customer:acme", "wingtip", "10G", "key-2"));
}

static void only_direct_pairs_have_them(void **state)
{
	must(file(document_provider));
	must_not(authorize("operator", "globex", "5G", "key-1"), "are for direct pairs");
	must_not(json_pack("{s:s, s:s, s:s}", "port_pair", "none", "authorization", "a", "verb",
			 "revoke"),
		"there is no port pair \\\"none\\\"");
	must_not(json_pack("{s:s, s:s, s:s}", "port_pair", "shared", "authorization", "a].b[",
			 "verb", "revoke"),
		"is no name of an authorization");
}

/* ---- what is once used stays so ---- */

static void rollbacks_reopen_nothing(void **state)
{
	start();
	must(authorize("customer:acme", "globex", "5G", "key-1"));
	must(redeem("customer:globex", "prod", "key-1", "5G", 200));
	must(json_pack("{s:i}", "rollback", 2)); /* it was open then */
	assert_null(circuit("prod"));
	assert_string_equal(state_of("shared/globex"), "spent");
	must_not(redeem("customer:globex", "more", "key-1", "5G", 200), "was used for circuit");
	must(json_pack("{s:i}", "rollback", 3)); /* the circuit lived then */
	assert_string_equal(state_of("shared/globex"), "used");
	must(json_pack("{s:i}", "rollback", 1));
	must(revoke("customer:acme", "globex"));
	must_not(json_pack("{s:i}", "rollback", 3), "is no authorization of port pair");
}

static void operators_reopen_none_either(void **state)
{
	must(file(document_good)); /* a pair without owner */
	must(authorize("operator", "globex", "5G", "key-1"));
	must(redeem("customer:globex", "prod", "key-1", "5G", 200));
	must(json_pack("{s:i}", "rollback", 2));
	assert_string_equal(state_of("shared/globex"), "spent");
}

static void keys_are_kept_nowhere(void **state)
{
	char key[AUTHORIZATION_KEY_MAX], *written;
	size_t length;
	json_t *log;

	authorization_key_make(key);
	start();
	must(authorize("customer:acme", "globex", "5G", key));
	must(redeem("customer:globex", "prod", key, "5G", 200));
	written = objects_document(office.store.now.objects, 3, &length);
	assert_null(strstr(written, key));
	assert_non_null(strstr(written, "circuit: prod"));
	log = store_audit(&office.store, 100);
	char *text = json_dumps(log, 0);
	assert_null(strstr(text, key));
	assert_non_null(strstr(text, "circuit create prod --as customer:globex"));
	assert_non_null(strstr(text, "port-pair authorize shared globex --as customer:acme"));
	/* Export, wipe, apply: still used. */
	wishes_wipe();
	assert_int_equal(store_open(office.state_dir, &office.store), 0);
	must(json_pack("{s:s, s:b}", "document", written, "take_ownership", 1));
	assert_string_equal(state_of("shared/globex"), "used");
	must_not(redeem("customer:globex", "more", key, "5G", 201), "was used for circuit prod");
	free(text);
	free(written);
	json_decref(log);
}

/* ---- whatever comes between ---- */

static unsigned int draw(unsigned int below)
{
	return (unsigned int)random() % below;
}

/* By number of the key: the circuit that was made with it; "": none was. */
static char made[RANDOM_WISHES][16];

/* Which of the keys issued so far opens the authorization of each name; counts those made. */
static json_t *random_wish(unsigned int number, unsigned int *opened, char key[16])
{
	static const char *const rates[] = {"1G", "2G", "5G", "10G"};
	char name[16], circuit_name[16];
	unsigned int which = draw(NAMES);

	snprintf(name, sizeof(name), "a%u", which);
	snprintf(circuit_name, sizeof(circuit_name), "c%u", draw(NAMES));
	snprintf(key, 16, "key-%u", opened[draw(NAMES)]);
	switch (draw(5)) {
	case 0:
		snprintf(key, 16, "key-%u", number);
		return authorize("customer:acme", name, rates[draw(4)], key);
	case 1:
		return revoke("customer:acme", name);
	case 2:
		return verb(circuit_name, draw(2) ? "delete" : "set-bandwidth", rates[draw(4)]);
	case 3:
		return json_pack("{s:i}", "rollback",
			(int)(1 + draw((unsigned int)office.store.now.revision)));
	default:
		return redeem("customer:globex", circuit_name, key, rates[draw(4)],
			(int)(200 + circuit_name[1] - '0'));
	}
}

static void assert_promises(void)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < fakes.site->circuit_count; i++)
		sum += fakes.site->circuits[i].bandwidth_bps;
	assert_true(sum <= 20 * G);
}

/* A redemption that was granted: never was there one with this key before. */
static void note_redeemed(const json_t *wish, const char *key)
{
	unsigned int number = (unsigned int)strtoul(key + 4, NULL, 10);

	assert_string_equal(made[number], "");
	snprintf(made[number], sizeof(made[number]), "%s",
		json_string_value(json_object_get(wish, "circuit")));
}

static void random_wishes_keep_to_the_rules(void **state)
{
	unsigned int opened[NAMES] = {0}, redeemed = 0, refused = 0;
	char key[16];

	srandom(SEED);
	start();
	for (unsigned int i = 1; i < RANDOM_WISHES; i++) {
		json_t *wish = random_wish(i, opened, key), *reply;
		bool redeems = json_object_get(wish, "authorization_key") != NULL;
		const char *name = json_string_value(json_object_get(wish, "authorization"));

		json_incref(wish);
		reply = change(wish);
		if (json_object_get(reply, "error") != NULL) {
			refused++;
		} else if (redeems) {
			note_redeemed(wish, key);
			redeemed++;
		} else if (name != NULL && json_object_get(wish, "key") != NULL) {
			opened[name[1] - '0'] = i;
		}
		assert_promises();
		json_decref(reply);
		json_decref(wish);
	}
	assert_true(redeemed > RANDOM_WISHES / 50 && refused > RANDOM_WISHES / 10);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, wishes_setup, wishes_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(owners_issue_and_others_redeem),
		TEST(each_makes_one_circuit),
		TEST(promises_are_kept),
		TEST(only_direct_pairs_have_them),
		TEST(rollbacks_reopen_nothing),
		TEST(operators_reopen_none_either),
		TEST(keys_are_kept_nowhere),
		TEST(random_wishes_keep_to_the_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
