/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/pipeline/fixture.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_ring.h>

#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/nexthop.h"
#include "dataplane/nexthop/path.h"
#include "dataplane/policer/policer.h"
#include "dataplane/punt/punt.h"
#include "dataplane/vrf/vrf.h"
#include "dataplane/worker/reclaim.h"
#include "pipelines/pipeline.h"

#define BUFFERS 2047u
#define PUNTED_MAX 4096u
#define WISHES_MAX 256u

struct worker worker;
struct rte_mempool *pool;
struct port *port_table[API_PORTS_MAX];
bool punt_ring_full;
struct bfd_arrival arrived[ARRIVED_MAX];
unsigned int arrived_count;

static struct port ports[PORTS];
static struct rte_ring *sent[PORTS];
static uint16_t ethdevs[PORTS];

static struct rte_mbuf *punted[PUNTED_MAX];
static unsigned int punted_head, punted_tail;

static struct wish {
	uint32_t interface;
	uint8_t family;
	uint8_t address[16];
} wishes[WISHES_MAX];
static unsigned int wish_head, wish_tail;

static struct api_ledger looked_at[COUNTERS_SLOTS];

enum { THREAD_WORKER, THREAD_PUNT, THREADS };

/* ---- the punt thread's part ---- */

bool punt_packet(struct rte_mbuf *packet)
{
	const struct handover *handover = rte_mbuf_to_priv(packet);

	if (punt_ring_full || punted_tail == PUNTED_MAX)
		return false;
	punted[punted_tail++] = packet;
	counters_of_thread(THREAD_PUNT)[handover->interface].punt++;
	return true;
}

