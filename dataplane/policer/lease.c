/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The workers' side of a policer: leases. Time is in units of 1/POLICER_TIME TSC cycle, modulo
 * 2^64: it wraps after some months, so two points are only ever compared by their difference.
 */
#include "dataplane/policer/policer.h"

#include <stdbool.h>

#include "dataplane/policer/internal.h"

#define SLOTS_PER_TURN 4u /* a cache line of them */

/* `given` may be ahead of a worker's time-stamp, which is as old as its burst, by the age of a
 * burst and the skew of the clocks. This much is ahead; more is long ago. */
#define AHEAD_MAX (UINT64_C(1) << 40)

static uint64_t open_time(uint64_t now, uint64_t given, uint64_t depth)
{
	uint64_t open = now - given;

	return open > UINT64_MAX - AHEAD_MAX ? 0 : RTE_MIN(open, depth);
}

/* Rounded up: nothing is given twice. */
static uint64_t time_of(uint64_t bytes, uint64_t byte_time)
{
	uint64_t fraction = (UINT64_C(1) << POLICER_FRACTION) - 1;

	return (bytes * byte_time + fraction) >> POLICER_FRACTION;
}

uint64_t policer_at_hand(const struct policer *policer, uint64_t tsc)
{
	uint64_t byte_time = __atomic_load_n(&policer->byte_time, __ATOMIC_RELAXED);
	uint64_t depth = __atomic_load_n(&policer->depth_time, __ATOMIC_RELAXED);
	uint64_t given = __atomic_load_n(&policer->given, __ATOMIC_RELAXED);

	return (open_time(tsc * POLICER_TIME, given, depth) << POLICER_FRACTION) / byte_time;
}

/* Takes a lease, or what there is of it if that is at least `least`. Returns bytes; 0: not enough,
 * and *wait is the TSC cycles until a whole lease is there. */
static uint32_t take(struct policer *policer, uint64_t tsc, uint32_t least, uint64_t *wait)
{
	uint64_t byte_time = __atomic_load_n(&policer->byte_time, __ATOMIC_RELAXED);
	uint64_t depth = __atomic_load_n(&policer->depth_time, __ATOMIC_RELAXED);
	uint32_t lease = __atomic_load_n(&policer->lease_bytes, __ATOMIC_RELAXED);
	uint64_t given = __atomic_load_n(&policer->given, __ATOMIC_RELAXED);
	uint64_t wish = RTE_MAX(lease, least), now = tsc * POLICER_TIME;
	uint64_t open, bytes, next;

	do {
		open = open_time(now, given, depth);
		bytes = (open << POLICER_FRACTION) / byte_time;
		if (bytes < least) {
			*wait = time_of(wish - bytes, byte_time) / POLICER_TIME + 1;
			return 0;
		}
		bytes = RTE_MIN(bytes, wish);
		next = now - open + time_of(bytes, byte_time);
	} while (!__atomic_compare_exchange_n(
		&policer->given, &given, next, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return bytes;
}

/* What it waits for was reckoned by another rate. Main stores that before it says so. */
static bool renewed(struct policer_slot *slot)
{
	if (likely(__atomic_load_n(&slot->renewed, __ATOMIC_RELAXED) == 0))
		return false;
	return __atomic_exchange_n(&slot->renewed, 0, __ATOMIC_ACQUIRE) != 0;
}

bool policer_lease(struct worker *worker, uint32_t id, uint32_t bytes)
{
	struct policer_slot *slot = &worker->policers[id];
	uint64_t wait = 0;
	uint32_t got;

	if (id == POLICER_CLOSED)
		return false;
	if (id == 0) {
		slot->credit = UINT32_MAX - bytes;
		return true;
	}
	/* Under a flood most packets end here, without a look at what is shared. */
	if ((int64_t)(worker->now - slot->since) < 0 && !renewed(slot))
		return false;
	got = take(&policer_table[id], worker->now, bytes - slot->credit, &wait);
	slot->since = worker->now + wait;
	if (got == 0)
		return false;
	slot->credit += got - bytes;
	return true;
}

/* Main clears the slots of an id before somebody new gets it, when no worker uses it but here. */
static void look_at(struct worker *worker, uint32_t id)
{
	struct policer_slot *slot = &worker->policers[id];
	struct policer *policer = &policer_table[id];
	uint32_t credit = __atomic_load_n(&slot->credit, __ATOMIC_RELAXED);

	if (credit == 0 || !__atomic_load_n(&policer->present, __ATOMIC_ACQUIRE))
		return;
	if ((int64_t)(worker->now - slot->since) < (int64_t)policer_idle_cycles)
		return;

	uint64_t byte_time = __atomic_load_n(&policer->byte_time, __ATOMIC_RELAXED);

	__atomic_fetch_sub(
		&policer->given, (credit * byte_time) >> POLICER_FRACTION, __ATOMIC_RELAXED);
	slot->credit = 0;
}

void policer_return_idle(struct worker *worker)
{
	uint32_t top = __atomic_load_n(&policer_top, __ATOMIC_RELAXED);

	for (uint32_t i = 0; i < SLOTS_PER_TURN; i++) {
		if (worker->policer_cursor >= top) {
			worker->policer_cursor = 0;
			return;
		}
		look_at(worker, worker->policer_cursor++);
	}
}
