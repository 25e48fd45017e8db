/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet's way, from top to bottom:
 *
 *   receive:  ingress_is_plain, or else ingress_tags -> ingress_header -> ingress_local
 *             -> ingress_martian; then ingress_police
 *   forward:  by family: route_lookup (the whole lane) -> egress_is_plain, or else
 *             route_member -> egress_check; then egress_police -> egress_ttl
 *             -> egress_rewrite -> egress_transmit
 *
 * A stage's exit other than EXIT_NEXT goes to leave(), where each has its line. ICMP errors made
 * there take the way through forward once more; errors about errors do not exist.
 */
#include "pipelines/pipeline.h"

#include <errno.h>
#include <sys/socket.h>

#include <rte_prefetch.h>

#include "dataplane/punt/punt.h"
#include "pipelines/egress/check.h"
#include "pipelines/egress/fragment.h"
#include "pipelines/egress/plain.h"
#include "pipelines/egress/police.h"
#include "pipelines/egress/rewrite.h"
#include "pipelines/egress/transmit.h"
#include "pipelines/ingress/header.h"
#include "pipelines/ingress/local.h"
#include "pipelines/ingress/martian.h"
#include "pipelines/ingress/plain.h"
#include "pipelines/ingress/police.h"
#include "pipelines/ingress/tags.h"
#include "pipelines/packet.h"
#include "pipelines/punt/icmp.h"
#include "pipelines/punt/inject.h"
#include "pipelines/punt/punt.h"
#include "pipelines/route/lookup.h"
#include "pipelines/route/member.h"

#define PREFETCH_AHEAD 4u

const uint8_t ingress_octet_is_odd[256] = {[0] = 1, [127] = 1, [169] = 1, [224 ... 255] = 1};

/* A burst on its way: each packet may give rise to one ICMP error. */
struct burst {
	struct lane lanes[LANES];
	struct lane errors[LANES];
};

static void drop(struct worker *worker, const struct packet *packet, enum api_drop_reason reason)
{
	worker->ledger[packet->in->id].drops[reason]++;
	rte_pktmbuf_free(packet->mbuf);
}

/* The packet is already counted; its sender is told, if that may be. */
static void tell(
	struct worker *worker, struct burst *burst, struct packet *packet, enum packet_exit exit)
{
	uint16_t mtu = exit == EXIT_TOO_BIG ? packet->adjacency->mtu : 0;
	struct lane *lane = &burst->errors[packet_is_ipv4(packet) ? LANE_IPV4 : LANE_IPV6];

	if (!icmp_error(worker, packet, exit, mtu, &lane->packets[lane->count]))
		return;
	route_want(lane, &lane->packets[lane->count]);
	lane->count++;
}

static void drop_and_tell(
	struct worker *worker, struct burst *burst, struct packet *packet, enum packet_exit exit)
{
	tell(worker, burst, packet, exit);
	drop(worker, packet, exit == EXIT_EXPIRED ? API_DROP_TTL_EXPIRED : API_DROP_NO_ROUTE);
}

/* What is wrong is the way out: charged to the interface it was to leave by. */
static void drop_out(
	struct worker *worker, const struct packet *packet, enum api_drop_reason reason)
{
	egress_account(worker, packet);
	worker->ledger[packet->adjacency->interface].drops[reason]++;
	rte_pktmbuf_free(packet->mbuf);
}

/* Which link a connected destination is on, control knows from the domain the packet is in. */
static void drop_glean(struct worker *worker, const struct packet *packet)
{
	const uint8_t *ip = packet_l3(packet);

	if (packet_is_ipv4(packet))
		punt_neighbour_needed(packet->in->id, AF_INET, ip + IPV4_DESTINATION);
	else
		punt_neighbour_needed(packet->in->id, AF_INET6, ip + IPV6_DESTINATION);
	drop(worker, packet, API_DROP_NEIGHBOUR_UNRESOLVED);
}

static void drop_unresolved(struct worker *worker, const struct packet *packet)
{
	const struct adjacency *adjacency = packet->adjacency;

	punt_neighbour_needed(adjacency->interface, adjacency->api.family, adjacency->api.address);
	drop(worker, packet, API_DROP_NEIGHBOUR_UNRESOLVED);
}

static void fragment(struct worker *worker, struct packet *packet)
{
	egress_ttl(packet_l3(packet), true);

	int error = egress_fragment(worker, packet);

	if (error != 0)
		drop(worker, packet, error == -EINVAL ? API_DROP_BAD_HEADER : API_DROP_NO_MEMORY);
}

/* The whole rest of the way for a packet that may go. */
static __rte_always_inline void egress(
	struct worker *worker, const struct packet *packet, bool is_ipv4)
{
	const struct adjacency *adjacency = packet->adjacency;
	uint8_t *ip = packet_l3(packet);

