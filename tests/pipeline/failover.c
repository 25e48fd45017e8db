/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Groups: flows move when their member dies, those and no others, and return when it does.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/nexthop/path.h"
#include "dataplane/vrf/vrf.h"
#include "tests/pipeline/members.h"

static const struct encapsulation *const link_tags = &encapsulations[1];

static int before[2][FLOWS];

static void remember_flows(void)
{
	static struct frame in;

	for (int f = 0; f < 2; f++) {
		for (unsigned int flow = 0; flow < FLOWS; flow++) {
			make_flow(&in, f == 0 ? AF_INET : AF_INET6, VARY_SOURCE_PORT, flow);
			before[f][flow] = member_of(&in);
		}
	}
}

/* Flows of members in `gone` (a bit each) are with others now, evenly, and all others where they
 * were. n: how many members there are, or were. */
static void expect_moved(unsigned int n, uint32_t gone)
{
	static struct frame in;

	for (int f = 0; f < 2; f++) {
		unsigned int moved = 0, share[API_GROUP_MEMBERS_MAX] = {0};
		double left = n - __builtin_popcount(gone);

		for (unsigned int flow = 0; flow < FLOWS; flow++) {
			make_flow(&in, f == 0 ? AF_INET : AF_INET6, VARY_SOURCE_PORT, flow);

			int after = member_of(&in);

			assert_in_range(after, 0, n - 1);
			assert_false(gone & 1u << after);
			if (gone & 1u << before[f][flow]) {
				moved++;
				share[after]++;
			} else {
				assert_int_equal(after, before[f][flow]);
			}
		}
		assert_true(gone == 0 || moved > 0);
		for (unsigned int m = 0; m < n; m++) {
			double off = share[m] - moved / left;

			if ((gone & 1u << m) == 0)
				assert_true(off * off <= 36 * moved / left);
		}
	}
}

static void die(unsigned int member, enum api_path_down cause, bool down)
{
	const uint8_t peer[16] = {172, 16, 0, member};

	assert_true(path_set(2, AF_INET, peer, cause, down));
}

/* Only the dead member's flows move, and evenly; they return when it does. When BGP takes the dead
 * one out of the group nothing more moves. */
static void flows_of_a_dead_member_move_and_no_others(void **state)
{
	const unsigned int sizes[] = {2, 3, 5, 16};

	for (unsigned int i = 0; i < RTE_DIM(sizes); i++) {
		unsigned int n = sizes[i], dead = n / 2;
		uint32_t ids[API_GROUP_MEMBERS_MAX], kept = 0;

		scene_with_members(n);
		remember_flows();
		die(dead, API_PATH_BFD, true);
		expect_moved(n, 1u << dead);
		die(dead, API_PATH_BFD, false);
		expect_moved(n, 0);
		die(dead, API_PATH_BFD, true);
		/* In another order too: which group it is and who stands where does not matter. */
		for (unsigned int m = n; m-- > 0;) {
			if (m != dead)
				ids[kept++] = 100 + m;
		}
		add_group(41, kept, ids);
		add_route(1, "10.1.0.0", 16, 41);
		add_route(1, "2001:db8:b::", 48, 41);
		expect_moved(n, 1u << dead);
		assert_int_equal(fixture_teardown(NULL), 0);
		assert_int_equal(fixture_setup(NULL), 0);
	}
}

static void one_after_another_dies(void **state)
{
	static struct frame in;
	uint32_t gone = 0;

	scene_with_members(6);
	remember_flows();
	for (unsigned int m = 0; m < 5; m++) {
		die(m, API_PATH_BFD, true);
		gone |= 1u << m;
		expect_moved(6, gone);
	}
	die(5, API_PATH_BFD, true);
	make_flow(&in, AF_INET, VARY_SOURCE_PORT, 7);
	assert_int_equal(member_of(&in), NOBODY);
	expect_drops(1, API_DROP_NO_LIVE_NEXT_HOP, 1);
	make_flow(&in, AF_INET6, VARY_SOURCE_PORT, 7);
	assert_int_equal(member_of(&in), NOBODY);
	expect_drops(1, API_DROP_NO_LIVE_NEXT_HOP, 1);
	die(2, API_PATH_BFD, false);
	expect_moved(6, (gone & ~(1u << 2)) | 1u << 5);
}

enum { ROUTES = 900000, EVERY = 4999 };

static void to_route(struct frame *in, uint32_t i)
{
	char destination[32];

	snprintf(destination, sizeof(destination), "11.%u.%u.%u", i >> 16, i >> 8 & 0xff, i & 0xff);
	frame_to_us(in, 0, link_tags, 0x0800);
	frame_ipv4(in, &(struct ipv4){.source = "10.0.0.5",
			       .destination = destination,
			       .ttl = 9,
			       .protocol = IPPROTO_UDP,
			       .payload = 28});
	frame_udp(in, i & 0x3fff, 2000, 20);
	frame_fill(in, 20, i);
}

/* No table is touched: the next packet of each goes the other way. */
static void any_number_of_routes_moves_with_one_store(void **state)
{
	static struct frame in;
	unsigned int moved = 0;

	scene_with_members(2);
	add_group(41, 2, (const uint32_t[]){101, 100});
	for (uint32_t i = 0; i < ROUTES; i++) {
		struct api_route route = {.vrf = 1,
			.group = 40 + i % 2,
			.family = AF_INET,
			.prefix_len = 32,
			.origin = API_ORIGIN_BGP,
			.address = {11, i >> 16, i >> 8, i}};

		assert_int_equal(route_upsert(&route), 0);
	}
	assert_int_equal(vrf_commit(), 0);
	for (uint32_t i = 0; i < ROUTES; i += EVERY) {
		to_route(&in, i);

		int own = member_of(&in);

		die(own, API_PATH_BFD, true);
		assert_int_equal(member_of(&in), 1 - own);
		die(own, API_PATH_BFD, false);
		assert_int_equal(member_of(&in), own);
		moved += own;
	}
	/* Both had some. */
	assert_in_range(moved, 1, ROUTES / EVERY - 1);
}

