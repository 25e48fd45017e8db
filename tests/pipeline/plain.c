/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The quick look at a packet (plain.h) never lets one through that the close look (header.h,
 * local.h, martian.h) would not, and never reads it otherwise. Packets are valid ones with a few
 * fields overwritten by values that matter.
 */
#include <stdlib.h>
#include <string.h>

#include "pipelines/ingress/header.h"
#include "pipelines/ingress/local.h"
#include "pipelines/ingress/martian.h"
#include "pipelines/ingress/plain.h"
#include "pipelines/ingress/plain_ipv4.h"
#include "pipelines/ingress/plain_ipv6.h"
#include "tests/pipeline/fixture.h"

#define ROUNDS 400000u

static const struct encapsulation *tags = &encapsulations[1];

/* Octets at the edges of what is never routed, and of header fields. */
static const uint8_t octets_that_matter[] = {
	0x00,
	0x01,
	0x0a,
	0x44,
	0x45,
	0x46,
	0x60,
	0x6f,
	0x7f,
	0xa9,
	0xc0,
	0xdf,
	0xe0,
	0xef,
	0xf0,
	0xfc,
	0xfd,
	0xfe,
	0x80,
	0xff,
};

static uint64_t seed = 42;

static uint32_t number(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint64_t)(uint32_t)(seed >> 32) * below >> 32;
}

static void checksum_again(uint8_t *ip)
{
	memset(ip + IPV4_CHECKSUM, 0, 2);

	uint16_t checksum = internet_checksum(ip, IPV4_HEADER_BYTES, 0);

	store16(ip + IPV4_CHECKSUM, checksum);
}

/* What the scene's interface must not forward, as often as anything else. */
static void take_own_address(uint8_t *ip, bool is_ipv4, const struct interface *in)
{
	uint8_t *at = ip + (is_ipv4 ? IPV4_SOURCE : IPV6_SOURCE);
	unsigned int bytes = is_ipv4 ? 4 : 16;

	if (number(2) == 0)
		at += bytes;
	if (!is_ipv4)
		memcpy(at, number(2) == 0 ? in->address6 : in->link_local6, bytes);
	else
		memcpy(at, number(2) == 0 ? &in->address4 : &in->broadcast4, bytes);
}

static void damage(struct frame *frame, bool is_ipv4, const struct interface *in)
{
	unsigned int header = is_ipv4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES;
	uint8_t *ip = frame->bytes + 18;

	for (unsigned int times = number(4); times > 0; times--)
		ip[number(header)] = octets_that_matter[number(RTE_DIM(octets_that_matter))];
	if (number(8) == 0)
		take_own_address(ip, is_ipv4, in);
	if (is_ipv4 && number(8) != 0)
		checksum_again(ip);
	if (number(8) == 0)
		frame->length = 18 + number(frame->length - 18 + 1);
	if (number(8) == 0)
		frame->bytes[number(6)] ^= 1u << number(8);
}

static struct packet look_at(const struct interface *in, struct rte_mbuf *mbuf, bool is_ipv4)
{
	return (struct packet){
		.mbuf = mbuf,
		.in = in,
		.ethertype = is_ipv4 ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6,
		.l3_offset = 18,
	};
}

static bool passes_closely(struct packet *packet)
{
	return ingress_header(packet) == EXIT_NEXT && ingress_local(packet) == EXIT_NEXT &&
	       ingress_martian(packet) == EXIT_NEXT;
}

struct tally {
	unsigned int plain, passed;
};

