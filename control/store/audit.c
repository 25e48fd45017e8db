/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/store/audit.h"

#include <endian.h>
#include <string.h>

#include <nettle/sha2.h>

static const char *column_text(sqlite3_stmt *statement, int column)
{
	return (const char *)sqlite3_column_text(statement, column);
}

struct audit_row audit_read(sqlite3_stmt *statement)
{
	struct audit_row row = {
		.number = sqlite3_column_int64(statement, AUDIT_NUMBER),
		.revision = sqlite3_column_int64(statement, AUDIT_REVISION),
		.at = sqlite3_column_int64(statement, AUDIT_AT),
	};

	for (int column = AUDIT_PRINCIPAL; column <= AUDIT_AFTER; column++)
		row.texts[column - AUDIT_PRINCIPAL] = column_text(statement, column);
	return row;
}

static void add_number(struct sha256_ctx *sha, uint64_t number)
{
	const uint64_t big = htobe64(number);

	sha256_update(sha, sizeof(big), (const uint8_t *)&big);
}

/* With its length in front, so that no two rows have the same bytes; nothing is no empty text. */
static void add_text(struct sha256_ctx *sha, const char *text)
{
	size_t length = text != NULL ? strlen(text) : 0;

	add_number(sha, text != NULL ? length : UINT64_MAX);
	sha256_update(sha, length, (const uint8_t *)(text != NULL ? text : ""));
}

void audit_hash(const struct audit_row *row, const uint8_t previous[AUDIT_HASH_SIZE],
	uint8_t hash[AUDIT_HASH_SIZE])
{
	struct sha256_ctx sha;

	sha256_init(&sha);
	sha256_update(&sha, AUDIT_HASH_SIZE, previous);
	add_number(&sha, (uint64_t)row->number);
	add_number(&sha, (uint64_t)row->revision);
	add_number(&sha, (uint64_t)row->at);
	for (unsigned int i = 0; i < sizeof(row->texts) / sizeof(row->texts[0]); i++)
		add_text(&sha, row->texts[i]);
	sha256_digest(&sha, AUDIT_HASH_SIZE, hash);
}

bool audit_hash_is(sqlite3_stmt *statement, const uint8_t hash[AUDIT_HASH_SIZE])
{
	return sqlite3_column_bytes(statement, AUDIT_HASH) == (int)AUDIT_HASH_SIZE &&
	       memcmp(sqlite3_column_blob(statement, AUDIT_HASH), hash, AUDIT_HASH_SIZE) == 0;
}
