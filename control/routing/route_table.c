/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/route_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SLOTS_FIRST 64
#define SETS_FIRST 16

static uint32_t mix(uint64_t value)
{
	value ^= value >> 32;
	value *= 0x9e3779b97f4a7c15u;
	return (uint32_t)(value >> 32);
}

static uint32_t hash_bytes(const void *bytes, size_t length, uint32_t seed)
{
	const uint8_t *at = bytes;
	uint64_t hash = seed;

	for (; length >= 8; length -= 8, at += 8) {
		uint64_t word;

		memcpy(&word, at, sizeof(word));
		hash = ((hash << 29 | hash >> 35) ^ word) * 0xff51afd7ed558ccdu;
	}
	for (; length > 0; length--, at++)
		hash = (hash ^ *at) * 0x100000001b3u;
	return mix(hash ^ hash >> 29);
}

static uint32_t hash_prefix(const uint8_t address[16], uint8_t family, uint8_t prefix_len)
{
	return hash_bytes(address, 16, (uint32_t)family << 8 | prefix_len);
}

int route_table_init(struct route_table *table)
{
	static const struct kernel_next_hop none[1];
	uint32_t entry;
	bool changed;

	memset(table, 0, sizeof(*table));
	table->free_entry = ROUTE_NONE;
	table->free_set = ROUTE_NONE;
	table->slot_mask = SLOTS_FIRST - 1;
	table->bucket_mask = SETS_FIRST - 1;
	table->slots = malloc(SLOTS_FIRST * sizeof(*table->slots));
	table->buckets = malloc(SETS_FIRST * sizeof(*table->buckets));
	if (!table->slots || !table->buckets) {
		route_table_free(table);
		return -ENOMEM;
	}
	memset(table->slots, 0xff, SLOTS_FIRST * sizeof(*table->slots));
	memset(table->buckets, 0xff, SETS_FIRST * sizeof(*table->buckets));
	/* Set 0 is the empty one, held for ever: an entry always has a set. */
	entry = route_table_add(table, &(struct ip){.family = AF_INET}, false, 0);
	if (entry == ROUTE_NONE || route_table_set_next_hops(table, entry, none, 0, &changed) < 0) {
		route_table_free(table);
		return -ENOMEM;
	}
	table->sets[0]->references++;
	route_table_remove(table, entry);
	return 0;
}

void route_table_free(struct route_table *table)
{
	for (uint32_t i = 0; i < table->set_used; i++)
		free(table->sets[i]);
	free(table->sets);
	free(table->buckets);
	free(table->slots);
	free(table->entries);
	memset(table, 0, sizeof(*table));
}

static bool is_prefix(const struct route_entry *entry, const struct ip *prefix)
{
	return entry->prefix_len == prefix->prefix_len && entry->family == prefix->family &&
	       memcmp(entry->address, prefix->address, 16) == 0;
}

/* The slot of the prefix, or the empty one where it would go. */
static uint32_t find_slot(const struct route_table *table, const struct ip *prefix)
{
	uint32_t slot =
		hash_prefix(prefix->address, prefix->family, prefix->prefix_len) & table->slot_mask;

	while (table->slots[slot] != ROUTE_NONE &&
		!is_prefix(&table->entries[table->slots[slot]], prefix))
		slot = (slot + 1) & table->slot_mask;
	return slot;
}

uint32_t route_table_find(const struct route_table *table, const struct ip *prefix)
{
	return table->slots[find_slot(table, prefix)];
}

static uint32_t home_slot(const struct route_table *table, uint32_t entry)
{
	const struct route_entry *at = &table->entries[entry];

	return hash_prefix(at->address, at->family, at->prefix_len) & table->slot_mask;
}

