/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where packets go that leave the common way: each exit has its line in exits_leave(). ICMP errors
 * made there wait in burst->errors, to take the way through route and egress once; errors about
 * errors do not exist.
 */
#pragma once

#include "pipelines/packet.h"
#include "pipelines/route/lookup.h"

/* A burst on its way: each packet may give rise to one ICMP error. */
struct burst {
	struct lane lanes[LANES];
	struct lane errors[LANES];
};

/* Worker; all take the packet, which is counted as received already. */
void exits_leave(
	struct worker *worker, struct burst *burst, struct packet *packet, enum packet_exit exit);
/* Rewrites and sends a packet that may go. */
void exits_send(struct worker *worker, const struct packet *packet);
