/* SPDX-License-Identifier: BSD-3-Clause */
/* control/routing/frr.h with real FRR: an edge with two domains of overlapping addresses, and a
 * BIRD in a namespace behind each link. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/routing/frr.h"
#include "control/routing/namespace.h"
#include "tests/unit/control/routing_support.h"

#define FRR_BIN "/usr/lib/frr"
#define BIRD_BIN "/usr/sbin/bird"

static const char *const daemons[] = {"zebra", "staticd", "bgpd"};
enum { ZEBRA, STATICD, BGPD, DAEMONS };

struct edge {
	struct event_base *base;
	struct frr *frr;
	char frr_name[64], frr_dir[128];
	pid_t pids[DAEMONS];
	pid_t peers[2];
	struct plan plan;
	struct site site;
	struct plan_domain domains[3];
	struct ip static_prefixes[2];
	struct frr_announcement announcements[1200];
	struct frr_domain wanted[3];
	unsigned int applied, refused;
	json_t *answer;
	bool answered;
};

static struct edge edge;

/* A daemon of FRR in a mount namespace of its own, where /run/netns is the test's directory. */
static pid_t start_daemon(unsigned int which)
{
	char command[1024];
	pid_t pid;

	snprintf(command, sizeof(command),
		"ulimit -n $(ulimit -Hn); mkdir -p /run/netns && mount --rbind %s /run/netns && "
		"mount --make-rslave /run/netns && exec " FRR_BIN
		"/%s -N %s %s -A 127.0.0.1 -P 0 >/dev/null 2>&1",
		support_dir, daemons[which], edge.frr_name, which == ZEBRA ? "-n -K 180" : "");
	pid = fork();
	if (pid == 0) {
		execlp("unshare", "unshare", "-m", "--propagation", "slave", "sh", "-c", command,
			(char *)NULL);
		_exit(127);
	}
	return pid;
}

static void end_process(pid_t *pid, int signal)
{
	if (*pid <= 0)
		return;
	kill(*pid, signal);
	waitpid(*pid, NULL, 0);
	*pid = 0;
}

/* The customer's side of domain i: AS 65001, announces 10.9.0.0/16 and 2001:db8:9::/48. */
static pid_t start_peer(unsigned int i)
{
	char path[128];
	FILE *file;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/.peer%u", support_dir, i);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file,
		"router id 192.0.2.1;\nprotocol device {}\n"
		"protocol static s4 { ipv4; route 10.9.0.0/16 blackhole; }\n"
		"protocol static s6 { ipv6; route 2001:db8:9::/48 blackhole; }\n"
		"protocol bgp e4 { local 192.0.2.1 as 65001; neighbor 192.0.2.2 as 4200100001;"
		" connect retry time 2; connect delay time 1; error wait time 1, 2; ipv4 { import "
		"all; export where source = RTS_STATIC; }; }\n"
		"protocol bgp e6 { local 2001:db8::1 as 65001; neighbor 2001:db8::2 as 4200100001;"
		" connect retry time 2; connect delay time 1; error wait time 1, 2; ipv6 { import "
		"all; export where source = RTS_STATIC; }; "
		"}\n");
	fclose(file);
	pid = fork();
	if (pid == 0) {
		char netns[160], control[160];

		snprintf(netns, sizeof(netns), "--net=%s/peer%u", support_dir, i);
		snprintf(control, sizeof(control), "%s/.peer%u.ctl", support_dir, i);
		execlp("nsenter", "nsenter", netns, BIRD_BIN, "-f", "-c", path, "-s", control,
			(char *)NULL);
		_exit(127);
	}
	return pid;
}

static char *ask_peer(unsigned int i, const char *question)
{
	return support_output(
		NULL, "birdc -s %s/.peer%u.ctl '%s' 2>/dev/null || true", support_dir, i, question);
}

static bool peer_shows(unsigned int i, const char *question, const char *what)
{
	char *text = ask_peer(i, question);
	bool shows = strstr(text, what) != NULL;

	free(text);
	return shows;
}

static void on_applied(void *context, const char *error)
{
	if (error)
		print_message("refused: %s\n", error);
	edge.applied += error == NULL;
	edge.refused += error != NULL;
}

static struct ip address(const char *text, uint8_t length)
{
	struct ip ip = {.family = strchr(text, ':') ? AF_INET6 : AF_INET, .prefix_len = length};

	assert_int_equal(inet_pton(ip.family, text, ip.address), 1);
	return ip;
}

