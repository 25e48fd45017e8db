/* SPDX-License-Identifier: BSD-3-Clause */
/* Changes of sessions: each reaches bfdd, and people read of those that matter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "dataplane/bfd/bfdd.h"
#include "dataplane/bfd/news.h"
#include "dataplane/interface/interface.h"

struct interface *interface_table[API_INTERFACES_MAX];

static unsigned int waiting, told;

bool bfd_next_change(struct bfd_change *change)
{
	if (waiting == 0)
		return false;
	memset(change, 0, sizeof(*change));
	change->lid = waiting--;
	return true;
}

void bfdd_report(const struct bfd_change *change)
{
	assert_int_equal(change->lid, waiting + 1);
	told++;
}

static struct bfd_change change_of(enum bfd_state before, enum bfd_state state)
{
	struct bfd_change change = {
		.key = {.interface = 7, .family = AF_INET, .peer = {10, 0, 0, 1}},
		.before = (uint8_t)before,
		.state = (uint8_t)state,
		.remote_state = BFD_DOWN,
	};

	return change;
}

static void says(const struct bfd_change *change, const char *expected)
{
	char text[BFD_NEWS_TEXT_MAX];

	assert_true(bfd_news_text(change, "contoso/private/primary", text));
	assert_string_equal(text, expected);
}

static void says_nothing(enum bfd_state before, enum bfd_state state)
{
	struct bfd_change change = change_of(before, state);
	char text[BFD_NEWS_TEXT_MAX];

	assert_false(bfd_news_text(&change, "contoso/private/primary", text));
}

static void up_and_down(void **state)
{
	struct bfd_change change = change_of(BFD_INIT, BFD_UP);

	says(&change, "contoso/private/primary: 10.0.0.1 is up");
	change = change_of(BFD_UP, BFD_DOWN);
	change.diag = BFD_DIAG_TIME_EXPIRED;
	change.silence_us = 150270;
	says(&change, "contoso/private/primary: 10.0.0.1 is down: silent for 150.2 ms");
	change.diag = BFD_DIAG_NEIGHBOUR_DOWN;
	change.remote_diag = BFD_DIAG_TIME_EXPIRED;
	says(&change, "contoso/private/primary: 10.0.0.1 is down: it says down (control detection "
		      "time expired)");
	change.remote_state = BFD_ADMIN_DOWN;
	change.remote_diag = 30;
	says(&change, "contoso/private/primary: 10.0.0.1 is down: it says admin-down (an unknown "
		      "diagnostic)");
	change = change_of(BFD_UP, BFD_ADMIN_DOWN);
	change.diag = BFD_DIAG_ADMIN_DOWN;
	says(&change, "contoso/private/primary: 10.0.0.1 is admin-down: administratively down");
}

/* On the way up, and while a peer is not there at all, there is nothing to read. */
static void silent_steps(void **state)
{
	says_nothing(BFD_DOWN, BFD_INIT);
	says_nothing(BFD_INIT, BFD_DOWN);
	says_nothing(BFD_ADMIN_DOWN, BFD_DOWN);
	says_nothing(BFD_DOWN, BFD_DOWN);
	says_nothing(BFD_UP, BFD_UP);
}

static void all_reach_bfdd(void **state)
{
	waiting = 10000;
	/* Main has other work too. */
	bfd_pass_news();
	assert_in_range(told, 1, 5000);
	while (waiting > 0)
		bfd_pass_news();
	assert_int_equal(told, 10000);
	bfd_pass_news();
	assert_int_equal(told, 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(up_and_down),
		cmocka_unit_test(silent_steps),
		cmocka_unit_test(all_reach_bfdd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
