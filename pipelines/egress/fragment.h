/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Egress, off the common way: cutting an IPv4 packet to the MTU (RFC 791 3.2, RFC 1812 5.2.6).
 */
#pragma once

#include "pipelines/packet.h"

/* TTL is stepped down in the fragments. All of them are handed to egress_transmit with their
 * layer-2 headers, and the packet is freed: 0. -ENOMEM, or -EINVAL (a fragment that reaches beyond
 * what a packet can be): nothing was sent, the packet is the caller's still. */
int egress_fragment(struct worker *worker, struct packet *packet);

/* Is it a fragment that ends beyond the largest packet there is (RFC 791 3.1)? The offsets of its
 * pieces would wrap around: it is what -EINVAL says above. */
bool egress_ends_beyond(const struct packet *packet);