static void make_bgp_domain(unsigned int i, const char *name)
{
	struct plan_domain *domain = &edge.domains[i];
	struct plan_link *link = &domain->links[0];

	snprintf(domain->name, sizeof(domain->name), "%s", name);
	domain->kind = DOMAIN_PRIVATE;
	domain->link_count = 1;
	snprintf(link->name, sizeof(link->name), "customer%u/private/primary", i);
	link->peer_asn = 65001;
	link->edge4 = address("192.0.2.2", 30);
	link->peer4 = address("192.0.2.1", 30);
	link->edge6 = address("2001:db8::2", 126);
	link->peer6 = address("2001:db8::1", 126);
	edge.wanted[i] = (struct frr_domain){.domain = domain,
		.announcements = edge.announcements,
		.announcement_count = 2,
		.ready = i == 0,
		.stale_s = 180,
		.bfd = true};
}

static void make_site(void)
{
	struct plan_domain *vnet = &edge.domains[2];

	edge.site.asn = 4200100001;
	edge.plan = (struct plan){.site = &edge.site, .domains = edge.domains, .domain_count = 3};
	edge.announcements[0] = (struct frr_announcement){.prefix = address("10.1.0.0", 16),
		.as_path = {4200100002, 65100},
		.as_path_length = 2,
		.med = 77,
		.has_med = true,
		.communities = "65001:9 65001:3 7:8:9"};
	edge.announcements[1] = edge.announcements[0];
	edge.announcements[1].prefix = address("2001:db8:1::", 48);
	make_bgp_domain(0, "private.a");
	make_bgp_domain(1, "private.b");
	snprintf(vnet->name, sizeof(vnet->name), "vnet.c");
	vnet->kind = DOMAIN_VNET;
	vnet->link_count = 1;
	vnet->links[0].peer4 = address("192.0.2.1", 30);
	vnet->links[0].peer6 = address("2001:db8::1", 126);
	edge.static_prefixes[0] = address("10.1.0.0", 16);
	edge.static_prefixes[1] = address("2001:db8:1::", 48);
	vnet->static_prefixes = edge.static_prefixes;
	vnet->static_prefix_count = 2;
	edge.wanted[2] = (struct frr_domain){.domain = vnet, .stale_s = 180};
}

static void make_domain_namespace(const char *name, unsigned int i)
{
	char peer[16];

	snprintf(peer, sizeof(peer), "peer%u", i);
	close(support_namespace(name));
	close(support_namespace(peer));
	support_run(
		name, "ip link add primary type veth peer name up netns %s/%s", support_dir, peer);
	support_run(name, "ip addr add fe80::2/64 dev primary nodad");
	support_run(name, "ip addr add 192.0.2.2/30 dev primary");
	support_run(name, "ip addr add 2001:db8::2/126 dev primary nodad");
	support_run(name, "ip link set primary up");
	support_run(peer, "ip addr add fe80::1/64 dev up nodad");
	support_run(peer, "ip addr add 192.0.2.1/30 dev up");
	support_run(peer, "ip addr add 2001:db8::1/126 dev up nodad");
	support_run(peer, "ip link set dev up up");
}

static int start(void **state)
{
	if (access(FRR_BIN "/bgpd", X_OK) < 0 || access(BIRD_BIN, X_OK) < 0) {
		printf("skipped: needs FRR in " FRR_BIN " and " BIRD_BIN "\n");
		exit(77);
	}
	if (support_start(state) < 0)
		return -1;
	support_run(NULL, "ip link set lo up");
	snprintf(edge.frr_name, sizeof(edge.frr_name), "test%d", (int)getpid());
	snprintf(edge.frr_dir, sizeof(edge.frr_dir), "/var/run/frr/%s", edge.frr_name);
	support_run(NULL, "install -d -o frr -g frr -m 750 %s", edge.frr_dir);
	make_domain_namespace("private.a", 0);
	edge.pids[ZEBRA] = start_daemon(ZEBRA);
	edge.base = event_base_new();
	edge.frr = frr_open(edge.base, edge.frr_dir, on_applied, NULL);
	assert_non_null(edge.frr);
	/* zebra first: the others connect to it. Namespaces may come later. */
	support_run(NULL, "timeout 10 sh -c 'until [ -S %s/zserv.api ]; do sleep 0.05; done'",
		edge.frr_dir);
	edge.pids[STATICD] = start_daemon(STATICD);
	edge.pids[BGPD] = start_daemon(BGPD);
	make_domain_namespace("private.b", 1);
	make_domain_namespace("vnet.c", 2);
	edge.peers[0] = start_peer(0);
	edge.peers[1] = start_peer(1);
	make_site();
	return 0;
}

