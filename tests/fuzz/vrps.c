/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as an export of VRPs: never a crash; refused whole with a text, or taken, and then no
 * entry has ended, and each is valid by the rule it states.
 */
#include <stdlib.h>
#include <string.h>

#include "control/validation/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int64_t now = 1800000000;
	char wrong[PARSE_WRONG_MAX] = "";
	struct vrps vrps = {0};
	const struct vrps *table = &vrps;
	int64_t next_end = -1;
	int error = vrps_json_parse((const char *)data, size, now, &vrps, &next_end, wrong);

	require((error != 0) == (wrong[0] != '\0'));
	require(error == 0 || vrps.count == 0);
	require(error != 0 || next_end == 0 || next_end > now);
	for (size_t i = 0; i < vrps.count && i < 100; i++) {
		const struct vrp *vrp = &vrps.entries[i];
		struct origin_verdict verdict = origin_check(&table, 1, &vrp->prefix, vrp->asn);

		require(vrp->max_length >= vrp->prefix.prefix_len);
		require(verdict.state == (vrp->asn != 0 ? ORIGIN_VALID : ORIGIN_OTHER));
	}
	vrps_free(&vrps);
	return 0;
}
