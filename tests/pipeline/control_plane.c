/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Control-plane policing: ten times the budget of each class on one link; all other classes, and
 * all classes of another link, have theirs still. And BGP's TTL security (RFC 5082).
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "dataplane/interface/interface.h"
#include "pipelines/punt/budget.h"
#include "pipelines/punt/solicitation.h"
#include "tests/pipeline/fixture.h"

static const struct encapsulation *const tags[] = {&encapsulations[2], &encapsulations[1]};

static void scene_of_two_links(void)
{
	scene(tags[0], tags[1]);
	wait_for_budgets();
}

static struct frame to_edge4(
	uint32_t port, uint8_t ttl, uint8_t protocol, uint16_t source, uint16_t target)
{
	struct frame frame;

	frame_to_us(&frame, port, tags[port], 0x0800);
	frame_ipv4(&frame, &(struct ipv4){.source = port == 0 ? "192.0.2.1" : "198.51.100.1",
				   .destination = port == 0 ? "192.0.2.2" : "198.51.100.2",
				   .ttl = ttl,
				   .protocol = protocol,
				   .payload = 40});
	frame_udp(&frame, source, target, 32);
	frame_fill(&frame, 32, 1);
	return frame;
}

static struct frame to_edge6(
	uint8_t hop_limit, uint8_t next_header, uint16_t source, uint16_t target)
{
	struct frame frame;

	frame_to_us(&frame, 0, tags[0], 0x86dd);
	frame_ipv6(&frame, &(struct ipv6){.source = "2001:db8:1::1",
				   .destination = "2001:db8:1::2",
				   .hop_limit = hop_limit,
				   .next_header = next_header,
				   .payload = 40});
	frame_udp(&frame, source, target, 32);
	frame_fill(&frame, 32, 1);
	return frame;
}

static struct frame arp(uint32_t port, uint8_t operation, const char *sender, const char *target)
{
	uint8_t message[28] = {0, 1, 8, 0, 6, 4, 0, operation, 2, 0, 0, 0, 0, 9};
	struct frame frame;

	inet_pton(AF_INET, sender, message + 14);
	inet_pton(AF_INET, target, message + 24);
	frame_to_us(&frame, port, tags[port], 0x0806);
	frame_append(&frame, message, sizeof(message));
	return frame;
}

static struct frame neighbour_discovery(uint8_t type, const char *target)
{
	uint8_t message[24] = {type};
	struct frame frame;

	inet_pton(AF_INET6, target, message + 8);
	frame_to_us(&frame, 0, tags[0], 0x86dd);
	frame_ipv6(&frame, &(struct ipv6){.source = "2001:db8:1::1",
				   .destination = "2001:db8:1::2",
				   .hop_limit = 255,
				   .next_header = IPPROTO_ICMPV6,
				   .payload = sizeof(message)});
	frame_append(&frame, message, sizeof(message));
	return frame;
}

/* What a link sends of each class that is punted. */
static struct frame of_class(uint32_t port, enum api_budget class)
{
	switch (class) {
	case API_BUDGET_NEIGHBOUR:
		return arp(port, ARP_REQUEST, port == 0 ? "192.0.2.1" : "198.51.100.1",
			port == 0 ? "192.0.2.2" : "198.51.100.2");
	case API_BUDGET_ANSWER:
		return arp(port, ARP_REPLY, port == 0 ? "192.0.2.1" : "198.51.100.1",
			port == 0 ? "192.0.2.2" : "198.51.100.2");
	case API_BUDGET_BGP:
		return to_edge4(port, 1, IPPROTO_TCP, 40000, 179);
	case API_BUDGET_BFD:
		return to_edge4(port, 255, IPPROTO_UDP, 49152, 3784);
	default:
		return to_edge4(port, 64, IPPROTO_UDP, 40000, 7);
	}
}

/* How many come through. */
static unsigned int flood(const struct frame *frame, uint32_t port, unsigned int n)
{
	unsigned int passed = 0;

	for (unsigned int i = 0; i < n; i++) {
		receive_one(port, frame);
		passed += punted_count() + arrived_count;
		drop_punted();
		arrived_count = 0;
	}
	return passed;
}

