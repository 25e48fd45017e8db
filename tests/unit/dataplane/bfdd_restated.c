/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sessions and the names bfdd has for them: bfdd and bgpd may die and come back, and a session only
 * changes its lid.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "dataplane/bfd/bfdd_sessions.h"
#include "tests/unit/dataplane/bfdd_fakes.h"

static int connected(struct daemon *daemon)
{
	int connection = -1;

	for (unsigned int i = 0; i < 20 && connection < 0; i++) {
		turn_after(50000);
		connection = daemon_accept(daemon);
	}
	assert_true(connection >= 0);
	daemon_answer(connection);
	turn_after(0);
	return connection;
}

static void report(uint32_t lid, uint32_t interface, enum bfd_state to)
{
	struct bfd_change change = change_of(lid, interface, to);

	bfdd_report(&change);
}

/* The next message says that. */
static void is_told(int connection, uint32_t lid, enum bfd_state to)
{
	struct bfddp_message message;

	assert_true(daemon_receive(connection, &message));
	assert_int_equal(message.type, BFDDP_STATE_CHANGE);
	assert_int_equal(message.id, 0);
	assert_int_equal(message.state.lid, lid);
	assert_int_equal(message.state.state, to);
	assert_int_equal(message.state.remote_discriminator, 99);
	assert_int_equal(message.state.remote_multiplier, 4);
	assert_int_equal(message.state.remote_flags, BFDDP_REMOTE_CBIT);
	assert_int_equal(message.state.remote_min_tx_us, 50000);
	assert_int_equal(message.state.remote_min_rx_us, 60000);
}

static void is_told_nothing(int connection)
{
	struct bfddp_message message;

	assert_false(daemon_receive(connection, &message));
}

static void add_change_delete(void **state)
{
	int connection = connected(*state);
	struct bfddp_message update = add_message(7, 3);
	const struct bfd_config *config;

	daemon_add(connection, 7, 3);
	turn_after(0);
	assert_int_equal(engine.count, 1);
	config = &engine.sessions[0].config;
	assert_int_equal(config->lid, 7);
	assert_int_equal(config->key.interface, 3);
	assert_int_equal(config->key.family, AF_INET);
	assert_int_equal(config->key.multihop, 0);
	assert_int_equal(config->min_ttl, 255);
	assert_int_equal(config->min_tx_us, 300000);
	assert_int_equal(config->multiplier, 3);
	assert_false(config->passive);
	assert_false(config->shutdown);
	assert_true(config->plane_independent);

	update.session.flags = BFDDP_PASSIVE | BFDDP_SHUTDOWN;
	update.session.min_tx_us = 50000;
	update.session.min_rx_us = 60000;
	update.session.multiplier = 5;
	daemon_send(connection, &update);
	turn_after(0);
	assert_int_equal(engine.count, 1);
	assert_int_equal(config->min_tx_us, 50000);
	assert_int_equal(config->min_rx_us, 60000);
	assert_int_equal(config->multiplier, 5);
	assert_true(config->passive);
	assert_true(config->shutdown);

	daemon_delete(connection, 7, 3);
	turn_after(0);
	assert_int_equal(engine.count, 1);
	turn_after(BFDD_HOLD_US - 1);
	assert_int_equal(engine.count, 1);
	turn_after(1);
	assert_int_equal(engine.count, 0);
	assert_int_equal(bfdd_sessions_count(), 0);
	close(connection);
}

/* An operator takes links away: the path goes first, and then bfdd takes its session back. */
static void what_has_no_path_is_not_held(void **state)
{
	int connection = connected(*state);

	daemon_add(connection, 7, 3);
	daemon_add(connection, 8, 4);
	turn_after(0);
	fake_lose_path(3);
	turn_after(0);
	assert_int_equal(engine.count, 2); /* as long as bfdd asks for it */
	daemon_delete(connection, 7, 3);
	daemon_delete(connection, 8, 4);
	turn_after(0);
	assert_null(engine_find(7));
	assert_non_null(engine_find(8));
	/* Asked for again, it is a session like others. */
	fake_lose_path(0);
	daemon_add(connection, 9, 3);
	daemon_delete(connection, 9, 3);
	turn_after(0);
	assert_non_null(engine_find(9));
	close(connection);
}

/* The other way round: it was held already. bfdd need not be there. */
static void what_is_held_ends_with_its_path(void **state)
{
	int connection = connected(*state);

	daemon_add(connection, 7, 3);
	daemon_add(connection, 8, 4);
	daemon_delete(connection, 7, 3);
	turn_after(0);
	assert_int_equal(engine.count, 2);
	close(connection);
	daemon_die(*state);
	turn_after(1000);
	turn_after(0);
	assert_int_equal(engine.count, 2);
	fake_lose_path(3);
	turn_after(0);
	assert_null(engine_find(7));
	assert_int_equal(engine.count, 1);
	fake_lose_path(4);
	turn_after(0);
	assert_int_equal(engine.count, 0);
	assert_int_equal(bfdd_sessions_count(), 0);
}

