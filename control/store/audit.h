/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One row of the audit log, and the chain that holds the rows together: each hash covers the one
 * before it, so that a row cannot be changed, taken out or put in without changing all that follow.
 * Whoever can write the file can make a new chain: note the newest hash elsewhere.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#define AUDIT_HASH_SIZE 32u /* SHA-256 (FIPS 180-4) */

/* Columns of the table audit, in the order of AUDIT_COLUMNS. */
enum {
	AUDIT_NUMBER,
	AUDIT_REVISION,
	AUDIT_AT,
	AUDIT_PRINCIPAL,
	AUDIT_USER,
	AUDIT_COMMAND,
	AUDIT_OBJECT,
	AUDIT_FIELD,
	AUDIT_BEFORE, /* JSON, or NULL */
	AUDIT_AFTER,
	AUDIT_HASH,
};
#define AUDIT_COLUMNS \
	"number, revision, at, principal, user, command, object, field, before, after, hash"

struct audit_row {
	int64_t number, revision, at;
	const char *texts[AUDIT_AFTER - AUDIT_PRINCIPAL + 1]; /* from AUDIT_PRINCIPAL; or NULL */
};

/* Of a statement that SELECTs AUDIT_COLUMNS and stands on a row; texts live until its next step. */
struct audit_row audit_read(sqlite3_stmt *statement);

/* previous: of the row before, zeros for the first. */
void audit_hash(const struct audit_row *row, const uint8_t previous[AUDIT_HASH_SIZE],
	uint8_t hash[AUDIT_HASH_SIZE]);

/* Is the hash in the row that the statement stands on this one? */
bool audit_hash_is(sqlite3_stmt *statement, const uint8_t hash[AUDIT_HASH_SIZE]);