static void a_flood_spends_its_own(void **state)
{
	struct frame frame;

	scene_of_two_links();
	for (enum api_budget flooded = 0; flooded < API_BUDGET_ICMP; flooded++) {
		unsigned int burst = budget_rates[flooded].burst;

		wait_for_budgets();
		frame = of_class(0, flooded);
		assert_int_equal(flood(&frame, 0, 10 * burst), burst);
		expect_drops(1, budget_drop(flooded), 9 * burst);
		for (enum api_budget other = 0; other < API_BUDGET_ICMP; other++) {
			unsigned int n = budget_rates[other].burst;

			frame = of_class(1, other);
			assert_int_equal(flood(&frame, 1, n), n);
			if (other == flooded)
				continue;
			frame = of_class(0, other);
			assert_int_equal(flood(&frame, 0, n), n);
			expect_drops(1, budget_drop(other), 0);
		}
	}
}

/* The burst is in proportion, but never less than one packet. */
static void another_rate(void **state)
{
	static const uint32_t rates[] = {1, 10, 100, 1000, 20000};
	struct frame frame = {0};

	scene_of_two_links();
	for (unsigned int i = 0; i < RTE_DIM(rates); i++) {
		struct api_interface link = interface_get(1)->api;
		unsigned int in_proportion = rates[i] * budget_rates[API_BUDGET_OTHER].burst /
					     budget_rates[API_BUDGET_OTHER].per_second;

		link.budget_pps[API_BUDGET_OTHER] = rates[i];
		add_interface(&link);
		wait_for_budgets();
		frame = of_class(0, API_BUDGET_OTHER);
		/* Half a token may be beyond the cycles of a second. */
		assert_in_range(flood(&frame, 0, in_proportion + 50), RTE_MAX(in_proportion, 1u),
			in_proportion + 1);
		frame = of_class(1, API_BUDGET_OTHER);
		wait_for_budgets();
		assert_int_equal(flood(&frame, 1, 1000), budget_rates[API_BUDGET_OTHER].burst);
	}
}

/* A scan of a subnet on the link costs no token; what asks for the edge, what somebody announces of
 * itself, and answers come through. */
static void who_asks_for_others(void **state)
{
	const struct frame scan4 = arp(0, ARP_REQUEST, "192.0.2.1", "192.0.2.77");
	const struct frame probe4 = arp(0, ARP_REQUEST, "0.0.0.0", "192.0.2.1");
	const struct frame scan6 = neighbour_discovery(ND_SOLICITATION, "2001:db8:1::77");
	const struct frame wanted[] = {arp(0, ARP_REQUEST, "192.0.2.1", "192.0.2.2"),
		arp(0, ARP_REQUEST, "0.0.0.0", "192.0.2.2"),
		arp(0, ARP_REQUEST, "192.0.2.1", "192.0.2.1"),
		arp(0, ARP_REPLY, "192.0.2.77", "192.0.2.77"),
		neighbour_discovery(ND_SOLICITATION, "2001:db8:1::2"),
		neighbour_discovery(ND_ADVERTISEMENT, "2001:db8:1::77")};
	const unsigned int burst = budget_rates[API_BUDGET_NEIGHBOUR].burst;

	scene_of_two_links();
	assert_int_equal(flood(&scan4, 0, 10 * burst), 0);
	assert_int_equal(flood(&probe4, 0, 10 * burst), 0);
	assert_int_equal(flood(&scan6, 0, 10 * burst), 0);
	expect_drops(1, API_DROP_ASKS_OTHERS, 30 * burst);
	for (unsigned int i = 0; i < RTE_DIM(wanted); i++)
		assert_int_equal(flood(&wanted[i], 0, 1), 1);
	expect_drops(1, API_DROP_ASKS_OTHERS, 0);
}

/* Neither a flood of ARP requests nor one of solicitations takes the answers' place. */
static void answers_have_room(void **state)
{
	const struct frame asks[] = {arp(0, ARP_REQUEST, "192.0.2.1", "192.0.2.2"),
		neighbour_discovery(ND_SOLICITATION, "2001:db8:1::2")};
	const struct frame answers[] = {arp(0, ARP_REPLY, "192.0.2.1", "192.0.2.2"),
		neighbour_discovery(ND_ADVERTISEMENT, "2001:db8:1::1")};
	const unsigned int burst = budget_rates[API_BUDGET_NEIGHBOUR].burst;

	scene_of_two_links();
	for (unsigned int i = 0; i < 2; i++) {
		wait_for_budgets();
		assert_int_equal(flood(&asks[i], 0, 10 * burst), burst);
		assert_int_equal(flood(&answers[i], 0, 50), 50);
		expect_drops(1, API_DROP_PUNT_BUDGET_NEIGHBOUR, 9 * burst);
	}
}

static void set_ttl_security(bool on)
{
	struct api_interface link = interface_get(1)->api;

	link.ttl_security = on;
	add_interface(&link);
}

