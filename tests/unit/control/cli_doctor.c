/* SPDX-License-Identifier: BSD-3-Clause */
/* The doctor's facts, from what control answered and the dataplane's dumps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "control/cli/doctor.h"

#define PRIMARY "acme/private/primary"

static struct api_port ports[] = {{.id = 2, .name = "core", .link_up = 1},
	{.id = 3, .name = "cust", .link_up = 1, .mac = {2}}};
static struct api_interface interfaces[] = {{.id = 4, .port = 2, .name = "blue/core"},
	{.id = 5, .port = 3, .s_tag = 100, .c_tag = 200, .name = PRIMARY, .circuit = "acme"}};
static struct api_vrf vrfs[] = {{.id = 9, .name = "private.acme"}};
static struct api_path paths[] = {
	{.id = 1, .interface = 5, .family = AF_INET, .address = {192, 0, 2, 1}},
	{.id = 2,
		.interface = 5,
		.family = AF_INET6,
		.address = {0x20, 1},
		.down = API_PATH_BFD | API_PATH_CARRIER}};
static struct api_adjacency adjacencies[] = {{.id = 1,
						     .interface = 5,
						     .family = AF_INET,
						     .resolved = 1,
						     .mac = {2, 0, 0, 0, 0, 7},
						     .address = {192, 0, 2, 1}},
	{.id = 2, .interface = 5, .family = AF_INET6, .address = {0x20, 1}}};
static struct api_link_test tests_run[] = {
	{.interface = 4, .running = 1, .left_us = 5000000}, {.interface = 5, .left_us = 0}};
static struct api_interface_counters counters[LOOKS][3];
static struct api_port_counters port_counters[LOOKS][2] = {
	{{.port = 2},
		{.port = 3,
			.unknown_tags =
				{{.frames = 7, .count = 1, .ethertype = 0x8100, .outer = 9}}}},
	{{.port = 2, .unknown_tags = {{.frames = 99}}},
		{.port = 3,
			.unknown_tags = {{.frames = 2, .count = 1, .ethertype = 0x8100, .outer = 8},
				{.frames = 7, .count = 1, .ethertype = 0x8100, .outer = 9}}}}};
static struct api_bfd_session sessions[LOOKS][3];
static struct doctor_sources sources;
static struct doctor_facts facts;

static const char circuits_text[] =
	"[{\"name\": \"acme\", \"provider_state\": \"provisioned\", \"state\": \"enabled\","
	" \"forwards\": true, \"service_key\": \"KEY\", \"peerings\": [\"private\"]}]";
static const char peerings_text[] =
	"[{\"name\": \"other/private\", \"type\": \"private\", \"domain\": \"private.other\","
	"  \"links\": []},"
	" {\"name\": \"acme/private\", \"type\": \"private\", \"domain\": \"private.acme\","
	"  \"links\": [{\"name\": \"primary\", \"edge\": \"a\", \"port\": \"cust\","
	"   \"s_tag\": 100, \"c_tag\": 200, \"peer4\": \"192.0.2.1\", \"peer6\": \"2001::\","
	"   \"neighbour4\": \"reachable\", \"neighbour6\": \"failed\"},"
	"  {\"name\": \"secondary\", \"edge\": \"b\", \"port\": \"cust\", \"s_tag\": 100,"
	"   \"c_tag\": 200, \"peer4\": \"192.0.2.5\", \"peer6\": null, \"neighbour4\": null,"
	"   \"neighbour6\": null}]}]";
static const char bgp_text[] =
	"[{\"peering\": \"acme/private\", \"link\": \"primary\", \"family\": \"ipv4\","
	"  \"state\": \"Established\", \"asn\": 65001, \"uptime_s\": 9, \"accepted\": 5,"
	"  \"refused\": 1, \"announced\": 2, \"alarm\": null, \"last_error\": null},"
	" {\"peering\": \"acme/private\", \"link\": \"primary\", \"family\": \"ipv6\","
	"  \"state\": \"Idle\", \"asn\": 65001, \"uptime_s\": null, \"accepted\": null,"
	"  \"refused\": null, \"announced\": null, \"alarm\": \"near\","
	"  \"last_error\": \"why\"}]";
static const char arp_text[] =
	"[{\"link\": \"acme/private/primary\", \"address\": \"192.0.2.1\","
	"  \"mac\": \"02:00:00:00:00:07\"},"
	" {\"link\": \"acme/private/primary\", \"address\": \"fe80::1\","
	"  \"mac\": \"02:00:00:00:00:08\"},"
	" {\"link\": \"acme/private/primary\", \"address\": \"2001::2\", \"mac\": null},"
	" {\"link\": \"acme/private/primary\", \"address\": \"2001::3\","
	"  \"mac\": \"02:00:00:00:00:09\"},"
	" {\"link\": \"other/private/primary\", \"address\": \"192.0.2.9\","
	"  \"mac\": \"02:00:00:00:00:0a\"}]";
static const char domains_text[] =
	"[{\"peering\": \"acme/private\", \"learned\": 8, \"connections\": [\"blue\", \"red\"],"
	"  \"bfd\": true, \"validated\": 2, \"route_filter\": \"storage\"}]";
static const char status_text[] =
	"{\"self\": \"a\", \"dataplane\": {\"synced\": true, \"state\": \"synced\","
	"  \"error\": null, \"refused_routes\": {\"private.acme\": 3}},"
	" \"frr\": {\"connected\": true, \"applied\": true, \"bfd\": true, \"held_routes\": 0}}";

static struct dump dump_of(enum api_object object, void *rows, size_t count)
{
	return (struct dump){.object = object, .rows = rows, .count = count};
}

static void fill_counters(void)
{
	for (unsigned int look = 0; look < LOOKS; look++) {
		memset(counters[look], 0, sizeof(counters[look]));
		memset(sessions[look], 0, sizeof(sessions[look]));
		counters[look][0] = (struct api_interface_counters){.interface = 5,
			.port = 3,
			.life = 1,
			.ledger = {.rx = 100 + 10 * look,
				.tx = 50 + 4 * look,
				.drops = {[API_DROP_POLICER_IN] = 6 + look}}};
		counters[look][1].port = 3;
		counters[look][1].ledger.drops[API_DROP_UNKNOWN_TAG] = 7 + 2 * look;
		counters[look][2].port = 2;
		counters[look][2].ledger.drops[API_DROP_UNKNOWN_TAG] = 99;
		sessions[look][0] = (struct api_bfd_session){.interface = 5,
			.family = AF_INET,
			.local_discriminator = 77,
			.state = 3,
			.remote_state = 3,
			.min_tx_us = 300000,
			.multiplier = 3,
			.remote_min_tx_us = 100000,
			.remote_multiplier = 5,
			.detection_us = 900000};
		sessions[look][1] = sessions[look][0];
		sessions[look][1].family = AF_INET6;
		sessions[look][1].state = 1;
		sessions[look][1].silence_us = UINT64_MAX;
		sessions[look][2].interface = 5;
	}
}

static int setup(void **state)
{
	fill_counters();
	sources = (struct doctor_sources){.status = json_loads(status_text, 0, NULL),
		.circuits = json_loads(circuits_text, 0, NULL),
		.peerings = json_loads(peerings_text, 0, NULL),
		.bgp = json_loads(bgp_text, 0, NULL),
		.arp = json_loads(arp_text, 0, NULL),
		.drains = json_loads("[]", 0, NULL),
		.domains = {json_loads(domains_text, 0, NULL), json_loads(domains_text, 0, NULL)},
		.ports = dump_of(API_PORT, ports, 2),
		.interfaces = dump_of(API_INTERFACE, interfaces, 2),
		.vrfs = dump_of(API_VRF, vrfs, 1),
		.adjacencies = dump_of(API_ADJACENCY, adjacencies, 2),
		.paths = dump_of(API_PATH, paths, 2),
		.tests = dump_of(API_LINK_TEST, tests_run, 2),
		.counters = {dump_of(API_INTERFACE_COUNTERS, counters[0], 3),
			dump_of(API_INTERFACE_COUNTERS, counters[1], 3)},
		.port_counters = {dump_of(API_PORT_COUNTERS, port_counters[0], 2),
			dump_of(API_PORT_COUNTERS, port_counters[1], 2)},
		.sessions = {dump_of(API_BFD_SESSION, sessions[0], 3),
			dump_of(API_BFD_SESSION, sessions[1], 3)},
		.routes = {{{8, 4}}, {{8, 4}}},
		.span_ms = 1000,
		.texts = json_array()};
	return json_is_array(sources.peerings) && json_is_array(sources.bgp) &&
			       json_is_array(sources.arp) && json_is_object(sources.status) &&
			       json_is_array(sources.domains[0])
		       ? 0
		       : -1;
}

static int teardown(void **state)
{
	struct dump *dumps[] = {&sources.ports, &sources.interfaces, &sources.vrfs,
		&sources.adjacencies, &sources.paths, &sources.tests, &sources.counters[0],
		&sources.counters[1], &sources.port_counters[0], &sources.port_counters[1],
		&sources.sessions[0], &sources.sessions[1]};

	/* Their rows are the test's. */
	for (size_t i = 0; i < sizeof(dumps) / sizeof(dumps[0]); i++)
		*dumps[i] = (struct dump){0};
	doctor_sources_free(&sources);
	return 0;
}

