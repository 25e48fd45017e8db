/* SPDX-License-Identifier: BSD-3-Clause */
#include "pipelines/exits.h"

#include <errno.h>
#include <sys/socket.h>

#include "dataplane/punt/punt.h"
#include "pipelines/egress/fragment.h"
#include "pipelines/egress/rewrite.h"
#include "pipelines/egress/transmit.h"
#include "pipelines/observe.h"
#include "pipelines/punt/icmp.h"
#include "pipelines/punt/punt.h"

static void drop(struct worker *worker, const struct packet *packet, enum api_drop_reason reason)
{
	/* What is ours did not come. */
	uint32_t bytes = packet->generated ? 0 : packet->mbuf->pkt_len;

	observe_in(worker, packet, API_CAPTURE_DROPPED, reason);
	ledger_drop(&worker->ledger[packet->in->id], reason, bytes);
	rte_pktmbuf_free(packet->mbuf);
}

/* The packet is already counted; its sender is told, if that may be. */
static void tell(
	struct worker *worker, struct burst *burst, struct packet *packet, enum packet_exit exit)
{
	uint16_t mtu = exit == EXIT_TOO_BIG ? packet->adjacency->mtu : 0;
	struct lane *lane = &burst->errors[packet_is_ipv4(packet) ? LANE_IPV4 : LANE_IPV6];
	struct packet error;

	if (!icmp_error(worker, packet, exit, mtu, &error))
		return;
	lane_put(lane, lane->count, error.mbuf, error.in, packet_l3(&error), error.l3_bytes);
	route_want(lane, lane->count, packet_is_ipv4(packet));
	lane->count++;
}

static void drop_and_tell(
	struct worker *worker, struct burst *burst, struct packet *packet, enum packet_exit exit)
{
	tell(worker, burst, packet, exit);
	drop(worker, packet, exit == EXIT_EXPIRED ? API_DROP_TTL_EXPIRED : API_DROP_NO_ROUTE);
}

/* As it would have left, if there is room before it for the new header. */
static void observe_unsent(
	struct worker *worker, const struct packet *packet, enum api_drop_reason reason)
{
	const struct adjacency *adjacency = packet->adjacency;
	const struct interface *interface = interface_get(adjacency->interface);

	if (likely(interface == NULL || interface->watched == 0) ||
		rte_pktmbuf_headroom(packet->mbuf) + packet->l3_offset < TEMPLATE_BYTES)
		return;
	egress_rewrite(packet->mbuf, packet_l3(packet),
		packet->l3_bytes + adjacency->template_bytes, adjacency, packet_is_ipv4(packet));
	observe_leaving(worker, interface, packet->mbuf, packet, API_CAPTURE_DROPPED, reason);
}

/* What is wrong is the way out: charged to the interface it was to leave by. */
static void drop_out(
	struct worker *worker, const struct packet *packet, enum api_drop_reason reason)
{
	uint32_t bytes = packet->l3_bytes + packet->adjacency->template_bytes;

	egress_account(worker, packet);
	ledger_drop(&worker->ledger[packet->adjacency->interface], reason, bytes);
	observe_in(worker, packet, API_CAPTURE_DROPPED, reason);
	observe_unsent(worker, packet, reason);
	rte_pktmbuf_free(packet->mbuf);
}

/* Which link a connected destination is on, control knows from the domain the packet is in. */
static void drop_glean(struct worker *worker, const struct packet *packet)
{
	const uint8_t *ip = packet_l3(packet);

	if (packet_is_ipv4(packet))
		punt_stranger_needed(packet->in->id, AF_INET, ip + IPV4_DESTINATION);
	else
		punt_stranger_needed(packet->in->id, AF_INET6, ip + IPV6_DESTINATION);
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
	int error = egress_fragment(worker, packet);

	if (error != 0)
		drop(worker, packet, error == -EINVAL ? API_DROP_BAD_HEADER : API_DROP_NO_MEMORY);
}

void exits_send(struct worker *worker, const struct packet *packet)
{
	const struct adjacency *adjacency = packet->adjacency;
	uint8_t *ip = packet_l3(packet);
	uint32_t bytes = packet->l3_bytes + adjacency->template_bytes;
	bool is_ipv4 = packet_is_ipv4(packet);

	observe_in(worker, packet, API_CAPTURE_FORWARDED, 0);
	if (!packet->generated)
		egress_ttl(ip, is_ipv4);
	egress_rewrite(packet->mbuf, ip, bytes, adjacency, is_ipv4);
	observe_out(worker, adjacency->interface, packet->mbuf, packet, API_CAPTURE_SENT, 0);
	egress_account(worker, packet);
	egress_enqueue(worker, adjacency->port, adjacency->account,
		ledger_at(worker->ledger, adjacency->account), packet->mbuf, bytes);
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
	exits_send(worker, packet);
}

void exits_leave(
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
