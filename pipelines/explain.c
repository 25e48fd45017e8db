/* SPDX-License-Identifier: BSD-3-Clause */
#include "pipelines/explain.h"

#include <errno.h>

#include "dataplane/policer/policer.h"
#include "pipelines/egress/check.h"
#include "pipelines/egress/fragment.h"
#include "pipelines/egress/rewrite.h"
#include "pipelines/ingress/header.h"
#include "pipelines/ingress/local.h"
#include "pipelines/ingress/martian.h"
#include "pipelines/ingress/source.h"
#include "pipelines/ingress/tags.h"
#include "pipelines/packet.h"
#include "pipelines/punt/budget.h"
#include "pipelines/punt/icmp.h"
#include "pipelines/punt/punt.h"
#include "pipelines/route/member.h"

_Static_assert(API_EXPLAIN_MEMBERS == API_GROUP_MEMBERS_MAX, "a group's members");
_Static_assert(API_EXPLAIN_LAYER2 == TEMPLATE_BYTES, "a layer-2 header");

static void drop(struct api_explanation *to, enum api_drop_reason reason)
{
	to->outcome = API_OUTCOME_DROPPED;
	to->reason = reason;
}

static void pay(struct api_explanation *to, const struct packet *packet, enum api_budget class)
{
	uint32_t wanted_pps = packet->in->api.budget_pps[class];

	to->budget = class;
	to->budget_pps = wanted_pps != 0 ? wanted_pps : budget_rates[class].per_second;
}

static void punt(struct api_explanation *to, const struct packet *packet)
{
	enum api_budget class;
	enum punt_verdict verdict;

	if (packet->in->cut) {
		drop(to, API_DROP_LINK_TEST_PUNT);
		return;
	}
	verdict = punt_judge(packet, &class);
	if (verdict != PUNT_TO_TAP && verdict != PUNT_TO_BFD) {
		drop(to, punt_refusal(verdict));
		return;
	}
	to->outcome = API_OUTCOME_PUNTED;
	pay(to, packet, class);
}

static void drop_and_tell(
	struct api_explanation *to, const struct packet *packet, enum api_drop_reason reason)
{
	drop(to, reason);
	to->told = icmp_may_tell(packet);
	if (to->told)
		pay(to, packet, API_BUDGET_ICMP);
}

/* As exits_leave(). */
static void leave(struct api_explanation *to, const struct packet *packet, enum packet_exit exit)
{
	switch (exit) {
	case EXIT_PUNT:
		punt(to, packet);
		break;
	case EXIT_UNREACHABLE:
		drop_and_tell(to, packet, API_DROP_NO_ROUTE);
		break;
	case EXIT_EXPIRED:
		drop_and_tell(to, packet, API_DROP_TTL_EXPIRED);
		break;
	case EXIT_TOO_BIG:
		drop_and_tell(to, packet, API_DROP_MTU_EXCEEDED);
		break;
	case EXIT_GLEAN:
	case EXIT_UNRESOLVED:
		drop(to, API_DROP_NEIGHBOUR_UNRESOLVED);
		break;
	case EXIT_CUT:
		drop(to, API_DROP_LINK_TEST_OUT);
		break;
	case EXIT_FRAGMENT:
		to->outcome = API_OUTCOME_FRAGMENTED;
		break;
	case EXIT_NO_HEADROOM:
	case EXIT_NEXT:
		to->outcome = API_OUTCOME_SENT;
		break;
	case EXIT_POLICED:
		drop(to, API_DROP_POLICER_OUT);
		break;
	case EXIT_DROP:
		drop(to, packet->reason);
		break;
	}
}

/* The longest prefix that has the address and leads to the group that packets are sent to. */
static void find_prefix(
	const struct fib *fib, const uint8_t *address, unsigned int bits, struct api_found *found)
{
	struct fib_route route;

	for (int length = (int)bits; length >= 0; length--) {
		uint8_t prefix[16] = {0};

		memcpy(prefix, address, bits / 8);
		for (unsigned int bit = length; bit < bits; bit++)
			prefix[bit / 8] &= ~(0x80u >> bit % 8);
		if (!fib_get(fib, prefix, length, &route))
			continue;
		if (route.group != found->group)
			return;
		found->has_prefix = 1;
		found->prefix_len = length;
		found->origin = route.origin;
		found->leaked_from = route.leaked_from;
		memcpy(found->prefix, prefix, sizeof(prefix));
		return;
	}
}

