/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/usage/history.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "control/log.h"
#include "control/store/sql.h"
#include "control/usage/internal.h"

#define SCHEMA_VERSION 1
#define GAP_LEAST_US UINT64_C(30000000)
#define BUSY_MS 100 /* while somebody reads the file with another program */

#define COUNTER_COLUMNS                                                  \
	" in_bytes INTEGER NOT NULL, out_bytes INTEGER NOT NULL,"        \
	" dropped_in_bytes INTEGER NOT NULL, dropped_out_bytes INTEGER " \
	"NOT NULL, dropped_packets INTEGER NOT NULL"

static const char schema[] =
	"BEGIN IMMEDIATE;"
	"CREATE TABLE look (one INTEGER PRIMARY KEY CHECK (one = 1), sequence INTEGER NOT NULL,"
	" at INTEGER NOT NULL) STRICT;"
	"CREATE TABLE counter (link TEXT PRIMARY KEY, sequence INTEGER NOT NULL,"
	" boot INTEGER NOT NULL, life INTEGER NOT NULL, family TEXT NOT NULL," COUNTER_COLUMNS
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE watched (hour INTEGER PRIMARY KEY, seconds INTEGER NOT NULL) STRICT;"
	"CREATE TABLE open (hour INTEGER NOT NULL, circuit TEXT NOT NULL,"
	" family TEXT NOT NULL," COUNTER_COLUMNS ","
	" PRIMARY KEY (hour, circuit, family)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE record (circuit TEXT NOT NULL, number INTEGER NOT NULL, edge TEXT NOT NULL,"
	" hour INTEGER NOT NULL, family TEXT NOT NULL, seconds INTEGER NOT NULL," COUNTER_COLUMNS
	", previous BLOB NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (circuit, number)) STRICT,"
	" WITHOUT ROWID;"
	"CREATE INDEX record_by_hour ON record (hour);"
	"CREATE TABLE head (circuit TEXT PRIMARY KEY, number INTEGER NOT NULL, hash BLOB NOT NULL)"
	" STRICT, WITHOUT ROWID;"
	"CREATE TABLE link (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
	"CREATE TABLE rate (minute INTEGER NOT NULL, link INTEGER NOT NULL, ms INTEGER NOT NULL,"
	" in_bytes INTEGER NOT NULL, out_bytes INTEGER NOT NULL,"
	" dropped_in_bytes INTEGER NOT NULL, dropped_out_bytes INTEGER NOT NULL,"
	" neighbour_ms INTEGER NOT NULL, neighbour_known_ms INTEGER NOT NULL,"
	" session_ms INTEGER NOT NULL, session_known_ms INTEGER NOT NULL,"
	" peak_in INTEGER NOT NULL DEFAULT 0,"
	" peak_out INTEGER NOT NULL DEFAULT 0, peak_dropped_in INTEGER NOT NULL DEFAULT 0,"
	" peak_dropped_out INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (minute, link)) STRICT,"
	" WITHOUT ROWID;"
	"PRAGMA user_version = 1;"
	"COMMIT;";

