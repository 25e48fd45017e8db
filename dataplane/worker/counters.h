/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ledger: one struct api_ledger per packet thread and interface, plus one per thread and port
 * for packets that belong to no interface. Each thread adds to its own only (plain stores, no
 * atomic read-modify-write); the main thread sums them up when asked.
 */
#pragma once

#include <rte_common.h>

#include "dataplane/api/api.h"

/* Thread index: 0..workers-1 are workers, then the punt thread. */
struct counters_thread {
	/* Written by the owning thread, read by main. Index: interface id; then ports from
	 * COUNTERS_PORT(0) on. */
	struct api_ledger *ledger;
} __rte_cache_aligned;

#define COUNTERS_PORT(port) (API_INTERFACES_MAX + (port))
/* Where in a thread's table a slot's ledger is, in bytes: spares packets a multiplication. */
#define COUNTERS_ACCOUNT(slot) ((uint32_t)((slot) * sizeof(struct api_ledger)))
#define COUNTERS_SLOTS (API_INTERFACES_MAX + API_PORTS_MAX)

static __rte_always_inline struct api_ledger *ledger_at(
	struct api_ledger *ledgers, uint32_t account)
{
	return (struct api_ledger *)((uint8_t *)ledgers + account);
}

/* Keeps the compiler from adding to two neighbours by one vector, which costs more to make. */
static __rte_always_inline void ledger_add(uint64_t *counter, uint64_t value)
{
	*counter += value;
	__asm__("" : "+m"(*counter));
}

/* A packet's end. bytes: of the frame, as struct api_ledger says. */
static __rte_always_inline void ledger_drop(
	struct api_ledger *ledger, enum api_drop_reason reason, uint32_t bytes)
{
	ledger->drops[reason]++;
	ledger->dropped_bytes[API_DROP_OUT_BITS >> reason & 1] += bytes;
}

/* Main thread, before threads start. numa node of each thread, -1: any. 0 or -errno. */
int counters_init(unsigned int threads, const int *numa_nodes);
void counters_fini(void);
struct api_ledger *counters_of_thread(unsigned int thread);

/* Main thread. Sum of all threads less the base taken at the last reset of that slot. */
void counters_read(uint32_t slot, struct api_ledger *sum);

/* Any thread: what a slot's traffic was since the start of the process, whoever owned it. Of each
 * thread's ledger this reads one cache line. */
struct counters_traffic {
	uint64_t rx_bytes, tx_bytes;
	uint64_t dropped_bytes[2]; /* by direction */
};
void counters_traffic(uint32_t slot, struct counters_traffic *sum);

/* Main thread: a slot gets a new owner (an interface was created): its account starts at zero. */
void counters_reset(uint32_t slot);
