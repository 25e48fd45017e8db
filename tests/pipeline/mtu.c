/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Larger than the link: fragmentation, fragmentation needed, Packet Too Big; and jumbo frames that
 * fit.
 */
#include <netinet/in.h>
#include <string.h>

#include "dataplane/interface/interface.h"
#include "pipelines/pipeline.h"
#include "tests/pipeline/fixture.h"

static const struct encapsulation *const link_tags = &encapsulations[2];
static const struct encapsulation *const core_tags = &encapsulations[1];

enum { LINK_L2 = 22, CORE_L2 = 18 };

static void set_mtu(uint32_t interface, uint16_t mtu)
{
	struct api_interface api = interface_get(interface)->api;

	api.mtu = mtu;
	assert_int_equal(interface_upsert(&api, -1), 0);
}

static uint16_t get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static struct ipv4 big4(uint16_t fragment, unsigned int payload)
{
	return (struct ipv4){.source = "10.0.0.5",
		.destination = "10.1.0.9",
		.ttl = 64,
		.protocol = IPPROTO_UDP,
		.id = 4711,
		.fragment = fragment,
		.payload = payload};
}

static void make_in(struct frame *in, const struct ipv4 *ipv4)
{
	frame_to_us(in, 0, link_tags, 0x0800);
	frame_ipv4(in, ipv4);
	frame_fill(in, ipv4->payload, 5);
}

static void jumbo_frames_that_fit_go_whole(void **state)
{
	static struct frame in, out;

	scene(link_tags, core_tags);
	set_mtu(2, 9000);
	for (unsigned int size = 8990; size <= 9000; size++) {
		struct ipv4 ipv4 = big4(0x4000, size - 20);

		make_in(&in, &ipv4);
		ipv4.ttl--;
		frame_from_us(&out, 1, core_tags, 0x0800);
		frame_ipv4(&out, &ipv4);
		frame_fill(&out, ipv4.payload, 5);
		receive_one(0, &in);
		expect_sent(1, &out);

		frame_to_us(&in, 0, link_tags, 0x86dd);
		frame_flow(&in, AF_INET6, 64, size - 48, 3);
		frame_from_us(&out, 1, core_tags, 0x86dd);
		frame_flow(&out, AF_INET6, 63, size - 48, 3);
		receive_one(0, &in);
		expect_sent(1, &out);
	}
	expect_nothing_sent();
}

/*
 * Puts the fragments of `in` together again as a host would (RFC 791 3.2) and compares with what
 * was sent in. Returns how many there were.
 */
static unsigned int expect_fragments(const struct frame *in, unsigned int mtu)
{
	static struct frame fragment;
	static uint8_t payload[FRAME_MAX];
	const uint8_t *original = in->bytes + LINK_L2;
	unsigned int header_bytes = (original[0] & 0xf) * 4;
	unsigned int expected = get16(original + 2) - header_bytes;
	unsigned int first = (get16(original + 6) & 0x1fff) * 8;
	unsigned int at = 0, count = 0;
	bool more = true;

	for (; more; count++) {
		take_sent(1, &fragment);

		const uint8_t *ip = fragment.bytes + CORE_L2;
		unsigned int bytes = get16(ip + 2) - (ip[0] & 0xf) * 4;

		assert_memory_equal(fragment.bytes, neighbour_mac[1], 6);
		assert_memory_equal(fragment.bytes + 6, port_mac[1], 6);
		assert_memory_equal(fragment.bytes + 12, "\x81\x00\x01\x2c\x08\x00", 6);
		assert_int_equal(fragment.length, CORE_L2 + get16(ip + 2));
		assert_in_range(get16(ip + 2), 21, mtu);
		assert_int_equal(internet_checksum(ip, (ip[0] & 0xf) * 4, 0), 0);
		assert_int_equal(ip[1], original[1]);
		assert_int_equal(get16(ip + 4), get16(original + 4));
		assert_int_equal(ip[8], original[8] - 1);
		assert_int_equal(ip[9], original[9]);
		assert_memory_equal(ip + 12, original + 12, 8);
		assert_int_equal((get16(ip + 6) & 0x1fff) * 8, first + at);
		assert_int_equal(get16(ip + 6) & 0xc000, 0);
		memcpy(payload + at, ip + (ip[0] & 0xf) * 4, bytes);
		at += bytes;
		more = at < expected;
		if (more)
			assert_int_equal(bytes % 8, 0);
		assert_int_equal(
			(get16(ip + 6) & 0x2000) != 0, more || (get16(original + 6) & 0x2000) != 0);
	}
	assert_int_equal(at, expected);
	assert_memory_equal(payload, original + header_bytes, expected);
	return count;
}

