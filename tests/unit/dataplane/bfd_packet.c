/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BFD packets: the bytes of RFC 5880 4.1 and 4.4, and the checks of 6.8.6 that need no session, one
 * test for each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/bfd/packet.h"
#include "dataplane/bfd/sha1.h"

/* Up, poll, control plane independent; discriminators 0x11223344 and 0x55667788; 50 ms, 60 ms, no
 * echo. Written by hand from the figure in RFC 5880 4.1. */
static const uint8_t plain[BFD_PACKET_BYTES] = {
	0x20, 0xe8, 0x03, 0x18, /* version 1, no diagnostic; Up, P, C; x3; 24 bytes */
	0x11, 0x22, 0x33, 0x44, /* My Discriminator */
	0x55, 0x66, 0x77, 0x88, /* Your Discriminator */
	0x00, 0x00, 0xc3, 0x50, /* Desired Min TX */
	0x00, 0x00, 0xea, 0x60, /* Required Min RX */
	0x00, 0x00, 0x00, 0x00, /* Required Min Echo RX */
};

static const uint8_t secret[BFD_SECRET_BYTES] = "between two routers";

static uint8_t bytes[BFD_PACKET_BYTES_MAX + 8];

static int setup(void **state)
{
	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, plain, sizeof(plain));
	return 0;
}

static void expect_refused(size_t length, enum bfd_refusal expected)
{
	struct bfd_packet packet;
	enum bfd_refusal why = BFD_REFUSED_COUNT;

	assert_int_equal(bfd_packet_read(bytes, length, &packet, &why), -1);
	assert_int_equal(why, expected);
}

static struct bfd_packet expect_read(size_t length)
{
	struct bfd_packet packet;
	enum bfd_refusal why;

	assert_int_equal(bfd_packet_read(bytes, length, &packet, &why), 0);
	return packet;
}

static void rfc3174_test_vectors(void **state)
{
	static const struct {
		const char *message;
		uint8_t digest[4]; /* the first bytes say enough */
		uint8_t last;
	} vectors[] = {
		{"abc", {0xa9, 0x99, 0x3e, 0x36}, 0x9d},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
			{0x84, 0x98, 0x3e, 0x44}, 0xf1},
		{"", {0xda, 0x39, 0xa3, 0xee}, 0x09},
	};
	uint8_t digest[SHA1_BYTES];

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const char *message = vectors[i].message;

		sha1((const uint8_t *)message, strlen(message), digest);
		assert_memory_equal(digest, vectors[i].digest, 4);
		assert_int_equal(digest[SHA1_BYTES - 1], vectors[i].last);
	}
}

static void rfc5880_4_1_fields_are_where_the_figure_has_them(void **state)
{
	struct bfd_packet packet = expect_read(sizeof(plain));

	assert_int_equal(packet.diag, 0);
	assert_int_equal(packet.state, BFD_UP);
	assert_true(packet.poll);
	assert_false(packet.final);
	assert_true(packet.plane_independent);
	assert_false(packet.demand);
	assert_int_equal(packet.multiplier, 3);
	assert_int_equal(packet.length, 24);
	assert_int_equal(packet.my_discriminator, 0x11223344);
	assert_int_equal(packet.your_discriminator, 0x55667788);
	assert_int_equal(packet.min_tx_us, 50000);
	assert_int_equal(packet.min_rx_us, 60000);
	assert_int_equal(packet.min_echo_rx_us, 0);
	assert_int_equal(packet.auth_type, BFD_AUTH_NONE);
}

static void rfc5880_4_1_what_is_written_is_the_figure(void **state)
{
	struct bfd_packet packet = expect_read(sizeof(plain));
	uint8_t written[BFD_PACKET_BYTES_MAX];

	assert_int_equal(bfd_packet_write(&packet, secret, written), BFD_PACKET_BYTES);
	assert_memory_equal(written, plain, sizeof(plain));
	packet.diag = BFD_DIAG_REVERSE_PATH_DOWN;
	packet.state = BFD_DOWN;
	packet.poll = false;
	packet.final = packet.demand = true;
	packet.plane_independent = false;
	bfd_packet_write(&packet, secret, written);
	assert_int_equal(written[0], 0x28);
	assert_int_equal(written[1], 0x52);
}

static void rfc5880_6_8_6_version_must_be_1(void **state)
{
	bytes[0] = 0x00;
	expect_refused(24, BFD_REFUSED_VERSION);
	bytes[0] = 0x40;
	expect_refused(24, BFD_REFUSED_VERSION);
}

static void rfc5880_6_8_6_length_must_be_24_at_least(void **state)
{
	expect_refused(23, BFD_REFUSED_LENGTH);
	expect_refused(0, BFD_REFUSED_LENGTH);
	bytes[3] = 23;
	expect_refused(24, BFD_REFUSED_LENGTH);
}

static void rfc5880_6_8_6_length_must_be_26_at_least_with_authentication(void **state)
{
	bytes[1] |= 0x04;
	bytes[3] = 25;
	expect_refused(25, BFD_REFUSED_LENGTH);
}

static void rfc5880_6_8_6_length_must_not_exceed_the_payload(void **state)
{
	bytes[3] = 25;
	expect_refused(24, BFD_REFUSED_LENGTH);
	expect_read(25);
}

