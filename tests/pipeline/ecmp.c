/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Groups: flows spread over the members, stay where they are, and move when their member dies.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/nexthop.h"
#include "tests/pipeline/fixture.h"

static const struct encapsulation *const link_tags = &encapsulations[1];

enum { FLOWS = 4096, NOBODY = -1 };

/* Members 0..n-1 of group 40 are neighbours 100.. on interface 2; the neighbour's MAC tells. */
static void set_member(unsigned int member, bool resolved)
{
	struct api_adjacency api = {
		.id = 100 + member,
		.interface = 2,
		.family = AF_INET,
		.resolved = resolved,
		.mac = {0x0a, 0, 0, 0, 0, member},
		.address = {172, 16, 0, member},
	};

	assert_int_equal(adjacency_upsert(&api), 0);
}

static void scene_with_members(unsigned int n)
{
	uint32_t ids[API_GROUP_MEMBERS_MAX];

	scene(link_tags, link_tags);
	for (unsigned int i = 0; i < n; i++) {
		set_member(i, true);
		ids[i] = 100 + i;
	}
	add_group(40, n, ids);
	add_route(1, "10.1.0.0", 16, 40);
	add_route(1, "2001:db8:b::", 48, 40);
}

/* Which member the frame leaves by. */
static int member_of(const struct frame *in)
{
	static struct frame out;

	receive_one(0, in);
	if (sent_count(1) == 0)
		return NOBODY;
	take_sent(1, &out);
	assert_memory_equal(out.bytes, "\x0a\x00\x00\x00\x00", 5);
	return out.bytes[5];
}

/* Flow i of the given family; what varies is chosen by `vary`. */
enum vary { VARY_SOURCE_PORT, VARY_DESTINATION_PORT, VARY_SOURCE, VARY_DESTINATION };

static void make_flow(struct frame *in, int family, enum vary vary, unsigned int i)
{
	unsigned int l3 = 18, l4 = family == AF_INET ? l3 + 20 : l3 + 40;
	unsigned int source = family == AF_INET ? l3 + 14 : l3 + 22;
	unsigned int destination = family == AF_INET ? l3 + 18 : l3 + 38;
	const unsigned int at[] = {l4, l4 + 2, source, destination};

	frame_to_us(in, 0, link_tags, family == AF_INET ? 0x0800 : 0x86dd);
	frame_flow(in, family, 64, 20, 0);
	in->bytes[at[vary]] = i >> 8;
	in->bytes[at[vary] + 1] = i & 0xff;
	if (family == AF_INET) {
		uint16_t checksum;

		memset(in->bytes + l3 + 10, 0, 2);
		checksum = internet_checksum(in->bytes + l3, 20, 0);
		in->bytes[l3 + 10] = checksum >> 8;
		in->bytes[l3 + 11] = checksum & 0xff;
	}
}

/* Each member's share is within 6 standard deviations of equal, whatever tells flows apart. */
static void spreads_flows_evenly(void **state)
{
	static struct frame in;

	for (unsigned int n = 1; n <= API_GROUP_MEMBERS_MAX; n += 3) {
		scene_with_members(n);
		for (unsigned int i = 0; i < 8; i++) {
			unsigned int share[API_GROUP_MEMBERS_MAX] = {0};

			for (unsigned int flow = 0; flow < FLOWS; flow++) {
				make_flow(&in, i % 2 == 0 ? AF_INET : AF_INET6, i / 2, flow);
				share[member_of(&in)]++;
			}
			for (unsigned int m = 0; m < n; m++) {
				double expected = (double)FLOWS / n;
				double off = share[m] - expected;

				assert_true(off * off <= 36 * expected);
			}
		}
		assert_int_equal(fixture_teardown(NULL), 0);
		assert_int_equal(fixture_setup(NULL), 0);
	}
}