static void fill(const char *address)
{
	doctor_facts_fill(address, &sources, &facts);
}

static const struct doctor_link *link_at(unsigned int number)
{
	assert_int_equal(facts.peering_count, 1);
	assert_true(number < facts.peerings[0].link_count);
	return &facts.peerings[0].links[number];
}

static void circuit_and_edge(void **state)
{
	fill("acme/private");
	assert_null(facts.control_away);
	assert_null(facts.bgp_away);
	assert_null(facts.unsynced);
	assert_true(facts.frr_told && facts.bfdd_there && facts.forwards && facts.enabled);
	assert_true(facts.by_provider);
	assert_string_equal(facts.circuit, "acme");
	assert_string_equal(facts.service_key, "KEY");
	assert_int_equal(facts.peerings_sold, 1);
}

static void an_edge_out_of_step(void **state)
{
	json_t *dataplane = json_object_get(sources.status, "dataplane");
	json_t *frr = json_object_get(sources.status, "frr");

	json_object_set_new(dataplane, "synced", json_false());
	json_object_set_new(dataplane, "state", json_string("away"));
	json_object_set_new(dataplane, "error", json_string("no memory"));
	json_object_set_new(frr, "connected", json_false());
	json_object_set_new(frr, "held_routes", json_integer(4));
	sources.routes[0][0].learned = sources.routes[1][0].learned = 12;
	fill("acme");
	assert_string_equal(
		facts.unsynced, "control and dataplane are not in step (away): no memory");
	assert_non_null(facts.bgp_away);
	assert_int_equal(facts.held_routes, 4);
	/* Held routes are more than the kernel has, on purpose. */
	assert_false(facts.peerings[0].unequal);
}