static const char *const statement_texts[STATEMENTS] = {
	[SELECT_COUNTER] = "SELECT boot, life, family, in_bytes, out_bytes, dropped_in_bytes,"
			   " dropped_out_bytes, dropped_packets FROM counter WHERE link = ?1",
	[PUT_COUNTER] = "INSERT OR REPLACE INTO counter (link, family, sequence, boot, life,"
			" in_bytes, out_bytes, dropped_in_bytes, dropped_out_bytes,"
			" dropped_packets) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[ADD_OPEN] = "INSERT INTO open (circuit, family, hour, in_bytes, out_bytes,"
		     " dropped_in_bytes, dropped_out_bytes, dropped_packets)"
		     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
		     " ON CONFLICT DO UPDATE SET in_bytes = in_bytes + ?4,"
		     " out_bytes = out_bytes + ?5, dropped_in_bytes = dropped_in_bytes + ?6,"
		     " dropped_out_bytes = dropped_out_bytes + ?7,"
		     " dropped_packets = dropped_packets + ?8",
	[ADD_RATE] = "INSERT INTO rate (link, minute, ms, in_bytes, out_bytes, dropped_in_bytes,"
		     " dropped_out_bytes, neighbour_ms, neighbour_known_ms, session_ms,"
		     " session_known_ms)"
		     " SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 FROM link"
		     " WHERE name = ?1"
		     " ON CONFLICT DO UPDATE SET ms = ms + ?3, in_bytes = in_bytes + ?4,"
		     " out_bytes = out_bytes + ?5, dropped_in_bytes = dropped_in_bytes + ?6,"
		     " dropped_out_bytes = dropped_out_bytes + ?7,"
		     " neighbour_ms = neighbour_ms + ?8,"
		     " neighbour_known_ms = neighbour_known_ms + ?9,"
		     " session_ms = session_ms + ?10,"
		     " session_known_ms = session_known_ms + ?11",
	[LIFT_PEAK] = "UPDATE rate SET peak_in = MAX(peak_in, ?3), peak_out = MAX(peak_out, ?4),"
		      " peak_dropped_in = MAX(peak_dropped_in, ?5),"
		      " peak_dropped_out = MAX(peak_dropped_out, ?6)"
		      " WHERE minute = ?2 AND link = (SELECT id FROM link WHERE name = ?1)",
	[PUT_LINK] = "INSERT OR IGNORE INTO link (name) VALUES (?1)",
};

/* ---- statements ---- */

void bind_numbers(sqlite3_stmt *statement, int first, const int64_t *values, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		sqlite3_bind_int64(statement, first + (int)i, values[i]);
}

void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
	sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

int run_statement(sqlite3_stmt *statement)
{
	int error = sql_step(statement);

	sqlite3_reset(statement);
	return error < 0 ? error : 0;
}

/* ---- opening ---- */

static int prepare_all(struct history *history)
{
	for (unsigned int i = 0; i < STATEMENTS; i++) {
		if (sqlite3_prepare_v3(history->db, statement_texts[i], -1,
			    SQLITE_PREPARE_PERSISTENT, &history->statements[i], NULL) != SQLITE_OK)
			return sql_error(history->db);
	}
	return 0;
}

static int open_db(struct history *history)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	int64_t version = 0;
	int error;

	if (sqlite3_open_v2(history->path, &history->db, flags, NULL) != SQLITE_OK)
		return sql_error(history->db);
	sqlite3_busy_timeout(history->db, BUSY_MS);
	error = sql_run(history->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
				     " PRAGMA temp_store = MEMORY;");
	if (error == 0)
		error = sql_number(history->db, "PRAGMA user_version", &version);
	if (error == 0 && version > SCHEMA_VERSION)
		error = -EPROTONOSUPPORT;
	if (error == 0 && version == 0)
		error = sql_run(history->db, schema);
	return error == 0 ? prepare_all(history) : error;
}

static void close_db(struct history *history)
{
	for (unsigned int i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(history->statements[i]);
		history->statements[i] = NULL;
	}
	sqlite3_close(history->db);
	history->db = NULL;
}

const char *history_reason(int error)
{
	if (error == -EPROTONOSUPPORT)
		return "written by a newer version; run that one";
	return error == -EBADMSG ? "damaged, or not written by onramp; move it away, and a new "
				   "one is begun"
				 : strerror(-error);
}

static void complain(struct history *history, int error)
{
	if (error != 0 && !history->complained)
		log_error("usage",
			"%s: %s; what links move is not recorded until that is mended, "
			"and then at once",
			history->path, history_reason(error));
	else if (error == 0 && history->complained)
		log_info("usage", "%s is written again", history->path);
	history->complained = error != 0;
}

/* What failed is opened anew: the file may be another one then. */
static int open_again(struct history *history)
{
	int error = 0;

	if (history->db != NULL)
		return 0;
	if (mkdir(history->state_dir, 0700) < 0 && errno != EEXIST)
		error = -errno;
	if (error == 0)
		error = open_db(history);
	if (error != 0)
		close_db(history);
	return error;
}

int history_ready(struct history *history)
{
	int error = open_again(history);

	/* Only a look that was written says that all is well again. */
	if (error != 0)
		complain(history, error);
	return error;
}

struct history *history_open(const char *state_dir, const char *edge, unsigned int interval_s)
{
	struct history *history = calloc(1, sizeof(*history));

	if (history == NULL)
		return NULL;
	history->edge = edge;
	history->state_dir = state_dir;
	history->gap_us = UINT64_C(3000000) * interval_s;
	if (history->gap_us < GAP_LEAST_US)
		history->gap_us = GAP_LEAST_US;
	if (asprintf(&history->path, "%s/usage.db", state_dir) < 0) {
		free(history);
		return NULL;
	}
	return history;
}

