/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DUMP: rows made a message at a time, as the reader takes them. Cursors name the last object
 * given, so that a dump survives changes between two steps. Main thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/api/stream.h"
#include "dataplane/vrf/vrf.h"

struct dump {
	bool active;
	bool finished;     /* the tables have no more; cursors must not be asked again */
	uint32_t sequence; /* of the request */
	uint32_t object;
	uint32_t count; /* rows given */
	uint32_t phase; /* of dumps that go over several tables */
	uint32_t after; /* last id given, or next index */
	struct route_cursor route;
};

/* Starts one; a request that cannot be served gets its DUMP_END at once. 0 or -errno of the
 * stream. */
int dump_start(struct dump *dump, uint32_t sequence, const struct api_dump *request,
	struct stream *stream);

/* Appends the next ROWS message, or DUMP_END, after which the dump is not active. 0 or -errno of
 * the stream. */
int dump_step(struct dump *dump, struct stream *stream);