static struct api_found look_up(const struct packet *packet, const uint8_t *address)
{
	struct api_found found = {0};
	uint32_t vrf = packet->in->vrf;
	const struct fib *fib = packet_is_ipv4(packet) ? vrf_fib4(vrf) : vrf_fib6(vrf);
	uint8_t address6[1][16];
	uint32_t address4;

	if (fib == NULL)
		return found;
	if (packet_is_ipv4(packet)) {
		address4 = load32(address);
		fib_lookup4_bulk(&fib, &address4, &found.group, 1);
	} else {
		memcpy(address6[0], address, sizeof(address6[0]));
		fib_lookup6_bulk(&fib, (const uint8_t(*)[16])address6, &found.group, 1);
	}
	if (found.group != API_GROUP_NONE)
		find_prefix(fib, address, packet_is_ipv4(packet) ? 32 : 128, &found);
	return found;
}

static void list_members(struct api_explanation *to)
{
	static const uint32_t uses[] = {
		[MEMBER_DEAD] = API_MEMBER_DEAD,
		[MEMBER_UNRESOLVED] = API_MEMBER_UNRESOLVED,
		[MEMBER_DRAINED] = API_MEMBER_DRAINED,
		[MEMBER_LIVE] = API_MEMBER_LIVE,
	};
	const struct group *group =
		to->route.group >= API_GROUP_FIRST ? group_get(to->route.group) : NULL;

	for (uint32_t i = 0; group != NULL && i < group->count; i++) {
		const struct adjacency *adjacency = adjacency_get(group->members[i]);

		to->members[i].adjacency = group->members[i];
		to->members[i].use = uses[member_use(adjacency)];
		to->members[i].down = adjacency != NULL ? path_bits(adjacency->liveness) : 0;
		to->member_count++;
	}
}

static void describe_way_out(struct api_explanation *to, const struct packet *packet)
{
	const struct adjacency *adjacency = packet->adjacency;

	if (adjacency == NULL)
		return;
	to->chosen = adjacency->id;
	to->out_interface = adjacency->interface;
	to->out_port = adjacency->port;
	to->mtu = adjacency->mtu;
}

/* The frame is a copy, and the last step: it may be changed. */
static void describe_rewrite(struct api_explanation *to, const struct packet *packet)
{
	const struct adjacency *adjacency = packet->adjacency;

	to->layer2_bytes = adjacency->template_bytes;
	egress_rewrite(packet->mbuf, packet_l3(packet),
		packet->l3_bytes + adjacency->template_bytes, adjacency, packet_is_ipv4(packet));
	memcpy(to->layer2, rte_pktmbuf_mtod(packet->mbuf, uint8_t *), to->layer2_bytes);
}

static enum packet_exit check_source(struct api_explanation *to, struct packet *packet)
{
	bool is_ipv4 = packet_is_ipv4(packet);

	to->urpf = packet->in->urpf;
	if (packet->in->urpf == API_URPF_OFF)
		return EXIT_NEXT;
	to->source = look_up(packet, packet_l3(packet) + (is_ipv4 ? IPV4_SOURCE : IPV6_SOURCE));
	return source_check(packet, to->source.group);
}

static enum packet_exit find_member(struct api_explanation *to, struct packet *packet)
{
	enum packet_exit exit = route_member(packet, to->route.group);

	list_members(to);
	describe_way_out(to, packet);
	return exit;
}

/* As egress_police(), but that nothing is taken. exit: what egress says, which stays unless there
 * is no credit. Fragments are made in between and pay each, so that the first one has to. */
static enum packet_exit ask_policers(
	struct api_explanation *to, struct packet *packet, enum packet_exit exit, uint64_t now)
{
	const struct adjacency *adjacency = packet->adjacency;
	uint32_t bytes = RTE_MIN(packet->l3_bytes, adjacency->mtu) + adjacency->template_bytes;

