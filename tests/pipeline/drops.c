/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every reason to drop, each provoked alone and mixed into a burst of packets that must not
 * notice.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/nexthop.h"
#include "pipelines/pipeline.h"
#include "tests/pipeline/fixture.h"

static const struct encapsulation *const link_tags = &encapsulations[2];
static const struct encapsulation *const core_tags = &encapsulations[1];

#define PORT_ACCOUNT COUNTERS_PORT(0)

static void good(struct frame *in, struct frame *out, unsigned int seed)
{
	int family = seed % 2 == 0 ? AF_INET : AF_INET6;
	uint16_t ethertype = family == AF_INET ? 0x0800 : 0x86dd;

	frame_to_us(in, 0, link_tags, ethertype);
	frame_flow(in, family, 64, seed, seed);
	frame_from_us(out, 1, core_tags, ethertype);
	frame_flow(out, family, 63, seed, seed);
}

/* Alone, then at the beginning, in the middle and at the end of bursts. */
static void expect_dropped(const struct frame *bad, uint32_t slot, enum api_drop_reason reason)
{
	static struct frame in[BURST_MAX], out[BURST_MAX];

	uint64_t bytes = ledger_of(slot).dropped_bytes[API_DROP_IN];

	receive_one(0, bad);
	expect_nothing_sent();
	expect_drops(slot, reason, 1);
	if (api_drop_direction(reason) == API_DROP_IN)
		assert_int_equal(ledger_of(slot).dropped_bytes[API_DROP_IN] - bytes, bad->length);
	for (unsigned int n = 2; n <= BURST_MAX; n = n * 2 + 1) {
		const unsigned int places[] = {0, n / 2, n - 1};

		for (unsigned int p = 0; p < 3; p++) {
			for (unsigned int i = 0; i < n; i++)
				good(&in[i], &out[i], i);
			in[places[p]] = *bad;
			out[places[p]].length = 0;
			receive(0, in, n);
			expect_sent_burst(1, out, n);
			expect_nothing_sent();
			expect_drops(slot, reason, 1);
		}
	}
	drop_punted();
}

static void from_to4(struct frame *frame, const char *source, const char *destination)
{
	frame_to_us(frame, 0, link_tags, 0x0800);
	frame_ipv4(frame, &(struct ipv4){.source = source,
				  .destination = destination,
				  .ttl = 64,
				  .protocol = IPPROTO_UDP,
				  .payload = 8});
	frame_udp(frame, 1, 2, 0);
}

static void from_to6(struct frame *frame, const char *source, const char *destination)
{
	frame_to_us(frame, 0, link_tags, 0x86dd);
	frame_ipv6(frame, &(struct ipv6){.source = source,
				  .destination = destination,
				  .hop_limit = 64,
				  .next_header = IPPROTO_UDP,
				  .payload = 8});
	frame_udp(frame, 1, 2, 0);
}

static void runts(void **state)
{
	struct frame whole4, whole6, bad;

	scene(link_tags, core_tags);
	from_to4(&whole4, "10.0.0.5", "10.1.0.9");
	from_to6(&whole6, "2001:db8:a::5", "2001:db8:b::9");
	for (unsigned int length = 0; length < whole4.length; length++) {
		bad = whole4;
		bad.length = length;
		receive_one(0, &bad);
		/* Until both tags are there it belongs to no link. */
		expect_drops(length < 22 ? PORT_ACCOUNT : 1, API_DROP_RUNT, 1);
	}
	for (unsigned int length = 22; length < whole6.length; length++) {
		bad = whole6;
		bad.length = length;
		receive_one(0, &bad);
		expect_drops(1, API_DROP_RUNT, 1);
	}
	expect_nothing_sent();
	bad = whole4;
	bad.length -= 1;
	expect_dropped(&bad, 1, API_DROP_RUNT);
	frame_to_us(&bad, 0, link_tags, 0x0806);
	frame_fill(&bad, 27, 1);
	expect_dropped(&bad, 1, API_DROP_RUNT);
}

