/* SPDX-License-Identifier: BSD-3-Clause */
/* Repeated measurements, and their median as one JSON object a line. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MEASURE_RUNS_MAX 64u

#define REQUIRE(condition)                                                              \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			exit(EXIT_FAILURE);                                             \
		}                                                                       \
	} while (0)

struct measure {
	unsigned int runs;
	double values[MEASURE_RUNS_MAX];
};

static inline void measure_add(struct measure *measure, double value)
{
	REQUIRE(measure->runs < MEASURE_RUNS_MAX);
	measure->values[measure->runs++] = value;
}

static inline int measure_compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

/* Sorts the values. */
static inline double measure_median(struct measure *measure)
{
	unsigned int n = measure->runs;

	REQUIRE(n > 0);
	qsort(measure->values, n, sizeof(*measure->values), measure_compare);
	return n % 2 != 0 ? measure->values[n / 2]
			  : (measure->values[n / 2 - 1] + measure->values[n / 2]) / 2;
}

static inline void measure_print(const char *bench, const char *name, const char *metric,
	const char *unit, struct measure *measure)
{
	double median = measure_median(measure);

	printf("{\"bench\": \"%s\", \"case\": \"%s\", \"metric\": \"%s\", \"value\": %.9g, "
	       "\"unit\": \"%s\", \"min\": %.9g, \"max\": %.9g, \"runs\": %u, \"build\": \"%s\"}\n",
		bench, name, metric, median, unit, measure->values[0],
		measure->values[measure->runs - 1], measure->runs, BENCH_BUILD);
}

static inline void measure_print_one(
	const char *bench, const char *name, const char *metric, const char *unit, double value)
{
	struct measure measure = {.runs = 1, .values = {value}};

	measure_print(bench, name, metric, unit, &measure);
}

static inline double measure_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
