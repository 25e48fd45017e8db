/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What may be announced on a public peering, and what is said on one. FRR's policies enforce it
 * (control/routing/frr_public.c); this is the rule in one place, and why a route was refused. Pure
 * functions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/model/plan.h"

/* Of a route that a customer announces: more-specific ones of a validated prefix are taken up to
 * this length. */
uint8_t public_longest(uint8_t family);

/* 64512-65534 and 4200000000-4294967294 (RFC 6996). */
bool asn_is_private(uint32_t asn);

#define PUBLIC_REFUSAL_MAX 256

/* Why a route with this AS path ("65001 65010") is not taken in the domain, which has links: into
 * text, returned; NULL: it is. */
const char *public_refusal(const struct plan_domain *domain, const struct ip *prefix,
	const char *as_path, char text[PUBLIC_REFUSAL_MAX]);
