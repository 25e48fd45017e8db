/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BGP communities: standard ones (RFC 1997), two numbers of 16 bits, and large ones (RFC 8092),
 * three of 32 bits. Pure functions.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct community {
	bool large;
	uint32_t parts[3];
};

/* "65000:5010" or "4200100001:1:5010", decimal. 0 or -EINVAL. */
int community_parse(const char *text, struct community *community);
bool community_equal(const struct community *a, const struct community *b);
/* Some community is in both lists. */
bool communities_meet(const struct community *a, unsigned int a_count, const struct community *b,
	unsigned int b_count);
#define COMMUNITY_TEXT_MAX 36
/* As community_parse() takes it: into buffer, returned. */
const char *community_text(const struct community *community, char buffer[COMMUNITY_TEXT_MAX]);
