/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/fib/walk.h"

#include "dataplane/fib/node.h"

static void ranges_put(struct ranges *ranges, fib_key start, uint32_t group)
{
	uint32_t n = ranges->count;

	if (n > 0 && ranges->starts[n - 1] == start) {
		/* A longer prefix begins where a shorter one did: nothing is left of that range. */
		ranges->groups[n - 1] = group;
		if (n > 1 && ranges->groups[n - 2] == group)
			ranges->count--;
		return;
	}
	if (n > 0 && ranges->groups[n - 1] == group)
		return;
	if (n == ranges->limit) {
		ranges->overflow = true;
		return;
	}
	ranges->starts[n] = start;
	ranges->groups[n] = group;
	ranges->count = n + 1;
}

static void open_push(struct walk *walk, const struct rib_entry *entry)
{
	walk->open[walk->opened++] =
		(struct open){entry->key | fib_key_host_bits(entry->length), entry->group};
}

static uint32_t open_group(const struct walk *walk)
{
	return walk->opened > 0 ? walk->open[walk->opened - 1].group : 0;
}

/* From anywhere: the longest cover first, since it is next to the place that was found. */
static void walk_position(struct walk *walk, fib_key key, unsigned int depth)
{
	struct rib_cursor before;
	struct rib_entry entry;
	unsigned int common;

	walk->opened = 0;
	rib_seek(walk->rib, &walk->cursor, key, depth + 1);
	before = walk->cursor;
	if (depth == 0 || !rib_previous(&before))
		return;
	rib_get(&before, &entry);
	common = fib_key_common(key, entry.key);
	if (common > depth)
		common = depth;
	if (entry.length > common && !rib_cover(walk->rib, key, common, &entry))
		return;
	if (entry.length != 0)
		open_push(walk, &entry);
}

/* On from the block before: what ended there is closed, what begins here and is not inside of the
 * block opens. */
static void walk_continue(struct walk *walk, fib_key key, unsigned int depth)
{
	struct rib_entry entry;
	bool closed = false;

	while (walk->opened > 0 && walk->open[walk->opened - 1].last < key) {
		walk->opened--;
		closed = true;
	}
	for (; !walk->cursor.end; cursor_next(&walk->cursor)) {
		cursor_get(&walk->cursor, walk->rib->family, &entry);
		if (entry.key != key || entry.length > depth)
			break;
		if (entry.length != 0)
			open_push(walk, &entry);
	}
	/* Of the covers that began earlier the search found only one: ask for the next. */
	if (closed && walk->opened == 0 && rib_cover(walk->rib, key, depth, &entry))
		open_push(walk, &entry);
}

/* Closes what ends before `start`. */
static void walk_close(struct walk *walk, uint32_t around, fib_key start)
{
	while (walk->opened > around && walk->open[walk->opened - 1].last < start) {
		fib_key last = walk->open[--walk->opened].last;

		ranges_put(&walk->ranges, last + 1, open_group(walk));
	}
}

/* From the cursor on, a leaf at a time: most of a commit's time passes here. The family is a
 * constant in each copy of this. */
static __rte_always_inline void walk_inside(
	struct walk *walk, uint32_t around, fib_key last, enum fib_family family)
{
	struct rib_cursor *cursor = &walk->cursor;

	while (!cursor->end) {
		struct rib_step *step = &cursor->path[cursor->rib->depth - 1];
		const struct node *leaf = node_get(step->node);
		const struct node_route *routes = node_routes(family, leaf);

		for (; step->at < leaf->count; step->at++) {
			struct rib_entry entry = {.key = node_key(family, leaf, step->at),
				.length = routes[step->at].length,
				.group = routes[step->at].group};

			if (entry.key > last || walk->ranges.overflow)
				return;
			walk_close(walk, around, entry.key);
			open_push(walk, &entry);
			ranges_put(&walk->ranges, entry.key, entry.group);
		}
		rib_settle(cursor);
	}
}

void walk_around(struct walk *walk, fib_key key, unsigned int depth, uint32_t group)
{
	if (walk->positioned && walk->next == key)
		return;
	rib_seek(walk->rib, &walk->cursor, key, depth + 1);
	walk->opened = 0;
	if (group != 0)
		walk->open[walk->opened++] = (struct open){key | fib_key_host_bits(depth), group};
	walk->positioned = true;
	walk->next = key;
}

uint32_t walk_cover(const struct walk *walk)
{
	return walk->cover;
}

void walk_block(struct walk *walk, fib_key key, unsigned int depth, uint32_t limit)
{
	struct ranges *ranges = &walk->ranges;
	fib_key last = key | fib_key_host_bits(depth);
	uint32_t around;

	if (walk->positioned && walk->next == key)
		walk_continue(walk, key, depth);
	else
		walk_position(walk, key, depth);
	ranges->count = 0;
	ranges->limit = limit;
	ranges->overflow = false;
	around = walk->opened;
	walk->cover = open_group(walk);
	ranges_put(ranges, key, walk->cover);
	if (walk->rib->family == FIB_IPV4)
		walk_inside(walk, around, last, FIB_IPV4);
	else
		walk_inside(walk, around, last, FIB_IPV6);
	/* What ends with the block leaves no range behind it. */
	walk_close(walk, around, last);
	walk->opened = around;
	walk->positioned = !ranges->overflow && last != FIB_KEY_MAX;
	walk->next = last + 1;
}
