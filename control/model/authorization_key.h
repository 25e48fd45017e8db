/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keys of authorizations: whoever shows one may make a circuit, once. They are UUIDs of 122 random
 * bits (RFC 4122 4.4), so that their SHA-256 (FIPS 180-4) gives nothing away. Pure but for chance.
 */
#pragma once

#define AUTHORIZATION_KEY_MAX 37u
#define AUTHORIZATION_HASH_MAX 65u

/* A new one. */
void authorization_key_make(char key[AUTHORIZATION_KEY_MAX]);

/* In hex; whether the key's letters are large or small is all one. */
void authorization_key_hash(const char *key, char hash[AUTHORIZATION_HASH_MAX]);
