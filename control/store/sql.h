/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SQLite as the store uses it: errors are -errno.
 */
#pragma once

#include <stdint.h>

#include <jansson.h>
#include <sqlite3.h>

/* What the connection's last failure was: -ENOSPC, -EBADMSG, ... */
int sql_error(sqlite3 *db);
/* The same of a call's result, which the connection does not remember. */
int sql_error_of(sqlite3 *db, int code);

/* Statements without results. 0 or -errno. */
int sql_run(sqlite3 *db, const char *statements);

/* A statement with the texts bound to ?1, ?2, ... (count of them; NULL is NULL). Texts must live
 * until it is finalized. NULL with errno. */
sqlite3_stmt *sql_prepare(sqlite3 *db, const char *text, unsigned int count, ...);

/* Steps to the next row: 1 there is one, 0 the end, -errno. */
int sql_step(sqlite3_stmt *statement);

/* Runs a statement without results and finalizes it; takes NULL. 0 or -errno. */
int sql_finish(sqlite3_stmt *statement);

/* An array of what make says of each row (NULL: the row is damaged); finalizes the statement, takes
 * NULL. NULL with errno. */
json_t *sql_rows(sqlite3_stmt *statement, json_t *(*make)(sqlite3_stmt *row));

/* The JSON text of a column; json_null() where it is NULL, NULL where it is no JSON. */
json_t *sql_json(sqlite3_stmt *statement, int column);

/* The number that a statement SELECTs in one row, 0 for NULL. 0 or -errno. */
int sql_number(sqlite3 *db, const char *text, int64_t *number);
