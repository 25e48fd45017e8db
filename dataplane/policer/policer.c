/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The main thread's side: the table, and how rate and burst become what workers read.
 */
#include "dataplane/policer/policer.h"

#include <errno.h>
#include <string.h>

#include "dataplane/policer/internal.h"
#include "dataplane/worker/mark.h"
#include "dataplane/worker/reclaim.h"

#define LEASE_US 100u     /* of the rate: an atomic operation each 100 us and worker */
#define LEASE_BYTES 4096u /* though at least this, a few frames */
/* Workers together lease at most one in so many parts of the burst; where that is less than
 * LEASE_BYTES for each, at most one in fewer. */
#define LEASES_IN_BURST 64u
#define LEASES_IN_SMALL_BURST 8u
/* What a higher rate begins with: this part of its burst, when all workers have leased. */
#define RAISE_IN_BURST 32u
#define LEASE_IDLE_US 1000u

struct policer policer_table[API_POLICERS_MAX];
uint64_t policer_idle_cycles;
uint32_t policer_top;

/* Main thread only. */
static struct {
	struct api_policer api;
	uint32_t references; /* by interfaces and adjacencies */
	uint8_t mark;
} owned[API_POLICERS_MAX];
static struct policer_slot *slots_of[API_CPUS_MAX];
static unsigned int worker_total;
static uint64_t hz;

void policer_init(unsigned int workers, uint64_t tsc_hz)
{
	worker_total = workers;
	hz = tsc_hz;
	policer_idle_cycles = tsc_hz / 1000000 * LEASE_IDLE_US;
}

void policer_attach(unsigned int worker, struct policer_slot *slots)
{
	slots_of[worker] = slots;
}

void policer_fini(void)
{
	memset(policer_table, 0, policer_top * sizeof(policer_table[0]));
	memset(owned, 0, policer_top * sizeof(owned[0]));
	memset(slots_of, 0, sizeof(slots_of));
	policer_top = 0;
}

static int check(const struct api_policer *api)
{
	if (api->id == 0 || api->id >= API_POLICERS_MAX)
		return -EINVAL;
	if (api->rate_bps < API_POLICER_RATE_MIN || api->rate_bps > API_POLICER_RATE_MAX)
		return -EINVAL;
	if (api->burst_bytes < API_POLICER_BURST_MIN ||
		api->burst_bytes > api->rate_bps / 8 * API_POLICER_BURST_S_MAX)
		return -EINVAL;
	return api->overhead_bytes > API_POLICER_OVERHEAD_MAX ? -EINVAL : 0;
}

static uint64_t lease_of(const struct api_policer *api)
{
	uint64_t lease = api->rate_bps / 8 * LEASE_US / 1000000;
	uint64_t part = api->burst_bytes / LEASES_IN_BURST / worker_total;
	uint64_t small_part = api->burst_bytes / LEASES_IN_SMALL_BURST / worker_total;

	lease = RTE_MIN(lease, part);
	lease = RTE_MAX(lease, LEASE_BYTES);
	return RTE_MIN(lease, small_part);
}

static void set_rate(struct policer *policer, const struct api_policer *api)
{
	unsigned __int128 second = (unsigned __int128)hz * POLICER_TIME << POLICER_FRACTION;
	uint64_t byte_time = second * 8 / api->rate_bps;
	uint64_t lease = lease_of(api);
	uint64_t depth = api->burst_bytes - lease * worker_total;

	__atomic_store_n(&policer->byte_time, byte_time, __ATOMIC_RELAXED);
	__atomic_store_n(
		&policer->depth_time, (depth * byte_time) >> POLICER_FRACTION, __ATOMIC_RELAXED);
	__atomic_store_n(&policer->lease_bytes, lease, __ATOMIC_RELAXED);
}

