/* SPDX-License-Identifier: BSD-3-Clause */
/* What may be learned and announced, what is, and what becomes of packets. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/doctor/rules.h"

#define POLICER_PERCENT 1u /* of the frames: above that bandwidth is really short */

static bool established(const struct doctor_bgp *bgp)
{
	return bgp->state != NULL && strcmp(bgp->state, "Established") == 0;
}

/* ---- filter ---- */

struct sums {
	unsigned int sessions; /* that are up */
	int64_t accepted, refused, announced;
};

static struct sums sums_of_link(const struct doctor_link *link)
{
	struct sums sums = {0};

	for (unsigned int i = 0; i < 2; i++) {
		const struct doctor_bgp *bgp = &link->families[i].bgp;

		if (!established(bgp))
			continue;
		sums.sessions++;
		sums.accepted += bgp->accepted;
		sums.refused += bgp->refused;
		sums.announced += bgp->announced;
	}
	return sums;
}

static struct sums sums_of(const struct doctor_peering *peering)
{
	struct sums sums = {0};

	for (unsigned int i = 0; i < peering->link_count; i++) {
		struct sums one = sums_of_link(&peering->links[i]);

		sums.sessions += one.sessions;
		sums.accepted += one.accepted;
		sums.refused += one.refused;
		sums.announced += one.announced;
	}
	return sums;
}

/* The circuit of a peering: what comes before the slash. */
static int circuit_length(const struct doctor_peering *peering)
{
	return (int)strcspn(peering->name, "/");
}

/* What is wrong with the rules themselves. false: nothing. */
static bool public_rules(struct doctor_case *at, const struct doctor_peering *peering)
{
	struct doctor_finding *finding;

	if (!peering->is_public)
		return false;
	if (peering->route_filter == NULL) {
		finding = doctor_add(at, DOCTOR_WRONG, SIDE_OURS, peering->name, NULL,
			"no route filter is attached, so no service is announced or reached");
		doctor_next(finding, "onramp filter attach %.*s FILTER", circuit_length(peering),
			peering->name);
		return true;
	}
	if (peering->connections == 0) {
		finding = doctor_add(at, DOCTOR_WRONG, SIDE_OURS, peering->name, NULL,
			"the route filter %s allows none of the services' communities",
			peering->route_filter);
		doctor_next(finding,
			"compare route_filters and services in `onramp export`, or attach another "
			"filter");
		return true;
	}
	return false;
}

void doctor_filter(struct doctor_case *at, const struct doctor_peering *peering)
{
	struct sums sums = sums_of(peering);
	struct doctor_finding *finding;

	if (!peering->known) {
		doctor_add(at, DOCTOR_UNKNOWN, SIDE_NONE, peering->name, NULL,
			"not known while control is away");
		return;
	}
	if (public_rules(at, peering))
		return;
	if (sums.refused != 0) {
		bool all = sums.accepted == 0;

		finding = doctor_add(at, all ? DOCTOR_WRONG : DOCTOR_WARN, SIDE_CUSTOMER,
			peering->name, NULL, "%s%" PRId64 " announced prefixes refused",
			all ? "all " : "", sums.refused);
		doctor_next(finding,
			"`onramp show routes --rejected %s` has each with its reason; send it to "
			"the customer",
			peering->name);
		return;
	}
	if (peering->is_public)
		doctor_add(at, DOCTOR_OK, SIDE_NONE, peering->name, NULL,
			"%u validated prefixes, route filter %s, nothing refused",
			peering->validated, peering->route_filter);
	else
		doctor_add(at, DOCTOR_OK, SIDE_NONE, peering->name, NULL, "nothing refused");
}

/* ---- routes ---- */

static void not_announced(struct doctor_case *at, const struct doctor_peering *peering)
{
	struct doctor_finding *finding = doctor_add(at, DOCTOR_WRONG, SIDE_OURS, peering->name,
		NULL, "%" PRIu64 " prefixes of %s are there, but none is announced to the customer",
		peering->leaked, peering->connected);

	doctor_next(finding,
		"see `onramp show advertised %s` and `onramp show status`; a network's prefixes "
		"are announced only while its core link lives",
		peering->name);
}

