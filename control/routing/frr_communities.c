/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/frr_wish.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMUNITIES_MAX 128

/* RFC 1997, RFC 3765, RFC 7999, RFC 8326, RFC 9494; the names are FRR's. */
static const struct {
	uint32_t value;
	const char *name;
} known[] = {
	{0xffff0000, "graceful-shutdown"},
	{0xffff0001, "accept-own"},
	{0xffff0002, "route-filter-translated-v4"},
	{0xffff0003, "route-filter-v4"},
	{0xffff0004, "route-filter-translated-v6"},
	{0xffff0005, "route-filter-v6"},
	{0xffff0006, "llgr-stale"},
	{0xffff0007, "no-llgr"},
	{0xffff0008, "accept-own-nexthop"},
	{0xffff029a, "blackhole"},
	{0xffffff01, "no-export"},
	{0xffffff02, "no-advertise"},
	{0xffffff03, "local-AS"},
	{0xffffff04, "no-peer"},
};

#define KNOWN_COUNT (sizeof(known) / sizeof(known[0]))

static int parse_standard(const char *token, uint32_t *value)
{
	char *end;
	unsigned long high, low;

	for (size_t i = 0; i < KNOWN_COUNT; i++) {
		if (strcasecmp(token, known[i].name) == 0) {
			*value = known[i].value;
			return 0;
		}
	}
	high = strtoul(token, &end, 10);
	if (end == token || *end != ':' || high > 65535)
		return -EINVAL;
	token = end + 1;
	low = strtoul(token, &end, 10);
	if (end == token || *end != '\0' || low > 65535)
		return -EINVAL;
	*value = (uint32_t)(high << 16 | low);
	return 0;
}

static int parse_large(const char *token)
{
	char *end;

	for (int i = 0; i < 3; i++) {
		unsigned long part = strtoul(token, &end, 10);

		if (end == token || part > UINT32_MAX || *end != (i < 2 ? ':' : '\0'))
			return -EINVAL;
		token = end + 1;
	}
	return 0;
}

static int append(char *text, size_t size, const char *word)
{
	size_t length = strlen(text);
	int added = snprintf(text + length, size - length, "%s%s", length ? " " : "", word);

	return added >= 0 && (size_t)added < size - length ? 0 : -EINVAL;
}

static int append_standard(char *text, size_t size, uint32_t value)
{
	char word[32];

	for (size_t i = 0; i < KNOWN_COUNT; i++) {
		if (known[i].value == value)
			return append(text, size, known[i].name);
	}
	snprintf(word, sizeof(word), "%u:%u", value >> 16, value & 0xffff);
	return append(text, size, word);
}

static int compare_values(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

static bool is_large(const char *token)
{
	const char *colon = strchr(token, ':');

	return colon && strchr(colon + 1, ':');
}

int frr_canonical_communities(
	const char *text, char *standard, size_t standard_size, char *large, size_t large_size)
{
	uint32_t values[COMMUNITIES_MAX];
	size_t count = 0;
	char *copy = strdup(text);
	char *rest = copy;
	const char *token;
	int error = copy ? 0 : -ENOMEM;

	standard[0] = '\0';
	large[0] = '\0';
	while (error == 0 && (token = strsep(&rest, " "))) {
		if (*token == '\0')
			continue;
		if (is_large(token))
			error = parse_large(token) ? -EINVAL : append(large, large_size, token);
		else
			error = count == COMMUNITIES_MAX ? -EINVAL
							 : parse_standard(token, &values[count++]);
	}
	free(copy);
	qsort(values, count, sizeof(values[0]), compare_values);
	for (size_t i = 0; error == 0 && i < count; i++) {
		if (i == 0 || values[i] != values[i - 1])
			error = append_standard(standard, standard_size, values[i]);
	}
	return error;
}
