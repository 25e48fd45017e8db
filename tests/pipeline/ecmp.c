/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Groups: flows spread over the members and stay where they are.
 */
#include <netinet/in.h>
#include <string.h>

#include "tests/pipeline/members.h"

static const struct encapsulation *const link_tags = &encapsulations[1];

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
		int member = member_of_fragment(&in, host, 0);

		for (unsigned int fragment = 1; fragment < 4; fragment++)
			assert_int_equal(member_of_fragment(&in, host, fragment), member);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(spreads_flows_evenly),
		pipeline_test(a_flow_stays_with_its_member),
		pipeline_test(fragments_stay_together),
		pipeline_test(extension_headers_use_the_flow_label),
	};

	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
