/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Read from front to end without building a tree: an export of all VRPs is 70 MB, a tree of it
 * half a gigabyte. What is passed over must be JSON too, so that half a file is never taken for a
 * whole one.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/model/ip.h"
#include "control/validation/parse.h"

#define DEPTH_MAX 32
#define WORD_MAX 64u

struct scan {
	const char *start, *at, *end;
	int64_t now_s;
	struct vrps *vrps;
	int64_t next_end;
	int error; /* 0: go on */
	char *wrong;
};

static void fail(struct scan *scan, const char *what)
{
	unsigned int line = 1;

	if (scan->error != 0)
		return;
	for (const char *at = scan->start; at < scan->at; at++)
		line += *at == '\n';
	scan->error = -EINVAL;
	snprintf(scan->wrong, PARSE_WRONG_MAX, "line %u: %s", line, what);
}

static void no_memory(struct scan *scan)
{
	scan->error = -ENOMEM;
	snprintf(scan->wrong, PARSE_WRONG_MAX, "no memory");
}

/* The next byte that is not white space; '\0': none, or something is wrong. */
static char peek(struct scan *scan)
{
	while (scan->at < scan->end &&
		(*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n' || *scan->at == '\r'))
		scan->at++;
	return scan->error == 0 && scan->at < scan->end ? *scan->at : '\0';
}

static bool next_is(struct scan *scan, char wanted)
{
	if (peek(scan) != wanted)
		return false;
	scan->at++;
	return true;
}

static void expect(struct scan *scan, char wanted)
{
	char what[] = "' ' is expected here; the file is damaged, or still being written";

	what[1] = wanted;
	if (!next_is(scan, wanted))
		fail(scan, what);
}

/* What a backslash and the byte after it, which is the scan's, stand for; '?': no ASCII. */
static char unescape(struct scan *scan)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	char letter = *scan->at++;
	const char *found = letter != '\0' ? strchr(from, letter) : NULL;
	unsigned int code = 0;

	if (found != NULL)
		return to[found - from];
	if (letter != 'u' || scan->end - scan->at < 4) {
		fail(scan, "a wrong escape in a string");
		return '?';
	}
	for (int i = 0; i < 4; i++) {
		const char *digits = "0123456789abcdef0123456789ABCDEF", *digit;

		digit = *scan->at != '\0' ? strchr(digits, *scan->at) : NULL;
		if (digit == NULL)
			fail(scan, "a wrong escape in a string");
		code = code * 16 + (digit != NULL ? (unsigned int)(digit - digits) % 16 : 0);
		scan->at++;
	}
	return code > 0 && code < 0x80 ? (char)code : '?';
}

/* A string into word, cut where it is longer. */
static void read_string(struct scan *scan, char word[WORD_MAX])
{
	size_t length = 0;

	expect(scan, '"');
	while (scan->error == 0) {
		char letter;

		if (scan->at == scan->end || (unsigned char)*scan->at < ' ') {
			fail(scan, "a string without an end");
			break;
		}
		letter = *scan->at++;
		if (letter == '"')
			break;
		if (letter == '\\' && scan->at < scan->end)
			letter = unescape(scan);
		if (length < WORD_MAX - 1)
			word[length++] = letter;
	}
	word[length] = '\0';
}

/* A number or a literal, as it stands. */
static void read_bare(struct scan *scan, char word[WORD_MAX])
{
	size_t length = 0;

	peek(scan);
	while (scan->at < scan->end && *scan->at != '\0' &&
		strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", *scan->at) != NULL) {
		if (length < WORD_MAX - 1)
			word[length++] = *scan->at;
		scan->at++;
	}
	word[length] = '\0';
	if (length == 0)
		fail(scan, "a value is expected here; the file is damaged, or still being written");
	else if (word[0] != '-' && (word[0] < '0' || word[0] > '9') && strcmp(word, "true") != 0 &&
		 strcmp(word, "false") != 0 && strcmp(word, "null") != 0)
		fail(scan, "neither a string nor a number, true, false or null");
}

static void read_scalar(struct scan *scan, char word[WORD_MAX])
{
	if (peek(scan) == '"')
		read_string(scan, word);
	else
		read_bare(scan, word);
}

static void pass_over(struct scan *scan, unsigned int depth)
{
	char word[WORD_MAX], open = peek(scan), close = open == '{' ? '}' : ']';

	if (open != '{' && open != '[') {
		read_scalar(scan, word);
		return;
	}
	if (depth == DEPTH_MAX) {
		fail(scan, "nested too deep");
		return;
	}
	scan->at++;
	if (next_is(scan, close))
		return;
	do {
		if (open == '{') {
			read_string(scan, word);
			expect(scan, ':');
		}
		pass_over(scan, depth + 1);
	} while (next_is(scan, ','));
	expect(scan, close);
}

/* A number of seconds, or any other that is not negative; a fraction is cut. */
static bool read_count(const char *word, uint64_t most, uint64_t *count)
{
	size_t digits = strspn(word, "0123456789");

	*count = 0;
	if (digits == 0 || digits > 18 || (word[digits] != '\0' && word[digits] != '.'))
		return false;
	for (size_t i = 0; i < digits; i++)
		*count = *count * 10 + (uint64_t)(word[i] - '0');
	return *count <= most;
}

struct roa {
	bool has_prefix, has_asn, has_length;
	struct ip prefix;
	uint32_t asn;
	uint64_t max_length, expires;
};

static void read_member(struct scan *scan, struct roa *roa)
{
	char key[WORD_MAX], word[WORD_MAX];

	read_string(scan, key);
	expect(scan, ':');
	if (strcmp(key, "prefix") == 0) {
		read_scalar(scan, word);
		roa->has_prefix = strchr(word, '/') != NULL && ip_parse(word, &roa->prefix) == 0 &&
				  ip_host_bits_zero(&roa->prefix);
		if (!roa->has_prefix)
			fail(scan, "\"prefix\" is no prefix, such as \"198.51.100.0/24\"");
	} else if (strcmp(key, "asn") == 0) {
		read_scalar(scan, word);
		roa->has_asn = parse_asn(word, strlen(word), &roa->asn);
		if (!roa->has_asn)
			fail(scan, "\"asn\" is no AS number, such as 64500 or \"AS64500\"");
	} else if (strcmp(key, "maxLength") == 0) {
		read_scalar(scan, word);
		roa->has_length = read_count(word, 128, &roa->max_length);
		if (!roa->has_length)
			fail(scan, "\"maxLength\" is no length from 0 to 128");
	} else if (strcmp(key, "expires") == 0) {
		read_scalar(scan, word);
		if (!read_count(word, INT64_MAX, &roa->expires))
			fail(scan, "\"expires\" is no number of seconds since 1970");
	} else {
		pass_over(scan, 0);
	}
}

static void keep_roa(struct scan *scan, const struct roa *roa)
{
	int error;

	if (!roa->has_prefix || !roa->has_asn) {
		fail(scan, "an entry of \"roas\" needs \"prefix\" and \"asn\"");
		return;
	}
	if (roa->expires != 0 && (int64_t)roa->expires <= scan->now_s)
		return;
	if (roa->expires != 0 && (scan->next_end == 0 || (int64_t)roa->expires < scan->next_end))
		scan->next_end = (int64_t)roa->expires;
	error = vrps_add(scan->vrps, &roa->prefix,
		roa->has_length ? (unsigned int)roa->max_length : roa->prefix.prefix_len, roa->asn);
	if (error == -ENOMEM)
		no_memory(scan);
	else if (error != 0)
		fail(scan, "\"maxLength\" is shorter than the prefix, or longer than its family's");
}

static void read_roas(struct scan *scan)
{
	expect(scan, '[');
	if (next_is(scan, ']'))
		return;
	do {
		struct roa roa = {0};

		expect(scan, '{');
		if (!next_is(scan, '}')) {
			do
				read_member(scan, &roa);
			while (next_is(scan, ','));
			expect(scan, '}');
		}
		if (scan->error == 0)
			keep_roa(scan, &roa);
	} while (next_is(scan, ','));
	expect(scan, ']');
}

static void read_document(struct scan *scan)
{
	bool found = false;
	char key[WORD_MAX];

	expect(scan, '{');
	if (!next_is(scan, '}')) {
		do {
			read_string(scan, key);
			expect(scan, ':');
			if (strcmp(key, "roas") == 0) {
				read_roas(scan);
				found = true;
			} else {
				pass_over(scan, 0);
			}
		} while (next_is(scan, ','));
		expect(scan, '}');
	}
	if (peek(scan) != '\0' || scan->at < scan->end)
		fail(scan, "more behind the end of the document");
	else if (!found)
		fail(scan, "there is no \"roas\"; this is no export of VRPs");
}

int vrps_json_parse(const char *text, size_t length, int64_t now_s, struct vrps *vrps,
	int64_t *next_end, char wrong[PARSE_WRONG_MAX])
{
	struct scan scan = {.start = text,
		.at = text,
		.end = text + length,
		.now_s = now_s,
		.vrps = vrps,
		.wrong = wrong};

	read_document(&scan);
	*next_end = scan.next_end;
	if (scan.error != 0)
		vrps_free(vrps);
	vrps_settle(vrps);
	return scan.error;
}
