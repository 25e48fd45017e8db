/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests for failure tests of links.
 */
#pragma once

#include <jansson.h>

#include "control/server/requests.h"
#include "control/server/views.h"

/* {"request": "test", "link": NAME, "seconds": 0..86400 (0: end it), "force": BOOL}: {"link",
 * "seconds"}, or an error. bgp: whether the other link could take the traffic. */
json_t *link_tests_request(
	struct office *office, const json_t *request, const struct bgp_answers *bgp);