void doctor_routes(struct doctor_case *at, const struct doctor_peering *peering)
{
	struct sums sums = sums_of(peering);
	struct doctor_finding *finding;

	/* A public one without connections was the filter's case. */
	if (!peering->known || (peering->is_public && peering->connections == 0))
		return;
	if (peering->connections == 0) {
		finding = doctor_add(at, DOCTOR_WRONG, SIDE_OURS, peering->name, NULL,
			"it is connected to no virtual network");
		doctor_next(finding,
			"name circuit %.*s in `connections` of a virtual network, and `onramp "
			"apply` that",
			circuit_length(peering), peering->name);
	} else if (peering->leaked == 0) {
		finding = doctor_add(at, DOCTOR_WRONG, SIDE_OURS, peering->name, NULL,
			"%s, which it is connected to, has no prefix", peering->connected);
		doctor_next(finding,
			"see `onramp show bgp %s` and `onramp show routes %s`: is the core's "
			"router "
			"up, and does it announce?",
			peering->connected, peering->connected);
	} else if (sums.sessions != 0 && sums.announced == 0) {
		not_announced(at, peering);
	} else {
		doctor_add(at, DOCTOR_OK, SIDE_NONE, peering->name, NULL,
			"connected to %s%s, %" PRIu64 " prefixes from there", peering->connected,
			peering->connections > 1 ? " and others" : "", peering->leaked);
	}
}

void doctor_learned(struct doctor_case *at, const struct doctor_link *link)
{
	struct sums sums = sums_of_link(link);
	struct doctor_finding *finding;

	/* What is down was BGP's case, and what was refused the filter's. */
	if (sums.sessions == 0 || (sums.accepted == 0 && sums.refused != 0))
		return;
	if (sums.accepted != 0) {
		doctor_add(at, DOCTOR_OK, SIDE_NONE, link->name, NULL,
			"%" PRId64 " prefixes learned, %" PRId64 " announced", sums.accepted,
			sums.announced);
		return;
	}
	finding = doctor_add(at, DOCTOR_WRONG, SIDE_CUSTOMER, link->name, NULL,
		"the customer announces nothing");
	doctor_next(finding,
		"write to the customer: \"BGP on %s is up, but your router announces no prefix, so "
		"nothing comes back to you. Does a policy of yours stop that?\"",
		link->name);
}

/* ---- FIB ---- */

void doctor_fib(struct doctor_case *at, const struct doctor_peering *peering)
{
	struct doctor_finding *finding;

	if (!peering->known)
		return;
	if (!peering->domain_there) {
		finding = doctor_add(at, DOCTOR_WRONG, SIDE_OURS, peering->name, NULL,
			"the dataplane has no routing domain of it");
		doctor_next(finding, "see `onramp show status`");
	} else if (peering->refused_routes != 0) {
		finding = doctor_add(at, DOCTOR_WRONG, SIDE_OURS, peering->name, NULL,
			"the dataplane refused %" PRIu64 " routes", peering->refused_routes);
		doctor_next(
			finding, "see `onramp show memory`: at a limit, give the edge more memory");
	} else if (peering->unequal) {
		finding = doctor_add(at, DOCTOR_WRONG, SIDE_OURS, peering->name, NULL,
			"the kernel has %" PRIu64 " learned routes, the dataplane %" PRIu64,
			peering->kernel_routes, peering->routes);
		doctor_next(finding,
			"compare `onramp show routes %s` with the kernel's; see `onramp show "
			"status`, and restart onramp-control if it does not mend itself",
			peering->name);
	} else {
		doctor_add(at, DOCTOR_OK, SIDE_NONE, peering->name, NULL,
			"%" PRIu64 " learned routes, as the kernel has them", peering->routes);
	}
}

void doctor_path(struct doctor_case *at, const struct doctor_link *link)
{
	for (unsigned int i = 0; i < 2; i++) {
		const struct doctor_family *family = &link->families[i];
		struct doctor_finding *finding;

		if (family->peer == NULL)
			continue;
		if (family->path_down == NULL) {
			doctor_add(at, DOCTOR_OK, SIDE_NONE, link->name, doctor_family_name(i),
				"the path to the customer is used");
			continue;
		}
		/* A drain is meant; the rest was found below, but for what nobody there saw. */
		finding = doctor_add(at, DOCTOR_WARN, SIDE_OURS, link->name, doctor_family_name(i),
			"the path to the customer is not used: %s", family->path_down);
		doctor_next(finding, "see `onramp show paths %s`", link->name);
	}
}

/* ---- packets ---- */

