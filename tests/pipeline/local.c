/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For the edge and from the edge: punt with its budgets, inject.
 */
#include <arpa/inet.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include <rte_cycles.h>

#include "dataplane/interface/interface.h"
#include "dataplane/worker/mark.h"
#include "pipelines/pipeline.h"
#include "pipelines/punt/budget.h"
#include "pipelines/punt/solicitation.h"
#include "tests/pipeline/fixture.h"

static const struct encapsulation untagged = {"untagged", 0x8100, 0, 0};

static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t nd_multicast[6] = {0x33, 0x33, 0xff, 0x00, 0x00, 0x02};

/* The frame as it comes by the link, and as the TAP must get it: the same without tags. */
struct pair {
	struct frame in, out;
};

static void pair_start(struct pair *pair, const uint8_t *destination,
	const struct encapsulation *tags, uint16_t ethertype)
{
	frame_start(&pair->in, destination, neighbour_mac[0], tags, ethertype);
	frame_start(&pair->out, destination, neighbour_mac[0], &untagged, ethertype);
}

static void pair_arp(struct pair *pair, const struct encapsulation *tags)
{
	pair_start(pair, broadcast, tags, 0x0806);
	frame_fill(&pair->in, 28 + 18, 3); /* padding is not ours to cut here */
	frame_fill(&pair->out, 28 + 18, 3);
}

static void pair_ipv4(struct pair *pair, const struct encapsulation *tags, const char *source,
	const char *destination, uint8_t protocol)
{
	struct ipv4 ipv4 = {.source = source,
		.destination = destination,
		.ttl = 1,
		.protocol = protocol,
		.payload = 20};

	pair_start(pair, port_mac[0], tags, 0x0800);
	frame_ipv4(&pair->in, &ipv4);
	frame_fill(&pair->in, 20, 1);
	frame_ipv4(&pair->out, &ipv4);
	frame_fill(&pair->out, 20, 1);
}

static void pair_ipv6(struct pair *pair, const struct encapsulation *tags, const char *source,
	const char *destination, uint8_t next_header, uint8_t first_byte)
{
	struct ipv6 ipv6 = {.source = source,
		.destination = destination,
		.hop_limit = 255,
		.next_header = next_header,
		.payload = 24};
	bool multicast = strncmp(destination, "ff", 2) == 0;

	pair_start(pair, multicast ? nd_multicast : port_mac[0], tags, 0x86dd);
	frame_ipv6(&pair->in, &ipv6);
	frame_fill(&pair->in, 24, 1);
	frame_ipv6(&pair->out, &ipv6);
	frame_fill(&pair->out, 24, 1);
	for (unsigned int i = 0; i < 2; i++) {
		struct frame *frame = i == 0 ? &pair->in : &pair->out;

		frame->bytes[frame->length - 24] = first_byte;
		if (first_byte == ND_SOLICITATION)
			inet_pton(AF_INET6, "2001:db8:1::2", frame->bytes + frame->length - 16);
	}
}

static void expect_pair_punted(const struct pair *pair)
{
	receive_one(0, &pair->in);
	expect_punted(1, &pair->out);
	expect_nothing_sent();
}

