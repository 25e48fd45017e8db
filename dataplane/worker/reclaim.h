/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Freeing what packet threads may still read: unlink, then reclaim_later(), and the memory goes
 * once every reader has passed a quiet point. Many objects share one grace period; nobody waits.
 *
 * Writer: the main thread only. Readers: workers and the punt thread, by reader index.
 */
#pragma once

#include <stdint.h>

#define RECLAIM_READERS_MAX 80u

typedef void (*reclaim_free)(void *object);

/* Before any reader registers. 0 or -errno. */
int reclaim_init(void);

/* Main thread. Drops what is left; no reader may be registered any more. */
void reclaim_fini(void);

/* Main thread: free object with free_fn after a grace period. Cannot fail: when memory for the
 * list is short it waits for the grace period. With no reader registered it frees at once. */
void reclaim_later(void *object, reclaim_free free_fn);

/* Main thread, at each turn of its loop: frees what is due, never waits. Returns objects left. */
unsigned int reclaim_run(void);

/* Main thread. Ids are looked up late: a worker may hold the id of a group, adjacency or domain
 * within a burst after the object was unlinked. retire() is called when an id loses its object,
 * settle() before an id gets a new one: it waits, a burst at most, until no reader can hold an id
 * from before the last retirement. Without it a packet could meet the next owner of its id. */
void reclaim_id_retired(void);
void reclaim_ids_settle(void);

/* Readers. register makes the thread online. A reader that blocks goes offline first. quiet() is
 * called between bursts, when the thread holds no pointer into any table. */
void reclaim_reader_register(unsigned int reader);
void reclaim_reader_unregister(unsigned int reader);
void reclaim_reader_offline(unsigned int reader);
void reclaim_reader_online(unsigned int reader);
void reclaim_reader_quiet(unsigned int reader);
