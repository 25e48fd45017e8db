/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rows from a plan, a fake kernel, and what a real bgpd 8.4.4 answered.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/config/config.h"
#include "control/server/views.h"
#include "tests/unit/control/server_fakes.h"

/* Shortened from `show bgp vrf all ipv4 unicast summary json`. */
static const char summary4[] =
	"{\"private.contoso\": {\"vrfName\": \"private.contoso\", \"as\": 4200100001, \"peers\": {"
	" \"192.0.2.1\": {\"remoteAs\": 65001, \"msgRcvd\": 5, \"peerUptime\": \"00:00:14\","
	"  \"peerUptimeMsec\": 14900, \"pfxRcd\": 3, \"pfxSnt\": 2, \"state\": \"Established\","
	"  \"peerState\": \"OK\", \"idType\": \"ipv4\"},"
	" \"192.0.2.5\": {\"remoteAs\": 65001, \"peerUptime\": \"never\", \"peerUptimeMsec\": 0,"
	"  \"pfxRcd\": 0, \"pfxSnt\": 0, \"state\": \"Active\", \"idType\": \"ipv4\"}},"
	" \"failedPeers\": 1, \"totalPeers\": 2}}";
static const char failed4[] =
	"{\"private.contoso\": {\"peers\": {\"192.0.2.5\": {\"connectionsDropped\": 0,"
	" \"lastResetDueTo\": \"Waiting for NHT\", \"lastResetCode\": 27}}}}";
/* One without a failed peer has no "peers" at all. */
static const char failed6[] = "{\"private.contoso\": {\"failedPeersCount\": 0}}";

static int setup(void **state)
{
	struct config_findings findings;
	struct site *site = config_load(document_good, strlen(document_good), &findings);

	config_findings_free(&findings);
	if (site == NULL)
		return -1;
	return sync_apply(NULL, site, 0);
}

static int teardown(void **state)
{
	fakes_reset();
	return 0;
}

static const struct refused_counts nobody; /* was asked what it refused */

static struct bgp_answers real_answers(void)
{
	return (struct bgp_answers){
		{json_loads(summary4, 0, NULL), json_loads("{}", 0, NULL),
			json_loads(failed4, 0, NULL), json_loads(failed6, 0, NULL)},
		NULL};
}

static void answers_free(struct bgp_answers *bgp)
{
	for (int i = 0; i < BGP_ANSWERS; i++)
		json_decref(bgp->answers[i]);
}

/* Compares with JSON text; consumes row. */
static void assert_json(json_t *value, const char *text)
{
	json_t *expected = json_loads(text, JSON_DECODE_ANY, NULL);

	assert_non_null(expected);
	if (!json_equal(value, expected))
		fail_msg("%s", json_dumps(value, JSON_ENCODE_ANY));
	json_decref(expected);
	json_decref(value);
}

static void circuits(void **state)
{
	json_t *rows = view_circuits(fakes.plan);
	json_t *row = json_array_get(rows, 0);

	assert_int_equal(json_array_size(rows), 1);
	assert_int_equal(json_string_length(json_object_get(row, "service_key")), 36);
	json_object_del(row, "service_key");
	assert_json(rows,
		"[{\"name\": \"contoso\", \"port_pair\": \"shared\", \"model\": \"direct\","
		" \"bandwidth_bps\": 1000000000, \"tier\": \"standard\","
		" \"family\": \"metered\", \"state\": \"enabled\", \"provider_state\": null,"
		" \"forwards\": true, \"encapsulation\": \"qinq\","
		" \"s_tag\": 100, \"peerings\": [\"private\"], \"redundancy\": \"pair\"}]");
}

