/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/signature/signature.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <nettle/base64.h>
#include <nettle/eddsa.h>

#define LINE_HEAD "# signature ed25519 "
#define KEY_FILE_MAX 4096u /* bytes; such a key has 120 */

/* What stands before the 32 bytes of a key in DER (RFC 8410 sections 4 and 7): the algorithm, and
 * no parameters or attributes. */
static const uint8_t secret_head[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b,
	0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
static const uint8_t open_head[] = {
	0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

#define DER_MAX (sizeof(secret_head) + 32)

/* ---- keys ---- */

/* The bytes between the lines "-----BEGIN what-----" and "-----END what-----". Returns how many,
 * 0: there is no such thing, or it is longer than these. */
static size_t read_pem(const char *text, size_t length, const char *what, uint8_t der[DER_MAX])
{
	uint8_t decoded[BASE64_DECODE_LENGTH(KEY_FILE_MAX)];
	size_t bytes = sizeof(decoded), head;
	struct base64_decode_ctx context;
	char line[64];
	const char *end;

	head = (size_t)snprintf(line, sizeof(line), "-----BEGIN %s-----\n", what);
	if (length > KEY_FILE_MAX || length < head || memcmp(text, line, head) != 0)
		return 0;
	snprintf(line, sizeof(line), "\n-----END %s-----", what);
	end = memmem(text + head, length - head, line, strlen(line));
	if (end == NULL)
		return 0;
	base64_decode_init(&context);
	if (!base64_decode_update(
		    &context, &bytes, decoded, (size_t)(end - text) - head, text + head) ||
		!base64_decode_final(&context) || bytes > DER_MAX)
		return 0;
	memcpy(der, decoded, bytes);
	return bytes;
}

const char *signing_key_parse(const char *text, size_t length, struct signing_key *key)
{
	uint8_t der[DER_MAX];

	*key = (struct signing_key){0};
	if (read_pem(text, length, "PRIVATE KEY", der) == sizeof(secret_head) + 32 &&
		memcmp(der, secret_head, sizeof(secret_head)) == 0) {
		key->secret = true;
		memcpy(key->seed, der + sizeof(secret_head), sizeof(key->seed));
		ed25519_sha512_public_key(key->open, key->seed);
		return NULL;
	}
	if (read_pem(text, length, "PUBLIC KEY", der) == sizeof(open_head) + 32 &&
		memcmp(der, open_head, sizeof(open_head)) == 0) {
		memcpy(key->open, der + sizeof(open_head), sizeof(key->open));
		return NULL;
	}
	return "no Ed25519 key in PEM without a password; make one with `openssl genpkey "
	       "-algorithm ed25519 -out KEY`, and its public half with `openssl pkey -in KEY "
	       "-pubout`";
}

bool signing_key_read(
	const char *path, bool to_sign, struct signing_key *key, char *why, size_t size)
{
	char text[KEY_FILE_MAX + 1];
	FILE *file = fopen(path, "re");
	size_t length = file != NULL ? fread(text, 1, sizeof(text), file) : 0;
	const char *wrong = NULL;

	if (file == NULL || ferror(file))
		wrong = strerror(errno);
	else if (length > KEY_FILE_MAX)
		wrong = "too long for a key";
	else
		wrong = signing_key_parse(text, length, key);
	if (wrong == NULL && to_sign && !key->secret)
		wrong = "a public key; signing needs the private one";
	if (file != NULL)
		fclose(file);
	explicit_bzero(text, sizeof(text));
	if (wrong != NULL)
		snprintf(why, size, "%s: %s", path, wrong);
	return wrong == NULL;
}

/* ---- signatures ---- */

size_t signature_line(const struct signing_key *key, const char *text, size_t length,
	char line[SIGNATURE_LINE_MAX])
{
	uint8_t signature[SIGNATURE_SIZE];
	char encoded[BASE64_ENCODE_RAW_LENGTH(SIGNATURE_SIZE) + 1];

	ed25519_sha512_sign(key->open, key->seed, length, (const uint8_t *)text, signature);
	base64_encode_raw(encoded, sizeof(signature), signature);
	encoded[sizeof(encoded) - 1] = '\0';
	return (size_t)snprintf(line, SIGNATURE_LINE_MAX, LINE_HEAD "%s\n", encoded);
}

/* Where the last line begins. */
static size_t last_line(const char *text, size_t length)
{
	const char *end;

	if (length == 0 || text[length - 1] != '\n')
		return length;
	end = memrchr(text, '\n', length - 1);
	return end != NULL ? (size_t)(end - text) + 1 : 0;
}

bool signature_find(
	const char *text, size_t length, size_t *body, uint8_t signature[SIGNATURE_SIZE])
{
	const size_t head = sizeof(LINE_HEAD) - 1;
	uint8_t decoded[BASE64_DECODE_LENGTH(SIGNATURE_LINE_MAX)];
	size_t at = last_line(text, length), left = length - at, bytes = sizeof(decoded);
	struct base64_decode_ctx context;

	*body = length;
	if (left <= head || left > SIGNATURE_LINE_MAX || memcmp(text + at, LINE_HEAD, head) != 0)
		return false;
	base64_decode_init(&context);
	if (!base64_decode_update(&context, &bytes, decoded, left - head - 1, text + at + head) ||
		!base64_decode_final(&context) || bytes != SIGNATURE_SIZE)
		return false;
	memcpy(signature, decoded, SIGNATURE_SIZE);
	*body = at;
	return true;
}

bool signature_is_of(const struct signing_key *key, const char *text, size_t length,
	const uint8_t signature[SIGNATURE_SIZE])
{
	return ed25519_sha512_verify(key->open, length, (const uint8_t *)text, signature) == 1;
}
