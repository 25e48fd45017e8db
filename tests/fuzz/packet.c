/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The pipeline under libFuzzer. An input is a burst: for each frame two bytes, then the frame. The
 * lower 11 bits of the two are its length; the upper say what is put right in it, because no
 * mutation would ever find it: the destination MAC, the IPv4 checksum. Each frame lies in a buffer
 * of exactly its size, attached to an mbuf, so that the address sanitizer sees a read or write
 * beyond either end; and without headroom, so that a longer header has nowhere to go. After each
 * burst every account must balance and every buffer be back.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "dataplane/bfd/exchange.h"
#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/nexthop.h"
#include "dataplane/policer/policer.h"
#include "dataplane/port/port.h"
#include "dataplane/punt/punt.h"
#include "dataplane/vrf/vrf.h"
#include "dataplane/worker/counters.h"
#include "dataplane/worker/reclaim.h"
#include "pipelines/ingress/spread.h"
#include "pipelines/pipeline.h"

#define BUFFERS 1023u
#define LINKS 5u

/* More than any MTU in the scene, so that fragments and Packet Too Big are reached. */
#define LENGTH_MASK 0x7ffu
#define REPAIR_MAC 0x8000u
#define REPAIR_CHECKSUM 0x4000u

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct port port = {.mtu = 9216, .outer_ethertype = 0x88a8, .link_up = 1};
struct port *port_table[API_PORTS_MAX] = {&port};

static struct worker worker;
static struct rte_mempool *pool;
static struct rte_ring *sent;

static void require(bool fact, const char *what)
{
	if (fact)
		return;
	fprintf(stderr, "not so: %s\n", what);
	abort();
}

/* ---- around the pipeline ---- */

/* A punted packet is read whole, as the TAP would. */
bool punt_packet(struct rte_mbuf *packet)
{
	const struct handover *handover = rte_mbuf_to_priv(packet);
	static uint8_t tap[1 << 16];

	memcpy(tap, rte_pktmbuf_mtod(packet, void *), packet->data_len);
	require(interface_get(handover->interface)->epoch == handover->epoch, "the epoch is right");
	counters_of_thread(1)[handover->interface].punt++;
	rte_pktmbuf_free(packet);
	return true;
}

/* What it says of its own length must be there. */
bool bfd_arrived(unsigned int index, struct bfd_arrival *arrival)
{
	struct bfd_packet packet;
	enum bfd_refusal why = BFD_REFUSED_COUNT;

	require(interface_get(arrival->interface) != NULL, "an arrival names an interface");
	require(arrival->bytes <= arrival->l3_bytes, "payload is within the packet");
	if (bfd_packet_read(arrival->payload, arrival->bytes, &packet, &why) != 0)
		require(why < BFD_REFUSED_COUNT, "a refusal has a reason");
	return true;
}

void punt_neighbour_needed(uint32_t interface, uint8_t family, const uint8_t *address)
{
	uint8_t copy[16];

	memcpy(copy, address, family == AF_INET ? 4 : 16);
	require(interface_get(interface) != NULL, "a wish names an interface");
}

void punt_stranger_needed(uint32_t interface, uint8_t family, const uint8_t *address)
{
	punt_neighbour_needed(interface, family, address);
}

int punt_watch(uint32_t interface, uint32_t epoch, int tap_fd)
{
	return 0;
}

void punt_unwatch(uint32_t interface, int tap_fd)
{
}

/* ---- the scene ---- */

static void add_link(uint32_t id, uint16_t s_tag, uint16_t c_tag, uint16_t mtu)
{
	struct api_interface api = {.id = id,
		.vrf = 1,
		.s_tag = s_tag,
		.c_tag = c_tag,
		.mtu = mtu,
		.address4 = {192, 0, id, 2},
		.prefix_len4 = 30,
		.prefix_len6 = 126,
		.address6 = {0x20, 1, 0xd, 0xb8, [7] = id, [15] = 2},
		.link_local6 = {0xfe, 0x80, [15] = id},
		.policer_in = id == 3,
		.policer_out = id == 4};
	struct api_adjacency neighbour = {.id = id,
		.interface = id,
		.family = AF_INET,
		.resolved = id != LINKS,
		.mac = {2, 0, 0, 0, 1, id}};
	struct api_group group = {.id = 15 + id, .count = 1, .adjacencies = {id}};

	require(interface_upsert(&api, -1) == 0, "interface");
	require(adjacency_upsert(&neighbour) == 0, "adjacency");
	require(group_upsert(&group) == 0, "group");
}

