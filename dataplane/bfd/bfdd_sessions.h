/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What bfdd asked for, session by session, and what it is told of them. Main thread.
 *
 * bfdd calls a session by a lid of its own, that dies with bfdd. Here a session is its key
 * (interface, addresses), so that the same one stated again, by another bfdd or after bgpd came
 * back, only changes its lid: state, discriminators and packets stay. What bfdd takes back is held
 * for BFDD_HOLD_US, because it cannot know whether the operator or a crash of bgpd did that; but
 * without a path to the peer, which control takes away with the link, it ends at once, and where
 * control says of the path that BFD is off, administratively.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/bfd/bfd.h"
#include "dataplane/bfd/bfdd_link.h"
#include "dataplane/bfd/bfddp.h"

/* Within this time bgpd is started again, has its sessions back, and asks for theirs: it does so
 * when they are established. It is longer than the 20 s that our neighbours are promised for a
 * graceful restart; with BFD gone sooner they would end it. */
#define BFDD_HOLD_US UINT64_C(30000000)
/* How long a peer is told that BFD was switched off: three packets (RFC 5880 6.8.16: a detection
 * time at least, which slow sessions have a longer one than). */
#define BFDD_FAREWELL_US UINT64_C(3000000)
/* How often the engine is asked again for a session that it refused: its interface may come. */
#define BFDD_RETRY_US UINT64_C(250000)

/* control gives TAPs these interface indexes: so bfdd's say which interface is meant. */
#define BFDD_IFINDEX_BASE 65536u

/* bfdd states a session. 1: taken; 0: a placeholder, of which bfdd does not know the interface or
 * its own address yet; -EINVAL: it is none of ours; -ENOMEM, -ENOSPC: too many. */
int bfdd_sessions_add(const struct bfddp_session *stated, struct bfdd_link *link, uint64_t now_us);
/* bfdd takes one back. */
void bfdd_sessions_delete(uint32_t lid, uint64_t now_us);
/* This connection is gone, and nobody states its sessions at present. How many those are. */
unsigned int bfdd_sessions_unlink(const struct bfdd_link *link, uint64_t now_us);

/* A session changed: tell bfdd, now or when its socket takes it. */
void bfdd_sessions_report(const struct bfd_change *change);
/* Tells what could not be told before. */
void bfdd_sessions_flush(void);

/* Ends what was held long enough or is over, and asks the engine again for what it
 * refused. since_us: when bfdd came back; 0: it is away, and as long as it is all goes on as it
 * said last. Returns when to call again at the latest, UINT64_MAX: when something happens. */
uint64_t bfdd_sessions_turn(uint64_t now_us, uint64_t since_us);

unsigned int bfdd_sessions_count(void);
/* Forgets all; the engine is not told. */
void bfdd_sessions_fini(void);
