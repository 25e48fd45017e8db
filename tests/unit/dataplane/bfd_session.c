/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BFD sessions: rules of RFC 5880 6.8, each test named by its own (others: bfd_rules.c). Time is
 * the test's; the peer is either a packet written by hand or a second session.
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
			.family = AF_INET,
			.local = {192, 0, 2, 2},
			.peer = {192, 0, 2, 1}},
		.lid = 1,
		.min_tx_us = 50 * MS,
		.min_rx_us = 60 * MS,
		.multiplier = 3,
	};
	packet = (struct bfd_packet){
		.state = BFD_DOWN,
		.multiplier = 4,
		.my_discriminator = THEIRS,
		.min_tx_us = 1 * S,
		.min_rx_us = 40 * MS,
	};
	bfd_session_init(&session, &config, OURS, 100, now);
	return 0;
}

/* The peer says so, now. */
static unsigned int hear(enum bfd_state state)
{
	packet.state = state;
	packet.your_discriminator = OURS;
	return bfd_session_receive(&session, &packet, now);
}

static void go_up(void)
{
	hear(BFD_DOWN);
	hear(BFD_INIT);
	assert_int_equal(session.state, BFD_UP);
	packet.min_tx_us = 40 * MS;
	packet.final = true; /* ends our poll sequence */
	hear(BFD_UP);
	packet.final = false;
	assert_false(session.polling);
}

/* What the session would send now. */
static struct bfd_packet said(bool final)
{
	uint8_t payload[BFD_PACKET_BYTES_MAX];
	size_t length = bfd_session_write(&session, final, now, payload);
	struct bfd_packet written;
	enum bfd_refusal why;

	assert_int_equal(bfd_packet_read(payload, length, &written, &why), 0);
	return written;
}

static void reconfigure(uint32_t min_tx_us, uint32_t min_rx_us)
{
	config.min_tx_us = min_tx_us;
	config.min_rx_us = min_rx_us;
	bfd_session_configure(&session, &config, now);
}

/* ---- 6.8.1 ---- */

static void rfc5880_6_8_1_a_new_session_is_down_and_knows_nothing(void **state)
{
	struct bfd_packet first = said(false);

	assert_int_equal(session.state, BFD_DOWN);
	assert_int_equal(session.remote_state, BFD_DOWN);
	assert_int_equal(session.remote_discriminator, 0);
	assert_int_equal(session.remote_min_rx_us, 1);
	assert_int_equal(session.diag, BFD_DIAG_NONE);
	assert_false(session.auth_known);
	assert_int_equal(first.state, BFD_DOWN);
	assert_int_equal(first.my_discriminator, OURS);
	assert_int_equal(first.your_discriminator, 0);
	assert_int_equal(bfd_session_expiry(&session), BFD_NEVER);
}

static void rfc5880_6_8_1_remote_discriminator_is_forgotten_after_a_detection_time(void **state)
{
	hear(BFD_DOWN); /* detection: 4 x 1 s */
	assert_int_equal(session.remote_discriminator, THEIRS);
	assert_int_equal(bfd_session_expiry(&session), now + 4 * S);
	now += 4 * S;
	bfd_session_expire(&session, now);
	assert_int_equal(session.remote_discriminator, 0);
	assert_int_equal(said(false).your_discriminator, 0);
	assert_int_equal(bfd_session_expiry(&session), BFD_NEVER);
}

/* ---- 6.2, 6.8.6: the state machine, every state and every state heard ---- */

