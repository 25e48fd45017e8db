/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `show` tells of rates and usage, from the history.
 *   "rates", "address": NAME, "from": S   -> {"rows": history_rates()}
 *   "usage", "circuit": NAME or none, "from": S, "to": S   -> {"rows": history_usage()}
 *   "records", the same, "after_circuit", "after_number"
 *        -> {"lines": history_records(), at most "limit"}: the next ones are behind the last
 *   "usage-verify", "after_circuit", "after_number"   -> history_verify() of the next ones
 */
#pragma once

#include "control/server/requests.h"

/* NULL: what is none of these. */
json_t *usage_reply(struct office *office, const char *what, const json_t *request);
