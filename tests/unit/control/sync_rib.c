/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a domain's effective routes are: its own first, then what connections leak, one hop only;
 * and that every set and adjacency goes when the last route that names it went.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <linux/neighbour.h>
#include <stdlib.h>
#include <string.h>

#include "control/sync/internal.h"

/* The dataplane as the items make it: what routes there are, by (vrf, prefix). */
static struct api_route shadow[4096];
static unsigned int shadow_count;
static unsigned int groups_stated, groups_deleted;
static struct api_group last_group;

static int shadow_find(const struct api_route *route)
{
	for (unsigned int i = 0; i < shadow_count; i++)
		if (shadow[i].vrf == route->vrf && shadow[i].family == route->family &&
			shadow[i].prefix_len == route->prefix_len &&
			memcmp(shadow[i].address, route->address, 16) == 0)
			return i;
	return -1;
}

void session_send(struct sync *sync, enum api_object object, enum api_operation operation,
	const void *payload)
{
	int at;

	if (object == API_GROUP && operation == API_UPSERT) {
		groups_stated++;
		last_group = *(const struct api_group *)payload;
	}
	groups_deleted += object == API_GROUP && operation == API_DELETE;
	if (object != API_ROUTE)
		return;
	at = shadow_find(payload);
	if (operation == API_DELETE) {
		assert_true(at >= 0);
		shadow[at] = shadow[--shadow_count];
	} else if (at >= 0) {
		shadow[at] = *(const struct api_route *)payload;
	} else {
		assert_true(shadow_count < sizeof(shadow) / sizeof(shadow[0]));
		shadow[shadow_count++] = *(const struct api_route *)payload;
	}
}

void announce_later(struct sync *sync)
{
}

void limits_soon(struct sync *sync)
{
}

struct domain_link *domain_link(struct domain *domain, uint32_t interface)
{
	return NULL;
}

bool domain_on_link(const struct domain_link *link, const struct ip *address)
{
	return true;
}

int kernel_probe(struct kernel *kernel, uint32_t ifindex, const struct ip *address)
{
	return 0;
}

int kernel_resolve(struct kernel *kernel, uint32_t ifindex, const struct ip *address)
{
	return 0;
}

#define DOMAINS 4
#define ADJACENCIES 6

struct fixture {
	struct sync sync;
	struct domain domains[DOMAINS + 1];
	struct partner partners[DOMAINS + 1][DOMAINS];
	uint32_t adjacencies[ADJACENCIES];
};

static struct ip ip4(const char *address, uint8_t length)
{
	struct ip ip = {.family = AF_INET, .prefix_len = length};

	assert_int_equal(inet_pton(AF_INET, address, ip.address), 1);
	return ip;
}

static void connect_domains(
	struct fixture *fixture, unsigned int a, unsigned int b, uint32_t weight)
{
	struct domain *left = &fixture->domains[a], *right = &fixture->domains[b];

	left->partners[left->partner_count++] = (struct partner){.vrf = b, .weight = weight};
	right->partners[right->partner_count++] = (struct partner){.vrf = a, .weight = weight};
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct sync *sync = &fixture->sync;

	shadow_count = groups_stated = groups_deleted = 0;
	table_init(&sync->adjacencies, sizeof(struct adjacency_entry), 1, API_ADJACENCIES_MAX);
	table_init(&sync->sets, sizeof(struct set_entry), API_GROUP_FIRST, API_GROUPS_MAX);
	table_init(&sync->routes, sizeof(struct route_entry), 1, UINT32_MAX);
	for (unsigned int i = 1; i <= DOMAINS; i++) {
		fixture->domains[i].vrf = i;
		fixture->domains[i].sync = sync;
		fixture->domains[i].partners = fixture->partners[i];
		sync->by_vrf[i] = &fixture->domains[i];
	}
	for (unsigned int i = 0; i < ADJACENCIES; i++) {
		struct ip address = ip4("192.0.2.1", 32);

		address.address[3] = 1 + i;
		sync->by_interface[1 + i] = &fixture->domains[1];
		adjacency_want_peer(sync, 1 + i, &address); /* stays without routes */
		fixture->adjacencies[i] = adjacency_find(sync, 1 + i, &address);
		assert_int_not_equal(fixture->adjacencies[i], 0);
	}
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	table_fini(&fixture->sync.adjacencies);
	table_fini(&fixture->sync.sets);
	table_fini(&fixture->sync.routes);
	free(fixture);
	return 0;
}

