/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The same from BFD up to what becomes of packets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/control/doctor_kit.h"

/* ---- BFD ---- */

static void bfd(void **state)
{
	struct doctor_bfd *session = &ipv4()->bfd;

	fine(DOCTOR_BFD, PRIMARY " ipv4", "within 900 ms");
	ipv4()->path_down = "bfd";
	session->state = "down";
	session->diagnostic = "control detection time expired";
	session->remote = "init";
	session->remote_diagnostic = "neighbor signaled session down";
	wrong(DOCTOR_BFD, SIDE_CUSTOMER, PRIMARY " ipv4",
		"down, the peer's is init; we say: control detection time expired; the peer says: "
		"neighbor signaled");
	session->heard = false;
	wrong(DOCTOR_BFD, SIDE_CUSTOMER, PRIMARY " ipv4", "the peer sends none");
	session->remote = "admin-down";
	wrong(DOCTOR_BFD, SIDE_CUSTOMER, PRIMARY " ipv4", "switched it off");
	session->refused = "the digest is wrong";
	wrong(DOCTOR_BFD, SIDE_CUSTOMER, PRIMARY " ipv4", "not believed: the digest is wrong");
	/* One that took nothing down is worth a look only. */
	ipv4()->path_down = "drain";
	named(DOCTOR_BFD, DOCTOR_WARN, SIDE_CUSTOMER, PRIMARY " ipv4", "not believed");
	session->state = NULL;
	named(DOCTOR_BFD, DOCTOR_WARN, SIDE_OURS, PRIMARY " ipv4", "has not asked");
	session->wanted = false;
	fine(DOCTOR_BFD, PRIMARY " ipv4", "off");
}

/* What many routers do not speak before BGP is up says nothing while it is not. */
static void bfd_waits_for_bgp(void **state)
{
	struct doctor_family *family = ipv4();

	family->bgp.state = "Active";
	family->bfd.state = "down";
	family->bfd.heard = false;
	unknown(DOCTOR_BFD, PRIMARY " ipv4", "only while BGP is up");
	assert_int_equal(doctor_first(&report)->layer, DOCTOR_BGP);
	family->bfd.state = NULL;
	unknown(DOCTOR_BFD, PRIMARY " ipv4", "no session");
	family->bfd.state = "down";
	family->bfd.heard = true;
	family->bfd.remote = "admin-down";
	unknown(DOCTOR_BFD, PRIMARY " ipv4", "only while BGP is up");
	family->bfd.remote = "down";
	wrong(DOCTOR_BFD, SIDE_CUSTOMER, PRIMARY " ipv4", "the peer's is down");
	family->bfd.heard = false;
	family->bfd.refused = "no authentication, but the session has a key";
	wrong(DOCTOR_BFD, SIDE_CUSTOMER, PRIMARY " ipv4", "not believed");
}

/* ---- BGP ---- */

