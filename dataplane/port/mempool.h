/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making and freeing the packet buffers that port_mempool() (port.h) hands out. Main thread only.
 */
#pragma once

#include <stdint.h>

#include "dataplane/worker/worker.h"

/* Of a worker, the most that DPDK allows: where workers hand packets over, one receives more than
 * it sends for some bursts and less for others, and what does not fit here goes to the end of a
 * queue of all buffers and comes back from memory. */
#define MEMPOOL_CACHE 512u
/* Bytes of private area in each mbuf: struct handover. Whole cache lines, because the packet lies
 * behind it: headers across two lines cost a miss more where packets come from memory. */
#define MEMPOOL_PRIVATE RTE_ALIGN_CEIL(sizeof(struct handover), RTE_CACHE_LINE_SIZE)

/* A pool of the node (with --no-huge DPDK takes memory of any node). 0, -EEXIST, -ERANGE (node), or
 * -errno of rte_pktmbuf_pool_create. */
int mempool_create(int numa_node, uint32_t count, uint16_t data_room);
/* All must be back: no port, no ring may hold one. */
void mempool_free_all(void);
