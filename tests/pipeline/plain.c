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
#include "tests/pipeline/fixture.h"

#define ROUNDS 400000u

static const struct encapsulation *tags = &encapsulations[1];

/* Octets at the edges of what is never routed, and of header fields. */
static const uint8_t odd[] = {
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
		ip[number(header)] = odd[number(RTE_DIM(odd))];
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

static void compare(bool is_ipv4)
{
	const struct interface *in = interface_get(1);
	struct plain port = plain_of_port(port_get(0));
	unsigned int plain = 0, passed = 0;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct frame frame;

		frame_to_us(&frame, 0, tags, is_ipv4 ? 0x0800 : 0x86dd);
		frame_flow(&frame, is_ipv4 ? AF_INET : AF_INET6, 64, number(40), i % 1000);
		damage(&frame, is_ipv4, in);

		struct rte_mbuf *mbuf = to_mbuf(&frame);
		struct packet packet = look_at(in, mbuf, is_ipv4);
		struct sight sight;
		bool is_plain = ingress_is_plain(&port, mbuf, &sight);
		bool is_passed = passes_closely(&packet);

		rte_pktmbuf_free(mbuf);
		plain += is_plain;
		passed += is_passed;
		if (!is_plain)
			continue;
		assert_true(is_passed);
		assert_ptr_equal(sight.in, in);
		assert_int_equal(sight.is_ipv4, is_ipv4);
		assert_int_equal(sight.l3_offset, packet.l3_offset);
		assert_int_equal(sight.l3_bytes, packet.l3_bytes);
	}
	/* Nearly all that may pass is plain, and both kinds were many. */
	assert_true(passed > ROUNDS / 10 && passed < ROUNDS - ROUNDS / 10);
	assert_true(plain > passed / 10 * 8);
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

/* The table says of each first octet what the close look says of its addresses. */
static void octets_are_odd_where_an_address_is(void **state)
{
	for (unsigned int octet = 0; octet < 256; octet++) {
		bool any = octet >= 224;

		for (uint32_t second = 0; second < 256; second++)
			any |= ipv4_is_never_routed(octet << 24 | second << 16 | 1);
		assert_int_equal(ingress_octet_is_odd[octet], any);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(plain_ipv4_passes),
		pipeline_test(plain_ipv6_passes),
		pipeline_test(octets_are_odd_where_an_address_is),
	};

	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
