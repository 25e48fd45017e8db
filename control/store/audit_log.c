/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading the audit log: to show it, to go back, to find what was tampered with.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/store/audit.h"
#include "control/store/objects.h"
#include "control/store/sql.h"
#include "control/store/store.h"

static json_t *row_change(sqlite3_stmt *statement)
{
	return json_pack("{s:s, s:s, s:o, s:o}", "object",
		sqlite3_column_text(statement, AUDIT_OBJECT), "field",
		sqlite3_column_text(statement, AUDIT_FIELD), "before",
		sql_json(statement, AUDIT_BEFORE), "after", sql_json(statement, AUDIT_AFTER));
}

static json_t *row_json(sqlite3_stmt *statement)
{
	const struct audit_row row = audit_read(statement);
	json_t *shown = json_pack("{s:I, s:I, s:s, s:s, s:s}", "revision", (json_int_t)row.revision,
		"at", (json_int_t)row.at, "principal", row.texts[0], "user", row.texts[1],
		"command", row.texts[2]);
	json_t *change = row_change(statement);

	if (change == NULL || json_object_update(shown, change) != 0) {
		json_decref(shown);
		shown = NULL;
	}
	json_decref(change);
	return shown;
}

json_t *store_audit(struct store *store, unsigned int limit)
{
	sqlite3_stmt *statement;

	if (store->now.revision == 0)
		return json_array();
	statement = sql_prepare(store->db,
		"SELECT " AUDIT_COLUMNS " FROM (SELECT * FROM audit ORDER BY number DESC LIMIT ?1)"
		" ORDER BY number",
		0);
	if (statement != NULL)
		sqlite3_bind_int64(statement, 1, (sqlite3_int64)limit);
	return sql_rows(statement, row_json);
}

/* ---- going back ---- */

static bool was_there(struct store *store, uint64_t revision)
{
	sqlite3_stmt *statement =
		sql_prepare(store->db, "SELECT 1 FROM audit WHERE revision = ?1 LIMIT 1", 0);
	bool found = false;

	if (statement != NULL) {
		sqlite3_bind_int64(statement, 1, (sqlite3_int64)revision);
		found = sql_step(statement) == 1;
	}
	sqlite3_finalize(statement);
	return found;
}

json_t *store_objects_at(struct store *store, uint64_t revision)
{
	json_t *objects;
	sqlite3_stmt *statement;
	int result;

	if (store->now.revision == 0 || !was_there(store, revision))
		return NULL;
	statement = sql_prepare(store->db,
		"SELECT " AUDIT_COLUMNS " FROM audit WHERE revision > ?1 ORDER BY number DESC", 0);
	if (statement == NULL)
		return NULL;
	sqlite3_bind_int64(statement, 1, (sqlite3_int64)revision);
	objects = json_deep_copy(store->now.objects);
	while ((result = sql_step(statement)) == 1) {
		json_t *change = row_change(statement);

		result = change != NULL ? objects_unchange(objects, change) : -EBADMSG;
		json_decref(change);
		if (result != 0)
			break;
	}
	sqlite3_finalize(statement);
	if (result == 0)
		return objects;
	json_decref(objects);
	return NULL;
}

/* ---- verifying ---- */

struct verification {
	json_t *objects; /* as the log says */
	int64_t entries;
	uint8_t head[AUDIT_HASH_SIZE];
	char wrong[480]; /* "": nothing so far */
};

