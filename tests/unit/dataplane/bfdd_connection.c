/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The connections to bfdd: when they are opened, closed and opened again, and what is answered.
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

#include "dataplane/bfd/bfdd_link.h"
#include "dataplane/bfd/bfdd_sessions.h"
#include "tests/unit/dataplane/bfdd_fakes.h"

static int connected(struct daemon *daemon)
{
	int connection;

	turn_after(0);
	connection = daemon_accept(daemon);
	assert_true(connection >= 0);
	return connection;
}

/* No test needs more than a moment: attempts are at most a second apart. */
static void waits_for_bfdd(void **state)
{
	struct daemon *daemon = *state;
	int connection = -1;

	daemon_die(daemon);
	unlink(daemon->path);
	for (unsigned int i = 0; i < 100; i++)
		turn_after(50000);
	daemon_listen(daemon);
	for (unsigned int i = 0; i < 20 && connection < 0; i++) {
		turn_after(50000);
		connection = daemon_accept(daemon);
	}
	assert_true(connection >= 0);
	daemon_answer(connection);
	close(connection);
}

/* While bfdd is away it is asked for less and less often. */
static void backs_off(void **state)
{
	struct daemon *daemon = *state;
	unsigned int attempts = 0;

	/* A listener that hangs up on everybody. */
	for (unsigned int ms = 0; ms < 10000; ms++) {
		int connection;

		turn_after(1000);
		connection = daemon_accept(daemon);
		if (connection >= 0)
			close(connection);
		attempts += connection >= 0;
	}
	assert_in_range(attempts, 2, 220);

	/* Nobody listens: 50, 100, 200, 400, 800 ms, then each second. */
	daemon_die(daemon);
	turn_after(1000000);
	turn_after(1000000);
	turn_after(1000000);
	turn_after(1000000);
	turn_after(1000000);
	turn_after(1000000);
	daemon_listen(daemon);
	turn_after(999000);
	assert_int_equal(daemon_accept(daemon), -1);
}

static void one_is_enough(void **state)
{
	struct daemon *daemon = *state;
	int connection = connected(daemon);

	daemon_answer(connection);
	for (unsigned int i = 0; i < 100; i++)
		turn_after(100000);
	assert_int_equal(daemon_accept(daemon), -1);
	assert_false(daemon_is_left(connection));
	close(connection);
}

/* bfdd's buffer takes 58 sessions: 58, 58, 14, and a last connection that brings none and goes. */
static void further_until_one_brings_none(void **state)
{
	static const unsigned int brings[] = {58, 58, 14, 0};
	struct daemon *daemon = *state;
	uint32_t lid = 100, interface = 1;
	int connections[4];

	for (unsigned int i = 0; i < 4; i++) {
		connections[i] = connected(daemon);
		for (unsigned int k = 0; k < brings[i]; k++)
			daemon_add(connections[i], lid++, interface++);
		daemon_answer(connections[i]);
		turn_after(1000);
	}
	assert_int_equal(engine.count, 130);
	assert_true(daemon_is_left(connections[3]));
	for (unsigned int i = 0; i < 3; i++)
		assert_false(daemon_is_left(connections[i]));
	close(connections[3]);
	for (unsigned int i = 0; i < 100; i++)
		turn_after(100000);
	assert_int_equal(daemon_accept(daemon), -1);
	for (unsigned int i = 0; i < 3; i++)
		close(connections[i]);
}

/* Sessions that come later may not have fitted either: it looks once they stop coming. */
static void looks_again_after_more(void **state)
{
	struct daemon *daemon = *state;
	int connection = connected(daemon), further;

	daemon_answer(connection);
	turn_after(1000);
	for (uint32_t i = 1; i <= 10; i++) {
		daemon_add(connection, i, i);
		turn_after(400000);
		assert_int_equal(daemon_accept(daemon), -1);
	}
	turn_after(500000);
	further = daemon_accept(daemon);
	assert_true(further >= 0);
	daemon_add(further, 11, 11);
	daemon_answer(further);
	turn_after(1000);
	assert_int_equal(engine.count, 11);
	assert_false(daemon_is_left(further));
	close(further);
	close(connection);
}