static void rfc5880_6_8_6_state_machine(void **state)
{
	static const struct {
		enum bfd_state ours, heard, becomes;
		enum bfd_diag diag;
	} table[] = {
		{BFD_DOWN, BFD_ADMIN_DOWN, BFD_DOWN, BFD_DIAG_NONE},
		{BFD_DOWN, BFD_DOWN, BFD_INIT, BFD_DIAG_NONE},
		{BFD_DOWN, BFD_INIT, BFD_UP, BFD_DIAG_NONE},
		{BFD_DOWN, BFD_UP, BFD_DOWN, BFD_DIAG_NONE},
		{BFD_INIT, BFD_ADMIN_DOWN, BFD_DOWN, BFD_DIAG_NEIGHBOUR_DOWN},
		{BFD_INIT, BFD_DOWN, BFD_INIT, BFD_DIAG_NONE},
		{BFD_INIT, BFD_INIT, BFD_UP, BFD_DIAG_NONE},
		{BFD_INIT, BFD_UP, BFD_UP, BFD_DIAG_NONE},
		{BFD_UP, BFD_ADMIN_DOWN, BFD_DOWN, BFD_DIAG_NEIGHBOUR_DOWN},
		{BFD_UP, BFD_DOWN, BFD_DOWN, BFD_DIAG_NEIGHBOUR_DOWN},
		{BFD_UP, BFD_INIT, BFD_UP, BFD_DIAG_NONE},
		{BFD_UP, BFD_UP, BFD_UP, BFD_DIAG_NONE},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		unsigned int actions;

		setup(NULL);
		if (table[i].ours != BFD_DOWN)
			hear(BFD_DOWN);
		if (table[i].ours == BFD_UP)
			hear(BFD_INIT);
		assert_int_equal(session.state, table[i].ours);
		actions = hear(table[i].heard);
		assert_int_equal(session.state, table[i].becomes);
		assert_int_equal(session.diag, table[i].diag);
		/* Who changes says so at once, and it is news. */
		assert_int_equal((actions & BFD_NEWS) != 0, table[i].ours != table[i].becomes);
		assert_int_equal((actions & BFD_SEND) != 0, table[i].ours != table[i].becomes);
	}
}

static void rfc5880_6_8_6_administratively_down_discards(void **state)
{
	go_up();
	config.shutdown = true;
	bfd_session_configure(&session, &config, now);
	uint64_t rx = session.rx;

	for (int heard = BFD_ADMIN_DOWN; heard <= BFD_UP; heard++)
		hear(heard);
	assert_int_equal(session.state, BFD_ADMIN_DOWN);
	assert_int_equal(session.rx, rx);
	assert_int_equal(session.refused[BFD_REFUSED_ADMIN_DOWN], 4);
}

static void rfc5880_6_8_6_what_the_packet_says_is_taken_over(void **state)
{
	packet.diag = BFD_DIAG_PATH_DOWN;
	packet.demand = true;
	packet.plane_independent = true;
	packet.min_echo_rx_us = 7;
	hear(BFD_DOWN);
	assert_int_equal(session.remote_discriminator, THEIRS);
	assert_int_equal(session.remote_state, BFD_DOWN);
	assert_int_equal(session.remote_diag, BFD_DIAG_PATH_DOWN);
	assert_true(session.remote_demand);
	assert_true(session.remote_plane_independent);
	assert_int_equal(session.remote_multiplier, 4);
	assert_int_equal(session.remote_min_tx_us, 1 * S);
	assert_int_equal(session.remote_min_rx_us, 40 * MS);
	assert_int_equal(session.remote_min_echo_rx_us, 7);
	assert_int_equal(said(false).your_discriminator, THEIRS);
}

static void rfc5880_6_8_6_a_valid_packet_starts_the_detection_time_anew(void **state)
{
	go_up();
	now += 100 * MS;
	hear(BFD_UP);
	assert_int_equal(bfd_session_expiry(&session), now + 4 * 60 * MS);
}

/* ---- 6.5 ---- */

static void rfc5880_6_5_a_poll_is_answered_with_final_at_once(void **state)
{
	go_up();
	packet.poll = true;
	assert_true(hear(BFD_UP) & BFD_FINAL);
	packet.poll = false;
	assert_false(hear(BFD_UP) & BFD_FINAL);
}

static void rfc5880_6_5_poll_and_final_are_never_in_one_packet(void **state)
{
	go_up();
	reconfigure(100 * MS, 60 * MS);
	assert_true(session.polling);
	assert_true(said(false).poll);
	assert_true(said(true).final);
	assert_false(said(true).poll);
	/* The answer did not end our own sequence. */
	assert_true(said(false).poll);
}

static void rfc5880_6_5_final_ends_the_poll_sequence(void **state)
{
	go_up();
	reconfigure(100 * MS, 60 * MS);
	hear(BFD_UP);
	assert_true(said(false).poll);
	packet.final = true;
	hear(BFD_UP);
	assert_false(said(false).poll);
}

