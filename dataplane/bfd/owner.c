/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What owners ask of sessions and are told of them. The engine is locked by the caller.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/bfd/internal.h"

#define INTERVAL_US_MIN 1000u
#define INTERVAL_US_MAX 60000000u

/* RFC 5881 4: 49152 to 65535, each session its own. */
#define SOURCE_PORT_FIRST 49152u

static bool is_unicast(uint8_t family, const uint8_t address[16])
{
	static const uint8_t none[16];

	if (family != AF_INET && family != AF_INET6)
		return false;
	if (memcmp(address, none, sizeof(none)) == 0)
		return false;
	if (family == AF_INET6)
		return address[0] != 0xff;
	return address[0] < 224 && memcmp(address + 4, none, 12) == 0;
}

static bool is_interval(uint32_t us)
{
	return us >= INTERVAL_US_MIN && us <= INTERVAL_US_MAX;
}

static int check(const struct bfd_config *config)
{
	const struct bfd_key *key = &config->key;

	if (config->lid == 0 || key->interface >= API_INTERFACES_MAX || key->multihop > 1 ||
		key->reserved != 0)
		return -EINVAL;
	if (key->interface == 0 && !key->multihop)
		return -EINVAL;
	if (!is_unicast(key->family, key->local) || !is_unicast(key->family, key->peer))
		return -EINVAL;
	if (!is_interval(config->min_tx_us) || !is_interval(config->min_rx_us))
		return -EINVAL;
	return config->multiplier == 0 ? -EINVAL : 0;
}

static struct bfd_entry *add(struct bfd_engine *engine, const struct bfd_config *config,
	uint32_t interface, uint32_t adjacency)
{
	struct bfd_secret secrets[BFD_SESSION_KEYS_MAX];
	struct bfd_entry *entry =
		bfd_table_add(engine->table, &config->key, bfd_engine_random(engine));
	unsigned int count;

	if (entry == NULL)
		return NULL;
	bfd_session_init(&entry->session, config, entry->session.local_discriminator,
		bfd_engine_random(engine), engine->now_us);
	count = bfd_keys_of(config->key.interface, config->key.family, config->key.peer, secrets);
	bfd_session_set_secrets(&entry->session, secrets, count);
	entry->port = SOURCE_PORT_FIRST + entry->session.local_discriminator % BFD_SESSIONS_MAX;
	entry->interface = interface;
	entry->adjacency = adjacency;
	entry->told = BFD_DOWN;
	return entry;
}

int bfd_engine_set(struct bfd_engine *engine, const struct bfd_config *config, uint32_t interface,
	uint32_t adjacency)
{
	struct bfd_entry *entry, *other;
	unsigned int actions = BFD_RETIME;
	int error = check(config);

	if (error != 0)
		return error;
	entry = bfd_table_by_key(engine->table, &config->key);
	other = bfd_table_by_lid(engine->table, config->lid);
	if (other != NULL && other != entry)
		bfd_engine_remove(engine, other);
	if (entry != NULL) {
		actions = bfd_session_configure(&entry->session, config, engine->now_us);
		if (entry->lid != config->lid) {
			entry->told = BFD_DOWN;
			entry->was_down = false;
			bfd_engine_add_news(engine, entry);
		}
	} else if (bfd_table_count(engine->table) == BFD_SESSIONS_MAX) {
		return -ENOSPC;
	} else {
		entry = add(engine, config, interface, adjacency);
		if (entry == NULL)
			return -ENOMEM;
	}
	bfd_table_set_lid(engine->table, entry, config->lid);
	bfd_engine_act(engine, entry, actions);
	return 0;
}

/* ---- news ---- */

static void fill_change(const struct bfd_entry *entry, struct bfd_change *change)
{
	const struct bfd_session *session = &entry->session;

	*change = (struct bfd_change){
		.lid = entry->lid,
		.key = session->config.key,
		.local_discriminator = session->local_discriminator,
		.remote_discriminator = session->remote_discriminator,
		.state = session->state,
		.before = entry->told,
		.diag = session->diag,
		.remote_state = session->remote_state,
		.remote_diag = session->remote_diag,
		.remote_multiplier = session->remote_multiplier,
		.remote_plane_independent = session->remote_plane_independent,
		.remote_demand = session->remote_demand,
		.remote_min_tx_us = session->remote_min_tx_us,
		/* 1 stands for "not known" (RFC 5880 6.8.1), which the owner is not told. */
		.remote_min_rx_us = session->remote_multiplier == 0 ? 0 : session->remote_min_rx_us,
		.remote_min_echo_rx_us = session->remote_min_echo_rx_us,
		.silence_us = session->silence_us > UINT32_MAX ? UINT32_MAX : session->silence_us,
	};
}

