/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The timing wheel against a plain list of due times.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/bfd/wheel.h"

#define TIMERS 300u
#define START UINT64_C(987654321)

static struct wheel wheel;
static struct counted {
	struct wheel_timer timer;
	uint64_t due_us; /* the list's */
	bool wanted;
	unsigned int fired;
} timers[TIMERS];

static int setup(void **state)
{
	memset(timers, 0, sizeof(timers));
	wheel_init(&wheel, START);
	return 0;
}

static void fire(struct wheel_timer *timer, uint64_t now_us, void *context)
{
	struct counted *counted = WHEEL_ENTRY(timer, struct counted, timer);

	assert_false(timer->armed);
	assert_true(counted->wanted);
	assert_true(counted->due_us <= now_us);
	counted->wanted = false;
	counted->fired++;
}

static void arm(unsigned int i, uint64_t due_us)
{
	wheel_arm(&wheel, &timers[i].timer, due_us);
	timers[i].due_us = due_us;
	timers[i].wanted = true;
}

static void fires_at_the_first_look_after_the_time(void **state)
{
	arm(0, START + 5000);
	assert_int_equal(wheel_advance(&wheel, START + 4999, fire, NULL), 0);
	assert_int_equal(wheel_advance(&wheel, START + 5000, fire, NULL), 1);
	assert_int_equal(wheel_advance(&wheel, START + 90000000, fire, NULL), 0);
}

static void past_times_fire_in_the_next_look(void **state)
{
	arm(0, 0);
	arm(1, START);
	assert_int_equal(wheel_advance(&wheel, START, fire, NULL), 2);
}

static void far_times_wait_for_their_turn_of_the_wheel(void **state)
{
	uint64_t now = START;

	arm(0, START + 60000000);
	while (now + WHEEL_SLOT_US < START + 60000000) {
		now += WHEEL_SLOT_US;
		assert_int_equal(wheel_advance(&wheel, now, fire, NULL), 0);
	}
	assert_int_equal(wheel_advance(&wheel, now + 2 * WHEEL_SLOT_US, fire, NULL), 1);
}

static void time_that_stands_still_or_goes_back_fires_nothing(void **state)
{
	wheel_advance(&wheel, START + 10000, fire, NULL);
	arm(0, START + 11000);
	arm(1, START + 5000);
	assert_int_equal(wheel_advance(&wheel, START, fire, NULL), 0);
	assert_int_equal(wheel_advance(&wheel, START + 10000, fire, NULL), 1);
	assert_int_equal(wheel_advance(&wheel, START + 10000, fire, NULL), 0);
	assert_int_equal(wheel_advance(&wheel, START + 11000, fire, NULL), 1);
}

static void a_late_look_fires_all_that_is_due(void **state)
{
	for (unsigned int i = 0; i < TIMERS; i++)
		arm(i, START + i * 10000);
	assert_int_equal(
		wheel_advance(&wheel, START + 100 * UINT64_C(1000000), fire, NULL), TIMERS);
}

static void disarm_other(struct wheel_timer *timer, uint64_t now_us, void *context)
{
	struct counted *counted = WHEEL_ENTRY(timer, struct counted, timer);

	counted->fired++;
	wheel_disarm(&timers[counted == &timers[0] ? 1 : 0].timer);
	wheel_arm(&wheel, &timers[2].timer, now_us + 5000);
}

static void a_fired_timer_may_disarm_and_arm_others(void **state)
{
	arm(0, START + 1000);
	arm(1, START + 1000);
	assert_int_equal(wheel_advance(&wheel, START + 3000, disarm_other, NULL), 1);
	assert_int_equal(timers[0].fired + timers[1].fired, 1);
	assert_true(timers[2].timer.armed);
}

static void rearm(struct wheel_timer *timer, uint64_t now_us, void *context)
{
	WHEEL_ENTRY(timer, struct counted, timer)->fired++;
	wheel_arm(&wheel, timer, 0);
}

static void a_timer_armed_anew_for_the_past_waits_for_the_next_look(void **state)
{
	arm(0, START);
	assert_int_equal(wheel_advance(&wheel, START + 50000, rearm, NULL), 1);
	assert_int_equal(wheel_advance(&wheel, START + 51000, rearm, NULL), 1);
}

static void random_times_fire_like_a_list(void **state)
{
	uint64_t now = START;
	unsigned int seed = 1;

	for (unsigned int round = 0; round < 20000; round++) {
		unsigned int i = rand_r(&seed) % TIMERS, kind = rand_r(&seed) % 8;

		if (kind == 0) {
			wheel_disarm(&timers[i].timer);
			timers[i].wanted = false;
		} else if (kind < 5) {
			arm(i, now + rand_r(&seed) % 3000000);
		} else {
			now += rand_r(&seed) % (kind == 7 ? 1500000 : 3000);
			wheel_advance(&wheel, now, fire, NULL);
			for (unsigned int j = 0; j < TIMERS; j++)
				assert_false(timers[j].wanted && timers[j].due_us <= now);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(fires_at_the_first_look_after_the_time, setup),
		cmocka_unit_test_setup(past_times_fire_in_the_next_look, setup),
		cmocka_unit_test_setup(far_times_wait_for_their_turn_of_the_wheel, setup),
		cmocka_unit_test_setup(time_that_stands_still_or_goes_back_fires_nothing, setup),
		cmocka_unit_test_setup(a_late_look_fires_all_that_is_due, setup),
		cmocka_unit_test_setup(a_fired_timer_may_disarm_and_arm_others, setup),
		cmocka_unit_test_setup(
			a_timer_armed_anew_for_the_past_waits_for_the_next_look, setup),
		cmocka_unit_test_setup(random_times_fire_like_a_list, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
