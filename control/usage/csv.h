/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Usage records as `onramp usage export` writes them: RECORD_CSV_HEADER, lines of records by
 * circuit and number, and perhaps a signature (control/signature/signature.h). Pure.
 */
#pragma once

#include "control/signature/signature.h"
#include "control/usage/record.h"

struct usage_csv {
	int64_t records;
	bool is_signed;  /* there is a signature, whether it was looked at or not */
	char wrong[400]; /* "": nothing; else a sentence that names the first line that is not right
			  */
};

/* key: whose signature it must bear; NULL: any, or none. */
struct usage_csv usage_csv_check(const char *text, size_t length, const struct signing_key *key);
