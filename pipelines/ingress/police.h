/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ingress 5: does the circuit keep to its rate? Behind all other checks, so that only what would be
 * forwarded is charged: punted packets have budgets of their own.
 *
 * Exits: EXIT_NEXT; EXIT_DROP.
 */
#pragma once

#include "dataplane/policer/policer.h"
#include "pipelines/packet.h"

static __rte_always_inline enum packet_exit ingress_police(
	struct worker *worker, struct packet *packet)
{
	if (likely(policer_take(worker, packet->in->policer_in, packet->mbuf->pkt_len)))
		return EXIT_NEXT;
	return packet_drop(packet, packet->in->cut ? API_DROP_LINK_TEST_IN : API_DROP_POLICER_IN);
}
