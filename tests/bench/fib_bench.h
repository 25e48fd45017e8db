/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of the FIB's benchmark share. */
#pragma once

#include <sched.h>
#include <stdbool.h>

#include "dataplane/fib/fib.h"
#include "tests/bench/measure.h"
#include "tests/unit/dataplane/fib_prefixes.h"

/* A look-up stream larger than any cache's share of it: 4 MiB of IPv4 destinations. */
#define STREAM (1u << 20)
#define BURST 64u
#define VRFS 10000u
#define VRF_ROUTES 900u

extern bool quick;
extern unsigned int runs;
extern cpu_set_t bench_other_cpus; /* those that EAL did not pin the main thread to */

uint64_t bench_random(uint64_t *state);
/* Few ids are shared by many prefixes, as next-hop groups are, but neighbours seldom merge. */
uint32_t bench_group(uint32_t i);
int bench_add(struct fib *fib, const struct prefixes *prefixes, uint32_t i, uint32_t group);
struct fib *bench_load(const struct prefixes *prefixes, uint32_t batch, double *seconds);

struct stream {
	enum fib_family family;
	uint32_t count; /* a multiple of BURST */
	uint32_t *addresses4;
	uint8_t (*addresses6)[16];
	const struct fib **fibs;
};

void stream_create(struct stream *stream, enum fib_family family, uint32_t count);
void stream_set(struct stream *stream, uint32_t i, const struct fib *fib, fib_key key);
void stream_free(struct stream *stream);
/* TSC cycles a look-up of one pass in bursts of BURST. */
double stream_cycles(const struct stream *stream);
/* A random address within prefix i. */
fib_key bench_within(const struct prefixes *prefixes, uint32_t i, uint64_t *random);

void bench_lookups(void);
void bench_updates(void);
void bench_vrf_scale(void);

/* rte_lpm with the same table. */
struct rte_lpm;
struct rte_lpm *lpm_load(const struct prefixes *prefixes);
void lpm_free(struct rte_lpm *lpm);
double lpm_cycles(const struct rte_lpm *lpm, const struct stream *stream);
/* Does it say the same as the FIB? Exits if not. */
void lpm_compare(const struct rte_lpm *lpm, const struct stream *stream);
