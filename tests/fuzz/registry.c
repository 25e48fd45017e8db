/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as a registry: never a crash; refused whole with a text, or taken, and then each entry
 * is valid by the rule it states.
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
	char wrong[PARSE_WRONG_MAX] = "";
	struct vrps vrps = {0};
	const struct vrps *table = &vrps;
	int error = registry_parse((const char *)data, size, &vrps, wrong);

	require((error != 0) == (wrong[0] != '\0'));
	require(error == 0 || vrps.count == 0);
	for (size_t i = 0; i < vrps.count && i < 100; i++) {
		const struct vrp *vrp = &vrps.entries[i];
		struct origin_verdict verdict = origin_check(&table, 1, &vrp->prefix, vrp->asn);

		require(verdict.state == (vrp->asn != 0 ? ORIGIN_VALID : ORIGIN_OTHER));
	}
	vrps_free(&vrps);
	return 0;
}
