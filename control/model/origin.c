/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/model/origin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "control/model/ip.h"

int vrps_add(struct vrps *vrps, const struct ip *prefix, unsigned int max_length, uint32_t asn)
{
	if (max_length < prefix->prefix_len || max_length > ip_full_length(prefix->family))
		return -EINVAL;
	if (vrps->count == vrps->room) {
		size_t room = vrps->room > 0 ? vrps->room * 2 : 64;
		struct vrp *entries = reallocarray(vrps->entries, room, sizeof(*entries));

		if (entries == NULL)
			return -ENOMEM;
		vrps->entries = entries;
		vrps->room = room;
	}
	vrps->entries[vrps->count++] = (struct vrp){
		.prefix = ip_network(prefix), .max_length = (uint8_t)max_length, .asn = asn};
	return 0;
}

/* By family, address, length: what lies in a prefix follows it. */
static int compare_prefixes(const struct ip *a, const struct ip *b)
{
	int order;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	order = memcmp(a->address, b->address, sizeof(a->address));
	return order != 0 ? order : (int)a->prefix_len - (int)b->prefix_len;
}

static int compare(const void *left, const void *right)
{
	const struct vrp *a = left, *b = right;
	int order = compare_prefixes(&a->prefix, &b->prefix);

	if (order != 0)
		return order;
	if (a->asn != b->asn)
		return a->asn < b->asn ? -1 : 1;
	return (int)a->max_length - (int)b->max_length;
}

void vrps_settle(struct vrps *vrps)
{
	size_t kept = 0;

	if (vrps->count > 1)
		qsort(vrps->entries, vrps->count, sizeof(vrps->entries[0]), compare);
	for (size_t i = 0; i < vrps->count; i++)
		if (kept == 0 || compare(&vrps->entries[kept - 1], &vrps->entries[i]) != 0)
			vrps->entries[kept++] = vrps->entries[i];
	vrps->count = kept;
	memset(vrps->lengths, 0, sizeof(vrps->lengths));
	for (size_t i = 0; i < vrps->count; i++) {
		const struct ip *prefix = &vrps->entries[i].prefix;

		vrps->lengths[prefix->family == AF_INET6][prefix->prefix_len] = true;
	}
}

void vrps_free(struct vrps *vrps)
{
	free(vrps->entries);
	*vrps = (struct vrps){0};
}

size_t vrps_first_within(const struct vrps *vrps, const struct ip *prefix)
{
	size_t low = 0, high = vrps->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_prefixes(&vrps->entries[middle].prefix, prefix) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* All of exactly this prefix. */
static void check_at(
	const struct vrps *vrps, const struct ip *at, uint32_t asn, struct origin_verdict *verdict)
{
	for (size_t i = vrps_first_within(vrps, at);
		i < vrps->count && compare_prefixes(&vrps->entries[i].prefix, at) == 0; i++) {
		const struct vrp *vrp = &vrps->entries[i];

		/* RFC 6483 section 4: AS 0 is nobody's, also not of who says he is 0. */
		if (vrp->asn != asn || asn == 0) {
			verdict->holder = vrp->asn;
			if (verdict->state == ORIGIN_NOT_FOUND)
				verdict->state = ORIGIN_OTHER;
			continue;
		}
		verdict->state = ORIGIN_TOO_LONG; /* unless one allows it */
		if (vrp->max_length > verdict->longest)
			verdict->longest = vrp->max_length;
	}
}

struct origin_verdict origin_check(const struct vrps *const tables[], unsigned int count,
	const struct ip *prefix, uint32_t asn)
{
	struct origin_verdict verdict = {.state = count > 0 ? ORIGIN_NOT_FOUND : ORIGIN_NO_DATA};

	for (unsigned int length = 0; length <= prefix->prefix_len; length++) {
		struct ip at = *prefix;

		at.prefix_len = (uint8_t)length;
		at = ip_network(&at);
		for (unsigned int i = 0; i < count; i++)
			if (tables[i]->lengths[at.family == AF_INET6][length])
				check_at(tables[i], &at, asn, &verdict);
	}
	if (verdict.state == ORIGIN_TOO_LONG && prefix->prefix_len <= verdict.longest)
		verdict.state = ORIGIN_VALID;
	return verdict;
}
