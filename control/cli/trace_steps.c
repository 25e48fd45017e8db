/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the dataplane says of a packet is where its way ended, and what was found on it; the steps
 * before are those that pipelines/pipeline.h has, in its order.
 */
#include "control/cli/trace_steps.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "control/cli/dataplane.h"

enum step {
	STEP_TAGS,
	STEP_DOMAIN,
	STEP_HEADER,
	STEP_LOCAL,
	STEP_MARTIAN,
	STEP_SOURCE,
	STEP_ROUTE,
	STEP_NEXT_HOP,
	STEP_EGRESS,
	STEP_POLICERS,
	STEP_SENT,
};

static const char *const step_names[] = {
	[STEP_TAGS] = "tags",
	[STEP_DOMAIN] = "domain",
	[STEP_HEADER] = "header",
	[STEP_LOCAL] = "local",
	[STEP_MARTIAN] = "martian",
	[STEP_SOURCE] = "source",
	[STEP_ROUTE] = "route",
	[STEP_NEXT_HOP] = "next hop",
	[STEP_EGRESS] = "egress",
	[STEP_POLICERS] = "policers",
	[STEP_SENT] = "sent",
};

/* Steps whose text is the same for whoever passes them. */
static const char *const passed[] = {
	[STEP_HEADER] = "as it should be",
	[STEP_LOCAL] = "not for the edge itself",
	[STEP_MARTIAN] = "addresses that may be forwarded",
	[STEP_EGRESS] = "fits, and may live on",
};

struct steps {
	const struct trace_names *names;
	const struct api_captured *captured;
	const struct api_interface *interface; /* NULL: it is not in the names */
	json_t *rows;
};

static enum step step_of(const struct api_captured *captured)
{
	/* The edge's own address on another link is found by route. */
	enum step local = captured->group == API_GROUP_RECEIVE ? STEP_ROUTE : STEP_LOCAL;

	switch (captured->reason) {
	case API_DROP_RUNT:
	case API_DROP_NOT_OUR_MAC:
	case API_DROP_UNKNOWN_ETHERTYPE:
	case API_DROP_BAD_HEADER:
	case API_DROP_BAD_CHECKSUM:
		return STEP_HEADER;
	case API_DROP_PUNT_BUDGET_NEIGHBOUR:
	case API_DROP_PUNT_BUDGET_BGP:
	case API_DROP_PUNT_BUDGET_BFD:
	case API_DROP_PUNT_BUDGET_OTHER:
	case API_DROP_BGP_TTL:
	case API_DROP_PUNT_RING_FULL:
	case API_DROP_LINK_TEST_PUNT:
		return local;
	case API_DROP_MARTIAN_SOURCE:
	case API_DROP_MARTIAN_DESTINATION:
	case API_DROP_MULTICAST:
		return STEP_MARTIAN;
	case API_DROP_URPF_STRICT:
	case API_DROP_URPF_LOOSE:
		return STEP_SOURCE;
	case API_DROP_LINK_TEST_IN:
	case API_DROP_NO_ROUTE:
	case API_DROP_BLACKHOLE:
		return STEP_ROUTE;
	case API_DROP_NO_LIVE_NEXT_HOP:
		return STEP_NEXT_HOP;
	case API_DROP_NEIGHBOUR_UNRESOLVED:
		return captured->group == API_GROUP_GLEAN ? STEP_ROUTE : STEP_NEXT_HOP;
	case API_DROP_POLICER_IN:
	case API_DROP_POLICER_OUT:
		return STEP_POLICERS;
	case API_DROP_TX_FULL:
	case API_DROP_PORT_DOWN:
	case API_DROP_LINK_TEST_INJECT:
	case API_DROP_INJECT_BFD:
		return STEP_SENT;
	default:
		return STEP_EGRESS;
	}
}

static enum step last_step(const struct api_captured *captured)
{
	switch (captured->verdict) {
	case API_CAPTURE_DROPPED:
		return step_of(captured);
	case API_CAPTURE_PUNTED:
		return captured->group == API_GROUP_RECEIVE ? STEP_ROUTE : STEP_LOCAL;
	default:
		return STEP_SENT;
	}
}

