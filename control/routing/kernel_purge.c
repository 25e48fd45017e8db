/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes of daemons that died and did not come back, with a zebra that did not either: nobody else
 * takes them out of the kernel any more. They are asked for one by one over the request socket;
 * the notifications that follow tell of each, as if a daemon had done it.
 */
#include "control/routing/kernel_state.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "control/log.h"
#include "control/routing/netlink.h"

#define TURN_ROUTES 512

static const uint8_t protocols[] = {KERNEL_PROTOCOL_BGP, KERNEL_PROTOCOL_STATIC};

static uint8_t bit_of(uint8_t protocol)
{
	for (size_t i = 0; i < sizeof(protocols); i++)
		if (protocols[i] == protocol)
			return (uint8_t)(1u << i);
	return 0;
}

/* Without next hops: whatever they are, and all of them. */
static int take_out(struct kernel *kernel, const struct route_entry *entry)
{
	char buffer[256];
	struct nlmsghdr *message = netlink_message(buffer, RTM_DELROUTE, 0);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	header->rtm_family = entry->family;
	header->rtm_dst_len = entry->prefix_len;
	header->rtm_table = RT_TABLE_MAIN;
	header->rtm_protocol = entry->protocol;
	header->rtm_scope = RT_SCOPE_NOWHERE; /* any */
	mnl_attr_put(message, RTA_DST, entry->family == AF_INET ? 4 : 16, entry->address);
	mnl_attr_put_u32(message, RTA_PRIORITY, entry->metric);
	return netlink_request(kernel->request, message);
}

void kernel_purge(struct kernel *kernel, uint8_t protocol)
{
	kernel->purging |= bit_of(protocol);
	kernel->purge_next = 0;
	evtimer_add(kernel->work, &(struct timeval){0});
}

void kernel_purge_some(struct kernel *kernel)
{
	const struct route_table *table = &kernel->routes;
	unsigned int asked = 0;

	for (; kernel->purge_next < table->entry_used; kernel->purge_next++) {
		const struct route_entry *entry = &table->entries[kernel->purge_next];
		int error;

		if (entry->family == 0 || entry->deleted ||
			(bit_of(entry->protocol) & kernel->purging) == 0)
			continue;
		if (asked++ == TURN_ROUTES)
			return;
		error = take_out(kernel, entry);
		if (error != 0 && error != -ESRCH)
			log_error("kernel", "cannot remove a route of a daemon that died: %s",
				strerror(-error));
	}
	kernel->purging = 0;
}
