/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Workers on a simulated clock that use policers: for tests, and for the rates that no device of a
 * benchmark carries. One at a time, one thread.
 */
#pragma once

#include <stdint.h>

#include "dataplane/policer/policer.h"

#define SIM_HZ UINT64_C(2600000000)
#define SIM_WORKERS_MAX 16u
#define SIM_BURST_US 10000u /* what a circuit has without a setting */

extern struct worker sim_workers[SIM_WORKERS_MAX];
extern uint64_t sim_now; /* TSC */

/* All rates that are sold. */
#define SIM_SKUS 12u
extern const uint64_t sim_skus[SIM_SKUS];

/* Workers 0..count-1, and no policer. The process ends when there is no memory for that. */
void sim_start(unsigned int count);
void sim_stop(void);

/* What control states of a circuit of that rate, with a burst of SIM_BURST_US. */
struct api_policer sim_policer(uint32_t id, uint64_t rate_bps);

/* As many calls of policer_take() at worker->now: returns how many frames may pass. */
uint64_t sim_take(struct worker *worker, uint32_t id, uint32_t bytes, uint64_t frames);

/* Uses up what all workers may have now. */
void sim_drain(unsigned int count, uint32_t id, uint32_t bytes);

/* An offer of frames of one size. */
struct sim_offer {
	uint32_t id;
	uint32_t bytes;
	unsigned int workers; /* that take turns */
	double offered_bps;
	double rate_bps; /* the policer's */
	double seconds;
};

/* All in bytes. */
struct sim_result {
	double offered, passed;
	double right; /* the rate times the time */
	/* Of all the windows within: by how much the one with the most is above the rate, and the
	 * one with the least below. */
	double rise, fall;
	double turn; /* offered in a round of all workers: less is not seen of a window */
};

/* Time goes on by offer->seconds. */
struct sim_result sim_run(const struct sim_offer *offer);
