/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cli/command.h"

#include <stddef.h>

#define DRY_RUN_HELP "--dry-run says what would change, or why it is refused, and does nothing."

#define FIELDS_HELP \
	"FIELDS is a mapping in one word, as in the site's file; null takes a field away.\n"
#define AS_HELP                                                                                  \
	"Who calls the circuit by its service key does it as its provider, else as the\n"        \
	"operator; --as customer:NAME speaks for the customer that the circuit names. A field\n" \
	"is changed by its owner alone (docs/operator-guide.md); the audit log says as whom.\n"

const struct command circuit_commands[] = {
	{
		.name = "create",
		.operand = "CIRCUIT",
		.options = OPTION_DRY_RUN | OPTION_AS | OPTION_AUTHORIZATION | OPTION_SOLD,
		.summary = "sell a circuit: it has a service key, and no peering yet",
		.details = "--port-pair and --bandwidth must be given; --s-tag on QinQ pairs,\n"
			   "and --secondary-s-tag on a pair of one port; tags stay for life. The "
			   "customer's\n"
			   "provider gets the service key (`onramp show circuits`), the peerings "
			   "come with\n"
			   "`onramp peering set` or `onramp apply`. --authorization: on a direct "
			   "pair, with the\n"
			   "key of `onramp port-pair authorize` in FILE (- is standard input); the "
			   "circuit is\n"
			   "that customer's (--as), and the key is used up.\n" DRY_RUN_HELP,
		.example = "onramp circuit create acme --port-pair shared --bandwidth 1G --s-tag "
			   "200",
		.run = circuit_create_run,
	},
	{
		.name = "provision",
		.operand = "SERVICE-KEY",
		.options = OPTION_DRY_RUN | OPTION_BEGIN | OPTION_AS,
		.summary = "the provider says that its part is done: the circuit forwards",
		.details = "For circuits on provider pairs. --begin: the provider has only begun; "
			   "the\n"
			   "circuit is provisioning, cannot be deleted, and does not forward "
			   "yet.\n" DRY_RUN_HELP,
		.example = "onramp circuit provision 0f9c3b52-6a0e-5c0f-9a3b-0d8c5d1f7e11",
		.run = circuit_provision_run,
	},
	{
		.name = "deprovision",
		.operand = "SERVICE-KEY",
		.options = OPTION_DRY_RUN | OPTION_BEGIN | OPTION_AS,
		.summary = "the provider takes its part away: the circuit forwards no longer",
		.details = "--begin: the provider has only begun; the circuit is "
			   "deprovisioning.\n" DRY_RUN_HELP,
		.example = "onramp circuit deprovision 0f9c3b52-6a0e-5c0f-9a3b-0d8c5d1f7e11",
		.run = circuit_deprovision_run,
	},
	{
		.name = "enable",
		.operand = "CIRCUIT",
		.options = OPTION_DRY_RUN | OPTION_AS,
		.summary = "let a circuit forward again",
		.details = "It does when its provider has provisioned it too.\n" DRY_RUN_HELP,
		.example = "onramp circuit enable acme",
		.run = circuit_enable_run,
	},
	{
		.name = "disable",
		.operand = "CIRCUIT",
		.options = OPTION_DRY_RUN | OPTION_AS,
		.summary = "stop a circuit: its BGP sessions end and nothing is forwarded",
		.details = "What was sold stays.\n" DRY_RUN_HELP,
		.example = "onramp circuit disable acme --dry-run",
		.run = circuit_disable_run,
	},
	{
		.name = "set-bandwidth",
		.operand = "CIRCUIT",
		.value = "RATE",
		.options = OPTION_DRY_RUN | OPTION_AS,
		.summary = "sell more or less bandwidth, under running traffic",
		.details = "RATE is one that is sold on the circuit's ports, such as 500M or "
			   "2G.\n" DRY_RUN_HELP,
		.example = "onramp circuit set-bandwidth acme 2G",
		.run = circuit_set_bandwidth_run,
	},
	{
		.name = "set-tier",
		.operand = "CIRCUIT",
		.value = "TIER",
		.options = OPTION_DRY_RUN | OPTION_AS,
		.summary = "change the tier: standard and premium, and local into either",
		.details = DRY_RUN_HELP,
		.example = "onramp circuit set-tier acme premium",
		.run = circuit_set_tier_run,
	},
	{
		.name = "set",
		.operand = "CIRCUIT",
		.value = "FIELDS",
		.options = OPTION_DRY_RUN | OPTION_AS,
		.summary = "change any field, as a file would say it",
		.details = FIELDS_HELP DRY_RUN_HELP,
		.example = "onramp circuit set acme '{family: unlimited, burst: 20ms}'",
		.run = circuit_set_run,
	},
	{
		.name = "delete",
		.operand = "CIRCUIT",
		.options = OPTION_DRY_RUN | OPTION_AS,
		.summary = "delete a circuit with its peerings",
		.details = "Refused while its provider has it provisioned, and while a virtual "
			   "network is\n"
			   "connected to it. " DRY_RUN_HELP,
		.example = "onramp circuit delete acme",
		.run = circuit_delete_run,
	},
	{0},
};

