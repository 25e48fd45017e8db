/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the history share. Not for others: they include history.h.
 */
#pragma once

#include <stdbool.h>

#include <sqlite3.h>

#include "control/usage/history.h"

#define HOUR_S 3600
#define MINUTE_S 60

/* Statements that each look runs for each link, prepared once. */
enum statement {
	SELECT_COUNTER,
	PUT_COUNTER,
	ADD_OPEN,
	ADD_RATE,
	LIFT_PEAK,
	PUT_LINK,
	STATEMENTS,
};

struct history {
	sqlite3 *db; /* NULL: it could not be opened, or failed */
	const char *edge;
	const char *state_dir;
	char *path;
	uint64_t gap_us;
	sqlite3_stmt *statements[STATEMENTS];
	bool complained;
	bool unsaved; /* said once, too */
	/* Of the last look that was recorded by this process; 0: none was. */
	uint64_t last_us;
	int64_t last_minute;
};

/* The look that is being recorded. */
struct recording {
	struct history *history;
	const struct history_look *look;
	int64_t sequence;    /* of this look */
	int64_t from;        /* when the last one was, whoever recorded it */
	bool first;          /* there was none: what counters say is only where they begin */
	uint64_t elapsed_us; /* since the last one of this process; 0: none, or a gap */
	int64_t minute;      /* that most of that was in */
};

/* Binds the values to ?1, ?2, ... of a prepared statement. */
void bind_numbers(sqlite3_stmt *statement, int first, const int64_t *values, unsigned int count);
void bind_text(sqlite3_stmt *statement, int at, const char *text);
/* Runs it without results, and makes it ready again. 0 or -errno. */
int run_statement(sqlite3_stmt *statement);

/* ---- hours.c ---- */
/* What a link counted since the last look, into deltas and the circuit's hours. 0 or -errno. */
int hours_count(const struct recording *recording, const struct history_link *link,
	int64_t deltas[RECORD_COUNTERS]);
/* The time that was watched, after all links; and closes the hours that are over. *closed: any. */
int hours_end(const struct recording *recording, bool *closed);

/* ---- rates.c ---- */
int rates_count(const struct recording *recording, const struct history_link *link,
	const int64_t deltas[RECORD_COUNTERS]);
/* Minutes that are old enough to go. */
int rates_end(const struct recording *recording);
