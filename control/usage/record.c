/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/usage/record.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <nettle/sha2.h>

#define HOUR_S 3600
#define HOURS_MAX (INT64_MAX / HOUR_S / 4) /* of years that have a name */

static const char *const names[RECORD_COUNTERS] = {
	[RECORD_IN_BYTES] = "in_bytes",
	[RECORD_OUT_BYTES] = "out_bytes",
	[RECORD_DROPPED_IN_BYTES] = "dropped_in_bytes",
	[RECORD_DROPPED_OUT_BYTES] = "dropped_out_bytes",
	[RECORD_DROPPED_PACKETS] = "dropped_packets",
};

const char *record_counter_name(enum record_counter counter)
{
	return names[counter];
}

/* ---- the hash ---- */

static void add_number(struct sha256_ctx *sha, int64_t number)
{
	const uint64_t big = htobe64((uint64_t)number);

	sha256_update(sha, sizeof(big), (const uint8_t *)&big);
}

/* With its length in front, so that no two records have the same bytes. */
static void add_text(struct sha256_ctx *sha, const char *text)
{
	size_t length = strlen(text);

	add_number(sha, (int64_t)length);
	sha256_update(sha, length, (const uint8_t *)text);
}

void record_hash(const struct record *record, uint8_t hash[RECORD_HASH_SIZE])
{
	struct sha256_ctx sha;

	sha256_init(&sha);
	sha256_update(&sha, RECORD_HASH_SIZE, record->previous);
	add_text(&sha, record->edge);
	add_text(&sha, record->circuit);
	add_text(&sha, record->family);
	add_number(&sha, record->number);
	add_number(&sha, record->hour);
	add_number(&sha, record->seconds);
	for (unsigned int i = 0; i < RECORD_COUNTERS; i++)
		add_number(&sha, record->counters[i]);
	sha256_digest(&sha, RECORD_HASH_SIZE, hash);
}

/* ---- CSV ---- */

