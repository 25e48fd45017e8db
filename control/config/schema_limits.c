/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `prefix_limit` of a peering may say.
 */
#include <stddef.h>

#include "control/config/schema.h"
#include "control/model/site.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct choice limit_modes[] = {{"hard", 0}, {"soft", 1}, {NULL, 0}};

static const struct field limit_fields[] = {
	[LIMIT_IPV4] = {"ipv4", FIELD_INTEGER, .minimum = 1, .maximum = PREFIX_LIMIT_MAX,
		.unit = "prefixes", .example = "8000",
		.sentence = "IPv4 prefixes; without it 4000 on private peerings (10000 of premium "
			    "circuits), 200 on public ones."},
	[LIMIT_IPV6] = {"ipv6", FIELD_INTEGER, .minimum = 1, .maximum = PREFIX_LIMIT_MAX,
		.unit = "prefixes", .example = "500",
		.sentence = "IPv6 prefixes; without it 100 on private peerings, 200 on public "
			    "ones."},
	[LIMIT_MODE] = {"mode", FIELD_CHOICE, .preset = "hard", .choices = limit_modes,
		.example = "soft",
		.sentence =
			"`hard`: a session that brings more is closed (CEASE, maximum number of "
			"prefixes reached, RFC 4486) and tried again each minute. `soft`: the "
			"session stays, and what comes after the limit is refused, for the "
			"peering's sessions together (`onramp show routes --rejected`); at ten "
			"times the limit it is closed all the same."},
};
const struct schema limit_schema = {"the prefix limit of a peering",
	"How many prefixes a customer may announce. At 80 % there is an alarm, in the log, in "
	"`onramp show bgp` and for monitoring.",
	limit_fields, COUNT(limit_fields), -1};
