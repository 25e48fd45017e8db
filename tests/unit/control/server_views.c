/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rows from a plan, a fake kernel, and what a real bgpd 8.4.4 answered.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
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
	json_t *rows = view_bgp(NULL, &bgp, NULL);

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
	rows = view_bgp(NULL, &bgp, rejected);
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
		" \"peer_asn\": 65001, \"links\": ["
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

static void nothing_applied_is_no_rows(void **state)
{
	struct bgp_answers bgp = {{NULL}, NULL};

	fakes_reset();
	assert_json(view_circuits(NULL), "[]");
	assert_json(view_bgp(NULL, &bgp, NULL), "[]");
	assert_json(view_rejected(NULL, NULL), "[]");
	assert_json(view_peerings(NULL, &bgp), "[]");
	assert_json(view_arp(NULL), "[]");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(circuits),
		TEST(sessions),
		TEST(prefixes_are_accepted_refused_and_near_the_limit),
		TEST(routes_of_single_sessions),
		TEST(a_session_that_is_down_says_why),
		TEST(peerings),
		TEST(peerings_without_bgp),
		TEST(neighbours),
		TEST(nothing_applied_is_no_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