static int stop(void **state)
{
	frr_close(edge.frr);
	event_base_free(edge.base);
	json_decref(edge.answer);
	for (unsigned int i = 0; i < 2; i++)
		end_process(&edge.peers[i], SIGTERM);
	for (unsigned int i = DAEMONS; i-- > 0;)
		end_process(&edge.pids[i], SIGTERM);
	support_run(NULL, "rm -rf %s", edge.frr_dir);
	for (unsigned int i = 0; i < 3; i++) {
		char peer[16];

		snprintf(peer, sizeof(peer), "peer%u", i);
		namespace_delete(support_dir, peer);
	}
	namespace_delete(support_dir, "private.a");
	namespace_delete(support_dir, "private.b");
	namespace_delete(support_dir, "vnet.c");
	return support_stop(state);
}

static bool is_applied(void *context)
{
	return edge.applied > 0;
}

static void want_and_wait(void)
{
	edge.applied = 0;
	assert_int_equal(frr_want(edge.frr, &edge.plan, edge.wanted, 3), 0);
	support_wait(edge.base, is_applied, NULL, 20);
	assert_int_equal(edge.refused, 0);
}

static bool all_established(void *context)
{
	for (unsigned int i = 0; i < 2; i++) {
		if (!peer_shows(i, "show protocols e4", "Established") ||
			!peer_shows(i, "show protocols e6", "Established"))
			return false;
	}
	return true;
}

/* What a peer is to show, or (absent) not. */
struct expectation {
	unsigned int peer;
	const char *question, *text;
	bool absent;
};

static bool is_shown(void *context)
{
	const struct expectation *expected = context;

	return peer_shows(expected->peer, expected->question, expected->text) != expected->absent;
}

static void expect_shown(unsigned int peer, const char *question, const char *text)
{
	struct expectation expected = {peer, question, text, false};

	support_wait(edge.base, is_shown, &expected, 15);
}

static void expect_absent(unsigned int peer, const char *question, const char *text)
{
	struct expectation expected = {peer, question, text, true};

	support_wait(edge.base, is_shown, &expected, 15);
}

static void announces_with_what_was_learned(void **state)
{
	want_and_wait();
	assert_true(frr_connected(edge.frr));
	support_wait(edge.base, all_established, NULL, 30);
	expect_shown(0, "show route 10.1.0.0/16 all", "BGP.as_path: 4200100001 4200100002 65100");
	expect_shown(0, "show route 10.1.0.0/16 all", "BGP.med: 77");
	expect_shown(0, "show route 10.1.0.0/16 all", "BGP.community: (65001,3) (65001,9)");
	/* Our own mark is gone, the others are there. */
	expect_shown(0, "show route 10.1.0.0/16 all", "BGP.large_community: (7, 8, 9)\n");
	expect_shown(0, "show route 2001:db8:1::/48 all", "2001:db8::2");
}

static bool is_answered(void *context)
{
	return edge.answered;
}

static void on_answer(void *context, json_t *answer)
{
	json_decref(edge.answer);
	edge.answer = json_incref(answer);
	edge.answered = true;
}

static json_t *query(const char *command)
{
	edge.answered = false;
	assert_int_equal(frr_query(edge.frr, command, on_answer, NULL), 0);
	support_wait(edge.base, is_answered, NULL, 10);
	return edge.answer;
}

static void announces_nothing_before_ready(void **state)
{
	char *text = ask_peer(1, "show route protocol e4");
	json_t *summary = query("show bgp vrf private.b ipv4 unicast summary json");
	json_t *peer = json_object_get(json_object_get(summary, "peers"), "192.0.2.1");

	assert_null(strstr(text, "10.1.0.0/16"));
	free(text);
	assert_string_equal(json_string_value(json_object_get(peer, "state")), "Established");
	assert_int_equal(json_integer_value(json_object_get(peer, "pfxRcd")), 1);
	assert_int_equal(json_integer_value(json_object_get(peer, "pfxSnt")), 0);
	assert_non_null(query("show bgp vrf all ipv4 unicast summary json"));
	assert_null(query("show no such thing"));
}

static void never_repeats_what_it_learned(void **state)
{
	json_t *routes =
		query("show bgp vrf private.a ipv4 unicast neighbors 192.0.2.1 advertised-routes "
		      "json");
	json_t *advertised = json_object_get(routes, "advertisedRoutes");

	assert_non_null(json_object_get(advertised, "10.1.0.0/16"));
	assert_int_equal(json_object_size(advertised), 1);
}

static void installs_in_the_domains_own_kernel(void **state)
{
	support_run("private.a", "sh -c 'ip route show proto bgp | grep -q 10.9.0.0/16'");
	support_run("private.b", "sh -c 'ip -6 route show proto bgp | grep -q 2001:db8:9::/48'");
	support_run("vnet.c",
		"timeout 10 sh -c 'until ip route | grep -q \"10.1.0.0/16.*192.0.2.1.*proto "
		"196\\|10.1.0.0/16.*192.0.2.1.*proto static\"; do sleep 0.1; done'");
	support_run("vnet.c", "timeout 10 sh -c 'until ip -6 route | grep -q 2001:db8:1::/48; do "
			      "sleep 0.1; done'");
}

