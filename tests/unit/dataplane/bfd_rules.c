/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RFC 5880 6.8 section by section, for what the tests of its parts (bfd_session.c, bfd_packet.c,
 * bfd_engine.c) do not name. What does not apply, and why:
 *
 *   6.8.5, 6.8.13   no echo: we ask for none, and none may be sent to us
 *   6.8.14          we never ask for demand mode; a peer may
 *   6.8.15          a forwarding plane that was reset is another process, with sessions of its own
 *   6.8.17          no concatenated paths
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "dataplane/bfd/session.h"
#include "dataplane/bfd/table.h"

#define MS UINT64_C(1000)
#define S UINT64_C(1000000)
#define OURS 0x1001u
#define THEIRS 0x2002u

static struct bfd_session session;
static struct bfd_config config;
static struct bfd_packet packet; /* what the peer says */
static uint64_t now;

static int setup(void **state)
{
	now = 1000 * S;
	config = (struct bfd_config){
		.key = {.interface = 5,
			.family = AF_INET6,
			.local = {0x20, 1, [15] = 2},
			.peer = {0x20, 1, [15] = 1}},
		.lid = 1,
		.min_tx_us = 50 * MS,
		.min_rx_us = 60 * MS,
		.multiplier = 3,
	};
	packet = (struct bfd_packet){
		.multiplier = 4,
		.my_discriminator = THEIRS,
		.your_discriminator = OURS,
		.min_tx_us = 40 * MS,
		.min_rx_us = 40 * MS,
	};
	bfd_session_init(&session, &config, OURS, 100, now);
	return 0;
}

static unsigned int hear(enum bfd_state state)
{
	packet.state = state;
	return bfd_session_receive(&session, &packet, now);
}

static void hear_final(void)
{
	packet.final = true;
	hear(session.state);
	packet.final = false;
}

static void go_up(void)
{
	hear(BFD_DOWN);
	hear(BFD_INIT);
	hear_final();
	assert_int_equal(session.state, BFD_UP);
	assert_false(session.polling);
}

static struct bfd_packet said(void)
{
	uint8_t payload[BFD_PACKET_BYTES_MAX];
	size_t length = bfd_session_write(&session, false, now, payload);
	struct bfd_packet written;
	enum bfd_refusal why;

	assert_int_equal(bfd_packet_read(payload, length, &written, &why), 0);
	return written;
}

static unsigned int reconfigure(uint32_t min_tx_us, uint32_t min_rx_us, uint8_t multiplier)
{
	config.min_tx_us = min_tx_us;
	config.min_rx_us = min_rx_us;
	config.multiplier = multiplier;
	return bfd_session_configure(&session, &config, now);
}

/* bfd.LocalDiscr: unique, and not 0, also when what it is drawn from repeats itself. */
static void rfc5880_6_8_1_local_discriminators_are_unique_and_not_0(void **state)
{
	struct bfd_table *table = bfd_table_create();
	static uint32_t drawn[512];
	unsigned int count = 0;

	assert_non_null(table);
	for (unsigned int i = 0; i < 512; i++) {
		struct bfd_entry *entry;

		config.key.interface = 1 + i;
		entry = bfd_table_add(table, &config.key, i % 3 == 0 ? 0 : i % 7);
		assert_non_null(entry);
		drawn[count] = entry->session.local_discriminator;
		assert_int_not_equal(drawn[count], 0);
		for (unsigned int j = 0; j < count; j++)
			assert_int_not_equal(drawn[count], drawn[j]);
		assert_ptr_equal(bfd_table_by_discriminator(table, drawn[count]), entry);
		count++;
	}
	bfd_table_free(table);
}

/* bfd.XmitAuthSeq begins with what it was given (random), and each packet has the next one. */
static void rfc5880_6_8_1_the_sequence_starts_where_it_was_drawn(void **state)
{
	const struct bfd_secret secret = {BFD_AUTH_METICULOUS_SHA1, 1, "secret"};

	bfd_session_init(&session, &config, OURS, UINT32_MAX, now);
	bfd_session_set_secrets(&session, &secret, 1);
	assert_int_equal(said().auth_sequence, 0); /* modulo 2^32 */
	assert_int_equal(said().auth_sequence, 1);
}

