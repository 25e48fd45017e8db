/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cli/command.h"

#include <stddef.h>

static const struct command link_commands[] = {
	{
		.name = "drain",
		.operand = "LINK",
		.options = OPTION_FORCE,
		.summary = "take a link out of use without losing a packet",
		.details =
			"Asks the other side to leave LINK (CIRCUIT/PEERING/primary or secondary) "
			"by BGP:\n"
			"a longer AS path and the community GRACEFUL_SHUTDOWN (RFC 8326). When "
			"its\n"
			"traffic has left, or after 30 s, our own leaves too. Tells how it goes, "
			"and ends\n"
			"when the link is safe to touch; interrupted, the drain goes on. It "
			"outlives\n"
			"restarts, until `onramp link undrain`. Refused when the peering's other "
			"link is\n"
			"not up, or drained: --force.",
		.example = "onramp link drain contoso/private/primary",
		.run = link_drain_run,
	},
	{
		.name = "undrain",
		.operand = "LINK",
		.summary = "take a drained link back into use",
		.details = "The steps of `onramp link drain` in the other order.",
		.example = "onramp link undrain contoso/private/primary",
		.run = link_undrain_run,
	},
	{
		.name = "test",
		.operand = "LINK",
		.options = OPTION_FOR | OPTION_STOP | OPTION_FORCE,
		.summary = "test what happens when a link fails: it is silent for a while",
		.details =
			"The dataplane drops everything that comes and goes by LINK, BFD and BGP "
			"too, as\n"
			"if the line were cut, and ends that by itself after DURATION (90s, 10m, "
			"2h; at\n"
			"most 24h) whatever becomes of control. --stop ends it before. What it "
			"cost is in\n"
			"`onramp show tests`. Refused when the peering's other link is not up, or "
			"drained, so\n"
			"that all traffic would be lost: --force.",
		.example = "onramp link test contoso/private/primary --for 10m",
		.run = link_test_run,
	},
	{0},
};

