/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The steps of a drain: the neighbour is asked first, our own traffic leaves when its has left or
 * its time is over, and the way back is the other way round.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "control/sync/internal.h"

#define LINK "a/private/primary"

/* FRR and the dataplane as the test makes them. */
static bool settled;
static uint64_t in, out, in_step, out_step; /* packets so far, and in each tick */
static uint8_t paths_wanted;
static unsigned int announcements;

bool frr_settled(const struct frr *frr)
{
	return settled;
}

int sync_want_paths(struct sync *sync, const char *link, uint8_t wanted)
{
	assert_string_equal(link, LINK);
	paths_wanted = wanted;
	return 0;
}

int api_client_dump(struct api_client *client, enum api_object object, uint32_t vrf,
	void (*row)(const void *row, void *context), void *context)
{
	struct api_interface_counters counters = {.interface = 1, .name = LINK};

	assert_int_equal(object, API_INTERFACE_COUNTERS);
	in += in_step;
	out += out_step;
	counters.ledger.forwarded_in = in;
	counters.ledger.forwarded_out = out;
	row(&counters, context);
	return 0;
}

void session_break(struct sync *sync, int error)
{
	fail_msg("the connection is fine");
}

void session_flush_soon(struct sync *sync)
{
}

void announce_later(struct sync *sync)
{
	announcements++;
}

static struct sync sync_state;
static struct domain domain;
static struct domain *domains[] = {&domain};

static int setup(void **state)
{
	memset(&sync_state, 0, sizeof(sync_state));
	domain = (struct domain){.sync = &sync_state, .link_count = 2};
	strcpy(domain.links[0].plan.name, LINK);
	strcpy(domain.links[1].plan.name, "a/private/secondary");
	domain.links[0].interface = 1;
	domain.links[1].interface = 2;
	sync_state.domains = domains;
	sync_state.domain_count = 1;
	sync_state.phase = PHASE_SYNCED;
	sync_state.base = event_base_new();
	settled = true;
	in = out = in_step = out_step = 0;
	paths_wanted = 0;
	announcements = 0;
	return drain_open(&sync_state);
}

static int teardown(void **state)
{
	drain_close(&sync_state);
	event_base_free(sync_state.base);
	return 0;
}

static void ticks(unsigned int count)
{
	while (count-- > 0) {
		event_active(sync_state.drain_event, EV_TIMEOUT, 1);
		event_base_loop(sync_state.base, EVLOOP_NONBLOCK);
	}
}

/* What bgpd is to be asked: the neighbour to leave, what it announces to be used last. */
static void assert_asked(bool shut_out, bool shut_in)
{
	assert_int_equal(drain_shut_out(&sync_state, &domain), shut_out);
	assert_int_equal(drain_shut_in(&sync_state, &domain), shut_in);
	assert_int_equal(paths_wanted, shut_in ? API_PATH_DRAIN : 0);
}

static void assert_state(const char *state)
{
	json_t *rows = sync_drains(&sync_state);
	const json_t *row = json_array_get(rows, 0);

	assert_int_equal(json_array_size(rows), 1);
	assert_string_equal(json_string_value(json_object_get(row, "state")), state);
	json_decref(rows);
}

static void drain_it(void)
{
	assert_int_equal(sync_drain(&sync_state, LINK, false), 0);
	drain_told(&sync_state);
	ticks(20);
	drain_told(&sync_state);
	ticks(20);
	assert_state("drained");
}

static void asks_before_it_goes(void **state)
{
	in_step = 10;
	assert_int_equal(sync_drain(&sync_state, LINK, false), 0);
	assert_int_equal(announcements, 1);
	assert_asked(true, false);
	settled = false;
	drain_told(&sync_state);
	ticks(20);
	assert_state("telling"); /* bgpd has not taken it */
	settled = true;
	ticks(40);
	assert_state("leaving"); /* packets come */
	assert_asked(true, false);
	in_step = 0;
	ticks(5);
	assert_state("moving");
	assert_asked(true, true);
	out_step = 10;
	drain_told(&sync_state);
	ticks(20);
	assert_state("moving"); /* packets go */
	out_step = 0;
	ticks(5);
	assert_state("drained");
	assert_asked(true, true);
}

/* A neighbour that does not listen is left behind after 30 s, a last way out after 15 s. */
static void waits_no_longer_than_its_time(void **state)
{
	in_step = out_step = 10;
	assert_int_equal(sync_drain(&sync_state, LINK, false), 0);
	drain_told(&sync_state);
	ticks(120);
	assert_state("leaving");
	ticks(1);
	assert_state("moving");
	drain_told(&sync_state);
	ticks(60);
	assert_state("drained");
}

static void comes_back_in_the_other_order(void **state)
{
	drain_it();
	sync_undrain(&sync_state, LINK);
	assert_state("returning");
	assert_asked(true, false);
	drain_told(&sync_state);
	ticks(8);
	assert_state("welcoming");
	assert_asked(false, false);
	drain_told(&sync_state);
	ticks(8);
	assert_int_equal(sync_state.drain_count, 0);
}

/* Nothing may go over it for a moment when control starts again. */
static void one_drained_before_is_so_at_once(void **state)
{
	assert_int_equal(sync_drain(&sync_state, LINK, true), 0);
	assert_asked(true, true);
	assert_int_equal(drain_wanted(&sync_state, 1), true);
	assert_int_equal(drain_wanted(&sync_state, 2), false);
}

static void a_drain_asked_for_twice_goes_on(void **state)
{
	drain_it();
	assert_int_equal(sync_drain(&sync_state, LINK, false), 0);
	assert_state("drained");
	sync_undrain(&sync_state, LINK);
	assert_int_equal(sync_drain(&sync_state, LINK, false), 0);
	assert_state("telling");
	assert_int_equal(sync_state.drain_count, 1);
}

/* Counters begin anew in a restarted dataplane: that is no quiet. */
static void a_restarted_dataplane_is_not_quiet(void **state)
{
	in = 1000;
	in_step = 10;
	assert_int_equal(sync_drain(&sync_state, LINK, false), 0);
	drain_told(&sync_state);
	ticks(20);
	in = 0;
	in_step = 0;
	ticks(4);
	assert_state("leaving");
	ticks(1);
	assert_state("moving");
}

#define DRAIN_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DRAIN_TEST(asks_before_it_goes),
		DRAIN_TEST(waits_no_longer_than_its_time),
		DRAIN_TEST(comes_back_in_the_other_order),
		DRAIN_TEST(one_drained_before_is_so_at_once),
		DRAIN_TEST(a_drain_asked_for_twice_goes_on),
		DRAIN_TEST(a_restarted_dataplane_is_not_quiet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