/* The F may have been sent before the peer saw the second change. */
static void rfc5880_6_5_a_change_while_polling_takes_another_final(void **state)
{
	go_up();
	reconfigure(100 * MS, 60 * MS);
	reconfigure(200 * MS, 60 * MS);
	packet.final = true;
	hear(BFD_UP);
	assert_true(said(false).poll);
	assert_int_equal(bfd_session_tx_interval_us(&session), 50 * MS);
	hear(BFD_UP);
	assert_false(said(false).poll);
	assert_int_equal(bfd_session_tx_interval_us(&session), 200 * MS);
}

/* ---- 6.8.2, 6.8.3, 6.8.4 ---- */

static void rfc5880_6_8_2_the_slower_side_sets_the_interval(void **state)
{
	go_up();
	assert_int_equal(bfd_session_tx_interval_us(&session), 50 * MS);
	packet.min_rx_us = 300 * MS;
	assert_true(hear(BFD_UP) & BFD_RETIME);
	assert_int_equal(bfd_session_tx_interval_us(&session), 300 * MS);
	packet.min_rx_us = 10 * MS;
	assert_true(hear(BFD_UP) & BFD_RETIME);
	assert_int_equal(bfd_session_tx_interval_us(&session), 50 * MS);
	assert_false(hear(BFD_UP) & BFD_RETIME);
}

static void rfc5880_6_8_3_not_up_means_a_second_at_least(void **state)
{
	assert_int_equal(bfd_session_tx_interval_us(&session), 1 * S);
	assert_int_equal(said(false).min_tx_us, 1 * S);
	hear(BFD_DOWN);
	assert_int_equal(session.state, BFD_INIT);
	assert_int_equal(bfd_session_tx_interval_us(&session), 1 * S);
	hear(BFD_INIT);
	assert_int_equal(said(false).min_tx_us, 50 * MS);
	assert_int_equal(bfd_session_tx_interval_us(&session), 50 * MS);
	hear(BFD_DOWN);
	assert_int_equal(bfd_session_tx_interval_us(&session), 1 * S);
	/* And more, if so configured. */
	reconfigure(2 * S, 60 * MS);
	assert_int_equal(bfd_session_tx_interval_us(&session), 2 * S);
}

static void rfc5880_6_8_3_a_changed_interval_is_polled_for(void **state)
{
	go_up();
	reconfigure(40 * MS, 60 * MS);
	assert_true(said(false).poll);
	assert_int_equal(said(false).min_tx_us, 40 * MS);
	setup(NULL);
	go_up();
	reconfigure(50 * MS, 70 * MS);
	assert_true(said(false).poll);
	assert_int_equal(said(false).min_rx_us, 70 * MS);
	setup(NULL);
	go_up();
	reconfigure(50 * MS, 60 * MS);
	assert_false(said(false).poll);
}

static void rfc5880_6_8_3_coming_up_changes_the_interval_and_polls(void **state)
{
	hear(BFD_DOWN);
	hear(BFD_INIT);
	assert_true(said(false).poll);
}

static void rfc5880_6_8_3_sending_slower_waits_for_the_end_of_the_poll(void **state)
{
	go_up();
	reconfigure(100 * MS, 60 * MS);
	assert_int_equal(said(false).min_tx_us, 100 * MS);
	assert_int_equal(bfd_session_tx_interval_us(&session), 50 * MS);
	packet.final = true;
	assert_true(hear(BFD_UP) & BFD_RETIME);
	assert_int_equal(bfd_session_tx_interval_us(&session), 100 * MS);
}

static void rfc5880_6_8_3_sending_faster_does_not_wait(void **state)
{
	go_up();
	reconfigure(45 * MS, 60 * MS);
	assert_int_equal(bfd_session_tx_interval_us(&session), 45 * MS);
}

static void rfc5880_6_8_3_expecting_faster_waits_for_the_end_of_the_poll(void **state)
{
	go_up();
	reconfigure(50 * MS, 45 * MS);
	assert_int_equal(said(false).min_rx_us, 45 * MS);
	assert_int_equal(bfd_session_detection_us(&session), 4 * 60 * MS);
	packet.final = true;
	hear(BFD_UP);
	assert_int_equal(bfd_session_detection_us(&session), 4 * 45 * MS);
}

