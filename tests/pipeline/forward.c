/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The common way: tags, look-up, TTL, rewrite, byte for byte.
 */
#include <netinet/in.h>
#include <string.h>

#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/nexthop.h"
#include "pipelines/pipeline.h"
#include "tests/pipeline/fixture.h"

static const int families[] = {AF_INET, AF_INET6};

static uint16_t ethertype_of(int family)
{
	return family == AF_INET ? 0x0800 : 0x86dd;
}

static unsigned int tag_bytes(const struct encapsulation *encapsulation)
{
	return 4 * ((encapsulation->s_tag != 0) + (encapsulation->c_tag != 0));
}

/* The frame as the customer sends it and as it must leave towards the core. */
static void make_pair(struct frame *in, struct frame *out, const struct encapsulation *from,
	const struct encapsulation *to, int family, unsigned int payload, unsigned int seed)
{
	frame_to_us(in, 0, from, ethertype_of(family));
	frame_flow(in, family, 64, payload, seed);
	frame_from_us(out, 1, to, ethertype_of(family));
	frame_flow(out, family, 63, payload, seed);
}

static void forwards_between_all_encapsulations(void **state)
{
	static struct frame in, out;

	for (unsigned int i = 0; i < ENCAPSULATIONS * ENCAPSULATIONS; i++) {
		const struct encapsulation *from = &encapsulations[i / ENCAPSULATIONS];
		const struct encapsulation *to = &encapsulations[i % ENCAPSULATIONS];

		scene(from, to);
		for (unsigned int f = 0; f < 2; f++) {
			make_pair(&in, &out, from, to, families[f], 100, i);
			receive_one(0, &in);
			expect_sent(1, &out);
			expect_nothing_sent();
		}

		struct api_ledger a = ledger_of(1), b = ledger_of(2);

		assert_int_equal(a.rx, 2);
		assert_int_equal(a.forwarded_in, 2);
		assert_int_equal(b.forwarded_out, 2);
		assert_int_equal(b.tx, 2);
		assert_int_equal(a.rx_bytes, 2 * (14 + tag_bytes(from) + 8 + 100) + 20 + 40);
		assert_int_equal(b.tx_bytes, 2 * (14 + tag_bytes(to) + 8 + 100) + 20 + 40);
		assert_int_equal(fixture_teardown(NULL), 0);
		assert_int_equal(fixture_setup(NULL), 0);
	}
}

static void forwards_bursts_of_any_size_in_order(void **state)
{
	static struct frame in[BURST_MAX], out[BURST_MAX];

	scene(&encapsulations[2], &encapsulations[1]);
	for (unsigned int n = 1; n <= BURST_MAX; n++) {
		for (unsigned int i = 0; i < n; i++)
			make_pair(&in[i], &out[i], &encapsulations[2], &encapsulations[1],
				families[(i + n / 7) % 2], (i * 37 + n) % 300, i);
		receive(0, in, n);
		expect_sent_burst(1, out, n);
		expect_nothing_sent();
	}
}

/* More than BURST_MAX to one port before a flush: the queue empties itself. */
static void sends_several_bursts_at_one_flush(void **state)
{
	static struct frame in[BURST_MAX], out;

	scene(&encapsulations[0], &encapsulations[0]);
	for (unsigned int i = 0; i < BURST_MAX; i++)
		make_pair(&in[i], &out, &encapsulations[0], &encapsulations[0], AF_INET, 10, 0);
	for (unsigned int burst = 0; burst < 3; burst++) {
		struct rte_mbuf *mbufs[BURST_MAX];

		for (unsigned int i = 0; i < BURST_MAX; i++)
			mbufs[i] = to_mbuf(&in[i]);
		pipeline_receive(&worker, port_get(0), mbufs, BURST_MAX);
		assert_int_equal(sent_count(1), burst * BURST_MAX);
	}
	pipeline_flush(&worker);
	assert_int_equal(sent_count(1), 3 * BURST_MAX);
}

