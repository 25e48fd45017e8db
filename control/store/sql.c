/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/store/sql.h"

#include <errno.h>
#include <stdarg.h>

int sql_error_of(sqlite3 *db, int code)
{
	int system = sqlite3_system_errno(db);

	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_ERROR: /* the schema is another */
		return -EBADMSG;
	default:
		return system != 0 ? -system : -EIO;
	}
}

int sql_error(sqlite3 *db)
{
	return sql_error_of(db, sqlite3_errcode(db));
}

int sql_run(sqlite3 *db, const char *statements)
{
	return sqlite3_exec(db, statements, NULL, NULL, NULL) == SQLITE_OK ? 0 : sql_error(db);
}

sqlite3_stmt *sql_prepare(sqlite3 *db, const char *text, unsigned int count, ...)
{
	sqlite3_stmt *statement = NULL;
	va_list texts;

	if (sqlite3_prepare_v2(db, text, -1, &statement, NULL) != SQLITE_OK) {
		errno = -sql_error(db);
		return NULL;
	}
	va_start(texts, count);
	for (unsigned int i = 1; i <= count; i++)
		sqlite3_bind_text(
			statement, (int)i, va_arg(texts, const char *), -1, SQLITE_STATIC);
	va_end(texts);
	return statement;
}

int sql_step(sqlite3_stmt *statement)
{
	int result = sqlite3_step(statement);

	if (result == SQLITE_ROW)
		return 1;
	return result == SQLITE_DONE ? 0 : sql_error(sqlite3_db_handle(statement));
}

int sql_finish(sqlite3_stmt *statement)
{
	int error;

	if (statement == NULL)
		return -errno;
	error = sql_step(statement);
	sqlite3_finalize(statement);
	return error;
}

json_t *sql_rows(sqlite3_stmt *statement, json_t *(*make)(sqlite3_stmt *row))
{
	int result = statement != NULL ? 0 : -errno;
	json_t *rows = json_array();

	while (statement != NULL && (result = sql_step(statement)) == 1)
		if (json_array_append_new(rows, make(statement)) != 0) {
			result = -EBADMSG;
			break;
		}
	sqlite3_finalize(statement);
	if (result == 0)
		return rows;
	json_decref(rows);
	errno = -result;
	return NULL;
}

json_t *sql_json(sqlite3_stmt *statement, int column)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);

	return text != NULL ? json_loads(text, JSON_DECODE_ANY, NULL) : json_null();
}

int sql_number(sqlite3 *db, const char *text, int64_t *number)
{
	sqlite3_stmt *statement = sql_prepare(db, text, 0);
	int result;

	if (statement == NULL)
		return -errno;
	result = sql_step(statement);
	*number = result == 1 ? sqlite3_column_int64(statement, 0) : 0;
	sqlite3_finalize(statement);
	return result < 0 ? result : 0;
}
