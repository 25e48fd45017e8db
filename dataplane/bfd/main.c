/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the main thread calls: each takes the bfd thread's lock for one session at most, or for one
 * look at all slots.
 */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "dataplane/bfd/internal.h"
#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/nexthop.h"

/* A multihop session is of the domain whose interface has its address. Overlapping domains need an
 * interface in the key. */
static uint32_t interface_of(const struct bfd_key *key)
{
	if (key->interface != 0)
		return key->interface;
	for (uint32_t id = 1; id < API_INTERFACES_MAX; id++) {
		const struct interface *interface = interface_get(id);

		if (interface == NULL)
			continue;
		if (key->family == AF_INET ? memcmp(&interface->address4, key->local, 4) == 0
					   : memcmp(interface->address6, key->local, 16) == 0)
			return id;
	}
	return 0;
}

int bfd_session_set(const struct bfd_config *config)
{
	const struct bfd_key *key = &config->key;
	uint32_t interface, adjacency = 0;
	struct bfd_engine *engine;
	int error;

	if (key->interface >= API_INTERFACES_MAX)
		return -EINVAL;
	interface = interface_of(key);
	if (!key->multihop)
		adjacency = adjacency_find(interface, key->family, key->peer);
	engine = bfd_lock();
	if (engine == NULL)
		return -ESRCH;
	error = bfd_engine_set(engine, config, interface, adjacency);
	bfd_unlock(engine);
	return error;
}

int bfd_session_remove(uint32_t lid)
{
	struct bfd_engine *engine = bfd_lock();
	struct bfd_entry *entry;

	if (engine == NULL)
		return -ENOENT;
	entry = bfd_table_by_lid(engine->table, lid);
	if (entry != NULL)
		bfd_engine_remove(engine, entry);
	bfd_unlock(engine);
	return entry != NULL ? 0 : -ENOENT;
}

bool bfd_watches(uint32_t interface, uint8_t family, const uint8_t peer[16])
{
	struct bfd_engine *engine = bfd_lock();
	const struct bfd_entry *entry = NULL;

	if (engine == NULL)
		return false;
	do
		entry = bfd_table_next_of_peer(engine->table, interface, family, peer, entry);
	while (entry != NULL && entry->session.state != BFD_UP);
	bfd_unlock(engine);
	return entry != NULL;
}

void bfd_disown(void)
{
	struct bfd_engine *engine = bfd_lock();

	if (engine == NULL)
		return;
	for (uint32_t slot = 0; slot < BFD_SESSIONS_MAX; slot++) {
		struct bfd_entry *entry = bfd_table_slot(engine->table, slot);

		if (entry != NULL)
			bfd_table_set_lid(engine->table, entry, 0);
	}
	bfd_unlock(engine);
}

unsigned int bfd_sweep(void)
{
	struct bfd_engine *engine = bfd_lock();
	unsigned int swept = 0;

	if (engine == NULL)
		return 0;
	for (uint32_t slot = 0; slot < BFD_SESSIONS_MAX; slot++) {
		struct bfd_entry *entry = bfd_table_slot(engine->table, slot);

		if (entry == NULL || entry->lid != 0)
			continue;
		bfd_engine_remove(engine, entry);
		swept++;
	}
	bfd_unlock(engine);
	return swept;
}

int bfd_session_counters(uint32_t lid, struct bfd_counters *counters)
{
	struct bfd_engine *engine = bfd_lock();
	const struct bfd_entry *entry;

	if (engine == NULL)
		return -ENOENT;
	entry = lid == 0 ? NULL : bfd_table_by_lid(engine->table, lid);
	if (entry != NULL)
		*counters = (struct bfd_counters){
			.rx = entry->session.rx,
			.rx_bytes = entry->session.rx_bytes,
			.tx = entry->session.tx,
			.tx_bytes = entry->session.tx_bytes,
		};
	bfd_unlock(engine);
	return entry != NULL ? 0 : -ENOENT;
}

unsigned int bfd_session_count(void)
{
	struct bfd_engine *engine = bfd_lock();
	unsigned int count;

	if (engine == NULL)
		return 0;
	count = bfd_table_count(engine->table);
	bfd_unlock(engine);
	return count;
}

bool bfd_next_change(struct bfd_change *change)
{
	struct bfd_engine *engine = bfd_lock();
	eventfd_t reset;
	bool some;

	if (engine == NULL)
		return false;
	some = bfd_engine_next_change(engine, change);
	/* Under the lock, so that no news comes between: -EAGAIN, it shows none. */
	if (!some)
		eventfd_read(bfd_changes_fd(), &reset);
	bfd_unlock(engine);
	return some;
}

/* What an interface received for no session; false: nothing. */
static bool fill_strangers(
	const struct bfd_engine *engine, uint32_t interface, struct api_bfd_session *row)
{
	const uint64_t *refused = engine->refused[interface];
	uint64_t total = 0;

	for (unsigned int why = 0; why < BFD_REFUSED_COUNT; why++)
		total += refused[why];
	if (total == 0)
		return false;
	*row = (struct api_bfd_session){.interface = interface};
	memcpy(row->refused, refused, sizeof(engine->refused[interface]));
	return true;
}

bool bfd_next_row(uint32_t *after, struct api_bfd_session *row)
{
	struct bfd_engine *engine = bfd_lock();
	bool some = false;

	if (engine == NULL)
		return false;
	while (!some && *after < BFD_SESSIONS_MAX + API_INTERFACES_MAX) {
		uint32_t at = (*after)++;
		const struct bfd_entry *entry = bfd_table_slot(engine->table, at);

		if (entry != NULL)
			bfd_engine_row(engine, entry, row);
		some = entry != NULL || (at >= BFD_SESSIONS_MAX &&
						fill_strangers(engine, at - BFD_SESSIONS_MAX, row));
	}
	bfd_unlock(engine);
	return some;
}
