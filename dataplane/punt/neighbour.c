/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Wishes for neighbours, from workers to main: many packets ask for the same one, main hears it
 * once in a while.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_jhash.h>
#include <rte_random.h>
#include <rte_ring_elem.h>

#include "dataplane/punt/internal.h"
#include "dataplane/punt/punt.h"

#define RING 1024u
#define RECENT 32768u
#define SEEN 32768u
#define WAYS 8u /* a cache line */
#define PERIOD_MS 100u
/* How often one is told again: a next hop of routes in each period; what is only on a link as often
 * as the kernel would ask for it, so that a scan of a /24 leaves a turn to each address. */
#define NEXT_HOP_MS PERIOD_MS
#define GLEAN_MS 1000u
/* Wishes of one interface in a period: a scan of subnets must cost the others nothing, neither the
 * ring nor control nor the kernel's neighbour table, which all domains share. There is room for
 * each of four kinds, so that none takes another's place: next hops of routes; strangers that come
 * first, whose room a scan of a large subnet takes; strangers that are asked for again within
 * SEEN_MS, which such a scan does not do and whoever needs a neighbour does; and strangers that did
 * not answer a short while ago, which are all that a scan of a small subnet has after its first
 * round (RFC 6583 6.3). */
#define NEXT_HOP_MAX 16u
#define FIRST_MAX 16u
#define AGAIN_MAX 16u
#define REPEAT_MAX 8u
#define REPEAT_MS 16000u
#define SEEN_MS 1000u

struct wish {
	uint32_t interface;
	uint32_t family;
	uint8_t address[16];
};

static struct rte_ring *ring;

/* (hash << 32 | milliseconds) of wishes, in sets of WAYS: with one place for each hash, two
 * addresses of a scan that meet there would forget each other in turn, and each packet of theirs be
 * a new wish. Any worker writes, one store each: a race lets a second wish through, which is
 * harmless. */
static uint64_t recent[RECENT] __rte_cache_aligned;
/* The same of wishes for which there was no room. */
static uint64_t seen[SEEN] __rte_cache_aligned;
/* Nobody can choose addresses that meet. */
static uint32_t seed;
/* Wishes in a period, by interface; written like recent. */
static uint64_t told[API_INTERFACES_MAX];

/* What told[] holds; whole, it is one store. */
union budget {
	struct {
		uint16_t period; /* the lower bits of its number */
		uint8_t next_hop, first, again, repeat;
	};
	uint64_t whole;
};

int neighbour_init(void)
{
	ring = rte_ring_create_elem(
		"neighbours", sizeof(struct wish), RING, SOCKET_ID_ANY, RING_F_SC_DEQ);
	if (!ring)
		return -rte_errno;
	memset(recent, 0, sizeof(recent));
	memset(seen, 0, sizeof(seen));
	memset(told, 0, sizeof(told));
	seed = (uint32_t)rte_rand();
	return 0;
}

void neighbour_fini(void)
{
	rte_ring_free(ring);
	ring = NULL;
}

/* The place of this hash in a table of so many, or else the one of its set that is oldest. */
static uint64_t *find(uint64_t *table, uint32_t size, uint32_t hash, uint32_t now_ms)
{
	uint64_t *set = &table[hash % (size / WAYS) * WAYS], *oldest = set;
	uint32_t age = 0;

	for (unsigned int i = 0; i < WAYS; i++) {
		uint64_t last = __atomic_load_n(&set[i], __ATOMIC_RELAXED);

		if (last >> 32 == hash)
			return &set[i];
		if (now_ms - (uint32_t)last >= age) {
			age = now_ms - (uint32_t)last;
			oldest = &set[i];
		}
	}
	return oldest;
}

static bool is_in(const uint64_t *slot, uint32_t hash, uint32_t now_ms, uint32_t within_ms)
{
	uint64_t last = __atomic_load_n(slot, __ATOMIC_RELAXED);

	return last >> 32 == hash && now_ms - (uint32_t)last < within_ms;
}

static void put_in(uint64_t *slot, uint32_t hash, uint32_t now_ms)
{
	__atomic_store_n(slot, (uint64_t)hash << 32 | now_ms, __ATOMIC_RELAXED);
}

static bool take(uint8_t *used, uint8_t most)
{
	if (*used >= most)
		return false;
	(*used)++;
	return true;
}

static bool take_first(union budget *budget, uint32_t hash, uint32_t now_ms)
{
	uint64_t *before = find(seen, SEEN, hash, now_ms);

	if (take(&budget->first, FIRST_MAX))
		return true;
	if (is_in(before, hash, now_ms, SEEN_MS))
		return take(&budget->again, AGAIN_MAX);
	put_in(before, hash, now_ms);
	return false;
}

/* Takes one of the interface's wishes for this period; false: none is left for such as it.
 * last: its place in recent[]. */
static bool within_budget(const struct wish *wish, bool next_hop, const uint64_t *last,
	uint32_t hash, uint32_t now_ms)
{
	uint16_t period = now_ms / PERIOD_MS;
	uint64_t *of_interface = &told[wish->interface];
	union budget budget = {.whole = __atomic_load_n(of_interface, __ATOMIC_RELAXED)};
	bool taken;

	if (budget.period != period)
		budget = (union budget){.period = period};
	if (next_hop)
		taken = take(&budget.next_hop, NEXT_HOP_MAX);
	else if (is_in(last, hash, now_ms, REPEAT_MS))
		taken = take(&budget.repeat, REPEAT_MAX);
	else
		taken = take_first(&budget, hash, now_ms);
	if (taken)
		__atomic_store_n(of_interface, budget.whole, __ATOMIC_RELAXED);
	return taken;
}

void neighbour_needed(
	uint32_t interface, uint8_t family, const uint8_t *address, bool next_hop, uint32_t now_ms)
{
	struct wish wish = {.interface = interface, .family = family};
	uint64_t *last;
	uint32_t hash;

	memcpy(wish.address, address, family == AF_INET ? 4 : 16);
	hash = rte_jhash(&wish, sizeof(wish), seed);
	last = find(recent, RECENT, hash, now_ms);
	if (!ring || is_in(last, hash, now_ms, next_hop ? NEXT_HOP_MS : GLEAN_MS) ||
		!within_budget(&wish, next_hop, last, hash, now_ms))
		return;
	put_in(last, hash, now_ms);
	/* A full ring forgets the wish: whoever needs the neighbour asks again. */
	rte_ring_mp_enqueue_elem(ring, &wish, sizeof(wish));
}

static uint32_t milliseconds(void)
{
	return rte_rdtsc() / (rte_get_tsc_hz() / 1000);
}

void punt_neighbour_needed(uint32_t interface, uint8_t family, const uint8_t *address)
{
	neighbour_needed(interface, family, address, true, milliseconds());
}

void punt_stranger_needed(uint32_t interface, uint8_t family, const uint8_t *address)
{
	neighbour_needed(interface, family, address, false, milliseconds());
}

bool punt_next_neighbour(uint32_t *interface, uint8_t *family, uint8_t address[16])
{
	struct wish wish;

	if (!ring || rte_ring_sc_dequeue_elem(ring, &wish, sizeof(wish)) < 0)
		return false;
	*interface = wish.interface;
	*family = wish.family;
	memcpy(address, wish.address, sizeof(wish.address));
	return true;
}