static void punts_what_is_for_us_without_tags(void **state)
{
	struct pair pair;

	for (unsigned int i = 0; i < ENCAPSULATIONS; i++) {
		const struct encapsulation *tags = &encapsulations[i];

		scene(tags, &encapsulations[1]);
		pair_arp(&pair, tags);
		expect_pair_punted(&pair);
		pair_ipv4(&pair, tags, "192.0.2.1", "192.0.2.2", IPPROTO_ICMP);
		expect_pair_punted(&pair);
		/* Before martians: DHCP-like and link-local sources are the kernel's to judge. */
		pair_ipv4(&pair, tags, "169.254.1.1", "192.0.2.2", IPPROTO_TCP);
		expect_pair_punted(&pair);
		pair_ipv6(&pair, tags, "2001:db8:1::1", "2001:db8:1::2", IPPROTO_TCP, 0);
		expect_pair_punted(&pair);
		pair_ipv6(&pair, tags, "fe80::1", "fe80::ff:fe00:1", IPPROTO_ICMPV6, 136);
		expect_pair_punted(&pair);
		pair_ipv6(&pair, tags, "fe80::1", "ff02::1:ff00:2", IPPROTO_ICMPV6, 135);
		expect_pair_punted(&pair);
		pair_ipv6(&pair, tags, "::", "ff02::1:ff00:2", IPPROTO_ICMPV6, 135);
		expect_pair_punted(&pair);
		pair_ipv6(&pair, tags, "fe80::1", "ff02::1", IPPROTO_ICMPV6, 136);
		expect_pair_punted(&pair);
		pair_ipv6(&pair, tags, "fe80::1", "ff02::2", IPPROTO_ICMPV6, 133);
		expect_pair_punted(&pair);
		assert_int_equal(ledger_of(1).punt, 9);
		assert_int_equal(fixture_teardown(NULL), 0);
		assert_int_equal(fixture_setup(NULL), 0);
	}
}

/* The edge's address on another link of the domain: to the TAP of the link it came in by. */
static void punts_addresses_found_by_route(void **state)
{
	struct pair pair;

	scene(&encapsulations[2], &encapsulations[1]);
	add_route(1, "198.51.100.2", 32, API_GROUP_RECEIVE);
	add_route(1, "2001:db8:2::2", 128, API_GROUP_RECEIVE);
	pair_ipv4(&pair, &encapsulations[2], "10.0.0.5", "198.51.100.2", IPPROTO_ICMP);
	expect_pair_punted(&pair);
	pair_ipv6(&pair, &encapsulations[2], "2001:db8:a::5", "2001:db8:2::2", IPPROTO_UDP, 9);
	expect_pair_punted(&pair);
}

/* Without addresses nothing is for us, least of all 0.0.0.0 and ::. */
static void interface_without_addresses_punts_arp_only(void **state)
{
	const struct encapsulation *tags = &encapsulations[1];
	struct api_interface api = make_interface(1, 0, 1, tags);
	struct pair pair;

	add_vrf(1);
	add_interface(&api);
	pair_ipv4(&pair, tags, "10.0.0.5", "0.0.0.0", IPPROTO_UDP);
	receive_one(0, &pair.in);
	pair_ipv6(&pair, tags, "2001:db8:a::5", "::", IPPROTO_UDP, 9);
	receive_one(0, &pair.in);
	expect_drops(1, API_DROP_MARTIAN_DESTINATION, 2);
	assert_int_equal(punted_count(), 0);
	pair_arp(&pair, tags);
	expect_pair_punted(&pair);
}

static unsigned int flood(const struct frame *frame, unsigned int n)
{
	unsigned int before = punted_count();

	for (unsigned int i = 0; i < n; i++)
		receive_one(0, frame);
	return punted_count() - before;
}

/* A port as ports are written: in the first four bytes. */
static void set_ports(struct frame *frame, unsigned int from_end, uint16_t source, uint16_t port)
{
	uint8_t *l4 = frame->bytes + frame->length - from_end;

	l4[0] = source >> 8;
	l4[1] = source & 0xff;
	l4[2] = port >> 8;
	l4[3] = port & 0xff;
}

