/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/counters.h"

#include <errno.h>
#include <numa.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LEDGER_BYTES (COUNTERS_SLOTS * sizeof(struct api_ledger))
#define LEDGER_WORDS (sizeof(struct api_ledger) / sizeof(uint64_t))

_Static_assert(sizeof(struct api_ledger) % RTE_CACHE_LINE_SIZE == 0, "no two share a line");

static struct counters_thread *thread_table;
static unsigned int thread_count;
static struct api_ledger *base; /* main only: what each slot had at its last reset */

/* Zeroed, and backed by memory only where a counter was ever touched. */
static struct api_ledger *map_ledger(int numa_node)
{
	void *memory = mmap(
		NULL, LEDGER_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	/* Where the system has huge pages to spare: with thousands of interfaces the small ones'
	 * translations would not stay in the processor. */
	(void)madvise(memory, LEDGER_BYTES, MADV_HUGEPAGE);
	if (numa_node >= 0 && numa_available() >= 0 && numa_node <= numa_max_node())
		numa_tonode_memory(memory, LEDGER_BYTES, numa_node);
	return memory;
}

int counters_init(unsigned int threads, const int *numa_nodes)
{
	if (threads == 0 || thread_table != NULL)
		return -EINVAL;
	thread_table = aligned_alloc(RTE_CACHE_LINE_SIZE, threads * sizeof(*thread_table));
	base = map_ledger(-1);
	if (thread_table == NULL || base == NULL) {
		counters_fini();
		return -ENOMEM;
	}
	for (thread_count = 0; thread_count < threads; thread_count++) {
		struct api_ledger *ledger = map_ledger(numa_nodes[thread_count]);

		if (ledger == NULL) {
			counters_fini();
			return -ENOMEM;
		}
		thread_table[thread_count].ledger = ledger;
	}
	return 0;
}

void counters_fini(void)
{
	for (unsigned int i = 0; i < thread_count; i++)
		munmap(thread_table[i].ledger, LEDGER_BYTES);
	thread_count = 0;
	free(thread_table);
	thread_table = NULL;
	if (base != NULL)
		munmap(base, LEDGER_BYTES);
	base = NULL;
}

struct api_ledger *counters_of_thread(unsigned int thread)
{
	return thread < thread_count ? thread_table[thread].ledger : NULL;
}

static void add_up(uint32_t slot, struct api_ledger *sum)
{
	uint64_t *to = (uint64_t *)sum;

	memset(sum, 0, sizeof(*sum));
	for (unsigned int i = 0; i < thread_count; i++) {
		const uint64_t *from = (const uint64_t *)&thread_table[i].ledger[slot];

		for (unsigned int word = 0; word < LEDGER_WORDS; word++)
			to[word] += __atomic_load_n(&from[word], __ATOMIC_RELAXED);
	}
}

void counters_read(uint32_t slot, struct api_ledger *sum)
{
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *less = (const uint64_t *)&base[slot];

	add_up(slot, sum);
	for (unsigned int word = 0; word < LEDGER_WORDS; word++)
		to[word] -= less[word];
}

static uint64_t load(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

void counters_traffic(uint32_t slot, struct counters_traffic *sum)
{
	*sum = (struct counters_traffic){0};
	for (unsigned int i = 0; i < thread_count; i++) {
		const struct api_ledger *ledger = &thread_table[i].ledger[slot];

		sum->rx_bytes += load(&ledger->rx_bytes);
		sum->tx_bytes += load(&ledger->tx_bytes);
		for (unsigned int side = 0; side < RTE_DIM(sum->dropped_bytes); side++)
			sum->dropped_bytes[side] += load(&ledger->dropped_bytes[side]);
	}
}

void counters_reset(uint32_t slot)
{
	add_up(slot, &base[slot]);
}
