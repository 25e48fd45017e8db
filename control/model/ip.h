/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arithmetic on addresses and prefixes of either family. Pure functions.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/model/site.h"

enum ip_use {
	IP_USE_PUBLIC,  /* may stand anywhere */
	IP_USE_PRIVATE, /* not on the Internet: refused on public peerings */
	IP_USE_NEVER,   /* no unicast address of a link: loopback, multicast, ... */
};

/* "192.0.2.1", "2001:db8::/64"; without a length the family's full one. 0 or -EINVAL. */
int ip_parse(const char *text, struct ip *ip);
/* 32 or 128. */
uint8_t ip_full_length(uint8_t family);
bool ip_host_bits_zero(const struct ip *prefix);
/* The same address with the bits behind prefix_len cleared. */
struct ip ip_network(const struct ip *ip);
/* Does outer hold every address of inner? False for different families. */
bool ip_contains(const struct ip *outer, const struct ip *inner);
bool ip_overlaps(const struct ip *a, const struct ip *b);
/* base + n, with the given length. */
struct ip ip_add(const struct ip *base, uint64_t n, uint8_t prefix_len);
/* The n-th part of block when it is cut into prefixes of part_length. */
struct ip ip_part(const struct ip *block, uint64_t n, uint8_t part_length);
/* What a prefix is for; name (may be NULL) gets the range's name, such as "RFC 1918 private". */
enum ip_use ip_use(const struct ip *prefix, const char **name);
const char *ip_family_name(uint8_t family);
