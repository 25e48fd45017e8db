/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The time that only goes forward, for what people read and for deadlines of main.
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