	to->policer_in = packet->in->api.policer_in;
	if (!policer_would_pass(to->policer_in, packet->mbuf->pkt_len, now))
		return packet_drop(packet, API_DROP_POLICER_IN);
	if (exit == EXIT_FRAGMENT && egress_ends_beyond(packet)) {
		to->step = API_STEP_EGRESS;
		return packet_drop(packet, API_DROP_BAD_HEADER);
	}
	to->policer_out = adjacency->policer_out;
	return policer_would_pass(to->policer_out, bytes, now) ? exit : EXIT_POLICED;
}

static enum packet_exit test_in(struct packet *packet)
{
	return packet->in->cut ? packet_drop(packet, API_DROP_LINK_TEST_IN) : EXIT_NEXT;
}

static enum packet_exit find_route(struct api_explanation *to, struct packet *packet)
{
	bool is_ipv4 = packet_is_ipv4(packet);

	to->route = look_up(
		packet, packet_l3(packet) + (is_ipv4 ? IPV4_DESTINATION : IPV6_DESTINATION));
	return to->route.group < API_GROUP_FIRST ? fixed_group(packet, to->route.group) : EXIT_NEXT;
}

/* One step of the order in pipeline.c. */
static enum packet_exit take_step(
	struct api_explanation *to, struct packet *packet, enum api_step step)
{
	switch (step) {
	case API_STEP_HEADER:
		return ingress_header(packet);
	case API_STEP_LOCAL:
		return ingress_local(packet);
	case API_STEP_MARTIAN:
		return ingress_martian(packet);
	case API_STEP_SOURCE:
		return check_source(to, packet);
	case API_STEP_TEST:
		return test_in(packet);
	case API_STEP_ROUTE:
		return find_route(to, packet);
	case API_STEP_MEMBER:
		return find_member(to, packet);
	case API_STEP_EGRESS:
		return egress_check(packet);
	default:
		return EXIT_NEXT;
	}
}

/* Exits of egress with which a packet goes on to the policers. */
static bool may_go(enum packet_exit exit)
{
	return exit == EXIT_NEXT || exit == EXIT_NO_HEADROOM || exit == EXIT_FRAGMENT;
}

static void follow(struct api_explanation *to, struct packet *packet, uint64_t now)
{
	enum packet_exit exit = EXIT_NEXT;

	to->step = API_STEP_HEADER;
	while ((exit = take_step(to, packet, to->step)) == EXIT_NEXT && to->step < API_STEP_EGRESS)
		to->step++;
	to->l3_bytes = packet->l3_bytes;
	if (to->step == API_STEP_EGRESS && may_go(exit)) {
		to->step = API_STEP_POLICER;
		exit = ask_policers(to, packet, exit, now);
	}
	if (to->step == API_STEP_POLICER && may_go(exit)) {
		to->step = API_STEP_REWRITE;
		describe_rewrite(to, packet);
	}
	leave(to, packet, exit);
}

int explain_packet(
	const struct api_explain *request, uint64_t now, struct api_explanation *explanation)
{
	static uint8_t buffer[RTE_PKTMBUF_HEADROOM + API_EXPLAIN_BYTES_MAX]; /* main thread */
	struct rte_mbuf mbuf = {
		.buf_addr = buffer,
		.buf_len = sizeof(buffer) - 1,
		.data_off = RTE_PKTMBUF_HEADROOM,
		.nb_segs = 1,
		.data_len = request->frame_bytes,
		.pkt_len = request->frame_bytes,
	};
	const struct port *port = request->port < API_PORTS_MAX ? port_get(request->port) : NULL;
	struct tags tags;

	memset(explanation, 0, sizeof(*explanation));
	if (request->frame_bytes > API_EXPLAIN_BYTES_MAX)
		return -EINVAL;
	if (port == NULL)
		return -ENOENT;
	memset(buffer, 0, sizeof(buffer));
	memcpy(buffer + RTE_PKTMBUF_HEADROOM, request->head,
		RTE_MIN(request->frame_bytes, API_EXPLAIN_HEAD));
	tags = ingress_tags(port, classifier_table[port->id], &mbuf);
	if (tags.in == NULL) {
		drop(explanation, tags.reason);
		return 0;
	}
	explanation->interface = tags.in->id;
	explanation->vrf = tags.in->vrf;
	explanation->ethertype = tags.ethertype;
	follow(explanation,
		&(struct packet){
			.mbuf = &mbuf,
			.in = tags.in,
			.ethertype = tags.ethertype,
			.l3_offset = tags.l3_offset,
		},
		now);
	return 0;
}