/* They came last. expect_dropped() sends them as often as this. */
static void expect_tags_noted(const struct encapsulation *tags)
{
	unsigned int count = tags->s_tag != 0 ? 2 : tags->c_tag != 0 ? 1 : 0;
	struct api_tags rows[API_TAGS_KEPT];

	assert_true(unknown_tags_add(&worker.unknown_tags[0], rows, 0) > 0);
	assert_int_equal(rows[0].count, count);
	assert_int_equal(rows[0].ethertype, count == 0 ? 0 : tags->outer_ethertype);
	assert_int_equal(rows[0].outer, count == 2 ? tags->s_tag : tags->c_tag);
	assert_int_equal(rows[0].inner, count == 2 ? tags->c_tag : 0);
	assert_int_equal(rows[0].frames, 1 + 3 * 5);
}

static void unknown_tags(void **state)
{
	static const struct encapsulation unknown[] = {
		{"untagged", 0x8100, 0, 0},
		{"S-tag only", 0x8100, 0, 100},
		{"C-tag only", 0x8100, 0, 200},
		{"wrong C-tag", 0x8100, 100, 201},
		{"wrong S-tag", 0x8100, 101, 200},
		{"swapped", 0x8100, 200, 100},
		{"another outer EtherType", 0x88a8, 100, 200},
		{"another outer EtherType", 0x9100, 100, 200},
		{"reserved", 0x8100, 0, 4095},
		{"reserved", 0x8100, 4095, 4095},
	};
	struct frame bad;

	scene(link_tags, core_tags);
	for (unsigned int i = 0; i < RTE_DIM(unknown); i++) {
		frame_to_us(&bad, 0, &unknown[i], 0x0800);
		frame_flow(&bad, AF_INET, 64, 10, 1);
		expect_dropped(&bad, PORT_ACCOUNT, API_DROP_UNKNOWN_TAG);
		expect_tags_noted(&unknown[i]);
	}
	/* VID 0 above or below another tag names nothing. */
	for (unsigned int at = 15; at <= 19; at += 4) {
		frame_to_us(&bad, 0, link_tags, 0x0800);
		frame_flow(&bad, AF_INET, 64, 10, 1);
		bad.bytes[at] = 0;
		expect_dropped(&bad, PORT_ACCOUNT, API_DROP_UNKNOWN_TAG);
	}
	/* A lone S-tag of the port's own kind. */
	set_port(0, 0x88a8, 9216);
	frame_start(&bad, port_mac[0], neighbour_mac[0],
		&(struct encapsulation){"", 0x88a8, 0, 100}, 0x0800);
	bad.bytes[12] = 0x88;
	bad.bytes[13] = 0xa8;
	frame_flow(&bad, AF_INET, 64, 10, 1);
	receive_one(0, &bad);
	expect_drops(PORT_ACCOUNT, API_DROP_UNKNOWN_TAG, 1);
}

static void tags_on_a_port_without_interfaces(void **state)
{
	struct frame bad;

	frame_to_us(&bad, 2, link_tags, 0x0800);
	frame_flow(&bad, AF_INET, 64, 10, 1);
	receive_one(2, &bad);
	expect_drops(COUNTERS_PORT(2), API_DROP_UNKNOWN_TAG, 1);
}

static void frames_for_others(void **state)
{
	struct frame bad, in, out;

	scene(link_tags, core_tags);
	good(&in, &out, 4);
	for (unsigned int byte = 0; byte < 6; byte++) {
		bad = in;
		bad.bytes[byte] ^= 0x10;
		expect_dropped(&bad, 1, API_DROP_NOT_OUR_MAC);
	}
	/* RFC 1812 5.3.4: unicast in a broadcast or multicast frame is not forwarded. */
	bad = in;
	memset(bad.bytes, 0xff, 6);
	expect_dropped(&bad, 1, API_DROP_MULTICAST);
	good(&bad, &out, 5);
	memcpy(bad.bytes, "\x33\x33\x00\x00\x00\x01", 6);
	expect_dropped(&bad, 1, API_DROP_MULTICAST);
}

