/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One source of what prefixes are whose: its data, how old they are, and what is wrong with it now.
 * Not for others than control/validation. Event loop only. Times are seconds since 1970: data
 * outlive the process.
 */
#pragma once

#include "control/model/origin.h"

/* How long VRPs of a file that is gone or wrong stay; as RFC 8210 section 6 has it for caches. */
#define SOURCE_EXPIRE_S 7200

enum source_kind { SOURCE_REGISTRY, SOURCE_VRPS, SOURCE_RTR, SOURCES };

struct source {
	enum source_kind kind;
	char name[280]; /* the file, or HOST:PORT; "": it is not configured */
	struct vrps vrps;
	bool has_data;
	int64_t at;        /* of the data; 0: never had any */
	int64_t expires;   /* when they will be dropped; 0: not as it is now */
	char trouble[560]; /* why there are no newer ones; "": there is no reason */
	/* Of a file: as it was when it was read last, and when it is to be read again all the
	 * same, because entries end then (0: none does). */
	uint64_t seen;
	int64_t next_end, read_at;
};

const char *source_kind_name(enum source_kind kind);

/* Other data have come, as of the time at. Takes them. */
void source_take(struct source *source, struct vrps *vrps, int64_t at, int64_t expires);
/* No newer data can be had: a text for people. Told once in the log. */
void source_fail(struct source *source, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Drops data whose time is over. True: it did. */
bool source_expire(struct source *source, int64_t now_s);

/* Reads the file when it is another one than before. True: the data are others now. */
bool source_read_file(struct source *source, int64_t now_s);

/* ---- saved.c: what matters of the data, for the time after a restart of control ---- */

/* Of a source that has no data yet: those that an earlier control saved. */
void source_load_saved(struct source *source, const char *state_dir, int64_t now_s);
/* What these prefixes' owners could be asked of: STATE_DIR/validation-KIND.json, when it would be
 * another. */
struct saved {
	uint64_t hash; /* of what was written last */
};
void source_save(const struct source *source, const char *state_dir, const struct site *site,
	struct saved *saved);
