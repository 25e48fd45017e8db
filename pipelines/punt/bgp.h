/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BGP as it passes the exception path, and its generalized TTL security (RFC 5082): with it a
 * packet that is not straight from the neighbour is dropped (punt.c), and what our own kernel sends
 * gets a TTL of 255, which the neighbour may ask for in turn.
 */
#pragma once

#include <stdbool.h>

#include "pipelines/packet.h"

#define BGP_PORT 179u
#define BGP_TTL 255u

/* tcp: the first four bytes of a TCP header at least. */
static inline bool bgp_is_port(const uint8_t *tcp)
{
	return load16(tcp) == BGP_PORT || load16(tcp + 2) == BGP_PORT;
}

/* An untagged frame from our own kernel: when it is BGP, its TTL becomes 255. */
void bgp_raise_ttl(struct rte_mbuf *mbuf);