static void unknown_ethertypes(void **state)
{
	static const uint16_t ethertypes[] = {
		0x0000, 0x0040, 0x0801, 0x8847, 0x88cc, 0x8100, 0xffff};
	struct frame bad;

	scene(link_tags, core_tags);
	for (unsigned int i = 0; i < RTE_DIM(ethertypes); i++) {
		frame_to_us(&bad, 0, link_tags, ethertypes[i]);
		frame_fill(&bad, 50, i);
		expect_dropped(&bad, 1, API_DROP_UNKNOWN_ETHERTYPE);
	}
}

static void bad_headers(void **state)
{
	struct frame in4, in6, bad;

	scene(link_tags, core_tags);
	from_to4(&in4, "10.0.0.5", "10.1.0.9");
	from_to6(&in6, "2001:db8:a::5", "2001:db8:b::9");
	for (unsigned int version = 0; version < 16; version++) {
		bad = in4;
		bad.bytes[22] = version << 4 | 5;
		if (version != 4)
			expect_dropped(&bad, 1, API_DROP_BAD_HEADER);
		bad = in6;
		bad.bytes[22] = version << 4;
		if (version != 6)
			expect_dropped(&bad, 1, API_DROP_BAD_HEADER);
	}
	for (unsigned int words = 0; words < 5; words++) {
		bad = in4;
		bad.bytes[22] = 0x40 | words;
		expect_dropped(&bad, 1, API_DROP_BAD_HEADER);
	}
	for (unsigned int length = 0; length < 20; length++) {
		bad = in4;
		bad.bytes[25] = length;
		expect_dropped(&bad, 1, API_DROP_BAD_HEADER);
	}
	/* A header longer than the packet, a jumbogram. */
	bad = in4;
	bad.bytes[22] = 0x4f;
	expect_dropped(&bad, 1, API_DROP_BAD_HEADER);
	bad = in6;
	memset(bad.bytes + 22 + 4, 0, 3);
	expect_dropped(&bad, 1, API_DROP_BAD_HEADER);
}

static void bad_checksums(void **state)
{
	struct frame in, out, bad;

	scene(link_tags, core_tags);
	good(&in, &out, 8);
	/* One flipped bit anywhere that is not caught before. */
	for (unsigned int bit = 4 * 8; bit < 20 * 8; bit++) {
		bad = in;
		bad.bytes[22 + bit / 8] ^= 1 << bit % 8;
		expect_dropped(&bad, 1, API_DROP_BAD_CHECKSUM);
	}
}

static void martian_sources(void **state)
{
	static const char *const sources[] = {"0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.1.1",
		"224.0.0.1", "239.255.255.255", "255.255.255.255", "169.254.7.7", "192.0.2.3"};
	static const char *const sources6[] = {
		"::", "::1", "ff02::1", "ff0e::7", "fe80::1", "febf::1"};
	static const char *const others[] = {"1.0.0.1", "126.1.1.1", "128.0.0.1", "223.255.255.1",
		"169.253.1.1", "169.255.1.1", "192.0.2.1", "240.0.0.1"};
	static const char *const others6[] = {
		"::2", "::1:0:1", "fec0::1", "fe00::1", "fe7f::1", "1::"};
	struct frame frame;

	scene(link_tags, core_tags);
	for (unsigned int i = 0; i < RTE_DIM(sources); i++) {
		from_to4(&frame, sources[i], "10.1.0.9");
		expect_dropped(&frame, 1, API_DROP_MARTIAN_SOURCE);
	}
	for (unsigned int i = 0; i < RTE_DIM(sources6); i++) {
		from_to6(&frame, sources6[i], "2001:db8:b::9");
		expect_dropped(&frame, 1, API_DROP_MARTIAN_SOURCE);
	}
	for (unsigned int i = 0; i < RTE_DIM(others); i++) {
		from_to4(&frame, others[i], "10.1.0.9");
		receive_one(0, &frame);
		take_sent(1, &frame);
	}
	for (unsigned int i = 0; i < RTE_DIM(others6); i++) {
		from_to6(&frame, others6[i], "2001:db8:b::9");
		receive_one(0, &frame);
		take_sent(1, &frame);
	}
}

