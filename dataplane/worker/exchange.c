/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/exchange.h"

#include <errno.h>
#include <stdio.h>

#include <rte_malloc.h>
#include <rte_prefetch.h>
#include <rte_ring.h>

#include "dataplane/port/mempool.h"
#include "dataplane/port/port.h"
#include "dataplane/worker/counters.h"
#include "pipelines/ingress/spread.h"
#include "pipelines/pipeline.h"

#define RING_MIN (2 * BURST_MAX)
#define PREFETCH_AHEAD 4u

/* Main writes, workers read. */
static bool active;

static int create_ring(struct worker *from, struct worker *to, unsigned int count)
{
	unsigned int size = RTE_MAX(EXCHANGE_WAITING / (count - 1), RING_MIN);
	char name[RTE_RING_NAMESIZE];
	struct rte_ring *ring;

	snprintf(name, sizeof(name), "exchange-%u-%u", from->index, to->index);
	ring = rte_ring_create(
		name, rte_align32pow2(size), to->numa_node, RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (ring == NULL)
		return -ENOMEM;
	to->exchange->in[from->index] = ring;
	from->exchange->out[to->index] = ring;
	return 0;
}

int exchange_create(struct worker *const *workers, unsigned int count)
{
	int error = 0;

	if (count == 1)
		return 0;
	for (unsigned int i = 0; i < count; i++) {
		workers[i]->exchange = rte_zmalloc_socket("exchange", sizeof(struct exchange),
			RTE_CACHE_LINE_SIZE, workers[i]->numa_node);
		if (workers[i]->exchange == NULL)
			return -ENOMEM;
		workers[i]->exchange->workers = count;
	}
	for (unsigned int i = 0; i < count; i++) {
		for (unsigned int j = 0; error == 0 && j < count; j++) {
			if (i != j)
				error = create_ring(workers[i], workers[j], count);
		}
	}
	return error;
}

void exchange_free(struct worker *worker)
{
	struct exchange *exchange = worker->exchange;
	struct rte_mbuf *packet;

	if (exchange == NULL)
		return;
	for (unsigned int from = 0; from < exchange->workers; from++) {
		struct rte_ring *ring = exchange->in[from];

		while (ring != NULL && rte_ring_sc_dequeue(ring, (void **)&packet) == 0)
			rte_pktmbuf_free(packet);
		rte_ring_free(ring);
	}
	rte_free(exchange);
	worker->exchange = NULL;
}

void exchange_activate(void)
{
	__atomic_store_n(&active, true, __ATOMIC_RELAXED);
}

/* It was received all the same, and that is counted once. */
static void drop(
	struct worker *worker, uint32_t port, struct rte_mbuf *packet, enum api_drop_reason reason)
{
	struct api_ledger *ledger = &worker->ledger[COUNTERS_PORT(port)];

	ledger->rx++;
	ledger->rx_bytes += packet->pkt_len;
	ledger_drop(ledger, reason, packet->pkt_len);
	rte_pktmbuf_free(packet);
}

static void hand_over(struct worker *worker, const struct port *port, unsigned int to)
{
	struct outbox *box = &worker->exchange->boxes[to];
	unsigned int taken = rte_ring_sp_enqueue_burst(
		worker->exchange->out[to], (void **)box->packets, box->count, NULL);

	for (; unlikely(taken < box->count); taken++)
		drop(worker, port->id, box->packets[taken], API_DROP_EXCHANGE_FULL);
	box->count = 0;
}

unsigned int exchange_spread(
	struct worker *worker, const struct port *port, struct rte_mbuf **packets, unsigned int n)
{
	struct exchange *exchange = worker->exchange;
	bool trust_hash = __atomic_load_n(&port->spread, __ATOMIC_RELAXED) == EXCHANGE_UNHASHED;
	unsigned int own = 0, hashed = 0;
	uint64_t others = 0; /* workers, a bit each */

	for (unsigned int i = 0; i < RTE_MIN(n, PREFETCH_AHEAD); i++)
		rte_prefetch0(rte_pktmbuf_mtod(packets[i], void *));
	for (unsigned int i = 0; i < n; i++) {
		struct rte_mbuf *packet = packets[i];
		unsigned int to = worker->index;

		if (i + PREFETCH_AHEAD < n)
			rte_prefetch0(rte_pktmbuf_mtod(packets[i + PREFETCH_AHEAD], void *));
		if (trust_hash && (packet->ol_flags & RTE_MBUF_F_RX_RSS_HASH) != 0)
			hashed++;
		else
			to = ingress_spread(packet, exchange->workers);
		if (to == worker->index) {
			packets[own++] = packet;
			continue;
		}
		/* All that a ring's other end knows of a frame: which life of which port. */
		packet->port = port->tag;
		exchange->boxes[to].packets[exchange->boxes[to].count++] = packet;
		others |= UINT64_C(1) << to;
	}
	for (; others != 0; others &= others - 1)
		hand_over(worker, port, __builtin_ctzll(others));
	if (trust_hash) {
		worker_add(&exchange->seen[port->id].hashed, hashed);
		worker_add(&exchange->seen[port->id].unhashed, n - hashed);
	}
	return own;
}

/* Frames of one port; it may be gone, and another in its place. */
static void run(struct worker *worker, uint16_t tag, struct rte_mbuf **packets, unsigned int n)
{
	const struct port *port = port_get(PORT_TAG_ID(tag));

	if (likely(port != NULL && port->tag == tag)) {
		pipeline_receive(worker, port, packets, n);
		return;
	}
	for (unsigned int i = 0; i < n; i++)
		drop(worker, PORT_TAG_ID(tag), packets[i], API_DROP_INTERFACE_GONE);
}

/* What of a frame the sender's cache has and will be written to here: the buffer's header, both
 * lines, and where the headers are with the usual headroom, old and new. */
static __rte_always_inline void fetch(const struct rte_mbuf *packet)
{
	const uint8_t *at = (const uint8_t *)packet;
	const uint8_t *frame = at + sizeof(*packet) + MEMPOOL_PRIVATE + RTE_PKTMBUF_HEADROOM;

	__builtin_prefetch(at, 1);
	__builtin_prefetch(frame, 1);
	__builtin_prefetch(frame - RTE_CACHE_LINE_SIZE, 1);
	__builtin_prefetch(at + RTE_CACHE_LINE_SIZE, 1);
}

static unsigned int take(struct worker *worker, struct rte_ring *ring)
{
	struct rte_mbuf *packets[BURST_MAX];
	unsigned int got = rte_ring_sc_dequeue_burst(ring, (void **)packets, BURST_MAX, NULL);

	for (unsigned int i = 0; i < got; i++)
		fetch(packets[i]);
	for (unsigned int first = 0, next; first < got; first = next) {
		for (next = first + 1; next < got; next++) {
			if (packets[next]->port != packets[first]->port)
				break;
		}
		run(worker, packets[first]->port, packets + first, next - first);
	}
	return got;
}

unsigned int exchange_receive(struct worker *worker)
{
	struct exchange *exchange = worker->exchange;
	unsigned int total = 0;

	if (exchange == NULL || !__atomic_load_n(&active, __ATOMIC_RELAXED))
		return 0;
	for (unsigned int from = 0; from < exchange->workers; from++) {
		struct rte_ring *ring = exchange->in[from];

		if (ring == NULL)
			continue;
		/* To its end: work is already in it, the device can wait. But not for ever. */
		for (unsigned int i = 0; i < EXCHANGE_WAITING / BURST_MAX; i++) {
			unsigned int got = take(worker, ring);

			total += got;
			if (got < BURST_MAX)
				break;
		}
	}
	return total;
}
