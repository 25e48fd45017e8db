/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The clock of times in the API: it only goes forward, and is the same for all of this machine.
 */
#pragma once

#include <stdint.h>
#include <time.h>

static inline uint64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
