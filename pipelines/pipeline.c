/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet's way, from top to bottom:
 *
 *   receive:  ingress_tags -> ingress_header -> ingress_local -> ingress_martian -> ingress_police
 *   forward:  route_lookup (the whole burst) -> route_member
 *             -> egress_check -> egress_police -> egress_ttl -> egress_rewrite
 *             -> egress_transmit
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
#include "pipelines/egress/police.h"
#include "pipelines/egress/rewrite.h"
#include "pipelines/egress/transmit.h"
#include "pipelines/ingress/header.h"
#include "pipelines/ingress/local.h"
#include "pipelines/ingress/martian.h"
#include "pipelines/ingress/police.h"
#include "pipelines/ingress/tags.h"
#include "pipelines/packet.h"
#include "pipelines/punt/icmp.h"
#include "pipelines/punt/inject.h"
#include "pipelines/punt/punt.h"
#include "pipelines/route/lookup.h"
#include "pipelines/route/member.h"

#define PREFETCH_AHEAD 4u

/* A burst on its way: each packet may give rise to one ICMP error. */
struct burst {
	unsigned int count;
	unsigned int error_count;
	struct packet packets[BURST_MAX];
	struct packet errors[BURST_MAX];
};

static void drop(struct worker *worker, const struct packet *packet, enum api_drop_reason reason)
{
	worker->ledger[packet->account].drops[reason]++;
	rte_pktmbuf_free(packet->mbuf);
}

/* The packet is already counted; its sender is told, if that may be. */
static void tell(
	struct worker *worker, struct burst *burst, struct packet *packet, enum packet_exit exit)
{
	uint16_t mtu = exit == EXIT_TOO_BIG ? packet->adjacency->mtu : 0;

	if (icmp_error(worker, packet, exit, mtu, &burst->errors[burst->error_count]))
		burst->error_count++;
}

static void drop_and_tell(
	struct worker *worker, struct burst *burst, struct packet *packet, enum packet_exit exit)
{
	tell(worker, burst, packet, exit);
	drop(worker, packet, exit == EXIT_EXPIRED ? API_DROP_TTL_EXPIRED : API_DROP_NO_ROUTE);
}

/* Too big is a property of the way out: charged to the interface it was to leave by. */
static void drop_too_big(struct worker *worker, struct burst *burst, struct packet *packet)
{
	egress_account(worker, packet);
	worker->ledger[packet->adjacency->interface].drops[API_DROP_MTU_EXCEEDED]++;
	tell(worker, burst, packet, EXIT_TOO_BIG);
	rte_pktmbuf_free(packet->mbuf);
}

/* So is its rate. Nobody is told: senders slow down by themselves. */
static void drop_policed(struct worker *worker, struct packet *packet)
{
	egress_account(worker, packet);
	worker->ledger[packet->adjacency->interface].drops[API_DROP_POLICER_OUT]++;
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
	egress_ttl(packet);

	int error = egress_fragment(worker, packet);

	if (error != 0)
		drop(worker, packet, error == -EINVAL ? API_DROP_BAD_HEADER : API_DROP_NO_MEMORY);
}

static __rte_always_inline void egress(struct worker *worker, struct packet *packet)
{
	egress_ttl(packet);
	egress_rewrite(packet);
	egress_account(worker, packet);
	egress_transmit(
		worker, packet->adjacency->port, packet->adjacency->interface, packet->mbuf);
}

/* Goes on in a buffer that has room for the new header. */
static void move_and_send(struct worker *worker, struct packet *packet)
{
	struct rte_mbuf *copy = rte_pktmbuf_copy(packet->mbuf, worker->pool, 0, UINT32_MAX);

	if (copy == NULL || copy->nb_segs != 1 ||
		rte_pktmbuf_headroom(copy) + packet->l3_offset <
			packet->adjacency->template_bytes) {
		rte_pktmbuf_free(copy);
		drop(worker, packet, API_DROP_NO_MEMORY);
		return;
	}
	rte_pktmbuf_free(packet->mbuf);
	packet->mbuf = copy;
	egress(worker, packet);
}