static void rfc5880_6_8_3_expecting_slower_does_not_wait(void **state)
{
	go_up();
	reconfigure(50 * MS, 90 * MS);
	assert_int_equal(bfd_session_detection_us(&session), 4 * 90 * MS);
}

static void rfc5880_6_8_4_detection_time_is_the_peers_multiplier_times_the_slower(void **state)
{
	go_up(); /* the peer sends every 40 ms, we want 60 */
	assert_int_equal(bfd_session_detection_us(&session), 4 * 60 * MS);
	packet.min_tx_us = 100 * MS;
	packet.multiplier = 2;
	hear(BFD_UP);
	assert_int_equal(bfd_session_detection_us(&session), 2 * 100 * MS);
	/* All that a packet can say has room. */
	packet.min_tx_us = UINT32_MAX;
	packet.multiplier = 255;
	hear(BFD_UP);
	assert_true(bfd_session_detection_us(&session) == UINT64_C(255) * UINT32_MAX);
}

static void rfc5880_6_8_4_silence_brings_an_up_session_down(void **state)
{
	unsigned int actions;

	go_up();
	now = bfd_session_expiry(&session);
	actions = bfd_session_expire(&session, now);
	assert_int_equal(session.state, BFD_DOWN);
	assert_int_equal(session.diag, BFD_DIAG_TIME_EXPIRED);
	assert_true(actions & BFD_NEWS);
	assert_int_equal(said(false).diag, BFD_DIAG_TIME_EXPIRED);
	assert_int_equal(session.silence_us, 4 * 60 * MS);
	assert_int_equal(session.flaps, 1);
}

static void rfc5880_6_8_4_silence_brings_an_init_session_down(void **state)
{
	hear(BFD_DOWN);
	assert_int_equal(session.state, BFD_INIT);
	now = bfd_session_expiry(&session);
	bfd_session_expire(&session, now);
	assert_int_equal(session.state, BFD_DOWN);
	assert_int_equal(session.diag, BFD_DIAG_TIME_EXPIRED);
	assert_int_equal(session.flaps, 0);
}

/* ---- 6.8.7 ---- */

static void rfc5880_6_8_7_jitter_takes_off_a_quarter_at_most(void **state)
{
	go_up();
	assert_int_equal(bfd_session_jittered_us(&session, 0, 0), 37500);
	assert_int_equal(bfd_session_jittered_us(&session, UINT32_MAX, 0), 50000);
	assert_in_range(bfd_session_jittered_us(&session, UINT32_MAX / 2, 0), 43749, 43751);
	/* What is late by up to 1.5 ms is still within. */
	assert_int_equal(bfd_session_jittered_us(&session, 0, 1500), 37500);
	assert_int_equal(bfd_session_jittered_us(&session, UINT32_MAX, 1500), 48500);
}

static void rfc5880_6_8_7_jitter_with_a_multiplier_of_1_takes_off_a_tenth_at_least(void **state)
{
	config.multiplier = 1;
	bfd_session_configure(&session, &config, now);
	go_up();
	assert_int_equal(bfd_session_jittered_us(&session, 0, 0), 37500);
	assert_int_equal(bfd_session_jittered_us(&session, UINT32_MAX, 0), 45000);
}

static void rfc5880_6_8_7_a_passive_side_speaks_when_spoken_to(void **state)
{
	config.passive = true;
	bfd_session_init(&session, &config, OURS, 0, now);
	assert_false(bfd_session_may_send(&session));
	assert_int_equal(bfd_session_tx_interval_us(&session), 0);
	assert_true(hear(BFD_DOWN) & BFD_RETIME);
	assert_true(bfd_session_may_send(&session));
	assert_int_equal(bfd_session_tx_interval_us(&session), 1 * S);
	bfd_session_expire(&session, now + 4 * S);
	assert_false(bfd_session_may_send(&session));
}

