/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ethernet devices: created by hot plug from the API, queues for every worker, link state.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>
#include <rte_ether.h>
#include <rte_mempool.h>

#include "dataplane/api/api.h"

/* Main thread writes before publishing; workers read. state_* words change later, one store each.
 */
struct port {
	uint32_t id;     /* the API's */
	uint16_t ethdev; /* DPDK's */
	uint16_t rx_queues;
	uint16_t tx_queues;       /* one for each worker */
	uint16_t outer_ethertype; /* host order */
	uint16_t mtu;
	uint8_t link_up; /* main writes, workers read relaxed */
	uint8_t mark;
	uint8_t spread;  /* enum exchange_mode; main writes, workers read relaxed */
	bool tells_link; /* the device says by itself when its link changes */
	bool hashes;     /* packets bear the hash by which the device chose their queue */
	uint16_t tag;    /* the id, and which life of it: PORT_TAG_ID */
	struct rte_ether_addr mac;
	int numa_node;
	uint8_t rx_worker[API_CPUS_MAX]; /* by receive queue: the worker that polls it; main only */
	struct api_port api;
};

#define PORT_TAG_ID(tag) ((tag) % API_PORTS_MAX)

/* Descriptors asked for per queue; devices adjust them. */
#define PORT_RX_RING 1024u
#define PORT_TX_RING 1024u

extern struct port *port_table[API_PORTS_MAX]; /* NULL: none; published with release */

static inline struct port *port_get(uint32_t id)
{
	return __atomic_load_n(&port_table[id], __ATOMIC_ACQUIRE);
}

/* Workers: is there a port, and has it a carrier? */
static __rte_always_inline bool port_is_up(const struct port *port)
{
	return likely(port != NULL && __atomic_load_n(&port->link_up, __ATOMIC_RELAXED) != 0);
}

/* All main thread. port_upsert probes the device, configures and starts it; the workers receive
 * from it after port_open_all() was called once (end of the first snapshot), at once later.
 * 0, -EINVAL, -ENODEV (no such device), -ENOTSUP (the device cannot do this MTU), -ENOMEM.
 * Another device recreates a live port, and so does another mtu where the driver cannot change it
 * in place; an mtu that is not possible (-ENOTSUP) leaves the port as it is. */
int port_upsert(const struct api_port *api);
/* -EBUSY while interfaces use it. */
int port_delete(uint32_t id);
uint32_t port_sweep(void);
bool port_next(uint32_t after_plus_one, struct api_port *api); /* first with id >= after_plus_one */
void port_open_all(void);
bool port_counters(uint32_t id, struct api_port_counters *counters);
/* Looks at each port's link; calls changed() for each that went up or down. At each turn, of a
 * millisecond or two: there are devices that do not tell (net_tap for one, though it says so). */
void port_poll_links(void (*changed)(uint32_t port, bool up));
/* Called by a thread of EAL's when a device told; paths know it already. NULL: nobody is. Before
 * there are ports. */
void port_wake_with(void (*wake)(void));
void port_fini(void);

/* Packet buffers of a NUMA node (any node without memory of its own gets the nearest). */
struct rte_mempool *port_mempool(int numa_node);
