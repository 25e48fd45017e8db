/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/model/public.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "control/model/ip.h"

uint8_t public_longest(uint8_t family)
{
	return family == AF_INET ? 29 : 64;
}

bool asn_is_private(uint32_t asn)
{
	return (asn >= 64512 && asn <= 65534) || (asn >= 4200000000 && asn <= 4294967294);
}

/* The first AS number of the path that is neither the customer's nor a private one; 0: none. What
 * an AS_SET holds counts like the rest. */
static uint32_t find_foreign(const char *as_path, uint32_t peer_asn)
{
	while (*as_path != '\0') {
		char *end;
		unsigned long asn = strtoul(as_path, &end, 10);

		if (end == as_path) {
			as_path++;
			continue;
		}
		if (asn != peer_asn && !asn_is_private((uint32_t)asn))
			return (uint32_t)asn;
		as_path = end;
	}
	return 0;
}

const char *public_refusal(const struct ip *prefix, const char *as_path, uint32_t peer_asn,
	const struct ip *validated, unsigned int count, char *text, size_t size)
{
	uint8_t longest = public_longest(prefix->family);
	uint32_t foreign = find_foreign(as_path, peer_asn);
	const char *range = "";
	bool known = false;

	for (unsigned int i = 0; i < count; i++)
		known |= ip_contains(&validated[i], prefix);
	if (prefix->prefix_len == 0)
		snprintf(text, size, "a default route is not taken from a customer");
	else if (ip_use(prefix, &range) != IP_USE_PUBLIC)
		snprintf(text, size, "not public: %s", range);
	else if (!known)
		snprintf(text, size, "not among the validated prefixes");
	else if (prefix->prefix_len > longest)
		snprintf(text, size, "longer than /%u", longest);
	else if (foreign != 0)
		snprintf(text, size, "transit: AS %" PRIu32 " in its path is not the customer's",
			foreign);
	else
		return NULL;
	return text;
}
