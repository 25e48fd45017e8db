/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From rows to objects.
 */
#include <errno.h>
#include <stdlib.h>

#include "control/store/objects.h"
#include "control/store/sql.h"
#include "control/store/store.h"

void store_content_free(struct store_content *content)
{
	json_decref(content->objects);
	json_decref(content->stamps);
	free(content->document);
	*content = (struct store_content){0};
}

/* The object under this name in a JSON object, made when it is missing. */
static json_t *inner(json_t *outer, const char *name)
{
	json_t *found = json_object_get(outer, name);

	if (found == NULL && json_object_set_new(outer, name, json_object()) == 0)
		found = json_object_get(outer, name);
	return found;
}

static int add_row(struct store_content *content, sqlite3_stmt *statement)
{
	const char *object = (const char *)sqlite3_column_text(statement, 0);
	const char *field = (const char *)sqlite3_column_text(statement, 1);
	json_t *value = sql_json(statement, 2), *own, *stamps, *stamp;
	int error = 0;

	if (object == NULL || field == NULL || value == NULL || json_is_null(value)) {
		json_decref(value);
		return -EBADMSG;
	}
	own = inner(content->objects, object);
	stamps = inner(content->stamps, object);
	stamp = json_pack("{s:s, s:s, s:I}", "principal", sqlite3_column_text(statement, 3),
		"origin", sqlite3_column_text(statement, 4), "generation",
		(json_int_t)sqlite3_column_int64(statement, 5));
	if (json_object_set_new(stamps, field, stamp) != 0 ||
		(field[0] != '\0' && json_object_set(own, field, value) != 0))
		error = -ENOMEM;
	json_decref(value);
	return error;
}

static int read_fields(sqlite3 *db, struct store_content *content)
{
	sqlite3_stmt *statement = sql_prepare(db,
		"SELECT object, field, value, principal, origin, generation FROM field"
		" ORDER BY position",
		0);
	int result;

	if (statement == NULL)
		return -errno;
	while ((result = sql_step(statement)) == 1) {
		result = add_row(content, statement);
		if (result < 0)
			break;
	}
	sqlite3_finalize(statement);
	return result;
}

int store_read(struct store *store, struct store_content *content)
{
	int64_t revision = 0;
	int error = sql_number(store->db, "SELECT max(revision) FROM audit", &revision);

	content->objects = json_object();
	content->stamps = json_object();
	if (content->objects == NULL || content->stamps == NULL)
		error = -ENOMEM;
	if (error == 0)
		error = read_fields(store->db, content);
	if (error == 0 && json_object_size(content->objects) > 0) {
		content->document = objects_document(content->objects, 0, &content->length);
		if (content->document == NULL)
			error = -EBADMSG;
		else if (content->length > STORE_DOCUMENT_MAX)
			error = -EFBIG;
	}
	content->revision = (uint64_t)revision;
	if (error != 0)
		store_content_free(content);
	return error;
}
