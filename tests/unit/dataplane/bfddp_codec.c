/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bfddp on the wire: messages that bfdd 8.4.4 was seen to send, messages of ours byte by byte, and
 * what is none.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/bfd/bfddp.h"

#define ZERO4 "00000000"
#define ZERO12 ZERO4 ZERO4 ZERO4
#define ZERO60 ZERO12 ZERO12 ZERO12 ZERO12 ZERO12

/* "peer 10.0.0.1 local-address 10.0.0.2 interface v0", 50 ms and 60 ms, x 5, passive-mode. */
#define ADD_IPV4                                                         \
	"010000020000008c" /* version 1, ADD_SESSION, id 0, 140 bytes */ \
	"00000020"                                                       \
	"0a000002" ZERO12 "0a000001" ZERO12 "320e95e2"                   \
	"0000c350"                                                       \
	"0000ea60"                                                       \
	"0000c350"                                                       \
	"0000c350"                                                       \
	"00000000"                                                       \
	"ff05"                                                           \
	"0000"                                                           \
	"00000003"                                                       \
	"76300000" ZERO60

/* "peer fd00::1 multihop local-address fd00::2", 300 ms, minimum-ttl 200, shutdown. */
#define ADD_IPV6                           \
	"010000020000008c"                 \
	"00000051"                         \
	"fd000000000000000000000000000002" \
	"fd000000000000000000000000000001" \
	"a15b4d9c"                         \
	"000493e0"                         \
	"000493e0"                         \
	"0000c350"                         \
	"0000c350"                         \
	"00000000"                         \
	"c803"                             \
	"0000"                             \
	"00000000"                         \
	"00000000" ZERO60

