/* SPDX-License-Identifier: BSD-3-Clause */
/* The policies and lists that the sessions of all domains share. */
#include <errno.h>
#include <inttypes.h>

#include "control/routing/frr_wish.h"
#include "control/routing/frr_wish_parts.h"

int frr_wish_shared(
	uint32_t asn, void (*each)(struct config_block *block, void *context), void *context)
{
	static const struct {
		const char *head;
		const char *lines[2];
	} policies[] = {
		{"route-map onramp-in permit 10", {"set large-comm-list onramp-local delete"}},
		{"route-map onramp-out permit 10",
			{"match large-community onramp-local",
				"set large-comm-list onramp-local delete"}},
		{"route-map onramp-deny deny 10", {NULL}},
	};
	char head[96];
	struct config_block *block;

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
		for (size_t line = 0; line < 2 && policies[i].lines[line]; line++) {
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
