/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BFD between the wire and the bfd thread: what a worker hands over, what it sends, what stays away
 * from TAPs.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "dataplane/interface/interface.h"
#include "dataplane/interface/link_test.h"
#include "dataplane/nexthop/nexthop.h"
#include "pipelines/pipeline.h"
#include "pipelines/punt/budget.h"
#include "tests/pipeline/fixture.h"

static const struct encapsulation untagged = {"untagged", 0x8100, 0, 0};

/* A UDP packet from the customer to the edge, with a right checksum. Returns the UDP header. */
static uint8_t *make(struct frame *frame, const struct encapsulation *tags, int family,
	uint16_t port, uint8_t ttl)
{
	struct ipv4 ipv4 = {.source = "192.0.2.1",
		.destination = "192.0.2.2",
		.ttl = ttl,
		.protocol = IPPROTO_UDP,
		.payload = 32};
	struct ipv6 ipv6 = {.source = "2001:db8:1::1",
		.destination = "2001:db8:1::2",
		.hop_limit = ttl,
		.next_header = IPPROTO_UDP,
		.payload = 32};
	unsigned int addresses = family == AF_INET ? 8 : 32;
	uint16_t checksum;
	uint8_t *udp;

	frame_to_us(frame, 0, tags, family == AF_INET ? 0x0800 : 0x86dd);
	if (family == AF_INET)
		frame_ipv4(frame, &ipv4);
	else
		frame_ipv6(frame, &ipv6);
	udp = frame->bytes + frame->length;
	frame_udp(frame, 50000, port, 24);
	frame_fill(frame, 24, 7);
	/* RFC 768: over both addresses, the protocol, the length twice, and the payload. */
	memset(udp + 6, 0, 2);
	checksum = internet_checksum(udp - addresses, addresses + 32, IPPROTO_UDP + 32);
	memcpy(udp + 6, (const uint8_t[]){checksum >> 8, checksum & 0xff}, 2);
	return udp;
}

static void expect_arrival(int family, uint16_t port, uint8_t ttl, const uint8_t *udp)
{
	const struct bfd_arrival *arrival = &arrived[0];
	uint8_t source[16] = {0}, destination[16] = {0};

	assert_int_equal(arrived_count, 1);
	arrived_count = 0;
	inet_pton(family, family == AF_INET ? "192.0.2.1" : "2001:db8:1::1", source);
	inet_pton(family, family == AF_INET ? "192.0.2.2" : "2001:db8:1::2", destination);
	assert_int_equal(arrival->interface, 1);
	assert_int_equal(arrival->family, family);
	assert_int_equal(arrival->port, port);
	assert_int_equal(arrival->ttl, ttl);
	assert_int_equal(arrival->damaged, 0);
	assert_int_equal(arrival->bytes, 24);
	assert_int_equal(arrival->l3_bytes, family == AF_INET ? 52 : 72);
	assert_int_equal(arrival->tsc, worker.now);
	assert_memory_equal(arrival->source, source, 16);
	assert_memory_equal(arrival->destination, destination, 16);
	assert_memory_equal(arrival->payload, udp + 8, 24);
}

/* Whatever the tags and the TTL: the bfd thread judges, and counts what it does not believe. */
static void hands_over_what_is_for_bfds_ports(void **state)
{
	static const uint16_t ports[] = {3784, 3785, 4784};
	struct frame frame;
	uint8_t *udp;

	for (unsigned int tags = 0; tags < ENCAPSULATIONS; tags++) {
		scene(&encapsulations[tags], &encapsulations[1]);
		for (unsigned int i = 0; i < 6; i++) {
			int family = i % 2 ? AF_INET : AF_INET6;

			udp = make(&frame, &encapsulations[tags], family, ports[i / 2], 255 - i);
			receive_one(0, &frame);
			expect_arrival(family, ports[i / 2], 255 - i, udp);
		}
		assert_int_equal(ledger_of(1).punt, 6);
		assert_int_equal(punted_count(), 0);
		assert_int_equal(fixture_teardown(NULL), 0);
		assert_int_equal(fixture_setup(NULL), 0);
	}
}

