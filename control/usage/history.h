/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What links moved, and whether they were in order: the SQLite file STATE_DIR/usage.db, written by
 * looks, some seconds from each other. The thread of the event loop alone.
 *
 *   counter  one row a link: its counters as the last look saw them
 *   open     one row a circuit and hour that is not over: what it moved so far
 *   record   one row a circuit and hour, for ever, chained (control/usage/record.h)
 *   rate     one row a link and minute, for 24 hours: bytes, availability, peaks
 *
 * A file beside the store: it is written every few seconds, not by anybody's decision, and may be
 * lost without what is sold being lost; the store's history and audit log have neither in them. It
 * has a write-ahead log, so that a look waits for no disk: a look that was recorded outlives a kill
 * of any process; records are on the disk when their hour is closed, and a failure of power costs a
 * minute at most (https://www.sqlite.org/wal.html, section 3.2).
 *
 * Counters of the dataplane only grow within a link's life, so usage is the sum of their
 * differences, whoever was away meanwhile. What passed while nobody looked is spread evenly over
 * that time. A dataplane that dies takes with it what it counted since the last look, and so does a
 * link that is deleted: what is lost is at most what passed between two looks.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "control/usage/record.h"
#include "dataplane/api/api.h"

#define HISTORY_RATE_MINUTES 1440 /* kept */

/* A link as a look saw it. */
struct history_link {
	char name[API_NAME_MAX];           /* CIRCUIT/PEERING/LINK or VNET/core */
	char circuit[NAME_MAX_LENGTH + 1]; /* empty: no circuit's, so there is no usage */
	const char *family;                /* of the circuit; NULL: as it was */
	uint32_t life;                     /* another one: its counters began at zero */
	int64_t counters[RECORD_COUNTERS];
	/* For how long all of its neighbours were valid, its BGP sessions Established: 0 not now,
	 * -1 it has none, or nobody knows. */
	int64_t neighbour_ms, session_ms;
	struct api_peak peaks[2];
};

struct history_look {
	uint64_t boot_id; /* of the dataplane: another one, and all counters began at zero */
	int64_t at;       /* seconds since 1970 */
	uint64_t at_us;   /* monotonic */
	const struct history_link *links;
	size_t count;
};

struct history;

/* edge: this one's name, in its records; kept. interval_s: from look to look; after three of them,
 * and 30 seconds, without a look there is a gap. Does not touch the file. NULL: no memory. */
struct history *history_open(const char *state_dir, const char *edge, unsigned int interval_s);
void history_close(struct history *history);

/* Opens the file where it is not, and makes what is missing. 0, -EBADMSG (damaged, or not ours),
 * -EPROTONOSUPPORT (of a newer version) or another -errno; the first failure is logged. */
int history_ready(struct history *history);
/* What such an error means, a sentence for behind the file's name. */
const char *history_reason(int error);

/* Records a look, whole or not at all; what a look that failed would have recorded the next one
 * does, which tries to open the file again. 0, -ENOSPC or another -errno; the first one in a row
 * is logged. */
int history_record(struct history *history, const struct history_look *look);

/* All below only while history_ready. */

/* Each: a new array, or NULL with errno. address: CIRCUIT[/PEERING[/LINK]] or VNET/core. */

/* link, at (start of the minute, s since 1970), seconds (watched), in_bps, out_bps, dropped_in_bps,
 * dropped_out_bps, arp_availability, bgp_availability (percent, null: nothing to be available, or
 * nobody knows), peak_in_bps, ... A minute that nobody watched has no row. By link and time. */
json_t *history_rates(struct history *history, const char *address, int64_t from);

/* circuit, hour (start, s since 1970), family, seconds, in_bytes, ..., open: the hour is not over.
 * Hours that begin within from..to, by time; circuit NULL: of all. */
json_t *history_usage(struct history *history, const char *circuit, int64_t from, int64_t to);

/* Records as lines of CSV, at most limit, by circuit and number, behind the given ones ("" and 0 at
 * first). */
struct history_place {
	const char *circuit; /* NULL: of all */
	int64_t from, to;
	const char *after_circuit;
	int64_t after_number;
};
json_t *history_records(
	struct history *history, const struct history_place *place, unsigned int limit);

/* Computes the chains of some records anew, by circuit and number, so that nobody has to wait for
 * all of them: at most limit, behind one that was found right ("" and 0 at first).
 * {"records": how many, "wrong": null or a sentence that names the first one that is not as it was
 * written, "circuit", "number": of the last one, both null when it was the last of all}. NULL with
 * errno. */
json_t *history_verify(
	struct history *history, const char *circuit, int64_t number, unsigned int limit);
