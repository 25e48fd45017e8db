/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/route_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SETS_FIRST 16

static uint32_t prefix_hash(const uint8_t address[16], uint8_t family, uint8_t prefix_len)
{
	return hash_bytes((uint32_t)family << 8 | prefix_len, address, 16);
}

int route_table_init(struct route_table *table)
{
	static const struct kernel_next_hop none[1];
	uint32_t entry;
	bool changed;

	memset(table, 0, sizeof(*table));
	table->free_entry = ROUTE_NONE;
	table->free_set = ROUTE_NONE;
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
	hash_index_free(&table->sets_index);
	hash_index_free(&table->prefixes);
	free(table->entries);
	memset(table, 0, sizeof(*table));
}

static bool is_prefix(const struct route_entry *entry, const struct ip *prefix)
{
	return entry->prefix_len == prefix->prefix_len && entry->family == prefix->family &&
	       memcmp(entry->address, prefix->address, 16) == 0;
}

static uint32_t find(const struct route_table *table, const struct ip *prefix, uint32_t hash)
{
	size_t at;
	uint32_t entry = hash_index_first(&table->prefixes, hash, &at);

	while (entry != ROUTE_NONE && !is_prefix(&table->entries[entry], prefix))
		entry = hash_index_next(&table->prefixes, hash, &at);
	return entry;
}

uint32_t route_table_find(const struct route_table *table, const struct ip *prefix)
{
	return find(
		table, prefix, prefix_hash(prefix->address, prefix->family, prefix->prefix_len));
}

void route_table_prefetch(const struct route_table *table, const struct ip *prefix)
{
	hash_index_prefetch(
		&table->prefixes, prefix_hash(prefix->address, prefix->family, prefix->prefix_len));
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
		prefer_huge_pages(larger, capacity * sizeof(*larger));
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

/* Into its place in the chain that begins with first. */
static void chain(struct route_table *table, uint32_t hash, uint32_t first, uint32_t entry)
{
	struct route_entry *added = &table->entries[entry];
	uint32_t *link = &hash_index_slot(&table->prefixes, hash, first)->id;

	while (*link != ROUTE_NONE && !goes_before(added, &table->entries[*link]))
		link = &table->entries[*link].next;
	added->next = *link;
	*link = entry;
}

uint32_t route_table_add(
	struct route_table *table, const struct ip *prefix, bool local, uint32_t metric)
{
	uint32_t hash = prefix_hash(prefix->address, prefix->family, prefix->prefix_len);
	uint32_t first = find(table, prefix, hash);
	struct route_entry *added;
	uint32_t entry;

	if (hash_index_reserve(&table->prefixes) < 0)
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
	if (first == ROUTE_NONE)
		hash_index_add(&table->prefixes, hash, entry);
	else
		chain(table, hash, first, entry);
	return entry;
}

static void release_set(struct route_table *table, uint32_t index)
{
	struct next_hop_set *set = table->sets[index];

	if (--set->references > 0)
		return;
	hash_index_remove(&table->sets_index, set->hash, index);
	set->count = 0;
	set->free_next = table->free_set;
	table->free_set = index;
}

void route_table_remove(struct route_table *table, uint32_t entry)
{
	struct route_entry *removed = &table->entries[entry];
	uint32_t hash = prefix_hash(removed->address, removed->family, removed->prefix_len);
	struct ip prefix = {.family = removed->family, .prefix_len = removed->prefix_len};
	uint32_t *link;

	memcpy(prefix.address, removed->address, sizeof(prefix.address));
	link = &hash_index_slot(&table->prefixes, hash, find(table, &prefix, hash))->id;
	if (*link == entry && removed->next == ROUTE_NONE) {
		hash_index_remove(&table->prefixes, hash, entry);
	} else {
		while (*link != entry)
			link = &table->entries[*link].next;
		*link = removed->next;
	}
	release_set(table, removed->next_hops);
	removed->family = 0;
	removed->next = table->free_entry;
	table->free_entry = entry;
	table->count--;
}

/* An index of sets for a new set, its slot free of any old one. */
static uint32_t take_set(struct route_table *table)
{
	uint32_t index = table->free_set;
	uint32_t capacity = table->set_capacity;
	struct next_hop_set **larger;

	if (index != ROUTE_NONE) {
		table->free_set = table->sets[index]->free_next;
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
	size_t at;
	uint32_t index = hash_index_first(&table->sets_index, hash, &at);

	for (; index != ROUTE_NONE; index = hash_index_next(&table->sets_index, hash, &at)) {
		const struct next_hop_set *set = table->sets[index];

		if (set->count == count &&
			memcmp(set->next_hops, next_hops, count * sizeof(*next_hops)) == 0)
			return index;
	}
	return ROUTE_NONE;
}

static uint32_t intern(
	struct route_table *table, const struct kernel_next_hop *next_hops, uint8_t count)
{
	uint32_t hash = hash_bytes(count, next_hops, count * sizeof(*next_hops));
	uint32_t index = find_set(table, hash, next_hops, count);
	struct next_hop_set *set;

	if (index != ROUTE_NONE) {
		table->sets[index]->references++;
		return index;
	}
	if (hash_index_reserve(&table->sets_index) < 0)
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
	table->sets[index] = set;
	hash_index_add(&table->sets_index, hash, index);
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
