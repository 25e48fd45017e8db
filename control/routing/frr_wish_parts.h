/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files share that write FRR's configuration for a domain (frr_wish.c, frr_sessions.c,
 * frr_policies.c): text as FRR writes it, and hashes that name what is equal. Not for others.
 */
#pragma once

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "control/routing/frr.h"
#include "control/routing/frr_config.h"

#define HASH_FIRST 0xcbf29ce484222325u

static inline uint64_t hash_more(uint64_t hash, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ at[i]) * 0x100000001b3u; /* FNV-1a */
	return hash;
}

static inline uint64_t hash_text(uint64_t hash, const char *text)
{
	return hash_more(hash, text, strlen(text) + 1);
}

static inline void address_text(const struct ip *ip, char text[INET6_ADDRSTRLEN])
{
	inet_ntop(ip->family, ip->address, text, INET6_ADDRSTRLEN);
}

/* As FRR writes it: host bits clear, the length always there. */
static inline void prefix_text(const struct ip *prefix, char *text, size_t size)
{
	struct ip masked = *prefix;
	char address[INET6_ADDRSTRLEN];

	for (unsigned int bit = prefix->prefix_len; bit < 128; bit++)
		masked.address[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	address_text(&masked, address);
	snprintf(text, size, "%s/%u", address, prefix->prefix_len);
}

static inline enum config_section section_of(const struct ip *ip)
{
	return ip->family == AF_INET ? SECTION_IPV4 : SECTION_IPV6;
}

struct frr_wish;

/* ---- frr_public.c ---- */
#define FRR_POLICY_NAME_MAX 32
/* The policy of what comes in on a link of a domain that does not take everything. */
void frr_accept_name(const struct frr_domain *domain, uint32_t asn, unsigned int link,
	uint8_t family, char name[FRR_POLICY_NAME_MAX]);
/* Those policies, and what they lean on, into wish->maps, which has room for as many blocks as the
 * other one says. 0 or -ENOMEM. */
int frr_add_accept(struct frr_wish *wish, const struct frr_domain *domain, uint32_t asn);
size_t frr_accept_blocks(const struct plan_domain *domain);
/* Of what RPKI says of a domain's routes; family 0: both. */
uint64_t frr_hash_rules(uint64_t hash, const struct peering_validation *validation, uint8_t family);

/* ---- frr_sessions.c ---- */
/* The domain's BGP instance without its announcements; NULL: no memory. */
struct config_block *frr_instance(uint32_t asn, const struct frr_domain *domain);
bool frr_has_session(const struct plan_domain *domain);
/* The profile of the link's BFD sessions, named by what it says, so that its content never changes.
 * *profile NULL: no BFD. 0 or -ENOMEM. */
int frr_bfd_profile(const struct plan_link *link, struct config_block **profile);