/* bfdd may put a session on a connection in the moment we leave it: then bfdd has to be asked for
 * it once more, because it runs it itself now. */
static void session_on_a_leaving_connection(void **state)
{
	struct daemon *daemon = *state;
	int first = connected(daemon), second, third;

	daemon_add(first, 1, 1);
	daemon_answer(first);
	turn_after(1000);
	second = connected(daemon);
	daemon_answer(second);
	turn_after(1000);
	assert_true(daemon_is_left(second));
	daemon_add(second, 2, 2);
	close(second);
	turn_after(1000);
	turn_after(1000);
	third = daemon_accept(daemon);
	assert_true(third >= 0);
	daemon_add(third, 2, 2);
	daemon_answer(third);
	turn_after(1000);
	assert_non_null(engine_find(2));
	assert_int_equal(engine.removed, 0);
	close(third);
	close(first);
}

/* bfdd does nothing else until it has its answer, also for a session we never heard of. */
static void counters_are_answered(void **state)
{
	struct daemon *daemon = *state;
	int connection = connected(daemon);
	struct bfddp_message question = {.type = BFDDP_COUNTERS_REQUEST, .id = 3, .lid = 5}, answer;

	daemon_answer(connection);
	daemon_add(connection, 5, 1);
	daemon_send(connection, &question);
	turn_after(0);
	assert_true(daemon_receive(connection, &answer));
	assert_int_equal(answer.type, BFDDP_COUNTERS);
	assert_int_equal(answer.id, 3);
	assert_int_equal(answer.counters.lid, 5);
	assert_int_equal(answer.counters.rx, 11);
	assert_int_equal(answer.counters.rx_bytes, 12);
	assert_int_equal(answer.counters.tx, 13);
	assert_int_equal(answer.counters.tx_bytes, 14);

	question.lid = 6;
	question.id = 4;
	daemon_send(connection, &question);
	turn_after(0);
	assert_true(daemon_receive(connection, &answer));
	assert_int_equal(answer.id, 4);
	assert_int_equal(answer.counters.lid, 6);
	assert_int_equal(answer.counters.rx, 0);
	close(connection);
}

static void echo_is_answered(void **state)
{
	struct daemon *daemon = *state;
	int connection = connected(daemon);
	struct bfddp_message question = {.type = BFDDP_ECHO_REQUEST, .id = 9}, answer;

	daemon_answer(connection);
	question.echo.bfdd_time = 1234;
	daemon_send(connection, &question);
	turn_after(0);
	assert_true(daemon_receive(connection, &answer));
	assert_int_equal(answer.type, BFDDP_ECHO_REPLY);
	assert_int_equal(answer.id, 9);
	assert_int_equal(answer.echo.bfdd_time, 1234);
	assert_int_equal(answer.echo.dataplane_time, fake_now_us);
	close(connection);
}

