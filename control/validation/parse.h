/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The files that vouch for prefixes, as text. Pure functions: bad input is refused whole, by line.
 */
#pragma once

#include "control/model/origin.h"

#define PARSE_WRONG_MAX 256

/* A registry: a line each "PREFIX,ASN" ("198.51.100.0/24,64500", also "AS64500"), blank lines, and
 * comments from # on. Settled into *vrps, which starts as {0} and is empty after a failure. 0;
 * -EINVAL: wrong says what is; -ENOMEM: wrong says so. */
int registry_parse(const char *text, size_t length, struct vrps *vrps, char wrong[PARSE_WRONG_MAX]);

/* What rpki-client, Routinator and StayRTR write: {"roas": [{"prefix": "198.51.100.0/24",
 * "maxLength": 24, "asn": 64500 or "AS64500", "expires": seconds since 1970}]}; expires may lack,
 * whatever else is there is passed over. Entries that ended before now_s are left out. *next_end:
 * when the first of the others does, 0: none says so. Otherwise like registry_parse. */
int vrps_json_parse(const char *text, size_t length, int64_t now_s, struct vrps *vrps,
	int64_t *next_end, char wrong[PARSE_WRONG_MAX]);

/* "64500", "AS64500" of length bytes. False: neither, or too large. */
bool parse_asn(const char *text, size_t length, uint32_t *asn);
