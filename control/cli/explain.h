/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `onramp explain`: a packet that does not exist, and what the dataplane would do with it.
 */
#pragma once

#include <jansson.h>

#include "control/cli/dataplane.h"
#include "control/cli/table.h"

/* What names are found in. */
struct explain_names {
	struct dump ports, vrfs, interfaces, adjacencies, policers;
};

/* What the packet is; addresses in network order, IPv4 in the first four bytes. */
struct explain_flow {
	uint8_t family; /* AF_INET or AF_INET6 */
	uint8_t protocol;
	uint16_t port;  /* destination, of TCP and UDP */
	uint16_t bytes; /* of the IP packet */
	uint8_t from[16], to[16];
};

/* The command's words as a flow. False: reported. */
bool explain_parse(const struct cli *cli, struct explain_flow *flow);

const char *explain_protocol(const struct explain_flow *flow);

/* The flow's packet as the port would receive it by this interface: not to be fragmented, as hosts
 * send them (RFC 1191 3). */
void explain_frame(const struct explain_flow *flow, const struct api_interface *interface,
	const struct api_port *port, struct api_explain *request);

/* Where the packet comes from, by the command's words: CIRCUIT[/PEERING[/LINK]], or a virtual
 * network or service. */
struct explain_place {
	bool core;
	char address[ADDRESS_MAX];
};

/* False: reported. */
bool explain_place(const struct cli *cli, struct explain_place *place);
/* Is it a link of that place? */
bool explain_covers(const struct explain_place *place, const struct api_interface *interface);
/* Its links are of one domain, and there are some. False: reported, with why they are not here as
 * far as control knows (sold or not, provisioned or not). */
bool explain_check(
	const struct cli *cli, const struct explain_place *place, const struct dump *interfaces);

/*
 * One link's answer: link, domain, port, outcome ("sent", "fragmented", "punted", "dropped"),
 * reason (of a drop, else null), told, steps: [{step, verdict, why}], the last one the outcome; and
 * what is known of source_route, route ({prefix, origin, leaked_from, target}), next_hops ([{via,
 * link, use, down, chosen, announced_by: {neighbour, asn} or null}]), out_link, out_port, mtu,
 * policer_in, policer_out, layer2 (hexadecimal), budget ({kind, pps}), else null. sessions:
 * control's rows of `show bgp`, who say who announced a route; NULL: not known.
 */
json_t *explain_answer(const struct explain_names *names, const struct api_interface *interface,
	const struct api_explanation *explanation, const json_t *sessions);

/* The row of a dump of things that begin with their id; NULL: none. */
const void *explain_find(const struct dump *dump, uint32_t id);
/* Of a domain or a link; "?": it came after the dump. */
const char *explain_domain(const struct explain_names *names, uint32_t vrf);
const char *explain_link(const struct explain_names *names, uint32_t interface);
/* How a member can serve, for people and programs. */
const char *explain_use(uint32_t use);
/* "10.1.0.0/16"; NULL: the look-up found none. buffer: INET6_ADDRSTRLEN + 4 bytes. */
const char *explain_prefix(
	const struct api_explanation *explanation, const struct api_found *found, char *buffer);
/* ARP and so on, for people and programs. */
const char *explain_budget(uint32_t budget);

/* The BGP session by which a route to that next hop came, a row of sessions. NULL: by none that is
 * known. */
const json_t *explain_announcer(const struct explain_names *names,
	const struct api_explanation *explanation, const struct api_adjacency *member,
	const json_t *sessions);

/* All of explain_answer() but its steps, added to it. */
void explain_facts(json_t *answer, const struct explain_names *names,
	const struct api_interface *interface, const struct api_explanation *explanation,
	const json_t *sessions);
