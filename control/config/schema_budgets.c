/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `control_budgets` may say.
 */
#include <stddef.h>

#include "control/config/schema.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PACKETS \
	FIELD_INTEGER, .minimum = 10, .maximum = 1000000, .unit = "packets per second, of each link"

static const struct field budgets_fields[] = {
	[BUDGETS_NEIGHBOUR] = {"neighbour", PACKETS, .preset = "200", .example = "400",
		.sentence = "ARP and Neighbor Discovery from the link."},
	[BUDGETS_BGP] = {"bgp", PACKETS, .preset = "20000", .example = "40000",
		.sentence = "BGP from the link; enough for a full table's updates at once."},
	[BUDGETS_BFD] = {"bfd", PACKETS, .preset = "2000", .example = "4000",
		.sentence = "BFD from the link; more than its sessions need ten times over."},
	[BUDGETS_OTHER] = {"other", PACKETS, .preset = "1000", .example = "100",
		.sentence = "Whatever else the link sends to the edge's own addresses: ping."},
	[BUDGETS_ICMP] = {"icmp_errors", PACKETS, .preset = "200", .example = "50",
		.sentence = "ICMP errors that the edge sends about packets from the link (RFC 1812 "
			    "4.3.2.8, RFC 4443 2.4 f)."},
};
const struct schema budgets_schema = {"budgets of the control plane",
	"How much each link may ask of the edge itself, by kind: a flood of one kind on one link "
	"takes nothing from other kinds and other links. What is more is dropped as "
	"`punt-budget-neighbour`, `-bgp`, `-bfd`, `-other`, or `icmp-budget`.",
	budgets_fields, COUNT(budgets_fields), -1};
