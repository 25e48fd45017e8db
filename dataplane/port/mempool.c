/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/port/mempool.h"

#include <errno.h>
#include <stdio.h>

#include <numa.h>

#include <rte_errno.h>
#include <rte_mbuf.h>

#include "dataplane/port/port.h"

_Static_assert(
	(sizeof(struct rte_mbuf) + MEMPOOL_PRIVATE + RTE_PKTMBUF_HEADROOM) % RTE_CACHE_LINE_SIZE ==
		0,
	"a packet begins a cache line");

static struct rte_mempool *pools[RTE_MAX_NUMA_NODES];

int mempool_create(int numa_node, uint32_t count, uint16_t data_room)
{
	char name[RTE_MEMPOOL_NAMESIZE];

	if (numa_node < 0 || numa_node >= RTE_MAX_NUMA_NODES)
		return -ERANGE;
	if (pools[numa_node])
		return -EEXIST;
	snprintf(name, sizeof(name), "packets-%d", numa_node);
	pools[numa_node] = rte_pktmbuf_pool_create(
		name, count, MEMPOOL_CACHE, MEMPOOL_PRIVATE, data_room, numa_node);
	return pools[numa_node] ? 0 : -rte_errno;
}

void mempool_free_all(void)
{
	for (int node = 0; node < RTE_MAX_NUMA_NODES; node++) {
		rte_mempool_free(pools[node]);
		pools[node] = NULL;
	}
}

/* As the firmware tells it (ACPI SLIT); without libnuma's help all nodes are equally far. */
static int distance(int from, int to)
{
	int value = numa_available() < 0 || from < 0 ? 0 : numa_distance(from, to);

	return value > 0 ? value : INT32_MAX;
}

struct rte_mempool *port_mempool(int numa_node)
{
	struct rte_mempool *nearest = NULL;
	int best = INT32_MAX;

	if (numa_node >= 0 && numa_node < RTE_MAX_NUMA_NODES && pools[numa_node])
		return pools[numa_node];
	for (int node = 0; node < RTE_MAX_NUMA_NODES; node++) {
		if (!pools[node] || (nearest && distance(numa_node, node) >= best))
			continue;
		nearest = pools[node];
		best = distance(numa_node, node);
	}
	return nearest;
}
