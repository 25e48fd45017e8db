/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests to take links out of use, and the list of those that are, kept in STATE_DIR/drained
 * (a name a line), so that a restart of control does not bring a link back that somebody works on.
 */
#pragma once

#include <jansson.h>

#include "control/server/requests.h"
#include "control/server/views.h"

/* At start: links that were drained stay it. 0 or -errno, logged. */
int drains_load(const char *state_dir, struct sync *sync);

/* Is the link out of use, or on its way there? */
bool drains_has(const struct office *office, const char *link);

/* {"request": "drain"|"undrain", "link": NAME, "force": BOOL}. bgp: whether the other link could
 * take the traffic; not needed for undrain. A row of view_drains, or an error. */
json_t *drains_request(struct office *office, const json_t *request, const struct bgp_answers *bgp);
