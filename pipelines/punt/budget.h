/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Token buckets: how much of each kind a link may ask of the exception path, so that a flood on
 * one link costs no other link its session. Created by pipeline_budgets_create.
 */
#pragma once

#include "dataplane/interface/interface.h"
#include "dataplane/worker/worker.h"

/* Packets per second of one link over all workers, and how many may come at once to one worker.
 * An interface that asks for another rate has what comes at once in proportion. */
struct budget_rate {
	uint32_t per_second;
	uint32_t burst;
};
extern const struct budget_rate budget_rates[API_BUDGETS];

/* Takes one token; false: spent. */
bool budget_take(struct worker *worker, const struct interface *in, enum api_budget class);

/* What a packet is dropped as when the budget of its class is spent. */
enum api_drop_reason budget_drop(enum api_budget class);