static void other_ports_and_protocols_go_to_the_tap(void **state)
{
	struct frame frame;

	scene(&untagged, &untagged);
	make(&frame, &untagged, AF_INET, 3783, 255);
	receive_one(0, &frame);
	make(&frame, &untagged, AF_INET6, 3786, 255);
	receive_one(0, &frame);
	make(&frame, &untagged, AF_INET, 3784, 255);
	frame.bytes[14 + 9] = IPPROTO_TCP;
	memset(frame.bytes + 14 + 10, 0, 2);
	uint16_t checksum = internet_checksum(frame.bytes + 14, 20, 0);
	memcpy(frame.bytes + 14 + 10, (const uint8_t[]){checksum >> 8, checksum & 0xff}, 2);
	receive_one(0, &frame);
	assert_int_equal(arrived_count, 0);
	assert_int_equal(punted_count(), 3);
	drop_punted();
}

/* A packet through the edge is nobody's business here. */
static void packets_for_others_are_forwarded(void **state)
{
	struct frame frame;

	scene(&untagged, &untagged);
	frame_to_us(&frame, 0, &untagged, 0x0800);
	frame_ipv4(&frame, &(struct ipv4){.source = "10.0.0.5",
				   .destination = "10.1.0.5",
				   .ttl = 255,
				   .protocol = IPPROTO_UDP,
				   .payload = 32});
	frame_udp(&frame, 50000, 3784, 24);
	frame_fill(&frame, 24, 7);
	receive_one(0, &frame);
	assert_int_equal(arrived_count, 0);
	assert_int_equal(sent_count(1), 1);
	take_sent(1, &frame);
}

static void expect_damaged(const struct frame *frame)
{
	receive_one(0, frame);
	assert_int_equal(arrived_count, 1);
	assert_int_equal(arrived[0].damaged, 1);
	assert_int_equal(arrived[0].bytes, 0);
	arrived_count = 0;
}

static void a_wrong_udp_header_is_marked(void **state)
{
	struct frame frame;

	scene(&untagged, &untagged);
	make(&frame, &untagged, AF_INET, 3784, 255)[6] ^= 1;
	expect_damaged(&frame);
	make(&frame, &untagged, AF_INET6, 3784, 255)[6] ^= 1;
	expect_damaged(&frame);
	make(&frame, &untagged, AF_INET, 3784, 255)[12] ^= 1;
	expect_damaged(&frame);
	make(&frame, &untagged, AF_INET, 3784, 255)[5]--;
	expect_damaged(&frame);
	make(&frame, &untagged, AF_INET, 3784, 255)[5]++;
	expect_damaged(&frame);
	make(&frame, &untagged, AF_INET6, 3784, 255)[5] = 7;
	expect_damaged(&frame);
	/* RFC 8200 8.1: over IPv6 there is no "no checksum". */
	memset(make(&frame, &untagged, AF_INET6, 3784, 255) + 6, 0, 2);
	expect_damaged(&frame);
	/* RFC 768: over IPv4 there is. */
	memset(make(&frame, &untagged, AF_INET, 3784, 255) + 6, 0, 2);
	receive_one(0, &frame);
	assert_int_equal(arrived_count, 1);
	assert_int_equal(arrived[0].damaged, 0);
}

/* Not a byte beyond the packet's end is looked at: the fuzzer and the sanitizer watch. */
static void a_longer_payload_is_cut(void **state)
{
	struct frame frame;
	uint8_t *udp;

	scene(&untagged, &untagged);
	frame_to_us(&frame, 0, &untagged, 0x0800);
	frame_ipv4(&frame, &(struct ipv4){.source = "192.0.2.1",
				   .destination = "192.0.2.2",
				   .ttl = 255,
				   .protocol = IPPROTO_UDP,
				   .payload = 1008});
	udp = frame.bytes + frame.length;
	frame_udp(&frame, 50000, 3784, 1000);
	frame_fill(&frame, 1000, 7);
	memset(udp + 6, 0, 2);
	receive_one(0, &frame);
	assert_int_equal(arrived_count, 1);
	assert_int_equal(arrived[0].bytes, 1000);
	assert_memory_equal(arrived[0].payload, udp + 8, BFD_PACKET_BYTES_MAX);
}