static void sessions(void **state)
{
	struct bgp_answers bgp = real_answers();
	json_t *rows = view_bgp(NULL, &bgp, NULL, &nobody);

	assert_int_equal(json_array_size(rows), 5);
	assert_json(json_incref(json_array_get(rows, 0)),
		"{\"peering\": \"contoso/private\", \"link\": \"primary\", \"family\": \"ipv4\","
		" \"neighbour\": \"192.0.2.1\", \"asn\": 65001, \"state\": \"Established\","
		" \"uptime_s\": 14, \"accepted\": 3, \"refused\": 0, \"announced\": 2,"
		" \"limit\": 4000, \"alarm\": null, \"last_error\": null}");
	/* bgpd was asked for IPv6 and does not have the session. */
	assert_json(json_incref(json_array_get(rows, 1)),
		"{\"peering\": \"contoso/private\", \"link\": \"primary\", \"family\": \"ipv6\","
		" \"neighbour\": \"2001:db8:1::1\", \"asn\": 65001, \"state\": \"Absent\","
		" \"uptime_s\": null, \"accepted\": null, \"refused\": null,"
		" \"announced\": null, \"limit\": 100, \"alarm\": null, \"last_error\": null}");
	assert_json(json_incref(json_array_get(rows, 2)),
		"{\"peering\": \"contoso/private\", \"link\": \"secondary\", \"family\": \"ipv4\","
		" \"neighbour\": \"192.0.2.5\", \"asn\": 65001, \"state\": \"Active\","
		" \"uptime_s\": null, \"accepted\": 0, \"refused\": null, \"announced\": 0,"
		" \"limit\": 4000, \"alarm\": null,"
		" \"last_error\": \"Waiting for NHT\"}");
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(rows, 4), "peering")), "blue");
	json_decref(rows);
	answers_free(&bgp);
}

/* BGP's answers with another state of the secondary session, which brings so many prefixes. */
static json_t *secondary_row(const char *state, int received, const json_t *rejected)
{
	struct bgp_answers bgp = real_answers();
	json_t *peers = json_object_get(
		json_object_get(bgp.answers[BGP_SUMMARY4], "private.contoso"), "peers");
	json_t *peer = json_object_get(peers, "192.0.2.5"), *rows, *row;

	json_object_set_new(peer, "state", json_string(state));
	json_object_set_new(peer, "pfxRcd", json_integer(received));
	rows = view_bgp(NULL, &bgp, rejected, &nobody);
	row = json_incref(json_array_get(rows, 2));
	json_decref(rows);
	answers_free(&bgp);
	return row;
}

static void assert_text(const json_t *row, const char *key, const char *text)
{
	const char *is = json_string_value(json_object_get(row, key));

	assert_non_null(is);
	assert_string_equal(is, text);
}

static void prefixes_are_accepted_refused_and_near_the_limit(void **state)
{
	json_t *rejected, *row;

	fakes.kernel_up = true;
	assert_json(view_rejected(NULL, NULL), "[]");
	fakes.refuses = true;
	rejected = view_rejected(NULL, NULL);
	assert_json(json_incref(rejected),
		"[{\"peering\": \"contoso/private\", \"link\": \"secondary\", \"family\": \"ipv4\","
		" \"neighbour\": \"192.0.2.5\", \"prefix\": \"10.9.0.0/16\", \"by\": \"limit\","
		" \"reason\": \"above the limit of 4000 IPv4 prefixes\"}]");
	row = secondary_row("Established", 3199, rejected);
	assert_int_equal(json_integer_value(json_object_get(row, "accepted")), 3198);
	assert_int_equal(json_integer_value(json_object_get(row, "refused")), 1);
	assert_true(json_is_null(json_object_get(row, "alarm")));
	json_decref(row);
	row = secondary_row("Established", 3200, rejected);
	assert_text(row, "alarm", "3200 of 4000 prefixes");
	json_decref(row);
	json_decref(rejected);
}

/* What FRR says of one session; PREFIX by a path. */
static json_t *answered(const char *key, const char *prefix, const char *path)
{
	return json_pack("[{s:s, s:s, s:s, s:s, s:s, s:s, s:{s:i, s:{s:{s:s, s:i}}}}]", "domain",
		"public.x", "peering", "x/public", "link", "primary", "family", "ipv4", "neighbour",
		"203.0.113.1", "command", "show it", "answer", "bgpTableVersion", 7, key, prefix,
		"path", path, "metric", 5);
}

