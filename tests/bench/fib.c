/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Longest-prefix match by itself: cycles of a look-up in bulk beside rte_lpm's in interleaved
 * runs, bytes, speed of updates, and 10,000 domains. One JSON object a line.
 *
 * usage: fib fib|vrf-scale [--quick]
 */
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>

#include "dataplane/worker/reclaim.h"
#include "tests/bench/fib_bench.h"

bool quick;
unsigned int runs = 9;
cpu_set_t bench_other_cpus;

/* splitmix64 */
uint64_t bench_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint32_t bench_group(uint32_t i)
{
	return 16 + i * 7919u % 4001;
}

int bench_add(struct fib *fib, const struct prefixes *prefixes, uint32_t i, uint32_t group)
{
	struct fib_route route = {.group = group, .origin = 4, .mark = 1};
	uint8_t address[16];

	fib_key_store(prefixes->keys[i], address);
	return fib_add(fib, address, prefixes->lengths[i], &route, NULL);
}

struct fib *bench_load(const struct prefixes *prefixes, uint32_t batch, double *seconds)
{
	struct fib *fib = fib_create(prefixes->family, 4u << 20);
	double start = measure_seconds();

	REQUIRE(fib != NULL);
	for (uint32_t i = 0; i < prefixes->count; i++) {
		REQUIRE(bench_add(fib, prefixes, i, bench_group(i)) == 0);
		if (i % batch == batch - 1)
			REQUIRE(fib_commit(fib) == 0);
	}
	REQUIRE(fib_commit(fib) == 0);
	if (seconds != NULL)
		*seconds = measure_seconds() - start;
	return fib;
}

fib_key bench_within(const struct prefixes *prefixes, uint32_t i, uint64_t *random)
{
	uint64_t high = bench_random(random);
	fib_key any = fib_key_make(high, bench_random(random));

	return prefixes->keys[i] | (any & fib_key_host_bits(prefixes->lengths[i]));
}

void stream_create(struct stream *stream, enum fib_family family, uint32_t count)
{
	*stream = (struct stream){.family = family,
		.count = count,
		.addresses4 = calloc(count, sizeof(*stream->addresses4)),
		.addresses6 = calloc(count, sizeof(*stream->addresses6)),
		.fibs = calloc(count, sizeof(*stream->fibs))};
	REQUIRE(count % BURST == 0);
	REQUIRE(stream->addresses4 != NULL && stream->addresses6 != NULL && stream->fibs != NULL);
}

void stream_set(struct stream *stream, uint32_t i, const struct fib *fib, fib_key key)
{
	stream->fibs[i] = fib;
	stream->addresses4[i] = (uint32_t)(key >> 96);
	fib_key_store(key, stream->addresses6[i]);
}

void stream_free(struct stream *stream)
{
	free(stream->addresses4);
	free(stream->addresses6);
	free(stream->fibs);
}

double stream_cycles(const struct stream *stream)
{
	uint32_t groups[BURST], sum = 0;
	uint64_t start = rte_rdtsc_precise();

	for (uint32_t i = 0; i < stream->count; i += BURST) {
		if (stream->family == FIB_IPV4)
			fib_lookup4_bulk(stream->fibs + i, stream->addresses4 + i, groups, BURST);
		else
			fib_lookup6_bulk(stream->fibs + i,
				(const uint8_t(*)[16])stream->addresses6 + i, groups, BURST);
		sum += groups[0] + groups[BURST - 1];
	}
	__asm__ volatile("" : : "r"(sum));
	return (double)(rte_rdtsc_precise() - start) / stream->count;
}

/* Hugepages where there are enough: rte_lpm's table is 64 MiB of random accesses. */
static void eal_start(void)
{
	char *huge[] = {"fib", "--in-memory", "--no-pci", "-m", "256", "-l", "0", "--log-level",
		"3", "--no-telemetry"};
	char *small[] = {"fib", "--no-huge", "--no-shconf", "--no-pci", "-m", "256", "-l", "0",
		"--log-level", "3", "--no-telemetry"};
	FILE *file = fopen("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "r");
	unsigned long free_pages = 0;
	int error, cpu;

	REQUIRE(sched_getaffinity(0, sizeof(bench_other_cpus), &bench_other_cpus) == 0);
	if (file != NULL) {
		if (fscanf(file, "%lu", &free_pages) != 1)
			free_pages = 0;
		fclose(file);
	}
	if (free_pages >= 160)
		error = rte_eal_init(sizeof(huge) / sizeof(huge[0]), huge);
	else
		error = rte_eal_init(sizeof(small) / sizeof(small[0]), small);
	REQUIRE(error >= 0);
	cpu = sched_getcpu();
	REQUIRE(cpu >= 0);
	CPU_CLR(cpu, &bench_other_cpus);
	fprintf(stderr, "rte_lpm's table lies in %s\n",
		free_pages >= 160 ? "hugepages" : "4 KiB pages: too few hugepages are free");
}

int main(int argc, char **argv)
{
	quick = argc == 3 && strcmp(argv[2], "--quick") == 0;
	if (argc < 2 || argc > 3 || (argc == 3 && !quick) ||
		(strcmp(argv[1], "fib") != 0 && strcmp(argv[1], "vrf-scale") != 0)) {
		fprintf(stderr, "usage: fib fib|vrf-scale [--quick]\n");
		return 2;
	}
	setlinebuf(stdout);
	if (quick)
		runs = 5;
	eal_start();
	REQUIRE(reclaim_init() == 0);
	if (strcmp(argv[1], "fib") == 0) {
		bench_lookups();
		bench_updates();
	} else {
		bench_vrf_scale();
	}
	reclaim_fini();
	rte_eal_cleanup();
	return EXIT_SUCCESS;
}