static void rfc5880_6_8_7_who_wants_no_packets_gets_none_but_answers(void **state)
{
	go_up();
	packet.min_rx_us = 0;
	packet.poll = true;
	assert_int_equal(hear(BFD_UP), BFD_RETIME | BFD_FINAL);
	assert_int_equal(bfd_session_tx_interval_us(&session), 0);
	assert_true(bfd_session_may_send(&session));
	/* When it is gone, what it wanted is not known any more. */
	bfd_session_expire(&session, bfd_session_expiry(&session));
	assert_int_equal(bfd_session_tx_interval_us(&session), 1 * S);
}

static void rfc5880_6_8_7_a_peer_in_demand_mode_gets_none_while_both_are_up(void **state)
{
	go_up();
	packet.demand = true;
	hear(BFD_UP);
	assert_int_equal(bfd_session_tx_interval_us(&session), 0);
	/* But a poll sequence goes on. */
	reconfigure(100 * MS, 60 * MS);
	assert_int_equal(bfd_session_tx_interval_us(&session), 50 * MS);
	hear(BFD_DOWN);
	assert_int_equal(bfd_session_tx_interval_us(&session), 1 * S);
}

static void rfc5880_6_8_7_contents(void **state)
{
	struct bfd_packet out;

	config.plane_independent = true;
	bfd_session_configure(&session, &config, now);
	go_up();
	out = said(false);
	assert_int_equal(out.state, BFD_UP);
	assert_int_equal(out.diag, BFD_DIAG_NONE);
	assert_true(out.plane_independent);
	assert_false(out.demand); /* 6.6: we never ask for it */
	assert_int_equal(out.multiplier, 3);
	assert_int_equal(out.length, BFD_PACKET_BYTES);
	assert_int_equal(out.my_discriminator, OURS);
	assert_int_equal(out.your_discriminator, THEIRS);
	assert_int_equal(out.min_tx_us, 50 * MS);
	assert_int_equal(out.min_rx_us, 60 * MS);
	assert_int_equal(out.min_echo_rx_us, 0); /* 6.8.9: we send none back */
}

static void rfc5880_6_8_7_what_changes_in_packets_is_said_at_once(void **state)
{
	go_up();
	config.multiplier = 5;
	assert_true(bfd_session_configure(&session, &config, now) & BFD_SEND);
	config.min_tx_us = 70 * MS;
	assert_true(bfd_session_configure(&session, &config, now) & BFD_SEND);
	assert_int_equal(bfd_session_configure(&session, &config, now), 0);
}

/* ---- 6.8.16 ---- */

static void rfc5880_6_8_16_shutdown_says_so_and_goes_on_saying_it(void **state)
{
	unsigned int actions;

	go_up();
	config.shutdown = true;
	actions = bfd_session_configure(&session, &config, now);
	assert_true(actions & BFD_NEWS);
	assert_true(actions & BFD_SEND);
	assert_int_equal(said(false).state, BFD_ADMIN_DOWN);
	assert_int_equal(said(false).diag, BFD_DIAG_ADMIN_DOWN);
	assert_false(said(false).poll);
	assert_int_equal(bfd_session_tx_interval_us(&session), 1 * S);
}

static void rfc5880_6_8_16_the_end_of_shutdown_begins_in_down(void **state)
{
	config.shutdown = true;
	bfd_session_init(&session, &config, OURS, 0, now);
	assert_int_equal(session.state, BFD_ADMIN_DOWN);
	config.shutdown = false;
	assert_true(bfd_session_configure(&session, &config, now) & BFD_SEND);
	assert_int_equal(session.state, BFD_DOWN);
	assert_int_equal(session.diag, BFD_DIAG_NONE);
	go_up();
}

/* ---- the path ---- */

static void rfc5882_3_2_a_path_that_was_never_up_is_not_down(void **state)
{
	assert_false(bfd_session_path_down(&session));
	hear(BFD_DOWN);
	assert_false(bfd_session_path_down(&session));
	bfd_session_expire(&session, now + 4 * S);
	assert_false(bfd_session_path_down(&session));
}