static const struct api_route *effective(unsigned int vrf, const char *address, uint8_t length)
{
	struct ip prefix = ip4(address, length);
	struct api_route key = {.vrf = vrf, .family = AF_INET, .prefix_len = length};
	int at;

	memcpy(key.address, prefix.address, 16);
	at = shadow_find(&key);
	return at < 0 ? NULL : &shadow[at];
}

static uint32_t set_of(struct fixture *fixture, unsigned int adjacency)
{
	return set_want(&fixture->sync, &fixture->adjacencies[adjacency], 1);
}

static void native_route_leaks_one_hop_and_goes(void **state)
{
	struct fixture *fixture = *state;
	struct ip prefix = ip4("10.0.0.0", 16);

	connect_domains(fixture, 1, 2, 100);
	connect_domains(fixture, 3, 2, 100); /* 1 and 3 share 2 */
	rib_native(&fixture->sync, 1, &prefix, set_of(fixture, 0), API_ORIGIN_BGP);
	assert_non_null(effective(1, "10.0.0.0", 16));
	assert_int_equal(effective(1, "10.0.0.0", 16)->leaked_from, 0);
	assert_non_null(effective(2, "10.0.0.0", 16));
	assert_int_equal(effective(2, "10.0.0.0", 16)->leaked_from, 1);
	assert_int_equal(effective(2, "10.0.0.0", 16)->group, effective(1, "10.0.0.0", 16)->group);
	/* No transit between customers of one network. */
	assert_null(effective(3, "10.0.0.0", 16));
	rib_native_gone(&fixture->sync, 1, &prefix);
	assert_int_equal(shadow_count, 0);
	assert_int_equal(fixture->sync.routes.count, 0);
	assert_int_equal(fixture->sync.sets.count, 0);
	assert_int_equal(groups_deleted, 1);
}

static void own_route_wins_over_leaked_and_yields_back(void **state)
{
	struct fixture *fixture = *state;
	struct ip prefix = ip4("10.0.0.0", 16);

	connect_domains(fixture, 1, 2, 100);
	rib_native(&fixture->sync, 1, &prefix, set_of(fixture, 0), API_ORIGIN_BGP);
	rib_native(&fixture->sync, 2, &prefix, set_of(fixture, 1), API_ORIGIN_STATIC);
	assert_int_equal(effective(2, "10.0.0.0", 16)->leaked_from, 0);
	assert_int_equal(effective(1, "10.0.0.0", 16)->leaked_from, 0);
	rib_native_gone(&fixture->sync, 2, &prefix);
	assert_int_equal(effective(2, "10.0.0.0", 16)->leaked_from, 1);
	rib_native_gone(&fixture->sync, 1, &prefix);
	assert_int_equal(shadow_count, 0);
	assert_int_equal(fixture->sync.sets.count, 0);
}

static void connected_and_local_routes_do_not_leak(void **state)
{
	struct fixture *fixture = *state;
	struct ip subnet = ip4("192.0.2.0", 30), own = ip4("192.0.2.2", 32);
	struct ip peer = ip4("192.0.2.1", 32);

	connect_domains(fixture, 1, 2, 100);
	rib_native(&fixture->sync, 1, &subnet, API_GROUP_GLEAN, API_ORIGIN_CONNECTED);
	rib_native(&fixture->sync, 1, &own, API_GROUP_RECEIVE, API_ORIGIN_LOCAL);
	rib_native(&fixture->sync, 1, &peer, set_of(fixture, 0), API_ORIGIN_NEIGHBOUR);
	assert_null(effective(2, "192.0.2.0", 30));
	assert_null(effective(2, "192.0.2.2", 32));
	assert_non_null(effective(2, "192.0.2.1", 32));
}

