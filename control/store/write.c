/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/store/write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/store/audit.h"
#include "control/store/sql.h"

/* A first apply has ten thousand changes and more: each statement is prepared once. */
enum { REMOVE_FIELD, SET_FIELD, ADD_AUDIT, STATEMENTS };

static const char *const statement_texts[STATEMENTS] = {
	[REMOVE_FIELD] = "DELETE FROM field WHERE object = ?1 AND field = ?2",
	[SET_FIELD] = "INSERT INTO field (object, field, value, principal, origin, generation)"
		      " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (object, field)"
		      " DO UPDATE SET value = ?3, principal = ?4, origin = ?5, generation = ?6",
	[ADD_AUDIT] = "INSERT INTO audit (principal, user, command, object, field, before, after,"
		      " number, revision, at, hash)"
		      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
};

struct writer {
	sqlite3 *db;
	const struct store_entry *entry;
	int64_t revision;
	sqlite3_stmt *statements[STATEMENTS];
	int64_t number; /* of the newest audit row, and its hash; 0 and zeros: there is none */
	uint8_t hash[AUDIT_HASH_SIZE];
};

static int read_head(struct writer *writer)
{
	sqlite3_stmt *statement = sql_prepare(
		writer->db, "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1", 0);
	int result;

	if (statement == NULL)
		return -errno;
	result = sql_step(statement);
	if (result == 1 && sqlite3_column_bytes(statement, 1) == (int)AUDIT_HASH_SIZE) {
		writer->number = sqlite3_column_int64(statement, 0);
		memcpy(writer->hash, sqlite3_column_blob(statement, 1), AUDIT_HASH_SIZE);
		result = 0;
	}
	sqlite3_finalize(statement);
	return result == 1 ? -EBADMSG : result;
}

static int prepare(struct writer *writer)
{
	for (unsigned int i = 0; i < STATEMENTS; i++) {
		writer->statements[i] = sql_prepare(writer->db, statement_texts[i], 0);
		if (writer->statements[i] == NULL)
			return -errno;
	}
	return read_head(writer);
}

/* Texts from ?1 on; they live until run. */
static void bind_texts(sqlite3_stmt *statement, const char *const texts[], unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		sqlite3_bind_text(statement, (int)i + 1, texts[i], -1, SQLITE_STATIC);
}

/* Ready for the next row, whatever came of this one. */
static int run(sqlite3_stmt *statement)
{
	int error = sql_step(statement);

	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return error;
}

static int write_field(
	struct writer *writer, const char *object, const char *field, const char *after)
{
	const char *const texts[] = {object, field, after, principal_name(writer->entry->principal),
		writer->entry->origin};
	sqlite3_stmt *statement = writer->statements[after != NULL ? SET_FIELD : REMOVE_FIELD];

	bind_texts(statement, texts, after != NULL ? 5 : 2);
	if (after != NULL)
		sqlite3_bind_int64(statement, 6, writer->revision);
	return run(statement);
}

static int write_audit(struct writer *writer, struct audit_row *row)
{
	sqlite3_stmt *statement = writer->statements[ADD_AUDIT];

	row->number = ++writer->number;
	audit_hash(row, writer->hash, writer->hash);
	bind_texts(statement, row->texts, sizeof(row->texts) / sizeof(row->texts[0]));
	sqlite3_bind_int64(statement, 8, row->number);
	sqlite3_bind_int64(statement, 9, row->revision);
	sqlite3_bind_int64(statement, 10, row->at);
	sqlite3_bind_blob(statement, 11, writer->hash, sizeof(writer->hash), SQLITE_STATIC);
	return run(statement);
}

/* A value's text, malloc'd; NULL for nothing. */
static char *dump(const json_t *value)
{
	return value == NULL || json_is_null(value)
		       ? NULL
		       : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
}

static int write_change(struct writer *writer, const json_t *change)
{
	const struct store_entry *entry = writer->entry;
	const char *object = json_string_value(json_object_get(change, "object"));
	const char *field = json_string_value(json_object_get(change, "field"));
	char *before = dump(json_object_get(change, "before"));
	char *after = dump(json_object_get(change, "after"));
	struct audit_row row = {
		.revision = writer->revision,
		.at = entry->at,
		.texts = {principal_name(entry->principal), entry->user, entry->command, object,
			field, before, after},
	};
	int error = write_field(writer, object, field, after);

	if (error == 0)
		error = write_audit(writer, &row);
	free(before);
	free(after);
	return error;
}

int write_changes(sqlite3 *db, const struct store_entry *entry, int64_t revision)
{
	struct writer writer = {.db = db, .entry = entry, .revision = revision};
	int error = prepare(&writer);
	size_t index;
	json_t *change;

	json_array_foreach ((json_t *)entry->changes, index, change) {
		if (error != 0)
			break;
		error = write_change(&writer, change);
	}
	/* Unfinished ones would stand in the way of the transaction's end. */
	for (unsigned int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(writer.statements[i]);
	return error;
}
