/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Printing routes as they come: a million of them are never held in memory. What a route points
 * at (domains, groups, adjacencies, links) is read first; few texts serve many routes.
 */
#pragma once

#include <jansson.h>

#include "control/cli/dataplane.h"

struct routes;

/* From dumps of API_VRF, API_INTERFACE, API_ADJACENCY and API_GROUP, which must outlive it and may
 * be sorted. NULL: no memory. */
struct routes *routes_new(const struct cli *cli, const struct dump *vrfs, struct dump *interfaces,
	struct dump *adjacencies, struct dump *groups);
void routes_free(struct routes *routes);

/* The heading, or "[". detailed: with what control knows. */
void routes_begin(struct routes *routes, bool detailed);

/* One route, and what control knows of it: a row of view_route_details (control/server/views.h),
 * or NULL. false: its group or domain is newer than the dumps; nothing was printed. */
bool routes_print(struct routes *routes, const struct api_route *route, const json_t *details);

/* [domain, prefix, origin, leaked_from] for control; NULL: the domain is newer than the dumps. */
json_t *routes_question(const struct routes *routes, const struct api_route *route);

/* Goes on where another one, of older dumps, stopped: same widths, same list. */
void routes_continue(struct routes *routes, const struct routes *older);

/* "]", or "none" when there was nothing. */
void routes_end(struct routes *routes);

/* Is the domain one that operand means? Its name, CIRCUIT/PEERING, or its owner's name. */
bool domain_matches(const char *operand, const char *domain);

/* What becomes of packets of a group, in one word. */
const char *route_target_name(uint32_t group);
/* Of enum api_route_origin. */
const char *route_origin_name(uint8_t origin);
