/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inject: the way back, from the interface's TAP to its port. Control packets of the edge itself:
 * no look-up, no TTL, no policer.
 */
#pragma once

#include "pipelines/packet.h"

/* Takes the frame: to egress, or dropped as inject-gone, inject-bad, inject-bfd. */
void inject_from_tap(struct worker *worker, struct rte_mbuf *mbuf);