static void short_of_bandwidth(struct doctor_case *at, const struct doctor_link *link,
	const char *direction, uint64_t dropped, uint64_t passed)
{
	bool much = dropped * 100 > (dropped + passed) * POLICER_PERCENT;
	struct doctor_finding *finding = doctor_add(at, much ? DOCTOR_WRONG : DOCTOR_WARN,
		SIDE_CUSTOMER, link->name, direction,
		"%" PRIu64 " of %" PRIu64 " frames dropped for want of bandwidth in "
		"%.1f s",
		dropped, dropped + passed, link->moved.span_ms / 1000.0);

	doctor_next(finding,
		"`onramp show rates %s` has the minutes before; the customer should send less, or "
		"buy more (`onramp circuit set-bandwidth`)",
		link->name);
}

void doctor_policer(struct doctor_case *at, const struct doctor_link *link)
{
	uint64_t in = link->moved.drops[API_DROP_POLICER_IN];
	uint64_t out = link->moved.drops[API_DROP_POLICER_OUT];

	if (in != 0)
		short_of_bandwidth(
			at, link, "in", in, link->moved.rx > in ? link->moved.rx - in : 0);
	if (out != 0)
		short_of_bandwidth(at, link, "out", out, link->moved.tx);
	if (in == 0 && out == 0)
		doctor_add(at, DOCTOR_OK, SIDE_NONE, link->name, NULL,
			"nothing dropped for want of bandwidth in %.1f s",
			link->moved.span_ms / 1000.0);
}

/* Drops that come with any network, or were other layers' cases. */
static bool is_harmless(enum api_drop_reason reason)
{
	switch (reason) {
	case API_DROP_MULTICAST:
	case API_DROP_UNKNOWN_ETHERTYPE:
	case API_DROP_TTL_EXPIRED:
	case API_DROP_ICMP_BUDGET:
	case API_DROP_POLICER_IN:
	case API_DROP_POLICER_OUT:
	case API_DROP_LINK_TEST_IN:
	case API_DROP_LINK_TEST_PUNT:
	case API_DROP_LINK_TEST_OUT:
	case API_DROP_LINK_TEST_INJECT:
	case API_DROP_INTERFACE_GONE:
	case API_DROP_INJECT_GONE:
		return true;
	default:
		return false;
	}
}

/* Who has to do with it: the edge, where it is short of something itself; else who sends. */
static enum doctor_side drop_side(enum api_drop_reason reason)
{
	switch (reason) {
	case API_DROP_PUNT_RING_FULL:
	case API_DROP_PUNT_TAP_FULL:
	case API_DROP_PUNT_NO_TAP:
	case API_DROP_EXCHANGE_FULL:
	case API_DROP_NO_MEMORY:
	case API_DROP_INJECT_FULL:
	case API_DROP_INJECT_BAD:
	case API_DROP_INJECT_BFD:
	case API_DROP_TX_FULL:
	case API_DROP_PORT_DOWN:
	case API_DROP_BLACKHOLE:
	case API_DROP_NO_LIVE_NEXT_HOP:
	case API_DROP_NEIGHBOUR_UNRESOLVED:
	case API_DROP_MTU_EXCEEDED:
		return SIDE_OURS;
	default:
		return SIDE_CUSTOMER;
	}
}

/* The reason of most packets that count; API_DROP_COUNT: none does. *others: how many more do. */
static enum api_drop_reason most_drops(const struct doctor_moved *moved, unsigned int *others)
{
	enum api_drop_reason most = API_DROP_COUNT;
	unsigned int reasons = 0;

	for (unsigned int i = 0; i < API_DROP_COUNT; i++) {
		enum api_drop_reason reason = (enum api_drop_reason)i;

		if (moved->drops[i] == 0 || is_harmless(reason))
			continue;
		reasons++;
		if (most == API_DROP_COUNT || moved->drops[i] > moved->drops[most])
			most = reason;
	}
	*others = reasons > 0 ? reasons - 1 : 0;
	return most;
}

void doctor_drops(struct doctor_case *at, const struct doctor_link *link)
{
	const struct doctor_moved *moved = &link->moved;
	unsigned int others;
	enum api_drop_reason most = most_drops(moved, &others);
	struct doctor_finding *finding;

	if (most == API_DROP_COUNT) {
		doctor_add(at, DOCTOR_OK, SIDE_NONE, link->name, NULL, "no packet lost otherwise");
		return;
	}
	finding = doctor_add(at, DOCTOR_WARN, drop_side(most), link->name, NULL,
		"%" PRIu64 " packets dropped in %.1f s as %s: %s", moved->drops[most],
		moved->span_ms / 1000.0, api_drop_name(most), api_drop_text(most));
	if (others != 0)
		doctor_next(finding, "`onramp show drops %s` has this and %u more reasons",
			link->name, others);
	else
		doctor_next(finding, "see `onramp show drops %s`", link->name);
}