static void bgp_errors(void **state)
{
	static const struct {
		const char *error;
		enum doctor_side side;
		const char *words;
	} cases[] = {
		{"TCP-MD5: /etc/key could not be read; see the log", SIDE_OURS,
			"could not be read"},
		{"the neighbour signs with TCP-MD5 (3 segments dropped), and no md5_file is set "
		 "here",
			SIDE_CUSTOMER, "signs"},
		{"TCP-MD5: the neighbour has another key than /etc/key (3 segments dropped)",
			SIDE_CUSTOMER, "another key"},
		{"TCP-MD5: the neighbour does not sign (3 segments dropped)", SIDE_CUSTOMER,
			"does not sign"},
		{"closed by us: more than 4000 prefixes (CEASE, maximum number of prefixes "
		 "reached); tried again each minute",
			SIDE_CUSTOMER, "more than 4000"},
		{"not enabled: no public prefix is validated", SIDE_OURS, "not enabled"},
		{"BGP Notification send: OPEN Message Error/Bad Peer AS", SIDE_CUSTOMER,
			"AS number, or ours"},
		{"BGP Notification received: OPEN Message Error/Bad BGP Identifier", SIDE_CUSTOMER,
			"router id"},
		{"BGP Notification send: OPEN Message Error/Unacceptable Hold Time", SIDE_CUSTOMER,
			"hold time"},
		{"BGP Notification received: Cease/Maximum Number of Prefixes Reached",
			SIDE_CUSTOMER, "fewer prefixes than we announce"},
		{"BGP Notification received: Cease/Administrative Shutdown", SIDE_CUSTOMER,
			"shut it down"},
		{"BGP Notification received: Cease/Peer De-configured", SIDE_CUSTOMER,
			"taken the session out"},
		{"BGP Notification received: Cease/Connection Rejected", SIDE_CUSTOMER, "refuses"},
		{"BGP Notification send: Hold Timer Expired", SIDE_CUSTOMER, "did not hear"},
		{"Peer closed the session", SIDE_CUSTOMER, "closed the connection"},
		{"BFD down received", SIDE_CUSTOMER, "does not take part; last: BFD down"},
		{NULL, SIDE_CUSTOMER, "Active: 192.0.2.1 does not take part"},
	};

	ipv4()->bgp.state = "Active";
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ipv4()->bgp.error = cases[i].error;
		wrong(DOCTOR_BGP, cases[i].side, PRIMARY " ipv4", cases[i].words);
	}
	ipv4()->bgp.state = "Absent";
	wrong(DOCTOR_BGP, SIDE_OURS, PRIMARY " ipv4", "no such session");
}

static void bgp_alarm(void **state)
{
	ipv4()->bgp.alarm = "3300 of 4000 prefixes";
	named(DOCTOR_BGP, DOCTOR_WARN, SIDE_CUSTOMER, PRIMARY " ipv4", "3300 of 4000");
	ipv4()->bgp.alarm = NULL;
	fine(DOCTOR_BGP, PRIMARY " ipv4", "Established for 60 s with AS 65001");
}

/* ---- filter and routes ---- */

static void filters(void **state)
{
	struct doctor_peering *public = peering();

	ipv4()->bgp.refused = 3;
	named(DOCTOR_FILTER, DOCTOR_WARN, SIDE_CUSTOMER, "acme/private", "3 announced prefixes");
	for (unsigned int l = 0; l < 2; l++)
		for (unsigned int f = 0; f < 2; f++)
	public->links[l].families[f].bgp.accepted = 0;
	peering()->links[1].families[1].bgp.refused = 1;
	wrong(DOCTOR_FILTER, SIDE_CUSTOMER, "acme/private", "all 4 announced prefixes refused");
	/* That is why nothing was learned; on the secondary link's own account it is one. */
	assert_null(finding_of(DOCTOR_ROUTES, PRIMARY));
	healthy_facts(NULL);
	public->is_public = true;
	public->name = "acme/public";
	public->validated = 2;
	wrong(DOCTOR_FILTER, SIDE_OURS, "acme/public", "no route filter");
	assert_string_equal(doctor_first(&report)->next, "onramp filter attach acme FILTER");
	public->route_filter = "storage";
	fine(DOCTOR_FILTER, "acme/public", "2 validated prefixes, route filter storage");
	public->connections = 0;
	wrong(DOCTOR_FILTER, SIDE_OURS, "acme/public", "storage allows none");
	assert_null(finding_of(DOCTOR_ROUTES, "acme/public"));
}

static void routes(void **state)
{
	struct doctor_peering *private = peering();

	fine(DOCTOR_ROUTES, "acme/private", "connected to blue, 4 prefixes");
	fine(DOCTOR_ROUTES, PRIMARY, "10 prefixes learned, 4 announced");
	private->connections = 2;
	fine(DOCTOR_ROUTES, "acme/private", "blue and others");
	for (unsigned int f = 0; f < 2; f++)
		first_link()->families[f].bgp.accepted = 0;
	wrong(DOCTOR_ROUTES, SIDE_CUSTOMER, PRIMARY, "announces nothing");
	for (unsigned int l = 0; l < 2; l++)
		for (unsigned int f = 0; f < 2; f++)
	private->links[l].families[f].bgp.announced = 0;
	wrong(DOCTOR_ROUTES, SIDE_OURS, "acme/private", "none is announced");
	private->leaked = 0;
	wrong(DOCTOR_ROUTES, SIDE_OURS, "acme/private", "blue, which it is connected to");
	private->connections = 0;
	wrong(DOCTOR_ROUTES, SIDE_OURS, "acme/private", "no virtual network");
	/* Sessions that are down were named already. */
	for (unsigned int f = 0; f < 2; f++)
		first_link()->families[f].bgp.state = "Active";
	examine();
	assert_null(finding_of(DOCTOR_ROUTES, PRIMARY));
}

