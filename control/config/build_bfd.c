/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BFD of a peering or of a core attachment: its timers, and who is believed.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "control/config/build.h"

static void build_key(
	const struct build *build, const struct record *record, struct bfd_auth_key *key)
{
	const struct value *file = usable(record, KEY_FILE);

	key->id = (uint8_t)record_number(record, KEY_ID, 0);
	if (file == NULL)
		return;
	key->line = file->line;
	memcpy(key->file, file->text, strlen(file->text) + 1);
	if (file->text[0] != '/')
		report(build->loader, record, KEY_FILE,
			"\"%s\" is no absolute path, and control has no directory of its own; "
			"write "
			"it as %s",
			file->text, record->schema->fields[KEY_FILE].example);
}

static struct bfd_auth *build_auth(const struct build *build, const struct record *record)
{
	size_t count;
	struct record *const *keys = record_list(record, AUTH_KEYS, &count);
	struct bfd_auth *auth = calloc(1, sizeof(*auth));

	if (auth == NULL) {
		build->loader->no_memory = true;
		return NULL;
	}
	auth->type = (enum bfd_auth_type)record_number(record, AUTH_TYPE, 0);
	if (usable(record, AUTH_KEYS) != NULL && count == 0)
		report(build->loader, record, AUTH_KEYS,
			"no key is named; write %s, or remove auth",
			record->schema->fields[AUTH_KEYS].example);
	if (count > SITE_BFD_KEYS_MAX)
		report(build->loader, record, AUTH_KEYS,
			"%zu keys; a session has at most %d: remove those that no side signs with",
			count, SITE_BFD_KEYS_MAX);
	for (size_t i = 0; i < count && i < SITE_BFD_KEYS_MAX; i++)
		build_key(build, keys[i], &auth->keys[auth->key_count++]);
	check_unique(build->loader, &record->values[AUTH_KEYS], "key");
	return auth;
}

struct bfd_timers build_bfd(const struct build *build, const struct record *record,
	unsigned int field, struct bfd_auth **auth)
{
	const struct record *bfd = record_of(record, field);
	const struct value *interval = bfd != NULL ? usable(bfd, BFD_INTERVAL) : NULL;

	*auth = NULL;
	if (bfd != NULL && record_of(bfd, BFD_AUTH) != NULL)
		*auth = build_auth(build, record_of(bfd, BFD_AUTH));
	if (interval == NULL)
		return (struct bfd_timers){0};
	/* FRR's bfdd is told milliseconds. */
	if (interval->number % 1000 != 0)
		report(build->loader, bfd, BFD_INTERVAL,
			"%s is no whole number of milliseconds; write it as %" PRIu64 "ms",
			interval->text, interval->number / 1000);
	return (struct bfd_timers){
		.interval_ms = (uint32_t)(interval->number / 1000),
		.multiplier = (uint8_t)record_number(bfd, BFD_MULTIPLIER, 0),
	};
}
