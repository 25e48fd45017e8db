/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/model/community.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int community_parse(const char *text, struct community *community)
{
	unsigned int count = 0;

	memset(community, 0, sizeof(*community));
	for (;;) {
		char *end;
		unsigned long long part;

		if (count == 3 || !isdigit((unsigned char)*text))
			return -EINVAL;
		part = strtoull(text, &end, 10);
		if (part > UINT32_MAX || end - text > 10)
			return -EINVAL;
		community->parts[count++] = (uint32_t)part;
		if (*end == '\0')
			break;
		if (*end != ':')
			return -EINVAL;
		text = end + 1;
	}
	community->large = count == 3;
	if (count == 2 && community->parts[0] <= UINT16_MAX && community->parts[1] <= UINT16_MAX)
		return 0;
	return community->large ? 0 : -EINVAL;
}

bool community_equal(const struct community *a, const struct community *b)
{
	return a->large == b->large && memcmp(a->parts, b->parts, sizeof(a->parts)) == 0;
}

bool communities_meet(const struct community *a, unsigned int a_count, const struct community *b,
	unsigned int b_count)
{
	for (unsigned int i = 0; i < a_count; i++)
		for (unsigned int j = 0; j < b_count; j++)
			if (community_equal(&a[i], &b[j]))
				return true;
	return false;
}

const char *community_text(const struct community *community, char buffer[COMMUNITY_TEXT_MAX])
{
	if (community->large)
		snprintf(buffer, COMMUNITY_TEXT_MAX, "%" PRIu32 ":%" PRIu32 ":%" PRIu32,
			community->parts[0], community->parts[1], community->parts[2]);
	else
		snprintf(buffer, COMMUNITY_TEXT_MAX, "%" PRIu32 ":%" PRIu32, community->parts[0],
			community->parts[1]);
	return buffer;
}
