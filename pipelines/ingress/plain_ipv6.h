/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ingress 2 to 4 in one go, for IPv6 packets with something behind the header whose addresses need
 * no second look. See plain.h for what plain means.
 */
#pragma once

#include "dataplane/vrf/vrf.h"
#include "pipelines/packet.h"

/* Neither multicast nor link-local, nor in ::/64. */
static __rte_always_inline bool plain_address6(uint64_t upper_half)
{
	return __builtin_bswap64(upper_half) - 1 < UINT64_C(0xfe00000000000000) - 1;
}

/* Sets bytes when it is plain. */
static __rte_always_inline bool ingress_is_plain_ipv6(struct lane *lane, unsigned int at)
{
	const uint8_t *ip = lane->ips[at];
	uint32_t payload = load16(ip + IPV6_PAYLOAD_LENGTH), available = lane->bytes[at];

	if (unlikely(ip[0] >> 4 != 6) ||
		unlikely(payload == 0 || payload > available - IPV6_HEADER_BYTES) ||
		unlikely(!plain_address6(load_native64(ip + IPV6_SOURCE))) ||
		unlikely(!plain_address6(load_native64(ip + IPV6_DESTINATION))) ||
		unlikely(memcmp(ip + IPV6_DESTINATION, lane->ins[at]->address6, 16) == 0))
		return false;
	lane->bytes[at] = IPV6_HEADER_BYTES + payload;
	return true;
}

/* As ingress_odd_ipv4(). */
static inline bool ingress_odd_ipv6(struct lane *lane, uint32_t odd[BURST_MAX + LANE_STEP])
{
	uint32_t any = 0;

	for (unsigned int i = 0; i < lane->count; i++) {
		odd[i] = !ingress_is_plain_ipv6(lane, i);
		any |= odd[i];
		memcpy(lane->addresses6[i], lane->ips[i] + IPV6_DESTINATION,
			sizeof(lane->addresses6[i]));
		lane->fibs[i] = vrf_fib6(lane->ins[i]->vrf);
	}
	return unlikely(any != 0);
}
