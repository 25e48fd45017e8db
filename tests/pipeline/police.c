/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A circuit's rate on its way through the pipeline: who is charged, with how many bytes, and what
 * is never charged. The clock stands still, so that what passes is the burst.
 */
#include "tests/pipeline/fixture.h"

#include <netinet/in.h>

#include <rte_cycles.h>

#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/nexthop.h"
#include "dataplane/policer/policer.h"

#define RATE UINT64_C(100000000)
#define BURST 125000u
#define IN 1u
#define OUT 2u

static const struct encapsulation *qinq = &encapsulations[2];
static const struct encapsulation *vlan = &encapsulations[1];

static void add_policer(uint32_t id, uint32_t overhead_bytes)
{
	struct api_policer api = {
		.id = id, .rate_bps = RATE, .burst_bytes = BURST, .overhead_bytes = overhead_bytes};

	assert_int_equal(policer_upsert(&api, worker.now), 0);
}

static void police(uint32_t interface, uint32_t in, uint32_t out)
{
	struct api_interface api = interface_get(interface)->api;

	api.policer_in = in;
	api.policer_out = out;
	add_interface(&api);
}

static uint32_t credit(uint32_t id)
{
	return worker.policers[id].credit;
}

/* Credit that a lease left, so that the next packets' bytes can be read off it. */
static void lease(uint32_t id)
{
	assert_true(policer_lease(&worker, id, 100));
	assert_true(credit(id) > 3500);
}

static void make_flow(
	struct frame *frame, const struct encapsulation *tags, int family, unsigned int payload)
{
	frame_to_us(frame, 0, tags, family == AF_INET ? 0x0800 : 0x86dd);
	frame_flow(frame, family, 64, payload, 1);
}

static void charged_with_bytes_on_the_wire(void **state)
{
	struct frame frame;
	uint32_t before[2];

	scene(qinq, vlan);
	add_policer(IN, 0);
	add_policer(OUT, 20);
	police(1, IN, 0);
	police(2, 0, OUT);
	lease(IN);
	lease(OUT);
	for (int family = 0; family < 2; family++) {
		before[0] = credit(IN);
		before[1] = credit(OUT);
		make_flow(&frame, qinq, family == 0 ? AF_INET : AF_INET6, 700);
		receive_one(0, &frame);
		assert_int_equal(sent_count(1), 1);
		assert_int_equal(before[0] - credit(IN), frame.length);
		/* A tag less, and the overhead. */
		assert_int_equal(before[1] - credit(OUT), frame.length - 4 + 20);
		take_sent(1, &frame);
	}
}

/* Sends until the burst is used up, and as many frames again. Returns how many passed. */
static unsigned int flood(const struct frame *frame)
{
	unsigned int passed = 0, n = 2 * BURST / frame->length;
	struct frame sent;

	for (unsigned int i = 0; i < n; i++) {
		receive_one(0, frame);
		for (; sent_count(1) > 0; passed++)
			take_sent(1, &sent);
	}
	assert_true(passed * frame->length > BURST * 3 / 4 && passed * frame->length <= BURST);
	return passed;
}

static void beyond_the_rate_in(void **state)
{
	struct frame frame;
	unsigned int passed;

	scene(vlan, vlan);
	add_policer(IN, 0);
	police(1, IN, 0);
	make_flow(&frame, vlan, AF_INET, 1400);
	passed = flood(&frame);
	expect_drops(1, API_DROP_POLICER_IN, 2 * BURST / frame.length - passed);
	assert_int_equal(ledger_of(1).dropped_bytes[API_DROP_IN],
		(2 * BURST / frame.length - passed) * frame.length);
	assert_int_equal(ledger_of(1).forwarded_in, passed);
	/* The others' traffic is not its. */
	assert_int_equal(drops(2, API_DROP_POLICER_OUT), 0);
}

static void beyond_the_rate_out(void **state)
{
	struct frame frame;
	unsigned int passed;

	scene(vlan, vlan);
	add_policer(OUT, 0);
	police(2, 0, OUT);
	make_flow(&frame, vlan, AF_INET6, 1400);
	passed = flood(&frame);
	expect_drops(2, API_DROP_POLICER_OUT, 2 * BURST / frame.length - passed);
	assert_int_equal(ledger_of(2).tx, passed);
	assert_int_equal(ledger_of(2).dropped_bytes[API_DROP_OUT],
		(2 * BURST / frame.length - passed) * frame.length);
	assert_int_equal(ledger_of(1).dropped_bytes[API_DROP_IN], 0);
	/* Nobody is told, and what could not go out anyhow costs no credit. */
	assert_int_equal(ledger_of(1).generated, 0);
}

/* All interfaces that name a policer share its rate, as the peerings of a circuit do. */
static void interfaces_share_a_policer(void **state)
{
	struct frame frame;

	scene(vlan, vlan);
	add_policer(IN, 0);
	police(1, IN, 0);
	police(2, IN, 0);
	lease(IN);

	uint32_t before = credit(IN);

	frame_to_us(&frame, 1, vlan, 0x0800);
	frame_ipv4(&frame, &(struct ipv4){.source = "10.1.0.1",
				   .destination = "10.0.0.1",
				   .ttl = 64,
				   .protocol = IPPROTO_UDP,
				   .payload = 100});
	frame_udp(&frame, 1, 2, 92);
	frame_fill(&frame, 92, 3);
	receive_one(1, &frame);
	assert_int_equal(sent_count(0), 1);
	assert_int_equal(before - credit(IN), frame.length);
}

