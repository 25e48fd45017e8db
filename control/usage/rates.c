/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rates and availability of links, a row a minute, for 24 hours.
 */
#include <errno.h>

#include "control/store/sql.h"
#include "control/usage/internal.h"

/* A clock that was set back left rows that are not over yet. */
#define AHEAD_MINUTES 60

static int lift_peaks(const struct recording *recording, const struct history_link *link)
{
	sqlite3_stmt *statement = recording->history->statements[LIFT_PEAK];
	int error = 0;

	for (unsigned int i = 0; i < 2 && error == 0; i++) {
		const struct api_peak *peak = &link->peaks[i];
		const int64_t values[] = {peak->minute, (int64_t)peak->in_bps,
			(int64_t)peak->out_bps, (int64_t)peak->dropped_in_bps,
			(int64_t)peak->dropped_out_bps};

		if (peak->minute == 0)
			continue;
		bind_text(statement, 1, link->name);
		bind_numbers(statement, 2, values, sizeof(values) / sizeof(values[0]));
		error = run_statement(statement);
	}
	return error;
}

/* How much of the time since the last look it was so, and whether that is known. */
static void bind_share(sqlite3_stmt *statement, int at, int64_t for_ms, int64_t elapsed_ms)
{
	const int64_t values[] = {for_ms < 0            ? 0
				  : for_ms < elapsed_ms ? for_ms
							: elapsed_ms,
		for_ms < 0 ? 0 : elapsed_ms};

	bind_numbers(statement, at, values, 2);
}

static int add_rate(const struct recording *recording, const struct history_link *link,
	const int64_t deltas[RECORD_COUNTERS])
{
	sqlite3_stmt *put = recording->history->statements[PUT_LINK];
	sqlite3_stmt *add = recording->history->statements[ADD_RATE];
	int64_t elapsed_ms = (int64_t)(recording->elapsed_us / 1000);
	const int64_t values[] = {recording->minute, elapsed_ms, deltas[RECORD_IN_BYTES],
		deltas[RECORD_OUT_BYTES], deltas[RECORD_DROPPED_IN_BYTES],
		deltas[RECORD_DROPPED_OUT_BYTES]};
	int error;

	bind_text(put, 1, link->name);
	error = run_statement(put);
	if (error != 0)
		return error;
	bind_text(add, 1, link->name);
	bind_numbers(add, 2, values, sizeof(values) / sizeof(values[0]));
	bind_share(add, 8, link->neighbour_ms, elapsed_ms);
	bind_share(add, 10, link->session_ms, elapsed_ms);
	return run_statement(add);
}

int rates_count(const struct recording *recording, const struct history_link *link,
	const int64_t deltas[RECORD_COUNTERS])
{
	int error;

	/* Nobody knows when in a gap it moved what it moved. */
	if (recording->elapsed_us == 0)
		return 0;
	error = add_rate(recording, link, deltas);
	return error == 0 ? lift_peaks(recording, link) : error;
}

int rates_end(const struct recording *recording)
{
	const int64_t values[] = {
		recording->minute - HISTORY_RATE_MINUTES, recording->minute + AHEAD_MINUTES};
	sqlite3_stmt *statement;
	int error;

	if (recording->minute == recording->history->last_minute)
		return 0;
	statement = sql_prepare(
		recording->history->db, "DELETE FROM rate WHERE minute <= ?1 OR minute > ?2", 0);
	if (statement != NULL)
		bind_numbers(statement, 1, values, 2);
	error = sql_finish(statement);
	if (error != 0)
		return error;
	return sql_run(
		recording->history->db, "DELETE FROM link WHERE id NOT IN (SELECT link FROM rate)");
}

/* ---- reading ---- */

static json_t *bps(sqlite3_stmt *row, int column, int64_t ms)
{
	return json_integer(
		(json_int_t)((__int128)sqlite3_column_int64(row, column) * 8 * 1000 / ms));
}

/* Of the time in which it was known, the next column. */
static json_t *percent(sqlite3_stmt *row, int column)
{
	int64_t known_ms = sqlite3_column_int64(row, column + 1);

	if (known_ms == 0)
		return json_null();
	return json_real((double)sqlite3_column_int64(row, column) * 100 / (double)known_ms);
}

static json_t *peak(sqlite3_stmt *row, int column)
{
	return json_integer(sqlite3_column_int64(row, column));
}

static json_t *rate_row(sqlite3_stmt *row)
{
	int64_t ms = sqlite3_column_int64(row, 2);

	return json_pack("{s:s, s:I, s:f, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"link", sqlite3_column_text(row, 0), "at",
		(json_int_t)(sqlite3_column_int64(row, 1) * MINUTE_S), "seconds", (double)ms / 1000,
		"in_bps", bps(row, 3, ms), "out_bps", bps(row, 4, ms), "dropped_in_bps",
		bps(row, 5, ms), "dropped_out_bps", bps(row, 6, ms), "arp_availability",
		percent(row, 7), "bgp_availability", percent(row, 9), "peak_in_bps", peak(row, 11),
		"peak_out_bps", peak(row, 12), "peak_dropped_in_bps", peak(row, 13),
		"peak_dropped_out_bps", peak(row, 14));
}

json_t *history_rates(struct history *history, const char *address, int64_t from)
{
	static const char text[] =
		"SELECT name, minute, ms, in_bytes, out_bytes, dropped_in_bytes,"
		" dropped_out_bytes, neighbour_ms, neighbour_known_ms, session_ms,"
		" session_known_ms, peak_in, peak_out, peak_dropped_in, peak_dropped_out FROM rate "
		"JOIN link ON id = link WHERE (name = ?1 OR"
		" substr(name, 1, length(?1) + 1) = ?1 || '/') AND minute >= ?2 AND ms > 0"
		" ORDER BY name, minute";
	int64_t minute = from / MINUTE_S;
	sqlite3_stmt *statement = sql_prepare(history->db, text, 1, address);

	if (statement != NULL)
		bind_numbers(statement, 2, &minute, 1);
	return sql_rows(statement, rate_row);
}
