/* SPDX-License-Identifier: BSD-3-Clause */
/* A full Internet table for tests and benchmarks: from ONRAMP_DATA or ../shared/data beside the
 * source; a clone that has neither generates one with the same number of prefixes of each length.
 */
#pragma once

#include "dataplane/fib/key.h"

struct prefixes {
	enum fib_family family;
	uint32_t count;
	const char *source; /* a file's name, or "generated" */
	fib_key *keys;
	uint8_t *lengths;
};

/* In the order of the file. Exits the program when it cannot. */
void prefixes_obtain(struct prefixes *prefixes, enum fib_family family);
/* Into random order, repeatably. */
void prefixes_shuffle(struct prefixes *prefixes);
void prefixes_free(struct prefixes *prefixes);
