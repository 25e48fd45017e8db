/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What would become of a packet (dataplane/api/explain.h): the stages of pipeline.c one by one,
 * without what they do to packets, counters, policers and budgets. tests/pipeline/explain.c holds
 * the two against each other.
 */
#pragma once

#include "dataplane/api/api.h"

/* Main thread, now: TSC, for the policers' credit. 0, -EINVAL (frame_bytes beyond the largest
 * frame), -ENOENT (no such port). */
int explain_packet(
	const struct api_explain *request, uint64_t now, struct api_explanation *explanation);
