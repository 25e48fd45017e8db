/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The steps of a traced packet's way.
 */
#pragma once

#include "control/cli/capture.h"

/* An array of {step, verdict, why}, first to last. verdict: "ok", "punt", or the name of a drop
 * reason, which is the last one's. */
json_t *trace_steps(const struct trace_names *names, const struct api_captured *captured);
