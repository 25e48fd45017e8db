/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who is asked for by ARP (RFC 826) and Neighbor Solicitations (RFC 4861 4.3). On a subnet that
 * machines share most of it is about others: the kernel need not see it, and a scan must not spend
 * what a link may ask of the edge.
 */
#pragma once

#include <stdbool.h>

#include "pipelines/packet.h"

enum { ARP_REQUEST = 1, ARP_REPLY = 2 };
enum { ND_SOLICITATION = 135, ND_ADVERTISEMENT = 136 };

static inline uint16_t arp_operation(const uint8_t *arp)
{
	return load16(arp + 6);
}

/* arp: 28 bytes. A host that announces its own address asks for it (RFC 5227 3); that is news. */
static inline bool arp_asks_others(const struct interface *in, const uint8_t *arp)
{
	const uint8_t *sender = arp + 14, *target = arp + 24;

	return arp_operation(arp) == ARP_REQUEST && memcmp(target, &in->address4, 4) != 0 &&
	       memcmp(target, sender, 4) != 0;
}

/* icmp: of so many bytes. */
static inline bool nd_asks_others(
	const struct interface *in, const uint8_t *icmp, unsigned int bytes)
{
	const uint8_t *target = icmp + 8;

	return bytes >= 24 && icmp[0] == ND_SOLICITATION && memcmp(target, in->address6, 16) != 0 &&
	       memcmp(target, in->link_local6, 16) != 0;
}