/* The first byte of the destination says what becomes of the packet. */
static void add_routes(uint8_t first, uint32_t group)
{
	struct api_route route = {.vrf = 1,
		.group = group,
		.family = AF_INET,
		.prefix_len = 8,
		.origin = API_ORIGIN_STATIC,
		.address = {first}};

	require(route_upsert(&route) == 0, "route");
	route.family = AF_INET6;
	require(route_upsert(&route) == 0, "route");
}

static void make_scene(void)
{
	struct api_vrf vrf = {.id = 1, .name = "fuzz"};
	struct api_group all = {.id = 100, .count = LINKS, .adjacencies = {1, 2, 3, 4, 5}};

	struct api_policer policer = {
		.id = 1, .rate_bps = 100000000, .burst_bytes = API_POLICER_BURST_MIN};

	require(policer_upsert(&policer, worker.now) == 0, "policer");
	require(vrf_upsert(&vrf) == 0, "vrf");
	add_link(1, 0, 0, 9000);
	add_link(2, 0, 2, 1280);
	add_link(3, 3, 3, 1500);
	add_link(4, 4, 4, 9000);
	add_link(5, 0, 5, 1500); /* unresolved */
	require(group_upsert(&all) == 0, "group");
	for (uint32_t i = 1; i <= LINKS; i++)
		add_routes(10 + i, 15 + i);
	add_routes(32, 100); /* 2000::/8, too */
	add_routes(33, API_GROUP_GLEAN);
	add_routes(34, API_GROUP_BLACKHOLE);
	add_routes(35, API_GROUP_RECEIVE);
	require(vrf_commit() == 0, "commit");
}

static void start_device(void)
{
	struct rte_eth_conf configuration = {0};
	struct rte_ring *received = rte_ring_create("received", 64, SOCKET_ID_ANY, 0);
	int ethdev;

	sent = rte_ring_create("sent", 1024, SOCKET_ID_ANY, 0);
	ethdev = rte_eth_from_rings("ring", &received, 1, &sent, 1, 0);
	require(ethdev >= 0, "device");
	require(rte_eth_dev_configure(ethdev, 1, 1, &configuration) == 0, "device");
	require(rte_eth_rx_queue_setup(ethdev, 0, 64, SOCKET_ID_ANY, NULL, pool) == 0, "queue");
	require(rte_eth_tx_queue_setup(ethdev, 0, 64, SOCKET_ID_ANY, NULL) == 0, "queue");
	require(rte_eth_dev_start(ethdev) == 0, "device");
	port.ethdev = ethdev;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char *arguments[] = {"fuzz", "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry", "-m",
		"64", "-l", "0", "--log-level=error"};
	const int nodes[2] = {-1, -1};

	require(rte_eal_init(RTE_DIM(arguments), arguments) >= 0, "EAL");
	pool = rte_pktmbuf_pool_create("fuzz", BUFFERS, 0, sizeof(struct handover),
		RTE_PKTMBUF_HEADROOM + 2304, SOCKET_ID_ANY);
	require(pool != NULL, "buffers");
	require(reclaim_init() == 0 && counters_init(2, nodes) == 0, "tables");
	worker.ledger = counters_of_thread(0);
	worker.pool = pool;
	worker.budgets = pipeline_budgets_create(1, -1);
	require(worker.budgets != NULL, "budgets");
	worker.policers = calloc(1, POLICER_SLOTS_BYTES);
	require(worker.policers != NULL, "policers");
	worker.now = rte_get_tsc_hz();
	policer_init(1, rte_get_tsc_hz());
	policer_attach(0, worker.policers);
	port.mac.addr_bytes[0] = 2;
	start_device();
	make_scene();
	return 0;
}

/* ---- a burst ---- */

static void free_frame(void *bytes, void *opaque)
{
	free(bytes);
}

