/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/kernel_state.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

static const struct object_row *find_object(const struct kernel *kernel, uint32_t id)
{
	uint32_t low = 0, high = kernel->object_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (kernel->objects[middle].object.id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < kernel->object_count && kernel->objects[low].object.id == id
		       ? &kernel->objects[low]
		       : NULL;
}

/* The next hops a nexthop object stands for; false: unknown. */
bool kernel_expand_object(
	const struct kernel *kernel, uint32_t id, struct kernel_next_hop *next_hops, uint8_t *count)
{
	const struct object_row *row = find_object(kernel, id);

	*count = 0;
	if (!row)
		return false;
	if (row->object.group_count == 0 && !row->object.blackhole)
		next_hops[(*count)++] = row->object.next_hop;
	for (uint8_t i = 0; i < row->object.group_count; i++) {
		const struct object_row *member = find_object(kernel, row->object.group[i]);

		if (member && !member->object.blackhole && member->object.group_count == 0)
			next_hops[(*count)++] = member->object.next_hop;
	}
	return true;
}

static int compare_objects(const void *a, const void *b)
{
	const struct object_row *left = a, *right = b;

	return left->object.id < right->object.id ? -1 : left->object.id > right->object.id;
}

static void store_object(struct kernel *kernel, const struct parsed_next_hop_object *object)
{
	struct object_row *row = (struct object_row *)find_object(kernel, object->id);
	struct object_row *larger;

	if (!row) {
		larger = realloc(kernel->objects, (kernel->object_count + 1) * sizeof(*larger));
		if (!larger) {
			kernel_resync(kernel);
			return;
		}
		kernel->objects = larger;
		row = &larger[kernel->object_count++];
	}
	row->object = *object;
	row->generation = kernel->generation;
	qsort(kernel->objects, kernel->object_count, sizeof(*row), compare_objects);
}

static void forget_object(struct kernel *kernel, uint32_t index)
{
	kernel->object_count--;
	memmove(&kernel->objects[index], &kernel->objects[index + 1],
		(kernel->object_count - index) * sizeof(kernel->objects[0]));
}

void kernel_take_object(struct kernel *kernel, const struct nlmsghdr *message, bool row)
{
	struct parsed_next_hop_object object;
	const struct object_row *known;

	if (parse_next_hop_object(message, &object) < 0)
		return;
	known = find_object(kernel, object.id);
	if (message->nlmsg_type == RTM_NEWNEXTHOP)
		store_object(kernel, &object);
	else if (known)
		forget_object(kernel, (uint32_t)(known - kernel->objects));
	if (!row || (known && kernel->synced))
		kernel_walk_routes(kernel, 0);
}

void kernel_sweep_objects(struct kernel *kernel)
{
	for (uint32_t i = kernel->object_count; i-- > 0;) {
		if (kernel->objects[i].generation != kernel->generation)
			forget_object(kernel, i);
	}
}