static void a_flood_has_a_budget_of_its_own(void **state)
{
	struct frame frame, ping;
	unsigned int flood = budget_rates[API_BUDGET_BFD].burst + 50;

	scene(&untagged, &untagged);
	wait_for_budgets();
	make(&frame, &untagged, AF_INET, 3784, 1);
	for (unsigned int i = 0; i < flood; i++)
		receive_one(0, &frame);
	assert_in_range(arrived_count, budget_rates[API_BUDGET_BFD].burst, flood - 1);
	assert_int_equal(drops(1, API_DROP_PUNT_BUDGET_BFD), flood - arrived_count);
	make(&ping, &untagged, AF_INET, 7, 255);
	receive_one(0, &ping);
	assert_int_equal(punted_count(), 1);
	drop_punted();
}

static void a_full_ring_is_a_counted_drop(void **state)
{
	struct frame frame;

	scene(&untagged, &untagged);
	punt_ring_full = true;
	make(&frame, &untagged, AF_INET, 3784, 255);
	receive_one(0, &frame);
	expect_drops(1, API_DROP_PUNT_RING_FULL, 1);
	assert_int_equal(arrived_count, 0);
}

/* A second voice would end the session at the peer. */
static void bfd_from_a_tap_is_dropped(void **state)
{
	struct frame frame;
	uint32_t epoch;

	scene(&encapsulations[4], &untagged);
	epoch = interface_get(1)->epoch;
	for (unsigned int i = 0; i < 2; i++) {
		make(&frame, &untagged, i ? AF_INET6 : AF_INET, i ? 4784 : 3784, 255);
		inject(1, epoch, &frame);
		expect_nothing_sent();
		expect_drops(1, API_DROP_INJECT_BFD, 1);
		make(&frame, &untagged, i ? AF_INET6 : AF_INET, 179, 255);
		inject(1, epoch, &frame);
		assert_int_equal(sent_count(0), 1);
		take_sent(0, &frame);
	}
	assert_int_equal(ledger_of(1).injected, 4);
}

/* ---- to the peer ---- */

static struct bfd_departure make_departure(
	const struct frame *frame, int family, uint32_t adjacency)
{
	struct bfd_departure departure = {
		.interface = 1,
		.adjacency = adjacency,
		.family = family,
		.l3_bytes = frame->length - 14,
	};

	memcpy(departure.l3, frame->bytes + 14, departure.l3_bytes);
	return departure;
}

static void depart(const struct bfd_departure *departure)
{
	pipeline_bfd(&worker, departure, 1);
	pipeline_flush(&worker);
}

static void sends_with_the_neighbours_header(void **state)
{
	struct bfd_departure departure;
	struct frame packet, expected;

	for (unsigned int tags = 0; tags < ENCAPSULATIONS; tags++) {
		scene(&encapsulations[tags], &untagged);
		add_adjacency(9, 1, AF_INET6, "2001:db8:1::1");
		for (unsigned int v6 = 0; v6 < 2; v6++) {
			int family = v6 ? AF_INET6 : AF_INET;

			make(&packet, &untagged, family, 3784, 255);
			departure = make_departure(&packet, family, v6 ? 9 : 1);
			depart(&departure);
			frame_from_us(&expected, 0, &encapsulations[tags], v6 ? 0x86dd : 0x0800);
			frame_append(&expected, departure.l3, departure.l3_bytes);
			expect_sent(0, &expected);
		}
		assert_int_equal(ledger_of(1).injected, 2);
		assert_int_equal(ledger_of(1).tx, 2);
		assert_int_equal(fixture_teardown(NULL), 0);
		assert_int_equal(fixture_setup(NULL), 0);
	}
}

static void a_neighbour_that_is_not_known_is_wished_for(void **state)
{
	struct bfd_departure departure;
	struct frame packet;

	scene(&untagged, &untagged);
	make(&packet, &untagged, AF_INET, 3784, 255);
	/* It goes to where the customer is, 192.0.2.2 in this packet. */
	departure = make_departure(&packet, AF_INET, 0);
	depart(&departure);
	expect_wish(1, AF_INET, "192.0.2.2");
	/* The id is another link's neighbour by now. */
	departure = make_departure(&packet, AF_INET, 2);
	depart(&departure);
	expect_wish(1, AF_INET, "192.0.2.2");
	departure = make_departure(&packet, AF_INET, 4000);
	depart(&departure);
	expect_wish(1, AF_INET, "192.0.2.2");
	expect_nothing_sent();
	assert_int_equal(ledger_of(1).injected, 0);
}

