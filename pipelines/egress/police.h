/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Egress 2: does the circuit keep to its rate? Charged with what the frame will be on the wire,
 * once it is known that it may go. Fragments are charged each (fragment.c).
 *
 * Exits: EXIT_NEXT; EXIT_POLICED.
 */
#pragma once

#include "dataplane/policer/policer.h"
#include "pipelines/packet.h"

static __rte_always_inline enum packet_exit egress_police(
	struct worker *worker, const struct packet *packet)
{
	const struct adjacency *adjacency = packet->adjacency;
	uint32_t bytes = packet->l3_bytes + adjacency->template_bytes;

	if (likely(policer_take(worker, adjacency->policer_out, bytes)))
		return EXIT_NEXT;
	return EXIT_POLICED;
}
