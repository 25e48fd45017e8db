/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cli/command.h"

#include <stddef.h>

#define ADDRESS_HELP                                                                               \
	"CIRCUIT[/PEERING[/LINK]] limits it to a circuit, a peering or a link; VNET/core is the\n" \
	"link of a virtual network."

const struct command show_commands[] = {
	{
		.name = "ports",
		.summary = "network ports: link state, speed, packets",
		.details = "Read from the dataplane. missed: packets that came while no receive "
			   "buffer\n"
			   "was free; they are in no circuit's account.",
		.example = "onramp show ports",
		.run = show_ports_run,
	},
	{
		.name = "circuits",
		.operand = "[CIRCUIT]",
		.options = OPTION_EFFECTIVE,
		.summary = "what was sold: bandwidth, tier, states, tags, service key",
		.details =
			"Asked from control. PROVIDER and STATE: a circuit forwards when they are\n"
			"provisioned (or -: there is no provider) and enabled. --effective: every "
			"field,\n"
			"defaults too, and who set it.",
		.example = "onramp show circuits contoso",
		.run = show_circuits_run,
	},
	{
		.name = "connections",
		.operand = "[CIRCUIT|NETWORK]",
		.summary = "what circuits are connected with, and what comes over it",
		.details = "Asked from control. Prefixes that are announced, IPv4/IPv6: TO CIRCUIT "
			   "from what it\n"
			   "is connected with, at most LIMIT (REFUSED ones are above it, and named "
			   "by `onramp show\n"
			   "routes --rejected`), FROM CIRCUIT the other way. A prefix that several "
			   "networks bring\n"
			   "counts for the one that is used. STATE is up, or what is wrong.",
		.example = "onramp show connections contoso",
		.run = show_connections_run,
	},
	{
		.name = "authorizations",
		.operand = "[PAIR]",
		.summary = "one-time authorizations of direct port pairs, and what became of them",
		.details =
			"Asked from control. open: nobody used it yet; used: for CIRCUIT; spent: "
			"that\n"
			"circuit is gone.",
		.example = "onramp show authorizations acme",
		.run = show_authorizations_run,
	},
	{
		.name = "service-key",
		.operand = "SERVICE-KEY",
		.summary = "what its provider sees of a circuit: ports, tags, bandwidth, state",
		.details =
			"Asked from control. One line for each link; no more of the circuit than "
			"the\n"
			"provider has to do with. MANAGED: peerings whose fields are his to "
			"write.",
		.example = "onramp show service-key 0f9c3b52-6a0e-5c0f-9a3b-0d8c5d1f7e11",
		.run = show_service_key_run,
	},
	{
		.name = "peerings",
		.operand = "[ADDRESS]",
		.summary = "both links of each peering: addresses, neighbour and BGP states",
		.details = "Asked from control. One line for each link and family.\n" ADDRESS_HELP,
		.example = "onramp show peerings contoso/private",
		.run = show_peerings_run,
	},
	{
		.name = "bgp",
		.operand = "[ADDRESS]",
		.summary = "BGP sessions: state, uptime, prefixes accepted, refused and announced",
		.details =
			"Asked from control, which asks FRR. LIMIT: how many prefixes the "
			"neighbour may\n"
			"announce; ALARM: 80 % of them are there. LAST ERROR: why a session is "
			"down.\n"
			"REFUSED on public peerings: each look counts 64 sessions anew, or those "
			"of ADDRESS,\n"
			"and the others are as they were; a dash is one not counted "
			"yet.\n" ADDRESS_HELP,
		.example = "onramp show bgp contoso/private/primary",
		.run = show_bgp_run,
	},
	{
		.name = "advertised",
		.operand = "ADDRESS",
		.summary = "what neighbours are announced",
		.details = "Asked from control, which asks FRR. PATH is without the site's own AS "
			   "number.\n" ADDRESS_HELP,
		.example = "onramp show advertised contoso/public",
		.run = show_advertised_run,
	},
	{
		.name = "bfd",
		.operand = "[ADDRESS]",
		.summary =
			"BFD sessions: state, timers, how punctual the peer is, what was refused",
		.details =
			"Read from the dataplane. ASKED and PEER ASKS: interval x multiplier as "
			"each side\n"
			"wants them (\"10ms/50ms\": sending/receiving); the slower wins, and that "
			"is what\n"
			"SENDS says, before jitter. After DETECTS without a packet the link is "
			"down.\n"
			"JITTER is how much two of the peer's intervals differ on average. "
			"REFUSED\n"
			"packets changed nothing; they are listed below by reason, with a line "
			"without\n"
			"PEER for those that were for no session. -j has more.\n" ADDRESS_HELP,
		.example = "onramp show bfd contoso/private",
		.run = show_bfd_run,
	},
	{
		.name = "routes",
		.operand = "[DOMAIN]",
		.options = OPTION_REJECTED,
		.summary = "what the dataplane forwards by, and what let each route in",
		.details =
			"Read from the dataplane, printed as it comes. DOMAIN is a routing domain\n"
			"(private.contoso, vnet.contoso-vnet), or CIRCUIT/PEERING, or the name of "
			"a\n"
			"circuit or virtual network for all of its domains. Leaked from names the\n"
			"domain that a connection brought the route from.\n"
			"LOCPRF, WEIGHT, PATH and LET IN BY are control's, without which the rest "
			"is "
			"shown:\n"
			"what BGP says of the best way where it was learned (WEIGHT of leaked "
			"routes: their\n"
			"connection's), and the validated prefix, connection, route filter or link "
			"that\n"
			"brought the route here. Of a domain without a connection they are known "
			"for up to\n"
			"10,000 routes by BGP. --rejected: what "
			"neighbours\n"
			"announced and was refused, with the reason (asked from control; then "
			"DOMAIN "
			"is\n"
			"CIRCUIT[/PEERING[/LINK]]).",
		.example = "onramp show routes private.contoso",
		.run = show_routes_run,
	},
	{
		.name = "arp",
		.operand = "[ADDRESS]",
		.summary = "neighbours on the links: ARP (IPv4) and ND (IPv6)",
		.details = "Asked from control. AGE is the time since the neighbour last "
			   "answered.\n" ADDRESS_HELP,
		.example = "onramp show arp contoso/private",
		.run = show_arp_run,
	},
	{
		.name = "stats",
		.operand = "[ADDRESS]",
		.summary = "packets and bytes of each link",
		.details = "Read from the dataplane; -j has every counter. Each account balances:\n"
			   "  rx + generated = punt + forwarded_in + dropped_in\n"
			   "  forwarded_out + injected + fragments_added = tx + dropped_out\n"
			   "A row without a link is what a port received and could give to "
			   "none.\n" ADDRESS_HELP,
		.example = "onramp show stats contoso",
		.run = show_stats_run,
	},
	{
		.name = "drops",
		.operand = "[ADDRESS]",
		.options = OPTION_ALL | OPTION_CIRCUIT,
		.summary = "what became of each link's packets: every drop by reason, and what it "
			   "means",
		.details =
			"Read from the dataplane. Each link's account in both directions: what "
			"came (in:\n"
			"received and ICMP errors made here; out: forwarded to it, control packets "
			"of the\n"
			"edge's own, further fragments), where it went (in: forwarded, or to the "
			"edge's\n"
			"kernel; out: sent), what was dropped. DIFFERENCE is 0; only packets that "
			"move while\n"
			"the counters are read can show in it. Then the sum of these accounts, and "
			"the drops\n"
			"by reason: those that counted something, with --all every reason of every "
			"link.\n" ADDRESS_HELP,
		.example = "onramp show drops --circuit contoso",
		.run = show_drops_run,
	},
	{
		.name = "paths",
		.operand = "[ADDRESS]",
		.summary = "where traffic can go: each peer of each link, live or why not",
		.details =
			"Read from the dataplane. A path is live, drained (used only where nothing "
			"else\n"
			"is left) or down; CAUSES are bfd, carrier, drain, test, administrative. "
			"FOR is\n"
			"the time since the last change, GROUPS how many next-hop groups have the "
			"path,\n"
			"USED BY how many of them send packets there now.\n" ADDRESS_HELP,
		.example = "onramp show paths contoso/private",
		.run = show_paths_run,
	},
	{
		.name = "groups",
		.summary = "next-hop groups: the links each uses, and why not the others",
		.details = "Read from the dataplane. Flows are shared among the links that are "
			   "used.",
		.example = "onramp show groups",
		.run = show_groups_run,
	},
	{
		.name = "tests",
		.operand = "[ADDRESS]",
		.summary = "failure tests of links: for how long packets were lost",
		.details = "Read from the dataplane: each link's test that runs, or its last one "
			   "since "
			   "the\n"
			   "link is there. LOSS: from the start to the last packet lost, of those "
			   "that "
			   "came\n"
			   "by the link (IN) and of those that were to leave by it (OUT); MOVED "
			   "AFTER: "
			   "until\n"
			   "this edge used it no longer, by BFD or because nobody watches "
			   "it.\n" ADDRESS_HELP,
		.example = "onramp show tests contoso",
		.run = show_tests_run,
	},
	{
		.name = "rates",
		.operand = "ADDRESS",
		.options = OPTION_SINCE,
		.summary = "each minute's rates, peaks and availability of a circuit's links",
		.details =
			"Asked from control, of the last hour, or since DURATION ago (90s, 10m, "
			"24h); kept\n"
			"for 24 hours. IN is all that came, dropped or not; OUT what was sent. "
			"PEAK is the\n"
			"highest rate of any 10 ms of that minute. ARP and BGP: the share of the "
			"minute in\n"
			"which all neighbours of the link were valid, its sessions Established. A "
			"blank in a\n"
			"line of bars, and a row of dashes: nobody watched.\n"
			"ADDRESS is CIRCUIT[/PEERING[/LINK]], or VNET/core.",
		.example = "onramp show rates contoso --since 10m",
		.run = show_rates_run,
	},
	{
		.name = "usage",
		.operand = "[CIRCUIT]",
		.options = OPTION_SPAN,
		.summary = "what circuits moved, hour by hour",
		.details =
			"Asked from control, of the last 24 hours, or of the hours from TIME to "
			"TIME (UTC:\n"
			"2026-11-23, 2026-11-23T09:00). IN is all that came, dropped or not; OUT "
			"what was\n"
			"sent. WATCHED is how much of the hour control looked; what passed "
			"meanwhile is\n"
			"counted all the same, and spread evenly over that time. `onramp usage "
			"export` has\n"
			"the records for a bill.",
		.example = "onramp show usage contoso --from 2026-11-01 --to 2026-12-01",
		.run = show_usage_run,
	},
	{
		.name = "validation",
		.operand = "[ADDRESS]",
		.summary = "whose public prefixes are, by registry and RPKI, and how old that is",
		.details = "Asked from control. Sources: those of this machine's edge.yaml; stale: "
			   "the source is\n"
			   "away, what it said stays in force until ENDS IN is over. VERDICT: a "
			   "peering's BGP\n"
			   "starts when all of its prefixes are validated. REGISTRY and RPKI: what "
			   "each says of\n"
			   "the prefix and ASN. ADDRESS is CIRCUIT[/PEERING].",
		.example = "onramp show validation contoso",
		.run = show_validation_run,
	},
	{
		.name = "memory",
		.summary = "what uses the dataplane's memory, biggest first",
		.details =
			"Read from the dataplane. A routing domain's bytes are its FIB, which "
			"packets\n"
			"are looked up in, and its RIB, which the FIB is built from. USED counts\n"
			"routes, buffers, or whatever the row is of; at CAPACITY more are "
			"refused.\n"
			"A domain may have CAPACITY routes of each family; the row \"routes\" is "
			"the\n"
			"limit of all domains together.",
		.example = "onramp show memory",
		.run = show_memory_run,
	},
	{
		.name = "workers",
		.summary = "the dataplane's polling threads: how busy, and cycles by stage",
		.details =
			"Read from the dataplane twice, a second apart; all columns are of that "
			"second.\n"
			"BUSY is the share of time in turns that brought packets, CYCLES a "
			"packet's\n"
			"share of it; then the same by stage, from the few turns that are timed\n"
			"stage by stage. -j has the counters since start too.",
		.example = "onramp show workers",
		.run = show_workers_run,
	},
	{
		.name = "status",
		.summary = "whether control, dataplane and FRR work together",
		.details = "Asked from control.",
		.example = "onramp show status",
		.run = show_status_run,
	},
	{0},
};