/* A packet of the lane after its check, which said `odd`. */
static void compare_one(
	const struct lane *lane, unsigned int at, bool odd, bool is_ipv4, struct tally *tally)
{
	struct packet packet = look_at(lane->ins[at], lane->mbufs[at], is_ipv4);
	const uint8_t *ip = packet_l3(&packet);
	bool passed = passes_closely(&packet);

	tally->plain += !odd;
	tally->passed += passed;
	if (odd) {
		assert_int_equal(lane->bytes[at], packet.mbuf->data_len - packet.l3_offset);
		return;
	}
	assert_true(passed);
	assert_int_equal(lane->bytes[at], packet.l3_bytes);
	if (is_ipv4)
		assert_int_equal(lane->addresses4[at], load32(ip + IPV4_DESTINATION));
	else
		assert_memory_equal(lane->addresses6[at], ip + IPV6_DESTINATION, 16);
	assert_ptr_equal(lane->fibs[at],
		is_ipv4 ? vrf_fib4(lane->ins[at]->vrf) : vrf_fib6(lane->ins[at]->vrf));
}

static struct rte_mbuf *make_packet(const struct interface *in, bool is_ipv4, unsigned int i)
{
	struct frame frame;

	frame_to_us(&frame, 0, tags, is_ipv4 ? 0x0800 : 0x86dd);
	frame_flow(&frame, is_ipv4 ? AF_INET : AF_INET6, 64, number(40), i % 1000);
	damage(&frame, is_ipv4, in);
	return to_mbuf(&frame);
}

/* Bursts of every length; packets that the first look turns down have to fail nothing. */
static void compare(bool is_ipv4)
{
	const struct interface *in = interface_get(1);
	struct plain port = plain_of_port(port_get(0));
	struct tally tally = {0};
	unsigned int all = 0;

	for (unsigned int length = 1; all < ROUNDS; length = length % BURST_MAX + 1) {
		uint32_t odd[BURST_MAX + LANE_STEP];
		static struct lane lane;
		bool any = false, said;

		lane.count = 0;
		while (lane.count < length) {
			struct rte_mbuf *mbuf = make_packet(in, is_ipv4, all++);
			struct sight sight;

			if (!ingress_is_plain(&port, mbuf, &sight)) {
				rte_pktmbuf_free(mbuf);
				continue;
			}
			assert_ptr_equal(sight.in, in);
			assert_int_equal(sight.is_ipv4, is_ipv4);
			assert_int_equal(sight.bytes, mbuf->data_len - 18);
			lane_put(
				&lane, lane.count++, mbuf, sight.in, sight.ip, mbuf->data_len - 18);
		}
		said = is_ipv4 ? ingress_odd_ipv4(&lane, odd) : ingress_odd_ipv6(&lane, odd);
		for (unsigned int i = 0; i < length; i++) {
			compare_one(&lane, i, odd[i] != 0, is_ipv4, &tally);
			rte_pktmbuf_free(lane.mbufs[i]);
			any |= odd[i] != 0;
		}
		assert_int_equal(said, any);
	}
	/* Nearly all that may pass is plain, and both kinds were many. */
	assert_true(tally.passed > ROUNDS / 10 && tally.passed < ROUNDS - ROUNDS / 10);
	assert_true(tally.plain > tally.passed / 10 * 8);
}

static void plain_ipv4_passes(void **state)
{
	scene(tags, tags);
	compare(true);
}

static void plain_ipv6_passes(void **state)
{
	scene(tags, tags);
	compare(false);
}

/* By its first two octets an address is odd where the close look turns it down, in each element of
 * the vector. */
static void addresses_are_odd_where_they_are_never_routed(void **state)
{
	for (uint32_t octets = 0; octets < 1u << 16; octets++) {
		uint32_t address = octets << 16 | 0x0101, word = rte_cpu_to_be_32(address);
		bool is_odd = ipv4_is_never_routed(address) || address >> 24 >= 224;
		unsigned int at = octets % LANE_STEP;
		words8 good = (words8){10, 10, 10, 10, 10, 10, 10, 10}, one = good;

		one[at] = word;
		assert_int_equal(is_odd_address(one, good)[at] != 0, is_odd);
		assert_int_equal(is_odd_address(good, one)[at] != 0, is_odd);
		assert_int_equal(is_odd_address(one, good)[(at + 1) % LANE_STEP], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(plain_ipv4_passes),
		pipeline_test(plain_ipv6_passes),
		pipeline_test(addresses_are_odd_where_they_are_never_routed),
	};

	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
