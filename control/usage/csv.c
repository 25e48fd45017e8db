/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/usage/csv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The next line without its end; false: there is none. */
static bool take_line(const char **at, const char *end, size_t *length)
{
	const char *newline;

	*at += *length;
	*at += *at < end && **at == '\n';
	if (*at == end)
		return false;
	newline = memchr(*at, '\n', (size_t)(end - *at));
	*length = (size_t)((newline != NULL ? newline : end) - *at);
	return true;
}

static void check_lines(struct usage_csv *csv, const char *text, size_t body)
{
	const size_t header = sizeof(RECORD_CSV_HEADER) - 1;
	const char *at = text, *end = text + body;
	struct record_chain chain = {0};
	struct record record;
	size_t length = header;

	if (body <= header || memcmp(text, RECORD_CSV_HEADER "\n", header + 1) != 0) {
		snprintf(csv->wrong, sizeof(csv->wrong),
			"line 1: not what `onramp usage export` writes");
		return;
	}
	for (unsigned int line = 2; csv->wrong[0] == '\0' && take_line(&at, end, &length); line++) {
		if (!record_read(at, length, &record))
			snprintf(csv->wrong, sizeof(csv->wrong), "line %u: no usage record", line);
		else if (!record_chain_take(&chain, &record))
			snprintf(csv->wrong, sizeof(csv->wrong), "line %u: %s", line, chain.wrong);
	}
	csv->records = chain.count;
}

struct usage_csv usage_csv_check(const char *text, size_t length, const struct signing_key *key)
{
	uint8_t signature[SIGNATURE_SIZE];
	struct usage_csv csv = {0};
	size_t body;

	csv.is_signed = signature_find(text, length, &body, signature);
	check_lines(&csv, text, body);
	if (csv.wrong[0] != '\0' || key == NULL)
		return csv;
	if (!csv.is_signed)
		snprintf(csv.wrong, sizeof(csv.wrong), "it bears no signature");
	else if (!signature_is_of(key, text, body, signature))
		snprintf(csv.wrong, sizeof(csv.wrong),
			"the signature is not this key's, or the file was changed since");
	return csv;
}