/* How often a session came up, and when it did last. */
static void connections(const char *vrf, json_int_t *established, json_int_t *dropped)
{
	char command[128];
	json_t *peer;

	snprintf(command, sizeof(command), "show bgp vrf %s ipv4 unicast summary json", vrf);
	peer = json_object_get(json_object_get(query(command), "peers"), "192.0.2.1");
	assert_non_null(peer);
	*established = json_integer_value(json_object_get(peer, "connectionsEstablished"));
	*dropped = json_integer_value(json_object_get(peer, "connectionsDropped"));
}

static void changes_leave_sessions_up(void **state)
{
	json_int_t established, dropped;
	struct timespec before, after;

	edge.announcements[0].as_path[1] = 65101;
	want_and_wait();
	expect_shown(0, "show route 10.1.0.0/16 all", "BGP.as_path: 4200100001 4200100002 65101");
	/* 1,000 more at once. */
	for (unsigned int i = 2; i < 1002; i++) {
		edge.announcements[i] = edge.announcements[0];
		edge.announcements[i].prefix = address("172.16.0.0", 24);
		edge.announcements[i].prefix.address[1] = (uint8_t)(16 + i / 256);
		edge.announcements[i].prefix.address[2] = (uint8_t)i;
	}
	edge.wanted[0].announcement_count = 1002;
	clock_gettime(CLOCK_MONOTONIC, &before);
	want_and_wait();
	clock_gettime(CLOCK_MONOTONIC, &after);
	print_message("1,000 announcements pushed in %.2f s\n",
		(double)(after.tv_sec - before.tv_sec) +
			(double)(after.tv_nsec - before.tv_nsec) / 1e9);
	expect_shown(
		0, "show route count", "1002 of 1002 routes for 1002 networks in table master4");
	edge.wanted[0].announcement_count = 2;
	want_and_wait();
	expect_shown(0, "show route count", "2 of 2 routes for 2 networks in table master4");
	edge.wanted[1].ready = true;
	want_and_wait();
	expect_shown(1, "show route 10.1.0.0/16 all", "BGP.as_path: 4200100001");
	edge.wanted[1].ready = false;
	want_and_wait();
	expect_absent(1, "show route 10.1.0.0/16 all", "BGP.as_path: 4200100001");
	for (unsigned int i = 0; i < 2; i++) {
		connections(i ? "private.b" : "private.a", &established, &dropped);
		assert_int_equal(established, 1);
		assert_int_equal(dropped, 0);
	}
}

static bool is_gone(void *context)
{
	return !frr_connected(edge.frr);
}

static void pushes_again_after_a_crash(void **state)
{
	end_process(&edge.pids[BGPD], SIGKILL);
	support_wait(edge.base, is_gone, NULL, 10);
	assert_int_equal(frr_query(edge.frr, "show bgp json", on_answer, NULL), -ENOTCONN);
	edge.applied = 0;
	edge.pids[BGPD] = start_daemon(BGPD);
	support_wait(edge.base, is_applied, NULL, 20);
	support_wait(edge.base, all_established, NULL, 60);
	expect_shown(0, "show route 10.1.0.0/16 all", "BGP.as_path: 4200100001 4200100002 65101");
	assert_int_equal(edge.refused, 0);
}

static void takes_up_a_namespace_made_anew(void **state)
{
	end_process(&edge.peers[1], SIGTERM);
	assert_int_equal(namespace_delete(support_dir, "private.b"), 0);
	assert_int_equal(namespace_delete(support_dir, "peer1"), 0);
	edge.applied = 0;
	/* Without the domain; then with it again. */
	assert_int_equal(frr_want(edge.frr, &edge.plan,
				 (struct frr_domain[]){edge.wanted[0], edge.wanted[2]}, 2),
		0);
	support_wait(edge.base, is_applied, NULL, 20);
	assert_null(query("show bgp vrf private.b ipv4 unicast summary json"));
	make_domain_namespace("private.b", 1);
	edge.peers[1] = start_peer(1);
	want_and_wait();
	support_wait(edge.base, all_established, NULL, 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(announces_with_what_was_learned),
		cmocka_unit_test(announces_nothing_before_ready),
		cmocka_unit_test(never_repeats_what_it_learned),
		cmocka_unit_test(installs_in_the_domains_own_kernel),
		cmocka_unit_test(changes_leave_sessions_up),
		cmocka_unit_test(pushes_again_after_a_crash),
		cmocka_unit_test(takes_up_a_namespace_made_anew),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
