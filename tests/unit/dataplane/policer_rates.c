/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Policers on a simulated clock: what passes in a given time is the rate, whatever the packets'
 * size, the number of workers, and how they take turns.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/worker/mark.h"
#include "dataplane/worker/reclaim.h"
#include "tests/unit/dataplane/policer_sim.h"

#define HZ SIM_HZ
#define M UINT64_C(1000000)
#define G UINT64_C(1000000000)
#define WORKERS_MAX SIM_WORKERS_MAX
#define ID 5u
#define OTHER 6u

static int setup(void **state)
{
	table_mark = 1;
	return reclaim_init();
}

static int teardown(void **state)
{
	sim_stop();
	reclaim_fini();
	return 0;
}

static void upsert(uint32_t id, uint64_t rate_bps)
{
	struct api_policer api = sim_policer(id, rate_bps);

	assert_int_equal(policer_upsert(&api, sim_now), 0);
}

static void return_idle(unsigned int index, uint64_t at)
{
	sim_workers[index].now = at;
	policer_return_idle(&sim_workers[index]);
}

/* Bytes that pass in `cycles` when each worker offers `burst` frames every `step` cycles. */
static uint64_t offer(unsigned int count, uint32_t id, uint32_t bytes, unsigned int burst,
	uint64_t step, uint64_t cycles)
{
	uint64_t passed = 0, end = sim_now + cycles;

	for (unsigned int turn = 0; sim_now < end; turn++, sim_now += step) {
		struct worker *worker = &sim_workers[turn % count];

		worker->now = sim_now;
		for (unsigned int i = 0; i < burst; i++)
			passed += policer_take(worker, id, bytes) ? bytes : 0;
		policer_return_idle(worker);
	}
	return passed;
}

static void expect_within(uint64_t passed, uint64_t expected, uint64_t per_mille)
{
	uint64_t error = passed > expected ? passed - expected : expected - passed;

	if (error * 1000 > expected * per_mille)
		fail_msg("%lu bytes passed, %lu expected", passed, expected);
}

static void no_policer_is_no_limit(void **state)
{
	sim_start(1);
	for (int i = 0; i < 1000; i++)
		assert_true(policer_take(&sim_workers[0], 0, 9000));
}

/* Offered at twice the rate, in bursts as workers receive them, none as long as a millisecond. */
static void rate_is_exact(unsigned int count, uint64_t rate_bps, uint32_t bytes)
{
	double frame_cycles = (double)HZ * 8 * bytes / rate_bps;
	unsigned int burst = 1;

	while (burst < 32 && frame_cycles * burst < HZ / 1000)
		burst *= 2;

	uint64_t step = frame_cycles * burst / 2;
	uint64_t cycles = RTE_MAX(HZ / 4, (uint64_t)(frame_cycles * 4000));

	if (rate_bps > 10 * G)
		cycles = HZ / 50;
	sim_start(count);
	upsert(ID, rate_bps);
	sim_drain(count, ID, bytes);

	uint64_t passed = offer(count, ID, bytes, burst, step, cycles);

	expect_within(passed, (double)rate_bps / 8 * cycles / HZ, 6);
	sim_stop();
}

static void rates_are_exact(void **state)
{
	static const uint64_t rates[] = {50 * M, 100 * M, 1 * G, 10 * G, 100 * G, 400 * G};
	static const uint32_t sizes[] = {60, 64, 594, 1500, 9022};

	for (unsigned int r = 0; r < RTE_DIM(rates); r++)
		for (unsigned int s = 0; s < RTE_DIM(sizes); s++)
			for (unsigned int count = 1; count <= WORKERS_MAX; count *= 4)
				rate_is_exact(count, rates[r], sizes[s]);
}

/* What is offered below the rate passes whole, though each worker sees only a part. */
static void below_the_rate_all_passes(void **state)
{
	sim_start(4);
	upsert(ID, 100 * M);
	/* 90 %: a frame of 1250 bytes each 111 us, on workers in turn. */
	uint64_t step = HZ * 1250 * 8 / (90 * M);

	assert_int_equal(offer(4, ID, 1250, 1, step, HZ), 1250 * ((HZ + step - 1) / step));
}