/* What is for the edge, what is dropped before, and what the edge says itself over its TAP. */
static void not_charged(void **state)
{
	struct frame frame;
	uint32_t before[2];

	scene(vlan, vlan);
	add_policer(IN, 0);
	add_policer(OUT, 0);
	police(1, IN, OUT);
	police(2, IN, OUT);
	lease(IN);
	lease(OUT);
	before[0] = credit(IN);
	before[1] = credit(OUT);

	frame_to_us(&frame, 0, vlan, 0x0800);
	frame_ipv4(&frame, &(struct ipv4){.source = "192.0.2.1",
				   .destination = "192.0.2.2",
				   .ttl = 255,
				   .protocol = IPPROTO_ICMP,
				   .payload = 56});
	frame_fill(&frame, 56, 3);
	receive_one(0, &frame);
	assert_int_equal(punted_count(), 1);
	make_flow(&frame, vlan, AF_INET, 100);
	frame.bytes[18 + 12] = 127; /* and now its checksum is wrong */
	receive_one(0, &frame);
	assert_int_equal(sent_count(1), 0);
	frame_start(&frame, neighbour_mac[0], port_mac[0], &encapsulations[0], 0x0806);
	frame_fill(&frame, 46, 3);
	inject(1, interface_get(1)->epoch, &frame);
	assert_int_equal(sent_count(0), 1);
	assert_int_equal(credit(IN), before[0]);
	assert_int_equal(credit(OUT), before[1]);
}

/* Each fragment is charged, and each that is beyond the rate is dropped and counted. */
static void fragments(void **state)
{
	struct frame frame;
	struct api_ledger ledger;
	unsigned int n = 60;

	scene(vlan, vlan);
	add_policer(OUT, 0);
	police(2, 0, OUT);
	make_flow(&frame, vlan, AF_INET, 4000);
	for (unsigned int i = 0; i < n; i++) {
		receive_one(0, &frame);
		while (sent_count(1) > 0) {
			struct frame sent;

			take_sent(1, &sent);
		}
	}
	ledger = ledger_of(2);
	assert_int_equal(ledger.fragments_added, 2 * n);
	assert_true(ledger.tx_bytes > BURST * 3 / 4 && ledger.tx_bytes <= BURST);
	expect_drops(2, API_DROP_POLICER_OUT, 3 * n - ledger.tx);
}

/* A packet that has to be cut is charged whole on its way in, and dropped whole beyond the rate. */
static void cut_packets_on_the_way_in(void **state)
{
	struct frame frame, sent;
	unsigned int n = 60, passed;

	scene(vlan, vlan);
	add_policer(IN, 0);
	police(1, IN, 0);
	make_flow(&frame, vlan, AF_INET, 4000);
	for (unsigned int i = 0; i < n; i++) {
		receive_one(0, &frame);
		while (sent_count(1) > 0)
			take_sent(1, &sent);
	}
	passed = ledger_of(1).forwarded_in;
	assert_true(passed * frame.length > BURST * 3 / 4 && passed * frame.length <= BURST);
	assert_int_equal(ledger_of(2).fragments_added, 2 * passed);
	expect_drops(1, API_DROP_POLICER_IN, n - passed);
}

/* One policer for a packet's way in and its way out: both times are charged. */
static void the_same_policer_twice(void **state)
{
	struct frame frame;
	uint32_t before;

	scene(vlan, vlan);
	add_policer(IN, 0);
	police(1, IN, 0);
	police(2, 0, IN);
	lease(IN);
	before = credit(IN);
	make_flow(&frame, vlan, AF_INET, 700);
	receive_one(0, &frame);
	assert_int_equal(before - credit(IN), 2 * frame.length);
	/* What is left does for once, not twice: the quick look gives the first half back. */
	worker.policers[IN].credit = frame.length + frame.length / 2;
	worker.policers[IN].since = worker.now + 1;
	receive_one(0, &frame);
	expect_drops(2, API_DROP_POLICER_OUT, 1);
	assert_int_equal(credit(IN), frame.length / 2);
	take_sent(1, &frame);
}

/* An interface that changes its policer takes its neighbours along; one in use stays. */
static void references(void **state)
{
	struct api_interface api;

	scene(vlan, vlan);
	add_policer(IN, 0);
	add_policer(OUT, 0);
	api = interface_get(2)->api;
	api.policer_out = 77;
	assert_int_equal(interface_upsert(&api, -1), -ENOENT);
	api.policer_out = 0;
	api.policer_in = 77;
	assert_int_equal(interface_upsert(&api, -1), -ENOENT);
	police(2, IN, OUT);
	assert_int_equal(interface_get(2)->policer_in, IN);
	assert_int_equal(adjacency_get(2)->policer_out, OUT);
	assert_int_equal(policer_delete(IN), -EBUSY);
	assert_int_equal(policer_delete(OUT), -EBUSY);
	police(2, OUT, IN);
	assert_int_equal(adjacency_get(2)->policer_out, IN);
	police(2, OUT, 0);
	assert_int_equal(adjacency_get(2)->policer_out, 0);
	assert_int_equal(policer_delete(IN), 0);
	assert_int_equal(policer_delete(OUT), -EBUSY);
	police(2, 0, 0);
	assert_int_equal(policer_delete(OUT), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(charged_with_bytes_on_the_wire),
		pipeline_test(beyond_the_rate_in),
		pipeline_test(beyond_the_rate_out),
		pipeline_test(interfaces_share_a_policer),
		pipeline_test(not_charged),
		pipeline_test(fragments),
		pipeline_test(cut_packets_on_the_way_in),
		pipeline_test(the_same_policer_twice),
		pipeline_test(references),
	};

	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