static void routes_of_single_sessions(void **state)
{
	const struct ip validated = {AF_INET, 24, {198, 51, 100}};
	struct plan_domain domain = {.name = "public.x",
		.kind = DOMAIN_PUBLIC,
		.link_count = 1,
		.accepted = &validated,
		.accepted_count = 1};
	const struct plan plan = {.domains = &domain, .domain_count = 1};
	json_t *sessions = answered("filteredRoutes", "10.7.0.0/16", "65001"), *rows = json_array();

	domain.links[0].peer_asn = 65001;
	views_add_filtered(rows, &plan, sessions);
	assert_json(rows,
		"[{\"peering\": \"x/public\", \"link\": \"primary\", \"family\": \"ipv4\","
		" \"neighbour\": \"203.0.113.1\", \"prefix\": \"10.7.0.0/16\","
		" \"by\": \"policy\", \"reason\": \"not public: private (RFC 1918)\"}]");
	json_decref(sessions);
	sessions = answered("advertisedRoutes", "198.18.0.0/16", "3356");
	assert_json(view_advertised(sessions),
		"[{\"peering\": \"x/public\", \"link\": \"primary\", \"family\": \"ipv4\","
		" \"neighbour\": \"203.0.113.1\", \"prefix\": \"198.18.0.0/16\","
		" \"path\": \"3356\", \"med\": 5}]");
	json_decref(sessions);
}

/* So many sessions of one peering, each other's question. */
static json_t *many_questions(unsigned int first, unsigned int count)
{
	json_t *questions = json_array();

	for (unsigned int i = first; i < first + count; i++)
		json_array_append_new(questions,
			json_pack("{s:s, s:o, s:s, s:s}", "peering", "x/public", "link",
				json_sprintf("%u", i), "family", "ipv4", "command", "show it"));
	return questions;
}

static json_int_t count_of(const struct refused_counts *refused, unsigned int session)
{
	char link[32];

	snprintf(link, sizeof(link), "x/public/%u", session);
	return refused_count(refused, link, "ipv4");
}

/* Asks those that refused_choose leaves; each has one refused route. How many were asked. */
static size_t ask_some(struct refused_counts *refused, json_t *questions)
{
	json_t *question;
	size_t index, asked;

	refused_choose(refused, questions);
	asked = json_array_size(questions);
	json_array_foreach (questions, index, question)
		json_object_set_new(question, "answer",
			json_pack("{s:{s:{s:s}}}", "filteredRoutes", "10.7.0.0/16", "path", ""));
	refused_learn(refused, questions);
	json_decref(questions);
	return asked;
}

/* A look asks a part of the sessions, the next one another part, and remembers the rest. */
static void looks_take_turns(void **state)
{
	struct refused_counts refused = {0};

	assert_int_equal(ask_some(&refused, many_questions(0, 0)), 0);
	assert_int_equal(ask_some(&refused, many_questions(0, 100)), REFUSED_ASKED_MAX);
	assert_int_equal(count_of(&refused, REFUSED_ASKED_MAX - 1), 1);
	assert_int_equal(count_of(&refused, REFUSED_ASKED_MAX), -1);
	assert_int_equal(ask_some(&refused, many_questions(0, 100)), REFUSED_ASKED_MAX);
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(count_of(&refused, i), 1);
	/* Sessions that ended are forgotten, the others are not. */
	assert_int_equal(ask_some(&refused, many_questions(98, 3)), 3);
	assert_int_equal(count_of(&refused, 97), -1);
	assert_int_equal(count_of(&refused, 100), 1);
	refused_free(&refused);
}