/* From rest at most the burst passes at once, and little less, however many workers take part. */
static void burst_is_a_bound(void **state)
{
	for (unsigned int count = 1; count <= WORKERS_MAX; count *= 4) {
		struct api_policer api = sim_policer(ID, 50 * M);
		uint64_t passed = 0;

		sim_start(count);
		assert_int_equal(policer_upsert(&api, sim_now), 0);
		for (unsigned int i = 0; i < count; i++)
			while (policer_take(&sim_workers[i], ID, 100))
				passed += 100;
		assert_true(passed <= api.burst_bytes);
		assert_true(passed > api.burst_bytes * 7 / 8 - 100);
		/* Nor more after a long rest, during which leases go back. */
		for (int turn = 0; turn < 10; turn++, sim_now += HZ)
			for (unsigned int i = 0; i < count; i++)
				return_idle(i, sim_now);
		passed = 0;
		for (unsigned int i = 0; i < count; i++) {
			sim_workers[i].now = sim_now;
			while (policer_take(&sim_workers[i], ID, 100))
				passed += 100;
		}
		assert_true(passed <= api.burst_bytes);
		assert_true(passed > api.burst_bytes * 7 / 8 - 100);
		sim_stop();
	}
}

/* A worker that leased and fell silent gives the credit back for the others. */
static void idle_leases_return(void **state)
{
	uint32_t leased;

	sim_start(2);
	upsert(ID, 1 * G);
	sim_drain(1, ID, 1000);
	sim_now += HZ / 1000;
	sim_workers[1].now = sim_now;
	assert_true(policer_take(&sim_workers[1], ID, 1000));
	leased = sim_workers[1].policers[ID].credit;
	assert_true(leased > 5000);

	/* Not before its time; */
	for (int turn = 0; turn < 10; turn++)
		return_idle(1, sim_now + HZ / 2000);
	assert_int_equal(sim_workers[1].policers[ID].credit, leased);

	uint64_t given = policer_table[ID].given;

	for (int turn = 0; turn < 10; turn++)
		return_idle(1, sim_now + HZ / 500);
	assert_int_equal(sim_workers[1].policers[ID].credit, 0);
	expect_within(given - policer_table[ID].given,
		(double)leased * 8 * HZ * POLICER_TIME / (1 * G), 1);
}

/* A packet larger than what is left waits for no other's sake: smaller ones use the rest. */
static void small_packets_use_the_rest(void **state)
{
	sim_start(1);
	upsert(ID, 50 * M);
	sim_drain(1, ID, 1500);
	assert_true(sim_workers[0].policers[ID].credit < 1500);

	uint32_t rest = sim_workers[0].policers[ID].credit;

	if (rest >= 64)
		assert_true(policer_take(&sim_workers[0], ID, 64));
	sim_drain(1, ID, 1);
	assert_int_equal(sim_workers[0].policers[ID].credit, 0);
}

/* Two sizes in one stream: the rate is in bytes. */
static void sizes_mix(void **state)
{
	uint64_t passed[2] = {0}, end;

	sim_start(1);
	upsert(ID, 200 * M);
	end = sim_now + HZ / 2;
	for (unsigned int turn = 0; sim_now < end; turn++, sim_now += HZ / 20000) {
		uint32_t bytes = turn % 2 != 0 ? 1500 : 200;

		sim_workers[0].now = sim_now;
		passed[turn % 2] += policer_take(&sim_workers[0], ID, bytes) ? bytes : 0;
	}
	/* Offered: 17 kB a ms, 136 Mbit/s: all of it. */
	assert_int_equal(passed[0], 200 * 5000);
	assert_int_equal(passed[1], 1500 * 5000);
}

static void overhead_is_charged(void **state)
{
	struct api_policer api = sim_policer(ID, 100 * M);

	sim_start(1);
	api.overhead_bytes = 24;
	assert_int_equal(policer_upsert(&api, sim_now), 0);
	sim_drain(1, ID, 60);
	/* 60 of each 84 bytes on the wire. */
	expect_within(offer(1, ID, 60, 32, HZ / 10000, HZ / 4), 100 * M / 8 / 4 * 60 / 84, 4);
	/* Taken back for all workers. */
	api.overhead_bytes = 0;
	assert_int_equal(policer_upsert(&api, sim_now), 0);
	expect_within(offer(1, ID, 60, 32, HZ / 10000, HZ / 4), 100 * M / 8 / 4, 4);
}

/* The new rate counts from the change on; credit and what waits stay. */
static void rate_changes_in_flight(void **state)
{
	static const uint64_t rates[] = {50 * M, 500 * M, 100 * M, 10 * G, 50 * M};

	sim_start(4);
	upsert(ID, 50 * M);
	sim_drain(4, ID, 1000);
	for (unsigned int i = 0; i < RTE_DIM(rates); i++) {
		upsert(ID, rates[i]);
		/* The last rate's leases are used up first, some 100 us of it. */
		offer(4, ID, 1000, 64, HZ / 40000, HZ / 10);
		expect_within(offer(4, ID, 1000, 64, HZ / 40000, HZ / 4), rates[i] / 8 / 4, 5);
	}
}

