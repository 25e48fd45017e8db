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
#include <rte_ring_elem.h>

#include "dataplane/punt/internal.h"
#include "dataplane/punt/punt.h"

#define RING 1024u
#define RECENT 32768u
#define SEEN 32768u
#define PERIOD_MS 100u
/* How often one is told again: a next hop of routes in each period; what is only on a link as often
 * as the kernel would ask for it, so that a scan of a /24 leaves a turn to each address. */
#define NEXT_HOP_MS PERIOD_MS
#define GLEAN_MS 1000u
/* Wishes of one interface in a period: a scan of subnets must cost the others nothing, neither the
 * ring nor control nor the kernel's neighbour table, which all domains share. Some for whoever
 * comes first, which a scan takes; some for addresses that are asked for again within SEEN_MS,
 * which a scan of a large subnet does not do and whoever needs a neighbour does (RFC 6583 6.3). */
#define FIRST_MAX 16u
#define AGAIN_MAX 16u
#define SEEN_MS 1000u

struct wish {
	uint32_t interface;
	uint32_t family;
	uint8_t address[16];
};

static struct rte_ring *ring;

/* (hash << 32 | milliseconds) of the last wish that fell on a slot. Any worker writes, one store
 * each: a race lets a second wish through, which is harmless. */
static uint64_t recent[RECENT];
/* The same of wishes for which there was no room. */
static uint64_t seen[SEEN];
/* Wishes in a period, by interface; written like recent. */
static uint32_t told[API_INTERFACES_MAX];

/* What told[] holds; whole, it is one store. */
union budget {
	struct {
		uint16_t period; /* the lower bits of its number */
		uint8_t first, again;
	};
	uint32_t whole;
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
	return 0;
}

void neighbour_fini(void)
{
	rte_ring_free(ring);
	ring = NULL;
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

/* Takes one of the interface's wishes for this period; false: none is left for it. */
static bool within_budget(uint32_t interface, uint32_t hash, uint32_t now_ms)
{
	uint16_t period = now_ms / PERIOD_MS;
	union budget budget = {.whole = __atomic_load_n(&told[interface], __ATOMIC_RELAXED)};

	if (budget.period != period)
		budget = (union budget){.period = period};
	if (budget.first < FIRST_MAX) {
		budget.first++;
	} else if (is_in(&seen[hash % SEEN], hash, now_ms, SEEN_MS)) {
		if (budget.again >= AGAIN_MAX)
			return false;
		budget.again++;
	} else {
		put_in(&seen[hash % SEEN], hash, now_ms);
		return false;
	}
	__atomic_store_n(&told[interface], budget.whole, __ATOMIC_RELAXED);
	return true;
}

static void need(uint32_t interface, uint8_t family, const uint8_t *address, uint32_t not_within_ms)
{
	struct wish wish = {.interface = interface, .family = family};
	uint32_t hash, now_ms;

	memcpy(wish.address, address, family == AF_INET ? 4 : 16);
	hash = rte_jhash(&wish, sizeof(wish), 0);
	now_ms = rte_rdtsc() / (rte_get_tsc_hz() / 1000);
	if (!ring || is_in(&recent[hash % RECENT], hash, now_ms, not_within_ms) ||
		!within_budget(interface, hash, now_ms))
		return;
	put_in(&recent[hash % RECENT], hash, now_ms);
	/* A full ring forgets the wish: whoever needs the neighbour asks again. */
	rte_ring_mp_enqueue_elem(ring, &wish, sizeof(wish));
}

void punt_neighbour_needed(uint32_t interface, uint8_t family, const uint8_t *address)
{
	need(interface, family, address, NEXT_HOP_MS);
}

void punt_stranger_needed(uint32_t interface, uint8_t family, const uint8_t *address)
{
	need(interface, family, address, GLEAN_MS);
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