/* Every way off the common way. Takes the packet. */
static __rte_noinline void leave(
	struct worker *worker, struct burst *burst, struct packet *packet, enum packet_exit exit)
{
	switch (exit) {
	case EXIT_PUNT:
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
		drop_too_big(worker, burst, packet);
		break;
	case EXIT_POLICED:
		drop_policed(worker, packet);
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

static __rte_always_inline enum packet_exit ingress(struct worker *worker, const struct port *port,
	const struct classifier *classifier, struct packet *packet)
{
	uint32_t bytes = packet->mbuf->pkt_len;
	enum packet_exit exit = ingress_tags(port, classifier, packet);
	struct api_ledger *ledger = &worker->ledger[packet->account];

	ledger->rx++;
	ledger->rx_bytes += bytes;
	if (unlikely(exit != EXIT_NEXT))
		return exit;
	exit = ingress_header(packet);
	if (unlikely(exit != EXIT_NEXT))
		return exit;
	exit = ingress_local(packet);
	if (unlikely(exit != EXIT_NEXT))
		return exit;
	exit = ingress_martian(packet);
	if (unlikely(exit != EXIT_NEXT))
		return exit;
	return ingress_police(worker, packet);
}

static void forward(
	struct worker *worker, struct burst *burst, struct packet *packets, unsigned int n)
{
	route_lookup(packets, n);
	worker_stage_done(worker, API_STAGE_ROUTE);
	for (unsigned int i = 0; i < n; i++) {
		struct packet *packet = &packets[i];
		enum packet_exit exit = route_member(packet);

		if (likely(exit == EXIT_NEXT))
			exit = egress_check(packet);
		if (likely(exit == EXIT_NEXT))
			exit = egress_police(worker, packet);
		if (likely(exit == EXIT_NEXT))
			egress(worker, packet);
		else
			leave(worker, burst, packet, exit);
	}
	worker_stage_done(worker, API_STAGE_EGRESS);
}

/* All stages read one segment. Ports are set up so that each frame is one; a device that chains
 * nevertheless costs a copy. */
static bool is_one_segment(struct rte_mbuf *mbuf)
{
	return likely(mbuf->nb_segs == 1) || rte_pktmbuf_linearize(mbuf) == 0;
}

static void receive(struct worker *worker, const struct port *port, struct rte_mbuf **packets,
	unsigned int n, struct burst *burst)
{
	const struct classifier *classifier =
		__atomic_load_n(&classifier_table[port->id], __ATOMIC_ACQUIRE);

	for (unsigned int i = 0; i < n; i++) {
		struct packet *packet = &burst->packets[burst->count];
		enum packet_exit exit;

		if (i + PREFETCH_AHEAD < n)
			rte_prefetch0(rte_pktmbuf_mtod(packets[i + PREFETCH_AHEAD], void *));
		*packet = (struct packet){
			.mbuf = packets[i],
			.account = COUNTERS_PORT(port->id),
		};
		if (unlikely(!is_one_segment(packets[i]))) {
			worker->ledger[packet->account].rx++;
			worker->ledger[packet->account].rx_bytes += packets[i]->pkt_len;
			drop(worker, packet, API_DROP_NO_MEMORY);
			continue;
		}
		exit = ingress(worker, port, classifier, packet);
		if (likely(exit == EXIT_NEXT))
			burst->count++;
		else
			leave(worker, burst, packet, exit);
	}
}

void pipeline_receive(
	struct worker *worker, const struct port *port, struct rte_mbuf **packets, unsigned int n)
{
	struct burst burst;

	burst.count = 0;
	burst.error_count = 0;
	for (unsigned int i = 0; i < RTE_MIN(n, PREFETCH_AHEAD); i++)
		rte_prefetch0(rte_pktmbuf_mtod(packets[i], void *));
	receive(worker, port, packets, n, &burst);
	worker_stage_done(worker, API_STAGE_INGRESS);
	if (burst.count > 0)
		forward(worker, &burst, burst.packets, burst.count);
	if (burst.error_count > 0)
		forward(worker, &burst, burst.errors, burst.error_count);
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
