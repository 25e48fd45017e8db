/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP errors (RFC 792, RFC 1812 4.3.2, RFC 4443): who may be told, and the message.
 */
#pragma once

#include "pipelines/packet.h"

/*
 * Tells the sender of a packet why it was not forwarded: reason is EXIT_UNREACHABLE, EXIT_EXPIRED
 * or EXIT_TOO_BIG (mtu: the one it exceeds). True: *error is a packet for route, as if received by
 * the same interface, with the original's ingress interface address as source. False: the rules
 * forbid an error, the interface has no address to speak with, or the budget or buffers are spent,
 * which is then counted. The original stays the caller's and unchanged.
 */
bool icmp_error(struct worker *worker, const struct packet *original, enum packet_exit reason,
	uint16_t mtu, struct packet *error);

/* Do the rules allow an error about this packet, and has the interface an address to speak with? */
bool icmp_may_tell(const struct packet *original);
