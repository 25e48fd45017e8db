/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Why a session with TCP-MD5 is down: its segments are dropped by the kernel, and BGP hears
 * nothing. What the kernel of the domain counts since all sessions of the domain were up last
 * tells.
 *
 * It also tells that bgpd (8.4.4) has a key and its listening sockets have not: it gives it to
 * those that are there when it is told of the key, and with the first configuration of a new domain
 * that may be too early. Nothing of a neighbour that only connects itself is heard then. The
 * session is shut without the key, and opened with it.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/routing/frr_summary.h"
#include "control/sync/internal.h"

static bool has_key(const struct domain *domain)
{
	for (unsigned int i = 0; i < domain->link_count; i++)
		if (domain->links[i].plan.md5 != NULL)
			return true;
	return false;
}

#define WAIT_LOOKS 12 /* a minute */

/* Bits by link: the sessions that have a key and are not up. */
static uint8_t keyed_and_down(const struct domain *domain, uint8_t family, const json_t *peers)
{
	uint8_t down = 0;

	for (unsigned int i = 0; i < domain->link_count; i++) {
		const struct plan_link *link = &domain->links[i].plan;
		const struct ip *peer = family == AF_INET ? &link->peer4 : &link->peer6;
		char address[INET6_ADDRSTRLEN];

		if (link->md5 != NULL && link->md5->secret[0] != '\0' && peer->family != 0 &&
			inet_ntop(family, peer->address, address, sizeof(address)) != NULL &&
			!frr_established(json_object_get(peers, address)))
			down |= (uint8_t)(1u << i);
	}
	return down;
}

/* Signed segments are dropped as if there was no key: it is taken away, and stated anew when bgpd
 * has done that. */
static void state_again(
	struct domain *domain, uint8_t family, const json_t *peers, uint64_t dropped)
{
	struct md5_again *again = &domain->md5_again[family != AF_INET];
	bool more = dropped > again->unexpected;

	again->unexpected = dropped;
	if (again->links != 0) {
		if (!frr_settled(domain->sync->frr))
			return;
		again->links = 0;
		again->wait = WAIT_LOOKS;
	} else if (again->wait > 0) {
		again->wait--;
	} else if (more) {
		again->links = keyed_and_down(domain, family, peers);
	}
}

void md5_sessions(struct domain *domain, uint8_t family, const json_t *peers)
{
	struct md5_counters now;

	domain->md5_up[family != AF_INET] = frr_all_established(peers);
	if (!has_key(domain)) {
		memset(domain->md5_again, 0, sizeof(domain->md5_again));
		return;
	}
	if (domain->netns < 0 || md5_counters_read(domain->netns, &now) != 0)
		return;
	if (domain->md5_up[0] && domain->md5_up[1])
		domain->md5_before = now;
	/* What is wanted of FRR is stated with each look. */
	state_again(domain, family, peers, now.unexpected);
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
