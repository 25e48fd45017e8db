/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which tags the frames had that a port received and no interface has: the kinds that came last,
 * so that an operator sees what a router sends instead of what was agreed on.
 *
 * Each worker notes what it received itself, main reads: words that are stored whole. While a kind
 * moves to the front a reader may miss one, never see one that was not.
 */
#pragma once

#include <rte_common.h>

#include "dataplane/api/api.h"

/* Of one worker and port; all zero: nothing came. */
struct unknown_tags {
	uint64_t latest[API_TAGS_KEPT];
} __rte_cache_aligned;

/* Worker: a frame of at least an Ethernet header. */
void unknown_tags_note(struct unknown_tags *tags, const uint8_t *frame, uint16_t length);

/* Main thread: adds what a worker noted to the kinds in rows, of which there are `count`. Returns
 * how many there are now. */
unsigned int unknown_tags_add(
	const struct unknown_tags *tags, struct api_tags rows[API_TAGS_KEPT], unsigned int count);
