/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ingress 2 to 4 in one go, for IPv4 packets without options whose addresses need no second look:
 * eight at a time, a packet to each element of a vector. See plain.h for what plain means.
 */
#pragma once

#include <rte_prefetch.h>

#include "dataplane/vrf/vrf.h"
#include "pipelines/packet.h"

typedef uint32_t words4 __attribute__((vector_size(16)));
typedef uint32_t words8 __attribute__((vector_size(32)));
typedef uint16_t halves16 __attribute__((vector_size(32)));
typedef int16_t signed16 __attribute__((vector_size(32)));

_Static_assert(LANE_STEP == 8, "a packet to each element of words8");

/* The last 16 bytes of eight headers, turned so that a vector has the same word of all. */
struct turned {
	words8 fragment, ttl, source, destination;
};

/* From the identification on; the upper half is of the packet four later. */
static __rte_always_inline words8 load_rows(const uint8_t *low, const uint8_t *high)
{
	words4 a, b;

	memcpy(&a, low + IPV4_ID, sizeof(a));
	memcpy(&b, high + IPV4_ID, sizeof(b));
	return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
}

#define INTERLEAVE_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define INTERLEAVE_HIGH(a, b) __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#define PAIRS_LOW(a, b) __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define PAIRS_HIGH(a, b) __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15)

static __rte_always_inline struct turned turn_rows(uint8_t *const *ips)
{
	words8 a = load_rows(ips[0], ips[4]), b = load_rows(ips[1], ips[5]);
	words8 c = load_rows(ips[2], ips[6]), d = load_rows(ips[3], ips[7]);
	words8 ab = INTERLEAVE_LOW(a, b), cd = INTERLEAVE_LOW(c, d);
	words8 ab_high = INTERLEAVE_HIGH(a, b), cd_high = INTERLEAVE_HIGH(c, d);

	return (struct turned){
		.fragment = PAIRS_LOW(ab, cd),
		.ttl = PAIRS_HIGH(ab, cd),
		.source = PAIRS_LOW(ab_high, cd_high),
		.destination = PAIRS_HIGH(ab_high, cd_high),
	};
}

static __rte_always_inline uint32_t load_word(const void *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

#define EIGHT(of) ((words8){of(0), of(1), of(2), of(3), of(4), of(5), of(6), of(7)})

static __rte_always_inline words8 halves_of(words8 words)
{
	return (words & 0xffff) + (words >> 16);
}

/* The 20 bytes sum up to 0xffff (RFC 1071 1), which ten halves do when one folding makes it so. */
static __rte_always_inline words8 sums_wrongly(words8 first, const struct turned *turned)
{
	words8 sum = halves_of(first) + halves_of(turned->fragment) + halves_of(turned->ttl) +
		     halves_of(turned->source) + halves_of(turned->destination);

	return (words8)(halves_of(sum) != 0xffff);
}

/* Addresses that are never routed, or none of a host: 0/8, 127/8, 169.254/16, 224/4 and above. By
 * their first two octets. */
static __rte_always_inline words8 is_odd_address(words8 source, words8 destination)
{
	signed16 octets = (signed16)((source & 0xffff) | destination << 16), first = octets & 0xff;

	return (words8)((first == 0) | (first == 127) | (first > 223) |
			(octets == (int16_t)0xfea9));
}

/* One of the interface's own addresses as destination, its broadcast address as either. */
static __rte_always_inline words8 is_of_link(
	const struct interface *const *ins, const struct turned *turned)
{
#define OWN(i) ins[i]->address4
#define BROADCAST(i) ins[i]->broadcast4
	words8 own = EIGHT(OWN), broadcast = EIGHT(BROADCAST);
#undef OWN
#undef BROADCAST

	return (words8)((turned->destination == own) | (turned->destination == broadcast) |
			(turned->source == broadcast));
}

static __rte_always_inline words8 swap_bytes(words8 words)
{
	typedef uint8_t bytes32 __attribute__((vector_size(32)));

	return (words8)__builtin_shufflevector((bytes32)words, (bytes32)words, 3, 2, 1, 0, 7, 6, 5,
		4, 11, 10, 9, 8, 15, 14, 13, 12, 19, 18, 17, 16, 23, 22, 21, 20, 27, 26, 25, 24, 31,
		30, 29, 28);
}

/* Eight packets of the lane, from `at` on: sets bytes and addresses4. All ones: not plain, and what
 * was set means nothing, but bytes are the frame's still. */
static __rte_always_inline words8 ingress_eight_are_odd(struct lane *lane, unsigned int at)
{
	uint8_t *const *ips = &lane->ips[at];
	struct turned turned = turn_rows(ips);
#define FIRST(i) load_word(ips[i])
	words8 first = EIGHT(FIRST), bytes, available, addresses, odd;
#undef FIRST

	memcpy(&available, &lane->bytes[at], sizeof(available));
	/* Version 4, five words of header; the length in the upper half of the word. */
	bytes = swap_bytes(first) & 0xffff;
	odd = (words8)((first & 0xff) != 0x45) | (words8)(bytes < IPV4_HEADER_BYTES) |
	      (words8)(bytes > available);
	odd |= sums_wrongly(first, &turned) | is_odd_address(turned.source, turned.destination);
	odd |= is_of_link(&lane->ins[at], &turned);
	bytes = (bytes & ~odd) | (available & odd);
	addresses = swap_bytes(turned.destination);
	memcpy(&lane->bytes[at], &bytes, sizeof(bytes));
	memcpy(&lane->addresses4[at], &addresses, sizeof(addresses));
	return odd;
}

static __rte_always_inline bool is_any(words8 words)
{
	typedef uint64_t longs4 __attribute__((vector_size(32)));
	longs4 longs = (longs4)words;

	return (longs[0] | longs[1] | longs[2] | longs[3]) != 0;
}

/* True: some are not plain, and odd[] is not 0 for these. */
static inline bool ingress_odd_ipv4(struct lane *lane, uint32_t odd[BURST_MAX + LANE_STEP])
{
	unsigned int n = lane->count;
	words8 any = {0};

	for (unsigned int i = n; i % LANE_STEP != 0; i++)
		lane_put(lane, i, NULL, lane->ins[n - 1], lane->ips[n - 1], lane->bytes[n - 1]);
	for (unsigned int i = 0; i < n; i += LANE_STEP) {
		words8 eight = ingress_eight_are_odd(lane, i);

		memcpy(&odd[i], &eight, sizeof(eight));
		any |= eight;
	}
	for (unsigned int i = 0; i < n; i++) {
		lane->fibs[i] = vrf_fib4(lane->ins[i]->vrf);
		rte_prefetch0(lane->fibs[i]);
	}
	return unlikely(is_any(any));
}
