/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dataplane/policer_sim.h"

#include <stdio.h>
#include <stdlib.h>

#define M UINT64_C(1000000)
#define G UINT64_C(1000000000)
#define TURN_S 0.0001 /* a worker's turn; longer where a frame takes longer */

struct worker sim_workers[SIM_WORKERS_MAX];
uint64_t sim_now;
const uint64_t sim_skus[SIM_SKUS] = {50 * M, 100 * M, 200 * M, 500 * M, 1 * G, 2 * G, 5 * G, 10 * G,
	40 * G, 100 * G, 200 * G, 400 * G};

void sim_start(unsigned int count)
{
	/* Soon the clock in POLICER_TIME units wraps, as it does every few months. */
	sim_now = (UINT64_MAX / POLICER_TIME) - SIM_HZ / 100;
	policer_init(count, SIM_HZ);
	for (unsigned int i = 0; i < count; i++) {
		struct worker *worker = &sim_workers[i];

		worker->now = sim_now;
		worker->policer_cursor = 0;
		worker->policers = calloc(1, POLICER_SLOTS_BYTES);
		if (worker->policers == NULL) {
			perror("slots of policers");
			exit(EXIT_FAILURE);
		}
		policer_attach(i, worker->policers);
	}
}

void sim_stop(void)
{
	policer_fini();
	for (unsigned int i = 0; i < SIM_WORKERS_MAX; i++) {
		free(sim_workers[i].policers);
		sim_workers[i].policers = NULL;
	}
}

struct api_policer sim_policer(uint32_t id, uint64_t rate_bps)
{
	uint64_t burst = rate_bps / 8 * SIM_BURST_US / 1000000;

	return (struct api_policer){
		.id = id,
		.rate_bps = rate_bps,
		.burst_bytes = RTE_MAX(burst, API_POLICER_BURST_MIN),
	};
}

uint64_t sim_take(struct worker *worker, uint32_t id, uint32_t bytes, uint64_t frames)
{
	struct policer_slot *slot = &worker->policers[id];
	uint32_t charged = bytes + slot->overhead_bytes;
	uint64_t passed = 0;

	while (frames > 0) {
		/* Those that the slot suffices for are one subtraction. */
		uint64_t fit = RTE_MIN(frames, slot->credit / charged);

		slot->credit -= fit * charged;
		passed += fit;
		frames -= fit;
		if (frames == 0)
			break;
		frames--;
		/* What is too much now is too much for the rest of them. */
		if (!policer_take(worker, id, bytes))
			break;
		passed++;
	}
	return passed;
}

void sim_drain(unsigned int count, uint32_t id, uint32_t bytes)
{
	for (unsigned int i = 0; i < count; i++) {
		sim_workers[i].now = sim_now;
		sim_take(&sim_workers[i], id, bytes, UINT64_MAX);
	}
}

struct sim_result sim_run(const struct sim_offer *offer)
{
	double frame_s = offer->bytes * 8.0 / offer->offered_bps;
	uint64_t frames = RTE_MAX(1.0, TURN_S / frame_s);
	uint64_t turns = RTE_MAX(1.0, offer->seconds / (frame_s * frames));
	double turn_cycles = offer->seconds / turns * SIM_HZ;
	double turn_right = offer->rate_bps / 8 * offer->seconds / turns;
	struct sim_result result = {
		.offered = (double)offer->bytes * frames * turns,
		.right = offer->rate_bps / 8 * offer->seconds,
		.turn = (double)offer->bytes * frames * offer->workers,
	};
	double ahead = 0, lowest = 0, highest = 0;
	uint64_t begin = sim_now;

	for (uint64_t turn = 1; turn <= turns; turn++) {
		struct worker *worker = &sim_workers[turn % offer->workers];

		sim_now = begin + (uint64_t)(turn * turn_cycles);
		worker->now = sim_now;
		uint64_t passed = sim_take(worker, offer->id, offer->bytes, frames);

		policer_return_idle(worker);
		result.passed += (double)passed * offer->bytes;
		ahead = result.passed - turn_right * turn;
		lowest = RTE_MIN(lowest, ahead);
		highest = RTE_MAX(highest, ahead);
		result.rise = RTE_MAX(result.rise, ahead - lowest);
		result.fall = RTE_MAX(result.fall, highest - ahead);
	}
	return result;
}