/* The one kind of connected route that leaks, as what it is elsewhere; its neighbours with it. */
static void transit_subnets_leak(void **state)
{
	struct fixture *fixture = *state;
	struct ip subnet = ip4("10.255.64.0", 24), own = ip4("10.255.64.2", 32);
	struct ip machine = ip4("10.255.64.77", 32);
	struct domain_link link = {.plan = {.is_transit = true}};

	fixture->domains[1].links[0] = link;
	fixture->domains[1].link_count = 1;
	connect_domains(fixture, 1, 2, 100);
	rib_native(&fixture->sync, 1, &subnet, API_GROUP_GLEAN, API_ORIGIN_CONNECTED);
	rib_native(&fixture->sync, 1, &own, API_GROUP_RECEIVE, API_ORIGIN_LOCAL);
	assert_int_equal(effective(1, "10.255.64.0", 24)->group, API_GROUP_GLEAN);
	assert_int_equal(effective(2, "10.255.64.0", 24)->group, API_GROUP_GLEAN_LEAKED);
	assert_int_equal(effective(2, "10.255.64.0", 24)->leaked_from, 1);
	assert_null(effective(2, "10.255.64.2", 32));
	rib_native(&fixture->sync, 1, &machine, set_of(fixture, 0), API_ORIGIN_NEIGHBOUR);
	assert_non_null(effective(2, "10.255.64.77", 32));
	rib_native_gone(&fixture->sync, 1, &subnet);
	assert_null(effective(2, "10.255.64.0", 24));
	rib_native_gone(&fixture->sync, 1, &machine);
	rib_native_gone(&fixture->sync, 1, &own);
	assert_int_equal(shadow_count, 0);
	fixture->domains[1].link_count = 0;
}

static void highest_weight_wins_equal_weights_share(void **state)
{
	struct fixture *fixture = *state;
	struct ip prefix = ip4("10.0.0.0", 16);
	const struct set_entry *set;

	connect_domains(fixture, 1, 4, 100);
	connect_domains(fixture, 2, 4, 200);
	connect_domains(fixture, 3, 4, 200);
	rib_native(&fixture->sync, 1, &prefix, set_of(fixture, 0), API_ORIGIN_BGP);
	assert_int_equal(effective(4, "10.0.0.0", 16)->leaked_from, 1);
	rib_native(&fixture->sync, 2, &prefix, set_of(fixture, 1), API_ORIGIN_BGP);
	assert_int_equal(effective(4, "10.0.0.0", 16)->leaked_from, 2);
	rib_native(&fixture->sync, 3, &prefix, set_of(fixture, 2), API_ORIGIN_BGP);
	set = table_at(&fixture->sync.sets, effective(4, "10.0.0.0", 16)->group);
	assert_int_equal(set->count, 2);
	rib_native_gone(&fixture->sync, 3, &prefix);
	rib_native_gone(&fixture->sync, 2, &prefix);
	assert_int_equal(effective(4, "10.0.0.0", 16)->leaked_from, 1);
	rib_native_gone(&fixture->sync, 1, &prefix);
	assert_int_equal(shadow_count, 0);
	assert_int_equal(fixture->sync.sets.count, 0);
}

static void connections_come_and_go(void **state)
{
	struct fixture *fixture = *state;
	struct ip prefix = ip4("10.0.0.0", 16), default_route = ip4("0.0.0.0", 0);

	rib_native(&fixture->sync, 1, &prefix, set_of(fixture, 0), API_ORIGIN_BGP);
	rib_native(&fixture->sync, 1, &default_route, set_of(fixture, 0), API_ORIGIN_BGP);
	assert_null(effective(2, "10.0.0.0", 16));
	connect_domains(fixture, 1, 2, 100);
	rib_connections_changed(&fixture->sync);
	assert_non_null(effective(2, "10.0.0.0", 16));
	assert_non_null(effective(2, "0.0.0.0", 0));
	fixture->domains[1].partner_count = fixture->domains[2].partner_count = 0;
	rib_connections_changed(&fixture->sync);
	assert_null(effective(2, "10.0.0.0", 16));
	assert_int_equal(shadow_count, 2);
	rib_drop_vrf(&fixture->sync, 1);
	assert_int_equal(shadow_count, 0);
	assert_int_equal(fixture->sync.sets.count, 0);
}