static void rfc5880_6_8_6_detect_mult_must_not_be_0(void **state)
{
	bytes[2] = 0;
	expect_refused(24, BFD_REFUSED_MULTIPLIER);
}

static void rfc5880_6_8_6_multipoint_must_be_0(void **state)
{
	bytes[1] |= 0x01;
	expect_refused(24, BFD_REFUSED_MULTIPOINT);
}

static void rfc5880_6_8_6_my_discriminator_must_not_be_0(void **state)
{
	memset(bytes + 4, 0, 4);
	expect_refused(24, BFD_REFUSED_MY_DISCRIMINATOR);
}

static size_t sign(uint8_t type)
{
	struct bfd_packet packet = expect_read(sizeof(plain));

	packet.auth_type = type;
	packet.auth_key_id = 7;
	packet.auth_sequence = 0xfffffffe;
	return bfd_packet_write(&packet, secret, bytes);
}

/* The digest is computed here from the RFC's words: SHA1 over the packet with the secret in the
 * digest's place. */
static void rfc5880_6_7_4_digest_is_over_the_packet_with_the_secret(void **state)
{
	uint8_t expected[BFD_PACKET_BYTES_MAX], digest[SHA1_BYTES];
	struct bfd_packet packet;

	assert_int_equal(sign(BFD_AUTH_METICULOUS_SHA1), 52);
	memcpy(expected, plain, sizeof(plain));
	expected[1] |= 0x04;
	expected[3] = 52;
	memcpy(expected + 24, (const uint8_t[]){5, 28, 7, 0, 0xff, 0xff, 0xff, 0xfe}, 8);
	memcpy(expected + 32, secret, BFD_SECRET_BYTES);
	sha1(expected, sizeof(expected), digest);
	assert_memory_equal(bytes, expected, 32);
	assert_memory_equal(bytes + 32, digest, SHA1_BYTES);
	packet = expect_read(52);
	assert_int_equal(packet.auth_type, BFD_AUTH_METICULOUS_SHA1);
	assert_int_equal(packet.auth_key_id, 7);
	assert_int_equal(packet.auth_sequence, 0xfffffffe);
	assert_true(bfd_packet_is_signed(bytes, secret));
}

static void rfc5880_6_7_4_any_other_bit_breaks_the_digest(void **state)
{
	static const uint8_t other[BFD_SECRET_BYTES] = "between two router";

	sign(BFD_AUTH_KEYED_SHA1);
	assert_false(bfd_packet_is_signed(bytes, other));
	for (unsigned int bit = 0; bit < 8 * BFD_PACKET_BYTES_MAX; bit++) {
		bytes[bit / 8] ^= 1u << bit % 8;
		assert_false(bfd_packet_is_signed(bytes, secret));
		bytes[bit / 8] ^= 1u << bit % 8;
	}
	assert_true(bfd_packet_is_signed(bytes, secret));
}

static void rfc5880_6_7_4_auth_len_must_be_28(void **state)
{
	sign(BFD_AUTH_KEYED_SHA1);
	bytes[25] = 27;
	expect_refused(52, BFD_REFUSED_LENGTH);
	bytes[25] = 28;
	bytes[3] = 51;
	expect_refused(52, BFD_REFUSED_LENGTH);
	/* The section would reach beyond the packet. */
	bytes[3] = 26;
	expect_refused(26, BFD_REFUSED_LENGTH);
}

static void rfc5880_6_7_types_that_are_not_sha1_are_refused(void **state)
{
	sign(BFD_AUTH_KEYED_SHA1);
	for (unsigned int type = 0; type < 256; type++) {
		bytes[24] = type;
		if (type == BFD_AUTH_KEYED_SHA1 || type == BFD_AUTH_METICULOUS_SHA1)
			expect_read(52);
		else
			expect_refused(52, BFD_REFUSED_AUTH_TYPE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(rfc3174_test_vectors, setup),
		cmocka_unit_test_setup(rfc5880_4_1_fields_are_where_the_figure_has_them, setup),
		cmocka_unit_test_setup(rfc5880_4_1_what_is_written_is_the_figure, setup),
		cmocka_unit_test_setup(rfc5880_6_8_6_version_must_be_1, setup),
		cmocka_unit_test_setup(rfc5880_6_8_6_length_must_be_24_at_least, setup),
		cmocka_unit_test_setup(
			rfc5880_6_8_6_length_must_be_26_at_least_with_authentication, setup),
		cmocka_unit_test_setup(rfc5880_6_8_6_length_must_not_exceed_the_payload, setup),
		cmocka_unit_test_setup(rfc5880_6_8_6_detect_mult_must_not_be_0, setup),
		cmocka_unit_test_setup(rfc5880_6_8_6_multipoint_must_be_0, setup),
		cmocka_unit_test_setup(rfc5880_6_8_6_my_discriminator_must_not_be_0, setup),
		cmocka_unit_test_setup(
			rfc5880_6_7_4_digest_is_over_the_packet_with_the_secret, setup),
		cmocka_unit_test_setup(rfc5880_6_7_4_any_other_bit_breaks_the_digest, setup),
		cmocka_unit_test_setup(rfc5880_6_7_4_auth_len_must_be_28, setup),
		cmocka_unit_test_setup(rfc5880_6_7_types_that_are_not_sha1_are_refused, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
