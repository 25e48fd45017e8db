/* SPDX-License-Identifier: BSD-3-Clause */
#include "pipelines/punt/budget.h"

#include <numa.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <rte_cycles.h>

#include "pipelines/pipeline.h"

/* BGP's rate is that of a full table's updates arriving at once; the others are what a healthy
 * link needs, ten times over: of BFD two sessions at 10 ms, or a core link's many slower ones. */
const struct budget_rate budget_rates[BUDGET_CLASSES] = {
	[BUDGET_NEIGHBOUR] = {200, 100},
	[BUDGET_BGP] = {20000, 2000},
	[BUDGET_BFD] = {2000, 500},
	[BUDGET_OTHER] = {1000, 500},
	[BUDGET_ICMP] = {200, 100},
};

/* Credit is counted in TSC cycles: no division on the way of a packet. */
struct bucket {
	uint64_t last; /* TSC when credit was last added */
	uint64_t credit;
};

struct worker_budgets {
	uint64_t cost[BUDGET_CLASSES];  /* cycles a token takes to grow */
	uint64_t depth[BUDGET_CLASSES]; /* credit at most */
	struct bucket buckets[API_INTERFACES_MAX][BUDGET_CLASSES];
};

struct worker_budgets *pipeline_budgets_create(unsigned int workers, int numa_node)
{
	/* Zeroed, and backed by memory for interfaces in use only. */
	struct worker_budgets *budgets = mmap(
		NULL, sizeof(*budgets), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (budgets == MAP_FAILED)
		return NULL;
	if (numa_node >= 0 && numa_available() >= 0 && numa_node <= numa_max_node())
		numa_tonode_memory(budgets, sizeof(*budgets), numa_node);
	for (unsigned int class = 0; class < BUDGET_CLASSES; class ++) {
		const struct budget_rate *rate = &budget_rates[class];

		budgets->cost[class] = rte_get_tsc_hz() * workers / rate->per_second;
		budgets->depth[class] = budgets->cost[class] * rate->burst;
	}
	return budgets;
}

void pipeline_budgets_free(struct worker_budgets *budgets)
{
	if (budgets != NULL)
		munmap(budgets, sizeof(*budgets));
}

bool budget_take(struct worker *worker, uint32_t interface, enum budget_class class)
{
	struct worker_budgets *budgets = worker->budgets;
	struct bucket *bucket = &budgets->buckets[interface][class];
	uint64_t credit = bucket->credit + (worker->now - bucket->last);

	bucket->last = worker->now;
	bucket->credit = RTE_MIN(credit, budgets->depth[class]);
	if (bucket->credit < budgets->cost[class])
		return false;
	bucket->credit -= budgets->cost[class];
	return true;
}
