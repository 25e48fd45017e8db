/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Egress 2: do the circuits keep to their rates, the one the packet came by and the one it leaves
 * by? Charged once it is known that the packet may go, with the frame as it came and as it will be:
 * so punted packets and what cannot be sent cost nobody's rate. Fragments are charged each
 * (fragment.c).
 *
 * Exits: EXIT_NEXT; EXIT_DROP policer-in; EXIT_POLICED.
 */
#pragma once

#include "dataplane/policer/policer.h"
#include "pipelines/packet.h"

/* exit: what egress_check() said. It stays, unless the packet is dropped here. */
static inline enum packet_exit egress_police(
	struct worker *worker, struct packet *packet, enum packet_exit exit)
{
	const struct adjacency *adjacency = packet->adjacency;

	if (exit != EXIT_NEXT && exit != EXIT_NO_HEADROOM && exit != EXIT_FRAGMENT)
		return exit;
	/* What the edge says itself came by nobody. */
	if (!packet->generated &&
		!policer_take(worker, packet->in->api.policer_in, packet->mbuf->pkt_len))
		return packet_drop(packet, API_DROP_POLICER_IN);
	if (exit == EXIT_FRAGMENT || policer_take(worker, adjacency->policer_out,
					     packet->l3_bytes + adjacency->template_bytes))
		return exit;
	return EXIT_POLICED;
}