const struct command peering_commands[] = {
	{
		.name = "set",
		.operand = "CIRCUIT/PEERING",
		.value = "FIELDS",
		.options = OPTION_DRY_RUN | OPTION_AS,
		.summary = "make a peering, or change fields of it",
		.details = FIELDS_HELP AS_HELP DRY_RUN_HELP,
		.example = "onramp peering set acme/private --as customer:acme '{peer_asn: 65010}'",
		.run = peering_set_run,
	},
	{
		.name = "delete",
		.operand = "CIRCUIT/PEERING",
		.options = OPTION_DRY_RUN | OPTION_AS,
		.summary = "delete a peering: its BGP sessions end",
		.details =
			"Refused while a virtual network is connected to a private one.\n" AS_HELP
				DRY_RUN_HELP,
		.example = "onramp peering delete acme/public --as customer:acme",
		.run = peering_delete_run,
	},
	{0},
};

const struct command port_pair_commands[] = {
	{
		.name = "authorize",
		.operand = "PAIR",
		.value = "NAME",
		.options = OPTION_DRY_RUN | OPTION_AS | OPTION_BANDWIDTH,
		.summary = "issue a one-time authorization for a circuit of that bandwidth",
		.details =
			"Prints its key, once: give that to whoever is to make the circuit with\n"
			"`onramp circuit create --authorization`. The bandwidth counts as promised "
			"from now\n"
			"on, until that circuit is deleted. Belongs to the pair's owner "
			"(--as\n"
			"customer:NAME), and to the operator where it names none.\n" DRY_RUN_HELP,
		.example =
			"onramp port-pair authorize acme globex --bandwidth 5G --as customer:acme",
		.run = port_pair_authorize_run,
	},
	{
		.name = "revoke",
		.operand = "PAIR",
		.value = "NAME",
		.options = OPTION_DRY_RUN | OPTION_AS,
		.summary = "take an authorization back",
		.details =
			"Refused while the circuit that was made with it is there.\n" DRY_RUN_HELP,
		.example = "onramp port-pair revoke acme globex --as customer:acme",
		.run = port_pair_revoke_run,
	},
	{0},
};

const struct command filter_commands[] = {
	{
		.name = "attach",
		.operand = "CIRCUIT",
		.value = "FILTER",
		.options = OPTION_DRY_RUN | OPTION_AS,
		.summary = "announce services to a circuit's public peering",
		.details = "FILTER is one of the site's route_filters, in place of the one that is "
			   "attached.\n"
			   "At once, and no session begins anew. Refused until the circuit is "
			   "provisioned and\n"
			   "enabled and has a public peering.\n" AS_HELP DRY_RUN_HELP,
		.example = "onramp filter attach acme storage",
		.run = filter_attach_run,
	},
	{
		.name = "detach",
		.operand = "CIRCUIT",
		.options = OPTION_DRY_RUN | OPTION_AS,
		.summary = "announce nothing to a circuit's public peering",
		.details = "At once, and no session begins anew.\n" AS_HELP DRY_RUN_HELP,
		.example = "onramp filter detach acme",
		.run = filter_detach_run,
	},
	{0},
};

const struct command global_reach_commands[] = {
	{
		.name = "connect",
		.operand = "CIRCUIT",
		.value = "OTHER-CIRCUIT",
		.options = OPTION_DRY_RUN,
		.summary = "let the private peerings of two circuits reach each other",
		.details = "What either customer announces is announced to the other, and goes no "
			   "further. At\n"
			   "once, and no session begins anew.\n" DRY_RUN_HELP,
		.example = "onramp global-reach connect acme-prod acme-dr",
		.run = global_reach_connect_run,
	},
	{
		.name = "disconnect",
		.operand = "CIRCUIT",
		.value = "OTHER-CIRCUIT",
		.options = OPTION_DRY_RUN,
		.summary = "end that",
		.details = "At once, and no session begins anew.\n" DRY_RUN_HELP,
		.example = "onramp global-reach disconnect acme-prod acme-dr",
		.run = global_reach_disconnect_run,
	},
	{0},
};

const struct command wait_commands[] = {
	{
		.name = "circuit",
		.operand = "CIRCUIT",
		.value = "STATE",
		.options = OPTION_TIMEOUT,
		.summary = "wait until a circuit has a state",
		.details =
			"STATE is not-provisioned, provisioning, provisioned or deprovisioning "
			"(the\n"
			"provider's), enabled or disabled (the operator's). Without --timeout it "
			"waits 60s;\n"
			"exit status 1 when the state did not come.",
		.example = "onramp wait circuit acme provisioned --timeout 10m",
		.run = wait_circuit_run,
	},
	{0},
};
