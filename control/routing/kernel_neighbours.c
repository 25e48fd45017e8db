/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/kernel_state.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "control/log.h"
#include "control/routing/netlink.h"

static int compare(const struct kernel_neighbour *a, const struct kernel_neighbour *b)
{
	if (a->ifindex != b->ifindex)
		return a->ifindex < b->ifindex ? -1 : 1;
	if (a->address.family != b->address.family)
		return a->address.family < b->address.family ? -1 : 1;
	return memcmp(a->address.address, b->address.address, sizeof(a->address.address));
}

/* Its place, taken or not. */
static uint32_t find_place(
	const struct kernel *kernel, const struct kernel_neighbour *neighbour, bool *found)
{
	uint32_t low = 0, high = kernel->neighbour_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (compare(&kernel->neighbours[middle].neighbour, neighbour) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = low < kernel->neighbour_count &&
		 compare(&kernel->neighbours[low].neighbour, neighbour) == 0;
	return low;
}

static struct neighbour_row *insert(struct kernel *kernel, uint32_t place)
{
	uint32_t capacity = kernel->neighbour_capacity;
	struct neighbour_row *larger;

	if (kernel->neighbour_count == capacity) {
		capacity = capacity * 2 + 16;
		larger = realloc(kernel->neighbours, capacity * sizeof(*larger));
		if (!larger)
			return NULL;
		kernel->neighbours = larger;
		kernel->neighbour_capacity = capacity;
	}
	memmove(&kernel->neighbours[place + 1], &kernel->neighbours[place],
		(kernel->neighbour_count - place) * sizeof(kernel->neighbours[0]));
	kernel->neighbour_count++;
	memset(&kernel->neighbours[place], 0, sizeof(kernel->neighbours[0]));
	return &kernel->neighbours[place];
}

static void remove_row(struct kernel *kernel, uint32_t place)
{
	struct neighbour_row gone = kernel->neighbours[place];

	kernel->neighbour_count--;
	memmove(&kernel->neighbours[place], &kernel->neighbours[place + 1],
		(kernel->neighbour_count - place) * sizeof(kernel->neighbours[0]));
	gone.neighbour.valid = false;
	if (!gone.deleted)
		kernel->callbacks.neighbour(kernel->context, &gone.neighbour, true);
}

/* Confirmations alone are no news. */
static bool differs(const struct kernel_neighbour *a, const struct kernel_neighbour *b)
{
	return a->state != b->state || a->valid != b->valid ||
	       memcmp(a->mac, b->mac, sizeof(a->mac)) != 0;
}

static void store(struct kernel *kernel, const struct kernel_neighbour *neighbour, bool row)
{
	bool found, news;
	uint32_t place = find_place(kernel, neighbour, &found);
	struct neighbour_row *at = found ? &kernel->neighbours[place] : insert(kernel, place);

	if (!at) {
		log_error("kernel", "no memory for a neighbour");
		kernel_resync(kernel);
		return;
	}
	if (row && at->notified && at->generation == kernel->generation)
		return; /* a notification said it later */
	news = !found || at->deleted || differs(&at->neighbour, neighbour);
	at->neighbour = *neighbour;
	at->generation = kernel->generation;
	at->deleted = false;
	at->notified = !row;
	if (news)
		kernel->callbacks.neighbour(kernel->context, neighbour, false);
}

static void delete (struct kernel *kernel, const struct kernel_neighbour *neighbour)
{
	bool found;
	uint32_t place = find_place(kernel, neighbour, &found);
	struct neighbour_row *at;

	if (kernel->dump != DUMP_NEIGHBOURS) {
		if (found)
			remove_row(kernel, place);
		return;
	}
	/* Kept, unseen, until the dump's older rows are through. */
	at = found ? &kernel->neighbours[place] : insert(kernel, place);
	if (!at) {
		kernel_resync(kernel);
		return;
	}
	if (found && !at->deleted) {
		struct kernel_neighbour gone = at->neighbour;

		gone.valid = false;
		kernel->callbacks.neighbour(kernel->context, &gone, true);
	}
	at->neighbour = *neighbour;
	at->generation = kernel->generation;
	at->deleted = true;
	at->notified = true;
}

void kernel_take_neighbour(struct kernel *kernel, const struct nlmsghdr *message, bool row)
{
	struct kernel_neighbour neighbour;

	if (parse_neighbour(message, &neighbour) < 0)
		return;
	if (message->nlmsg_type == RTM_NEWNEIGH)
		store(kernel, &neighbour, row);
	else
		delete (kernel, &neighbour);
}

void kernel_sweep_neighbours(struct kernel *kernel)
{
	for (uint32_t i = kernel->neighbour_count; i-- > 0;) {
		const struct neighbour_row *at = &kernel->neighbours[i];

		if (at->deleted || at->generation != kernel->generation)
			remove_row(kernel, i);
	}
}

void kernel_each_neighbour(struct kernel *kernel,
	void (*each)(const struct kernel_neighbour *neighbour, void *context), void *context)
{
	for (uint32_t i = 0; i < kernel->neighbour_count; i++) {
		if (!kernel->neighbours[i].deleted)
			each(&kernel->neighbours[i].neighbour, context);
	}
}

const struct kernel_neighbour *kernel_neighbour_of(
	struct kernel *kernel, uint32_t ifindex, const struct ip *address)
{
	const struct kernel_neighbour sought = {.ifindex = ifindex, .address = *address};
	bool found;
	uint32_t place = find_place(kernel, &sought, &found);

	return found && !kernel->neighbours[place].deleted ? &kernel->neighbours[place].neighbour
							   : NULL;
}

static struct nlmsghdr *neighbour_message(void *buffer, uint16_t type, uint16_t flags,
	uint32_t ifindex, const struct ip *address, uint8_t neighbour_flags)
{
	struct nlmsghdr *message = netlink_message(buffer, type, flags);
	struct ndmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	header->ndm_family = address->family;
	header->ndm_ifindex = (int)ifindex;
	header->ndm_state = NUD_NONE;
	header->ndm_flags = neighbour_flags;
	mnl_attr_put(message, NDA_DST, address->family == AF_INET ? 4 : 16, address->address);
	return message;
}

static int ask(
	struct kernel *kernel, uint32_t ifindex, const struct ip *address, uint32_t extended_flags)
{
	char buffer[256];
	struct nlmsghdr *message = neighbour_message(
		buffer, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, ifindex, address, NTF_USE);

	if (extended_flags != 0)
		mnl_attr_put_u32(message, NDA_FLAGS_EXT, extended_flags);
	return netlink_request(kernel->request, message);
}

int kernel_resolve(struct kernel *kernel, uint32_t ifindex, const struct ip *address)
{
	/* A kernel before 5.16 skips the attribute it does not know and obeys NTF_USE. */
	return ask(kernel, ifindex, address, NTF_EXT_MANAGED);
}

int kernel_probe(struct kernel *kernel, uint32_t ifindex, const struct ip *address)
{
	return ask(kernel, ifindex, address, 0);
}

int kernel_forget(struct kernel *kernel, uint32_t ifindex, const struct ip *address)
{
	char buffer[256];
	struct nlmsghdr *message = neighbour_message(buffer, RTM_DELNEIGH, 0, ifindex, address, 0);
	int error = netlink_request(kernel->request, message);

	return error == -ENOENT || error == -ENODEV ? 0 : error;
}
