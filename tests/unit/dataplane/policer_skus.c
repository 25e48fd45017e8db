/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Everything that is sold, on a simulated clock: each rate with frames of each size, over long and
 * short windows; bursts; and rates that change under traffic.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/worker/mark.h"
#include "dataplane/worker/reclaim.h"
#include "tests/unit/dataplane/policer_sim.h"

#define ID 5u
#define FRAME_MIN 64u
#define FRAME_MAX 9000u
#define ERROR_MAX 0.01

static const unsigned int worker_counts[] = {1, 4, SIM_WORKERS_MAX};
static const uint32_t some_sizes[] = {64, 65, 594, 1500, 1518, 4097, 9000};

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

static void upsert(const struct api_policer *api)
{
	assert_int_equal(policer_upsert(api, sim_now), 0);
}

static void upsert_rate(uint64_t rate_bps)
{
	struct api_policer api = sim_policer(ID, rate_bps);

	upsert(&api);
}

/* One of that rate, of which all is used up. */
static void upsert_drained(unsigned int count, uint64_t rate_bps, uint32_t bytes)
{
	assert_int_equal(policer_delete(ID), 0);
	upsert_rate(rate_bps);
	sim_drain(count, ID, bytes);
}

/* Twice the rate is offered. */
static struct sim_result flood(
	unsigned int count, uint64_t rate_bps, uint32_t bytes, double seconds)
{
	return sim_run(&(struct sim_offer){.id = ID,
		.bytes = bytes,
		.workers = count,
		.offered_bps = 2.0 * rate_bps,
		.rate_bps = rate_bps,
		.seconds = seconds});
}

static double frame_seconds(uint64_t rate_bps, uint32_t bytes)
{
	return bytes * 8.0 / rate_bps;
}

static void expect_exact(unsigned int count, uint64_t rate_bps, uint32_t bytes)
{
	double seconds = RTE_MAX(0.05, 400 * frame_seconds(rate_bps, bytes));
	struct sim_result result;

	upsert_drained(count, rate_bps, bytes);
	/* A lease that is not whole at the end is no error. */
	seconds = RTE_MAX(seconds, 200 * frame_seconds(rate_bps, policer_table[ID].lease_bytes));
	result = flood(count, rate_bps, bytes, seconds);

	double error = result.passed / result.right - 1;

	if (error > ERROR_MAX || error < -ERROR_MAX)
		fail_msg("%lu bit/s, frames of %u bytes, %u workers: %+.2f %%", rate_bps, bytes,
			count, error * 100);
}

static void all_rates_and_sizes(void **state)
{
	for (unsigned int count = 1; count <= 4; count += 3) {
		sim_start(count);
		for (unsigned int s = 0; s < SIM_SKUS; s++)
			for (uint32_t bytes = FRAME_MIN; bytes <= FRAME_MAX; bytes++)
				expect_exact(count, sim_skus[s], bytes);
		sim_stop();
	}
}

static void rates_with_many_workers(void **state)
{
	sim_start(SIM_WORKERS_MAX);
	for (unsigned int s = 0; s < SIM_SKUS; s++)
		for (unsigned int i = 0; i < RTE_DIM(some_sizes); i++)
			expect_exact(SIM_WORKERS_MAX, sim_skus[s], some_sizes[i]);
}

/* No window, however short, has more than its time's worth and what workers held when it began;
 * nor less, but for what they hold when it ends. */
static void expect_smooth(unsigned int count, uint64_t rate_bps, uint32_t bytes)
{
	struct sim_result result;
	double held;

	upsert_drained(count, rate_bps, bytes);
	held = count * (double)RTE_MAX(policer_table[ID].lease_bytes, bytes) + bytes;
	result = flood(count, rate_bps, bytes, RTE_MAX(0.02, 100 * frame_seconds(rate_bps, bytes)));
	if (result.rise > held + result.turn || result.fall > held + result.turn)
		fail_msg("%lu bit/s, frames of %u bytes, %u workers: windows with %.0f bytes more "
			 "and %.0f less, %.0f are held",
			rate_bps, bytes, count, result.rise, result.fall, held + result.turn);
}

static void short_windows(void **state)
{
	for (unsigned int c = 0; c < RTE_DIM(worker_counts); c++) {
		sim_start(worker_counts[c]);
		for (unsigned int s = 0; s < SIM_SKUS; s++)
			for (unsigned int i = 0; i < RTE_DIM(some_sizes); i++)
				expect_smooth(worker_counts[c], sim_skus[s], some_sizes[i]);
		sim_stop();
	}
}

/* From rest: the burst at once and no more, whoever asks for it; a 64th may be withheld for other
 * workers' leases, an eighth where the burst is small, and a frame's rest by each. */
static void expect_burst(unsigned int count, const struct api_policer *api, uint32_t bytes)
{
	uint64_t passed = 0, parts = api->burst_bytes / 64 >= 4096u * count ? 64 : 8;

	assert_int_equal(policer_delete(ID), 0);
	upsert(api);
	for (unsigned int i = 0; i < count; i++) {
		sim_workers[i].now = sim_now;
		passed += sim_take(&sim_workers[i], ID, bytes, UINT64_MAX) * bytes;
	}
	if (passed > api->burst_bytes ||
		passed + api->burst_bytes / parts + (uint64_t)bytes * (count + 1) <
			api->burst_bytes)
		fail_msg("%lu bit/s, frames of %u bytes, %u workers: %lu bytes at once, %lu are "
			 "right",
			api->rate_bps, bytes, count, passed, api->burst_bytes);
}