static bool is_shut(uint32_t lid)
{
	const struct engine_session *session = engine_find(lid);

	return session != NULL && session->config.shutdown;
}

/* An operator switches BFD off: the peer hears that it is on purpose, and the path is let go at
 * once (RFC 5880 6.8.16). */
static void bfd_that_is_off_ends_administratively(void **state)
{
	int connection = connected(*state);

	daemon_add(connection, 7, 3);
	daemon_add(connection, 8, 4);
	turn_after(0);
	fake_bfd_off(3);
	turn_after(0);
	assert_false(is_shut(7)); /* as long as bfdd asks for it */
	daemon_delete(connection, 7, 3);
	daemon_delete(connection, 8, 4);
	turn_after(0);
	assert_true(is_shut(7));
	assert_false(is_shut(8));
	turn_after(BFDD_FAREWELL_US - 1);
	assert_true(is_shut(7));
	turn_after(1);
	assert_null(engine_find(7));
	assert_non_null(engine_find(8));
	close(connection);
}

/* The other way round, and back again while the peer is being told. */
static void bfd_may_be_wanted_again(void **state)
{
	int connection = connected(*state);

	daemon_add(connection, 7, 3);
	daemon_delete(connection, 7, 3);
	turn_after(0);
	assert_false(is_shut(7));
	fake_bfd_off(3);
	turn_after(0);
	assert_true(is_shut(7));
	fake_bfd_off(0);
	daemon_add(connection, 9, 3);
	turn_after(BFDD_FAREWELL_US);
	assert_non_null(engine_find(9));
	assert_false(is_shut(9));
	assert_int_equal(engine.count, 1);
	close(connection);
}

/* A bfdd that just leaves says nothing about what is wanted. */
static void bfdd_that_dies_shuts_nothing(void **state)
{
	int connection = connected(*state);

	daemon_add(connection, 7, 3);
	fake_bfd_off(3);
	turn_after(0);
	close(connection);
	daemon_die(*state);
	turn_after(0);
	turn_after(BFDD_FAREWELL_US);
	assert_non_null(engine_find(7));
	assert_false(is_shut(7));
}

static void multihop(void **state)
{
	int connection = connected(*state);
	struct bfddp_message add = add_message(7, 0);

	add.session.flags = BFDDP_MULTIHOP | BFDDP_IPV6 | BFDDP_CBIT;
	memset(add.session.local, 0xaa, 16);
	memset(add.session.peer, 0xbb, 16);
	add.session.ifindex = 0;
	add.session.ttl = 250;
	daemon_send(connection, &add);
	turn_after(0);
	assert_int_equal(engine.count, 1);
	assert_int_equal(engine.sessions[0].config.key.multihop, 1);
	assert_int_equal(engine.sessions[0].config.key.interface, 0);
	assert_int_equal(engine.sessions[0].config.key.family, AF_INET6);
	assert_int_equal(engine.sessions[0].config.min_ttl, 250);
	assert_memory_equal(engine.sessions[0].config.key.peer, add.session.peer, 16);
	close(connection);
}

/* What bfdd cannot place yet is no session; what it places elsewhere is none of ours. */
static void placeholders_and_strangers(void **state)
{
	int connection = connected(*state);
	struct bfddp_message add = add_message(7, 3);

	add.session.ifindex = 0;
	daemon_send(connection, &add);
	add = add_message(8, 3);
	memset(add.session.local, 0, sizeof(add.session.local));
	daemon_send(connection, &add);
	add = add_message(9, 3);
	add.session.ifindex = 2; /* an interface of the machine's */
	daemon_send(connection, &add);
	add.session.ifindex = BFDD_IFINDEX_BASE;
	daemon_send(connection, &add);
	add.session.ifindex = BFDD_IFINDEX_BASE + API_INTERFACES_MAX;
	daemon_send(connection, &add);
	daemon_add(connection, 0, 3); /* no lid */
	turn_after(0);
	assert_int_equal(engine.asked, 0);
	assert_int_equal(bfdd_sessions_count(), 0);

	/* The placeholder gets its place, under the lid it has. */
	daemon_add(connection, 7, 3);
	turn_after(0);
	assert_int_equal(engine.count, 1);
	assert_int_equal(engine.sessions[0].config.key.interface, 3);
	close(connection);
}

