/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which worker polls which receive queue. Pure functions.
 */
#pragma once

#include <stdint.h>

/*
 * Gives each of a port's queues a worker: no worker gets a second one of the same port before all
 * have one; among equals first those on the port's NUMA node, then the least loaded.
 * loads[worker]: queues polled already, counted on. nodes[worker]: NUMA node. port_node -1: any.
 */
void queues_assign(unsigned int *loads, const int *nodes, unsigned int workers, int port_node,
	uint16_t queues, uint8_t *assigned);