static void fragments_move_together(void **state)
{
	static struct frame in;

	scene_with_members(4);
	for (unsigned int host = 0; host < 50; host++) {
		int own = member_of_fragment(&in, host, 0);

		die(own, API_PATH_BFD, true);

		int spare = member_of_fragment(&in, host, 0);

		assert_int_not_equal(spare, own);
		for (unsigned int fragment = 1; fragment < 4; fragment++)
			assert_int_equal(member_of_fragment(&in, host, fragment), spare);
		die(own, API_PATH_BFD, false);
	}
}

/* Drained members have nothing while one is live, and all when only they are left. */
static void drained_members_are_the_last_resort(void **state)
{
	static struct frame in;
	struct api_path drained = {
		.interface = 2, .family = AF_INET, .down_wanted = API_PATH_DRAIN};

	scene_with_members(3);
	remember_flows();
	for (unsigned int m = 0; m < 2; m++) {
		drained.id = 1 + m;
		memcpy(drained.address, (uint8_t[]){172, 16, 0, m}, 4);
		assert_int_equal(path_upsert(&drained), 0);
	}
	expect_moved(3, 3);
	die(2, API_PATH_BFD, true);
	expect_moved(3, 4);
	/* One that is unresolved is no better than a drained one that works. */
	die(2, API_PATH_BFD, false);
	set_member(2, false);
	expect_moved(3, 4);
	die(0, API_PATH_BFD, true);
	die(1, API_PATH_BFD, true);
	make_flow(&in, AF_INET, VARY_SOURCE_PORT, 7);
	assert_int_equal(member_of(&in), NOBODY);
	expect_drops(1, API_DROP_NEIGHBOUR_UNRESOLVED, 1);
	expect_wish(2, AF_INET, "172.16.0.2");
}

/* Alone in its group, where the look is a quick one. */
static void a_group_of_one(void **state)
{
	static struct frame in;
	struct api_path drained = {.id = 1,
		.interface = 2,
		.family = AF_INET,
		.down_wanted = API_PATH_DRAIN,
		.address = {172, 16, 0, 0}};

	scene_with_members(1);
	make_flow(&in, AF_INET, VARY_SOURCE_PORT, 1);
	for (unsigned int bit = 0; bit < 2; bit++) {
		die(0, 1u << bit, true);
		assert_int_equal(member_of(&in), NOBODY);
		expect_drops(1, API_DROP_NO_LIVE_NEXT_HOP, 1);
		die(0, 1u << bit, false);
		assert_int_equal(member_of(&in), 0);
	}
	assert_int_equal(path_upsert(&drained), 0);
	assert_int_equal(member_of(&in), 0);
	drained.down_wanted = API_PATH_ADMIN;
	assert_int_equal(path_upsert(&drained), 0);
	assert_int_equal(member_of(&in), NOBODY);
	expect_drops(1, API_DROP_NO_LIVE_NEXT_HOP, 1);
}

static void an_unresolved_member_is_passed_over(void **state)
{
	scene_with_members(5);
	remember_flows();
	set_member(3, false);
	expect_moved(5, 1u << 3);
}

static void no_member_resolved(void **state)
{
	static struct frame in;

	scene_with_members(2);
	set_member(0, false);
	set_member(1, false);
	make_flow(&in, AF_INET6, VARY_SOURCE_PORT, 1);
	assert_int_equal(member_of(&in), NOBODY);
	expect_drops(1, API_DROP_NEIGHBOUR_UNRESOLVED, 1);
}

/* A member whose port lost its link is passed over at once. */
static void a_port_without_link_is_passed_over(void **state)
{
	static struct frame in, out;
	struct api_interface third;

	scene(link_tags, link_tags);
	third = make_interface(3, 2, 1, link_tags);
	add_interface(&third);
	add_adjacency(3, 3, AF_INET, "203.0.113.1");
	add_group(40, 2, (const uint32_t[]){2, 3});
	add_route(1, "10.1.0.0", 16, 40);
	set_link(2, false);
	for (unsigned int flow = 0; flow < 100; flow++) {
		make_flow(&in, AF_INET, VARY_SOURCE_PORT, flow);
		receive_one(0, &in);
		take_sent(1, &out);
	}
	set_link(2, true);
	for (unsigned int flow = 0; flow < 100; flow++) {
		make_flow(&in, AF_INET, VARY_SOURCE_PORT, flow);
		receive_one(0, &in);
	}
	assert_in_range(sent_count(1), 20, 80);
	assert_int_equal(sent_count(1) + sent_count(2), 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(flows_of_a_dead_member_move_and_no_others),
		pipeline_test(one_after_another_dies),
		pipeline_test(any_number_of_routes_moves_with_one_store),
		pipeline_test(fragments_move_together),
		pipeline_test(drained_members_are_the_last_resort),
		pipeline_test(a_group_of_one),
		pipeline_test(an_unresolved_member_is_passed_over),
		pipeline_test(no_member_resolved),
		pipeline_test(a_port_without_link_is_passed_over),
	};

	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