static void budgets_are_by_class(void **state)
{
	const struct encapsulation *tags = &encapsulations[2];
	const unsigned int neighbour = budget_rates[API_BUDGET_NEIGHBOUR].burst;
	const unsigned int other = budget_rates[API_BUDGET_OTHER].burst;
	struct pair arp, nd, ping, bgp4, bgp6;

	scene(tags, &encapsulations[1]);
	pair_arp(&arp, tags);
	pair_ipv6(&nd, tags, "fe80::1", "ff02::1:ff00:2", IPPROTO_ICMPV6, 135);
	pair_ipv4(&ping, tags, "192.0.2.1", "192.0.2.2", IPPROTO_ICMP);
	pair_ipv4(&bgp4, tags, "192.0.2.1", "192.0.2.2", IPPROTO_TCP);
	set_ports(&bgp4.in, 20, 40000, 179);
	pair_ipv6(&bgp6, tags, "2001:db8:1::1", "2001:db8:1::2", IPPROTO_TCP, 0);
	set_ports(&bgp6.in, 24, 179, 40000);

	assert_int_equal(flood(&arp.in, neighbour - 10), neighbour - 10);
	assert_int_equal(flood(&nd.in, 50), 10); /* ARP and ND share */
	assert_int_equal(flood(&ping.in, other + 7), other);
	expect_drops(1, API_DROP_PUNT_BUDGET_NEIGHBOUR, 40);
	expect_drops(1, API_DROP_PUNT_BUDGET_OTHER, 7);
	drop_punted();
	/* With all else spent, BGP still comes through. */
	assert_int_equal(flood(&bgp4.in, 500), 500);
	assert_int_equal(flood(&bgp6.in, 500), 500);
	expect_drops(1, API_DROP_PUNT_BUDGET_OTHER, 0);
	expect_drops(1, API_DROP_PUNT_BUDGET_BGP, 0);
	drop_punted();
	/* TCP to another port is no BGP. */
	set_ports(&bgp4.in, 20, 40000, 22);
	assert_int_equal(flood(&bgp4.in, 10), 0);
	wait_for_budgets();
	assert_int_equal(flood(&ping.in, 5), 5);
}

/* A second's rate grows back in a second, whatever the bursts. */
static void budgets_refill_at_their_rate(void **state)
{
	const struct encapsulation *tags = &encapsulations[0];
	struct pair arp;
	unsigned int punted = 0;

	scene(tags, &encapsulations[1]);
	pair_arp(&arp, tags);
	flood(&arp.in, budget_rates[API_BUDGET_NEIGHBOUR].burst);
	drop_punted();
	for (unsigned int tenth = 0; tenth < 10; tenth++) {
		worker.now += rte_get_tsc_hz() / 10;
		punted += flood(&arp.in, 50);
		drop_punted();
	}
	assert_in_range(punted, budget_rates[API_BUDGET_NEIGHBOUR].per_second - 1,
		budget_rates[API_BUDGET_NEIGHBOUR].per_second);
}

static void a_flood_on_one_link_spends_no_other_links_budget(void **state)
{
	struct pair arp;

	scene(&encapsulations[2], &encapsulations[1]);
	pair_arp(&arp, &encapsulations[2]);
	flood(&arp.in, 1000);
	drop_punted();
	frame_start(&arp.in, broadcast, neighbour_mac[1], &encapsulations[1], 0x0806);
	frame_fill(&arp.in, 28, 5);
	receive_one(1, &arp.in);
	frame_start(&arp.out, broadcast, neighbour_mac[1], &untagged, 0x0806);
	frame_fill(&arp.out, 28, 5);
	expect_punted(2, &arp.out);
}

static void counts_a_full_punt_ring(void **state)
{
	struct pair arp;

	scene(&encapsulations[2], &encapsulations[1]);
	pair_arp(&arp, &encapsulations[2]);
	punt_ring_full = true;
	assert_int_equal(flood(&arp.in, 3), 0);
	expect_drops(1, API_DROP_PUNT_RING_FULL, 3);
}

static void injects_with_the_links_tags(void **state)
{
	struct frame in, out;

	for (unsigned int i = 0; i < ENCAPSULATIONS; i++) {
		scene(&encapsulations[i], &encapsulations[1]);
		frame_from_us(&in, 0, &untagged, 0x0800);
		frame_flow(&in, AF_INET, 1, 40, i); /* its TTL is the kernel's business */
		frame_from_us(&out, 0, &encapsulations[i], 0x0800);
		frame_flow(&out, AF_INET, 1, 40, i);
		inject(1, interface_get(1)->epoch, &in);
		expect_sent(0, &out);
		expect_nothing_sent();
		assert_int_equal(ledger_of(1).injected, 1);
		assert_int_equal(ledger_of(1).tx, 1);
		assert_int_equal(fixture_teardown(NULL), 0);
		assert_int_equal(fixture_setup(NULL), 0);
	}
}

