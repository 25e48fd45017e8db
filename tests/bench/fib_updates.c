/* SPDX-License-Identifier: BSD-3-Clause */
/* Speed of loading, of updates with a reader running, and what the reader feels of them. */
#include <pthread.h>

#include <rte_cycles.h>

#include "dataplane/worker/reclaim.h"
#include "tests/bench/fib_bench.h"

/* Of bursts, by their cycles in steps: the scheduler of a shared machine makes the worst one say
 * little, the 99.9th percentile beside that of an idle writer says what updates cost a reader. */
#define STEP_CYCLES 32u
#define STEPS 4096u

static struct {
	struct fib *fib;
	bool stop;
	uint64_t bursts, worst_cycles;
	uint32_t steps[STEPS];
} reader;

static void *reader_main(void *unused)
{
	const struct fib *fibs[BURST];
	uint32_t addresses[BURST], groups[BURST];
	uint64_t random = 5;

	for (uint32_t i = 0; i < BURST; i++)
		fibs[i] = reader.fib;
	reclaim_reader_register(0);
	while (!__atomic_load_n(&reader.stop, __ATOMIC_ACQUIRE)) {
		uint64_t cycles, step;

		for (uint32_t i = 0; i < BURST; i++)
			addresses[i] = (uint32_t)bench_random(&random);
		cycles = rte_rdtsc();
		fib_lookup4_bulk(fibs, addresses, groups, BURST);
		cycles = rte_rdtsc() - cycles;
		step = cycles / STEP_CYCLES;
		reader.steps[step < STEPS ? step : STEPS - 1]++;
		if (cycles > reader.worst_cycles)
			reader.worst_cycles = cycles;
		reader.bursts++;
		reclaim_reader_quiet(0);
	}
	reclaim_reader_unregister(0);
	return NULL;
}

static void reader_start(struct fib *fib, pthread_t *thread)
{
	memset(&reader, 0, sizeof(reader));
	reader.fib = fib;
	REQUIRE(pthread_create(thread, NULL, reader_main, NULL) == 0);
	/* A thread inherits the CPU that EAL pinned its maker to. */
	if (CPU_COUNT(&bench_other_cpus) == 0)
		fprintf(stderr, "one CPU only: the reader shares it with the writer\n");
	else
		REQUIRE(pthread_setaffinity_np(
				*thread, sizeof(bench_other_cpus), &bench_other_cpus) == 0);
}

/* Which part of the bursts, in thousandths, took no longer than what is returned, in us. */
static double reader_percentile(uint32_t thousandths)
{
	uint64_t seen = 0;
	uint32_t step = 0;

	while (step < STEPS - 1 &&
		(seen += reader.steps[step]) * 1000 < reader.bursts * thousandths)
		step++;
	return (step + 1) * STEP_CYCLES / (double)rte_get_tsc_hz() * 1e6;
}

static void reader_stop(pthread_t thread)
{
	__atomic_store_n(&reader.stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	reclaim_run();
}

static void reader_idle(struct fib *fib)
{
	struct timespec while_idle = {.tv_nsec = 500000000};
	pthread_t thread;

	reader_start(fib, &thread);
	nanosleep(&while_idle, NULL);
	reader_stop(thread);
	measure_print_one("fib", "v4-no-updates", "reader_p50", "us", reader_percentile(500));
	measure_print_one("fib", "v4-no-updates", "reader_p999", "us", reader_percentile(999));
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

	reader_start(fib, &thread);
	for (unsigned int run = 0; run < (quick ? 1 : 5); run++)
		measure_add(&speed, update_speed(fib, prefixes, batch));
	reader_stop(thread);
	measure_print("fib", name, "updates_per_s", "1/s", &speed);
	if (main_case)
		measure_print("fib", "v4-internet-uniform", "updates_per_s", "1/s", &speed);
	measure_print_one("fib", name, "reader_p50", "us", reader_percentile(500));
	measure_print_one("fib", name, "reader_p999", "us", reader_percentile(999));
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
	reader_idle(fib);
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
