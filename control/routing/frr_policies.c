/* SPDX-License-Identifier: BSD-3-Clause */
/* The policies and lists that the sessions of all domains share. */
#include <errno.h>
#include <inttypes.h>

#include "control/routing/frr_wish.h"
#include "control/routing/frr_wish_parts.h"

#define LINES_MAX 4

int frr_wish_shared(
	uint32_t asn, void (*each)(struct config_block *block, void *context), void *context)
{
	char prepend[80];
	/* The last resort of a link that is drained is its routes: they come after all others, but
	 * before what a connection brings (local preference 1), which would go back whence it came.
	 * So it is 2 where RFC 8326 says 0. */
	const struct {
		const char *head;
		const char *lines[LINES_MAX];
	} policies[] = {
		{"route-map onramp-in permit 10", {"set large-comm-list onramp-local delete"}},
		{"route-map onramp-in-drain permit 10",
			{"set large-comm-list onramp-local delete", "set local-preference 2"}},
		{"route-map onramp-out permit 10",
			{"match large-community onramp-local",
				"set large-comm-list onramp-local delete"}},
		{"route-map onramp-out-drain permit 10",
			{"match large-community onramp-local",
				"set large-comm-list onramp-local delete",
				"set community graceful-shutdown additive", prepend}},
		{"route-map onramp-deny deny 10", {NULL}},
	};
	char head[96];
	struct config_block *block;

	snprintf(prepend, sizeof(prepend), "set as-path prepend %" PRIu32 " %" PRIu32 " %" PRIu32,
		asn, asn, asn);
	snprintf(head, sizeof(head),
		"bgp large-community-list standard onramp-local seq 5 permit %" PRIu32 ":0:1", asn);
	block = config_block_new(head);
	if (!block)
		return -ENOMEM;
	each(block, context);
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		block = config_block_new(policies[i].head);
		if (!block)
			return -ENOMEM;
		for (size_t line = 0; line < LINES_MAX && policies[i].lines[line]; line++) {
			if (config_block_add(block, SECTION_NONE, "%s", policies[i].lines[line]) ==
				0)
				continue;
			config_block_release(block);
			return -ENOMEM;
		}
		config_block_sort(block);
		each(block, context);
	}
	return 0;
}