void punt_neighbour_needed(uint32_t interface, uint8_t family, const uint8_t *address)
{
	struct wish *wish = &wishes[wish_tail];

	if (wish_tail == WISHES_MAX)
		return;
	wish_tail++;
	*wish = (struct wish){.interface = interface, .family = family};
	memcpy(wish->address, address, family == AF_INET ? 4 : 16);
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

/* ---- the bfd thread's part ---- */

bool bfd_arrived(unsigned int index, struct bfd_arrival *arrival)
{
	assert_int_equal(index, worker.index);
	if (punt_ring_full)
		return false;
	assert_true(arrived_count < ARRIVED_MAX);
	arrived[arrived_count++] = *arrival;
	return true;
}

/* ---- start and stop ---- */

static int start_port(unsigned int index)
{
	struct rte_eth_conf configuration = {0};
	struct rte_ring *rx;
	char name[32];
	int ethdev;

	snprintf(name, sizeof(name), "sent%u", index);
	sent[index] = rte_ring_create(name, 1024, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	snprintf(name, sizeof(name), "received%u", index);
	rx = rte_ring_create(name, 64, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	snprintf(name, sizeof(name), "ring%u", index);
	ethdev = rte_eth_from_rings(name, &rx, 1, &sent[index], 1, 0);
	if (ethdev < 0 || rte_eth_dev_configure(ethdev, 1, 1, &configuration) != 0)
		return -1;
	ethdevs[index] = ethdev;
	if (rte_eth_rx_queue_setup(ethdev, 0, 64, SOCKET_ID_ANY, NULL, pool) != 0 ||
		rte_eth_tx_queue_setup(ethdev, 0, 64, SOCKET_ID_ANY, NULL) != 0)
		return -1;
	return rte_eth_dev_start(ethdev);
}

int fixture_start(void **state)
{
	char *arguments[] = {"test", "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry", "-m",
		"128", "-l", "0", "--log-level=warning", NULL};

	if (rte_eal_init(RTE_DIM(arguments) - 1, arguments) < 0)
		return -1;
	pool = rte_pktmbuf_pool_create("test", BUFFERS, 0, sizeof(struct handover),
		RTE_PKTMBUF_HEADROOM + FRAME_MAX, SOCKET_ID_ANY);
	if (pool == NULL)
		return -1;
	for (unsigned int i = 0; i < PORTS; i++) {
		if (start_port(i) != 0)
			return -1;
	}
	return reclaim_init();
}

int fixture_stop(void **state)
{
	reclaim_fini();
	for (unsigned int i = 0; i < PORTS; i++) {
		rte_eth_dev_stop(ethdevs[i]);
		rte_eth_dev_close(ethdevs[i]);
	}
	return rte_eal_cleanup();
}

int fixture_setup(void **state)
{
	const int numa_nodes[THREADS] = {-1, -1};

	memset(&worker, 0, sizeof(worker));
	memset(looked_at, 0, sizeof(looked_at));
	if (counters_init(THREADS, numa_nodes) != 0)
		return -1;
	worker.ledger = counters_of_thread(THREAD_WORKER);
	worker.pool = pool;
	worker.budgets = pipeline_budgets_create(1, -1);
	worker.now = rte_get_tsc_hz() * 100;
	worker.policers = calloc(1, POLICER_SLOTS_BYTES);
	policer_init(1, rte_get_tsc_hz());
	policer_attach(THREAD_WORKER, worker.policers);
	for (uint32_t i = 0; i < PORTS; i++)
		set_port(i, RTE_ETHER_TYPE_VLAN, 9216);
	punt_ring_full = false;
	arrived_count = 0;
	wish_head = wish_tail = 0;
	return worker.budgets == NULL || worker.policers == NULL;
}

static void expect_balance(uint32_t slot, int64_t *forwarded)
{
	struct api_ledger ledger = ledger_of(slot);
	uint64_t in = 0, out = 0;

	for (unsigned int i = 0; i < API_DROP_COUNT; i++) {
		if (api_drop_direction(i) == API_DROP_IN)
			in += ledger.drops[i];
		else
			out += ledger.drops[i];
	}
	assert_int_equal(ledger.rx + ledger.generated, ledger.punt + ledger.forwarded_in + in);
	assert_int_equal(
		ledger.forwarded_out + ledger.injected + ledger.fragments_added, ledger.tx + out);
	assert_true(ledger.dropped_bytes[API_DROP_IN] <= ledger.rx_bytes);
	assert_true(in > 0 || ledger.dropped_bytes[API_DROP_IN] == 0);
	assert_int_equal(out == 0, ledger.dropped_bytes[API_DROP_OUT] == 0);
	*forwarded += ledger.forwarded_in;
	*forwarded -= ledger.forwarded_out;
}

int fixture_teardown(void **state)
{
	struct rte_mbuf *mbuf;
	int64_t forwarded = 0;

	for (unsigned int i = 0; i < PORTS; i++) {
		while (rte_ring_dequeue(sent[i], (void **)&mbuf) == 0)
			rte_pktmbuf_free(mbuf);
	}
	drop_punted();
	for (uint32_t slot = 0; slot < COUNTERS_SLOTS; slot++)
		expect_balance(slot, &forwarded);
	assert_int_equal(forwarded, 0);
	assert_int_equal(buffers_in_use(), 0);
	nexthop_fini();
	interface_fini();
	policer_fini();
	free(worker.policers);
	vrf_fini();
	pipeline_budgets_free(worker.budgets);
	counters_fini();
	return 0;
}

/* ---- tables ---- */

void set_port(uint32_t id, uint16_t outer_ethertype, uint16_t mtu)
{
	struct port *port = &ports[id];

	port->id = id;
	port->ethdev = ethdevs[id];
	port->rx_queues = port->tx_queues = 1;
	port->outer_ethertype = outer_ethertype;
	port->mtu = mtu;
	port->link_up = 1;
	memcpy(&port->mac, port_mac[id], sizeof(port->mac));
	port_table[id] = port;
}

void set_link(uint32_t port, bool up)
{
	ports[port].link_up = up;
	path_port_carrier(port, up);
}

/* ---- in and out ---- */

struct rte_mbuf *to_mbuf(const struct frame *frame)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);

	assert_non_null(mbuf);

	char *bytes = rte_pktmbuf_append(mbuf, frame->length);

	assert_non_null(bytes);
	memcpy(bytes, frame->bytes, frame->length);
	return mbuf;
}

void receive(uint32_t port, const struct frame *frames, unsigned int n)
{
	struct rte_mbuf *mbufs[BURST_MAX];

	for (unsigned int i = 0; i < n; i++)
		mbufs[i] = to_mbuf(&frames[i]);
	pipeline_receive(&worker, &ports[port], mbufs, n);
	pipeline_flush(&worker);
}

void receive_one(uint32_t port, const struct frame *frame)
{
	receive(port, frame, 1);
}

void inject(uint32_t interface, uint32_t epoch, const struct frame *frame)
{
	struct rte_mbuf *mbuf = to_mbuf(frame);
	struct handover *handover = rte_mbuf_to_priv(mbuf);

	handover->interface = interface;
	handover->epoch = epoch;
	pipeline_inject(&worker, &mbuf, 1);
	pipeline_flush(&worker);
}

static void take(struct rte_mbuf *mbuf, struct frame *frame)
{
	assert_int_equal(mbuf->nb_segs, 1);
	assert_int_equal(mbuf->pkt_len, mbuf->data_len);
	frame->length = mbuf->data_len;
	memcpy(frame->bytes, rte_pktmbuf_mtod(mbuf, void *), frame->length);
	rte_pktmbuf_free(mbuf);
}

void take_sent(uint32_t port, struct frame *frame)
{
	struct rte_mbuf *mbuf = NULL;

	assert_int_equal(rte_ring_dequeue(sent[port], (void **)&mbuf), 0);
	take(mbuf, frame);
}

static void expect_same(const struct frame *frame, const struct frame *expected)
{
	assert_int_equal(frame->length, expected->length);
	assert_memory_equal(frame->bytes, expected->bytes, expected->length);
}

void expect_sent(uint32_t port, const struct frame *expected)
{
	struct frame frame;

	take_sent(port, &frame);
	expect_same(&frame, expected);
}

/* By the EtherType behind the tags. */
static bool is_ipv6(const struct frame *frame)
{
	unsigned int at = 12;

	while (frame->bytes[at] == 0x81 || frame->bytes[at] == 0x88 || frame->bytes[at] == 0x91)
		at += 4;
	return frame->bytes[at] == 0x86;
}

void expect_sent_burst(uint32_t port, const struct frame *frames, unsigned int n)
{
	for (int family = 0; family < 2; family++) {
		for (unsigned int i = 0; i < n; i++) {
			if (frames[i].length > 0 && is_ipv6(&frames[i]) == family)
				expect_sent(port, &frames[i]);
		}
	}
}

unsigned int sent_count(uint32_t port)
{
	return rte_ring_count(sent[port]);
}

void expect_nothing_sent(void)
{
	for (unsigned int i = 0; i < PORTS; i++)
		assert_int_equal(sent_count(i), 0);
}

void expect_punted(uint32_t interface, const struct frame *expected)
{
	struct frame frame;

	assert_true(punted_head < punted_tail);

	const struct handover *handover = rte_mbuf_to_priv(punted[punted_head]);

	assert_int_equal(handover->interface, interface);
	assert_int_equal(handover->epoch, interface_get(interface)->epoch);
	take(punted[punted_head++], &frame);
	expect_same(&frame, expected);
}

unsigned int punted_count(void)
{
	return punted_tail - punted_head;
}

void drop_punted(void)
{
	while (punted_head < punted_tail)
		rte_pktmbuf_free(punted[punted_head++]);
	punted_head = punted_tail = 0;
}

void expect_wish(uint32_t interface, uint8_t family, const char *address)
{
	uint8_t expected[16];

	assert_true(wish_head < wish_tail);

	const struct wish *wish = &wishes[wish_head++];

	assert_int_equal(inet_pton(family, address, expected), 1);
	assert_int_equal(wish->interface, interface);
	assert_int_equal(wish->family, family);
	assert_memory_equal(wish->address, expected, family == AF_INET ? 4 : 16);
}

struct api_ledger ledger_of(uint32_t slot)
{
	struct api_ledger ledger;

	counters_read(slot, &ledger);
	return ledger;
}

uint64_t drops(uint32_t slot, enum api_drop_reason reason)
{
	return ledger_of(slot).drops[reason];
}

void expect_drops(uint32_t slot, enum api_drop_reason reason, uint64_t n)
{
	uint64_t now = drops(slot, reason);

	if (now - looked_at[slot].drops[reason] != n)
		print_error("%s\n", api_drop_name(reason));
	assert_int_equal(now - looked_at[slot].drops[reason], n);
	looked_at[slot].drops[reason] = now;
}

void wait_for_budgets(void)
{
	worker.now += rte_get_tsc_hz() * 100;
}

unsigned int buffers_in_use(void)
{
	return rte_mempool_in_use_count(pool);
}