/* It asks and does not read: what it is owed is bounded, and given when it reads again. */
static void bfdd_does_not_read(void **state)
{
	struct daemon *daemon = *state;
	int connection = connected(daemon), small = 4096;
	struct bfddp_message question = {.type = BFDDP_COUNTERS_REQUEST, .id = 1, .lid = 5}, answer;
	unsigned int asked = 0, answered = 0;
	uint8_t bytes[BFDDP_MESSAGE_MAX];
	size_t length = bfddp_encode(&question, bytes);

	daemon_answer(connection);
	setsockopt(connection, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	/* Until our side takes nothing any more. */
	for (unsigned int quiet = 0; quiet < 4;) {
		quiet++;
		while (send(connection, bytes, length, MSG_NOSIGNAL) == (ssize_t)length) {
			asked++;
			quiet = 0;
		}
		turn_after(1000);
		assert_true(asked < 1000000);
	}
	assert_true(asked > BFDD_LINK_OUTPUT / length);
	for (unsigned int quiet = 0; quiet < 4; quiet++) {
		while (daemon_receive(connection, &answer)) {
			assert_int_equal(answer.type, BFDDP_COUNTERS);
			answered++;
			quiet = 0;
		}
		turn_after(1000);
	}
	assert_int_equal(answered, asked);
	close(connection);
}

static void hostile(struct daemon *daemon, const void *bytes, size_t length)
{
	int connection = connected(daemon);

	daemon_answer(connection);
	daemon_add(connection, 1, 1);
	assert_int_equal(send(connection, bytes, length, MSG_NOSIGNAL), length);
	turn_after(1000);
	assert_true(daemon_is_left(connection));
	/* What was said before counts, and what stood stands. */
	assert_non_null(engine_find(1));
	close(connection);
	/* It is not called again before a second has passed. */
	turn_after(900000);
	assert_int_equal(daemon_accept(daemon), -1);
	turn_after(100000);
}

static void framing_that_cannot_be(void **state)
{
	static const uint8_t length_0[] = {1, 0, 0, 2, 0, 0, 0, 0};
	static const uint8_t version_2[] = {2, 0, 0, 2, 0, 0, 0, 140};
	static const uint8_t type_77[] = {1, 0, 0, 77, 0, 0, 0, 8};
	static const uint8_t too_long[] = {1, 0, 0, 2, 0, 0, 0xff, 0xff};
	static const uint8_t of_ours[] = {1, 0, 0, 6, 0, 0, 0, 80, [79] = 0};

	hostile(*state, length_0, sizeof(length_0));
	hostile(*state, version_2, sizeof(version_2));
	hostile(*state, type_77, sizeof(type_77));
	hostile(*state, too_long, sizeof(too_long));
	hostile(*state, of_ours, sizeof(of_ours));
}

static void path_too_long(void **state)
{
	char path[200];

	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(bfdd_start(path), -EALREADY);
	bfdd_stop();
	assert_int_equal(bfdd_fd(), -1);
	assert_int_equal(bfdd_start(path), -ENAMETOOLONG);
	bfdd_turn(fake_now_us);
	bfdd_stop();
}

/* Only root, we and FRR's user are believed to be bfdd. */
static void another_user(void **state)
{
	struct daemon *daemon = *state;
	int connection;

	if (geteuid() != 0)
		skip();
	/* The credentials are those at the time of listen(). */
	daemon_die(daemon);
	assert_int_equal(seteuid(65533), 0);
	unlink(daemon->path);
	assert_int_equal(seteuid(0), 0);
	unlink(daemon->path);
	assert_int_equal(seteuid(65533), 0);
	daemon_listen(daemon);
	assert_int_equal(seteuid(0), 0);
	turn_after(1000000);
	connection = daemon_accept(daemon);
	assert_true(connection >= 0);
	assert_true(daemon_is_left(connection));
	close(connection);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(waits_for_bfdd, daemon_setup, daemon_teardown),
		cmocka_unit_test_setup_teardown(backs_off, daemon_setup, daemon_teardown),
		cmocka_unit_test_setup_teardown(one_is_enough, daemon_setup, daemon_teardown),
		cmocka_unit_test_setup_teardown(
			further_until_one_brings_none, daemon_setup, daemon_teardown),
		cmocka_unit_test_setup_teardown(
			looks_again_after_more, daemon_setup, daemon_teardown),
		cmocka_unit_test_setup_teardown(
			session_on_a_leaving_connection, daemon_setup, daemon_teardown),
		cmocka_unit_test_setup_teardown(
			counters_are_answered, daemon_setup, daemon_teardown),
		cmocka_unit_test_setup_teardown(echo_is_answered, daemon_setup, daemon_teardown),
		cmocka_unit_test_setup_teardown(bfdd_does_not_read, daemon_setup, daemon_teardown),
		cmocka_unit_test_setup_teardown(
			framing_that_cannot_be, daemon_setup, daemon_teardown),
		cmocka_unit_test_setup_teardown(path_too_long, daemon_setup, daemon_teardown),
		cmocka_unit_test_setup_teardown(another_user, daemon_setup, daemon_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
