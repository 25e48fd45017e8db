/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Punt: what is for the edge itself goes to the ingress interface's TAP, by way of the punt
 * thread, which counts it. Tags are cut here. BFD goes to the bfd thread.
 */
#pragma once

#include "pipelines/packet.h"

/* Takes the packet: to the punt thread, or BFD to the bfd thread (bfd.h); or dropped as
 * punt-budget-*, bgp-ttl, asks-others, punt-ring-full. */
void punt_to_tap(struct worker *worker, struct packet *packet);

enum punt_verdict {
	PUNT_TO_TAP,
	PUNT_TO_BFD,
	PUNT_FROM_AFAR,   /* to be dropped as bgp-ttl */
	PUNT_ASKS_OTHERS, /* to be dropped as asks-others */
};

/* What becomes of it, and the budget that it is charged to. Changes nothing. */
enum punt_verdict punt_judge(const struct packet *packet, enum api_budget *class);
/* What it is dropped as, of a verdict that says so. */
enum api_drop_reason punt_refusal(enum punt_verdict verdict);
