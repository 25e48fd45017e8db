/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A capture of the packets of some links (dataplane/api/capture.h). An interface that is watched
 * says so in its struct, and while it does none of its packets is plain: it names a closed policer,
 * and nothing fits its neighbours' MTU, as in a failure test (link_test.h). The careful steps copy
 * its packets into a ring of the worker's (pipelines/observe.h), from which main takes them.
 * Packets of other interfaces pay nothing.
 *
 * interface->watched is the number of the capture that watches it, so that a worker which still has
 * an interface of the last capture in hand says nothing to the next.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/api/api.h"
#include "dataplane/interface/capture_ring.h"

/* What a worker writes, its alone; main reads lost. */
struct capture_part {
	uint64_t lost[API_INTERFACES_MAX];
	struct capture_ring ring;
};

/* Immutable, but for its parts, from the moment that main published it. */
struct capture {
	struct api_capture request;
	uint32_t number;
	unsigned int workers;
	struct capture_part *parts; /* one for each worker */
};

/* A record in a ring; the frame's bytes follow. */
struct capture_record {
	uint32_t epoch; /* of the interface */
	uint32_t reserved;
	struct api_captured about; /* time_ns: the worker's TSC still */
};

extern struct capture *capture_running; /* NULL: none is */

/* Worker: the capture that the interface is watched by, valid to the end of the burst. NULL: none
 * any more. number: interface->watched, not 0. */
static inline struct capture *capture_get(uint32_t number)
{
	struct capture *capture = __atomic_load_n(&capture_running, __ATOMIC_ACQUIRE);

	return capture != NULL && capture->number == number ? capture : NULL;
}

/* ---- main ---- */

/* Begins one. 0, -EINVAL (a field is out of range), -EBUSY (another one runs), -ENOENT (no link is
 * called so), -ENOMEM. now_us: CLOCK_MONOTONIC. */
int capture_start(const struct api_capture *request, unsigned int workers, uint64_t now_us);
/* From now on nothing more is copied; what waits can still be taken. */
void capture_close(uint64_t now_us);
/* Ends it, if there is one; what waits is gone. */
void capture_stop(void);
/* It was closed, has all that it wanted, or its time is over. *over_us: since when. */
bool capture_is_over(uint64_t now_us, uint64_t *over_us);

enum capture_item { CAPTURE_NONE, CAPTURE_LINK, CAPTURE_PACKET };

/* What comes next: a link that has not been named yet, or the oldest packet that waits, its bytes
 * valid until the next call. */
enum capture_item capture_next(
	struct api_capture_link *link, struct api_captured *captured, const uint8_t **frame);
/* Of the next interface after `after` that had packets, told or lost. */
bool capture_next_count(uint32_t after, struct api_capture_count *count);

/* The number of the capture that watches such a link, 0: none. Asked when its struct is built. */
uint32_t capture_watch(const struct api_interface *api);
