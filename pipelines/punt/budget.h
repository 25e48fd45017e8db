/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Token buckets: how much of each kind a link may ask of the exception path, so that a flood on
 * one link costs no other link its session. Created by pipeline_budgets_create.
 */
#pragma once

#include "dataplane/worker/worker.h"

enum budget_class {
	BUDGET_NEIGHBOUR, /* ARP, Neighbor Discovery */
	BUDGET_BGP,
	BUDGET_BFD,
	BUDGET_OTHER, /* whatever else is for the edge: ping, for one */
	BUDGET_ICMP,  /* errors we send (RFC 1812 4.3.2.8, RFC 4443 2.4 f) */
	BUDGET_CLASSES,
};

/* Packets per second of one link over all workers, and how many may come at once to one worker. */
struct budget_rate {
	uint32_t per_second;
	uint32_t burst;
};
extern const struct budget_rate budget_rates[BUDGET_CLASSES];

/* Takes one token; false: spent. */
bool budget_take(struct worker *worker, uint32_t interface, enum budget_class class);
