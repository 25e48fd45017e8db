/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Authentication keys by peer. Main thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
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

/* The one that signs comes first. */
static int by_turn(const void *a, const void *b)
{
	const struct api_bfd_key *first = a, *second = b;

	if (first->signs != second->signs)
		return second->signs - first->signs;
	return second->key_id - first->key_id;
}

unsigned int bfd_keys_of(uint32_t interface, uint8_t family, const uint8_t peer[16],
	struct bfd_secret secrets[BFD_SESSION_KEYS_MAX])
{
	struct api_bfd_key found[BFD_SESSION_KEYS_MAX];
	unsigned int number = 0;

	for (uint32_t i = 0; i < count && number < BFD_SESSION_KEYS_MAX; i++)
		if (is_same_peer(&keys[i].api, interface, family, peer))
			found[number++] = keys[i].api;
	qsort(found, number, sizeof(*found), by_turn);
	for (unsigned int i = 0; i < number; i++) {
		secrets[i] = (struct bfd_secret){.type = found[i].type, .id = found[i].key_id};
		memcpy(secrets[i].bytes, found[i].secret, found[i].secret_bytes);
	}
	explicit_bzero(found, sizeof(found));
	return number;
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
	if (api->type != API_BFD_KEYED_SHA1 && api->type != API_BFD_METICULOUS_SHA1)
		return -EINVAL;
	return api->secret_bytes > API_BFD_SECRET_MAX || api->signs > 1 ? -EINVAL : 0;
}

/* A writer that does not know the secret leaves the one that is here; nobody knows the one that
 * takes its place where there is none, so that no packet is believed. */
static int complete(struct api_bfd_key *api, const struct stored *stored)
{
	if (api->secret_bytes != 0)
		return 0;
	if (stored != NULL) {
		api->secret_bytes = stored->api.secret_bytes;
		memcpy(api->secret, stored->api.secret, sizeof(api->secret));
		return 0;
	}
	api->secret_bytes = sizeof(api->secret);
	return getrandom(api->secret, sizeof(api->secret), 0) == sizeof(api->secret) ? 0 : -EAGAIN;
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
	uint32_t others = 0;
	int error;

	for (uint32_t i = 0; i < count; i++)
		others += is_same_peer(&keys[i].api, api->interface, api->family, api->peer);
	if (others == BFD_SESSION_KEYS_MAX)
		return -ENOSPC;
	error = make_room();
	if (error == 0)
		keys[count++] = (struct stored){.api = *api, .mark = table_mark};
	return error;
}

static int upsert(const struct api_bfd_key *api, struct stored *stored)
{
	int error = 0;

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

int bfd_key_upsert(const struct api_bfd_key *api)
{
	struct stored *stored = find(api);
	struct api_bfd_key whole = *api;
	int error = check(api);

	if (error == 0)
		error = complete(&whole, stored);
	if (error == 0)
		error = upsert(&whole, stored);
	explicit_bzero(&whole, sizeof(whole));
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
