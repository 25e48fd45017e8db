/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How exact a policer is on a simulated clock, of every rate that is sold: what `scripts/bench
 * policer` says of rates that no device of the machine carries. Twice the rate is offered; a run is
 * so many workers that take turns.
 */
#include <math.h>
#include <string.h>

#include "dataplane/worker/mark.h"
#include "dataplane/worker/reclaim.h"
#include "tests/bench/measure.h"
#include "tests/unit/dataplane/policer_sim.h"

#define ID 1u
#define M UINT64_C(1000000)
#define G UINT64_C(1000000000)

static double error_pct(unsigned int workers, uint64_t rate_bps, uint32_t bytes)
{
	struct api_policer api = sim_policer(ID, rate_bps);
	struct sim_result result;

	REQUIRE(policer_delete(ID) == 0 && policer_upsert(&api, sim_now) == 0);
	sim_drain(workers, ID, bytes);
	result = sim_run(&(struct sim_offer){.id = ID,
		.bytes = bytes,
		.workers = workers,
		.offered_bps = 2.0 * rate_bps,
		.rate_bps = rate_bps,
		.seconds = 1});
	return fabs(result.passed / result.right - 1) * 100;
}

static void run(uint64_t rate_bps, uint32_t bytes)
{
	static const unsigned int worker_counts[] = {1, 2, 4, 8, SIM_WORKERS_MAX};
	struct measure measure = {0};
	char name[64];

	for (unsigned int i = 0; i < RTE_DIM(worker_counts); i++) {
		sim_start(worker_counts[i]);
		measure_add(&measure, error_pct(worker_counts[i], rate_bps, bytes));
		sim_stop();
	}
	if (rate_bps < G)
		snprintf(name, sizeof(name), "%luM-%u-simulated", rate_bps / M, bytes);
	else
		snprintf(name, sizeof(name), "%luG-%u-simulated", rate_bps / G, bytes);
	measure_print("policer", name, "error_pct", "%", &measure);
}

int main(void)
{
	static const uint32_t sizes[] = {64, 594, 1518, 9000};

	table_mark = 1;
	REQUIRE(reclaim_init() == 0);
	for (unsigned int s = 0; s < SIM_SKUS; s++)
		for (unsigned int i = 0; i < RTE_DIM(sizes); i++)
			run(sim_skus[s], sizes[i]);
	reclaim_fini();
	return EXIT_SUCCESS;
}