/* RFC 1624: the incremental checksum is that of a new computation, for every value it can have. */
static void steps_ttl_and_checksum(void **state)
{
	static struct frame in[BURST_MAX], out[BURST_MAX];

	scene(&encapsulations[1], &encapsulations[0]);
	for (unsigned int id = 0; id < 65536; id += BURST_MAX) {
		for (unsigned int i = 0; i < BURST_MAX; i++) {
			struct ipv4 ipv4 = {.source = "10.0.0.5",
				.destination = "10.1.0.9",
				.ttl = 2 + (id + i) % 254,
				.protocol = IPPROTO_ESP,
				.id = id + i};

			frame_to_us(&in[i], 0, &encapsulations[1], 0x0800);
			frame_ipv4(&in[i], &ipv4);
			ipv4.ttl--;
			frame_from_us(&out[i], 1, &encapsulations[0], 0x0800);
			frame_ipv4(&out[i], &ipv4);
		}
		receive(0, in, BURST_MAX);
		for (unsigned int i = 0; i < BURST_MAX; i++)
			expect_sent(1, &out[i]);
	}
}

static void cuts_ethernet_padding(void **state)
{
	struct frame in, out;

	scene(&encapsulations[2], &encapsulations[2]);
	for (unsigned int f = 0; f < 2; f++) {
		make_pair(&in, &out, &encapsulations[2], &encapsulations[2], families[f], 1, 1);
		frame_fill(&in, 2000, 99);
		receive_one(0, &in);
		expect_sent(1, &out);
	}
}

static void forwards_ipv4_options(void **state)
{
	static const uint8_t options[] = {148, 4, 0, 0, 1, 1, 1, 0}; /* router alert, no-ops, end */
	struct ipv4 ipv4 = {.source = "10.0.0.5",
		.destination = "10.1.0.9",
		.ttl = 9,
		.protocol = IPPROTO_UDP,
		.payload = 8,
		.options = options,
		.option_bytes = sizeof(options)};
	struct frame in, out;

	scene(&encapsulations[1], &encapsulations[2]);
	frame_to_us(&in, 0, &encapsulations[1], 0x0800);
	frame_ipv4(&in, &ipv4);
	frame_udp(&in, 1, 2, 0);
	ipv4.ttl--;
	frame_from_us(&out, 1, &encapsulations[2], 0x0800);
	frame_ipv4(&out, &ipv4);
	frame_udp(&out, 1, 2, 0);
	receive_one(0, &in);
	expect_sent(1, &out);
	/* The padding of the frame stays behind also where the close look reads the length. */
	frame_fill(&in, 18, 5);
	receive_one(0, &in);
	expect_sent(1, &out);
}

/* Priority and drop eligibility do not choose the interface; what leaves has none. */
static void ignores_priority_bits(void **state)
{
	struct frame in, out;

	scene(&encapsulations[3], &encapsulations[1]);
	for (unsigned int priority = 0; priority < 256; priority++) {
		make_pair(&in, &out, &encapsulations[3], &encapsulations[1], AF_INET6, 5, 5);
		in.bytes[14] |= priority & 0xf0;
		in.bytes[18] |= priority << 4;
		receive_one(0, &in);
		expect_sent(1, &out);
	}
}

/* 802.1Q 6.9.1: VID 0 says a priority only. */
static void takes_priority_tag_for_untagged(void **state)
{
	const struct encapsulation marked = {"priority", 0x8100, 0, 0x6fff};
	struct frame in, out;

	scene(&encapsulations[0], &encapsulations[1]);
	for (unsigned int priority = 0; priority < 16; priority++) {
		frame_to_us(&in, 0, &marked, 0x0800);
		in.bytes[14] = priority << 4;
		in.bytes[15] = 0;
		frame_flow(&in, AF_INET, 64, 10, priority);
		frame_from_us(&out, 1, &encapsulations[1], 0x0800);
		frame_flow(&out, AF_INET, 63, 10, priority);
		receive_one(0, &in);
		expect_sent(1, &out);
	}
}

