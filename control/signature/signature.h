/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signatures of what an edge tells (Ed25519, RFC 8032): a text whose last line is
 *
 *   # signature ed25519 BASE64
 *
 * over all bytes before that line. Keys are PEM files as openssl writes them (RFC 8410 section 7
 * and 4, RFC 7468): `openssl genpkey -algorithm ed25519 -out KEY`, and for those who only check,
 * `openssl pkey -in KEY -pubout`. Pure but for signing_key_read.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGNATURE_SIZE 64u
#define SIGNATURE_LINE_MAX 128u

struct signing_key {
	bool secret; /* it can sign */
	uint8_t seed[32], open[32];
};

/* NULL: read; else what is wrong, a sentence for behind the file's name. */
const char *signing_key_parse(const char *text, size_t length, struct signing_key *key);

/* The same of a file. false: why says what is wrong, with the file's name. to_sign: a public key
 * does not do. */
bool signing_key_read(
	const char *path, bool to_sign, struct signing_key *key, char *why, size_t size);

/* The line for a text, with its end. Returns its length. */
size_t signature_line(const struct signing_key *key, const char *text, size_t length,
	char line[SIGNATURE_LINE_MAX]);

/* How much of a text is before its signature line. false: it has none (body is all of it). */
bool signature_find(
	const char *text, size_t length, size_t *body, uint8_t signature[SIGNATURE_SIZE]);

bool signature_is_of(const struct signing_key *key, const char *text, size_t length,
	const uint8_t signature[SIGNATURE_SIZE]);
