/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/bfd/table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BUCKETS 16384u
#define SLOT_BITS 13u

_Static_assert(BFD_SESSIONS_MAX == 1u << SLOT_BITS, "slots fill the lower bits");

LIST_HEAD(bucket, bfd_entry);

struct bfd_table {
	unsigned int count;
	uint32_t next; /* the slot to look at first: a slot that was freed rests for a while */
	struct bfd_entry *slots[BFD_SESSIONS_MAX];
	struct bucket by_peer[BUCKETS]; /* interface, family and peer */
	struct bucket by_lid[BUCKETS];
};

static uint32_t mix(uint64_t value)
{
	value *= UINT64_C(0x9e3779b97f4a7c15);
	return value >> 32;
}

static uint32_t peer_bucket(uint32_t interface, uint8_t family, const uint8_t peer[16])
{
	uint64_t halves[2];

	memcpy(halves, peer, sizeof(halves));
	return (mix(halves[0]) ^ mix(halves[1] + family) ^ mix(interface)) % BUCKETS;
}

static uint32_t lid_bucket(uint32_t lid)
{
	return mix(lid) % BUCKETS;
}

struct bfd_table *bfd_table_create(void)
{
	return calloc(1, sizeof(struct bfd_table));
}

void bfd_table_free(struct bfd_table *table)
{
	if (table == NULL)
		return;
	for (uint32_t slot = 0; slot < BFD_SESSIONS_MAX; slot++)
		free(table->slots[slot]);
	free(table);
}

/* Slot 0 with no chance above it would be discriminator 0, which means none. */
static uint32_t make_discriminator(uint32_t slot, uint32_t random)
{
	uint32_t chance = random >> SLOT_BITS;

	return (chance == 0 ? 1 : chance) << SLOT_BITS | slot;
}

struct bfd_entry *bfd_table_add(struct bfd_table *table, const struct bfd_key *key, uint32_t random)
{
	struct bfd_entry *entry;
	uint32_t slot = table->next;

	if (table->count == BFD_SESSIONS_MAX)
		return NULL;
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		return NULL;
	while (table->slots[slot] != NULL)
		slot = (slot + 1) % BFD_SESSIONS_MAX;
	table->slots[slot] = entry;
	table->next = (slot + 1) % BFD_SESSIONS_MAX;
	table->count++;
	entry->session.config.key = *key;
	entry->session.local_discriminator = make_discriminator(slot, random);
	LIST_INSERT_HEAD(&table->by_peer[peer_bucket(key->interface, key->family, key->peer)],
		entry, by_peer);
	return entry;
}

void bfd_table_remove(struct bfd_table *table, struct bfd_entry *entry)
{
	uint32_t slot = entry->session.local_discriminator % BFD_SESSIONS_MAX;

	bfd_table_set_lid(table, entry, 0);
	LIST_REMOVE(entry, by_peer);
	table->slots[slot] = NULL;
	table->count--;
	free(entry);
}

void bfd_table_set_lid(struct bfd_table *table, struct bfd_entry *entry, uint32_t lid)
{
	struct bfd_entry *other = lid == 0 ? NULL : bfd_table_by_lid(table, lid);

	if (entry->lid == lid)
		return;
	if (other != NULL)
		bfd_table_set_lid(table, other, 0);
	if (entry->lid != 0)
		LIST_REMOVE(entry, by_lid);
	entry->lid = lid;
	if (lid != 0)
		LIST_INSERT_HEAD(&table->by_lid[lid_bucket(lid)], entry, by_lid);
}

struct bfd_entry *bfd_table_by_discriminator(const struct bfd_table *table, uint32_t discriminator)
{
	struct bfd_entry *entry = table->slots[discriminator % BFD_SESSIONS_MAX];

	return entry != NULL && entry->session.local_discriminator == discriminator ? entry : NULL;
}

struct bfd_entry *bfd_table_by_key(const struct bfd_table *table, const struct bfd_key *key)
{
	struct bfd_entry *entry;

	LIST_FOREACH (entry, &table->by_peer[peer_bucket(key->interface, key->family, key->peer)],
		by_peer)
		if (memcmp(&entry->session.config.key, key, sizeof(*key)) == 0)
			return entry;
	return NULL;
}

struct bfd_entry *bfd_table_by_addresses(const struct bfd_table *table, const struct bfd_key *key)
{
	struct bfd_entry *entry = bfd_table_by_key(table, key);
	struct bfd_key anywhere = *key;

	if (entry != NULL || !key->multihop)
		return entry;
	anywhere.interface = 0;
	return bfd_table_by_key(table, &anywhere);
}

struct bfd_entry *bfd_table_by_lid(const struct bfd_table *table, uint32_t lid)
{
	struct bfd_entry *entry;

	LIST_FOREACH (entry, &table->by_lid[lid_bucket(lid)], by_lid)
		if (entry->lid == lid)
			return entry;
	return NULL;
}

struct bfd_entry *bfd_table_next_of_peer(const struct bfd_table *table, uint32_t interface,
	uint8_t family, const uint8_t peer[16], const struct bfd_entry *after)
{
	struct bfd_entry *entry =
		after != NULL ? LIST_NEXT(after, by_peer)
			      : LIST_FIRST(&table->by_peer[peer_bucket(interface, family, peer)]);

	for (; entry != NULL; entry = LIST_NEXT(entry, by_peer)) {
		const struct bfd_key *key = &entry->session.config.key;

		if (key->interface == interface && key->family == family &&
			memcmp(key->peer, peer, sizeof(key->peer)) == 0)
			return entry;
	}
	return NULL;
}

struct bfd_entry *bfd_table_slot(const struct bfd_table *table, uint32_t slot)
{
	return slot < BFD_SESSIONS_MAX ? table->slots[slot] : NULL;
}

unsigned int bfd_table_count(const struct bfd_table *table)
{
	return table->count;
}
