/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A customer's two links and the core, for measuring failover: preloaded (LD_PRELOAD) into the
 * dataplane, it makes numbered packets arrive from the core at a given rate, notes which of them
 * leave by the links, and carries BFD between the dataplane and the peers (links_peers.c). A link
 * can be cut, with or without the device noticing. All of it is seen by the worker's own eyes, in
 * callbacks of net_null devices: who would look from another CPU would measure how busy that one
 * is.
 *
 * LINKS_PCAP: the file with the packets; each gets its number, and the measurement's, in its last 8
 * bytes. LINKS_CONTROL: a file of struct links.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "tests/bench/links.h"
#include "tests/bench/wire.h"

#define RING 4096u /* arrivals that wait for the worker at most, as in a card */
#define MAC_BYTES 6u
#define IP_OFFSET 18u /* behind Ethernet and one tag */
#define BFD_PORT 3784u

struct stamp {
	uint32_t number;
	uint32_t measurement;
};

struct links *links;

static struct wire_frames frames;
static struct rte_mempool *pools[1 + LINKS];
static struct rte_ether_addr macs[1 + LINKS];
static uint32_t *last_of_flow; /* by frame: its highest number that was delivered, and one more */

static uint64_t read64(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void write64(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void restart(void)
{
	links->arrived = links->missed = links->delivered = 0;
	links->repeated = links->reordered = 0;
	memset(links->came, 0, sizeof(links->came));
	memset(last_of_flow, 0, frames.count * sizeof(*last_of_flow));
	frames.next = 0;
	links->clock_ns = monotonic_ns();
	links->clock_tsc = rte_rdtsc();
	write64(&links->started, read64(&links->wanted));
}

static void note_event(void)
{
	uint64_t now = LINKS_EVENT(read64(&links->cut), read64(&links->dark), read64(&links->mute),
		read64(&links->admin_down));

	if (likely(now == links->event))
		return;
	links->event_ns = monotonic_ns();
	links->event_tsc = rte_rdtsc();
	write64(&links->event, now);
}

static bool is_cut(unsigned int link)
{
	return links->event >> link & 1;
}

/* ---- the core ---- */

/* A number that the dataplane never saw. */
static void skip(uint32_t number)
{
	links->came[number / 8] |= 1 << number % 8;
	frames.next = (number + 1) % frames.count;
}

/* How many have arrived and may be fetched; arrivals beyond the ring are missed. A virtual
 * machine's clock may step back, and a pace may be a new one: then none have. */
static uint16_t due(uint64_t pace, uint16_t max)
{
	uint64_t since = rte_rdtsc() - links->clock_tsc, limit = read64(&links->limit);
	uint64_t all = (uint64_t)(((unsigned __int128)since << WIRE_FRACTION_BITS) / pace);
	uint64_t most = RTE_MIN(limit, (uint64_t)LINKS_SEQUENCES), waiting;

	if ((int64_t)since < 0)
		return 0;
	all = RTE_MIN(all, most);
	if (all <= links->arrived)
		return 0;
	for (waiting = all - links->arrived; waiting > RING; waiting--, links->missed++)
		skip(links->arrived++);
	return RTE_MIN(waiting, max);
}

static uint16_t arrive(uint16_t port, uint16_t queue, struct rte_mbuf **packets, uint16_t count,
	uint16_t max, void *unused)
{
	uint64_t pace;
	uint16_t n = max;

	if (unlikely(read64(&links->wanted) != links->started))
		restart();
	note_event();
	pace = read64(&links->pace);
	if (pace != 0)
		n = due(pace, max);
	if (n == 0 || rte_pktmbuf_alloc_bulk(pools[port], packets, n) != 0)
		return 0;
	for (uint16_t i = 0; i < n; i++) {
		struct stamp stamp = {links->arrived++, links->started};

		wire_fill(&frames, packets[i], port, &stamp, sizeof(stamp));
	}
	return n;
}

/* ---- the links ---- */

static void deliver(const struct rte_mbuf *mbuf)
{
	struct stamp stamp;
	uint32_t flow;

	memcpy(&stamp, rte_pktmbuf_mtod_offset(mbuf, void *, mbuf->data_len - sizeof(stamp)),
		sizeof(stamp));
	if (stamp.measurement != (uint32_t)links->started || stamp.number >= LINKS_SEQUENCES)
		return;
	links->delivered++;
	links->repeated += links->came[stamp.number / 8] >> stamp.number % 8 & 1;
	links->came[stamp.number / 8] |= 1 << stamp.number % 8;
	flow = stamp.number % frames.count;
	links->reordered += stamp.number + 1 < last_of_flow[flow];
	last_of_flow[flow] = stamp.number + 1;
}

/* The tag's VLAN is the session. */
static bool read_bfd(const struct rte_mbuf *mbuf, uint64_t now, struct links_bfd *packet)
{
	const uint8_t *at = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	const uint8_t *ip = at + IP_OFFSET;

	if (ip[0] != 0x45 || ip[9] != IPPROTO_UDP || (ip[22] << 8 | ip[23]) != BFD_PORT)
		return false;
	packet->tsc = now;
	packet->session = (at[14] << 8 | at[15]) & 0xfff;
	packet->bytes = RTE_MIN(mbuf->data_len - IP_OFFSET, LINKS_BFD_BYTES_MAX);
	memcpy(packet->l3, ip, packet->bytes);
	return true;
}

static uint16_t leave(
	uint16_t port, uint16_t queue, struct rte_mbuf **packets, uint16_t count, void *unused)
{
	unsigned int link = port - 1;
	bool cut = is_cut(link);
	uint64_t now = rte_rdtsc();
	struct links_bfd bfd;

	for (uint16_t i = 0; i < count; i++) {
		if (unlikely(read_bfd(packets[i], now, &bfd))) {
			if (!cut)
				links_peers_tell(&bfd);
			continue;
		}
		write64(&links->last_sent[link], now);
		if (!cut)
			deliver(packets[i]);
	}
	return count;
}

static struct rte_mbuf *frame_of(uint16_t port, const struct links_bfd *bfd)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pools[port]);
	uint8_t *at;

	if (mbuf == NULL)
		return NULL;
	at = rte_pktmbuf_mtod(mbuf, uint8_t *);
	memcpy(at, &macs[port], MAC_BYTES);
	memcpy(at + MAC_BYTES, "\x02\0\0\0\0\x02", MAC_BYTES);
	memcpy(at + 12, "\x81\0", 2);
	at[14] = bfd->session >> 8;
	at[15] = bfd->session & 0xff;
	memcpy(at + 16, "\x08\0", 2);
	memcpy(at + IP_OFFSET, bfd->l3, bfd->bytes);
	mbuf->data_len = mbuf->pkt_len = IP_OFFSET + bfd->bytes;
	mbuf->port = port;
	return mbuf;
}