static void a_port_without_link_is_a_counted_drop(void **state)
{
	struct bfd_departure departure;
	struct frame packet;

	scene(&untagged, &untagged);
	make(&packet, &untagged, AF_INET, 3784, 255);
	departure = make_departure(&packet, AF_INET, 1);
	__atomic_store_n(&port_table[0]->link_up, 0, __ATOMIC_RELAXED);
	depart(&departure);
	__atomic_store_n(&port_table[0]->link_up, 1, __ATOMIC_RELAXED);
	expect_nothing_sent();
	expect_drops(1, API_DROP_PORT_DOWN, 1);
	assert_int_equal(arrived_count, 1);
	assert_int_equal(arrived[0].lost, 1);
}

/* RFC 5883: to a gateway behind the core as the routing domain says, its TTL untouched. */
static void multihop_takes_the_routes_way(void **state)
{
	struct bfd_departure departure;
	struct frame packet, expected;

	scene(&untagged, &encapsulations[4]);
	for (unsigned int v6 = 0; v6 < 2; v6++) {
		int family = v6 ? AF_INET6 : AF_INET;

		make(&packet, &untagged, family, 4784, 255);
		inet_pton(family, v6 ? "2001:db8:b::9" : "10.1.0.9",
			packet.bytes + 14 + (v6 ? 24 : 16));
		departure = make_departure(&packet, family, 0);
		departure.routed = 1;
		depart(&departure);
		frame_from_us(&expected, 1, &encapsulations[4], v6 ? 0x86dd : 0x0800);
		frame_append(&expected, departure.l3, departure.l3_bytes);
		expect_sent(1, &expected);
	}
	assert_int_equal(ledger_of(2).injected, 2);
	assert_int_equal(ledger_of(2).tx, 2);
	/* Without a route there is nothing to send. */
	memcpy(departure.l3 + 24, "\x3f", 1);
	depart(&departure);
	expect_nothing_sent();
	assert_int_equal(ledger_of(1).injected + ledger_of(2).injected, 2);
}

static bool is_watched(uint32_t interface, uint8_t family, const uint8_t peer[16])
{
	return true;
}

/* A failure test is a silent cut: BFD must find out by itself. */
static void a_link_under_test_hears_and_says_nothing(void **state)
{
	struct api_link_test api = {.interface = 1, .seconds = 10};
	struct bfd_departure departure;
	struct frame packet;

	scene(&untagged, &untagged);
	assert_int_equal(link_test_upsert(&api, 1000000, is_watched), 0);
	make(&packet, &untagged, AF_INET, 3784, 255);
	departure = make_departure(&packet, AF_INET, 1);
	depart(&departure);
	expect_nothing_sent();
	expect_drops(1, API_DROP_LINK_TEST_INJECT, 1);
	receive_one(0, &packet);
	assert_int_equal(arrived_count, 0);
	expect_drops(1, API_DROP_LINK_TEST_PUNT, 1);
	assert_int_equal(link_test_delete(1, 2000000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(hands_over_what_is_for_bfds_ports),
		pipeline_test(other_ports_and_protocols_go_to_the_tap),
		pipeline_test(packets_for_others_are_forwarded),
		pipeline_test(a_wrong_udp_header_is_marked),
		pipeline_test(a_longer_payload_is_cut),
		pipeline_test(a_flood_has_a_budget_of_its_own),
		pipeline_test(a_full_ring_is_a_counted_drop),
		pipeline_test(bfd_from_a_tap_is_dropped),
		pipeline_test(sends_with_the_neighbours_header),
		pipeline_test(a_neighbour_that_is_not_known_is_wished_for),
		pipeline_test(a_port_without_link_is_a_counted_drop),
		pipeline_test(multihop_takes_the_routes_way),
		pipeline_test(a_link_under_test_hears_and_says_nothing),
	};

	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
