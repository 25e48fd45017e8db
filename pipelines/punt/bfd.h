/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BFD's two ways between worker and bfd thread. The dataplane speaks BFD itself: none of it goes to
 * a TAP, and none comes from there, for a second voice with another discriminator would end the
 * session at the peer.
 */
#pragma once

#include <stdbool.h>

#include "pipelines/packet.h"

/* For the edge itself: is it on one of BFD's UDP ports (RFC 5881 4, RFC 5883 5)? */
bool bfd_is_arrival(const struct packet *packet);
/* Takes such a packet: a copy to the bfd thread, or dropped as punt-budget-bfd, punt-ring-full. */
void bfd_punt(struct worker *worker, struct packet *packet);
/* Would this frame from a TAP be BFD? */
bool bfd_is_frame(const struct rte_mbuf *mbuf);
