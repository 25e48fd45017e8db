/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Why a route is in a routing domain: which part of the configuration let it in. Pure functions of
 * the plan.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "control/model/plan.h"

enum route_source {
	ROUTE_CONNECTED, /* a subnet of one of the domain's links */
	ROUTE_LOCAL,     /* an address of the edge's own */
	ROUTE_NEIGHBOUR, /* a resolved neighbour on a link */
	ROUTE_STATIC,
	ROUTE_BGP,
};

/* A route to prefix in the plan's domain; from: the domain that it is leaked from, or -1: its own.
 * "validated prefix 198.51.100.0/24", "connection contoso - blue", ...: into text, returned. NULL:
 * nothing in the plan lets it in (any more). */
const char *route_reason(const struct plan *plan, unsigned int domain, int from,
	const struct ip *prefix, enum route_source source, char *text, size_t size);

/* The connection that makes routes of one domain appear in the other, either way; NULL: there is
 * none. */
const struct plan_connection *plan_find_connection(
	const struct plan *plan, unsigned int a, unsigned int b);
