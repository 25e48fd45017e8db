/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From counters to hours, and from hours to records.
 */
#include <errno.h>
#include <string.h>

#include "control/store/sql.h"
#include "control/usage/internal.h"

/* Nobody was away for longer: the clock was set. */
#define AWAY_MAX_S (INT64_C(31) * 24 * HOUR_S)

/* ---- differences ---- */

/* What the last look saw, of the same life or not. */
struct before {
	bool known; /* the same life: counters go on from these */
	int64_t counters[RECORD_COUNTERS];
	char family[NAME_MAX_LENGTH + 1]; /* "": not known */
};

static int read_before(
	const struct recording *recording, const struct history_link *link, struct before *before)
{
	sqlite3_stmt *statement = recording->history->statements[SELECT_COUNTER];
	int result;

	*before = (struct before){0};
	bind_text(statement, 1, link->name);
	result = sql_step(statement);
	if (result == 1) {
		const char *family = (const char *)sqlite3_column_text(statement, 2);

		before->known =
			(uint64_t)sqlite3_column_int64(statement, 0) == recording->look->boot_id &&
			sqlite3_column_int64(statement, 1) == link->life;
		for (int i = 0; i < RECORD_COUNTERS; i++)
			before->counters[i] = sqlite3_column_int64(statement, 3 + i);
		if (family != NULL && strlen(family) < sizeof(before->family))
			strcpy(before->family, family);
	}
	sqlite3_reset(statement);
	return result < 0 ? result : 0;
}

static int write_counters(const struct recording *recording, const struct history_link *link,
	const char *family, const int64_t counters[RECORD_COUNTERS])
{
	sqlite3_stmt *statement = recording->history->statements[PUT_COUNTER];
	const int64_t values[] = {
		recording->sequence, (int64_t)recording->look->boot_id, link->life};

	bind_text(statement, 1, link->name);
	bind_text(statement, 2, family);
	bind_numbers(statement, 3, values, 3);
	bind_numbers(statement, 6, counters, RECORD_COUNTERS);
	return run_statement(statement);
}

/* ---- hours ---- */

/* A piece of time, cut at the hours. A clock that was put back, or set by more than anybody is away
 * for, leaves one hour, the present one. */
struct span {
	int64_t from, to;
	int64_t first, last; /* hours */
};

static struct span span_of(int64_t from, int64_t to)
{
	if (to <= from || to - from > AWAY_MAX_S)
		return (struct span){to - 1, to, to / HOUR_S, to / HOUR_S};
	return (struct span){from, to, from / HOUR_S, (to - 1) / HOUR_S};
}

/* What of value falls into an hour: by time, so that all hours together have all of it. */
static int64_t share(const struct span *span, int64_t value, int64_t hour)
{
	int64_t from = hour == span->first ? span->from : hour * HOUR_S;
	int64_t to = hour == span->last ? span->to : (hour + 1) * HOUR_S;
	__int128 whole = span->to - span->from;

	return (int64_t)(value * (__int128)(to - span->from) / whole -
			 value * (__int128)(from - span->from) / whole);
}

static int add_to_hours(const struct recording *recording, const struct history_link *link,
	const char *family, const int64_t deltas[RECORD_COUNTERS])
{
	sqlite3_stmt *statement = recording->history->statements[ADD_OPEN];
	struct span span = span_of(recording->from, recording->look->at);
	int error = 0;

	for (int64_t hour = span.first; hour <= span.last && error == 0; hour++) {
		int64_t values[1 + RECORD_COUNTERS] = {hour};

		for (unsigned int i = 0; i < RECORD_COUNTERS; i++)
			values[1 + i] = share(&span, deltas[i], hour);
		bind_text(statement, 1, link->circuit);
		bind_text(statement, 2, family);
		bind_numbers(statement, 3, values, 1 + RECORD_COUNTERS);
		error = run_statement(statement);
	}
	return error;
}

int hours_count(const struct recording *recording, const struct history_link *link,
	int64_t deltas[RECORD_COUNTERS])
{
	int64_t counters[RECORD_COUNTERS];
	const char *family = link->family;
	struct before before;
	int error = read_before(recording, link, &before);

	for (unsigned int i = 0; i < RECORD_COUNTERS; i++) {
		int64_t begin = before.known ? before.counters[i] : 0;

		/* What a device did not take is taken back: not to be counted again. */
		counters[i] = link->counters[i] > begin ? link->counters[i] : begin;
		deltas[i] = recording->first ? 0 : counters[i] - begin;
	}
	/* A circuit that was deleted a moment ago; one that bills, where nobody knows. */
	if (family == NULL)
		family = before.family[0] != '\0' ? before.family : "metered";
	if (error == 0)
		error = write_counters(recording, link, family, counters);
	if (error == 0 && link->circuit[0] != '\0')
		error = add_to_hours(recording, link, family, deltas);
	return error;
}