	if (likely(!packet->generated))
		egress_ttl(ip, is_ipv4);
	egress_rewrite(packet, ip, is_ipv4);
	egress_account(worker, packet);
	egress_enqueue(worker, adjacency->port, adjacency->interface, packet->mbuf,
		packet->l3_bytes + adjacency->template_bytes);
}

/* Goes on in a buffer that has room for the new header. */
static void move_and_send(struct worker *worker, struct packet *packet)
{
	struct rte_mbuf *copy = rte_pktmbuf_copy(packet->mbuf, worker->pool, 0, UINT32_MAX);

	if (copy == NULL || copy->nb_segs != 1 ||
		rte_pktmbuf_headroom(copy) + packet->l3_offset < TEMPLATE_BYTES) {
		rte_pktmbuf_free(copy);
		drop(worker, packet, API_DROP_NO_MEMORY);
		return;
	}
	rte_pktmbuf_free(packet->mbuf);
	packet->mbuf = copy;
	egress(worker, packet, packet_is_ipv4(packet));
}

/* Every way off the common way. Takes the packet. */
static __rte_noinline void leave(
	struct worker *worker, struct burst *burst, struct packet *packet, enum packet_exit exit)
{
	switch (exit) {
	case EXIT_PUNT:
		if (packet->in->cut)
			drop(worker, packet, API_DROP_LINK_TEST_PUNT);
		else
			punt_to_tap(worker, packet);
		break;
	case EXIT_UNREACHABLE:
	case EXIT_EXPIRED:
		drop_and_tell(worker, burst, packet, exit);
		break;
	case EXIT_GLEAN:
		drop_glean(worker, packet);
		break;
	case EXIT_UNRESOLVED:
		drop_unresolved(worker, packet);
		break;
	case EXIT_FRAGMENT:
		fragment(worker, packet);
		break;
	case EXIT_TOO_BIG:
		tell(worker, burst, packet, exit);
		drop_out(worker, packet, API_DROP_MTU_EXCEEDED);
		break;
	case EXIT_POLICED:
		/* Nobody is told: senders slow down by themselves. */
		drop_out(worker, packet, API_DROP_POLICER_OUT);
		break;
	case EXIT_CUT:
		drop_out(worker, packet, API_DROP_LINK_TEST_OUT);
		break;
	case EXIT_NO_HEADROOM:
		move_and_send(worker, packet);
		break;
	case EXIT_DROP:
	case EXIT_NEXT:
		drop(worker, packet, packet->reason);
		break;
	}
}

/* A packet that egress_is_plain() does not know. */
static __rte_noinline void forward_closely(
	struct worker *worker, struct burst *burst, struct packet *packet, uint32_t group)
{
	enum packet_exit exit = route_member(packet, group);

	if (exit == EXIT_NEXT)
		exit = egress_check(packet);
	if (exit == EXIT_NEXT)
		exit = egress_police(worker, packet);
	if (exit != EXIT_NEXT)
		leave(worker, burst, packet, exit);
	else
		egress(worker, packet, packet_is_ipv4(packet));
}

/* The packet is looked at in a copy, which the compiler keeps in registers; the one in the lane is
 * for the ways out of line. */
static __rte_always_inline void forward_lane(
	struct worker *worker, struct burst *burst, struct lane *lane, bool is_ipv4)
{
	for (unsigned int i = 0, n = lane->count; i < n; i++) {
		struct packet *waits = &lane->packets[i];
		struct packet packet = {
			.mbuf = waits->mbuf, .in = waits->in, .shape = waits->shape};

		if (unlikely(!egress_is_plain(&packet, waits, lane->groups[i], is_ipv4))) {
			forward_closely(worker, burst, waits, lane->groups[i]);
		} else if (unlikely(egress_police(worker, &packet) != EXIT_NEXT)) {
			waits->adjacency = packet.adjacency;
			leave(worker, burst, waits, EXIT_POLICED);
		} else {
			egress(worker, &packet, is_ipv4);
		}
	}
}

static void forward(struct worker *worker, struct burst *burst, struct lane *lanes)
{
	route_lookup(lanes);
	worker_stage_done(worker, API_STAGE_ROUTE);
	forward_lane(worker, burst, &lanes[LANE_IPV4], true);
	forward_lane(worker, burst, &lanes[LANE_IPV6], false);
	worker_stage_done(worker, API_STAGE_EGRESS);
}

/* All stages read one segment. Ports are set up so that each frame is one; a device that chains
 * nevertheless costs a copy. */
static bool is_one_segment(struct rte_mbuf *mbuf)
{
	return likely(mbuf->nb_segs == 1) || rte_pktmbuf_linearize(mbuf) == 0;
}

static __rte_always_inline void count_received(
	struct worker *worker, uint32_t account, uint32_t bytes)
{
	worker->ledger[account].rx++;
	worker->ledger[account].rx_bytes += bytes;
}

