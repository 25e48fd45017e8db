/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which worker polls which receive queue. Pure functions.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/api/api.h"
#include "dataplane/worker/exchange.h"

/*
 * Gives each of a port's queues a worker: no worker gets a second one of the same port before all
 * have one; among equals first those on the port's NUMA node, then the least loaded.
 * loads[worker]: queues polled already, counted on. nodes[worker]: NUMA node. port_node -1: any.
 */
void queues_assign(unsigned int *loads, const int *nodes, unsigned int workers, int port_node,
	uint16_t queues, uint8_t *assigned);

/* What workers do with a port's packets. hashes: the device tells by which hash it chose a queue.
 */
enum exchange_mode queues_mode(
	enum api_rss rss, unsigned int workers, uint16_t queues, bool hashes);

/* For people: which way packets come to the workers. hashed, unhashed: how many the device spread
 * by flow and how many it did not, of those that EXCHANGE_UNHASHED looked at. */
enum api_spread queues_spread(
	enum exchange_mode mode, uint16_t queues, uint64_t hashed, uint64_t unhashed);
