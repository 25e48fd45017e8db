/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What control knows of routes that were read from the dataplane: asked for a page at a time, while
 * they come. Without control they are shown as they are.
 */
#pragma once

#include "control/cli/routes.h"

#define ROUTE_PAGE 512u /* what control answers at once */

struct route_details {
	const struct cli *cli;
	bool away; /* control did not answer, which was reported; it is not asked again */
};

/* A row for each of the routes, in their order; NULL: control is away. */
json_t *route_details_ask(struct route_details *details, const struct routes *routes,
	const struct api_route *page, size_t count);