/* Workers may lease meanwhile. */
static void raise_credit(struct policer *policer, uint64_t burst_bytes, uint64_t now)
{
	uint64_t bytes =
		policer->lease_bytes * (uint64_t)worker_total + burst_bytes / RAISE_IN_BURST;
	uint64_t given = __atomic_load_n(&policer->given, __ATOMIC_RELAXED), wish, credit;

	bytes = RTE_MAX(bytes, API_POLICER_BURST_MIN);
	credit = (bytes * policer->byte_time) >> POLICER_FRACTION;
	wish = now * POLICER_TIME - RTE_MIN(credit, policer->depth_time);
	while ((int64_t)(given - wish) > 0) {
		if (__atomic_compare_exchange_n(&policer->given, &given, wish, false,
			    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return;
	}
}

static void end_waiting(uint32_t id)
{
	for (unsigned int i = 0; i < API_CPUS_MAX; i++) {
		if (slots_of[i] != NULL)
			__atomic_store_n(&slots_of[i][id].renewed, 1, __ATOMIC_RELEASE);
	}
}

/* The rate of one that workers use is another one from now on. */
static void change_rate(struct policer *policer, const struct api_policer *api, uint64_t now)
{
	uint64_t before = owned[api->id].api.rate_bps;

	set_rate(policer, api);
	if (api->rate_bps > before)
		raise_credit(policer, api->burst_bytes, now);
	if (api->rate_bps != before)
		end_waiting(api->id);
}

static void set_overhead(const struct api_policer *api)
{
	for (unsigned int i = 0; i < API_CPUS_MAX; i++) {
		if (slots_of[i] != NULL)
			__atomic_store_n(&slots_of[i][api->id].overhead_bytes, api->overhead_bytes,
				__ATOMIC_RELAXED);
	}
}

/* Workers may have left credit of the id's last owner; none of them uses the id now. */
static void clear_slots(uint32_t id)
{
	for (unsigned int i = 0; i < API_CPUS_MAX; i++) {
		if (slots_of[i] == NULL)
			continue;
		__atomic_store_n(&slots_of[i][id].credit, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&slots_of[i][id].renewed, 0, __ATOMIC_RELAXED);
		slots_of[i][id].since = 0;
	}
}

int policer_upsert(const struct api_policer *api, uint64_t now)
{
	int error = check(api);

	if (error != 0)
		return error;

	struct policer *policer = &policer_table[api->id];

	if (policer->present) {
		change_rate(policer, api, now);
	} else {
		reclaim_ids_settle();
		clear_slots(api->id);
		set_rate(policer, api);
		policer->given = now * POLICER_TIME - policer->depth_time;
	}
	owned[api->id].api = *api;
	owned[api->id].mark = table_mark;
	set_overhead(api);
	__atomic_store_n(&policer->present, true, __ATOMIC_RELEASE);
	if (api->id >= policer_top)
		__atomic_store_n(&policer_top, api->id + 1, __ATOMIC_RELAXED);
	return 0;
}

int policer_delete(uint32_t id)
{
	if (id == 0 || id >= API_POLICERS_MAX)
		return -EINVAL;
	if (!policer_table[id].present)
		return 0;
	if (owned[id].references != 0)
		return -EBUSY;
	__atomic_store_n(&policer_table[id].present, false, __ATOMIC_RELAXED);
	reclaim_id_retired();
	return 0;
}

uint32_t policer_sweep(void)
{
	uint32_t swept = 0;

	for (uint32_t id = 1; id < policer_top; id++) {
		if (!policer_table[id].present || owned[id].mark == table_mark)
			continue;
		if (policer_delete(id) == 0)
			swept++;
	}
	return swept;
}

bool policer_next(uint32_t after, struct api_policer *api)
{
	for (uint64_t id = (uint64_t)after + 1; id < policer_top; id++) {
		if (!policer_table[id].present)
			continue;
		*api = owned[id].api;
		return true;
	}
	return false;
}

bool policer_exists(uint32_t id)
{
	return id == 0 || (id < API_POLICERS_MAX && policer_table[id].present);
}

bool policer_would_pass(uint32_t id, uint32_t bytes, uint64_t now)
{
	if (id == 0)
		return true;
	return id != POLICER_CLOSED && policer_exists(id) &&
	       policer_at_hand(&policer_table[id], now) >= bytes + owned[id].api.overhead_bytes;
}

void policer_hold(uint32_t id)
{
	owned[id].references++;
}

void policer_release(uint32_t id)
{
	owned[id].references--;
}