/* Even where a default route would take them. */
static void martian_destinations(void **state)
{
	static const char *const never[] = {"0.0.0.0", "0.1.2.3", "127.0.0.1", "169.254.7.7"};
	static const char *const never6[] = {"::", "::1", "fe80::1234", "febf::1"};
	static const char *const group[] = {
		"224.0.0.1", "224.0.0.5", "239.1.1.1", "255.255.255.255", "192.0.2.3"};
	static const char *const group6[] = {
		"ff02::1", "ff02::16", "ff02::1:ff00:2", "ff0e::1", "ff05::2"};
	struct frame bad;

	scene(link_tags, core_tags);
	add_route(1, "0.0.0.0", 0, 17);
	add_route(1, "::", 0, 17);
	for (unsigned int i = 0; i < RTE_DIM(never); i++) {
		from_to4(&bad, "10.0.0.5", never[i]);
		expect_dropped(&bad, 1, API_DROP_MARTIAN_DESTINATION);
	}
	for (unsigned int i = 0; i < RTE_DIM(never6); i++) {
		from_to6(&bad, "2001:db8:a::5", never6[i]);
		expect_dropped(&bad, 1, API_DROP_MARTIAN_DESTINATION);
	}
	for (unsigned int i = 0; i < RTE_DIM(group); i++) {
		from_to4(&bad, "10.0.0.5", group[i]);
		expect_dropped(&bad, 1, API_DROP_MULTICAST);
	}
	for (unsigned int i = 0; i < RTE_DIM(group6); i++) {
		from_to6(&bad, "2001:db8:a::5", group6[i]); /* UDP: not Neighbor Discovery */
		expect_dropped(&bad, 1, API_DROP_MULTICAST);
	}
}

static void routes_that_lead_nowhere(void **state)
{
	struct frame bad;
	struct api_adjacency unresolved = {.id = 9, .interface = 2, .family = AF_INET6};

	scene(link_tags, core_tags);
	assert_int_equal(inet_pton(AF_INET6, "fe80::9", unresolved.address), 1);
	assert_int_equal(adjacency_upsert(&unresolved), 0);
	add_group(30, 0, (const uint32_t[]){0});
	add_group(31, 1, (const uint32_t[]){9});
	add_route(1, "10.2.0.0", 16, API_GROUP_BLACKHOLE);
	add_route(1, "10.3.0.0", 16, 30);
	add_route(1, "10.4.0.0", 16, 31);
	add_route(1, "2001:db8:5::", 48, API_GROUP_GLEAN);
	add_route(1, "10.5.0.0", 16, API_GROUP_GLEAN);
	add_route(1, "10.6.0.0", 16, API_GROUP_GLEAN_LEAKED);
	from_to4(&bad, "10.0.0.5", "10.2.0.1");
	expect_dropped(&bad, 1, API_DROP_BLACKHOLE);
	from_to4(&bad, "10.0.0.5", "10.3.0.1");
	expect_dropped(&bad, 1, API_DROP_NO_LIVE_NEXT_HOP);
	from_to4(&bad, "10.0.0.5", "10.4.0.1");
	receive_one(0, &bad);
	expect_wish(2, AF_INET6, "fe80::9");
	expect_drops(1, API_DROP_NEIGHBOUR_UNRESOLVED, 1);
	from_to6(&bad, "2001:db8:a::5", "2001:db8:5::77");
	receive_one(0, &bad);
	expect_wish(1, AF_INET6, "2001:db8:5::77");
	expect_drops(1, API_DROP_NEIGHBOUR_UNRESOLVED, 1);
	from_to4(&bad, "10.0.0.5", "10.5.0.66");
	receive_one(0, &bad);
	expect_wish(1, AF_INET, "10.5.0.66");
	expect_drops(1, API_DROP_NEIGHBOUR_UNRESOLVED, 1);
	from_to4(&bad, "10.0.0.5", "10.6.0.66");
	receive_one(0, &bad);
	expect_wish(1, AF_INET, "10.6.0.66");
	expect_drops(1, API_DROP_NEIGHBOUR_UNRESOLVED, 1);
	from_to4(&bad, "10.0.0.5", "10.5.0.66");
	expect_dropped(&bad, 1, API_DROP_NEIGHBOUR_UNRESOLVED);
}