static void fragments_of_all_sizes(void **state)
{
	static struct frame in;
	static const uint16_t mtus[] = {1280, 1281, 1287, 1288, 1500, 4000};
	uint64_t added = 0;

	scene(link_tags, core_tags);
	for (unsigned int m = 0; m < RTE_DIM(mtus); m++) {
		unsigned int room = (mtus[m] - 20) / 8 * 8;

		set_mtu(2, mtus[m]);
		for (unsigned int payload = mtus[m] - 19; payload <= 9196;
			payload += payload < mtus[m] + 40u ? 1 : 101) {
			struct ipv4 ipv4 = big4(0, payload);
			/* all but the last are full; the last may be longer by what is no multiple
			 * of 8 */
			unsigned int least = (payload - (mtus[m] - 20) + room - 1) / room + 1;

			make_in(&in, &ipv4);
			receive_one(0, &in);

			unsigned int count = expect_fragments(&in, mtus[m]);

			assert_int_equal(count, least);
			added += count - 1;
			expect_nothing_sent();
		}
	}
	assert_int_equal(ledger_of(2).fragments_added, added);
	assert_int_equal(ledger_of(2).forwarded_out + added, ledger_of(2).tx);
}

/* A fragment of a packet that was cut before. */
static void fragments_of_fragments(void **state)
{
	static struct frame in;
	static const uint16_t words[] = {0x2000, 0x2000 | 185, 185, 1000};

	scene(link_tags, core_tags);
	for (unsigned int i = 0; i < RTE_DIM(words); i++) {
		struct ipv4 ipv4 = big4(words[i], 4000);

		make_in(&in, &ipv4);
		receive_one(0, &in);
		assert_int_equal(expect_fragments(&in, 1500), 3);
	}
}

/* An end beyond the largest packet there is: its later pieces' offsets would wrap around and lie
 * over the packet's beginning. */
static void a_fragment_beyond_the_end_is_not_cut(void **state)
{
	static struct frame in;
	struct ipv4 last = big4((65535 - 20 - 4000) / 8, 4000), beyond = big4(8191, 4000);

	scene(link_tags, core_tags);
	make_in(&in, &last);
	receive_one(0, &in);
	assert_int_equal(expect_fragments(&in, 1500), 3);
	make_in(&in, &beyond);
	receive_one(0, &in);
	expect_nothing_sent();
	expect_drops(1, API_DROP_BAD_HEADER, 1);
}

/* RFC 791 3.1: the first has all options, the others those with the copied flag. */
static void fragments_with_options(void **state)
{
	static const uint8_t options[] = {
		7, 7, 4, 0, 0, 0, 0,       /* record route: not copied */
		1,                         /* no operation */
		131, 7, 4, 192, 0, 2, 200, /* loose source route: copied */
		0,                         /* end */
	};
	static const uint8_t copied[] = {131, 7, 4, 192, 0, 2, 200, 0};
	static struct frame in, first, second;
	struct ipv4 ipv4 = big4(0, 2000);

	scene(link_tags, core_tags);
	ipv4.options = options;
	ipv4.option_bytes = sizeof(options);
	make_in(&in, &ipv4);
	receive_one(0, &in);
	take_sent(1, &first);
	take_sent(1, &second);
	expect_nothing_sent();
	assert_int_equal(first.bytes[CORE_L2], 0x49);
	assert_memory_equal(first.bytes + CORE_L2 + 20, options, sizeof(options));
	assert_int_equal(first.length, CORE_L2 + 36 + 1464);
	assert_int_equal(second.bytes[CORE_L2], 0x47);
	assert_memory_equal(second.bytes + CORE_L2 + 20, copied, sizeof(copied));
	assert_int_equal(second.length, CORE_L2 + 28 + 2000 - 1464);
	assert_int_equal(get16(second.bytes + CORE_L2 + 6), 1464 / 8);
	assert_int_equal(internet_checksum(first.bytes + CORE_L2, 36, 0), 0);
	assert_int_equal(internet_checksum(second.bytes + CORE_L2, 28, 0), 0);
}

/* Options whose lengths make no sense end the list; nothing is read beyond it. */
static void fragments_with_broken_options(void **state)
{
	static const uint8_t options[][4] = {
		{131, 0, 0, 0}, {131, 1, 0, 0}, {131, 5, 0, 0}, {1, 1, 1, 131}};
	static struct frame in;

	scene(link_tags, core_tags);
	for (unsigned int i = 0; i < RTE_DIM(options); i++) {
		struct ipv4 ipv4 = big4(0, 2000);

		ipv4.options = options[i];
		ipv4.option_bytes = sizeof(options[i]);
		make_in(&in, &ipv4);
		receive_one(0, &in);
		assert_int_equal(expect_fragments(&in, 1500), 2);
	}
}

static void a_fragment_without_a_buffer_drops_the_packet(void **state)
{
	static struct rte_mbuf *hoard[4096];
	static struct frame in;
	struct ipv4 ipv4 = big4(0, 9000);
	unsigned int n = 0;

	scene(link_tags, core_tags);
	make_in(&in, &ipv4);

	struct rte_mbuf *mbuf = to_mbuf(&in);

	while ((hoard[n] = rte_pktmbuf_alloc(pool)) != NULL)
		n++;
	rte_pktmbuf_free_bulk(hoard, 3); /* some, not enough */
	pipeline_receive(&worker, port_get(0), &mbuf, 1);
	pipeline_flush(&worker);
	rte_pktmbuf_free_bulk(hoard + 3, n - 3);
	expect_nothing_sent();
	expect_drops(1, API_DROP_NO_MEMORY, 1);
	assert_int_equal(ledger_of(1).forwarded_in, 0);
}

