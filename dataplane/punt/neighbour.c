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
#define RECENT 1024u
#define SUPPRESS_MS 100u
/* Of one interface in SUPPRESS_MS: a scan of its subnets must cost the others nothing, neither the
 * ring nor control nor the kernel's neighbour table, which all domains share. */
#define WISHES_MAX 16u

struct wish {
	uint32_t interface;
	uint32_t family;
	uint8_t address[16];
};

static struct rte_ring *ring;

/* (hash << 32 | milliseconds) of the last wish that fell on a slot. Any worker writes, one store
 * each: a race lets a second wish through, which is harmless. */
static uint64_t recent[RECENT];
/* (period of SUPPRESS_MS << 8 | wishes in it), by interface; written like recent. */
static uint32_t told[API_INTERFACES_MAX];

int neighbour_init(void)
{
	ring = rte_ring_create_elem(
		"neighbours", sizeof(struct wish), RING, SOCKET_ID_ANY, RING_F_SC_DEQ);
	if (!ring)
		return -rte_errno;
	memset(recent, 0, sizeof(recent));
	memset(told, 0, sizeof(told));
	return 0;
}

void neighbour_fini(void)
{
	rte_ring_free(ring);
	ring = NULL;
}

/* Takes one of the interface's wishes for this period; false: none is left. */
static bool within_budget(uint32_t interface, uint32_t now_ms)
{
	uint32_t period = now_ms / SUPPRESS_MS << 8;
	uint32_t before = __atomic_load_n(&told[interface], __ATOMIC_RELAXED);
	uint32_t count = (before & ~0xffu) == period ? before & 0xff : 0;

	if (count >= WISHES_MAX)
		return false;
	__atomic_store_n(&told[interface], period | (count + 1), __ATOMIC_RELAXED);
	return true;
}

/* True for the first wish of its kind in SUPPRESS_MS, as far as the interface's budget goes. */
static bool worth_telling(const struct wish *wish)
{
	uint32_t hash = rte_jhash(wish, sizeof(*wish), 0);
	uint64_t *slot = &recent[hash % RECENT];
	uint32_t now_ms = rte_rdtsc() / (rte_get_tsc_hz() / 1000);
	uint64_t last = __atomic_load_n(slot, __ATOMIC_RELAXED);

	if (last >> 32 == hash && now_ms - (uint32_t)last < SUPPRESS_MS)
		return false;
	if (!within_budget(wish->interface, now_ms))
		return false;
	__atomic_store_n(slot, (uint64_t)hash << 32 | now_ms, __ATOMIC_RELAXED);
	return true;
}

void punt_neighbour_needed(uint32_t interface, uint8_t family, const uint8_t *address)
{
	struct wish wish = {.interface = interface, .family = family};

	memcpy(wish.address, address, family == AF_INET ? 4 : 16);
	/* A full ring forgets the wish: whoever needs the neighbour asks again. */
	if (ring && worth_telling(&wish))
		rte_ring_mp_enqueue_elem(ring, &wish, sizeof(wish));
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
