/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/kernel_state.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "control/log.h"

const struct link_row *kernel_find_link(const struct kernel *kernel, uint32_t ifindex)
{
	for (uint32_t i = 0; i < kernel->link_count; i++) {
		if (kernel->links[i].parsed.link.ifindex == ifindex)
			return &kernel->links[i];
	}
	return NULL;
}

static void remove_link(struct kernel *kernel, uint32_t index)
{
	struct kernel_link gone = kernel->links[index].parsed.link;

	gone.running = false;
	kernel->link_count--;
	kernel->links[index] = kernel->links[kernel->link_count];
	kernel->callbacks.link(kernel->context, &gone, true);
	/* A multipath route goes with any of its interfaces, without a message. */
	kernel_walk_routes(kernel, gone.ifindex);
	kernel_resync(kernel);
}

static void store_link(struct kernel *kernel, const struct parsed_link *parsed)
{
	struct link_row *row = (struct link_row *)kernel_find_link(kernel, parsed->link.ifindex);
	struct parsed_link before = {0};
	bool fresh = !row;

	if (!row) {
		struct link_row *larger =
			realloc(kernel->links, (kernel->link_count + 1) * sizeof(*larger));

		if (!larger) {
			log_error("kernel", "no memory for link %s", parsed->link.name);
			kernel_resync(kernel);
			return;
		}
		kernel->links = larger;
		row = &larger[kernel->link_count++];
	} else {
		before = row->parsed;
	}
	row->parsed = *parsed;
	row->generation = kernel->generation;
	if (!fresh && memcmp(&before, parsed, sizeof(before)) == 0)
		return;
	kernel->callbacks.link(kernel->context, &parsed->link, false);
	if (before.link.running != parsed->link.running || before.up != parsed->up)
		kernel_walk_routes(kernel, parsed->link.ifindex);
	/* Down and up again between two looks: what went silently is found by looking anew. */
	if (!fresh && parsed->up && !before.up)
		kernel_resync(kernel);
}

void kernel_take_link(struct kernel *kernel, const struct nlmsghdr *message, bool row)
{
	struct parsed_link parsed;
	const struct link_row *known;

	if (parse_link(message, &parsed) < 0)
		return;
	known = kernel_find_link(kernel, parsed.link.ifindex);
	if (message->nlmsg_type == RTM_NEWLINK)
		store_link(kernel, &parsed);
	else if (known)
		remove_link(kernel, (uint32_t)(known - kernel->links));
}

void kernel_sweep_links(struct kernel *kernel)
{
	for (uint32_t i = kernel->link_count; i-- > 0;) {
		if (kernel->links[i].generation != kernel->generation)
			remove_link(kernel, i);
	}
}

uint32_t kernel_ifindex(struct kernel *kernel, const char *ifname)
{
	for (uint32_t i = 0; i < kernel->link_count; i++) {
		if (strcmp(kernel->links[i].parsed.link.name, ifname) == 0)
			return kernel->links[i].parsed.link.ifindex;
	}
	return 0;
}