/* More than one answer may bring is not asked for. */
static void large_sessions_are_found(void **state)
{
	struct bgp_answers bgp = real_answers();
	json_t *questions =
		views_session_questions(fakes.plan, &bgp, ROUTES_ADVERTISED, "contoso/private");
	json_t *peer = json_object_get(
		json_object_get(
			json_object_get(bgp.answers[BGP_SUMMARY4], "private.contoso"), "peers"),
		"192.0.2.1");

	assert_int_equal(json_array_size(questions), 1);
	json_object_set_new(peer, "pfxSnt", json_integer(ADVERTISED_MAX));
	assert_null(views_too_large(questions, &bgp));
	json_object_set_new(peer, "pfxSnt", json_integer(ADVERTISED_MAX + 1));
	assert_ptr_equal(views_too_large(questions, &bgp), json_array_get(questions, 0));
	json_decref(questions);
	answers_free(&bgp);
}

static void a_session_that_is_down_says_why(void **state)
{
	json_t *row = secondary_row("Idle (PfxCt)", 0, NULL);

	assert_text(row, "state", "Idle");
	assert_text(row, "last_error",
		"closed by us: more than 4000 prefixes (CEASE, maximum number of prefixes "
		"reached); tried again each minute");
	json_decref(row);
	fakes.troubled = true;
	row = secondary_row("Active", 0, NULL);
	assert_text(row, "last_error", "TCP-MD5: what the kernel dropped");
	json_decref(row);
	row = secondary_row("Established", 1, NULL);
	assert_true(json_is_null(json_object_get(row, "last_error")));
	json_decref(row);
}

static void peerings(void **state)
{
	struct bgp_answers bgp = real_answers();
	json_t *rows;

	fakes.kernel_up = true;
	rows = view_peerings(NULL, &bgp);
	assert_json(rows,
		"[{\"name\": \"contoso/private\", \"type\": \"private\","
		" \"domain\": \"private.contoso\", \"s_tag\": 100, \"c_tag\": 200,"
		" \"peer_asn\": 65001, \"not_enabled\": null, \"links\": ["
		" {\"name\": \"primary\", \"edge\": \"lab-a\", \"port\": \"cust-a\", \"s_tag\": "
		"100,"
		"  \"c_tag\": 200, \"edge4\": \"192.0.2.2/30\", \"peer4\": \"192.0.2.1\","
		"  \"edge6\": \"2001:db8:1::2/126\", \"peer6\": \"2001:db8:1::1\","
		"  \"neighbour4\": \"reachable\", \"neighbour6\": \"stale\","
		"  \"bgp4\": \"Established\", \"bgp6\": \"Absent\"},"
		" {\"name\": \"secondary\", \"edge\": \"lab-a\", \"port\": \"cust-b\","
		"  \"s_tag\": 100, \"c_tag\": 200, \"edge4\": \"192.0.2.6/30\","
		"  \"peer4\": \"192.0.2.5\", \"edge6\": \"2001:db8:1::6/126\","
		"  \"peer6\": \"2001:db8:1::5\", \"neighbour4\": \"failed\","
		"  \"neighbour6\": \"none\", \"bgp4\": \"Active\", \"bgp6\": \"Absent\"}]}]");
	answers_free(&bgp);
}

/* bgpd and the kernel away: states unknown, not "down". */
static void peerings_without_bgp(void **state)
{
	struct bgp_answers bgp = {{NULL}, NULL};
	json_t *rows = view_peerings(NULL, &bgp);
	json_t *link = json_array_get(json_object_get(json_array_get(rows, 0), "links"), 0);

	assert_non_null(link);
	assert_true(json_is_null(json_object_get(link, "bgp4")));
	assert_true(json_is_null(json_object_get(link, "neighbour4")));
	json_decref(rows);
}

static void neighbours(void **state)
{
	fakes.kernel_up = true;
	assert_json(view_arp(NULL),
		"[{\"domain\": \"private.contoso\", \"link\": \"contoso/private/primary\","
		"  \"address\": \"192.0.2.1\", \"mac\": \"02:00:00:00:00:01\","
		"  \"state\": \"reachable\", \"age_s\": 7},"
		" {\"domain\": \"private.contoso\", \"link\": \"contoso/private/secondary\","
		"  \"address\": \"192.0.2.5\", \"mac\": null, \"state\": \"failed\", \"age_s\": "
		"null},"
		" {\"domain\": \"private.contoso\", \"link\": \"contoso/private/primary\","
		"  \"address\": \"2001:db8:1::1\", \"mac\": \"02:00:00:00:00:01\","
		"  \"state\": \"stale\", \"age_s\": 7}]");
}

