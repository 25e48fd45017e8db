/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A wire with a clock, for measuring how long packets are inside of a forwarding program: preloaded
 * (LD_PRELOAD) into the dataplane or into l3fwd, it makes packets of a pcap file arrive at the
 * first port at a given rate, and sees when each is given to a device. On a machine without network
 * cards this is the only clock that neither costs a CPU nor waits for one: a generator on another
 * CPU would be measured along, with whatever else runs there.
 *
 * Ports are net_null devices. Arrivals are put where the device's receive function has been (an RX
 * callback), each with the time of its arrival in its last 8 bytes; a TX callback reads it. More
 * arrivals that nobody fetched than the ring holds are missed, as by a card.
 *
 * PACE_PCAP: the file with the packets. PACE_CONTROL: a file of struct pace, shared with
 * scripts/lib/onramp_bench/pace.py. PACE_RING: packets that the ring holds, RING_DEFAULT if unset.
 */
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "tests/bench/wire.h"

#define RING_DEFAULT 1024u
#define SUB_BITS 6u /* a bucket is 1/64 of its value wide */
#define BUCKETS (40u << SUB_BITS)

/* Fields say who writes. */
struct pace {
	uint64_t tsc_hz;   /* here */
	uint64_t interval; /* there: cycles between arrivals << WIRE_FRACTION_BITS; 0: as many as
			      fit */
	uint64_t wanted;   /* there: a new number starts a new measurement */
	uint64_t started;  /* here: the number of the measurement that runs */
	uint64_t missed;   /* here, and all below */
	uint64_t sent;
	uint64_t buckets[BUCKETS];
};

static struct pace *pace;
static struct rte_mempool *pool;
static struct wire_frames frames;
static uint64_t start, arrived; /* of this measurement: TSC, packets */
static uint64_t ring = RING_DEFAULT;

static void map_control(const char *path)
{
	pace = wire_map("PACE_CONTROL", path, sizeof(*pace));
	pace->tsc_hz = rte_get_tsc_hz();
}

static void restart(uint64_t now)
{
	memset(pace->buckets, 0, sizeof(pace->buckets));
	pace->missed = pace->sent = 0;
	start = now;
	arrived = 0;
	__atomic_store_n(
		&pace->started, __atomic_load_n(&pace->wanted, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
}

static uint64_t arrival(uint64_t number, uint64_t interval)
{
	return start + (uint64_t)((unsigned __int128)number * interval >> WIRE_FRACTION_BITS);
}

/* How many have arrived and may be fetched; arrivals beyond the ring are lost. */
static uint16_t due(uint64_t now, uint64_t interval, uint16_t max)
{
	uint64_t all =
		(uint64_t)(((unsigned __int128)(now - start) << WIRE_FRACTION_BITS) / interval);
	uint64_t waiting = all - arrived;

	/* A virtual machine's clock may step back. */
	if ((int64_t)(now - start) < 0 || all < arrived)
		return 0;
	if (waiting > ring) {
		pace->missed += waiting - ring;
		arrived += waiting - ring;
		waiting = ring;
	}
	return RTE_MIN(waiting, max);
}

static void fill(struct rte_mbuf *mbuf, uint16_t port, uint64_t stamp)
{
	wire_fill(&frames, mbuf, port, &stamp, sizeof(stamp));
}

static uint16_t arrive(uint16_t port, uint16_t queue, struct rte_mbuf **packets, uint16_t count,
	uint16_t max, void *unused)
{
	uint64_t now = rte_rdtsc(), interval = pace->interval;
	uint16_t n = max;

	if (unlikely(__atomic_load_n(&pace->wanted, __ATOMIC_ACQUIRE) != pace->started))
		restart(now);
	if (interval != 0)
		n = due(now, interval, max);
	if (n == 0 || rte_pktmbuf_alloc_bulk(pool, packets, n) != 0)
		return 0;
	for (uint16_t i = 0; i < n; i++) {
		arrived++;
		fill(packets[i], port, interval == 0 ? now : arrival(arrived, interval));
	}
	return n;
}

static uint32_t bucket(uint64_t value)
{
	uint32_t exponent, number;

	if (value < 1u << SUB_BITS)
		return value;
	exponent = 63 - __builtin_clzll(value);
	number = ((exponent - SUB_BITS + 1) << SUB_BITS) +
		 ((value >> (exponent - SUB_BITS)) & ((1u << SUB_BITS) - 1));
	return RTE_MIN(number, BUCKETS - 1);
}

static uint16_t leave(
	uint16_t port, uint16_t queue, struct rte_mbuf **packets, uint16_t count, void *unused)
{
	uint64_t now = rte_rdtsc(), stamp;

	for (uint16_t i = 0; i < count; i++) {
		memcpy(&stamp,
			rte_pktmbuf_mtod_offset(
				packets[i], void *, packets[i]->data_len - sizeof(stamp)),
			sizeof(stamp));
		/* What came before this measurement began is not of it. */
		if (stamp >= start)
			pace->buckets[bucket(now - stamp)]++;
	}
	__atomic_store_n(&pace->sent, pace->sent + count, __ATOMIC_RELAXED);
	return count;
}

static void size_ring(const char *text)
{
	char *end = NULL;

	if (text == NULL)
		return;
	ring = strtoul(text, &end, 10);
	if (ring == 0 || *end != '\0')
		rte_exit(EXIT_FAILURE, "pace: PACE_RING is no number of packets\n");
}

int rte_eth_rx_queue_setup(uint16_t port, uint16_t queue, uint16_t descriptors, unsigned int socket,
	const struct rte_eth_rxconf *conf, struct rte_mempool *mempool)
{
	int (*set_up)(uint16_t, uint16_t, uint16_t, unsigned int, const struct rte_eth_rxconf *,
		struct rte_mempool *) = wire_symbol("rte_eth_rx_queue_setup");

	if (port == 0)
		pool = mempool;
	return set_up(port, queue, descriptors, socket, conf, mempool);
}

int rte_eth_dev_start(uint16_t port)
{
	int (*start_device)(uint16_t) = wire_symbol("rte_eth_dev_start");
	int error = start_device(port);

	if (error != 0)
		return error;
	if (port == 0) {
		wire_load(&frames, "PACE_PCAP", getenv("PACE_PCAP"));
		map_control(getenv("PACE_CONTROL"));
		size_ring(getenv("PACE_RING"));
		wire_address(&frames, port);
		if (rte_eth_add_rx_callback(port, 0, arrive, NULL) == NULL)
			rte_exit(EXIT_FAILURE, "pace: no RX callback on port %u\n", port);
	}
	if (rte_eth_add_tx_callback(port, 0, leave, NULL) == NULL)
		rte_exit(EXIT_FAILURE, "pace: no TX callback on port %u\n", port);
	return 0;
}
