/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Punt: what is for the edge itself goes to the ingress interface's TAP, by way of the punt
 * thread, which counts it. Tags are cut here. BFD goes to the bfd thread.
 */
#pragma once

#include "pipelines/packet.h"

/* Takes the packet: to the punt thread, or BFD to the bfd thread (bfd.h); or dropped as
 * punt-budget, punt-ring-full. */
void punt_to_tap(struct worker *worker, struct packet *packet);
