/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Policers: a rate that several interfaces and several workers share, exact within 1 %.
 *
 * The shared half of a policer is one word: the point in time up to which the rate has been given
 * away. Credit is the time between it and now, so nothing has to refill it. A worker leases some
 * 100 us of it with one atomic operation, into a slot of its own, and takes packets' bytes from
 * there with plain arithmetic. What a worker leased and did not use for a while it gives back.
 *
 * The burst bounds both halves together: what all workers may have leased is part of it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>

#include "dataplane/api/api.h"
#include "dataplane/worker/worker.h"

/* One worker's part of one policer. */
struct policer_slot {
	uint32_t credit;         /* worker: bytes leased and not used yet */
	uint16_t overhead_bytes; /* main writes, worker reads: charged on top of each frame */
	uint16_t renewed; /* main sets with release, worker clears: do not wait, the rate changed */
	uint64_t since;   /* worker: TSC of the last lease; in the future: ask again then */
};

/* Nobody's, like 0, but nothing passes. */
#define POLICER_CLOSED API_POLICERS_MAX
#define POLICER_SLOTS_BYTES ((POLICER_CLOSED + 1) * sizeof(struct policer_slot))

/* What workers share. Main writes rate and depth word by word; a lease that reads some words of
 * before a change and some of after it is within the larger of both. */
struct policer {
	uint64_t given;      /* workers, atomic: POLICER_TIME units of TSC, wraps */
	uint64_t byte_time;  /* of one byte: time units, times 2^POLICER_FRACTION */
	uint64_t depth_time; /* credit at most, what is leased not counted */
	uint32_t lease_bytes;
	bool present; /* published with release */
} __rte_cache_aligned;

#define POLICER_TIME 256u /* units a TSC cycle: at 400G a byte takes 13 of them */
#define POLICER_FRACTION 20u

/* By id; 0 is nobody's: no limit. */
extern struct policer policer_table[API_POLICERS_MAX];

/* Main thread, before workers start: how many there will be, and TSC cycles a second. */
void policer_init(unsigned int workers, uint64_t tsc_hz);
/* Main thread, before the worker starts: POLICER_SLOTS_BYTES of zeroes, the caller's to free. */
void policer_attach(unsigned int worker, struct policer_slot *slots);
/* Main thread, when workers have stopped. Nobody may hold a policer any more. */
void policer_fini(void);

/* Main thread, now: TSC. A new policer starts with a full burst. A new rate or burst counts from
 * now on; the credit stays the same share of a second, and with a higher rate is a 32nd of the
 * burst and a lease for each worker at least, or two large frames: who was held to the lower rate
 * and keeps to the higher one loses nothing from then on. 0, -EINVAL: id, rate, burst or overhead
 * out of range (api.h). */
int policer_upsert(const struct api_policer *api, uint64_t now);
/* -EBUSY while interfaces use it. */
int policer_delete(uint32_t id);
uint32_t policer_sweep(void);
bool policer_next(uint32_t after, struct api_policer *api);
bool policer_exists(uint32_t id); /* 0 does: no limit */
/* Main thread, now: TSC. Would a frame of that many bytes pass? Takes nothing. Of a policer that is
 * nearly spent it cannot say for sure: a worker may have a lease left, or wait for a whole one. */
bool policer_would_pass(uint32_t id, uint32_t bytes, uint64_t now);
void policer_hold(uint32_t id);
void policer_release(uint32_t id);

/* Worker: the slot does not hold that many bytes. Leases more, and takes them. The slot of id 0 is
 * filled up again and again, so that nobody asks whether there is a limit. */
bool policer_lease(struct worker *worker, uint32_t id, uint32_t bytes);
/* Worker, once a turn of its loop, worker->now being its time: looks at a few slots and gives back
 * what lay idle in them. */
void policer_return_idle(struct worker *worker);

/* Worker, with self->now the TSC of this burst: may a frame of that many bytes pass? */
static __rte_always_inline bool policer_take(struct worker *self, uint32_t id, uint32_t bytes)
{
	struct policer_slot *slot = &self->policers[id];

	bytes += __atomic_load_n(&slot->overhead_bytes, __ATOMIC_RELAXED);
	if (unlikely(slot->credit < bytes))
		return policer_lease(self, id, bytes);
	slot->credit -= bytes;
	return true;
}

/* The same of one policer and then another, if what was leased suffices for both; else nothing is
 * taken, and policer_take() of each has the answer. */
static __rte_always_inline bool policer_take_both(struct policer_slot *first, uint32_t first_bytes,
	struct policer_slot *second, uint32_t second_bytes)
{
	uint32_t credit = first->credit;

	first_bytes += __atomic_load_n(&first->overhead_bytes, __ATOMIC_RELAXED);
	second_bytes += __atomic_load_n(&second->overhead_bytes, __ATOMIC_RELAXED);
	if (unlikely(credit < first_bytes))
		return false;
	first->credit = credit - first_bytes;
	/* Looked at now: it may be the same one. */
	if (unlikely(second->credit < second_bytes)) {
		first->credit = credit;
		return false;
	}
	second->credit -= second_bytes;
	return true;
}
