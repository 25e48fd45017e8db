/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What connects circuits: with virtual networks, and with each other.
 */
#include <stddef.h>

#include "control/config/schema.h"
#include "control/model/site.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct field connection_limit_fields[] = {
	[LIMIT_IPV4] = {"ipv4", FIELD_INTEGER, .preset = "1000", .minimum = 1,
		.maximum = PREFIX_LIMIT_MAX, .unit = "prefixes", .example = "2000",
		.sentence = "IPv4 prefixes."},
	[LIMIT_IPV6] = {"ipv6", FIELD_INTEGER, .preset = "100", .minimum = 1,
		.maximum = PREFIX_LIMIT_MAX, .unit = "prefixes", .example = "200",
		.sentence = "IPv6 prefixes."},
};
static const struct schema connection_limit_schema = {"the prefix limit of a connection",
	"How many prefixes come from the network to the circuit. What is above is refused, and "
	"what "
	"was there before stays (`onramp show routes --rejected`, `onramp show connections`); at "
	"80 "
	"% there is an alarm.",
	connection_limit_fields, COUNT(connection_limit_fields), -1};

static const struct field connection_fields[] = {
	[CONNECTION_CIRCUIT] = {"circuit", FIELD_NAME, .required = true, .example = "acme-prod",
		.sentence = "A circuit with a private peering; each once."},
	[CONNECTION_WEIGHT] = {"weight", FIELD_INTEGER, .preset = "100", .maximum = 32000,
		.example = "10",
		.sentence =
			"For the same prefix from several circuits the highest weight wins, equals "
			"share."},
	[CONNECTION_LIMIT] = {"prefix_limit", FIELD_MAPPING, .schema = &connection_limit_schema,
		.example = "{ipv4: 2000}",
		.sentence =
			"How many prefixes the network brings to the circuit; 1000 IPv4 and 100 "
			"IPv6 ones when it is not named."},
};
const struct schema connection_schema = {"a connection of a virtual network",
	"Lets routes of a circuit's private peering and of the network reach each other.",
	connection_fields, COUNT(connection_fields), CONNECTION_CIRCUIT};

static const struct field global_reach_fields[] = {
	[REACH_NAME] = {"name", FIELD_NAME, .required = true, .example = "acme-sites",
		.sentence = "Name of the connection, unique in the site."},
	[REACH_CIRCUITS] = {"circuits", FIELD_NAME, SHAPE_LIST, .required = true,
		.example = "[acme-prod, acme-dr]",
		.sentence = "The two circuits, each with a private peering. Their tiers do not "
			    "matter: circuits of one site are in one place."},
};
const struct schema global_reach_schema = {"a global reach",
	"Lets the private peerings of two circuits reach each other: what either customer "
	"announces "
	"is announced to the other, and goes no further. For the same prefix virtual networks come "
	"before other circuits. `onramp global-reach` sets it too.",
	global_reach_fields, COUNT(global_reach_fields), REACH_NAME};
