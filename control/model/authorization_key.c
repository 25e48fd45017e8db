/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/model/authorization_key.h"

#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <nettle/sha2.h>
#include <uuid/uuid.h>

void authorization_key_make(char key[AUTHORIZATION_KEY_MAX])
{
	uuid_t id;

	uuid_generate_random(id);
	uuid_unparse_lower(id, key);
}

void authorization_key_hash(const char *key, char hash[AUTHORIZATION_HASH_MAX])
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx sha;

	sha256_init(&sha);
	for (const char *c = key; *c != '\0'; c++) {
		const uint8_t small = (uint8_t)tolower((unsigned char)*c);

		sha256_update(&sha, 1, &small);
	}
	sha256_digest(&sha, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(hash + 2 * i, 3, "%02x", digest[i]);
}
