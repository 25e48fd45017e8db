/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet's way, from top to bottom:
 *
 *   receive:  ingress_is_plain, and by family: ingress_odd_ipv4 or _ipv6 (the whole lane);
 *             or else ingress_tags -> ingress_header -> ingress_local -> ingress_martian;
 *             source_check, on ports that have an interface which asks for it
 *   forward:  by family: route_lookup (the whole lane) -> egress_is_plain, or else
 *             route_member -> egress_check; then egress_police -> egress_ttl
 *             -> egress_rewrite -> egress_enqueue
 *
 * A stage's exit other than EXIT_NEXT goes to exits_leave(), where each has its line. ICMP errors
 * made there take the way through forward once more. explain.c goes the same way in thought.
 */
#include "pipelines/pipeline.h"

#include <rte_prefetch.h>

#include "pipelines/egress/check.h"
#include "pipelines/egress/plain.h"
#include "pipelines/egress/police.h"
#include "pipelines/egress/rewrite.h"
#include "pipelines/egress/transmit.h"
#include "pipelines/exits.h"
#include "pipelines/ingress/header.h"
#include "pipelines/ingress/local.h"
#include "pipelines/ingress/martian.h"
#include "pipelines/ingress/plain.h"
#include "pipelines/ingress/plain_ipv4.h"
#include "pipelines/ingress/plain_ipv6.h"
#include "pipelines/ingress/source.h"
#include "pipelines/ingress/tags.h"
#include "pipelines/packet.h"
#include "pipelines/punt/inject.h"
#include "pipelines/route/lookup.h"
#include "pipelines/route/member.h"

#define PREFETCH_AHEAD 4u

static void count_received(struct worker *worker, uint32_t account, uint32_t bytes)
{
	worker->ledger[account].rx++;
	worker->ledger[account].rx_bytes += bytes;
}

static __rte_noinline void forward_closely(
	struct worker *worker, struct burst *burst, struct packet *packet, uint32_t group)
{
	enum packet_exit exit;

	packet->group = group;
	if (!packet->generated)
		count_received(worker, packet->in->id, packet->mbuf->pkt_len);
	if (packet->in->cut && !packet->generated)
		exit = packet_drop(packet, API_DROP_LINK_TEST_IN);
	else
		exit = route_member(packet, group);
	if (exit == EXIT_NEXT)
		exit = egress_check(packet);
	exit = egress_police(worker, packet, exit);
	if (exit != EXIT_NEXT)
		exits_leave(worker, burst, packet, exit);
	else
		exits_send(worker, packet);
}

/* A packet that is plain at egress goes out. */
static __rte_always_inline void forward_plain(struct worker *worker, struct api_ledger *ledgers,
	const struct outgoing *packet, const struct adjacency *adjacency, bool is_ipv4)
{
	uint32_t account = adjacency->account, port = adjacency->port;
	struct api_ledger *ledger = ledger_at(ledgers, packet->in->account);

	egress_ttl(packet->ip, is_ipv4);
	egress_rewrite(packet->mbuf, packet->ip, packet->sent, adjacency, is_ipv4);
	ledger_add(&ledger->rx, 1);
	ledger_add(&ledger->rx_bytes, packet->received);
	ledger_add(&ledger->forwarded_in, 1);
	ledger = ledger_at(ledgers, account);
	ledger_add(&ledger->forwarded_out, 1);
	egress_enqueue(worker, port, account, ledger, packet->mbuf, packet->sent);
}

static __rte_always_inline void forward_lane(
	struct worker *worker, struct burst *burst, struct lane *lane, bool is_ipv4)
{
	struct policer_slot *policers = worker->policers;
	struct api_ledger *ledgers = worker->ledger;
	const struct adjacency *found[BURST_MAX];

	egress_find(ledgers, lane, found);
	for (unsigned int i = 0, n = lane->count; i < n; i++) {
		struct outgoing packet = egress_take(lane, i);
		const struct adjacency *adjacency = found[i];

		if (unlikely(adjacency == NULL))
			adjacency = egress_choose(lane, i, is_ipv4);
		if (likely(adjacency != NULL) &&
			likely(egress_is_plain(policers, &packet, adjacency, is_ipv4))) {
			forward_plain(worker, ledgers, &packet, adjacency, is_ipv4);
			continue;
		}

		struct packet careful = lane_packet(lane, i, is_ipv4);

		forward_closely(worker, burst, &careful, lane->groups[i]);
	}
}