void history_close(struct history *history)
{
	if (history == NULL)
		return;
	close_db(history);
	free(history->path);
	free(history);
}

/* ---- a look ---- */

static int read_last_look(struct recording *recording)
{
	sqlite3_stmt *statement =
		sql_prepare(recording->history->db, "SELECT sequence, at FROM look", 0);
	int result;

	if (statement == NULL)
		return -errno;
	result = sql_step(statement);
	recording->first = result != 1;
	recording->sequence = result == 1 ? sqlite3_column_int64(statement, 0) + 1 : 1;
	recording->from = result == 1 ? sqlite3_column_int64(statement, 1) : recording->look->at;
	sqlite3_finalize(statement);
	return result < 0 ? result : 0;
}

static int write_look(const struct recording *recording)
{
	const int64_t values[] = {recording->sequence, recording->look->at};
	sqlite3_stmt *statement = sql_prepare(recording->history->db,
		"INSERT OR REPLACE INTO look (one, sequence, at) VALUES (1, ?1, ?2)", 0);

	if (statement != NULL)
		bind_numbers(statement, 1, values, 2);
	return sql_finish(statement);
}

/* Links that are gone: whoever has their names next is counted from zero. */
static int forget_links(const struct recording *recording)
{
	sqlite3_stmt *statement =
		sql_prepare(recording->history->db, "DELETE FROM counter WHERE sequence <> ?1", 0);

	if (statement != NULL)
		bind_numbers(statement, 1, &recording->sequence, 1);
	return sql_finish(statement);
}

static int record_all(struct recording *recording, bool *closed)
{
	const struct history_look *look = recording->look;
	int error = read_last_look(recording);

	for (size_t i = 0; i < look->count && error == 0; i++) {
		int64_t deltas[RECORD_COUNTERS];

		error = hours_count(recording, &look->links[i], deltas);
		if (error == 0)
			error = rates_count(recording, &look->links[i], deltas);
	}
	if (error == 0)
		error = forget_links(recording);
	if (error == 0)
		error = hours_end(recording, closed);
	if (error == 0)
		error = rates_end(recording);
	return error == 0 ? write_look(recording) : error;
}

/* Records go to the disk themselves, not only into the log; the rest does once a minute. */
static void save(struct history *history, bool closed)
{
	int mode = closed ? SQLITE_CHECKPOINT_FULL : SQLITE_CHECKPOINT_PASSIVE;
	bool saved = sqlite3_wal_checkpoint_v2(history->db, NULL, mode, NULL, NULL) == SQLITE_OK;

	if (!saved && !history->unsaved)
		log_warning("usage", "%s: %s; it waits in its write-ahead log", history->path,
			sqlite3_errmsg(history->db));
	history->unsaved = !saved;
}

/* One transaction. */
static int write_all(struct recording *recording, bool *closed)
{
	sqlite3 *db = recording->history->db;
	int error = sql_run(db, "BEGIN IMMEDIATE");

	if (error != 0)
		return error;
	error = record_all(recording, closed);
	if (error == 0)
		error = sql_run(db, "COMMIT");
	/* SQLite may have rolled back by itself after an error. */
	if (error != 0 && sqlite3_get_autocommit(db) == 0)
		sql_run(db, "ROLLBACK");
	return error;
}

int history_record(struct history *history, const struct history_look *look)
{
	struct recording recording = {.history = history, .look = look};
	uint64_t elapsed_us = look->at_us - history->last_us;
	bool closed = false;
	int error = open_again(history);

	if (history->last_us != 0 && elapsed_us <= history->gap_us)
		recording.elapsed_us = elapsed_us;
	/* at has no fractions: a second that ends with a minute is that minute's. */
	recording.minute =
		(look->at - (int64_t)((recording.elapsed_us + 1999999) / 2000000)) / MINUTE_S;
	if (error == 0)
		error = write_all(&recording, &closed);
	complain(history, error);
	if (error != 0) {
		close_db(history);
		return error;
	}
	if (closed || recording.minute != history->last_minute)
		save(history, closed);
	history->last_us = look->at_us;
	history->last_minute = recording.minute;
	return 0;
}