/* A frame that waited while its interface was deleted never leaves by the next owner of the id. */
static void injects_nothing_for_a_deleted_interface(void **state)
{
	const struct encapsulation *tags = &encapsulations[1];
	struct api_interface api = make_interface(5, 2, 1, tags);
	struct frame in;
	uint32_t epoch;

	add_vrf(1);
	add_interface(&api);
	epoch = interface_get(5)->epoch;
	frame_from_us(&in, 2, &untagged, 0x0800);
	frame_flow(&in, AF_INET, 64, 40, 1);
	assert_int_equal(interface_delete(5), 0);
	inject(5, epoch, &in);
	expect_drops(5, API_DROP_INJECT_GONE, 1);
	add_interface(&api);
	assert_int_not_equal(interface_get(5)->epoch, epoch);
	assert_int_equal(ledger_of(5).injected, 0); /* a new owner's account starts at zero */
	inject(5, epoch, &in);
	expect_nothing_sent();
	assert_int_equal(drops(5, API_DROP_INJECT_GONE), 1);
	assert_int_equal(ledger_of(5).injected, 1);
}

/* Tags that a snapshot has given to another interface: what the domain's kernel still says to its
 * former link would reach the new owner. */
static void injects_nothing_behind_tags_that_passed_on(void **state)
{
	struct api_interface heir;
	struct frame in, out;

	for (unsigned int e = 0; e < ENCAPSULATIONS; e++) {
		scene(&encapsulations[e], &encapsulations[1]);
		heir = make_interface(3, 0, 1, &encapsulations[e]);
		frame_from_us(&in, 0, &untagged, 0x0800);
		frame_flow(&in, AF_INET, 64, 40, 1);
		frame_from_us(&out, 0, &encapsulations[e], 0x0800);
		frame_flow(&out, AF_INET, 64, 40, 1);
		table_mark = table_mark % UINT8_MAX + 1;
		add_interface(&heir);
		inject(1, interface_get(1)->epoch, &in);
		expect_nothing_sent();
		expect_drops(1, API_DROP_INJECT_GONE, 1);
		inject(3, interface_get(3)->epoch, &in);
		expect_sent(0, &out);
		assert_int_equal(fixture_teardown(NULL), 0);
		assert_int_equal(fixture_setup(NULL), 0);
	}
}

static void injects_no_broken_frames(void **state)
{
	struct frame in;

	scene(&encapsulations[2], &encapsulations[1]);
	frame_from_us(&in, 0, &untagged, 0x0800);
	in.length = 13;
	inject(1, interface_get(1)->epoch, &in);
	expect_drops(1, API_DROP_INJECT_BAD, 1);

	in.length = 60;

	struct rte_mbuf *mbuf = to_mbuf(&in);
	struct handover *handover = rte_mbuf_to_priv(mbuf);

	mbuf->data_off = 7; /* no room for two tags */
	*handover = (struct handover){.interface = 1, .epoch = interface_get(1)->epoch};
	pipeline_inject(&worker, &mbuf, 1);
	expect_drops(1, API_DROP_INJECT_BAD, 1);
	set_link(0, false);
	inject(1, interface_get(1)->epoch, &in);
	expect_drops(1, API_DROP_PORT_DOWN, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(punts_what_is_for_us_without_tags),
		pipeline_test(punts_addresses_found_by_route),
		pipeline_test(interface_without_addresses_punts_arp_only),
		pipeline_test(budgets_are_by_class),
		pipeline_test(budgets_refill_at_their_rate),
		pipeline_test(a_flood_on_one_link_spends_no_other_links_budget),
		pipeline_test(counts_a_full_punt_ring),
		pipeline_test(injects_with_the_links_tags),
		pipeline_test(injects_nothing_for_a_deleted_interface),
		pipeline_test(injects_nothing_behind_tags_that_passed_on),
		pipeline_test(injects_no_broken_frames),
	};

	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
