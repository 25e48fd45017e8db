/* SPDX-License-Identifier: BSD-3-Clause */
/* Look-ups in one full table, and in one of 10,000 domains' tables. */
#include "tests/bench/fib_bench.h"

static void print_bytes(const char *bench, const char *name, const struct fib_usage *usage)
{
	measure_print_one(bench, name, "bytes", "bytes", (double)usage->fib_bytes);
	measure_print_one(bench, name, "rib_bytes_per_route", "bytes",
		(double)usage->rib_bytes / usage->routes);
}

static void uniform4(const struct fib *fib, const struct rte_lpm *lpm)
{
	static const char name[] = "v4-internet-uniform";
	struct measure ours = {0}, theirs = {0}, ratio = {0};
	struct fib_usage usage;
	struct stream stream;
	uint64_t random = 1;

	stream_create(&stream, FIB_IPV4, STREAM);
	for (uint32_t i = 0; i < stream.count; i++)
		stream_set(&stream, i, fib, fib_key_make(bench_random(&random), 0));
	lpm_compare(lpm, &stream);
	for (unsigned int run = 0; run < runs; run++) {
		double a = stream_cycles(&stream), b = lpm_cycles(lpm, &stream);

		measure_add(&ours, a);
		measure_add(&theirs, b);
		measure_add(&ratio, a / b);
	}
	measure_print("fib", name, "cycles", "TSC cycles", &ours);
	measure_print("fib", name, "cycles_rte_lpm", "TSC cycles", &theirs);
	measure_print("fib", name, "ratio_rte_lpm", "", &ratio);
	fib_usage(fib, &usage);
	print_bytes("fib", name, &usage);
	stream_free(&stream);
}

/* Each of `destinations` random addresses within prefixes, over and over in random order. */
static void routed(const struct fib *fib, const struct prefixes *prefixes, uint32_t destinations,
	const char *name)
{
	fib_key *keys = calloc(destinations, sizeof(*keys));
	struct measure cycles = {0};
	struct stream stream;
	uint64_t random = 2;

	REQUIRE(keys != NULL);
	for (uint32_t i = 0; i < destinations; i++)
		keys[i] = bench_within(
			prefixes, (uint32_t)(bench_random(&random) % prefixes->count), &random);
	stream_create(&stream, prefixes->family, STREAM);
	for (uint32_t i = 0; i < stream.count; i++)
		stream_set(&stream, i, fib, keys[bench_random(&random) % destinations]);
	for (unsigned int run = 0; run < runs; run++)
		measure_add(&cycles, stream_cycles(&stream));
	measure_print("fib", name, "cycles", "TSC cycles", &cycles);
	stream_free(&stream);
	free(keys);
}

void bench_lookups(void)
{
	struct fib_usage usage;
	struct prefixes prefixes;
	struct rte_lpm *lpm;
	struct fib *fib;

	prefixes_obtain(&prefixes, FIB_IPV4);
	fprintf(stderr, "IPv4 prefixes: %u, %s\n", prefixes.count, prefixes.source);
	fib = bench_load(&prefixes, 1000, NULL);
	lpm = lpm_load(&prefixes);
	uniform4(fib, lpm);
	routed(fib, &prefixes, STREAM, "v4-internet-routed");
	routed(fib, &prefixes, 16384, "v4-internet-16k");
	lpm_free(lpm);
	fib_free(fib);
	prefixes_free(&prefixes);
	prefixes_obtain(&prefixes, FIB_IPV6);
	fprintf(stderr, "IPv6 prefixes: %u, %s\n", prefixes.count, prefixes.source);
	fib = bench_load(&prefixes, 1000, NULL);
	/* Uniform over the prefixes: over all of IPv6 nearly everything would miss. */
	routed(fib, &prefixes, STREAM, "v6-internet-uniform");
	routed(fib, &prefixes, 16384, "v6-internet-16k");
	fib_usage(fib, &usage);
	print_bytes("fib", "v6-internet-uniform", &usage);
	fib_free(fib);
	prefixes_free(&prefixes);
}