static void a_flow_stays_with_its_member(void **state)
{
	static struct frame in;

	scene_with_members(7);
	for (unsigned int flow = 0; flow < 200; flow++) {
		make_flow(&in, flow % 2 == 0 ? AF_INET : AF_INET6, VARY_SOURCE_PORT, flow);

		int member = member_of(&in);

		for (unsigned int i = 0; i < 5; i++) {
			in.bytes[in.length - 1 - i] ^= 0x5a; /* payload */
			assert_int_equal(member_of(&in), member);
		}
	}
}

/* All fragments of a packet take one way, also the first, which has ports. */
static void fragments_stay_together(void **state)
{
	static struct frame in;

	scene_with_members(16);
	for (unsigned int host = 0; host < 50; host++) {
		int member = NOBODY;
		char source[32];

		snprintf(source, sizeof(source), "10.0.3.%u", host);
		for (unsigned int fragment = 0; fragment < 4; fragment++) {
			frame_to_us(&in, 0, link_tags, 0x0800);
			frame_ipv4(&in,
				&(struct ipv4){.source = source,
					.destination = "10.1.0.9",
					.ttl = 9,
					.protocol = IPPROTO_UDP,
					.fragment = (fragment == 3 ? 0 : 0x2000) | fragment * 3,
					.payload = 24});
			frame_fill(&in, 24, fragment * 31 + host);
			if (fragment == 0)
				member = member_of(&in);
			else
				assert_int_equal(member_of(&in), member);
		}
	}
}

/* Behind an extension header: addresses and flow label, never what stands where ports would. */
static void extension_headers_use_the_flow_label(void **state)
{
	static struct frame in;
	unsigned int seen = 0;

	scene_with_members(16);
	for (uint32_t label = 0; label < 200; label++) {
		int member = NOBODY;

		for (unsigned int i = 0; i < 3; i++) {
			frame_to_us(&in, 0, link_tags, 0x86dd);
			frame_ipv6(&in, &(struct ipv6){.source = "2001:db8:a::5",
						.destination = "2001:db8:b::9",
						.hop_limit = 9,
						.next_header = IPPROTO_FRAGMENT,
						.flow_label = label,
						.payload = 40});
			frame_fill(&in, 40, i);
			if (i == 0)
				member = member_of(&in);
			else
				assert_int_equal(member_of(&in), member);
		}
		seen |= 1u << member;
	}
	assert_int_equal(__builtin_popcount(seen), 16);
}

/* Only the dead member's flows move. */
static void flows_of_a_dead_member_move_and_no_others(void **state)
{
	static struct frame in;
	static int before[FLOWS];

	scene_with_members(5);
	for (unsigned int flow = 0; flow < FLOWS; flow++) {
		make_flow(&in, AF_INET, VARY_SOURCE_PORT, flow);
		before[flow] = member_of(&in);
	}
	set_member(3, false);
	for (unsigned int flow = 0; flow < FLOWS; flow++) {
		make_flow(&in, AF_INET, VARY_SOURCE_PORT, flow);

		int after = member_of(&in);

		if (before[flow] == 3)
			assert_in_set(after, ((const uint64_t[]){0, 1, 2, 4}), 4);
		else
			assert_int_equal(after, before[flow]);
	}
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
	port_get(2)->link_up = 0;
	for (unsigned int flow = 0; flow < 100; flow++) {
		make_flow(&in, AF_INET, VARY_SOURCE_PORT, flow);
		receive_one(0, &in);
		take_sent(1, &out);
	}
	port_get(2)->link_up = 1;
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
		pipeline_test(spreads_flows_evenly),
		pipeline_test(a_flow_stays_with_its_member),
		pipeline_test(fragments_stay_together),
		pipeline_test(extension_headers_use_the_flow_label),
		pipeline_test(flows_of_a_dead_member_move_and_no_others),
		pipeline_test(no_member_resolved),
		pipeline_test(a_port_without_link_is_passed_over),
	};

	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