static void verify_row(struct verification *verification, sqlite3_stmt *statement)
{
	const struct audit_row row = audit_read(statement);
	json_t *change;

	if (row.number != verification->entries + 1) {
		snprintf(verification->wrong, sizeof(verification->wrong),
			"audit row %" PRId64 " follows row %" PRId64
			": what was between them was taken out",
			row.number, verification->entries);
		return;
	}
	audit_hash(&row, verification->head, verification->head);
	if (!audit_hash_is(statement, verification->head)) {
		snprintf(verification->wrong, sizeof(verification->wrong),
			"audit row %" PRId64 " (revision %" PRId64
			", %s) is not as it was written, or the row before it is not",
			row.number, row.revision, row.texts[2] != NULL ? row.texts[2] : "");
		return;
	}
	verification->entries++;
	change = row_change(statement);
	if (change == NULL || objects_change(verification->objects, change) != 0)
		snprintf(verification->wrong, sizeof(verification->wrong),
			"audit row %" PRId64 " changes what was not so", row.number);
	json_decref(change);
}

static int verify_rows(struct store *store, struct verification *verification)
{
	sqlite3_stmt *statement =
		sql_prepare(store->db, "SELECT " AUDIT_COLUMNS " FROM audit ORDER BY number", 0);
	int result = 0;

	if (statement == NULL)
		return -errno;
	while (verification->wrong[0] == '\0' && (result = sql_step(statement)) == 1)
		verify_row(verification, statement);
	sqlite3_finalize(statement);
	return result < 0 ? result : 0;
}

/* The fields in the file against those that the log leads to. */
static void verify_fields(const struct store_content *content, struct verification *verification)
{
	json_t *differ = objects_diff(verification->objects, content->objects);
	const json_t *first = json_array_get(differ, 0);
	char *says = json_dumps(json_object_get(first, "before"), JSON_ENCODE_ANY);
	char *is = json_dumps(json_object_get(first, "after"), JSON_ENCODE_ANY);
	char path[2 * OBJECT_PATH_MAX];

	if (first != NULL)
		snprintf(verification->wrong, sizeof(verification->wrong),
			"%s is %.100s in the store, but the audit log leads to %.100s",
			objects_field_path(json_string_value(json_object_get(first, "object")),
				json_string_value(json_object_get(first, "field")), path,
				sizeof(path)),
			is, says);
	free(says);
	free(is);
	json_decref(differ);
}

static void write_hash(const uint8_t hash[AUDIT_HASH_SIZE], char text[STORE_HASH_TEXT_MAX])
{
	for (unsigned int i = 0; i < AUDIT_HASH_SIZE; i++)
		snprintf(text + (size_t)2 * i, 3, "%02x", hash[i]);
}

bool store_entry_hash(struct store *store, int64_t number, char text[STORE_HASH_TEXT_MAX])
{
	sqlite3_stmt *statement;
	bool found;

	if (store->now.revision == 0)
		return false;
	statement = sql_prepare(store->db, "SELECT hash FROM audit WHERE number = ?1", 0);
	if (statement == NULL)
		return false;
	sqlite3_bind_int64(statement, 1, number);
	found = sql_step(statement) == 1 &&
		sqlite3_column_bytes(statement, 0) == (int)AUDIT_HASH_SIZE;
	if (found)
		write_hash(sqlite3_column_blob(statement, 0), text);
	sqlite3_finalize(statement);
	return found;
}

static json_t *verdict(const struct verification *verification)
{
	char head[STORE_HASH_TEXT_MAX];

	write_hash(verification->head, head);
	return json_pack("{s:I, s:s, s:s?}", "entries", (json_int_t)verification->entries, "head",
		head, "wrong", verification->wrong[0] != '\0' ? verification->wrong : NULL);
}

json_t *store_verify(struct store *store)
{
	struct verification verification = {.objects = json_object()};
	struct store_content content = {0};
	json_t *result = NULL;
	int error = verification.objects != NULL ? 0 : -ENOMEM;

	if (error == 0 && store->now.revision > 0) {
		error = verify_rows(store, &verification);
		if (error == 0)
			error = store_read(store, &content);
		if (error == 0 && verification.wrong[0] == '\0')
			verify_fields(&content, &verification);
	}
	if (error == 0)
		result = verdict(&verification);
	store_content_free(&content);
	json_decref(verification.objects);
	errno = -error;
	return result;
}
