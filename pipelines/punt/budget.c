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
const struct budget_rate budget_rates[API_BUDGETS] = {
	[API_BUDGET_NEIGHBOUR] = {200, 100},
	[API_BUDGET_ANSWER] = {200, 100},
	[API_BUDGET_BGP] = {20000, 2000},
	[API_BUDGET_BFD] = {2000, 500},
	[API_BUDGET_OTHER] = {1000, 500},
	[API_BUDGET_ICMP] = {200, 100},
};

/* Credit is counted in TSC cycles: no division on the way of a packet. */
struct bucket {
	uint64_t last; /* TSC when credit was last added */
	uint64_t credit;
};

struct worker_budgets {
	uint64_t second;             /* cycles in which a link's whole rate grows */
	uint64_t cost[API_BUDGETS];  /* cycles a token takes to grow, at the rate above */
	uint64_t depth[API_BUDGETS]; /* credit at most */
	struct bucket buckets[API_INTERFACES_MAX][API_BUDGETS];
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
	budgets->second = rte_get_tsc_hz() * workers;
	for (unsigned int class = 0; class < API_BUDGETS; class ++) {
		const struct budget_rate *rate = &budget_rates[class];

		budgets->cost[class] = budgets->second / rate->per_second;
		budgets->depth[class] = budgets->cost[class] * rate->burst;
	}
	return budgets;
}

void pipeline_budgets_free(struct worker_budgets *budgets)
{
	if (budgets != NULL)
		munmap(budgets, sizeof(*budgets));
}

bool budget_take(struct worker *worker, const struct interface *in, enum api_budget class)
{
	struct worker_budgets *budgets = worker->budgets;
	struct bucket *bucket = &budgets->buckets[in->id][class];
	uint64_t credit = bucket->credit + (worker->now - bucket->last);
	uint32_t wanted_pps = in->api.budget_pps[class];
	uint64_t cost = wanted_pps == 0 ? budgets->cost[class] : budgets->second / wanted_pps;
	uint64_t depth = RTE_MAX(budgets->depth[class], cost);

	bucket->last = worker->now;
	bucket->credit = RTE_MIN(credit, depth);
	if (bucket->credit < cost)
		return false;
	bucket->credit -= cost;
	return true;
}

enum api_drop_reason budget_drop(enum api_budget class)
{
	static const enum api_drop_reason reasons[API_BUDGETS] = {
		[API_BUDGET_NEIGHBOUR] = API_DROP_PUNT_BUDGET_NEIGHBOUR,
		[API_BUDGET_ANSWER] = API_DROP_PUNT_BUDGET_NEIGHBOUR,
		[API_BUDGET_BGP] = API_DROP_PUNT_BUDGET_BGP,
		[API_BUDGET_BFD] = API_DROP_PUNT_BUDGET_BFD,
		[API_BUDGET_OTHER] = API_DROP_PUNT_BUDGET_OTHER,
		[API_BUDGET_ICMP] = API_DROP_ICMP_BUDGET,
	};

	return reasons[class];
}
