/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looks at all links at even times: counters and peaks from the dataplane (by a connection of its
 * own, that a long batch does not hold up), neighbours from the kernel, sessions from bgpd. Where
 * the dataplane is away there is no look, and so a gap. Event loop only.
 */
#pragma once

#include <event2/event.h>

#include "control/sync/sync.h"
#include "control/usage/history.h"

#define SAMPLE_INTERVAL_S 10u

struct sampler;

struct sampler_options {
	const char *run_dir;
	unsigned int interval_s; /* minutes are multiples of it */
};

/* history outlives it. NULL: no memory. */
struct sampler *sampler_open(struct event_base *base, const struct sampler_options *options,
	struct sync *sync, struct history *history);
void sampler_close(struct sampler *sampler);