static int add_watched(const struct recording *recording)
{
	struct span span = span_of(recording->from, recording->look->at);
	int error = 0;

	if (recording->elapsed_us == 0 || recording->look->at <= recording->from)
		return 0;
	for (int64_t hour = span.first; hour <= span.last && error == 0; hour++) {
		const int64_t values[] = {hour, share(&span, span.to - span.from, hour)};
		sqlite3_stmt *statement = sql_prepare(recording->history->db,
			"INSERT INTO watched (hour, seconds) VALUES (?1, ?2)"
			" ON CONFLICT DO UPDATE SET seconds = seconds + ?2",
			0);

		if (statement != NULL)
			bind_numbers(statement, 1, values, 2);
		error = sql_finish(statement);
	}
	return error;
}

/* ---- records ---- */

/* The newest record's number and hash; 0 and zeroes before the first. */
static int read_head(sqlite3 *db, const char *circuit, struct record *record)
{
	sqlite3_stmt *statement =
		sql_prepare(db, "SELECT number, hash FROM head WHERE circuit = ?1", 1, circuit);
	int result;

	if (statement == NULL)
		return -errno;
	result = sql_step(statement);
	if (result == 1 && sqlite3_column_bytes(statement, 1) == (int)RECORD_HASH_SIZE) {
		record->number = sqlite3_column_int64(statement, 0);
		memcpy(record->previous, sqlite3_column_blob(statement, 1), RECORD_HASH_SIZE);
		result = 0;
	}
	sqlite3_finalize(statement);
	return result == 1 ? -EBADMSG : result;
}

static int write_head(sqlite3 *db, const struct record *record)
{
	sqlite3_stmt *statement = sql_prepare(db,
		"INSERT OR REPLACE INTO head (circuit, number, hash) VALUES (?1, ?2, ?3)", 1,
		record->circuit);

	if (statement != NULL) {
		bind_numbers(statement, 2, &record->number, 1);
		sqlite3_bind_blob(statement, 3, record->hash, RECORD_HASH_SIZE, SQLITE_STATIC);
	}
	return sql_finish(statement);
}

static int insert_record(sqlite3 *db, const struct record *record)
{
	const int64_t values[] = {record->number, record->hour, record->seconds};
	sqlite3_stmt *statement = sql_prepare(db,
		"INSERT INTO record (circuit, edge, family, number, hour, seconds, in_bytes,"
		" out_bytes, dropped_in_bytes, dropped_out_bytes, dropped_packets, previous, hash)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
		3, record->circuit, record->edge, record->family);

	if (statement != NULL) {
		bind_numbers(statement, 4, values, 3);
		bind_numbers(statement, 7, record->counters, RECORD_COUNTERS);
		sqlite3_bind_blob(statement, 12, record->previous, RECORD_HASH_SIZE, SQLITE_STATIC);
		sqlite3_bind_blob(statement, 13, record->hash, RECORD_HASH_SIZE, SQLITE_STATIC);
	}
	return sql_finish(statement);
}

/* Of a row of the hours that are over. */
static int close_row(const struct recording *recording, sqlite3_stmt *row)
{
	sqlite3 *db = recording->history->db;
	struct record record = {
		.hour = sqlite3_column_int64(row, 0), .seconds = sqlite3_column_int64(row, 3)};
	int error;

	snprintf(record.edge, sizeof(record.edge), "%s", recording->history->edge);
	snprintf(record.circuit, sizeof(record.circuit), "%s", sqlite3_column_text(row, 1));
	snprintf(record.family, sizeof(record.family), "%s", sqlite3_column_text(row, 2));
	for (int i = 0; i < RECORD_COUNTERS; i++)
		record.counters[i] = sqlite3_column_int64(row, 4 + i);
	error = read_head(db, record.circuit, &record);
	record.number++;
	record_hash(&record, record.hash);
	if (error == 0)
		error = insert_record(db, &record);
	return error == 0 ? write_head(db, &record) : error;
}

static int close_rows(const struct recording *recording, int64_t hour, bool *closed)
{
	sqlite3_stmt *rows = sql_prepare(recording->history->db,
		"SELECT hour, circuit, family, COALESCE(seconds, 0), in_bytes, out_bytes,"
		" dropped_in_bytes, dropped_out_bytes, dropped_packets"
		" FROM open LEFT JOIN watched USING (hour) WHERE hour <> ?1"
		" ORDER BY hour, circuit, family",
		0);
	int result, error = 0;

	if (rows == NULL)
		return -errno;
	bind_numbers(rows, 1, &hour, 1);
	while (error == 0 && (result = sql_step(rows)) != 0) {
		error = result < 0 ? result : close_row(recording, rows);
		*closed = true;
	}
	sqlite3_finalize(rows);
	return error;
}

/* Any hour but the present one, should the clock have been put back: a circuit may have several
 * records of an hour. */
int hours_end(const struct recording *recording, bool *closed)
{
	int64_t hour = recording->look->at / HOUR_S;
	sqlite3_stmt *statement;
	int error = add_watched(recording);

	if (error == 0)
		error = close_rows(recording, hour, closed);
	for (unsigned int i = 0; i < 2 && error == 0; i++) {
		statement = sql_prepare(recording->history->db,
			i == 0 ? "DELETE FROM open WHERE hour <> ?1"
			       : "DELETE FROM watched WHERE hour <> ?1",
			0);
		if (statement != NULL)
			bind_numbers(statement, 1, &hour, 1);
		error = sql_finish(statement);
	}
	return error;
}
