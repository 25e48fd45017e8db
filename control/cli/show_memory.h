/* SPDX-License-Identifier: BSD-3-Clause */
/* The consumers of the dataplane's memory as rows. */
#pragma once

#include <jansson.h>

#include "control/cli/dataplane.h"

/* From dumps of API_MEMORY and API_VRF: one row a consumer, biggest first, routing domains split
 * into FIB and RIB. */
json_t *memory_rows(const struct dump *memory, const struct dump *vrfs);
/* The sum, for the end of a table. */
json_t *memory_total(const json_t *rows);
