/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tables for the tests and the fuzzer of the server that need no EAL: they keep what they are told
 * and its mark, and note in which order they are swept.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/api/api.h"

#define FAKE_IDS 512u
#define FAKE_FRAME_BYTES 1000u /* of each captured packet */

struct fakes {
	char calls[64]; /* r g a h i v l p: sweeps; c: commit; o: ports opened; d: group deleted */
	unsigned int call_count;
	unsigned int startups;
	int startup_error; /* what startup_run is to return */
	int commit_error;
	int upsert_error;        /* what every upsert is to return */
	uint32_t virtual_routes; /* rows of a route dump that are made up */
	int taps[FAKE_IDS];      /* by interface; -1: none */
	enum { FAKE_CAPTURE_NONE, FAKE_CAPTURE_RUNS, FAKE_CAPTURE_CLOSED } capture;
	unsigned int captured;    /* items of it that wait: links and packets in turn */
	uint64_t capture_over_us; /* for how long it has been over */
};

extern struct fakes fakes;

/* Forgets everything, closes TAPs. */
void fakes_reset(void);
unsigned int fakes_count(enum api_object object);
bool fakes_has(enum api_object object, uint32_t id);
