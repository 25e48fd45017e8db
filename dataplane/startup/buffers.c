/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/startup/buffers.h"

#include <rte_common.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "dataplane/port/mempool.h"
#include "dataplane/port/port.h"
#include "dataplane/punt/punt.h"
#include "dataplane/worker/exchange.h"
#include "dataplane/worker/worker.h"

#define LAYER2_BYTES 22u   /* Ethernet header and two tags */
#define MTU_SLACK_BYTES 4u /* a frame check sequence that a device leaves in place */
/* ixgbe and its kin receive into whole kilobytes only (82599 datasheet, SRRCTL.BSIZEPACKET). */
#define DATA_UNIT_BYTES 1024u
#define PORTS_MIN 2u
#define COUNT_MAX ((1u << 19) - 1)
#define MEGABYTE (1024ull * 1024)

static uint32_t count_min(const struct api_startup *startup)
{
	uint32_t per_worker = WORKER_INJECT_RING + 2 * MEMPOOL_CACHE +
			      PORTS_MIN * (PORT_RX_RING + PORT_TX_RING + BURST_MAX);

	if (startup->worker_count > 1)
		per_worker += EXCHANGE_WAITING;
	return PUNT_RING + startup->worker_count * per_worker;
}

struct buffers_plan buffers_plan(const struct api_startup *startup, unsigned int nodes)
{
	uint32_t data = startup->mtu_max + LAYER2_BYTES + MTU_SLACK_BYTES;
	struct buffers_plan plan = {.count_min = count_min(startup)};
	uint64_t count;

	data = RTE_MAX(RTE_ALIGN_CEIL(data, DATA_UNIT_BYTES), 2 * DATA_UNIT_BYTES);
	plan.data_room = data + RTE_PKTMBUF_HEADROOM;
	plan.element_bytes = rte_mempool_calc_obj_size(
		sizeof(struct rte_mbuf) + MEMPOOL_PRIVATE + plan.data_room, 0, NULL);
	count = startup->memory_mb * MEGABYTE / 2 / nodes / plan.element_bytes;
	plan.count = RTE_MIN(count, COUNT_MAX);
	return plan;
}

uint32_t buffers_memory_min_mb(const struct api_startup *startup)
{
	struct buffers_plan plan = buffers_plan(startup, 1);
	uint64_t bytes = 2ull * plan.count_min * plan.element_bytes;

	return (bytes + MEGABYTE - 1) / MEGABYTE;
}
