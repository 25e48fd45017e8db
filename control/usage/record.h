/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A usage record: what a circuit moved on this edge within an hour. A circuit's records are a
 * chain: each has a number and a SHA-256 over the hash before it and all of its fields, so that
 * none can be changed, taken out or put in without changing all that follow. One chain for each
 * circuit: the records of one circuit, or of some days, can be checked without the others.
 * Pure functions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/model/site.h"

#define RECORD_HASH_SIZE 32u /* SHA-256 (FIPS 180-4) */
#define RECORD_LINE_MAX 512u

/* What is counted, in layer-2 bytes: in is all that came, dropped or not; out what was sent. */
enum record_counter {
	RECORD_IN_BYTES,
	RECORD_OUT_BYTES,
	RECORD_DROPPED_IN_BYTES,
	RECORD_DROPPED_OUT_BYTES,
	RECORD_DROPPED_PACKETS,
	RECORD_COUNTERS,
};

struct record {
	char edge[NAME_MAX_LENGTH + 1];
	char circuit[NAME_MAX_LENGTH + 1];
	char family[NAME_MAX_LENGTH + 1]; /* "metered" is what bills, "unlimited" */
	int64_t number;                   /* from 1, within the circuit */
	int64_t hour;                     /* since 1970, UTC */
	int64_t seconds;                  /* of it that were watched; the rest is estimated */
	int64_t counters[RECORD_COUNTERS];
	uint8_t previous[RECORD_HASH_SIZE]; /* zeroes for number 1 */
	uint8_t hash[RECORD_HASH_SIZE];
};

/* "in_bytes", ... */
const char *record_counter_name(enum record_counter counter);

void record_hash(const struct record *record, uint8_t hash[RECORD_HASH_SIZE]);

/* ---- CSV (RFC 4180), a record a line ---- */

#define RECORD_CSV_HEADER                                                              \
	"edge,circuit,number,hour,family,seconds,in_bytes,out_bytes,dropped_in_bytes," \
	"dropped_out_bytes,dropped_packets,previous,hash"

/* Without an end of line. Returns its length. */
size_t record_write(const struct record *record, char line[RECORD_LINE_MAX]);
/* false: no such line as record_write writes. */
bool record_read(const char *line, size_t length, struct record *record);

/* "2026-11-23T09:00:00Z" of a time in seconds since 1970. */
#define RECORD_TIME_MAX 32u
const char *record_time(int64_t seconds, char buffer[RECORD_TIME_MAX]);

/* ---- the chain ---- */

/* Records of each circuit in the order of their numbers, whole or a part. Begins zeroed. */
struct record_chain {
	bool from_start; /* each circuit's first record must be number 1 */
	struct record last;
	int64_t count;   /* records taken */
	char wrong[320]; /* "": nothing so far */
};

/* false: it is not as it was written, or not what follows; chain->wrong says so. */
bool record_chain_take(struct record_chain *chain, const struct record *record);