static bool comes_through(const struct frame *frame)
{
	wait_for_budgets();
	return flood(frame, 0, 1) == 1;
}

static void bgp_from_afar(void **state)
{
	struct frame far4 = to_edge4(0, 254, IPPROTO_TCP, 40000, 179);
	struct frame far6 = to_edge6(254, IPPROTO_TCP, 179, 40000);
	struct frame near4 = to_edge4(0, 255, IPPROTO_TCP, 40000, 179);
	struct frame near6 = to_edge6(255, IPPROTO_TCP, 179, 40000);
	struct frame ssh = to_edge4(0, 64, IPPROTO_TCP, 40000, 22);
	struct frame ping = to_edge6(64, IPPROTO_ICMPV6, 0x8000, 0);

	scene_of_two_links();
	assert_true(comes_through(&far4));
	assert_true(comes_through(&far6));
	set_ttl_security(true);
	assert_false(comes_through(&far4));
	assert_false(comes_through(&far6));
	expect_drops(1, API_DROP_BGP_TTL, 2);
	assert_true(comes_through(&near4));
	assert_true(comes_through(&near6));
	assert_true(comes_through(&ssh));
	assert_true(comes_through(&ping));
	expect_drops(1, API_DROP_BGP_TTL, 0);
}

/* Nor behind extension headers, which hide nothing from the kernel. */
static void bgp_behind_extension_headers(void **state)
{
	static const uint8_t options[8] = {IPPROTO_TCP, 0, 1, 4};  /* padding */
	static const uint8_t fragment[8] = {IPPROTO_TCP, 0, 0, 1}; /* the first one */
	static const uint8_t tcp[32] = {0x9c, 0x40, 0, 179};
	struct frame frame;

	scene_of_two_links();
	set_ttl_security(true);
	for (unsigned int i = 0; i < 4; i++) {
		bool near = i % 2 == 0;

		frame_to_us(&frame, 0, tags[0], 0x86dd);
		frame_ipv6(
			&frame, &(struct ipv6){.source = "2001:db8:1::1",
					.destination = "2001:db8:1::2",
					.hop_limit = near ? 255 : 64,
					.next_header = i < 2 ? IPPROTO_DSTOPTS : IPPROTO_FRAGMENT,
					.payload = 40});
		frame_append(&frame, i < 2 ? options : fragment, 8);
		frame_append(&frame, tcp, sizeof(tcp));
		assert_int_equal(comes_through(&frame), near);
		expect_drops(1, API_DROP_BGP_TTL, !near);
	}
}

/* From our own kernel, whose TTL is 1 or 64. */
static void our_bgp_has_the_highest_ttl(void **state)
{
	static const struct encapsulation untagged = {"untagged", 0x8100, 0, 0};
	struct frame in, out;

	scene_of_two_links();
	for (unsigned int on = 0; on < 2; on++) {
		set_ttl_security(on);
		for (unsigned int i = 0; i < 1000; i++) {
			uint16_t port = i % 4 < 2 ? 179 : 180;
			bool is_ipv4 = i % 2 == 0;
			uint8_t ttl = i % 256;
			uint8_t sent_ttl = on != 0 && port == 179 ? 255 : ttl;

			for (unsigned int side = 0; side < 2; side++) {
				struct frame *frame = side == 0 ? &in : &out;

				frame_from_us(frame, 0, side == 0 ? &untagged : tags[0],
					is_ipv4 ? 0x0800 : 0x86dd);
				if (is_ipv4)
					frame_ipv4(frame, &(struct ipv4){.source = "192.0.2.2",
								  .destination = "192.0.2.1",
								  .ttl = side == 0 ? ttl : sent_ttl,
								  .protocol = IPPROTO_TCP,
								  .id = i * 131,
								  .payload = 20});
				else
					frame_ipv6(frame,
						&(struct ipv6){.source = "2001:db8:1::2",
							.destination = "2001:db8:1::1",
							.hop_limit = side == 0 ? ttl : sent_ttl,
							.next_header = IPPROTO_TCP,
							.payload = 20});
				frame_udp(frame, 40000, port, 12);
				frame_fill(frame, 12, i);
			}
			inject(1, interface_get(1)->epoch, &in);
			expect_sent(0, &out);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(a_flood_spends_its_own),
		pipeline_test(another_rate),
		pipeline_test(who_asks_for_others),
		pipeline_test(answers_have_room),
		pipeline_test(bgp_from_afar),
		pipeline_test(bgp_behind_extension_headers),
		pipeline_test(our_bgp_has_the_highest_ttl),
	};

	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
