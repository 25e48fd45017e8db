/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/model/public.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "control/model/ip.h"
#include "control/model/validation.h"

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
static uint32_t find_foreign(const char *as_path, const struct plan_domain *domain)
{
	while (*as_path != '\0') {
		char *end;
		unsigned long asn = strtoul(as_path, &end, 10);

		if (end == as_path) {
			as_path++;
			continue;
		}
		if (asn != domain->links[0].peer_asn && asn != domain->origin_asn &&
			!asn_is_private((uint32_t)asn))
			return (uint32_t)asn;
		as_path = end;
	}
	return 0;
}

const char *public_refusal(const struct plan_domain *domain, const struct ip *prefix,
	const char *as_path, char text[PUBLIC_REFUSAL_MAX])
{
	uint8_t longest = public_longest(prefix->family);
	uint32_t foreign = find_foreign(as_path, domain);
	const char *range = "";
	bool known = false;

	for (unsigned int i = 0; i < domain->accepted_count; i++)
		known |= ip_contains(&domain->accepted[i], prefix);
	if (prefix->prefix_len == 0)
		snprintf(text, PUBLIC_REFUSAL_MAX, "a default route is not taken from a customer");
	else if (ip_use(prefix, &range) != IP_USE_PUBLIC)
		snprintf(text, PUBLIC_REFUSAL_MAX, "not public: %s", range);
	else if (!known)
		snprintf(text, PUBLIC_REFUSAL_MAX, "not among the validated prefixes");
	else if (prefix->prefix_len > longest)
		snprintf(text, PUBLIC_REFUSAL_MAX, "longer than /%u", longest);
	else if (foreign != 0)
		snprintf(text, PUBLIC_REFUSAL_MAX,
			"transit: AS %" PRIu32 " in its path is not the customer's", foreign);
	else
		return validation_refusal(domain->validation, prefix, text);
	return text;
}
