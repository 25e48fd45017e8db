/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `onramp show paths` and `show groups` say, from dumps of the dataplane.
 */
#pragma once

#include <jansson.h>

#include "control/cli/dataplane.h"

/* Dumps are sorted by id, as they come. */
struct liveness {
	struct dump groups, adjacencies, interfaces, paths;
};

/* link, family, peer, state, causes, last_cause, changed_us (CLOCK_MONOTONIC), age_s, changes,
 * groups (that have it), used (that use it). now_us: CLOCK_MONOTONIC. */
json_t *path_rows(const struct liveness *liveness, uint64_t now_us);

/* group, members: [{link, neighbour, state, causes, used}], used: the links its packets take */
json_t *group_rows(const struct liveness *liveness);