static void rfc5882_4_1_silence_takes_the_path_down_until_up_again(void **state)
{
	go_up();
	assert_false(bfd_session_path_down(&session));
	bfd_session_expire(&session, now + S);
	assert_true(bfd_session_path_down(&session));
	hear(BFD_DOWN);
	assert_int_equal(session.state, BFD_INIT);
	assert_true(bfd_session_path_down(&session));
	hear(BFD_INIT);
	assert_false(bfd_session_path_down(&session));
}

static void rfc5882_4_1_a_peer_that_lost_us_takes_the_path_down(void **state)
{
	go_up();
	hear(BFD_DOWN);
	assert_true(bfd_session_path_down(&session));
}

static void rfc5882_4_2_an_administratively_down_peer_does_not_take_the_path_down(void **state)
{
	go_up();
	assert_true(hear(BFD_ADMIN_DOWN) & BFD_NEWS);
	assert_int_equal(session.state, BFD_DOWN);
	assert_false(bfd_session_path_down(&session));
	/* Nor does its silence afterwards. */
	bfd_session_expire(&session, now + 10 * S);
	assert_false(bfd_session_path_down(&session));
}

static void rfc5882_4_2_a_path_that_is_down_comes_back_when_the_peer_switches_bfd_off(void **state)
{
	go_up();
	bfd_session_expire(&session, now + S);
	assert_true(bfd_session_path_down(&session));
	hear(BFD_ADMIN_DOWN);
	assert_false(bfd_session_path_down(&session));
}

static void rfc5882_4_2_our_own_shutdown_does_not_take_the_path_down(void **state)
{
	go_up();
	config.shutdown = true;
	bfd_session_configure(&session, &config, now);
	assert_false(bfd_session_path_down(&session));
}

/* ---- 6.7.4 ---- */

static const struct bfd_secret keyed = {BFD_AUTH_KEYED_SHA1, 1, "first"};
static const struct bfd_secret meticulous = {BFD_AUTH_METICULOUS_SHA1, 2, "second"};

/* Would a packet with this sequence number, signed so, be believed? BFD_REFUSED_COUNT: yes. */
static enum bfd_refusal judge(const struct bfd_secret *secret, uint32_t sequence)
{
	uint8_t payload[BFD_PACKET_BYTES_MAX];
	enum bfd_refusal why = BFD_REFUSED_COUNT;
	struct bfd_packet in = packet, out;

	in.auth_type = secret->type;
	in.auth_key_id = secret->id;
	in.auth_sequence = sequence;
	bfd_packet_write(&in, secret->bytes, payload);
	assert_int_equal(bfd_packet_read(payload, in.length, &out, &why), 0);
	why = BFD_REFUSED_COUNT;
	if (bfd_session_authenticate(&session, &out, payload, now, &why) == 0) {
		assert_int_equal(why, BFD_REFUSED_COUNT);
		session.last_rx_us = now;
		session.remote_multiplier = packet.multiplier;
	}
	return why;
}

static void rfc5880_6_8_6_authentication_must_be_there_when_in_use_and_only_then(void **state)
{
	static const struct bfd_secret none;

	assert_int_equal(judge(&none, 0), BFD_REFUSED_COUNT);
	assert_int_equal(judge(&keyed, 1), BFD_REFUSED_AUTH_UNWANTED);
	bfd_session_set_secrets(&session, &keyed, 1);
	assert_int_equal(judge(&none, 0), BFD_REFUSED_AUTH_MISSING);
	assert_int_equal(judge(&keyed, 1), BFD_REFUSED_COUNT);
}

static void rfc5880_6_7_4_type_key_and_digest_must_be_right(void **state)
{
	struct bfd_secret wrong = keyed;

	bfd_session_set_secrets(&session, &keyed, 1);
	assert_int_equal(judge(&meticulous, 1), BFD_REFUSED_AUTH_TYPE);
	wrong.id = 9;
	assert_int_equal(judge(&wrong, 1), BFD_REFUSED_AUTH_TYPE);
	wrong.id = keyed.id;
	wrong.bytes[0]++;
	assert_int_equal(judge(&wrong, 1), BFD_REFUSED_AUTH_DIGEST);
	/* A packet that is not believed teaches nothing, not even a sequence number. */
	assert_false(session.auth_known);
}

