/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The exception path: one thread at normal priority does all reads and writes of TAPs, so that no
 * worker ever enters the kernel for a packet.
 *
 * worker --punt ring--> punt thread --write--> TAP (the domain's kernel)
 * TAP --read--> punt thread --inject ring--> worker --> port
 * Frames on a TAP are untagged; tags are cut before the ring and pushed when sending.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#define PUNT_RING 4096u

/* Main thread, before the workers. thread_index: its ledger (worker/counters.h) and reader
 * (worker/reclaim.h). 0 or -errno. */
int punt_start(unsigned int thread_index, struct rte_mempool *pool);
void punt_stop(void);

/* Workers. The packet starts at its Ethernet header, tags already cut, struct handover filled.
 * False: ring full, the caller keeps (and drops) the packet. */
bool punt_packet(struct rte_mbuf *packet);

/* Workers: ask control to resolve a neighbour that routes lead to, on the adjacency's interface.
 * Rate limited; never blocks; may forget. */
void punt_neighbour_needed(uint32_t interface, uint8_t family, const uint8_t *address);

/* The same of an address that is on some link of the domain (a route of kind glean, which names
 * none): interface is the one the packet came in by, control finds the link. Told less often. */
void punt_stranger_needed(uint32_t interface, uint8_t family, const uint8_t *address);

/* Main thread: takes one such wish; false when there is none. */
bool punt_next_neighbour(uint32_t *interface, uint8_t *family, uint8_t address[16]);

/* Main thread: a TAP appears (fd watched for frames to inject) or goes. The fd stays the
 * interface's; punt_unwatch returns when the punt thread no longer uses it. */
int punt_watch(uint32_t interface, uint32_t epoch, int tap_fd);
void punt_unwatch(uint32_t interface, int tap_fd);