static uint16_t come(uint16_t port, uint16_t queue, struct rte_mbuf **packets, uint16_t count,
	uint16_t max, void *unused)
{
	bool cut = is_cut(port - 1);
	struct links_bfd bfd;
	uint16_t n = 0;

	while (n < max && links_peers_hear(port - 1, &bfd)) {
		packets[n] = cut ? NULL : frame_of(port, &bfd);
		n += packets[n] != NULL;
	}
	return n;
}

/* ---- in front of DPDK's own ---- */

__attribute__((visibility("default"))) int rte_eth_rx_queue_setup(uint16_t port, uint16_t queue,
	uint16_t descriptors, unsigned int socket, const struct rte_eth_rxconf *conf,
	struct rte_mempool *mempool)
{
	int (*set_up)(uint16_t, uint16_t, uint16_t, unsigned int, const struct rte_eth_rxconf *,
		struct rte_mempool *) = wire_symbol("rte_eth_rx_queue_setup");

	if (port <= LINKS)
		pools[port] = mempool;
	return set_up(port, queue, descriptors, socket, conf, mempool);
}

__attribute__((visibility("default"))) int rte_eth_link_get_nowait(
	uint16_t port, struct rte_eth_link *link)
{
	int (*get)(uint16_t, struct rte_eth_link *) = wire_symbol("rte_eth_link_get_nowait");
	int error = get(port, link);

	/* The device cannot know sooner than the worker can meet it. */
	if (error == 0 && port > 0 && links != NULL && LINKS_IS_DARK(read64(&links->event), port))
		link->link_status = RTE_ETH_LINK_DOWN;
	return error;
}

static void open_core(uint16_t port)
{
	wire_load(&frames, "LINKS_PCAP", getenv("LINKS_PCAP"));
	wire_address(&frames, port);
	last_of_flow = calloc(frames.count, sizeof(*last_of_flow));
	links = wire_map("LINKS_CONTROL", getenv("LINKS_CONTROL"), sizeof(*links));
	links->tsc_hz = rte_get_tsc_hz();
	if (last_of_flow == NULL || rte_eth_add_rx_callback(port, 0, arrive, NULL) == NULL)
		rte_exit(EXIT_FAILURE, "links: no RX callback on port %u\n", port);
}

static void open_link(uint16_t port)
{
	if (rte_eth_macaddr_get(port, &macs[port]) != 0 ||
		rte_eth_add_rx_callback(port, 0, come, NULL) == NULL ||
		rte_eth_add_tx_callback(port, 0, leave, NULL) == NULL)
		rte_exit(EXIT_FAILURE, "links: no callbacks on port %u\n", port);
	if (port == LINKS)
		links_peers_start();
}

__attribute__((visibility("default"))) int rte_eth_dev_start(uint16_t port)
{
	int (*start_device)(uint16_t) = wire_symbol("rte_eth_dev_start");
	int error = start_device(port);

	if (error != 0)
		return error;
	if (port == 0)
		open_core(port);
	else if (port <= LINKS)
		open_link(port);
	return 0;
}