const char *record_time(int64_t seconds, char buffer[RECORD_TIME_MAX])
{
	time_t at = (time_t)seconds;
	struct tm utc;

	if (gmtime_r(&at, &utc) == NULL ||
		strftime(buffer, RECORD_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		snprintf(buffer, RECORD_TIME_MAX, "-");
	return buffer;
}

static void write_hex(const uint8_t hash[RECORD_HASH_SIZE], char text[2 * RECORD_HASH_SIZE + 1])
{
	for (unsigned int i = 0; i < RECORD_HASH_SIZE; i++)
		snprintf(text + (size_t)2 * i, 3, "%02x", hash[i]);
}

size_t record_write(const struct record *record, char line[RECORD_LINE_MAX])
{
	char hour[RECORD_TIME_MAX];
	char previous[2 * RECORD_HASH_SIZE + 1], hash[2 * RECORD_HASH_SIZE + 1];
	const int64_t *counters = record->counters;

	write_hex(record->previous, previous);
	write_hex(record->hash, hash);
	return (size_t)snprintf(line, RECORD_LINE_MAX,
		"%s,%s,%" PRId64 ",%s,%s,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64
		",%" PRId64 ",%s,%s",
		record->edge, record->circuit, record->number,
		record_time(record->hour * HOUR_S, hour), record->family, record->seconds,
		counters[RECORD_IN_BYTES], counters[RECORD_OUT_BYTES],
		counters[RECORD_DROPPED_IN_BYTES], counters[RECORD_DROPPED_OUT_BYTES],
		counters[RECORD_DROPPED_PACKETS], previous, hash);
}

/* What is left of a line. */
struct rest {
	const char *at, *end;
};

/* The next field, zero-terminated in buffer. false: there is none, or it is too long. */
static bool take_field(struct rest *rest, char *buffer, size_t size)
{
	const char *comma;
	size_t length;

	if (rest->at == NULL)
		return false;
	comma = memchr(rest->at, ',', (size_t)(rest->end - rest->at));
	length = (size_t)((comma != NULL ? comma : rest->end) - rest->at);
	if (length >= size || memchr(rest->at, '\0', length) != NULL)
		return false;
	memcpy(buffer, rest->at, length);
	buffer[length] = '\0';
	rest->at = comma != NULL ? comma + 1 : NULL;
	return true;
}

/* Written as record_write does, so that one record has one line: digits, no zero in front. */
static bool take_number(struct rest *rest, int64_t *number)
{
	char text[24];
	uint64_t value = 0;

	if (!take_field(rest, text, sizeof(text)) || text[0] == '\0' || strlen(text) > 19 ||
		(text[0] == '0' && text[1] != '\0'))
		return false;
	for (const char *at = text; *at != '\0'; at++) {
		if (*at < '0' || *at > '9')
			return false;
		value = value * 10 + (uint64_t)(*at - '0');
	}
	*number = (int64_t)value;
	return value <= INT64_MAX;
}

static bool take_hour(struct rest *rest, int64_t *hour)
{
	char text[RECORD_TIME_MAX], again[RECORD_TIME_MAX];
	struct tm utc = {0};

	if (!take_field(rest, text, sizeof(text)) ||
		strptime(text, "%Y-%m-%dT%H:%M:%SZ", &utc) == NULL)
		return false;
	*hour = timegm(&utc) / HOUR_S;
	return *hour >= 0 && *hour < HOURS_MAX &&
	       strcmp(record_time(*hour * HOUR_S, again), text) == 0;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take_hash(struct rest *rest, uint8_t hash[RECORD_HASH_SIZE])
{
	char text[2 * RECORD_HASH_SIZE + 1];

	if (!take_field(rest, text, sizeof(text)) || strlen(text) != sizeof(text) - 1)
		return false;
	for (unsigned int i = 0; i < RECORD_HASH_SIZE; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		hash[i] = (uint8_t)(high * 16 + low);
	}
	return true;
}

bool record_read(const char *line, size_t length, struct record *record)
{
	struct rest rest = {line, line + length};

	*record = (struct record){0};
	if (!take_field(&rest, record->edge, sizeof(record->edge)) ||
		!take_field(&rest, record->circuit, sizeof(record->circuit)) ||
		!take_number(&rest, &record->number) || !take_hour(&rest, &record->hour) ||
		!take_field(&rest, record->family, sizeof(record->family)) ||
		!take_number(&rest, &record->seconds))
		return false;
	for (unsigned int i = 0; i < RECORD_COUNTERS; i++)
		if (!take_number(&rest, &record->counters[i]))
			return false;
	return take_hash(&rest, record->previous) && take_hash(&rest, record->hash) &&
	       rest.at == NULL;
}

/* ---- the chain ---- */

static void say(struct record_chain *chain, const struct record *record, const char *what)
{
	char hour[RECORD_TIME_MAX];

	snprintf(chain->wrong, sizeof(chain->wrong), "%s: record %" PRId64 " (%s) %s",
		record->circuit, record->number, record_time(record->hour * HOUR_S, hour), what);
}

static bool follows(struct record_chain *chain, const struct record *record)
{
	static const uint8_t none[RECORD_HASH_SIZE];
	const struct record *last = &chain->last;
	bool first = chain->count == 0 || strcmp(last->circuit, record->circuit) != 0;
	char what[96];

	if (first && chain->count > 0 && strcmp(last->circuit, record->circuit) > 0) {
		say(chain, record, "is not in its place: circuits are in order");
	} else if (first && chain->from_start && record->number != 1) {
		say(chain, record, "is the first: those before it were taken out");
	} else if (!first && record->number != last->number + 1) {
		snprintf(what, sizeof(what), "follows record %" PRId64 "%s", last->number,
			record->number > last->number ? ": those between were taken out"
						      : ": one of them was put in");
		say(chain, record, what);
	} else if (memcmp(record->previous, first ? none : last->hash, RECORD_HASH_SIZE) != 0 &&
		   (!first || record->number == 1)) {
		say(chain, record,
			"does not follow from the one before it: one of them was "
			"changed, or put in");
	} else {
		return true;
	}
	return false;
}

bool record_chain_take(struct record_chain *chain, const struct record *record)
{
	uint8_t hash[RECORD_HASH_SIZE];

	record_hash(record, hash);
	if (memcmp(hash, record->hash, sizeof(hash)) != 0) {
		say(chain, record, "is not as it was written");
		return false;
	}
	if (!follows(chain, record))
		return false;
	chain->last = *record;
	chain->count++;
	return true;
}