static int grow_slots(struct route_table *table)
{
	uint32_t old_mask = table->slot_mask;
	uint32_t *old = table->slots;
	uint32_t mask = old_mask * 2 + 1;
	uint32_t *slots = malloc((mask + 1ul) * sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	memset(slots, 0xff, (mask + 1ul) * sizeof(*slots));
	table->slots = slots;
	table->slot_mask = mask;
	for (uint32_t i = 0; i <= old_mask; i++) {
		uint32_t slot;

		if (old[i] == ROUTE_NONE)
			continue;
		for (slot = home_slot(table, old[i]); slots[slot] != ROUTE_NONE;)
			slot = (slot + 1) & mask;
		slots[slot] = old[i];
	}
	free(old);
	return 0;
}

/* Linear probing without tombstones: what follows moves up when it may. */
static void clear_slot(struct route_table *table, uint32_t hole)
{
	uint32_t mask = table->slot_mask;

	for (uint32_t at = (hole + 1) & mask; table->slots[at] != ROUTE_NONE;
		at = (at + 1) & mask) {
		uint32_t home = home_slot(table, table->slots[at]);

		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		table->slots[hole] = table->slots[at];
		hole = at;
	}
	table->slots[hole] = ROUTE_NONE;
	table->prefixes--;
}

static uint32_t take_entry(struct route_table *table)
{
	uint32_t entry = table->free_entry;
	uint32_t capacity = table->entry_capacity;
	struct route_entry *larger;

	if (entry != ROUTE_NONE) {
		table->free_entry = table->entries[entry].next;
		return entry;
	}
	if (table->entry_used == capacity) {
		capacity += capacity / 2 + 64;
		larger = realloc(table->entries, capacity * sizeof(*larger));
		if (!larger)
			return ROUTE_NONE;
		table->entries = larger;
		table->entry_capacity = capacity;
	}
	return table->entry_used++;
}

/* The kernel looks the local table up first, then prefers the lower metric, then the older. */
static bool goes_before(const struct route_entry *a, const struct route_entry *b)
{
	if (a->local != b->local)
		return a->local;
	return a->metric < b->metric;
}

uint32_t route_table_add(
	struct route_table *table, const struct ip *prefix, bool local, uint32_t metric)
{
	struct route_entry *added;
	uint32_t entry, slot;
	uint32_t *link;

	if (table->prefixes >= table->slot_mask / 2 && grow_slots(table) < 0)
		return ROUTE_NONE;
	entry = take_entry(table);
	if (entry == ROUTE_NONE)
		return ROUTE_NONE;
	added = &table->entries[entry];
	*added = (struct route_entry){.family = prefix->family,
		.prefix_len = prefix->prefix_len,
		.metric = metric,
		.local = local,
		.next = ROUTE_NONE};
	memcpy(added->address, prefix->address, sizeof(added->address));
	if (table->set_used)
		table->sets[0]->references++;
	table->count++;

	slot = find_slot(table, prefix);
	if (table->slots[slot] == ROUTE_NONE)
		table->prefixes++;
	for (link = &table->slots[slot];
		*link != ROUTE_NONE && !goes_before(added, &table->entries[*link]);)
		link = &table->entries[*link].next;
	added->next = *link;
	*link = entry;
	return entry;
}

static void release_set(struct route_table *table, uint32_t index)
{
	struct next_hop_set *set = table->sets[index];
	uint32_t *link = &table->buckets[set->hash & table->bucket_mask];

	if (--set->references > 0)
		return;
	while (*link != index)
		link = &table->sets[*link]->bucket_next;
	*link = set->bucket_next;
	set->count = 0;
	set->bucket_next = table->free_set;
	table->free_set = index;
	table->set_count--;
}

void route_table_remove(struct route_table *table, uint32_t entry)
{
	struct route_entry *removed = &table->entries[entry];
	struct ip prefix = {.family = removed->family, .prefix_len = removed->prefix_len};
	uint32_t slot;
	uint32_t *link;

	memcpy(prefix.address, removed->address, sizeof(prefix.address));
	slot = find_slot(table, &prefix);
	for (link = &table->slots[slot]; *link != entry;)
		link = &table->entries[*link].next;
	if (link == &table->slots[slot] && removed->next == ROUTE_NONE)
		clear_slot(table, slot);
	else
		*link = removed->next;
	release_set(table, removed->next_hops);
	removed->family = 0;
	removed->next = table->free_entry;
	table->free_entry = entry;
	table->count--;
}

static int grow_buckets(struct route_table *table)
{
	uint32_t mask = table->bucket_mask * 2 + 1;
	uint32_t *buckets = malloc((mask + 1ul) * sizeof(*buckets));

	if (!buckets)
		return -ENOMEM;
	memset(buckets, 0xff, (mask + 1ul) * sizeof(*buckets));
	for (uint32_t i = 0; i < table->set_used; i++) {
		struct next_hop_set *set = table->sets[i];

		if (set->references == 0)
			continue;
		set->bucket_next = buckets[set->hash & mask];
		buckets[set->hash & mask] = i;
	}
	free(table->buckets);
	table->buckets = buckets;
	table->bucket_mask = mask;
	return 0;
}

/* An index of sets for a new set, its slot free of any old one. */
static uint32_t take_set(struct route_table *table)
{
	uint32_t index = table->free_set;
	uint32_t capacity = table->set_capacity;
	struct next_hop_set **larger;

	if (index != ROUTE_NONE) {
		table->free_set = table->sets[index]->bucket_next;
		free(table->sets[index]);
		return index;
	}
	if (table->set_used == capacity) {
		capacity += capacity / 2 + SETS_FIRST;
		larger = realloc(table->sets, capacity * sizeof(*larger));
		if (!larger)
			return ROUTE_NONE;
		table->sets = larger;
		table->set_capacity = capacity;
	}
	return table->set_used++;
}

static uint32_t find_set(const struct route_table *table, uint32_t hash,
	const struct kernel_next_hop *next_hops, uint8_t count)
{
	uint32_t index = table->buckets[hash & table->bucket_mask];

	for (; index != ROUTE_NONE; index = table->sets[index]->bucket_next) {
		const struct next_hop_set *set = table->sets[index];

		if (set->hash == hash && set->count == count &&
			memcmp(set->next_hops, next_hops, count * sizeof(*next_hops)) == 0)
			return index;
	}
	return ROUTE_NONE;
}

static uint32_t intern(
	struct route_table *table, const struct kernel_next_hop *next_hops, uint8_t count)
{
	uint32_t hash = hash_bytes(next_hops, count * sizeof(*next_hops), count);
	uint32_t index = find_set(table, hash, next_hops, count);
	struct next_hop_set *set;

	if (index != ROUTE_NONE) {
		table->sets[index]->references++;
		return index;
	}
	if (table->set_count > table->bucket_mask && grow_buckets(table) < 0)
		return ROUTE_NONE;
	set = calloc(1, sizeof(*set) + count * sizeof(*next_hops));
	index = set ? take_set(table) : ROUTE_NONE;
	if (index == ROUTE_NONE) {
		free(set);
		return ROUTE_NONE;
	}
	set->references = 1;
	set->hash = hash;
	set->count = count;
	memcpy(set->next_hops, next_hops, count * sizeof(*next_hops));
	set->bucket_next = table->buckets[hash & table->bucket_mask];
	table->buckets[hash & table->bucket_mask] = index;
	table->sets[index] = set;
	table->set_count++;
	return index;
}

int route_table_set_next_hops(struct route_table *table, uint32_t entry,
	const struct kernel_next_hop *next_hops, uint8_t count, bool *changed)
{
	bool first = table->set_used == 0;
	uint32_t index = intern(table, next_hops, count);
	uint32_t before = table->entries[entry].next_hops;

	if (index == ROUTE_NONE)
		return -ENOMEM;
	*changed = index != before;
	table->entries[entry].next_hops = index;
	if (!first)
		release_set(table, before);
	return 0;
}
