/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading usage: hours to look at, records to hand over, chains to check.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/store/sql.h"
#include "control/usage/internal.h"

#define COUNTERS "in_bytes, out_bytes, dropped_in_bytes, dropped_out_bytes, dropped_packets"
#define RECORDS                                                          \
	"SELECT circuit, number, edge, hour, family, seconds, " COUNTERS \
	", previous, hash FROM record"

/* ---- hours ---- */

static json_t *hour_row(sqlite3_stmt *row)
{
	json_t *shown = json_pack("{s:s, s:I, s:s, s:I, s:b}", "circuit",
		sqlite3_column_text(row, 0), "hour",
		(json_int_t)(sqlite3_column_int64(row, 1) * HOUR_S), "family",
		sqlite3_column_text(row, 2), "seconds", (json_int_t)sqlite3_column_int64(row, 3),
		"open", sqlite3_column_int(row, 4));

	for (int i = 0; shown != NULL && i < RECORD_COUNTERS; i++)
		json_object_set_new(shown, record_counter_name((enum record_counter)i),
			json_integer(sqlite3_column_int64(row, 5 + i)));
	return shown;
}

/* An hour may have several records, when the clock was put back. */
json_t *history_usage(struct history *history, const char *circuit, int64_t from, int64_t to)
{
	static const char text[] =
		"SELECT circuit, hour, family, MIN(3600, SUM(seconds)), MAX(open), SUM(in_bytes),"
		" SUM(out_bytes), SUM(dropped_in_bytes), SUM(dropped_out_bytes),"
		" SUM(dropped_packets) FROM"
		" (SELECT circuit, hour, family, seconds, 0 AS open, " COUNTERS " FROM record"
		"  WHERE hour >= ?2 AND hour < ?3 UNION ALL"
		"  SELECT circuit, hour, family, COALESCE(seconds, 0), 1, " COUNTERS
		"  FROM open LEFT JOIN watched USING (hour) WHERE hour >= ?2 AND hour < ?3)"
		" WHERE ?1 IS NULL OR circuit = ?1"
		" GROUP BY hour, circuit, family ORDER BY hour, circuit, family";
	const int64_t hours[] = {(from + HOUR_S - 1) / HOUR_S, (to + HOUR_S - 1) / HOUR_S};
	sqlite3_stmt *statement = sql_prepare(history->db, text, 1, circuit);

	if (statement != NULL)
		bind_numbers(statement, 2, hours, 2);
	return sql_rows(statement, hour_row);
}

/* ---- records ---- */

static bool copy_text(sqlite3_stmt *row, int column, char *text, size_t size)
{
	const char *value = (const char *)sqlite3_column_text(row, column);

	return value != NULL && snprintf(text, size, "%s", value) < (int)size;
}

static bool copy_hash(sqlite3_stmt *row, int column, uint8_t hash[RECORD_HASH_SIZE])
{
	if (sqlite3_column_bytes(row, column) != (int)RECORD_HASH_SIZE)
		return false;
	memcpy(hash, sqlite3_column_blob(row, column), RECORD_HASH_SIZE);
	return true;
}

/* false: no record that control ever wrote. */
static bool read_row(sqlite3_stmt *row, struct record *record)
{
	*record = (struct record){
		.number = sqlite3_column_int64(row, 1),
		.hour = sqlite3_column_int64(row, 3),
		.seconds = sqlite3_column_int64(row, 5),
	};
	for (int i = 0; i < RECORD_COUNTERS; i++)
		record->counters[i] = sqlite3_column_int64(row, 6 + i);
	return copy_text(row, 0, record->circuit, sizeof(record->circuit)) &&
	       copy_text(row, 2, record->edge, sizeof(record->edge)) &&
	       copy_text(row, 4, record->family, sizeof(record->family)) &&
	       copy_hash(row, 6 + RECORD_COUNTERS, record->previous) &&
	       copy_hash(row, 7 + RECORD_COUNTERS, record->hash);
}

static json_t *record_line(sqlite3_stmt *row)
{
	char line[RECORD_LINE_MAX];
	struct record record;

	if (!read_row(row, &record))
		return NULL;
	record_write(&record, line);
	return json_string(line);
}

json_t *history_records(
	struct history *history, const struct history_place *place, unsigned int limit)
{
	const int64_t values[] = {(place->from + HOUR_S - 1) / HOUR_S,
		(place->to + HOUR_S - 1) / HOUR_S, place->after_number, limit};
	sqlite3_stmt *statement = sql_prepare(history->db,
		RECORDS " WHERE (?1 IS NULL OR circuit = ?1) AND hour >= ?3 AND hour < ?4"
			" AND (circuit, number) > (?2, ?5) ORDER BY circuit, number LIMIT ?6",
		2, place->circuit, place->after_circuit);

