/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The peers at the other ends of the links: a second BFD engine in a thread of its own, which looks
 * at its rings as often as the dataplane's bfd thread does, and yields to it.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_debug.h>
#include <rte_ring_elem.h>

#include "dataplane/bfd/internal.h"
#include "dataplane/nexthop/path.h"
#include "tests/bench/links.h"

#define RING 8192u
#define TICK_US 1000u
#define PRIORITY 9 /* the bfd thread has 10 */
#define COUNT_TICKS 100u

static struct bfd_engine engine;
static struct rte_ring *to_peers, *from_peers[LINKS];
static uint64_t muted, admin_down; /* a bit for each link */
static uint64_t measurement;
static uint64_t turned_us;                   /* when the last turn began */
static uint64_t last_us[API_INTERFACES_MAX]; /* when the session's packet came; 0: start anew */

/* The peers have no paths to switch. */
bool path_set(uint32_t interface, uint8_t family, const uint8_t peer[16], enum api_path_down cause,
	bool down)
{
	return true;
}

uint32_t path_generation(void)
{
	return 0;
}

/* And no keys. */
unsigned int bfd_keys_of(uint32_t interface, uint8_t family, const uint8_t peer[16],
	struct bfd_secret secrets[BFD_SESSION_KEYS_MAX])
{
	return 0;
}

bool links_peers_tell(const struct links_bfd *packet)
{
	return rte_ring_sp_enqueue_elem(to_peers, (void *)packet, sizeof(*packet)) == 0;
}

bool links_peers_hear(unsigned int link, struct links_bfd *packet)
{
	return rte_ring_sc_dequeue_elem(from_peers[link], packet, sizeof(*packet)) == 0;
}

static uint64_t us_of(uint64_t tsc)
{
	return (unsigned __int128)tsc * 1000000 / rte_get_tsc_hz();
}

static bool is_of(uint64_t bits, uint32_t session)
{
	return bits >> (LINKS_PORT(session) - 1) & 1;
}

static bool depart(struct bfd_departure *departure)
{
	struct links_bfd packet = {.session = departure->interface, .bytes = departure->l3_bytes};
	struct rte_ring *ring = from_peers[LINKS_PORT(departure->interface) - 1];
	bool taken;

	if (is_of(muted, departure->interface))
		return true;
	memcpy(packet.l3, departure->l3, packet.bytes);
	taken = rte_ring_sp_enqueue_elem(ring, &packet, sizeof(packet)) == 0;
	links->peers_lost += !taken;
	return taken;
}

static void note(const struct links_bfd *packet)
{
	uint64_t sent_us = us_of(packet->tsc), last = last_us[packet->session];
	uint64_t gap = sent_us - last, percent = gap * 100 / links->interval_us;

	last_us[packet->session] = sent_us;
	if (last == 0)
		return;
	links->intervals[RTE_MIN(percent, LINKS_PERCENT_MAX - 1)]++;
	links->interval_min_us = RTE_MIN(gap, links->interval_min_us);
	links->interval_max_us = RTE_MAX(gap, links->interval_max_us);
}

static void arrive(const struct links_bfd *packet)
{
	struct bfd_arrival arrival = {
		.tsc = packet->tsc,
		.interface = packet->session,
		.port = BFD_PORT_SINGLE_HOP,
		.bytes = packet->bytes - BFD_IPV4_BYTES - BFD_UDP_BYTES,
		.l3_bytes = packet->bytes,
		.family = AF_INET,
		.ttl = packet->l3[8],
	};

	memcpy(arrival.source, packet->l3 + 12, 4);
	memcpy(arrival.destination, packet->l3 + 16, 4);
	memcpy(arrival.payload, packet->l3 + BFD_IPV4_BYTES + BFD_UDP_BYTES,
		RTE_MIN(arrival.bytes, BFD_PACKET_BYTES_MAX));
	bfd_engine_arrival(&engine, &arrival, us_of(packet->tsc));
}

static void restart(uint64_t wanted)
{
	measurement = wanted;
	memset(last_us, 0, sizeof(last_us));
	memset(links->intervals, 0, sizeof(links->intervals));
	links->interval_min_us = UINT64_MAX;
	links->interval_max_us = 0;
	links->peers_pause_us = 0;
	__atomic_store_n(&links->peers_started, wanted, __ATOMIC_RELEASE);
}