static void add(struct steps *steps, enum step step, const char *verdict, const char *why)
{
	json_array_append_new(steps->rows, json_pack("{s:s, s:s, s:s}", "step", step_names[step],
						   "verdict", verdict, "why", why));
}

static void add_text(struct steps *steps, enum step step, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void add_text(struct steps *steps, enum step step, const char *format, ...)
{
	char text[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	add(steps, step, "ok", text);
}

static const char *link_name(const struct steps *steps, uint32_t id)
{
	const struct api_interface *interface = dump_find(&steps->names->interfaces, id);

	return interface != NULL ? interface->name : "a link that is new";
}

static void add_domain(struct steps *steps)
{
	const struct api_vrf *vrf = steps->interface != NULL
					    ? dump_find(&steps->names->vrfs, steps->interface->vrf)
					    : NULL;

	add(steps, STEP_DOMAIN, "ok", vrf != NULL ? vrf->name : "a domain that is new");
}

static void add_source(struct steps *steps)
{
	static const char *const texts[API_URPF_COUNT] = {
		[API_URPF_OFF] = "not asked (urpf: off)",
		[API_URPF_LOOSE] = "the domain has a route to it (urpf: loose)",
		[API_URPF_STRICT] = "its route leads back into the domain (urpf: strict)",
	};

	if (steps->interface != NULL && steps->interface->urpf < API_URPF_COUNT)
		add(steps, STEP_SOURCE, "ok", texts[steps->interface->urpf]);
}

static void add_next_hop(struct steps *steps)
{
	const struct api_adjacency *adjacency =
		dump_find(&steps->names->adjacencies, steps->captured->adjacency);
	char text[INET6_ADDRSTRLEN];

	if (adjacency == NULL ||
		inet_ntop(adjacency->family, adjacency->address, text, sizeof(text)) == NULL)
		add_text(steps, STEP_NEXT_HOP, "adjacency %u", steps->captured->adjacency);
	else
		add_text(steps, STEP_NEXT_HOP, "%s by %s", text,
			link_name(steps, adjacency->interface));
}

static void add_passed(struct steps *steps, enum step step)
{
	const struct api_captured *captured = steps->captured;

	switch (step) {
	case STEP_TAGS:
		add(steps, step, "ok", link_name(steps, captured->interface));
		break;
	case STEP_DOMAIN:
		add_domain(steps);
		break;
	case STEP_SOURCE:
		add_source(steps);
		break;
	case STEP_ROUTE:
		add_text(steps, step, "group %u", captured->group);
		break;
	case STEP_NEXT_HOP:
		add_next_hop(steps);
		break;
	case STEP_POLICERS:
		add(steps, step, "ok", "within the circuits' bandwidth, where one is set");
		break;
	default:
		add(steps, step, "ok", passed[step]);
	}
}

static void add_last(struct steps *steps, enum step step)
{
	const struct api_captured *captured = steps->captured;
	uint32_t out = captured->is_out ? captured->interface : captured->other;

	switch (captured->verdict) {
	case API_CAPTURE_DROPPED:
		if (captured->reason < API_DROP_COUNT)
			add(steps, step, api_drop_name(captured->reason),
				api_drop_text(captured->reason));
		break;
	case API_CAPTURE_PUNTED:
		add(steps, step, "punt", "for the edge itself: its BGP, BFD, ARP, ND or ping");
		break;
	default:
		add_text(steps, step, "by %s", link_name(steps, out));
	}
}

json_t *trace_steps(const struct trace_names *names, const struct api_captured *captured)
{
	struct steps steps = {
		.names = names,
		.captured = captured,
		.interface = dump_find(&names->interfaces, captured->interface),
		.rows = json_array(),
	};
	enum step first = STEP_TAGS, last = last_step(captured);

	/* What came by a link that nobody traces is met at its route; what the edge says itself has
	 * none. */
	if (captured->is_out)
		first = captured->group != 0 ? STEP_ROUTE : last;
	for (enum step step = first; step < last; step++)
		add_passed(&steps, step);
	add_last(&steps, last);
	return steps.rows;
}