/* Two customers with the same addresses on one port; each has its own way out. */
static void keeps_tenants_apart(void **state)
{
	static const struct encapsulation tenants[] = {
		{"a", 0x8100, 100, 200}, {"same C-tag", 0x8100, 101, 200}, {"b", 0x8100, 0, 200}};
	static const struct encapsulation cores[] = {
		{"a", 0x8100, 0, 10}, {"b", 0x8100, 0, 20}, {"c", 0x8100, 0, 30}};
	struct frame in, out;

	for (uint32_t i = 0; i < 3; i++) {
		struct api_interface link = make_interface(1 + i, 0, 1 + i, &tenants[i]);
		struct api_interface core = make_interface(11 + i, 1, 1 + i, &cores[i]);

		add_vrf(1 + i);
		add_interface(&link);
		add_interface(&core);
		add_adjacency(11 + i, 11 + i, AF_INET, "10.255.0.1");
		add_group(16 + i, 1, (const uint32_t[]){11 + i});
		add_route(1 + i, "10.1.0.0", 16, 16 + i);
		add_route(1 + i, "2001:db8:b::", 48, 16 + i);
	}
	for (uint32_t round = 0; round < 30; round++) {
		uint32_t i = round * 7 % 3;

		make_pair(&in, &out, &tenants[i], &cores[i], families[round % 2], 20, round);
		receive_one(0, &in);
		expect_sent(1, &out);
		expect_nothing_sent();
		assert_int_equal(ledger_of(11 + i).tx, round / 3 + 1);
	}
}

/* A buffer without room before the packet: the longer header needs a copy, and what is before the
 * buffer is left alone. */
static void makes_headroom_when_there_is_none(void **state)
{
	struct frame in, out;
	uint64_t *before_buffer;

	scene(&encapsulations[0], &encapsulations[4]);
	for (unsigned int room = 0; room < 16; room++) {
		make_pair(&in, &out, &encapsulations[0], &encapsulations[4], families[room % 2],
			300, 3);

		struct rte_mbuf *mbuf = to_mbuf(&in);

		memmove((uint8_t *)mbuf->buf_addr + room, in.bytes, in.length);
		mbuf->data_off = room;
		before_buffer = (uint64_t *)mbuf->buf_addr - 1;
		*before_buffer = UINT64_C(0x0123456789abcdef);
		rte_mbuf_refcnt_update(mbuf, 1);
		pipeline_receive(&worker, port_get(0), &mbuf, 1);
		pipeline_flush(&worker);
		expect_sent(1, &out);
		assert_int_equal(*before_buffer, UINT64_C(0x0123456789abcdef));
		rte_pktmbuf_free(mbuf);
	}
}

/* A chained buffer is made one. */
static void takes_chained_buffers(void **state)
{
	struct frame in, out;

	scene(&encapsulations[1], &encapsulations[2]);
	make_pair(&in, &out, &encapsulations[1], &encapsulations[2], AF_INET, 300, 3);

	struct frame tail = {.length = in.length - 100};

	memcpy(tail.bytes, in.bytes + 100, tail.length);
	in.length = 100;

	struct rte_mbuf *mbuf = to_mbuf(&in);

	assert_int_equal(rte_pktmbuf_chain(mbuf, to_mbuf(&tail)), 0);
	pipeline_receive(&worker, port_get(0), &mbuf, 1);
	pipeline_flush(&worker);
	expect_sent(1, &out);
}

/* Tags, MAC and MTU may change under a live interface. */
static void follows_changes_of_the_interface(void **state)
{
	struct frame in, out;

	scene(&encapsulations[1], &encapsulations[1]);

	struct api_interface api = interface_get(2)->api;

	api.s_tag = 55;
	api.c_tag = 66;
	assert_int_equal(interface_upsert(&api, -1), 0);
	make_pair(&in, &out, &encapsulations[1], &(struct encapsulation){"new", 0x8100, 55, 66},
		AF_INET, 30, 3);
	receive_one(0, &in);
	expect_sent(1, &out);

	struct port *port = port_get(1);

	port->mac.addr_bytes[5] = 0x77;
	port->outer_ethertype = 0x88a8;
	assert_int_equal(interface_port_changed(1), 0);
	receive_one(0, &in);
	out.bytes[11] = 0x77;
	out.bytes[12] = 0x88;
	out.bytes[13] = 0xa8;
	expect_sent(1, &out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(forwards_between_all_encapsulations),
		pipeline_test(forwards_bursts_of_any_size_in_order),
		pipeline_test(sends_several_bursts_at_one_flush),
		pipeline_test(steps_ttl_and_checksum),
		pipeline_test(cuts_ethernet_padding),
		pipeline_test(forwards_ipv4_options),
		pipeline_test(ignores_priority_bits),
		pipeline_test(takes_priority_tag_for_untagged),
		pipeline_test(keeps_tenants_apart),
		pipeline_test(makes_headroom_when_there_is_none),
		pipeline_test(takes_chained_buffers),
		pipeline_test(follows_changes_of_the_interface),
	};

	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
