/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Why a session with TCP-MD5 is down: its segments are dropped by the kernel, and BGP hears
 * nothing. What the kernel of the domain counts since all sessions of the domain were up last
 * tells.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/sync/internal.h"

static bool has_key(const struct domain *domain)
{
	for (unsigned int i = 0; i < domain->link_count; i++)
		if (domain->links[i].plan.md5 != NULL)
			return true;
	return false;
}

static bool all_established(const json_t *peers)
{
	const char *address;
	json_t *peer;

	json_object_foreach ((json_t *)peers, address, peer) {
		const char *state = json_string_value(json_object_get(peer, "state"));

		if (state == NULL || strcmp(state, "Established") != 0)
			return false;
	}
	return true;
}

void md5_sessions(struct domain *domain, uint8_t family, const json_t *peers)
{
	struct md5_counters now;

	domain->md5_up[family != AF_INET] = all_established(peers);
	if (has_key(domain) && domain->md5_up[0] && domain->md5_up[1] && domain->netns >= 0 &&
		md5_counters_read(domain->netns, &now) == 0)
		domain->md5_before = now;
}

bool md5_trouble(const struct domain *domain, const struct plan_link *link, char *text, size_t size)
{
	const struct md5_counters *before = &domain->md5_before;
	struct md5_counters now;

	if (domain->netns < 0 || md5_counters_read(domain->netns, &now) != 0)
		return false;
	if (link->md5 == NULL && now.unexpected > before->unexpected)
		snprintf(text, size,
			"the neighbour signs with TCP-MD5 (%" PRIu64
			" segments dropped), and no md5_file is set here",
			now.unexpected - before->unexpected);
	else if (link->md5 != NULL && link->md5->secret[0] == '\0')
		snprintf(text, size, "TCP-MD5: %s could not be read; see the log", link->md5->file);
	else if (link->md5 != NULL && now.wrong > before->wrong)
		snprintf(text, size,
			"TCP-MD5: the neighbour has another key than %s (%" PRIu64
			" segments dropped)",
			link->md5->file, now.wrong - before->wrong);
	else if (link->md5 != NULL && now.missing > before->missing)
		snprintf(text, size,
			"TCP-MD5: the neighbour does not sign (%" PRIu64 " segments dropped)",
			now.missing - before->missing);
	else
		return false;
	return true;
}