/* A tenant's table: random prefixes of the Internet, the same few next hops. */
static struct fib *vrf_create(struct prefixes *prefixes, uint64_t *random)
{
	struct fib *fib = fib_create(prefixes->family, 4u << 20);

	REQUIRE(fib != NULL);
	for (uint32_t i = 0; i < VRF_ROUTES; i++) {
		uint32_t j = (uint32_t)(bench_random(random) % prefixes->count);

		REQUIRE(bench_add(fib, prefixes, j, bench_group(j)) == 0);
	}
	REQUIRE(fib_commit(fib) == 0);
	return fib;
}

/* Destinations within what a domain has, picked by its own walk. */
static void vrf_stream(struct stream *stream, struct fib **fibs, uint32_t vrfs)
{
	uint64_t random = 3;

	for (uint32_t i = 0; i < stream->count; i++) {
		const struct fib *fib = fibs[bench_random(&random) % vrfs];
		uint64_t high = bench_random(&random);
		fib_key any = fib_key_make(high, bench_random(&random));
		struct fib_prefix near = {.length = 0}, prefix;
		struct fib_route route;

		/* IPv6 crowds in 2000::/4. */
		if (stream->family == FIB_IPV6)
			any = any >> 4 | (fib_key)2 << 124;
		fib_key_store(any, near.address);
		if (!fib_next(fib, &near, &prefix, &route))
			REQUIRE(fib_next(fib, NULL, &prefix, &route));
		stream_set(stream, i, fib,
			fib_key_load(stream->family, prefix.address) |
				(any & fib_key_host_bits(prefix.length)));
	}
}

static void vrf_scale(enum fib_family family, const char *one, const char *many)
{
	uint32_t vrfs = quick ? VRFS / 10 : VRFS;
	struct measure single = {0}, all = {0}, ratio = {0};
	struct fib **fibs = calloc(vrfs, sizeof(struct fib *));
	struct stream streams[2];
	struct prefixes prefixes;
	uint64_t random = 4;
	double fib_bytes = 0, rib_bytes = 0;

	REQUIRE(fibs != NULL);
	prefixes_obtain(&prefixes, family);
	for (uint32_t i = 0; i < vrfs; i++) {
		struct fib_usage usage;

		fibs[i] = vrf_create(&prefixes, &random);
		fib_usage(fibs[i], &usage);
		fib_bytes += (double)usage.fib_bytes;
		rib_bytes += (double)usage.rib_bytes;
	}
	for (unsigned int i = 0; i < 2; i++) {
		stream_create(&streams[i], family, STREAM);
		vrf_stream(&streams[i], fibs, i == 0 ? 1 : vrfs);
	}
	for (unsigned int run = 0; run < runs; run++) {
		double a = stream_cycles(&streams[0]), b = stream_cycles(&streams[1]);

		measure_add(&single, a);
		measure_add(&all, b);
		measure_add(&ratio, b / a);
	}
	measure_print("vrf-scale", one, "cycles", "TSC cycles", &single);
	measure_print("vrf-scale", many, "cycles", "TSC cycles", &all);
	measure_print("vrf-scale", many, "ratio", "", &ratio);
	measure_print_one("vrf-scale", many, "bytes", "bytes", fib_bytes);
	measure_print_one("vrf-scale", many, "rib_bytes", "bytes", rib_bytes);
	for (unsigned int i = 0; i < 2; i++)
		stream_free(&streams[i]);
	for (uint32_t i = 0; i < vrfs; i++)
		fib_free(fibs[i]);
	free(fibs);
	prefixes_free(&prefixes);
}

void bench_vrf_scale(void)
{
	if (quick) {
		vrf_scale(FIB_IPV4, "v4-1vrf", "v4-1000vrf");
		vrf_scale(FIB_IPV6, "v6-1vrf", "v6-1000vrf");
	} else {
		vrf_scale(FIB_IPV4, "v4-1vrf", "v4-10000vrf");
		vrf_scale(FIB_IPV6, "v6-1vrf", "v6-10000vrf");
	}
}