static void peerings_and_domains(void **state)
{
	const struct doctor_peering *peering = &facts.peerings[0];

	fill("acme");
	assert_int_equal(facts.peering_count, 1);
	assert_string_equal(peering->name, "acme/private");
	assert_true(peering->known && peering->domain_there);
	assert_false(peering->is_public);
	assert_int_equal(peering->connections, 2);
	assert_string_equal(peering->connected, "blue");
	assert_int_equal(peering->validated, 2);
	assert_string_equal(peering->route_filter, "storage");
	assert_int_equal(peering->refused_routes, 3);
	assert_int_equal(peering->kernel_routes, 8);
	assert_int_equal(peering->leaked, 4);
	assert_int_equal(peering->link_count, 2);
	assert_false(peering->unequal);
	/* A route that was on its way is none that is missing. */
	sources.routes[0][0].learned = 7;
	fill("acme");
	assert_false(peering->unequal);
	sources.routes[1][0].learned = 7;
	fill("acme");
	assert_true(peering->unequal);
}

static void links(void **state)
{
	const struct doctor_link *link;

	fill("acme/private/primary");
	assert_int_equal(facts.peerings[0].link_count, 1);
	link = link_at(0);
	assert_string_equal(link->name, PRIMARY);
	assert_string_equal(link->port, "cust");
	assert_null(link->edge);
	assert_true(link->port_there && link->interface_there && link->carrier);
	assert_false(link->draining);
	assert_int_equal(link->test_left_s, 0);
	assert_int_equal(link->s_tag, 100);
	assert_int_equal(link->rx, 110);
	assert_int_equal(link->moved.rx, 10);
	assert_int_equal(link->moved.tx, 4);
	assert_int_equal(link->moved.drops[API_DROP_POLICER_IN], 1);
	assert_int_equal(link->unknown_tags, 9);
	assert_int_equal(link->moved.unknown_tags, 2);
	assert_string_equal(link->other_tags, "VLAN 8; VLAN 9");
	assert_string_equal(link->moved.other_tags, "VLAN 8");
	json_array_append_new(sources.drains, json_pack("{s:s}", "link", PRIMARY));
	tests_run[1].running = 1;
	fill("acme");
	tests_run[1].running = 0;
	assert_true(link_at(0)->draining);
	assert_int_equal(link_at(0)->test_left_s, 1);
	/* The other one is the other edge's. */
	assert_string_equal(link_at(1)->edge, "b");
	assert_false(link_at(1)->interface_there);
}

