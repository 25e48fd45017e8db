/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the bfd thread says, on its way to the peer. It goes to the device at once and alone, before
 * all else in the worker's turn. What a device does not take then waits for the next turns, for
 * some milliseconds, and is counted as lost on its session after that.
 */
#include <netinet/in.h>
#include <sys/socket.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "dataplane/bfd/exchange.h"
#include "dataplane/punt/punt.h"
#include "pipelines/egress/rewrite.h"
#include "pipelines/egress/transmit.h"
#include "pipelines/observe.h"
#include "pipelines/pipeline.h"
#include "pipelines/route/lookup.h"
#include "pipelines/route/member.h"

/* Half the shortest interval: later than that the next packet of the session says it anew. */
#define PATIENCE_US 5000u

enum outcome {
	GONE,    /* sent, or held back on purpose */
	LOST,    /* counted as a drop of its link */
	REFUSED, /* by the device; not counted yet */
};

/* The IP packet behind the longest Ethernet header. NULL: no memory. */
static struct rte_mbuf *make_mbuf(struct worker *worker, const struct bfd_departure *departure)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(worker->pool);
	uint8_t *frame;

	if (mbuf == NULL)
		return NULL;
	frame = (uint8_t *)rte_pktmbuf_append(mbuf, TEMPLATE_BYTES + departure->l3_bytes);
	if (frame == NULL) {
		rte_pktmbuf_free(mbuf);
		return NULL;
	}
	memcpy(frame + TEMPLATE_BYTES, departure->l3, departure->l3_bytes);
	return mbuf;
}

static uint32_t find_group(const struct packet *packet)
{
	const uint8_t *ip = packet_l3(packet);
	const struct fib *fib;
	uint32_t group, address;

	if (!packet_is_ipv4(packet)) {
		fib = vrf_fib6(packet->in->vrf);
		fib_lookup6_bulk(&fib, (const uint8_t(*)[16])(const void *)(ip + IPV6_DESTINATION),
			&group, 1);
		return group;
	}
	fib = vrf_fib4(packet->in->vrf);
	address = load32(ip + IPV4_DESTINATION);
	fib_lookup4_bulk(&fib, &address, &group, 1);
	return group;
}

/* RFC 5883: the peer is behind routers, and the way there is what the domain's routes say. Whoever
 * is on that way and not known yet is wished for. */
static bool find_way(struct packet *packet)
{
	const uint8_t *ip = packet_l3(packet);
	enum packet_exit exit = route_member(packet, find_group(packet));

	if (exit == EXIT_GLEAN && packet_is_ipv4(packet))
		punt_neighbour_needed(packet->in->id, AF_INET, ip + IPV4_DESTINATION);
	else if (exit == EXIT_GLEAN)
		punt_neighbour_needed(packet->in->id, AF_INET6, ip + IPV6_DESTINATION);
	else if (exit == EXIT_UNRESOLVED)
		punt_neighbour_needed(packet->adjacency->interface, packet->adjacency->api.family,
			packet->adjacency->api.address);
	return exit == EXIT_NEXT;
}

static bool find_neighbour(struct packet *packet, const struct bfd_departure *departure)
{
	const struct adjacency *adjacency = adjacency_get(departure->adjacency);
	unsigned int destination =
		departure->family == AF_INET ? IPV4_DESTINATION : IPV6_DESTINATION;

	packet->adjacency = adjacency;
	/* An id that went on to another neighbour since is no way to this one. */
	if (departure->adjacency != 0 && adjacency != NULL && adjacency->resolved &&
		adjacency->interface == departure->interface)
		return true;
	punt_neighbour_needed(departure->interface, departure->family, departure->l3 + destination);
	return false;
}

/* The device has it, or it is as if it had never been built. */
static bool hand_to_device(struct worker *worker, const struct port *port,
	struct api_ledger *ledger, struct rte_mbuf *mbuf)
{
	uint32_t bytes = mbuf->pkt_len;

	if (rte_eth_tx_burst(port->ethdev, worker->index, &mbuf, 1) == 0) {
		rte_pktmbuf_free(mbuf);
		return false;
	}
	ledger->injected++;
	ledger->tx++;
	ledger->tx_bytes += bytes;
	return true;
}

/* On the account of the interface it leaves by, like all that the edge says itself. */
static enum outcome send_packet(struct worker *worker, const struct packet *packet)
{
	const struct adjacency *adjacency = packet->adjacency;
	struct api_ledger *ledger = &worker->ledger[adjacency->interface];
	const struct port *port = port_get(adjacency->port);
	enum api_drop_reason reason =
		adjacency->cut ? API_DROP_LINK_TEST_INJECT : API_DROP_PORT_DOWN;
	struct observed observed;