/* Of routes as the dataplane has them. What is not known, or makes no sense, is null. */
static void details_of_routes(void **state)
{
	json_t *asked =
		json_loads("[[\"private.contoso\", \"10.9.0.0/16\", \"bgp\", null],"
			   " [\"vnet.blue\", \"10.9.0.0/16\", \"bgp\", \"private.contoso\"],"
			   " [\"private.contoso\", \"192.0.2.0/30\", \"connected\", null],"
			   " [\"private.gone\", \"10.9.0.0/16\", \"bgp\", null],"
			   " [\"vnet.blue\", \"10.9.0.0/16\", \"bgp\", \"private.gone\"],"
			   " [\"vnet.blue\", \"10.9/99\", \"bgp\", null], 7]",
			0, NULL);
	json_t *rows;

	fakes.learned = true;
	rows = view_route_details(NULL, asked);
	assert_int_equal(json_array_size(rows), 7);
	assert_json(json_incref(json_array_get(rows, 0)),
		"{\"local_pref\": 2, \"weight\": 7, \"path\": \"65001 4200000000\", \"med\": 5,"
		" \"why\": \"private: any prefix, limit 4000\"}");
	assert_json(json_incref(json_array_get(rows, 1)),
		"{\"local_pref\": 2, \"weight\": 100, \"path\": \"65001 4200000000\", \"med\": 5,"
		" \"why\": \"connection contoso - blue\"}");
	assert_json(json_incref(json_array_get(rows, 2)),
		"{\"local_pref\": null, \"weight\": null, \"path\": null, \"med\": null,"
		" \"why\": \"subnet of contoso/private/primary\"}");
	for (size_t i = 3; i < 7; i++)
		assert_json(json_incref(json_array_get(rows, i)),
			"{\"local_pref\": null, \"weight\": null, \"path\": null, \"med\": null,"
			" \"why\": null}");
	json_decref(rows);
	json_decref(asked);
}

static void domains(void **state)
{
	json_t *rows = view_domains(NULL, NULL);

	/* Its kernel is not there yet. */
	assert_true(json_is_null(json_object_get(json_array_get(rows, 0), "learned")));
	json_decref(rows);
	fakes.kernel_up = true;
	assert_json(view_domains(NULL, "contoso"),
		"[{\"peering\": \"contoso/private\", \"domain\": \"private.contoso\","
		"  \"learned\": 2, \"connections\": [\"blue\"], \"bfd\": true,"
		"  \"validated\": 0, \"route_filter\": null}]");
	assert_json(view_domains(NULL, "contos"), "[]");
	fakes.refuses = true;
	rows = view_domains(NULL, "contoso");
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(rows, 0), "learned")), 1);
	json_decref(rows);
}

static void nothing_applied_is_no_rows(void **state)
{
	struct bgp_answers bgp = {{NULL}, NULL};

	fakes_reset();
	assert_json(view_circuits(NULL), "[]");
	assert_json(view_bgp(NULL, &bgp, NULL, &nobody), "[]");
	assert_json(view_rejected(NULL, NULL), "[]");
	assert_json(view_peerings(NULL, &bgp), "[]");
	assert_json(view_arp(NULL), "[]");
	assert_json(view_domains(NULL, NULL), "[]");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(circuits),
		TEST(sessions),
		TEST(prefixes_are_accepted_refused_and_near_the_limit),
		TEST(routes_of_single_sessions),
		TEST(looks_take_turns),
		TEST(large_sessions_are_found),
		TEST(a_session_that_is_down_says_why),
		TEST(peerings),
		TEST(peerings_without_bgp),
		TEST(neighbours),
		TEST(details_of_routes),
		TEST(domains),
		TEST(nothing_applied_is_no_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