/* Errors of ours, which are few. */
static void forward_errors(
	struct worker *worker, struct burst *burst, const struct lane *lane, bool is_ipv4)
{
	for (unsigned int i = 0; i < lane->count; i++) {
		struct packet packet = lane_packet(lane, i, is_ipv4);

		packet.generated = true;
		forward_closely(worker, burst, &packet, lane->groups[i]);
	}
}

/* All stages read one segment. Ports are set up so that each frame is one; a device that chains
 * nevertheless costs a copy. */
static bool is_one_segment(struct rte_mbuf *mbuf)
{
	return likely(mbuf->nb_segs == 1) || rte_pktmbuf_linearize(mbuf) == 0;
}

/* There is no interface to charge. */
static void turn_away(struct worker *worker, const struct port *port, struct rte_mbuf *mbuf,
	enum api_drop_reason reason)
{
	count_received(worker, COUNTERS_PORT(port->id), mbuf->pkt_len);
	ledger_drop(&worker->ledger[COUNTERS_PORT(port->id)], reason, mbuf->pkt_len);
	rte_pktmbuf_free(mbuf);
}

/* False: the packet is gone. */
static bool ingress_closely(struct worker *worker, struct burst *burst, struct packet *packet)
{
	enum packet_exit exit = ingress_header(packet);

	if (exit == EXIT_NEXT)
		exit = ingress_local(packet);
	if (exit == EXIT_NEXT)
		exit = ingress_martian(packet);
	if (exit == EXIT_NEXT)
		return true;
	count_received(worker, packet->in->id, packet->mbuf->pkt_len);
	exits_leave(worker, burst, packet, exit);
	return false;
}

/* A packet that ingress_is_plain() does not know. */
static __rte_noinline void receive_closely(struct worker *worker, const struct port *port,
	const struct plain *plain, struct rte_mbuf *mbuf, struct burst *burst)
{
	if (unlikely(!is_one_segment(mbuf))) {
		turn_away(worker, port, mbuf, API_DROP_NO_MEMORY);
		return;
	}

	struct tags tags = ingress_tags(port, plain->classifier, mbuf);

	if (unlikely(tags.in == NULL)) {
		if (tags.reason == API_DROP_UNKNOWN_TAG)
			unknown_tags_note(&worker->unknown_tags[port->id],
				rte_pktmbuf_mtod(mbuf, const uint8_t *), mbuf->data_len);
		turn_away(worker, port, mbuf, tags.reason);
		return;
	}

	struct packet packet = {
		.mbuf = mbuf,
		.in = tags.in,
		.ethertype = tags.ethertype,
		.l3_offset = tags.l3_offset,
	};

	if (!ingress_closely(worker, burst, &packet))
		return;

	struct lane *lane = &burst->lanes[packet_is_ipv4(&packet) ? LANE_IPV4 : LANE_IPV6];

	lane_put(lane, lane->count++, mbuf, tags.in, packet_l3(&packet),
		mbuf->data_len - packet.l3_offset);
}

static void move_down(struct lane *lane, unsigned int from, unsigned int to, bool is_ipv4)
{
	lane_put(lane, to, lane->mbufs[from], lane->ins[from], lane->ips[from], lane->bytes[from]);
	lane->fibs[to] = lane->fibs[from];
	if (is_ipv4)
		lane->addresses4[to] = lane->addresses4[from];
	else
		memcpy(lane->addresses6[to], lane->addresses6[from], sizeof(lane->addresses6[to]));
}

/* Packets of a lane that its check found odd: those that do not stay leave gaps, which are
 * closed. */
static __rte_noinline void check_closely(struct worker *worker, struct burst *burst,
	struct lane *lane, const uint32_t *odd, bool is_ipv4)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < lane->count; i++) {
		if (odd[i] != 0) {
			struct packet packet = lane_packet(lane, i, is_ipv4);

			if (!ingress_closely(worker, burst, &packet))
				continue;
			lane->bytes[i] = packet.l3_bytes;
		}
		if (kept != i)
			move_down(lane, i, kept, is_ipv4);
		kept++;
	}
	lane->count = kept;
}

/* All packets into their lanes. Their counts are in registers, but for packets that need a close
 * look. */