static void rfc5880_6_7_4_keyed_takes_sequences_from_the_last_to_3_multipliers_on(void **state)
{
	bfd_session_set_secrets(&session, &keyed, 1);
	assert_int_equal(judge(&keyed, 0xfffffffe), BFD_REFUSED_COUNT);
	assert_int_equal(judge(&keyed, 0xfffffffe), BFD_REFUSED_COUNT);
	assert_int_equal(judge(&keyed, 0xfffffffd), BFD_REFUSED_AUTH_SEQUENCE);
	assert_int_equal(judge(&keyed, 11), BFD_REFUSED_AUTH_SEQUENCE); /* 13 on */
	assert_int_equal(judge(&keyed, 10), BFD_REFUSED_COUNT);         /* 12 on, over zero */
	assert_int_equal(judge(&keyed, 9), BFD_REFUSED_AUTH_SEQUENCE);
}

static void rfc5880_6_7_4_meticulous_takes_no_sequence_twice(void **state)
{
	bfd_session_set_secrets(&session, &meticulous, 1);
	assert_int_equal(judge(&meticulous, 5), BFD_REFUSED_COUNT);
	assert_int_equal(judge(&meticulous, 5), BFD_REFUSED_AUTH_SEQUENCE);
	assert_int_equal(judge(&meticulous, 6), BFD_REFUSED_COUNT);
	assert_int_equal(judge(&meticulous, 18), BFD_REFUSED_COUNT);
	assert_int_equal(judge(&meticulous, 31), BFD_REFUSED_AUTH_SEQUENCE);
}

static void rfc5880_6_8_1_the_sequence_is_forgotten_after_two_detection_times(void **state)
{
	bfd_session_set_secrets(&session, &meticulous, 1);
	go_up();
	session.last_rx_us = now;
	assert_int_equal(judge(&meticulous, 1000), BFD_REFUSED_COUNT);
	now += 2 * bfd_session_detection_us(&session);
	assert_int_equal(judge(&meticulous, 5), BFD_REFUSED_AUTH_SEQUENCE);
	now += 1;
	assert_int_equal(judge(&meticulous, 5), BFD_REFUSED_COUNT);
}

static void rfc5880_6_7_1_several_keys_are_believed_and_the_first_signs(void **state)
{
	struct bfd_secret both[] = {meticulous, keyed};
	uint8_t payload[BFD_PACKET_BYTES_MAX];
	struct bfd_packet first, second;
	enum bfd_refusal why;

	bfd_session_set_secrets(&session, both, 2);
	assert_int_equal(judge(&keyed, 1), BFD_REFUSED_COUNT);
	assert_int_equal(judge(&meticulous, 2), BFD_REFUSED_COUNT);
	bfd_session_write(&session, false, now, payload);
	assert_int_equal(bfd_packet_read(payload, sizeof(payload), &first, &why), 0);
	assert_true(bfd_packet_is_signed(payload, meticulous.bytes));
	assert_int_equal(first.auth_type, BFD_AUTH_METICULOUS_SHA1);
	assert_int_equal(first.auth_key_id, 2);
	/* Each packet has the next number. */
	bfd_session_write(&session, false, now, payload);
	assert_int_equal(bfd_packet_read(payload, sizeof(payload), &second, &why), 0);
	assert_int_equal(second.auth_sequence, first.auth_sequence + 1);
}

/* ---- what an operator sees ---- */

static void arrivals_are_measured_while_up(void **state)
{
	static const uint32_t gaps[] = {40, 36, 44, 40};
	uint32_t longest = 0;

	go_up();
	for (unsigned int i = 0; i < 400; i++) {
		uint32_t gap = gaps[i % 4] * MS;

		now += gap;
		hear(BFD_UP);
		longest = gap > longest ? gap : longest;
	}
	assert_int_equal(session.interval_max_us, longest);
	assert_in_range(session.interval_mean_x16 / 16, 39 * MS, 41 * MS);
	assert_int_equal(session.jitter_max_us, 8 * MS);
	assert_in_range(session.jitter_mean_x16 / 16, 4 * MS, 6 * MS); /* 4, 8, 4, 0 and so on */
	/* A pause of a session that is down is no interval. */
	hear(BFD_DOWN);
	now += 100 * S;
	hear(BFD_DOWN);
	now += 100 * S;
	hear(BFD_INIT);
	assert_int_equal(session.interval_max_us, 0);
	assert_int_equal(session.ups, 2);
}

