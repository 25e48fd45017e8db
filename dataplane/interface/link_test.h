/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Failure tests: for a while a link is silent as if it were cut, both ways, control packets
 * included. What detects silence (BFD) must find out by itself; a path that
 * nobody watches is taken out of use at once. The deadline is kept here, so that a test ends though
 * control is gone.
 *
 * The common packet pays nothing: while a test runs the interface names a policer that is closed,
 * and nothing fits its neighbours' MTU, so that its packets go the careful way, which knows why.
 * Main thread only. now_us: CLOCK_MONOTONIC, microseconds.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/api/api.h"

/* Does somebody notice by himself when this peer is silent? Main: bfd_watches(). */
typedef bool (*link_test_watched)(uint32_t interface, uint8_t family, const uint8_t peer[16]);

/* Begins a test, or gives a running one another deadline, or with 0 seconds ends it. 0, -EINVAL
 * (interface, seconds), -ENOENT (no such interface), -ENOMEM. */
int link_test_upsert(
	const struct api_link_test *api, uint64_t now_us, link_test_watched is_watched);
/* Ends the interface's test, if there is one. */
int link_test_delete(uint32_t interface, uint64_t now_us);
/* Each test that ran since its interface is there, in dump's form. */
bool link_test_next(uint32_t after, uint64_t now_us, struct api_link_test *api);

/* At each turn: measures, and ends what is due. True: tests are running; measurements are as fine
 * as the turns. */
bool link_test_run(uint64_t now_us);

/* The next interface whose test began, or ended, since it was last asked about. */
bool link_test_next_news(uint32_t *interface, bool *began);

/* Is one running there? Asked when the interface's struct is built. */
bool link_test_cuts(uint32_t interface);
/* The interface goes, and what was measured with it. */
void link_test_forget(uint32_t interface);