/* A session that is Down and was never heard waits for nothing, whatever time passes. */
static void rfc5880_6_8_4_nothing_is_detected_of_a_peer_that_was_never_heard(void **state)
{
	assert_true(bfd_session_expiry(&session) == BFD_NEVER);
	assert_int_equal(bfd_session_detection_us(&session), 0);
	hear(BFD_ADMIN_DOWN);
	assert_true(bfd_session_expiry(&session) == now + 4 * 60 * MS);
	now += 4 * 60 * MS;
	assert_false(bfd_session_expire(&session, now) & BFD_NEWS);
	assert_int_equal(session.state, BFD_DOWN);
	assert_int_equal(session.diag, BFD_DIAG_NONE);
}

/* The A bit says that there is a section; type 0 in it is none of those that may be used. */
static void rfc5880_6_8_6_an_authentication_of_type_0_is_refused(void **state)
{
	uint8_t payload[BFD_PACKET_BYTES_MAX];
	struct bfd_packet out = {.state = BFD_UP,
		.multiplier = 3,
		.my_discriminator = THEIRS,
		.auth_type = BFD_AUTH_KEYED_SHA1};
	enum bfd_refusal why;
	size_t length =
		bfd_packet_write(&out, (const uint8_t[BFD_SECRET_BYTES]){"secret"}, payload);

	assert_int_equal(bfd_packet_read(payload, length, &out, &why), 0);
	payload[24] = 0;
	assert_int_equal(bfd_packet_read(payload, length, &out, &why), -1);
	assert_int_equal(why, BFD_REFUSED_AUTH_TYPE);
}

/* What the packet says of its multiplier and interval holds for the very next detection. */
static void rfc5880_6_8_6_the_detection_time_is_updated_by_each_packet(void **state)
{
	go_up();
	packet.multiplier = 10;
	hear(BFD_UP);
	assert_true(bfd_session_expiry(&session) == now + 10 * 60 * MS);
	packet.multiplier = 1;
	packet.min_tx_us = 80 * MS;
	hear(BFD_UP);
	assert_true(bfd_session_expiry(&session) == now + 80 * MS);
}

/* We take no echoes, so we ask for none; and the peer's wish for them makes us send none. */
static void rfc5880_6_8_8_6_8_9_echo_is_neither_asked_for_nor_sent(void **state)
{
	packet.min_echo_rx_us = 10 * MS;
	go_up();
	assert_int_equal(said().min_echo_rx_us, 0);
	assert_int_equal(bfd_session_tx_interval_us(&session), 50 * MS);
}

/* Any time, in any state, and the session stays what it is. */
static void rfc5880_6_8_10_the_interval_we_expect_may_change_at_any_time(void **state)
{
	assert_true(reconfigure(50 * MS, 30 * MS, 3) & BFD_SEND);
	assert_int_equal(said().min_rx_us, 30 * MS);
	setup(NULL);
	go_up();
	assert_true(reconfigure(50 * MS, 500 * MS, 3) & BFD_SEND);
	assert_int_equal(said().min_rx_us, 500 * MS);
	assert_int_equal(session.state, BFD_UP);
	assert_true(bfd_session_detection_us(&session) == 4 * 500 * MS);
	hear_final();
	assert_true(bfd_session_detection_us(&session) == 4 * 500 * MS);
}

static void rfc5880_6_8_11_the_interval_we_send_at_may_change_at_any_time(void **state)
{
	/* Not Up it is said as it will be used: a second (6.8.3). */
	assert_int_equal(reconfigure(20 * MS, 60 * MS, 3), 0);
	assert_int_equal(said().min_tx_us, 1 * S);
	go_up();
	assert_true(reconfigure(200 * MS, 60 * MS, 3) & BFD_SEND);
	assert_int_equal(said().min_tx_us, 200 * MS);
	assert_int_equal(session.state, BFD_UP);
	hear_final();
	assert_int_equal(bfd_session_tx_interval_us(&session), 200 * MS);
}

