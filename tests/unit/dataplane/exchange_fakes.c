/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dataplane/exchange_fakes.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_ether.h>

#include "dataplane/port/port.h"
#include "dataplane/worker/counters.h"
#include "pipelines/pipeline.h"

#define BUFFERS 16383u

struct port *port_table[API_PORTS_MAX];
struct worker fake_workers[FAKE_WORKERS];
struct rte_mempool *fake_pool;
struct fake_seen fake_seen[FAKE_WORKERS];

static struct port port;

/* Flow and number are behind the UDP header, which ends the frame's known part. */
struct mark {
	uint32_t flow, number;
};

void pipeline_receive(
	struct worker *worker, const struct port *from, struct rte_mbuf **packets, unsigned int n)
{
	struct fake_seen *seen = &fake_seen[worker->index];

	for (unsigned int i = 0; i < n; i++) {
		struct mark mark;

		memcpy(&mark,
			rte_pktmbuf_mtod_offset(
				packets[i], uint8_t *, packets[i]->data_len - sizeof(mark)),
			sizeof(mark));
		seen->frames++;
		seen->mine[mark.flow] = true;
		seen->out_of_order += mark.number != seen->next[mark.flow];
		seen->next[mark.flow] = mark.number + 1;
		rte_pktmbuf_free(packets[i]);
	}
	worker->ledger[COUNTERS_PORT(from->id)].rx += n;
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t length)
{
	memcpy(at, bytes, length);
	return at + length;
}

static uint8_t *put_ether(uint8_t *at, enum fake_kind kind)
{
	static const uint8_t macs[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};

	at = put(at, macs, sizeof(macs));
	if (kind == FAKE_QINQ4)
		at = put(at, (uint8_t[]){0x88, 0xa8, 0, 100}, 4);
	if (kind != FAKE_UNTAGGED4)
		at = put(at, (uint8_t[]){0x81, 0, 0, 200}, 4);
	if (kind == FAKE_VLAN6)
		return put(at, (uint8_t[]){0x86, 0xdd}, 2);
	return put(at, (uint8_t[]){0x08, 0}, 2);
}

static uint8_t *put_ip(uint8_t *at, enum fake_kind kind, uint32_t flow)
{
	uint8_t ip4[20] = {0x45, [8] = 64, IPPROTO_UDP, [12] = 10, 0, 0, 1, 10, 1, 0, flow / 16};
	uint8_t ip6[40] = {
		0x60, [6] = IPPROTO_UDP, 64, [8] = 0x20, 1, [24] = 0x20, 1, [39] = flow / 16};

	if (kind == FAKE_VLAN6)
		return put(at, ip6, sizeof(ip6));
	return put(at, ip4, sizeof(ip4));
}

struct rte_mbuf *fake_frame(uint32_t flow, uint32_t number)
{
	struct rte_mbuf *packet = rte_pktmbuf_alloc(fake_pool);
	struct mark mark = {flow, number};
	uint8_t udp[8] = {0x10, flow, 0x20, 0};
	uint8_t *start, *at;

	if (packet == NULL)
		return NULL;
	start = rte_pktmbuf_mtod(packet, uint8_t *);
	at = put_ether(start, flow % FAKE_KINDS);
	at = put_ip(at, flow % FAKE_KINDS, flow);
	at = put(at, udp, sizeof(udp));
	at = put(at, &mark, sizeof(mark));
	packet->data_len = packet->pkt_len = at - start;
	return packet;
}

void fake_port_up(enum exchange_mode mode)
{
	exchange_activate();
	port.id = FAKE_PORT;
	port.tag += API_PORTS_MAX;
	port.tag = port.tag / API_PORTS_MAX * API_PORTS_MAX + FAKE_PORT;
	port.spread = mode;
	port_table[FAKE_PORT] = &port;
}

struct port *fake_port(void)
{
	return &port;
}

int fake_start(void **state)
{
	char *arguments[] = {"exchange", "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry",
		"-m", "128", "-l", "0", "--log-level=error"};

	if (rte_eal_init(RTE_DIM(arguments), arguments) < 0)
		return -1;
	fake_pool = rte_pktmbuf_pool_create(
		"exchange", BUFFERS, 256, 0, RTE_PKTMBUF_HEADROOM + 256, SOCKET_ID_ANY);
	return fake_pool == NULL;
}

int fake_stop(void **state)
{
	return rte_eal_cleanup();
}

int fake_setup(void **state)
{
	struct worker *list[FAKE_WORKERS];

	memset(fake_seen, 0, sizeof(fake_seen));
	for (unsigned int i = 0; i < FAKE_WORKERS; i++) {
		fake_workers[i] = (struct worker){.index = i,
			.numa_node = SOCKET_ID_ANY,
			.ledger = calloc(COUNTERS_SLOTS, sizeof(struct api_ledger))};
		if (fake_workers[i].ledger == NULL)
			return -1;
		list[i] = &fake_workers[i];
	}
	fake_port_up(EXCHANGE_ALL);
	return exchange_create(list, FAKE_WORKERS);
}

int fake_teardown(void **state)
{
	for (unsigned int i = 0; i < FAKE_WORKERS; i++) {
		exchange_free(&fake_workers[i]);
		free(fake_workers[i].ledger);
	}
	assert_int_equal(rte_mempool_in_use_count(fake_pool), 0);
	return 0;
}