static void group_leaves_out_the_unresolved_while_one_is_resolved(void **state)
{
	struct fixture *fixture = *state;
	struct kernel_neighbour neighbour = {.address = ip4("192.0.2.2", 32),
		.mac = {2, 0, 0, 0, 0, 9},
		.state = NUD_REACHABLE,
		.valid = true};
	struct ip prefix = ip4("10.0.0.0", 16);
	uint32_t set = set_want(&fixture->sync, fixture->adjacencies, 2);

	rib_native(&fixture->sync, 1, &prefix, set, API_ORIGIN_BGP);
	assert_int_equal(last_group.count, 2);
	assert_false(set_alive(&fixture->sync, set));
	adjacency_neighbour(&fixture->sync, 2, &neighbour, false);
	assert_int_equal(last_group.count, 1);
	assert_int_equal(last_group.adjacencies[0], fixture->adjacencies[1]);
	assert_true(set_alive(&fixture->sync, set));
	/* Deleted from the kernel's table: no news until a probe failed. */
	adjacency_neighbour(&fixture->sync, 2, &neighbour, true);
	assert_true(set_alive(&fixture->sync, set));
	neighbour.valid = false;
	neighbour.state = NUD_FAILED;
	adjacency_neighbour(&fixture->sync, 2, &neighbour, false);
	assert_false(set_alive(&fixture->sync, set));
	assert_int_equal(last_group.count, 2);
}

static void adopted_groups_keep_their_ids(void **state)
{
	struct fixture *fixture = *state;
	struct api_group row = {.id = 777,
		.count = 2,
		.adjacencies = {fixture->adjacencies[0], fixture->adjacencies[1]}};
	struct api_group stale = {.id = 778, .count = 1, .adjacencies = {fixture->adjacencies[5]}};
	uint32_t reversed[2] = {fixture->adjacencies[1], fixture->adjacencies[0]};

	set_adopt(&fixture->sync, &row);
	set_adopt(&fixture->sync, &stale);
	assert_int_equal(set_want(&fixture->sync, reversed, 2), 777);
	sets_forget_adopted(&fixture->sync);
	assert_int_equal(fixture->sync.sets.count, 1);
}

/* Random changes against the rule applied from scratch. */
static void random_changes_agree_with_the_rule(void **state)
{
	struct fixture *fixture = *state;
	uint32_t native[DOMAINS + 1][16] = {0};
	unsigned int seed = 4711;

	connect_domains(fixture, 1, 3, 100);
	connect_domains(fixture, 2, 3, 100);
	connect_domains(fixture, 2, 4, 50);
	for (unsigned int step = 0; step < 20000; step++) {
		unsigned int vrf = 1 + rand_r(&seed) % DOMAINS, p = rand_r(&seed) % 16;
		struct ip prefix = ip4("10.0.0.0", 24);

		prefix.address[2] = p;
		if (rand_r(&seed) % 3 == 0) {
			rib_native_gone(&fixture->sync, vrf, &prefix);
			native[vrf][p] = 0;
		} else {
			native[vrf][p] = set_of(fixture, rand_r(&seed) % ADJACENCIES);
			rib_native(&fixture->sync, vrf, &prefix, native[vrf][p], API_ORIGIN_BGP);
		}
		for (unsigned int v = 1; v <= DOMAINS; v++) {
			struct api_route key = {.vrf = v, .family = AF_INET, .prefix_len = 24};
			bool leak = false;
			int at;

			memcpy(key.address, prefix.address, 16);
			at = shadow_find(&key);
			for (unsigned int i = 0; i < fixture->domains[v].partner_count; i++)
				leak |= native[fixture->domains[v].partners[i].vrf][p] != 0;
			assert_int_equal(at >= 0, native[v][p] != 0 || leak);
			if (at >= 0 && native[v][p] != 0)
				assert_int_equal(shadow[at].group, native[v][p]);
			if (at >= 0)
				assert_int_equal(shadow[at].leaked_from != 0, native[v][p] == 0);
		}
	}
	for (unsigned int v = 1; v <= DOMAINS; v++)
		rib_drop_vrf(&fixture->sync, v);
	assert_int_equal(shadow_count, 0);
	assert_int_equal(fixture->sync.routes.count, 0);
	assert_int_equal(fixture->sync.sets.count, 0);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(native_route_leaks_one_hop_and_goes),
		TEST(own_route_wins_over_leaked_and_yields_back),
		TEST(connected_and_local_routes_do_not_leak),
		TEST(transit_subnets_leak),
		TEST(highest_weight_wins_equal_weights_share),
		TEST(connections_come_and_go),
		TEST(group_leaves_out_the_unresolved_while_one_is_resolved),
		TEST(adopted_groups_keep_their_ids),
		TEST(random_changes_agree_with_the_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