static void bursts(void **state)
{
	static const uint64_t burst_us[] = {1000, 10000, 50000, 1000000};

	for (unsigned int c = 0; c < RTE_DIM(worker_counts); c++) {
		sim_start(worker_counts[c]);
		for (unsigned int s = 0; s < SIM_SKUS; s++) {
			for (unsigned int b = 0; b < RTE_DIM(burst_us); b++) {
				struct api_policer api = sim_policer(ID, sim_skus[s]);

				api.burst_bytes = api.rate_bps / 8 * burst_us[b] / 1000000;
				api.burst_bytes = RTE_MAX(api.burst_bytes, API_POLICER_BURST_MIN);
				for (unsigned int i = 0; i < RTE_DIM(some_sizes); i++)
					expect_burst(worker_counts[c], &api, some_sizes[i]);
			}
		}
		sim_stop();
	}
}

static void expect_no_loss(unsigned int count, double bps, uint32_t bytes, const char *when)
{
	struct sim_result result = sim_run(&(struct sim_offer){.id = ID,
		.bytes = bytes,
		.workers = count,
		.offered_bps = bps,
		.rate_bps = bps,
		.seconds = RTE_MAX(0.02, 100 * bytes * 8 / bps)});

	if (result.passed != result.offered)
		fail_msg("%.0f bit/s offered %s, frames of %u bytes, %u workers: %.0f bytes lost",
			bps, when, bytes, count, result.offered - result.passed);
}

/* Up while the lower rate drops what is beyond it: from that moment the higher one drops nothing.
 * Down while what is offered is within the lower rate, too: nothing is ever dropped. */
static void change(unsigned int count, uint64_t low, uint64_t high, uint32_t bytes)
{
	double step = 5 * frame_seconds(low, bytes) * count;

	upsert_drained(count, low, bytes);
	flood(count, low, bytes, RTE_MAX(0.001, step));
	upsert_rate(high);
	expect_no_loss(count, 0.97 * high, bytes, "after a raise");
	expect_no_loss(count, 0.97 * low, bytes, "before a cut");
	upsert_rate(low);
	expect_no_loss(count, 0.97 * low, bytes, "after a cut");
	upsert_rate(high);
	expect_no_loss(count, 0.97 * high, bytes, "after another raise");
}

static void changes_lose_nothing(void **state)
{
	static const uint32_t sizes[] = {64, 1500, 9000};

	for (unsigned int c = 0; c < RTE_DIM(worker_counts); c++) {
		sim_start(worker_counts[c]);
		for (unsigned int low = 0; low < SIM_SKUS; low++)
			for (unsigned int high = low + 1; high < SIM_SKUS; high++)
				for (unsigned int i = 0; i < RTE_DIM(sizes); i++)
					change(worker_counts[c], sim_skus[low], sim_skus[high],
						sizes[i]);
		sim_stop();
	}
}

/* Changes give little away: as often as somebody raises a rate, a 32nd of its burst and a lease. */
static void changes_give_little(void **state)
{
	uint64_t part = sim_policer(ID, sim_skus[7]).burst_bytes / 64;
	uint64_t passed;

	sim_start(1);
	upsert_rate(sim_skus[7]);
	sim_drain(1, ID, 1500);
	upsert_rate(sim_skus[4]);
	assert_int_equal(sim_take(&sim_workers[0], ID, 1500, UINT64_MAX), 0);
	upsert_rate(sim_skus[7]);
	passed = sim_take(&sim_workers[0], ID, 1500, UINT64_MAX) * 1500;
	assert_in_range(passed, 2 * part, 3 * part);
	upsert_rate(sim_skus[7]);
	assert_int_equal(sim_take(&sim_workers[0], ID, 1500, UINT64_MAX), 0);
}

/* The simulation's shortcut is the same as one frame after the other. */
static void many_at_once_are_one_by_one(void **state)
{
	uint64_t one_by_one = 0;

	sim_start(2);
	for (unsigned int worker = 0; worker < 2; worker++) {
		struct api_policer api = sim_policer(ID + worker, sim_skus[4]);

		api.overhead_bytes = 20;
		upsert(&api);
	}
	for (unsigned int turn = 0; turn < 500; turn++, sim_now += SIM_HZ / 20000) {
		sim_workers[0].now = sim_workers[1].now = sim_now;
		for (unsigned int i = 0; i < 64; i++)
			one_by_one += policer_take(&sim_workers[0], ID, 999);

		uint64_t at_once = sim_take(&sim_workers[1], ID + 1, 999, 64);

		assert_true(at_once <= one_by_one);
		one_by_one -= at_once;
		assert_int_equal(one_by_one, 0);
		assert_int_equal(
			sim_workers[0].policers[ID].credit, sim_workers[1].policers[ID + 1].credit);
	}
}

#define policer_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		policer_test(many_at_once_are_one_by_one),
		policer_test(all_rates_and_sizes),
		policer_test(rates_with_many_workers),
		policer_test(short_windows),
		policer_test(bursts),
		policer_test(changes_lose_nothing),
		policer_test(changes_give_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