#define TEST(function) cmocka_unit_test_setup(function, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rfc5880_6_8_1_a_new_session_is_down_and_knows_nothing),
		TEST(rfc5880_6_8_1_remote_discriminator_is_forgotten_after_a_detection_time),
		TEST(rfc5880_6_8_6_state_machine),
		TEST(rfc5880_6_8_6_administratively_down_discards),
		TEST(rfc5880_6_8_6_what_the_packet_says_is_taken_over),
		TEST(rfc5880_6_8_6_a_valid_packet_starts_the_detection_time_anew),
		TEST(rfc5880_6_5_a_poll_is_answered_with_final_at_once),
		TEST(rfc5880_6_5_poll_and_final_are_never_in_one_packet),
		TEST(rfc5880_6_5_final_ends_the_poll_sequence),
		TEST(rfc5880_6_5_a_change_while_polling_takes_another_final),
		TEST(rfc5880_6_8_2_the_slower_side_sets_the_interval),
		TEST(rfc5880_6_8_3_not_up_means_a_second_at_least),
		TEST(rfc5880_6_8_3_a_changed_interval_is_polled_for),
		TEST(rfc5880_6_8_3_coming_up_changes_the_interval_and_polls),
		TEST(rfc5880_6_8_3_sending_slower_waits_for_the_end_of_the_poll),
		TEST(rfc5880_6_8_3_sending_faster_does_not_wait),
		TEST(rfc5880_6_8_3_expecting_faster_waits_for_the_end_of_the_poll),
		TEST(rfc5880_6_8_3_expecting_slower_does_not_wait),
		TEST(rfc5880_6_8_4_detection_time_is_the_peers_multiplier_times_the_slower),
		TEST(rfc5880_6_8_4_silence_brings_an_up_session_down),
		TEST(rfc5880_6_8_4_silence_brings_an_init_session_down),
		TEST(rfc5880_6_8_7_jitter_takes_off_a_quarter_at_most),
		TEST(rfc5880_6_8_7_jitter_with_a_multiplier_of_1_takes_off_a_tenth_at_least),
		TEST(rfc5880_6_8_7_a_passive_side_speaks_when_spoken_to),
		TEST(rfc5880_6_8_7_who_wants_no_packets_gets_none_but_answers),
		TEST(rfc5880_6_8_7_a_peer_in_demand_mode_gets_none_while_both_are_up),
		TEST(rfc5880_6_8_7_contents),
		TEST(rfc5880_6_8_7_what_changes_in_packets_is_said_at_once),
		TEST(rfc5880_6_8_16_shutdown_says_so_and_goes_on_saying_it),
		TEST(rfc5880_6_8_16_the_end_of_shutdown_begins_in_down),
		TEST(rfc5882_3_2_a_path_that_was_never_up_is_not_down),
		TEST(rfc5882_4_1_silence_takes_the_path_down_until_up_again),
		TEST(rfc5882_4_1_a_peer_that_lost_us_takes_the_path_down),
		TEST(rfc5882_4_2_an_administratively_down_peer_does_not_take_the_path_down),
		TEST(rfc5882_4_2_a_path_that_is_down_comes_back_when_the_peer_switches_bfd_off),
		TEST(rfc5882_4_2_our_own_shutdown_does_not_take_the_path_down),
		TEST(rfc5880_6_8_6_authentication_must_be_there_when_in_use_and_only_then),
		TEST(rfc5880_6_7_4_type_key_and_digest_must_be_right),
		TEST(rfc5880_6_7_4_keyed_takes_sequences_from_the_last_to_3_multipliers_on),
		TEST(rfc5880_6_7_4_meticulous_takes_no_sequence_twice),
		TEST(rfc5880_6_8_1_the_sequence_is_forgotten_after_two_detection_times),
		TEST(rfc5880_6_7_1_several_keys_are_believed_and_the_first_signs),
		TEST(arrivals_are_measured_while_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