static void an_account_that_began_anew(void **state)
{
	counters[1][0].life = 2;
	fill("acme");
	assert_int_equal(link_at(0)->moved.rx, 0);
	assert_int_equal(link_at(0)->moved.drops[API_DROP_POLICER_IN], 0);
}

static void families(void **state)
{
	const struct doctor_family *ipv4, *ipv6;

	fill("acme");
	ipv4 = &link_at(0)->families[0];
	ipv6 = &link_at(0)->families[1];
	assert_string_equal(ipv4->peer, "192.0.2.1");
	assert_string_equal(ipv4->neighbour, "reachable");
	assert_string_equal(ipv4->mac, "02:00:00:00:00:07");
	assert_false(ipv4->own_mac);
	assert_null(ipv4->stranger);
	assert_null(ipv4->path_down);
	assert_true(ipv4->bfd.wanted && ipv4->bfd.heard);
	assert_string_equal(ipv4->bfd.state, "up");
	assert_int_equal(ipv4->bfd.min_tx_ms, 300);
	assert_int_equal(ipv4->bfd.remote_multiplier, 5);
	assert_int_equal(ipv4->bfd.detection_ms, 900);
	assert_string_equal(ipv4->bgp.state, "Established");
	assert_int_equal(ipv4->bgp.asn, 65001);
	assert_int_equal(ipv4->bgp.accepted, 5);
	assert_int_equal(ipv4->bgp.refused, 1);
	assert_int_equal(ipv4->bgp.announced, 2);
	assert_null(ipv4->bgp.error);
	assert_string_equal(ipv6->neighbour, "failed");
	assert_null(ipv6->mac);
	assert_string_equal(ipv6->stranger, "2001::3");
	assert_string_equal(ipv6->stranger_mac, "02:00:00:00:00:09");
	assert_string_equal(ipv6->path_down, "bfd, carrier");
	assert_string_equal(ipv6->bfd.state, "down");
	assert_false(ipv6->bfd.heard);
	assert_string_equal(ipv6->bgp.error, "why");
	assert_string_equal(ipv6->bgp.alarm, "near");
	assert_null(link_at(1)->families[1].peer);
}

static void a_loop_shows_our_own_mac(void **state)
{
	json_object_set_new(
		json_array_get(sources.arp, 0), "mac", json_string("02:00:00:00:00:00"));
	fill("acme");
	assert_true(link_at(0)->families[0].own_mac);
}

static void refused_bfd(void **state)
{
	const struct doctor_family *family;

	sessions[0][0].refused[0] = sessions[1][0].refused[0] = 5;
	fill("acme");
	family = link_at(0)->families;
	assert_null(family[0].bfd.refused);
	/* Nobody's is perhaps this one's. */
	sessions[1][2].refused[1] = 1;
	fill("acme");
	assert_string_equal(family[0].bfd.refused, api_bfd_refusal_text(1));
	sessions[1][0].refused[0] = 6;
	fill("acme");
	assert_string_equal(family[0].bfd.refused, api_bfd_refusal_text(0));
	assert_string_equal(family[1].bfd.refused, api_bfd_refusal_text(1));
}

static void without_an_interface(void **state)
{
	sources.interfaces.count = 1;
	fill("acme");
	assert_true(link_at(0)->port_there && link_at(0)->carrier);
	assert_false(link_at(0)->interface_there);
	sources.ports.count = 1;
	fill("acme");
	assert_false(link_at(0)->port_there);
	assert_string_equal(link_at(0)->port, "cust");
}

static void without_control(void **state)
{
	const struct doctor_family *family;

	sources.control_away = strdup("control does not run");
	fill("acme");
	assert_string_equal(facts.control_away, "control does not run");
	assert_int_equal(facts.peering_count, 1);
	assert_string_equal(facts.peerings[0].name, "acme/private");
	assert_false(facts.peerings[0].known);
	assert_int_equal(facts.peerings[0].link_count, 1);
	family = link_at(0)->families;
	assert_string_equal(family[0].peer, "192.0.2.1");
	assert_string_equal(family[0].neighbour, "resolved");
	assert_string_equal(family[0].mac, "02:00:00:00:00:07");
	assert_string_equal(family[1].neighbour, "unresolved");
	assert_null(family[0].bgp.state);
	fill("blue");
	assert_int_equal(facts.peering_count, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(circuit_and_edge),
		TEST(an_edge_out_of_step),
		TEST(peerings_and_domains),
		TEST(links),
		TEST(an_account_that_began_anew),
		TEST(families),
		TEST(a_loop_shows_our_own_mac),
		TEST(refused_bfd),
		TEST(without_an_interface),
		TEST(without_control),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
