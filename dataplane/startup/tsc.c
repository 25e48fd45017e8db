/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/startup/tsc.h"

#include <errno.h>
#include <time.h>

#include <rte_cycles.h>

#define READINGS 16u

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

struct tsc_moment tsc_moment(void)
{
	struct tsc_moment best = {0};
	uint64_t shortest = UINT64_MAX;

	for (unsigned int i = 0; i < READINGS; i++) {
		uint64_t before = rte_rdtsc(), ns = monotonic_ns(), after = rte_rdtsc();

		if (after - before >= shortest)
			continue;
		shortest = after - before;
		best = (struct tsc_moment){.tsc = before + shortest / 2, .ns = ns};
	}
	return best;
}

struct tsc_moment tsc_moment_after(const struct tsc_moment *earlier)
{
	uint64_t end = earlier->ns + TSC_SPAN_NS;
	struct timespec until = {.tv_sec = end / NS_PER_S, .tv_nsec = end % NS_PER_S};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
	return tsc_moment();
}

uint64_t tsc_hz(const struct tsc_moment *earlier, const struct tsc_moment *later, uint64_t rounded)
{
	uint64_t ns = later->ns - earlier->ns, hz;

	if (ns == 0)
		return rounded;
	hz = (unsigned __int128)(later->tsc - earlier->tsc) * NS_PER_S / ns;
	return hz < rounded - rounded / 100 || hz > rounded + rounded / 100 ? rounded : hz;
}