/* An upsert that changes nothing gives nothing, and a lower rate neither; a higher one two frames
 * of the largest size. */
static void upsert_keeps_credit(void **state)
{
	uint64_t passed;

	sim_start(1);
	upsert(ID, 50 * M);
	sim_drain(1, ID, 1500);
	upsert(ID, 50 * M);
	assert_false(policer_take(&sim_workers[0], ID, 1500));
	upsert(ID, 100 * M);
	passed = sim_take(&sim_workers[0], ID, 1500, UINT64_MAX) * 1500;
	assert_in_range(passed, API_POLICER_BURST_MIN - 1500, API_POLICER_BURST_MIN + 1500);
	upsert(ID, 50 * M);
	assert_false(policer_take(&sim_workers[0], ID, 1500));
}

/* Flooding one costs another nothing. */
static void policers_are_apart(void **state)
{
	sim_start(1);
	upsert(ID, 50 * M);
	upsert(OTHER, 50 * M);
	sim_drain(1, ID, 1500);
	assert_true(policer_take(&sim_workers[0], OTHER, 1500));
}

static void table_rules(void **state)
{
	struct api_policer api = sim_policer(ID, 50 * M), wrong;

	sim_start(1);
	assert_true(policer_exists(0));
	assert_false(policer_exists(ID));
	assert_false(policer_exists(API_POLICERS_MAX));
	assert_int_equal(policer_upsert(&api, sim_now), 0);
	assert_true(policer_exists(ID));
#define REFUSED(field, value) \
	wrong = api;          \
	wrong.field = value;  \
	assert_int_equal(policer_upsert(&wrong, sim_now), -EINVAL)
	REFUSED(id, 0);
	REFUSED(id, API_POLICERS_MAX);
	REFUSED(rate_bps, API_POLICER_RATE_MIN - 1);
	REFUSED(rate_bps, API_POLICER_RATE_MAX + 1);
	REFUSED(burst_bytes, API_POLICER_BURST_MIN - 1);
	REFUSED(burst_bytes, 50 * M / 8 * API_POLICER_BURST_S_MAX + 1);
	REFUSED(overhead_bytes, API_POLICER_OVERHEAD_MAX + 1);
#undef REFUSED
	assert_true(policer_next(0, &wrong));
	assert_memory_equal(&wrong, &api, sizeof(api));
	assert_false(policer_next(ID, &wrong));

	policer_hold(ID);
	assert_int_equal(policer_delete(ID), -EBUSY);
	policer_release(ID);
	assert_int_equal(policer_delete(ID), 0);
	assert_int_equal(policer_delete(ID), 0);
	assert_false(policer_exists(ID));
	assert_int_equal(policer_delete(0), -EINVAL);
	assert_int_equal(policer_delete(API_POLICERS_MAX), -EINVAL);
}

static void sweep_takes_what_was_not_named(void **state)
{
	sim_start(1);
	upsert(ID, 50 * M);
	upsert(OTHER, 50 * M);
	upsert(OTHER + 1, 50 * M);
	policer_hold(OTHER + 1);
	table_mark = 2;
	upsert(ID, 50 * M);
	assert_int_equal(policer_sweep(), 1);
	assert_true(policer_exists(ID));
	assert_false(policer_exists(OTHER));
	assert_true(policer_exists(OTHER + 1)); /* in use */
	policer_release(OTHER + 1);
}

/* The next owner of an id gets neither the credit nor the waiting of the last. */
static void ids_start_anew(void **state)
{
	sim_start(1);
	upsert(ID, 100 * G);
	assert_true(policer_take(&sim_workers[0], ID, 1000));
	assert_true(sim_workers[0].policers[ID].credit > 1000000);
	assert_int_equal(policer_delete(ID), 0);
	upsert(ID, 50 * M);
	assert_int_equal(sim_workers[0].policers[ID].credit, 0);
	sim_drain(1, ID, 1000);
	assert_int_equal(policer_delete(ID), 0);
	upsert(ID, 50 * M);
	assert_true(policer_take(&sim_workers[0], ID, 1000));
}

#define policer_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		policer_test(no_policer_is_no_limit),
		policer_test(rates_are_exact),
		policer_test(below_the_rate_all_passes),
		policer_test(burst_is_a_bound),
		policer_test(idle_leases_return),
		policer_test(small_packets_use_the_rest),
		policer_test(sizes_mix),
		policer_test(overhead_is_charged),
		policer_test(rate_changes_in_flight),
		policer_test(upsert_keeps_credit),
		policer_test(policers_are_apart),
		policer_test(table_rules),
		policer_test(sweep_takes_what_was_not_named),
		policer_test(ids_start_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