/* RFC 1191 4, RFC 4443 3.2: the next hop's MTU, and nothing on the way out. */
static void too_big_to_cut_is_told(void **state)
{
	static struct frame in, error;
	const uint8_t *ip = error.bytes + LINK_L2;

	scene(link_tags, core_tags);
	for (unsigned int mtu = 1280; mtu <= 1500; mtu += 44) {
		struct ipv4 ipv4 = big4(0x4000, mtu - 19);

		set_mtu(2, mtu);
		make_in(&in, &ipv4);
		receive_one(0, &in);
		expect_drops(2, API_DROP_MTU_EXCEEDED, 1);
		take_sent(0, &error);
		assert_int_equal(ip[20], 3);
		assert_int_equal(ip[21], 4);
		assert_int_equal(get16(ip + 24), 0);
		assert_int_equal(get16(ip + 26), mtu);
		assert_int_equal(get16(ip + 2), 576);
		assert_memory_equal(ip + 28, in.bytes + LINK_L2, 576 - 28);
		assert_int_equal(internet_checksum(ip, 20, 0), 0);
		assert_int_equal(internet_checksum(ip + 20, 576 - 20, 0), 0);

		frame_to_us(&in, 0, link_tags, 0x86dd);
		frame_flow(&in, AF_INET6, 64, mtu - 47, 3);
		receive_one(0, &in);
		expect_drops(2, API_DROP_MTU_EXCEEDED, 1);
		take_sent(0, &error);
		assert_int_equal(error.length, LINK_L2 + 1280);
		assert_int_equal(ip[40], 2);
		assert_int_equal(ip[41], 0);
		assert_int_equal(get16(ip + 44), 0);
		assert_int_equal(get16(ip + 46), mtu);
		assert_memory_equal(ip + 48, in.bytes + LINK_L2, 1280 - 48);
		expect_nothing_sent();
	}
	assert_int_equal(ledger_of(2).tx, 0);
	assert_int_equal(ledger_of(2).forwarded_out, ledger_of(1).forwarded_in - ledger_of(1).tx);
}

/* A later fragment of IPv6 is told: its source must learn the path's MTU. */
static void too_big_fragment6_is_told(void **state)
{
	static struct frame in, error;

	scene(link_tags, core_tags);
	frame_to_us(&in, 0, link_tags, 0x86dd);
	frame_ipv6(&in, &(struct ipv6){.source = "2001:db8:a::5",
				.destination = "2001:db8:b::9",
				.hop_limit = 64,
				.next_header = IPPROTO_FRAGMENT,
				.payload = 1600});
	frame_append(&in, "\x11\x00\x08\x00\x00\x00\x00\x01", 8);
	frame_fill(&in, 1592, 1);
	receive_one(0, &in);
	take_sent(0, &error);
	assert_int_equal(error.bytes[LINK_L2 + 40], 2);
	expect_drops(2, API_DROP_MTU_EXCEEDED, 1);
}

/* RFC 1812 4.3.2.7: dropped, but silently. */
static void too_big_later_fragment4_is_not_told(void **state)
{
	static struct frame in;
	struct ipv4 ipv4 = big4(0x4000 | 185, 2000);

	scene(link_tags, core_tags);
	make_in(&in, &ipv4);
	receive_one(0, &in);
	expect_nothing_sent();
	expect_drops(2, API_DROP_MTU_EXCEEDED, 1);
	assert_int_equal(ledger_of(1).generated, 0);
}

/* Too large and expired: it is expired. */
static void expires_before_it_is_measured(void **state)
{
	static struct frame in, error;
	struct ipv4 ipv4 = big4(0x4000, 2000);

	scene(link_tags, core_tags);
	ipv4.ttl = 1;
	make_in(&in, &ipv4);
	receive_one(0, &in);
	take_sent(0, &error);
	assert_int_equal(error.bytes[LINK_L2 + 20], 11);
	expect_drops(1, API_DROP_TTL_EXPIRED, 1);
	expect_drops(2, API_DROP_MTU_EXCEEDED, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(jumbo_frames_that_fit_go_whole),
		pipeline_test(fragments_of_all_sizes),
		pipeline_test(fragments_of_fragments),
		pipeline_test(a_fragment_beyond_the_end_is_not_cut),
		pipeline_test(fragments_with_options),
		pipeline_test(fragments_with_broken_options),
		pipeline_test(a_fragment_without_a_buffer_drops_the_packet),
		pipeline_test(too_big_to_cut_is_told),
		pipeline_test(too_big_fragment6_is_told),
		pipeline_test(too_big_later_fragment4_is_not_told),
		pipeline_test(expires_before_it_is_measured),
	};

	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