	egress_rewrite(packet->mbuf, packet_l3(packet),
		packet->l3_bytes + adjacency->template_bytes, adjacency, packet_is_ipv4(packet));
	observed = observe_maybe_out(worker, adjacency->interface, packet->mbuf);
	if (adjacency->cut || !port_is_up(port)) {
		ledger->injected++;
		ledger_drop(ledger, reason, packet->mbuf->pkt_len);
		observe_settle(&observed, API_CAPTURE_DROPPED, reason);
		rte_pktmbuf_free(packet->mbuf);
		return adjacency->cut ? GONE : LOST;
	}
	if (!hand_to_device(worker, port, ledger, packet->mbuf))
		return REFUSED;
	observe_settle(&observed, API_CAPTURE_SENT, 0);
	return GONE;
}

/* *account: the interface that it leaves by, or would have left by. */
static enum outcome send_one(
	struct worker *worker, const struct bfd_departure *departure, uint32_t *account)
{
	bool is_ipv4 = departure->family == AF_INET;
	struct packet packet = {
		.mbuf = make_mbuf(worker, departure),
		.in = interface_get(departure->interface),
		.ethertype = is_ipv4 ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6,
		.l3_bytes = departure->l3_bytes,
		.l3_offset = TEMPLATE_BYTES,
	};

	*account = departure->interface;
	if (packet.mbuf == NULL) {
		worker->ledger[departure->interface].injected++;
		ledger_drop(&worker->ledger[departure->interface], API_DROP_INJECT_FULL,
			departure->l3_bytes);
		return LOST;
	}
	/* What has no way yet was no packet yet. */
	if (packet.in == NULL ||
		!(departure->routed ? find_way(&packet) : find_neighbour(&packet, departure))) {
		rte_pktmbuf_free(packet.mbuf);
		return GONE;
	}
	*account = packet.adjacency->interface;
	return send_packet(worker, &packet);
}

/* ---- what waits ---- */

/* When the thread's ring is full too, the link's account alone knows of it. */
static void report_lost(struct worker *worker, const struct bfd_departure *departure)
{
	struct bfd_arrival news = {
		.interface = departure->interface,
		.lost = 1,
		.discriminator = departure->discriminator,
	};

	bfd_arrived(worker->index, &news);
}

static void give_up(struct worker *worker, const struct bfd_departure *departure, uint32_t account)
{
	worker->ledger[account].injected++;
	ledger_drop(&worker->ledger[account], API_DROP_TX_FULL, departure->l3_bytes);
	report_lost(worker, departure);
}

static void keep_waiting(
	struct worker *worker, const struct bfd_departure *departure, uint32_t account)
{
	if (worker->bfd_waiting_count == BFD_WAITING_MAX) {
		give_up(worker, departure, account);
		return;
	}
	worker->bfd_waiting[worker->bfd_waiting_count++] =
		(struct bfd_waiting){*departure, worker->now, account};
}

/* Those that wait, oldest first; who must wait on keeps its place. */
static void try_again(struct worker *worker)
{
	uint64_t patience = rte_get_tsc_hz() / 1000000 * PATIENCE_US;
	unsigned int kept = 0;

	for (unsigned int i = 0; i < worker->bfd_waiting_count; i++) {
		struct bfd_waiting *waiting = &worker->bfd_waiting[i];
		enum outcome outcome = send_one(worker, &waiting->departure, &waiting->account);

		if (outcome == LOST)
			report_lost(worker, &waiting->departure);
		if (outcome != REFUSED)
			continue;
		if (worker->now - waiting->since > patience)
			give_up(worker, &waiting->departure, waiting->account);
		else
			worker->bfd_waiting[kept++] = *waiting;
	}
	worker->bfd_waiting_count = kept;
}

/* A session's packets keep their order, which is that of their sequence numbers (RFC 5880 6.7.4):
 * a new one takes the place of one that waits. */
static void supersede(struct worker *worker, const struct bfd_departure *departure)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < worker->bfd_waiting_count; i++) {
		const struct bfd_waiting *waiting = &worker->bfd_waiting[i];

		if (waiting->departure.discriminator == departure->discriminator)
			give_up(worker, &waiting->departure, waiting->account);
		else
			worker->bfd_waiting[kept++] = *waiting;
	}
	worker->bfd_waiting_count = kept;
}

void pipeline_bfd(struct worker *worker, const struct bfd_departure *departures, unsigned int n)
{
	if (worker->bfd_waiting_count > 0)
		try_again(worker);
	for (unsigned int i = 0; i < n; i++) {
		const struct bfd_departure *departure = &departures[i];
		enum outcome outcome;
		uint32_t account;

		if (worker->bfd_waiting_count > 0)
			supersede(worker, departure);
		outcome = send_one(worker, departure, &account);
		if (outcome == REFUSED)
			keep_waiting(worker, departure, account);
		else if (outcome == LOST)
			report_lost(worker, departure);
	}
}