	if (statement != NULL)
		bind_numbers(statement, 3, values, 4);
	return sql_rows(statement, record_line);
}

/* ---- chains ---- */

/* A piece of the chains: what lies behind a record that was found right. */
struct piece {
	struct history *history;
	const char *circuit; /* of that record; "": from the start */
	int64_t number;
	unsigned int limit;
	unsigned int rows; /* read, that record's too */
	struct record_chain chain;
};

/* Did control ever write a record of it? */
static bool has_head(struct history *history, const char *circuit)
{
	sqlite3_stmt *statement =
		sql_prepare(history->db, "SELECT 1 FROM head WHERE circuit = ?1", 1, circuit);
	bool found = statement != NULL && sql_step(statement) == 1;

	sqlite3_finalize(statement);
	return found;
}

static bool take_first(struct piece *piece, const struct record *record)
{
	piece->chain.last = *record;
	piece->chain.count = 1;
	if (strcmp(record->circuit, piece->circuit) == 0 && record->number == piece->number)
		return true;
	snprintf(piece->chain.wrong, sizeof(piece->chain.wrong),
		"%.40s: record %" PRId64 " was taken out just now", piece->circuit, piece->number);
	return false;
}

static bool take_row(struct piece *piece, sqlite3_stmt *row)
{
	struct record_chain *chain = &piece->chain;
	struct record record;

	if (!read_row(row, &record))
		snprintf(chain->wrong, sizeof(chain->wrong),
			"record %" PRId64 " of %.40s is none that control wrote", record.number,
			record.circuit);
	else if (piece->rows == 1 && piece->circuit[0] != '\0')
		return take_first(piece, &record);
	else if (record.number == 1 && !has_head(piece->history, record.circuit))
		snprintf(chain->wrong, sizeof(chain->wrong),
			"%.40s: control wrote no record of it: they were put in", record.circuit);
	else
		return record_chain_take(chain, &record);
	return false;
}

static int check_records(struct piece *piece)
{
	/* One row more tells whether there are more. */
	const int64_t values[] = {piece->number, (int64_t)piece->limit + 1};
	sqlite3_stmt *statement = sql_prepare(piece->history->db,
		RECORDS " WHERE (circuit, number) >= (?1, ?2) ORDER BY circuit, number LIMIT ?3", 1,
		piece->circuit);
	int result;

	if (statement == NULL)
		return -errno;
	bind_numbers(statement, 2, values, 2);
	while ((result = sql_step(statement)) == 1) {
		piece->rows++;
		if (!take_row(piece, statement))
			break;
	}
	sqlite3_finalize(statement);
	return result < 0 ? result : 0;
}

/* A chain's end is where its last record was written, else the newest ones were taken out, or some
 * put in behind them. */
static int check_heads(struct history *history, struct record_chain *chain)
{
	static const char text[] =
		"SELECT circuit FROM head WHERE NOT EXISTS (SELECT 1 FROM record WHERE"
		" record.circuit = head.circuit AND record.number = head.number AND"
		" record.hash = head.hash) OR EXISTS (SELECT 1 FROM record WHERE"
		" record.circuit = head.circuit AND record.number > head.number) LIMIT 1";
	sqlite3_stmt *statement = sql_prepare(history->db, text, 0);
	int result;

	if (statement == NULL)
		return -errno;
	result = sql_step(statement);
	if (result == 1)
		snprintf(chain->wrong, sizeof(chain->wrong),
			"%.40s: its newest records are not those that were written last: some were "
			"taken out, or put in",
			(const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	return result < 0 ? result : 0;
}

json_t *history_verify(
	struct history *history, const char *circuit, int64_t number, unsigned int limit)
{
	struct piece piece = {.history = history,
		.circuit = circuit,
		.number = number,
		.limit = limit,
		.chain = {.from_start = true}};
	struct record_chain *chain = &piece.chain;
	int error = check_records(&piece);
	bool more = chain->wrong[0] == '\0' && piece.rows > limit;

	if (error == 0 && chain->wrong[0] == '\0' && !more)
		error = check_heads(history, chain);
	errno = -error;
	if (error != 0)
		return NULL;
	/* The record that the piece begins behind was counted before. */
	return json_pack("{s:I, s:s?, s:s?, s:o}", "records",
		(json_int_t)chain->count - (circuit[0] != '\0' && chain->count > 0), "wrong",
		chain->wrong[0] != '\0' ? chain->wrong : NULL, "circuit",
		more ? chain->last.circuit : NULL, "number",
		more ? json_integer(chain->last.number) : json_null());
}
