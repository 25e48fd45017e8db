/* SPDX-License-Identifier: BSD-3-Clause */
/* Speed of loading, of updates with a reader running, and what the reader feels of them. */
#include <pthread.h>

#include <rte_cycles.h>

#include "dataplane/worker/reclaim.h"
#include "tests/bench/fib_bench.h"

static struct {
	struct fib *fib;
	bool stop;
	uint64_t bursts, worst_cycles;
} reader;

static void *reader_main(void *unused)
{
	const struct fib *fibs[BURST];
	uint32_t addresses[BURST], groups[BURST];
	uint64_t random = 5, worst = 0, bursts = 0;

	for (uint32_t i = 0; i < BURST; i++)
		fibs[i] = reader.fib;
	reclaim_reader_register(0);
	while (!__atomic_load_n(&reader.stop, __ATOMIC_ACQUIRE)) {
		uint64_t start;

		for (uint32_t i = 0; i < BURST; i++)
			addresses[i] = (uint32_t)bench_random(&random);
		start = rte_rdtsc();
		fib_lookup4_bulk(fibs, addresses, groups, BURST);
		start = rte_rdtsc() - start;
		worst = start > worst ? start : worst;
		bursts++;
		reclaim_reader_quiet(0);
	}
	reclaim_reader_unregister(0);
	reader.bursts = bursts;
	reader.worst_cycles = worst;
	return NULL;
}

/* Withdraws and announces random prefixes of the table by turns; half of them are there. */
static double update_speed(struct fib *fib, const struct prefixes *prefixes, uint32_t batch)
{
	static uint8_t *absent;
	uint32_t updates = quick ? 100000 : 400000;
	static uint64_t random = 6;
	double start;

	if (absent == NULL)
		absent = calloc(prefixes->count, 1);
	REQUIRE(absent != NULL);
	start = measure_seconds();
	for (uint32_t n = 1; n <= updates; n++) {
		uint32_t i = (uint32_t)(bench_random(&random) % prefixes->count);
		uint8_t address[16];

		fib_key_store(prefixes->keys[i], address);
		if (absent[i])
			REQUIRE(bench_add(fib, prefixes, i, bench_group(i + n)) == 0);
		else
			REQUIRE(fib_delete(fib, address, prefixes->lengths[i], NULL) == 0);
		absent[i] ^= 1;
		if (n % batch != 0 && n != updates)
			continue;
		REQUIRE(fib_commit(fib) == 0);
		reclaim_run();
	}
	start = measure_seconds() - start;
	for (uint32_t i = 0; i < prefixes->count; i++)
		if (absent[i])
			REQUIRE(bench_add(fib, prefixes, i, bench_group(i)) == 0);
	REQUIRE(fib_commit(fib) == 0);
	memset(absent, 0, prefixes->count);
	return updates / start;
}

static void with_reader(struct fib *fib, const struct prefixes *prefixes, uint32_t batch,
	const char *name, bool main_case)
{
	struct measure speed = {0};
	pthread_t thread;

	reader.fib = fib;
	reader.stop = false;
	REQUIRE(pthread_create(&thread, NULL, reader_main, NULL) == 0);
	for (unsigned int run = 0; run < (quick ? 1 : 5); run++)
		measure_add(&speed, update_speed(fib, prefixes, batch));
	__atomic_store_n(&reader.stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	reclaim_run();
	measure_print("fib", name, "updates_per_s", "1/s", &speed);
	if (main_case)
		measure_print("fib", "v4-internet-uniform", "updates_per_s", "1/s", &speed);
	measure_print_one("fib", name, "reader_worst_burst", "us",
		(double)reader.worst_cycles / (double)rte_get_tsc_hz() * 1e6);
}

/* A short prefix comes and goes: each block below it that it shows through is built anew. */
static void worst_update(struct fib *fib, uint8_t length, const char *name)
{
	struct fib_route route = {.group = 9999, .origin = 4, .mark = 1};
	uint8_t address[16] = {length == 8 ? 1 : 0};
	struct measure seconds = {0};

	for (unsigned int run = 0; run < runs; run++) {
		double start = measure_seconds();

		REQUIRE(fib_add(fib, address, length, &route, NULL) == 0);
		REQUIRE(fib_commit(fib) == 0);
		measure_add(&seconds, measure_seconds() - start);
		REQUIRE(fib_delete(fib, address, length, NULL) == 0);
		REQUIRE(fib_commit(fib) == 0);
	}
	measure_print("fib", name, "seconds", "s", &seconds);
}

static void load_speed(const struct prefixes *prefixes, const char *name)
{
	struct measure speed = {0};

	for (unsigned int run = 0; run < (quick ? 1 : 5); run++) {
		double seconds;

		fib_free(bench_load(prefixes, 1000, &seconds));
		measure_add(&speed, prefixes->count / seconds);
	}
	measure_print("fib", name, "updates_per_s", "1/s", &speed);
}

void bench_updates(void)
{
	struct prefixes prefixes;
	struct fib *fib;

	prefixes_obtain(&prefixes, FIB_IPV4);
	load_speed(&prefixes, "v4-load-in-order");
	prefixes_shuffle(&prefixes);
	load_speed(&prefixes, "v4-load-shuffled");
	fib = bench_load(&prefixes, 1000, NULL);
	with_reader(fib, &prefixes, 1, "v4-updates-by-1", false);
	with_reader(fib, &prefixes, 64, "v4-updates-by-64", false);
	with_reader(fib, &prefixes, 1024, "v4-updates-by-1024", true);
	worst_update(fib, 0, "v4-update-0");
	worst_update(fib, 1, "v4-update-1");
	worst_update(fib, 8, "v4-update-8");
	fib_free(fib);
	prefixes_free(&prefixes);
	prefixes_obtain(&prefixes, FIB_IPV6);
	prefixes_shuffle(&prefixes);
	load_speed(&prefixes, "v6-load-shuffled");
	prefixes_free(&prefixes);
}
