/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The other end of many sessions: a second engine, run by the caller's thread, that plays the
 * worker to the bfd thread and a peer to each of its sessions.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/bfd/bfd.h"

struct peers_wish {
	unsigned int sessions; /* each on a link of its own, from interface 1 on */
	uint32_t interval_us;
	uint8_t multiplier;
};

/* Longer ones count as the longest. */
#define PEERS_PERCENT_MAX 512u

/* What came from the bfd thread since peers_measure(), over sessions that were Up. */
struct peers_seen {
	uint64_t packets;
	uint32_t interval_min_us, interval_max_us; /* between two packets of a session */
	uint64_t intervals[PEERS_PERCENT_MAX];     /* how many were so many percent of nominal */
	uint32_t flaps;                            /* of either end */
	uint32_t late_max_us;                      /* by the bfd thread's own account */
};

/* EAL, the bfd thread with one worker, and its sessions. 0 or -errno. */
int peers_start(const struct peers_wish *wish);
void peers_stop(void);
/* Runs the other end until all sessions of both ends are in this state (enum bfd_state), or the
 * time is over. Microseconds it took; UINT64_MAX: not in time. */
uint64_t peers_run_until(uint8_t state, uint64_t timeout_us);
void peers_run_for(uint64_t us);
/* The bfd thread works on, the other end is silent. */
uint64_t peers_silent_until(uint8_t state, uint64_t timeout_us);
void peers_measure(void);
struct peers_seen peers_seen(void);
/* Seconds of CPU that the bfd thread has had; negative: unknown. */
double peers_thread_cpu_s(void);