static size_t bytes_of(const char *hex, uint8_t *bytes)
{
	size_t length = strlen(hex) / 2;

	for (size_t i = 0; i < length; i++) {
		char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return length;
}

static void decode(const char *hex, struct bfddp_message *message)
{
	uint8_t bytes[512];
	size_t length = bytes_of(hex, bytes);

	assert_int_equal(bfddp_decode(bytes, length, message), length);
}

static void encodes_to(const struct bfddp_message *message, const char *hex)
{
	uint8_t expected[512], bytes[BFDDP_MESSAGE_MAX];
	size_t length = bytes_of(hex, expected);

	assert_int_equal(bfddp_encode(message, bytes), length);
	assert_memory_equal(bytes, expected, length);
}

static void address_is(int family, const uint8_t address[16], const char *text)
{
	uint8_t expected[16] = {0};

	assert_int_equal(inet_pton(family, text, expected), 1);
	assert_memory_equal(address, expected, sizeof(expected));
}

static void add_ipv4(void **state)
{
	struct bfddp_message message;

	decode(ADD_IPV4, &message);
	assert_int_equal(message.type, BFDDP_ADD_SESSION);
	assert_int_equal(message.id, 0);
	assert_int_equal(message.session.flags, BFDDP_PASSIVE);
	address_is(AF_INET, message.session.local, "10.0.0.2");
	address_is(AF_INET, message.session.peer, "10.0.0.1");
	assert_int_equal(message.session.lid, 0x320e95e2);
	assert_int_equal(message.session.min_tx_us, 50000);
	assert_int_equal(message.session.min_rx_us, 60000);
	assert_int_equal(message.session.ttl, 255);
	assert_int_equal(message.session.multiplier, 5);
	assert_int_equal(message.session.ifindex, 3);
	assert_string_equal(message.session.interface, "v0");
}

static void add_ipv6_multihop(void **state)
{
	struct bfddp_message message;

	decode(ADD_IPV6, &message);
	assert_int_equal(message.session.flags, BFDDP_MULTIHOP | BFDDP_IPV6 | BFDDP_SHUTDOWN);
	address_is(AF_INET6, message.session.local, "fd00::2");
	address_is(AF_INET6, message.session.peer, "fd00::1");
	assert_int_equal(message.session.lid, 0xa15b4d9c);
	assert_int_equal(message.session.min_tx_us, 300000);
	assert_int_equal(message.session.ttl, 200);
	assert_int_equal(message.session.multiplier, 3);
	assert_int_equal(message.session.ifindex, 0);
	assert_string_equal(message.session.interface, "");
}

/* An interface's name that fills its field is cut, not read over its end. */
static void name_without_end(void **state)
{
	struct bfddp_message message;
	uint8_t bytes[512];
	size_t length = bytes_of(ADD_IPV4, bytes);

	memset(bytes + BFDDP_HEADER + 68, 'x', BFDDP_NAME_MAX);
	assert_int_equal(bfddp_decode(bytes, length, &message), length);
	assert_int_equal(strlen(message.session.interface), BFDDP_NAME_MAX - 1);
}

static void counters_request(void **state)
{
	struct bfddp_message message;

	decode("010000050001000c"
	       "320e95e2",
		&message);
	assert_int_equal(message.type, BFDDP_COUNTERS_REQUEST);
	assert_int_equal(message.id, 1);
	assert_int_equal(message.lid, 0x320e95e2);
}

/* As bfdd answered our echo: the id is 0, the first time is ours. */
static void echo_reply(void **state)
{
	struct bfddp_message message;

	decode("0100000100000018"
	       "0000000000000007"
	       "000660e8804d175b",
		&message);
	assert_int_equal(message.type, BFDDP_ECHO_REPLY);
	assert_int_equal(message.id, 0);
	assert_int_equal(message.echo.dataplane_time, 7);
	assert_int_equal(message.echo.bfdd_time, 0x000660e8804d175b);
}

static void our_messages(void **state)
{
	struct bfddp_message change = {
		.type = BFDDP_STATE_CHANGE,
		.state = {.lid = 0x01020304,
			.remote_discriminator = 0x05060708,
			.remote_flags = BFDDP_REMOTE_CBIT | BFDDP_REMOTE_DEMAND,
			.remote_min_tx_us = 50000,
			.remote_min_rx_us = 60000,
			.remote_min_echo_us = 70000,
			.remote_multiplier = 9,
			.state = 3,
			.diagnostic = 7},
	};
	struct bfddp_message counters = {
		.type = BFDDP_COUNTERS,
		.id = 0x0a0b,
		.counters = {.lid = 0x01020304, .rx_bytes = 1, .rx = 2, .tx_bytes = 3, .tx = 4},
	};
	struct bfddp_message echo = {.type = BFDDP_ECHO_REQUEST,
		.id = 7,
		.echo = {.dataplane_time = UINT64_C(0x1122334455667788)}};

	encodes_to(&change, "0100000400000024"
			    "01020304"
			    "05060708"
			    "00000003"
			    "0000c350"
			    "0000ea60"
			    "00011170"
			    "03"
			    "07"
			    "09"
			    "00");
	encodes_to(&counters, "010000060a0b0050"
			      "01020304"
			      "00000000"
			      "0000000000000001"
			      "0000000000000002"
			      "0000000000000003"
			      "0000000000000004"
			      "0000000000000000"
			      "0000000000000000"
			      "0000000000000000"
			      "0000000000000000");
	encodes_to(&echo, "0100000000070018"
			  "1122334455667788"
			  "0000000000000000");
}

/* Whatever we understand of a message of any type we would say the same way. */
static void there_and_back(void **state)
{
	for (uint16_t type = 0; type < BFDDP_TYPES; type++) {
		struct bfddp_message message, again;
		uint8_t first[BFDDP_MESSAGE_MAX], second[BFDDP_MESSAGE_MAX];
		size_t length;

		memset(&message, 0, sizeof(message));
		memset(&message.session, 0x5a, sizeof(message.session));
		message.type = type;
		message.id = 77;
		length = bfddp_encode(&message, first);
		assert_int_equal(bfddp_decode(first, length, &again), length);
		assert_int_equal(again.type, type);
		assert_int_equal(again.id, 77);
		memset(second, 0xff, sizeof(second));
		if (type == BFDDP_ADD_SESSION || type == BFDDP_DELETE_SESSION)
			first[length - 1] = 0; /* the end of the name */
		assert_int_equal(bfddp_encode(&again, second), length);
		assert_memory_equal(first, second, length);
	}
}

static void comes_in_pieces(void **state)
{
	struct bfddp_message message;
	uint8_t bytes[512];
	size_t length = bytes_of(ADD_IPV4, bytes);

	for (size_t i = 0; i < length; i++)
		assert_int_equal(bfddp_decode(bytes, i, &message), 0);
	/* What follows is the next message's. */
	assert_int_equal(bfddp_decode(bytes, length + 5, &message), length);
}

/* Changes one byte of a message that is right. */
static void spoiled_by(size_t at, uint8_t value)
{
	struct bfddp_message message;
	uint8_t bytes[1024] = {0};
	size_t length = bytes_of(ADD_IPV4, bytes);

	bytes[at] = value;
	assert_int_equal(bfddp_decode(bytes, length, &message), -EPROTO);
	/* It does not take the rest of the message to say so. */
	assert_int_equal(bfddp_decode(bytes, BFDDP_HEADER, &message), -EPROTO);
	assert_int_equal(bfddp_decode(bytes, sizeof(bytes), &message), -EPROTO);
}

static void is_no_bfddp(void **state)
{
	spoiled_by(0, 0); /* version */
	spoiled_by(0, 2);
	spoiled_by(2, 1); /* type 258 */
	spoiled_by(3, BFDDP_TYPES);
	spoiled_by(6, 1);    /* length 396: more than any */
	spoiled_by(6, 0xff); /* and much more */
	spoiled_by(7, 0);    /* length 0: nothing would ever be taken */
	spoiled_by(7, 7);    /* shorter than the header */
	spoiled_by(7, 0x8b); /* shorter and longer than a session */
	spoiled_by(7, 0x8d);
}

static void names(void **state)
{
	assert_string_equal(bfddp_type_name(BFDDP_ADD_SESSION), "ADD_SESSION");
	assert_string_equal(bfddp_type_name(BFDDP_COUNTERS), "COUNTERS");
	assert_string_equal(bfddp_type_name(BFDDP_TYPES), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(add_ipv4),
		cmocka_unit_test(add_ipv6_multihop),
		cmocka_unit_test(name_without_end),
		cmocka_unit_test(counters_request),
		cmocka_unit_test(echo_reply),
		cmocka_unit_test(our_messages),
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(comes_in_pieces),
		cmocka_unit_test(is_no_bfddp),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
