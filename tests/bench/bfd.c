/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What BFD sessions cost and how well they keep time: the bfd thread with its rings, against a
 * second engine in this process as all its peers. Prints one object of JSON.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/dataplane/bfd_peers.h"

#define S UINT64_C(1000000)

static int usage(void)
{
	fputs("usage: bench-bfd [--sessions N] [--interval-ms N] [--multiplier N] [--seconds N]\n",
		stderr);
	return 2;
}

/* Returns 0, or 2 for a wrong option. */
static int parse(int argc, char **argv, struct peers_wish *wish, unsigned int *seconds)
{
	static const struct option options[] = {
		{"sessions", required_argument, NULL, 's'},
		{"interval-ms", required_argument, NULL, 'i'},
		{"multiplier", required_argument, NULL, 'm'},
		{"seconds", required_argument, NULL, 't'},
		{0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 's')
			wish->sessions = strtoul(optarg, NULL, 10);
		else if (option == 'i')
			wish->interval_us = strtoul(optarg, NULL, 10) * 1000;
		else if (option == 'm')
			wish->multiplier = strtoul(optarg, NULL, 10);
		else if (option == 't')
			*seconds = strtoul(optarg, NULL, 10);
		else
			return usage();
	}
	return wish->sessions == 0 || wish->sessions > BFD_SESSIONS_MAX || *seconds == 0 ? usage()
											 : 0;
}

/* The interval, in percent of nominal, that this share of all is not longer than. */
static unsigned int percentile(const struct peers_seen *seen, double share)
{
	uint64_t total = 0, sum = 0;
	unsigned int percent = 0;

	for (unsigned int i = 0; i < PEERS_PERCENT_MAX; i++)
		total += seen->intervals[i];
	while (percent < PEERS_PERCENT_MAX - 1 &&
		(sum += seen->intervals[percent]) < (uint64_t)(total * share))
		percent++;
	return percent;
}

int main(int argc, char **argv)
{
	struct peers_wish wish = {4000, 300000, 3};
	unsigned int seconds = 20;
	struct peers_seen seen;
	uint64_t up_us;
	double cpu_s;

	if (parse(argc, argv, &wish, &seconds) != 0)
		return 2;
	if (peers_start(&wish) != 0) {
		fputs("the bfd thread did not start\n", stderr);
		return 1;
	}
	up_us = peers_run_until(BFD_UP, 60 * S);
	if (up_us == UINT64_MAX) {
		fputs("not all sessions came up in a minute\n", stderr);
		return 1;
	}
	/* Until poll sequences are over and timers are as negotiated. */
	peers_run_for(3 * S);
	peers_measure();
	cpu_s = peers_thread_cpu_s();
	peers_run_for(seconds * S);
	cpu_s = peers_thread_cpu_s() - cpu_s;
	seen = peers_seen();
	printf("{\"sessions\": %u, \"interval_us\": %u, \"multiplier\": %u, \"seconds\": %u, "
	       "\"up_ms\": %.1f, \"core_pct\": %.1f, \"false_downs\": %u, \"packets\": %lu, "
	       "\"tx_interval_pct\": {\"min\": %.1f, \"p1\": %u, \"p50\": %u, \"p99\": %u, "
	       "\"p999\": %u, \"max\": %.1f}, "
	       "\"late_max_us\": %u}\n",
		wish.sessions, wish.interval_us, wish.multiplier, seconds, up_us / 1e3,
		100 * cpu_s / seconds, seen.flaps, seen.packets,
		100.0 * seen.interval_min_us / wish.interval_us, percentile(&seen, 0.01),
		percentile(&seen, 0.5), percentile(&seen, 0.99), percentile(&seen, 0.999),
		100.0 * seen.interval_max_us / wish.interval_us, seen.late_max_us);
	peers_stop();
	return seen.flaps == 0 ? 0 : 1;
}
