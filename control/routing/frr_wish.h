/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What one routing domain wants of bgpd, staticd and bfdd, as configuration blocks. Pure functions.
 *
 * What we originate is marked by a large community of our own (ASN:0:1) that its `network`
 * statement sets, the policy out asks for and takes off, and the policy in takes off what a
 * neighbour sends: so nothing that was learned in a domain is ever announced in it.
 */
#pragma once

#include "control/routing/frr.h"
#include "control/routing/frr_config.h"

struct frr_wish {
	struct config_block *bgp;    /* NULL: no session in this domain */
	struct config_block *routes; /* static ones; NULL: none */
	struct config_block **maps;  /* route-maps the announcements use, sorted by head */
	size_t map_count;
	struct config_block *profiles[LINKS]; /* of BFD, that the links use; NULL: none */
};

/* 0 or -ENOMEM. wish is to be freed with frr_wish_free either way. */
int frr_wish_build(struct frr_wish *wish, const struct site *site, const struct frr_domain *domain);
void frr_wish_free(struct frr_wish *wish);

/* The policies and lists that all domains share. each() is given a reference. 0 or -ENOMEM. */
int frr_wish_shared(
	uint32_t asn, void (*each)(struct config_block *block, void *context), void *context);

/* Of everything frr_wish_build looks at: equal when the wish would be. */
uint64_t frr_wish_hash(const struct site *site, const struct frr_domain *domain);

/* "65001:2 no-export 65001:1" as FRR writes it: ascending, each once, the known ones by name.
 * Large communities (with two colons) go to large, as they are. -EINVAL: not communities. */
int frr_canonical_communities(
	const char *text, char *standard, size_t standard_size, char *large, size_t large_size);