static void configure(void)
{
	for (uint32_t link = 1; link <= links->sessions; link++) {
		struct bfd_config config = {
			.key = {.interface = link, .family = AF_INET},
			.lid = link,
			.min_tx_us = links->interval_us,
			.min_rx_us = links->interval_us,
			.multiplier = links->multiplier,
			.shutdown = is_of(admin_down, link),
		};

		memcpy(config.key.local, (uint8_t[]){10, link >> 8, link & 0xff, 1}, 4);
		memcpy(config.key.peer, (uint8_t[]){10, link >> 8, link & 0xff, 2}, 4);
		if (bfd_engine_set(&engine, &config, link, 1) != 0)
			rte_exit(EXIT_FAILURE, "links: no session %u\n", link);
	}
}

/* Nobody is told of news here. */
static void count(void)
{
	struct bfd_change change;
	struct timespec cpu;
	uint64_t up = 0, flaps = 0;

	while (bfd_engine_next_change(&engine, &change))
		continue;
	for (uint32_t slot = 0; slot < BFD_SESSIONS_MAX; slot++) {
		const struct bfd_entry *entry = bfd_table_slot(engine.table, slot);

		up += entry != NULL && entry->session.state == BFD_UP;
		flaps += entry != NULL ? entry->session.flaps : 0;
	}
	links->peers_up = up;
	links->peers_flaps = flaps;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
	links->peers_cpu_ns = cpu.tv_sec * UINT64_C(1000000000) + cpu.tv_nsec;
}

static void turn(void)
{
	uint64_t wanted = __atomic_load_n(&links->wanted, __ATOMIC_ACQUIRE);
	struct links_bfd packet;
	uint64_t now_us;

	if (wanted != measurement)
		restart(wanted);
	muted = __atomic_load_n(&links->mute, __ATOMIC_RELAXED);
	if (admin_down != __atomic_load_n(&links->admin_down, __ATOMIC_RELAXED)) {
		admin_down = __atomic_load_n(&links->admin_down, __ATOMIC_RELAXED);
		configure();
	}
	now_us = us_of(rte_rdtsc());
	if ((int64_t)(now_us - turned_us) > (int64_t)links->peers_pause_us)
		links->peers_pause_us = now_us - turned_us;
	turned_us = now_us;
	while (rte_ring_sc_dequeue_elem(to_peers, &packet, sizeof(packet)) == 0) {
		note(&packet);
		if (!is_of(muted, packet.session))
			arrive(&packet);
	}
	bfd_engine_advance(&engine, us_of(rte_rdtsc()), now_us);
}

static void *run(void *unused)
{
	struct timespec next;

	clock_gettime(CLOCK_MONOTONIC, &next);
	for (unsigned int ticks = 0;; ticks++) {
		turn();
		if (ticks % COUNT_TICKS == 0)
			count();
		next.tv_nsec += TICK_US * 1000;
		next.tv_sec += next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	return NULL;
}

static struct rte_ring *ring(const char *name)
{
	struct rte_ring *made = rte_ring_create_elem(
		name, sizeof(struct links_bfd), RING, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);

	if (made == NULL)
		rte_exit(EXIT_FAILURE, "links: no ring %s\n", name);
	return made;
}

void links_peers_start(void)
{
	struct sched_param priority = {.sched_priority = PRIORITY};
	pthread_t thread;
	uint64_t random;

	to_peers = ring("to-peers");
	for (unsigned int link = 0; link < LINKS; link++) {
		char name[16];

		snprintf(name, sizeof(name), "from-peers-%u", link);
		from_peers[link] = ring(name);
	}
	if (getrandom(&random, sizeof(random), 0) != sizeof(random) ||
		bfd_engine_init(&engine, random | 1, us_of(rte_rdtsc())) != 0)
		rte_exit(EXIT_FAILURE, "links: no peers\n");
	engine.depart = depart;
	configure();
	if (pthread_create(&thread, NULL, run, NULL) != 0)
		rte_exit(EXIT_FAILURE, "links: no thread for the peers\n");
	pthread_setname_np(thread, "peers");
	if (pthread_setschedparam(thread, SCHED_FIFO, &priority) != 0)
		fprintf(stderr, "links: the peers run at normal priority\n");
}