static void receive(struct worker *worker, const struct port *port, struct rte_mbuf **packets,
	unsigned int n, struct burst *burst)
{
	struct lane *ipv4 = &burst->lanes[LANE_IPV4], *ipv6 = &burst->lanes[LANE_IPV6];
	struct plain plain = plain_of_port(port);
	unsigned int count4 = 0, count6 = 0;

	for (unsigned int i = 0; i < n; i++) {
		struct rte_mbuf *mbuf = packets[i];
		struct sight sight;

		if (i + PREFETCH_AHEAD < n)
			rte_prefetch0(rte_pktmbuf_mtod(packets[i + PREFETCH_AHEAD], void *));
		if (unlikely(!ingress_is_plain(&plain, mbuf, &sight))) {
			ipv4->count = count4;
			ipv6->count = count6;
			receive_closely(worker, port, &plain, mbuf, burst);
			count4 = ipv4->count;
			count6 = ipv6->count;
		} else if (likely(sight.is_ipv4)) {
			rte_prefetch0(sight.in);
			lane_put(ipv4, count4++, mbuf, sight.in, sight.ip, sight.bytes);
		} else {
			rte_prefetch0(sight.in);
			lane_put(ipv6, count6++, mbuf, sight.in, sight.ip, sight.bytes);
		}
	}
	ipv4->count = count4;
	ipv6->count = count6;
}

static void check(struct worker *worker, struct burst *burst)
{
	struct lane *ipv4 = &burst->lanes[LANE_IPV4], *ipv6 = &burst->lanes[LANE_IPV6];
	uint32_t odd[BURST_MAX + LANE_STEP];

	if (ingress_odd_ipv4(ipv4, odd))
		check_closely(worker, burst, ipv4, odd, true);
	if (ingress_odd_ipv6(ipv6, odd))
		check_closely(worker, burst, ipv6, odd, false);
}

/* Who comes from elsewhere than it says leaves a gap, which is closed. */
static void check_lane_sources(
	struct worker *worker, struct burst *burst, struct lane *lane, bool is_ipv4)
{
	uint32_t groups[BURST_MAX];
	unsigned int kept = 0;

	source_lookup(lane, groups, is_ipv4);
	for (unsigned int i = 0; i < lane->count; i++) {
		struct packet packet = lane_packet(lane, i, is_ipv4);
		enum packet_exit exit = source_check(&packet, groups[i]);

		if (unlikely(exit != EXIT_NEXT)) {
			count_received(worker, packet.in->id, packet.mbuf->pkt_len);
			exits_leave(worker, burst, &packet, exit);
			continue;
		}
		if (kept != i)
			move_down(lane, i, kept, is_ipv4);
		kept++;
	}
	lane->count = kept;
}

static __rte_noinline void check_sources(struct worker *worker, struct burst *burst)
{
	if (burst->lanes[LANE_IPV4].count > 0)
		check_lane_sources(worker, burst, &burst->lanes[LANE_IPV4], true);
	if (burst->lanes[LANE_IPV6].count > 0)
		check_lane_sources(worker, burst, &burst->lanes[LANE_IPV6], false);
}

static void start(struct lane *lanes)
{
	lanes[LANE_IPV4].count = 0;
	lanes[LANE_IPV6].count = 0;
}

static bool is_empty(const struct lane *lanes)
{
	return lanes[LANE_IPV4].count + lanes[LANE_IPV6].count == 0;
}

void pipeline_receive(
	struct worker *worker, const struct port *port, struct rte_mbuf **packets, unsigned int n)
{
	struct burst burst;

	start(burst.lanes);
	start(burst.errors);
	for (unsigned int i = 0; i < RTE_MIN(n, PREFETCH_AHEAD); i++)
		rte_prefetch0(rte_pktmbuf_mtod(packets[i], void *));
	receive(worker, port, packets, n, &burst);
	check(worker, &burst);
	if (__atomic_load_n(&interface_source_checks[port->id], __ATOMIC_RELAXED) != 0)
		check_sources(worker, &burst);
	worker_stage_done(worker, API_STAGE_INGRESS);
	route_lookup(burst.lanes);
	worker_stage_done(worker, API_STAGE_ROUTE);
	forward_lane(worker, &burst, &burst.lanes[LANE_IPV4], true);
	forward_lane(worker, &burst, &burst.lanes[LANE_IPV6], false);
	if (unlikely(!is_empty(burst.errors))) {
		route_lookup(burst.errors);
		forward_errors(worker, &burst, &burst.errors[LANE_IPV4], true);
		forward_errors(worker, &burst, &burst.errors[LANE_IPV6], false);
	}
	worker_stage_done(worker, API_STAGE_EGRESS);
}

void pipeline_inject(struct worker *worker, struct rte_mbuf **packets, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		inject_from_tap(worker, packets[i]);
}

void pipeline_flush(struct worker *worker)
{
	for (uint32_t port = 0; port < API_PORTS_MAX; port++) {
		if (worker->tx_counts[port] > 0)
			egress_flush(worker, port);
	}
}