/* The next packet says so; no poll is needed, and nothing waits for one. */
static void rfc5880_6_8_12_the_multiplier_may_change_at_any_time(void **state)
{
	go_up();
	assert_int_equal(reconfigure(50 * MS, 60 * MS, 9), BFD_SEND);
	assert_int_equal(said().multiplier, 9);
	assert_false(said().poll);
	assert_int_equal(session.state, BFD_UP);
	/* It is the peer's detection that it is for, not ours. */
	assert_true(bfd_session_detection_us(&session) == 4 * 60 * MS);
}

/* The peer may leave demand mode whenever it likes. */
static void rfc5880_6_8_14_packets_go_on_when_the_peer_leaves_demand_mode(void **state)
{
	go_up();
	packet.demand = true;
	assert_true(hear(BFD_UP) & BFD_RETIME);
	assert_int_equal(bfd_session_tx_interval_us(&session), 0);
	packet.demand = false;
	assert_true(hear(BFD_UP) & BFD_RETIME);
	assert_int_equal(bfd_session_tx_interval_us(&session), 50 * MS);
}

/* It is kept down by what it says, for a detection time at least and as long as it is wanted,
 * whatever the peer says. */
static void rfc5880_6_8_16_a_session_that_is_shut_stays_so(void **state)
{
	go_up();
	config.shutdown = true;
	bfd_session_configure(&session, &config, now);
	for (int said_state = BFD_ADMIN_DOWN; said_state <= BFD_UP; said_state++) {
		now += 300 * MS;
		assert_false(hear(said_state) & (BFD_NEWS | BFD_FINAL));
		assert_int_equal(said().state, BFD_ADMIN_DOWN);
	}
	assert_int_equal(session.refused[BFD_REFUSED_ADMIN_DOWN], 4);
}

/* A peer that is down is obeyed as one that is up; after a detection time without it, no longer. */
static void rfc5880_6_8_18_a_peer_that_holds_the_session_down_sets_our_rate(void **state)
{
	packet.min_rx_us = 5 * S;
	hear(BFD_ADMIN_DOWN);
	assert_int_equal(session.state, BFD_DOWN);
	assert_int_equal(bfd_session_tx_interval_us(&session), 5 * S);
	packet.min_rx_us = 0;
	hear(BFD_ADMIN_DOWN);
	assert_int_equal(bfd_session_tx_interval_us(&session), 0);
	now = bfd_session_expiry(&session);
	bfd_session_expire(&session, now);
	assert_int_equal(bfd_session_tx_interval_us(&session), 1 * S);
}

#define TEST(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rfc5880_6_8_1_local_discriminators_are_unique_and_not_0),
		TEST(rfc5880_6_8_1_the_sequence_starts_where_it_was_drawn),
		TEST(rfc5880_6_8_4_nothing_is_detected_of_a_peer_that_was_never_heard),
		TEST(rfc5880_6_8_6_an_authentication_of_type_0_is_refused),
		TEST(rfc5880_6_8_6_the_detection_time_is_updated_by_each_packet),
		TEST(rfc5880_6_8_8_6_8_9_echo_is_neither_asked_for_nor_sent),
		TEST(rfc5880_6_8_10_the_interval_we_expect_may_change_at_any_time),
		TEST(rfc5880_6_8_11_the_interval_we_send_at_may_change_at_any_time),
		TEST(rfc5880_6_8_12_the_multiplier_may_change_at_any_time),
		TEST(rfc5880_6_8_14_packets_go_on_when_the_peer_leaves_demand_mode),
		TEST(rfc5880_6_8_16_a_session_that_is_shut_stays_so),
		TEST(rfc5880_6_8_18_a_peer_that_holds_the_session_down_sets_our_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
