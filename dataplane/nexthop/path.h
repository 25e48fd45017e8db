/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Liveness: one byte for each path, a bit for each cause (enum api_path_down), read when a packet's
 * next hop is chosen. So what moves traffic off a path is one store, however many routes lead
 * there.
 *
 * Each bit has one writer: BFD the bfd thread, CARRIER who holds the lock of port.c, the others
 * main. Who changes a bit holds the table's lock, which main holds too where it changes the table;
 * workers read without.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>

#include "dataplane/api/api.h"

/* Behind the paths each port has a byte: adjacencies that name no path live and die with it. */
#define PATH_PORT(port) (API_PATHS_MAX + (port))
#define PATH_SLOTS (API_PATHS_MAX + API_PORTS_MAX)

extern uint8_t path_down[PATH_SLOTS];

/* slot: a path's id or PATH_PORT. 0: live, else bits of enum api_path_down. */
static __rte_always_inline uint8_t path_bits(uint32_t slot)
{
	return __atomic_load_n(&path_down[slot], __ATOMIC_RELAXED);
}

/* Main and the bfd thread: sets or clears the cause in the path to this peer (IPv4 in the first
 * four bytes, the others 0). False: there is no such path now; path_generation tells when to try
 * again. */
bool path_set(uint32_t interface, uint8_t family, const uint8_t peer[16], enum api_path_down cause,
	bool down);

/* Main: the paths of an interface, one after another; *id is 0 at first. */
bool path_next_on(uint32_t interface, uint32_t *id, struct api_path *api);

/* Main: the path to this peer; false: there is none. */
bool path_find(uint32_t interface, uint8_t family, const uint8_t peer[16], struct api_path *api);

/* Main: the same as path_set for all paths of the interface. */
void path_set_interface(uint32_t interface, enum api_path_down cause, bool down);

/* Main: it has paths and all are down. Then, since when the last of them is as it is
 * (CLOCK_MONOTONIC). */
bool path_all_down(uint32_t interface, uint64_t *since_us);

/* Any thread: another number than before when paths came or went since, or BFD on them. A new path
 * has none of the bits that other threads set: they state them again. */
uint32_t path_generation(void);

/* Any thread, what a byte changed that main has not been told of: calls wake(). Set by main before
 * there are paths; NULL: nobody is called. */
void path_wake_with(void (*wake)(void));

/* Main: the next path that changed, in dump's form and with the milliseconds that it was as before.
 * Of a path that changed several times meanwhile the last change. False: no more. */
bool path_next_news(struct api_path *api, uint32_t *lasted_ms);

/* Main thread. 0, -EINVAL, -ENOENT (interface), -ENOMEM, -EBUSY (adjacencies name it). */
int path_upsert(const struct api_path *api);
int path_delete(uint32_t id);
uint32_t path_sweep(void);
bool path_next(uint32_t after, struct api_path *api);

/* The port's link came or went; nothing happens when that is known. One thread at a time
 * (port.c). */
void path_port_carrier(uint32_t port, bool up);
/* Main thread: the interface may be on another port now. */
void path_interface_changed(uint32_t interface);

/* Main thread. The path may be named by an adjacency of this interface and family? 0 may. */
bool path_fits(uint32_t id, uint32_t interface, uint8_t family);
/* References by adjacencies; 0 is not counted. */
void path_hold(uint32_t id);
void path_release(uint32_t id);
void path_fini(void);