static void repair_checksum(uint8_t *bytes, uint16_t length)
{
	unsigned int ip = 14;

	while (ip < 22 && ip + 20u <= length && (bytes[ip - 2] == 0x81 || bytes[ip - 2] == 0x88))
		ip += 4;
	if (ip + 20u > length)
		return;

	unsigned int header_bytes = (bytes[ip] & 0xf) * 4;

	if (header_bytes < 20 || ip + header_bytes > length)
		return;
	memset(bytes + ip + 10, 0, 2);

	uint16_t checksum = ~rte_raw_cksum(bytes + ip, header_bytes);

	memcpy(bytes + ip + 10, &checksum, sizeof(checksum));
}

static void repair(uint8_t *bytes, uint16_t length, uint16_t what)
{
	if ((what & REPAIR_MAC) != 0 && length >= RTE_ETHER_ADDR_LEN)
		memcpy(bytes, &port.mac, RTE_ETHER_ADDR_LEN);
	if ((what & REPAIR_CHECKSUM) != 0)
		repair_checksum(bytes, length);
}

/* The shared information lies apart from the frame, so that nothing lies behind the frame. */
static struct rte_mbuf *to_mbuf(
	const uint8_t *frame, uint16_t length, uint16_t what, struct rte_mbuf_ext_shared_info *info)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);
	uint8_t *bytes = malloc(length != 0 ? length : 1);

	require(mbuf != NULL && bytes != NULL, "a buffer for the input");
	memcpy(bytes, frame, length);
	repair(bytes, length, what);
	info->free_cb = free_frame;
	info->fcb_opaque = NULL;
	rte_mbuf_ext_refcnt_set(info, 1);
	rte_pktmbuf_attach_extbuf(mbuf, bytes, 0, length, info);
	mbuf->data_off = 0;
	mbuf->data_len = length;
	mbuf->pkt_len = length;
	return mbuf;
}

/* Reads what was sent whole, as a device would. */
static void take_sent(void)
{
	static uint8_t wire[1 << 16];
	struct rte_mbuf *mbuf;

	while (rte_ring_dequeue(sent, (void **)&mbuf) == 0) {
		require(mbuf->nb_segs == 1 && mbuf->pkt_len == mbuf->data_len, "one segment");
		require(mbuf->data_len >= 34 && mbuf->data_len <= 9022, "a frame's length");
		memcpy(wire, rte_pktmbuf_mtod(mbuf, void *), mbuf->data_len);
		rte_pktmbuf_free(mbuf);
	}
}

static void expect_balance(void)
{
	uint64_t left = 0, entered = 0;

	for (uint32_t slot = 0; slot <= LINKS + 1; slot++) {
		struct api_ledger ledger;
		uint64_t in = 0, out = 0;

		counters_read(slot <= LINKS ? slot : COUNTERS_PORT(0), &ledger);
		for (unsigned int i = 0; i < API_DROP_COUNT; i++) {
			if (api_drop_direction(i) == API_DROP_IN)
				in += ledger.drops[i];
			else
				out += ledger.drops[i];
		}
		require(ledger.rx + ledger.generated == ledger.punt + ledger.forwarded_in + in,
			"inbound balance");
		require(ledger.forwarded_out + ledger.injected + ledger.fragments_added ==
				ledger.tx + out,
			"outbound balance");
		left += ledger.forwarded_in;
		entered += ledger.forwarded_out;
	}
	require(left == entered, "what left one account entered another");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rte_mbuf_ext_shared_info infos[BURST_MAX];
	struct rte_mbuf *burst[BURST_MAX];
	unsigned int n = 0;

	while (size >= 2 && n < BURST_MAX) {
		uint16_t what = data[0] << 8 | data[1];
		uint16_t length = what & LENGTH_MASK;

		data += 2;
		size -= 2;
		length = RTE_MIN(length, size);
		burst[n] = to_mbuf(data, length, what, &infos[n]);
		require(ingress_spread(burst[n], 7) < 7, "a worker for every frame");
		n++;
		data += length;
		size -= length;
	}
	worker.now += rte_get_tsc_hz() / 1000;
	pipeline_receive(&worker, &port, burst, n);
	pipeline_flush(&worker);
	take_sent();
	expect_balance();
	require(rte_mempool_in_use_count(pool) == 0, "all buffers are back");
	return 0;
}