bool bfd_engine_next_change(struct bfd_engine *engine, struct bfd_change *change)
{
	struct bfd_entry *entry = TAILQ_FIRST(&engine->news);

	if (entry == NULL)
		return false;
	fill_change(entry, change);
	if (entry->was_down) {
		entry->was_down = false;
		change->state = BFD_DOWN;
		change->diag = entry->down_diag;
		change->silence_us = entry->down_silence_us;
	}
	entry->told = change->state;
	if (entry->session.state == entry->told) {
		TAILQ_REMOVE(&engine->news, entry, news);
		entry->has_news = false;
	}
	return true;
}

/* ---- neighbours ---- */

void bfd_engine_neighbour(struct bfd_engine *engine, const struct api_adjacency *api, bool there)
{
	struct bfd_entry *entry = NULL;
	uint8_t peer[16] = {0};

	memcpy(peer, api->address, api->family == AF_INET ? 4 : 16);
	while ((entry = bfd_table_next_of_peer(
			engine->table, api->interface, api->family, peer, entry)) != NULL) {
		if (there && entry->adjacency == 0 && !entry->session.config.key.multihop) {
			/* Who could not speak need not wait for the rest of its second. */
			entry->adjacency = api->id;
			entry->session.last_tx_us = 0;
			bfd_engine_act(engine, entry, BFD_RETIME);
		} else if (there) {
			entry->adjacency = api->id;
		} else if (entry->adjacency == api->id) {
			entry->adjacency = 0;
		}
	}
}

/* ---- rows ---- */

static void fill_timers(const struct bfd_session *session, struct api_bfd_session *row)
{
	row->min_tx_us = session->config.min_tx_us;
	row->min_rx_us = session->config.min_rx_us;
	row->remote_min_tx_us = session->remote_min_tx_us;
	row->remote_min_rx_us = session->remote_multiplier == 0 ? 0 : session->remote_min_rx_us;
	row->tx_interval_us = bfd_session_tx_interval_us(session);
	row->detection_us = bfd_session_detection_us(session);
	row->interval_mean_us = session->interval_mean_x16 / 16;
	row->interval_max_us = session->interval_max_us;
	row->jitter_mean_us = session->jitter_mean_x16 / 16;
	row->jitter_max_us = session->jitter_max_us;
	row->late_max_us = session->late_max_us;
}

void bfd_engine_row(
	const struct bfd_engine *engine, const struct bfd_entry *entry, struct api_bfd_session *row)
{
	const struct bfd_session *session = &entry->session;
	const struct bfd_key *key = &session->config.key;

	*row = (struct api_bfd_session){
		.interface = entry->interface,
		.lid = entry->lid,
		.family = key->family,
		.multihop = key->multihop,
		.state = session->state,
		.remote_state = session->remote_state,
		.diag = session->diag,
		.remote_diag = session->remote_diag,
		.multiplier = session->config.multiplier,
		.remote_multiplier = session->remote_multiplier,
		.local_discriminator = session->local_discriminator,
		.remote_discriminator = session->remote_discriminator,
		.passive = session->config.passive,
		.polling = session->polling,
		.path_down = entry->path_down,
		.resolved = entry->adjacency != 0,
		.plane_independent = session->config.plane_independent,
		.remote_plane_independent = session->remote_plane_independent,
		.remote_demand = session->remote_demand,
		.auth_type = session->secret_count > 0 ? session->secrets[0].type : BFD_AUTH_NONE,
		.state_us = engine->now_us - session->since_us,
		.silence_us = session->last_rx_us == 0 ? UINT64_MAX
						       : engine->now_us - session->last_rx_us,
		.ups = session->ups,
		.flaps = session->flaps,
		.rx = session->rx,
		.tx = session->tx,
		.lost = session->lost > UINT32_MAX ? UINT32_MAX : session->lost,
	};
	memcpy(row->local, key->local, sizeof(row->local));
	memcpy(row->peer, key->peer, sizeof(row->peer));
	memcpy(row->refused, session->refused, sizeof(session->refused));
	fill_timers(session, row);
}
