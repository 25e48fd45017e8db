/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `onramp link test` and `show tests` make of arguments and of what the dataplane measured.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "control/cli/dataplane.h"

/* "90s", "10m", "2h": 1 s to 24 h. */
bool link_test_duration(const char *text, uint32_t *seconds);

/* link, state, seconds, left_s, age_s, lasted_s, loss_in_ms, loss_out_ms, moved_ms (null: traffic
 * did not leave it), lost_in, lost_out, lost_control: packets. From dumps of API_LINK_TEST and
 * API_INTERFACE. */
json_t *link_test_rows(const struct dump *tests, const struct dump *interfaces);