/* There is no interface to charge. */
static void turn_away(struct worker *worker, const struct port *port, struct rte_mbuf *mbuf,
	enum api_drop_reason reason)
{
	count_received(worker, COUNTERS_PORT(port->id), mbuf->pkt_len);
	worker->ledger[COUNTERS_PORT(port->id)].drops[reason]++;
	rte_pktmbuf_free(mbuf);
}

static enum packet_exit ingress_rest(struct worker *worker, struct packet *packet)
{
	enum packet_exit exit = ingress_header(packet);

	if (exit == EXIT_NEXT)
		exit = ingress_local(packet);
	if (exit == EXIT_NEXT)
		exit = ingress_martian(packet);
	return exit == EXIT_NEXT ? ingress_police(worker, packet) : exit;
}

/* A packet that is not plain. */
static __rte_noinline void receive_closely(struct worker *worker, const struct port *port,
	const struct plain *plain, struct rte_mbuf *mbuf, struct burst *burst)
{
	if (unlikely(!is_one_segment(mbuf))) {
		turn_away(worker, port, mbuf, API_DROP_NO_MEMORY);
		return;
	}

	struct tags tags = ingress_tags(port, plain->classifier, mbuf);

	if (unlikely(tags.in == NULL)) {
		turn_away(worker, port, mbuf, tags.reason);
		return;
	}

	/* What is of neither family goes no further than this. */
	struct lane *lane = &burst->lanes[tags.ethertype != RTE_ETHER_TYPE_IPV4];
	struct packet *packet = &lane->packets[lane->count];

	*packet = (struct packet){
		.mbuf = mbuf,
		.in = tags.in,
		.ethertype = tags.ethertype,
		.l3_offset = tags.l3_offset,
	};
	count_received(worker, tags.in->id, mbuf->pkt_len);

	enum packet_exit exit = ingress_rest(worker, packet);

	if (exit != EXIT_NEXT) {
		leave(worker, burst, packet, exit);
		return;
	}
	route_want(lane, packet);
	lane->count++;
}

/* A packet that ingress_is_plain() knows. */
static __rte_always_inline void receive_plain(struct worker *worker, struct rte_mbuf *mbuf,
	const struct sight *sight, bool is_ipv4, struct burst *burst)
{
	struct lane *lane = &burst->lanes[is_ipv4 ? LANE_IPV4 : LANE_IPV6];
	uint16_t ethertype = is_ipv4 ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6;
	struct packet *packet = &lane->packets[lane->count];

	packet->mbuf = mbuf;
	packet->in = sight->in;
	packet->shape = packet_shape(ethertype, sight->l3_bytes, sight->l3_offset);
	count_received(worker, sight->in->id, mbuf->data_len);
	if (unlikely(ingress_police(worker, packet) != EXIT_NEXT)) {
		leave(worker, burst, packet, EXIT_DROP);
		return;
	}
	if (is_ipv4)
		route_want4(lane, sight->in, load32(sight->ip + IPV4_DESTINATION));
	else
		route_want6(lane, sight->in, sight->ip + IPV6_DESTINATION);
	lane->count++;
}

static void receive(struct worker *worker, const struct port *port, struct rte_mbuf **packets,
	unsigned int n, struct burst *burst)
{
	struct plain plain = plain_of_port(port);

	for (unsigned int i = 0; i < n; i++) {
		struct rte_mbuf *mbuf = packets[i];
		struct sight sight;

		if (i + PREFETCH_AHEAD < n)
			rte_prefetch0(rte_pktmbuf_mtod(packets[i + PREFETCH_AHEAD], void *));
		if (unlikely(!ingress_is_plain(&plain, mbuf, &sight)))
			receive_closely(worker, port, &plain, mbuf, burst);
		else if (likely(sight.is_ipv4))
			receive_plain(worker, mbuf, &sight, true, burst);
		else
			receive_plain(worker, mbuf, &sight, false, burst);
	}
}

static void start(struct lane *lanes)
{
	lanes[LANE_IPV4].count = 0;
	lanes[LANE_IPV6].count = 0;
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
	worker_stage_done(worker, API_STAGE_INGRESS);
	if (burst.lanes[LANE_IPV4].count + burst.lanes[LANE_IPV6].count > 0)
		forward(worker, &burst, burst.lanes);
	if (unlikely(burst.errors[LANE_IPV4].count + burst.errors[LANE_IPV6].count > 0))
		forward(worker, &burst, burst.errors);
}

void pipeline_inject(struct worker *worker, struct rte_mbuf **packets, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		inject_from_tap(worker, packets[i]);
}

void pipeline_flush(struct worker *worker)
{
	for (uint32_t port = 0; port < API_PORTS_MAX; port++) {
		if (worker->tx[port].count > 0)
			egress_flush(worker, port);
	}
}
