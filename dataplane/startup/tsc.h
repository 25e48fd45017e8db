/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How fast the time-stamp counter runs, against the system's clock. DPDK's rte_get_tsc_hz() is
 * rounded to 10 MHz: up to 0.25 % wrong at 2 GHz, and every circuit would be as much wider or
 * narrower than it is sold. Any thread.
 */
#pragma once

#include <stdint.h>

/* One moment on both clocks. */
struct tsc_moment {
	uint64_t tsc;
	uint64_t ns; /* CLOCK_MONOTONIC, which is kept in step with the time of day */
};

/* Now, as of the best of some readings: an interruption between the two clocks would count. */
struct tsc_moment tsc_moment(void);

/* The later of two moments is at least TSC_SPAN_NS after the earlier one, or waited for. */
#define TSC_SPAN_NS UINT64_C(100000000)
struct tsc_moment tsc_moment_after(const struct tsc_moment *earlier);

/* Cycles a second from what passed between two moments. `rounded` (what DPDK says) is returned
 * where that differs from it by more than 1 %: then one of the clocks jumped, as in a machine that
 * was suspended or moved to another host. */
uint64_t tsc_hz(const struct tsc_moment *earlier, const struct tsc_moment *later, uint64_t rounded);
