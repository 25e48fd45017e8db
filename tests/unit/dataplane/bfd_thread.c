/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bfd thread itself, with its rings and its clock, against a second engine as all its peers:
 * they come up, stay up, and are missed.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/dataplane/bfd_peers.h"

#define SESSIONS 100u
#define S UINT64_C(1000000)

static const struct peers_wish wish = {SESSIONS, 100000, 3};

static int setup(void **state)
{
	return peers_start(&wish);
}

static int teardown(void **state)
{
	peers_stop();
	return 0;
}

static unsigned int take_changes(uint8_t state)
{
	struct pollfd news = {.fd = bfd_changes_fd(), .events = POLLIN};
	struct bfd_change change;
	unsigned int count = 0;

	assert_int_equal(poll(&news, 1, 10000), 1);
	while (bfd_next_change(&change)) {
		assert_int_equal(change.state, state);
		assert_in_range(change.lid, 1, SESSIONS);
		count++;
	}
	assert_int_equal(poll(&news, 1, 0), 0);
	return count;
}

static void sessions_come_up_and_are_missed(void **state)
{
	struct bfd_counters counters;

	assert_int_equal(bfd_start(1), -EALREADY);
	assert_int_equal(bfd_session_count(), SESSIONS);
	assert_true(peers_run_until(BFD_UP, 20 * S) != UINT64_MAX);
	assert_int_equal(take_changes(BFD_UP), SESSIONS);
	assert_int_equal(bfd_session_counters(1, &counters), 0);
	assert_true(counters.tx >= 2 && counters.rx >= 2);
	assert_true(counters.tx_bytes >= counters.tx * 52);
	assert_int_equal(bfd_session_counters(SESSIONS + 1, &counters), -ENOENT);
	/* Silence cannot be noticed before the detection time, whatever the machine does. */
	assert_in_range(peers_silent_until(BFD_DOWN, 20 * S), 200000, 20 * S);
	assert_int_equal(take_changes(BFD_DOWN), SESSIONS);
	assert_true(peers_run_until(BFD_UP, 20 * S) != UINT64_MAX);
	assert_int_equal(take_changes(BFD_UP), SESSIONS);
}

static void sessions_that_nobody_asks_for_go(void **state)
{
	struct api_bfd_session row;
	unsigned int rows = 0;
	uint32_t after = 0;

	bfd_disown();
	assert_int_equal(bfd_session_remove(1), -ENOENT);
	assert_int_equal(bfd_session_count(), SESSIONS);
	while (bfd_next_row(&after, &row)) {
		assert_int_equal(row.lid, 0);
		rows += row.local_discriminator != 0;
	}
	assert_int_equal(rows, SESSIONS);
	assert_int_equal(bfd_sweep(), SESSIONS);
	assert_int_equal(bfd_session_count(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_come_up_and_are_missed),
		cmocka_unit_test(sessions_that_nobody_asks_for_go),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
