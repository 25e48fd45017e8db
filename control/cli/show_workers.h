/* SPDX-License-Identifier: BSD-3-Clause */
/* What two readings of a worker say. */
#pragma once

#include <jansson.h>

#include "dataplane/api/api.h"

/* Counters are those of after; what is a rate or an average is of the time in between, null where
 * nothing happened. */
json_t *worker_row(const struct api_worker *before, const struct api_worker *after);
