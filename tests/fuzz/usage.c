/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as an export of usage records, and as a key: never a crash, and what is a record is
 * written as it was read.
 */
#include <stdlib.h>
#include <string.h>

#include "control/usage/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = size > 0 ? (const char *)data : "";
	struct usage_csv csv = usage_csv_check(text, size, NULL);
	char line[RECORD_LINE_MAX];
	struct signing_key key;
	struct record record;

	require(csv.records >= 0 && memchr(csv.wrong, '\0', sizeof(csv.wrong)) != NULL);
	if (record_read(text, size, &record)) {
		require(record_write(&record, line) == size);
		require(memcmp(line, text, size) == 0);
	}
	if (signing_key_parse(text, size, &key) == NULL)
		usage_csv_check(text, size, &key);
	return 0;
}