/* IPv4 addresses have four bytes: what bfdd leaves behind them makes no other session. */
static void bytes_behind_an_ipv4_address(void **state)
{
	int connection = connected(*state);
	struct bfddp_message add = add_message(7, 3);

	daemon_send(connection, &add);
	memset(add.session.peer + 4, 0x77, 12);
	add.session.lid = 8;
	daemon_send(connection, &add);
	turn_after(0);
	assert_int_equal(engine.count, 1);
	assert_int_equal(engine.sessions[0].config.lid, 8);
	assert_int_equal(engine.removed, 0);
	close(connection);
}

static void bfdd_is_told(void **state)
{
	int connection = connected(*state);
	struct bfd_change change = change_of(7, 3, BFD_DOWN);
	struct bfddp_message message;

	daemon_add(connection, 7, 3);
	turn_after(0);
	is_told_nothing(connection);
	report(7, 3, BFD_INIT);
	is_told(connection, 7, BFD_INIT);
	report(7, 3, BFD_UP);
	is_told(connection, 7, BFD_UP);

	/* Of the two diagnostics bfdd wants the peer's. */
	change.diag = BFD_DIAG_TIME_EXPIRED;
	change.remote_diag = BFD_DIAG_PATH_DOWN;
	bfdd_report(&change);
	assert_true(daemon_receive(connection, &message));
	assert_int_equal(message.state.state, BFD_DOWN);
	assert_int_equal(message.state.diagnostic, BFD_DIAG_PATH_DOWN);

	/* RFC 5882 3.2: the peer took BFD out of use, which says nothing of the path. */
	change.remote_state = BFD_ADMIN_DOWN;
	bfdd_report(&change);
	assert_true(daemon_receive(connection, &message));
	assert_int_equal(message.state.state, BFD_ADMIN_DOWN);
	/* But what is Up is Up. */
	change.state = BFD_UP;
	bfdd_report(&change);
	assert_true(daemon_receive(connection, &message));
	assert_int_equal(message.state.state, BFD_UP);
	is_told_nothing(connection);

	/* Nobody asked for this one. */
	report(8, 4, BFD_UP);
	is_told_nothing(connection);
	close(connection);
}

/* bfdd dies and comes back with another name for the session. */
static void bfdd_restarts(void **state)
{
	struct daemon *daemon = *state;
	int connection = connected(daemon);

	daemon_add(connection, 7, 3);
	daemon_add(connection, 8, 4);
	turn_after(0);
	report(7, 3, BFD_UP);
	is_told(connection, 7, BFD_UP);
	daemon_die(daemon);
	close(connection);
	/* As long as it is away, for hours. */
	for (unsigned int i = 0; i < 100; i++)
		turn_after(BFDD_HOLD_US);
	assert_int_equal(engine.count, 2);

	daemon_listen(daemon);
	connection = connected(daemon);
	turn_after(BFDD_HOLD_US / 2);
	daemon_add(connection, 1007, 3);
	turn_after(0);
	/* Nothing new was made, and bfdd, which believes Down, learns what is. */
	assert_int_equal(engine.count, 2);
	assert_int_equal(engine.removed, 0);
	assert_null(engine_find(7));
	assert_int_equal(engine_find(1007)->config.key.interface, 3);
	is_told(connection, 1007, BFD_UP);
	/* The other one is not wanted any more. */
	turn_after(BFDD_HOLD_US / 2 - 100000);
	assert_non_null(engine_find(8));
	turn_after(100000);
	assert_null(engine_find(8));
	assert_non_null(engine_find(1007));
	report(1007, 3, BFD_DOWN);
	is_told(connection, 1007, BFD_DOWN);
	close(connection);
}

/* One connection of several ends: bfdd states its sessions on the next, under the same names. */
static void one_connection_ends(void **state)
{
	struct daemon *daemon = *state;
	int first = connected(daemon), second, third;

	daemon_add(first, 7, 3);
	turn_after(0);
	turn_after(1000000);
	second = daemon_accept(daemon);
	assert_true(second >= 0);
	daemon_add(second, 8, 4);
	daemon_answer(second);
	turn_after(0);
	report(8, 4, BFD_UP);
	is_told(second, 8, BFD_UP);
	third = daemon_accept(daemon);
	assert_true(third >= 0);
	daemon_answer(third);
	turn_after(0);
	close(third);
	close(second);
	turn_after(1000);
	turn_after(1000);
	third = daemon_accept(daemon);
	assert_true(third >= 0);
	daemon_add(third, 8, 4);
	daemon_answer(third);
	turn_after(0);
	is_told(third, 8, BFD_UP);
	assert_int_equal(engine.count, 2);
	turn_after(2 * BFDD_HOLD_US);
	assert_int_equal(engine.count, 2);
	assert_int_equal(engine.removed, 0);
	close(third);
	close(first);
}

/* bgpd dies: bfdd takes its sessions back at once. Once BGP is established again bgpd asks anew,
 * first without an interface. */