static void fibs(void **state)
{
	fine(DOCTOR_FIB, "acme/private", "10 learned routes");
	fine(DOCTOR_FIB, PRIMARY " ipv4", "is used");
	ipv4()->path_down = "drain";
	named(DOCTOR_FIB, DOCTOR_WARN, SIDE_OURS, PRIMARY " ipv4", "not used: drain");
	peering()->unequal = true;
	peering()->routes = 9;
	wrong(DOCTOR_FIB, SIDE_OURS, "acme/private",
		"the kernel has 10 learned routes, the dataplane 9");
	peering()->refused_routes = 5;
	wrong(DOCTOR_FIB, SIDE_OURS, "acme/private", "refused 5 routes");
	peering()->domain_there = false;
	wrong(DOCTOR_FIB, SIDE_OURS, "acme/private", "no routing domain");
}

/* ---- packets ---- */

static void policers(void **state)
{
	struct doctor_moved *moved = &first_link()->moved;

	moved->rx = 1000;
	moved->drops[API_DROP_POLICER_IN] = 10;
	named(DOCTOR_POLICER, DOCTOR_WARN, SIDE_CUSTOMER, PRIMARY " in", "10 of 1000 frames");
	moved->drops[API_DROP_POLICER_IN] = 11;
	wrong(DOCTOR_POLICER, SIDE_CUSTOMER, PRIMARY " in", "11 of 1000 frames");
	moved->drops[API_DROP_POLICER_IN] = 0;
	moved->tx = 50;
	moved->drops[API_DROP_POLICER_OUT] = 50;
	wrong(DOCTOR_POLICER, SIDE_CUSTOMER, PRIMARY " out", "50 of 100 frames");
	moved->drops[API_DROP_POLICER_OUT] = 0;
	fine(DOCTOR_POLICER, PRIMARY, "nothing dropped");
}

static void other_drops(void **state)
{
	static const enum api_drop_reason harmless[] = {API_DROP_MULTICAST,
		API_DROP_UNKNOWN_ETHERTYPE, API_DROP_TTL_EXPIRED, API_DROP_ICMP_BUDGET,
		API_DROP_LINK_TEST_IN, API_DROP_LINK_TEST_PUNT, API_DROP_LINK_TEST_OUT,
		API_DROP_LINK_TEST_INJECT, API_DROP_INTERFACE_GONE, API_DROP_INJECT_GONE};
	uint64_t *drops = first_link()->moved.drops;

	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		drops[harmless[i]] = 9;
	fine(DOCTOR_DROPS, PRIMARY, "no packet lost otherwise");
	drops[API_DROP_MTU_EXCEEDED] = 2;
	named(DOCTOR_DROPS, DOCTOR_WARN, SIDE_OURS, PRIMARY, "2 packets dropped in 1.0 s as mtu-");
	drops[API_DROP_URPF_STRICT] = 3;
	named(DOCTOR_DROPS, DOCTOR_WARN, SIDE_CUSTOMER, PRIMARY,
		"3 packets dropped in 1.0 s as urpf-");
	assert_non_null(strstr(doctor_first(&report)->next, "1 more reasons"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bfd),
		TEST(bfd_waits_for_bgp),
		TEST(bgp_errors),
		TEST(bgp_alarm),
		TEST(filters),
		TEST(routes),
		TEST(fibs),
		TEST(policers),
		TEST(other_drops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