static const struct command commands[] = {
	{
		.name = "check",
		.operand = "FILE",
		.summary = "check a site's document without changing anything",
		.details =
			"Works offline. Every finding is one line, FILE:LINE: error: FIELD: TEXT.\n"
			"Exit status 1 when there is an error; warnings alone are 0.",
		.example = "onramp check site.yaml",
		.run = check_run,
	},
	{
		.name = "apply",
		.operand = "FILE",
		.options = OPTION_DRY_RUN | OPTION_PRUNE | OPTION_TAKE_OWNERSHIP,
		.summary = "bring a site's document into the store and into force",
		.details = "Prints what changes and which BGP sessions that touches, then does it "
			   "whole. A\n"
			   "document with errors changes nothing. What the document does not name "
			   "stays;\n"
			   "--prune deletes it. What was changed since by a command, or since the\n"
			   "document's own `revision` (`onramp export`), is not undone: that is "
			   "refused,\n"
			   "with the differences; --take-ownership insists on the document, on the "
			   "provider's\n"
			   "fields too, as a backup needs it. --dry-run stops after the changes.",
		.example = "onramp apply site.yaml --dry-run",
		.run = apply_run,
	},
	{
		.name = "export",
		.summary = "print the store as a document for `onramp apply`",
		.details = "With the revision it is of, so that applying it later does not undo "
			   "what\n"
			   "came after.",
		.example = "onramp export",
		.run = export_run,
	},
	{
		.name = "rollback",
		.operand = "REVISION",
		.options = OPTION_DRY_RUN,
		.summary = "make the store what it was at a revision",
		.details = "As a new revision, by the rules of any other change; what belongs to "
			   "providers\n"
			   "stays as it is. `onramp audit` lists revisions.",
		.example = "onramp rollback 16 --dry-run",
		.run = rollback_run,
	},
	{
		.name = "usage",
		.summary = "usage records: what circuits moved, for a bill",
		.details = "A record for each circuit and hour, on this edge. `onramp show usage` "
			   "shows them,\n"
			   "and the hour that is not over.",
		.example = "onramp usage export --from 2026-11-01 --to 2026-12-01",
		.commands = usage_commands,
	},
	{
		.name = "audit",
		.operand = "[verify|sign]",
		.options = OPTION_KEY | OPTION_SIGNATURE,
		.summary = "who changed what and when; whether that was tampered with",
		.details =
			"One line for each field that ever changed, the newest last, at most "
			"10000.\n"
			"verify recomputes the log's chain of hashes, and the store from the "
			"log. Whoever\n"
			"can write the store can make a new chain: keep the head elsewhere, and "
			"compare;\n"
			"or keep what `onramp audit sign --key FILE` prints, which an Ed25519 "
			"key signed\n"
			"(`openssl genpkey -algorithm ed25519 -out FILE`), and let `onramp audit "
			"verify\n"
			"--key FILE --signature FILE` compare.",
		.example = "onramp audit verify",
		.run = audit_run,
	},
	{
		.name = "circuit",
		.summary = "the life of a circuit, from sale to deletion",
		.details = "A circuit forwards when its provider has provisioned it (circuits on "
			   "direct pairs\n"
			   "have no provider) and the operator has it enabled, as it is from the "
			   "start.",
		.example = "onramp circuit set-bandwidth acme 2G",
		.commands = circuit_commands,
	},
	{
		.name = "peering",
		.summary = "the peerings of circuits, by whoever manages them",
		.details = "See the commands.",
		.example = "onramp peering set acme/private '{peer_asn: 65010}'",
		.commands = peering_commands,
	},
	{
		.name = "port-pair",
		.summary = "let another customer make a circuit on a direct port pair",
		.details = "See the commands. `onramp show authorizations` lists what was issued.",
		.example = "onramp port-pair authorize acme globex --bandwidth 5G",
		.commands = port_pair_commands,
	},
	{
		.name = "filter",
		.summary = "which services public peerings are announced",
		.details = "See the commands.",
		.example = "onramp filter attach acme storage",
		.commands = filter_commands,
	},
	{
		.name = "global-reach",
		.summary = "circuits that reach each other",
		.details = "See the commands.",
		.example = "onramp global-reach connect acme-prod acme-dr",
		.commands = global_reach_commands,
	},
	{
		.name = "wait",
		.summary = "wait until something is so",
		.details = "See the command.",
		.example = "onramp wait circuit acme provisioned --timeout 10m",
		.commands = wait_commands,
	},
	{
		.name = "show",
		.summary = "look at the running system",
		.details = "Tables for people; with -j JSON for programs, an array of row objects.",
		.example = "onramp show bgp",
		.commands = show_commands,
	},
	{
		.name = "explain",
		.options = OPTION_CIRCUIT | OPTION_EXPLAIN | OPTION_FLOW,
		.summary = "what would happen to a packet, step by step, and why",
		.details =
			"The dataplane asks its own tables; no packet is sent, nothing is counted "
			"and no\n"
			"credit is used. The packet comes by the links of --circuit "
			"CIRCUIT[/PEERING[/LINK]],\n"
			"or with --vnet from a virtual network or service; each link has its "
			"answer.\n"
			"Without --proto it is an echo request, or with --port TCP; it is short, "
			"or as long\n"
			"as --bytes says, and not to be fragmented.",
		.example = "onramp explain --circuit contoso/private --from 10.0.0.10 "
			   "--to 10.1.0.10 --port 443",
		.run = explain_run,
	},
	{
		.name = "doctor",
		.operand = "CIRCUIT[/PEERING[/LINK]]",
		.summary = "why a circuit does not work, whose side that is on, and the next step",
		.details =
			"Looks for a second, from the wire upwards: edge, circuit, port, carrier, "
			"tag,\n"
			"neighbour (ARP, ND), BFD, BGP, filter, routes, FIB, policer, drops. Each "
			"is ok, warn,\n"
			"wrong, or unknown when whoever knows is away (which is a finding then). "
			"What is named\n"
			"at the end is the first thing wrong: what stands on it may be wrong "
			"because of it.\n"
			"Exit status: 0 healthy (warnings too), 1 something is wrong.",
		.example = "onramp doctor contoso/private",
		.run = doctor_run,
	},
	{
		.name = "trace",
		.operand = "[ADDRESS]",
		.options = OPTION_COUNT | OPTION_FOR | OPTION_FLOW,
		.summary = "real packets of a circuit or a flow, each step of their way",
		.details =
			"ADDRESS is CIRCUIT[/PEERING[/LINK]], or VNET/core; --from, --to, --proto "
			"and --port\n"
			"choose of its packets those between two addresses, in either direction. "
			"Without\n"
			"ADDRESS the flow is looked for on all links, and until the end all of "
			"them forward\n"
			"slower. Ends after --count packets, after --for DURATION (90s, 10m, 2h), "
			"or when\n"
			"interrupted; without either after 100 packets or a minute.",
		.example = "onramp trace contoso --from 10.0.0.10 --count 5",
		.run = trace_run,
	},
	{
		.name = "capture",
		.operand = "ADDRESS",
		.options = OPTION_COUNT | OPTION_FOR | OPTION_FLOW | OPTION_SNAPLEN | OPTION_WRITE,
		.summary = "write a circuit's packets, and what became of each, to a pcapng file",
		.details =
			"ADDRESS is CIRCUIT[/PEERING[/LINK]], or VNET/core; of no other link is a "
			"packet in\n"
			"the file. Both directions, tags included, and the edge's own BGP, BFD, "
			"ARP "
			"and ND;\n"
			"a comment of each packet has its verdict, or why it was dropped. FILE may "
			"be -, for\n"
			"a pipe. Options choose packets as in `onramp trace`. Ends after --count "
			"packets,\n"
			"after --for DURATION, or when interrupted; without either after 1,000,000 "
			"packets\n"
			"or a minute. Other links are not slower for it.",
		.example = "onramp capture contoso --for 30s -w contoso.pcapng",
		.run = capture_run,
	},
	{
		.name = "link",
		.summary = "take links out of use and back, test their failure",
		.details = "See the commands.",
		.example = "onramp link drain contoso/private/primary",
		.commands = link_commands,
	},
	{0},
};

const struct command onramp_command = {
	.name = "onramp",
	.summary = "operate a cloud on-ramp's edge",
	.details = "Exit status: 0 done, 1 refused or failed, 2 wrong usage.",
	.example = "onramp show status",
	.commands = commands,
};
