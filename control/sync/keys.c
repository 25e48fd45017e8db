/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keys of BFD: those of a link's peers, one item for each key and family. They are stated with each
 * snapshot; what it does not name is swept at its end, so that while keys are changed old and new
 * ones are believed.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "control/sync/internal.h"

static_assert(SITE_BFD_KEYS_MAX <= API_BFD_KEYS_MAX && SITE_BFD_SECRET_MAX <= API_BFD_SECRET_MAX,
	"what a document may say fits");

static void state_key(struct sync *sync, const struct domain_link *link, const struct ip *peer,
	const struct bfd_auth_key *key)
{
	const struct bfd_auth *auth = link->plan.bfd_auth;
	struct api_bfd_key item = {.interface = link->interface,
		.family = peer->family,
		.type = auth->type == BFD_AUTH_TYPE_KEYED_SHA1 ? API_BFD_KEYED_SHA1
							       : API_BFD_METICULOUS_SHA1,
		.key_id = key->id,
		.signs = key == &auth->keys[0],
		.secret_bytes = key->secret_bytes};

	if (peer->family == 0)
		return;
	memcpy(item.peer, peer->address, sizeof(item.peer));
	memcpy(item.secret, key->secret, key->secret_bytes);
	batch_add(sync, API_BFD_KEY, API_UPSERT, &item);
	explicit_bzero(&item, sizeof(item));
}

static void state_link(struct sync *sync, const struct domain_link *link)
{
	const struct bfd_auth *auth = link->plan.bfd_auth;
	char what[160];

	for (unsigned int i = 0; auth != NULL && i < auth->key_count; i++) {
		const struct bfd_auth_key *key = &auth->keys[i];

		if (key->secret_bytes == 0) {
			snprintf(what, sizeof(what), "BFD of %s, key %u", link->plan.name, key->id);
			session_complain(sync, what,
				"its file could not be read (see the log before); mend it, and it "
				"is read again");
		}
		state_key(sync, link, &link->plan.peer4, key);
		state_key(sync, link, &link->plan.peer6, key);
	}
}

void keys_state(struct sync *sync)
{
	for (unsigned int i = 0; i < sync->domain_count; i++)
		for (unsigned int l = 0; l < sync->domains[i]->link_count; l++)
			state_link(sync, &sync->domains[i]->links[l]);
}