static void bgpd_restarts(void **state)
{
	int connection = connected(*state);
	struct bfddp_message placeholder = add_message(20, 3);

	daemon_add(connection, 7, 3);
	turn_after(0);
	report(7, 3, BFD_UP);
	is_told(connection, 7, BFD_UP);
	daemon_delete(connection, 7, 3);
	turn_after(2000000);
	placeholder.session.ifindex = 0;
	memset(placeholder.session.local, 0, 16);
	daemon_send(connection, &placeholder);
	turn_after(5000000);
	/* Meanwhile bfdd has no name for the session and is told nothing. */
	report(0, 3, BFD_UP);
	is_told_nothing(connection);
	placeholder.type = BFDDP_DELETE_SESSION;
	daemon_send(connection, &placeholder);
	daemon_add(connection, 21, 3);
	turn_after(0);
	is_told(connection, 21, BFD_UP);
	assert_int_equal(engine.count, 1);
	assert_int_equal(engine.removed, 0);
	turn_after(2 * BFDD_HOLD_US);
	assert_int_equal(engine.count, 1);
	close(connection);
}

/* A lid that is given to another session leaves nothing behind, also when its old one was held. */
static void lid_moves(void **state)
{
	int connection = connected(*state);

	daemon_add(connection, 7, 3);
	daemon_add(connection, 7, 4);
	turn_after(0);
	assert_int_equal(engine.count, 1);
	assert_int_equal(engine_find(7)->config.key.interface, 4);
	daemon_delete(connection, 7, 4);
	daemon_add(connection, 7, 5);
	turn_after(0);
	assert_int_equal(engine_find(7)->config.key.interface, 5);
	turn_after(2 * BFDD_HOLD_US);
	assert_int_equal(engine_find(7)->config.key.interface, 5);
	assert_int_equal(bfdd_sessions_count(), 1);
	close(connection);
}

/* The engine has no interface of that id yet: it is asked until it has. */
static void engine_refuses_at_first(void **state)
{
	int connection = connected(*state);
	unsigned int asked;

	engine.refuse = -ENOENT;
	daemon_add(connection, 7, 3);
	daemon_add(connection, 8, 4);
	turn_after(0);
	asked = engine.asked;
	assert_int_equal(asked, 2);
	turn_after(BFDD_RETRY_US - 1);
	assert_int_equal(engine.asked, asked);
	turn_after(1);
	assert_int_equal(engine.asked, asked + 2);
	/* Taken back before it ever was. */
	daemon_delete(connection, 8, 4);
	turn_after(0);
	engine.refuse = 0;
	turn_after(BFDD_RETRY_US);
	assert_int_equal(engine.count, 1);
	assert_non_null(engine_find(7));
	turn_after(BFDD_HOLD_US);
	assert_int_equal(engine.removed, 0);
	assert_int_equal(bfdd_sessions_count(), 1);
	close(connection);
}

/* bfdd stands still: of each session the last state waits, not all of them. */
static void bfdd_is_slow(void **state)
{
	enum { SESSIONS = 50 };
	int connection = connected(*state);
	struct bfddp_message message;
	enum bfd_state last[SESSIONS] = {0};
	unsigned int told = 0;

	for (uint32_t i = 0; i < SESSIONS; i++)
		daemon_add(connection, 100 + i, 1 + i);
	turn_after(0);
	for (unsigned int round = 0; round < 1001; round++) {
		for (uint32_t i = 0; i < SESSIONS; i++)
			report(100 + i, 1 + i, round % 2 == 0 ? BFD_UP : BFD_DOWN);
		turn_after(1000);
	}
	for (unsigned int quiet = 0; quiet < 3; quiet++) {
		while (daemon_receive(connection, &message)) {
			assert_int_equal(message.type, BFDDP_STATE_CHANGE);
			last[message.state.lid - 100] = message.state.state;
			told++;
			quiet = 0;
		}
		turn_after(1000);
	}
	assert_true(told < 1001 * SESSIONS);
	for (unsigned int i = 0; i < SESSIONS; i++)
		assert_int_equal(last[i], BFD_UP);
	close(connection);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, daemon_setup, daemon_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(add_change_delete),
		TEST(what_has_no_path_is_not_held),
		TEST(what_is_held_ends_with_its_path),
		TEST(bfd_that_is_off_ends_administratively),
		TEST(bfd_may_be_wanted_again),
		TEST(bfdd_that_dies_shuts_nothing),
		TEST(multihop),
		TEST(placeholders_and_strangers),
		TEST(bytes_behind_an_ipv4_address),
		TEST(bfdd_is_told),
		TEST(bfdd_restarts),
		TEST(one_connection_ends),
		TEST(bgpd_restarts),
		TEST(lid_moves),
		TEST(engine_refuses_at_first),
		TEST(bfdd_is_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