static void ports_that_do_not_send(void **state)
{
	static struct frame in[BURST_MAX], out;

	scene(link_tags, core_tags);
	for (unsigned int i = 0; i < BURST_MAX; i++)
		good(&in[i], &out, i);
	set_link(1, false);
	receive(0, in, BURST_MAX);
	expect_nothing_sent();
	expect_drops(1, API_DROP_NO_LIVE_NEXT_HOP, BURST_MAX);
	set_link(1, true);
	/* The ring of 1,024 holds one less. */
	for (unsigned int i = 0; i < 16; i++)
		receive(0, in, BURST_MAX);
	expect_drops(2, API_DROP_TX_FULL, 1);
	assert_int_equal(ledger_of(2).tx, 1023);
}

/* Unlinked while packets wait for it. */
static void ports_that_go(void **state)
{
	struct frame in, out;
	struct rte_mbuf *mbuf;

	scene(link_tags, core_tags);
	good(&in, &out, 2);
	mbuf = to_mbuf(&in);
	pipeline_receive(&worker, port_get(0), &mbuf, 1);
	port_table[1] = NULL;
	pipeline_flush(&worker);
	expect_drops(2, API_DROP_PORT_DOWN, 1);
	receive_one(0, &in);
	expect_drops(2, API_DROP_PORT_DOWN, 1);
}

static void no_memory(void **state)
{
	static struct rte_mbuf *hoard[4096];
	struct frame in, out;
	struct rte_mbuf *mbuf;
	unsigned int n = 0;

	scene(link_tags, core_tags);
	good(&in, &out, 2);
	mbuf = to_mbuf(&in);
	memmove(mbuf->buf_addr, in.bytes, in.length);
	mbuf->data_off = 0;
	/* untagged out needs no room; make the way out longer than the way in */
	struct api_interface api = interface_get(1)->api;

	api.s_tag = 0;
	assert_int_equal(interface_upsert(&api, -1), 0);
	api = interface_get(2)->api;
	api.s_tag = 44;
	assert_int_equal(interface_upsert(&api, -1), 0);
	memmove((char *)mbuf->buf_addr + 12, in.bytes + 16, in.length - 16);
	mbuf->data_len = mbuf->pkt_len = in.length - 4;
	while ((hoard[n] = rte_pktmbuf_alloc(pool)) != NULL)
		n++;
	pipeline_receive(&worker, port_get(0), &mbuf, 1);
	pipeline_flush(&worker);
	rte_pktmbuf_free_bulk(hoard, n);
	expect_nothing_sent();
	expect_drops(1, API_DROP_NO_MEMORY, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(runts),
		pipeline_test(unknown_tags),
		pipeline_test(tags_on_a_port_without_interfaces),
		pipeline_test(frames_for_others),
		pipeline_test(unknown_ethertypes),
		pipeline_test(bad_headers),
		pipeline_test(bad_checksums),
		pipeline_test(martian_sources),
		pipeline_test(martian_destinations),
		pipeline_test(routes_that_lead_nowhere),
		pipeline_test(ports_that_do_not_send),
		pipeline_test(ports_that_go),
		pipeline_test(no_memory),
	};

	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
