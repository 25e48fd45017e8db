/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Authentication keys by peer. Main thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/bfd/internal.h"
#include "dataplane/worker/mark.h"

#define KEYS_MAX (BFD_SESSIONS_MAX * BFD_SESSION_KEYS_MAX)

static struct stored {
	struct api_bfd_key api;
	uint8_t mark;
} * keys;
static uint32_t count, room;

static bool is_same_peer(
	const struct api_bfd_key *key, uint32_t interface, uint8_t family, const uint8_t peer[16])
{
	return key->interface == interface && key->family == family &&
	       memcmp(key->peer, peer, sizeof(key->peer)) == 0;
}

static struct stored *find(const struct api_bfd_key *api)
{
	for (uint32_t i = 0; i < count; i++)
		if (keys[i].api.key_id == api->key_id &&
			is_same_peer(&keys[i].api, api->interface, api->family, api->peer))
			return &keys[i];
	return NULL;
}

/* Descending, so that the one that signs comes first. */
static int by_id(const void *a, const void *b)
{
	return ((const struct bfd_secret *)b)->id - ((const struct bfd_secret *)a)->id;
}

unsigned int bfd_keys_of(uint32_t interface, uint8_t family, const uint8_t peer[16],
	struct bfd_secret secrets[BFD_SESSION_KEYS_MAX])
{
	unsigned int found = 0;

	for (uint32_t i = 0; i < count && found < BFD_SESSION_KEYS_MAX; i++) {
		const struct api_bfd_key *key = &keys[i].api;

		if (!is_same_peer(key, interface, family, peer))
			continue;
		secrets[found] = (struct bfd_secret){.type = key->type, .id = key->key_id};
		memcpy(secrets[found].bytes, key->secret, key->secret_bytes);
		found++;
	}
	qsort(secrets, found, sizeof(*secrets), by_id);
	return found;
}

/* The peer's sessions, if it has any, use the keys that are there now. */
static void apply(const struct api_bfd_key *key)
{
	struct bfd_secret secrets[BFD_SESSION_KEYS_MAX];
	unsigned int found = bfd_keys_of(key->interface, key->family, key->peer, secrets);
	struct bfd_engine *engine = bfd_lock();
	struct bfd_entry *entry = NULL;

	if (engine == NULL)
		return;
	while ((entry = bfd_table_next_of_peer(
			engine->table, key->interface, key->family, key->peer, entry)) != NULL)
		bfd_session_set_secrets(&entry->session, secrets, found);
	bfd_unlock(engine);
}

static int check(const struct api_bfd_key *api)
{
	if (api->interface >= API_INTERFACES_MAX ||
		(api->family != AF_INET && api->family != AF_INET6))
		return -EINVAL;
	if (api->type != BFD_AUTH_KEYED_SHA1 && api->type != BFD_AUTH_METICULOUS_SHA1)
		return -EINVAL;
	return api->secret_bytes == 0 || api->secret_bytes > BFD_SECRET_BYTES ? -EINVAL : 0;
}

static int make_room(void)
{
	struct stored *more;

	if (count < room)
		return 0;
	if (count == KEYS_MAX)
		return -ENOSPC;
	more = realloc(keys, (room + 64) * sizeof(*keys));
	if (more == NULL)
		return -ENOMEM;
	keys = more;
	room += 64;
	return 0;
}

static int add(const struct api_bfd_key *api)
{
	struct bfd_secret secrets[BFD_SESSION_KEYS_MAX];
	int error;

	if (bfd_keys_of(api->interface, api->family, api->peer, secrets) == BFD_SESSION_KEYS_MAX)
		return -ENOSPC;
	error = make_room();
	if (error == 0)
		keys[count++] = (struct stored){.api = *api, .mark = table_mark};
	return error;
}

int bfd_key_upsert(const struct api_bfd_key *api)
{
	struct stored *stored = find(api);
	int error = check(api);

	if (error != 0)
		return error;
	if (stored != NULL && memcmp(&stored->api, api, sizeof(*api)) == 0) {
		stored->mark = table_mark;
		return 0;
	}
	if (stored != NULL)
		*stored = (struct stored){.api = *api, .mark = table_mark};
	else
		error = add(api);
	if (error == 0)
		apply(api);
	return error;
}

static void remove_key(struct stored *stored)
{
	struct api_bfd_key gone = stored->api;

	*stored = keys[--count];
	explicit_bzero(&keys[count], sizeof(keys[count]));
	apply(&gone);
	explicit_bzero(&gone, sizeof(gone));
}

int bfd_key_delete(const struct api_bfd_key *api)
{
	struct stored *stored = find(api);

	if (stored != NULL)
		remove_key(stored);
	return 0;
}

uint32_t bfd_key_sweep(void)
{
	uint32_t swept = 0;

	for (uint32_t i = 0; i < count;) {
		if (keys[i].mark == table_mark) {
			i++;
			continue;
		}
		remove_key(&keys[i]); /* the last one takes its place */
		swept++;
	}
	return swept;
}

bool bfd_key_next(uint32_t *after, struct api_bfd_key *api)
{
	if (*after >= count)
		return false;
	*api = keys[(*after)++].api;
	explicit_bzero(api->secret, sizeof(api->secret));
	return true;
}

void bfd_keys_fini(void)
{
	if (keys != NULL)
		explicit_bzero(keys, room * sizeof(*keys));
	free(keys);
	keys = NULL;
	count = room = 0;
}
