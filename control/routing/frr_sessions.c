/* SPDX-License-Identifier: BSD-3-Clause */
/* A domain's BGP instance: what all its sessions share, and each session with its BFD. */
#include <errno.h>
#include <inttypes.h>

#include "control/model/validation.h"
#include "control/routing/frr_wish_parts.h"
#include "control/routing/kernel.h"

/* Well below FRR's default of 120 s, after which a returning dataplane would be asked again. */
#define CONNECT_RETRY_S 5
/* The least that bgpd takes. */
#define REOPEN_MINUTES 1
/* bgpd's own, which it does not write. */
#define STALE_PRESET_S 500
/* bfdd's own. */
#define BFD_PRESET_INTERVAL_MS 300
#define BFD_PRESET_MULTIPLIER 3

static bool takes_all(const struct plan_domain *domain)
{
	return domain->kind == DOMAIN_PRIVATE || domain->kind == DOMAIN_VNET ||
	       (domain->kind == DOMAIN_SERVICE && domain->accepted_count == 0);
}

static bool has_bfd(const struct plan_link *link)
{
	return link->peer_asn != 0 && link->bfd.interval_ms != 0;
}

static void profile_name(const struct plan_link *link, char *name, size_t size)
{
	snprintf(name, size, "onramp-%" PRIu32 "-%u", link->bfd.interval_ms, link->bfd.multiplier);
}

/* bfdd does not write what is as it would be anyway. */
int frr_bfd_profile(const struct plan_link *link, struct config_block **profile)
{
	const struct bfd_timers *bfd = &link->bfd;
	char name[40], head[48];
	int error = 0;

	*profile = NULL;
	if (!has_bfd(link))
		return 0;
	profile_name(link, name, sizeof(name));
	snprintf(head, sizeof(head), "profile %s", name);
	*profile = config_block_new(head);
	if (!*profile)
		return -ENOMEM;
	if (bfd->multiplier != BFD_PRESET_MULTIPLIER)
		error |= config_block_add(
			*profile, SECTION_NONE, "detect-multiplier %u", bfd->multiplier);
	if (bfd->interval_ms != BFD_PRESET_INTERVAL_MS) {
		error |= config_block_add(
			*profile, SECTION_NONE, "receive-interval %" PRIu32, bfd->interval_ms);
		error |= config_block_add(
			*profile, SECTION_NONE, "transmit-interval %" PRIu32, bfd->interval_ms);
	}
	config_block_sort(*profile);
	return error ? -ENOMEM : 0;
}

/* Our BFD does not share fate with bgpd, and says so (the C bit). A peer whose BFD does share its
 * fate may lose BFD while it restarts gracefully: then BGP stays (RFC 5882 section 4.3.2.2). */
static int add_bfd(struct config_block *block, const struct plan_link *link, const char *to)
{
	char name[40];
	int error = 0;

	if (!has_bfd(link))
		return 0;
	profile_name(link, name, sizeof(name));
	error |= config_block_add(block, SECTION_NONE, "neighbor %s bfd", to);
	error |= config_block_add(block, SECTION_NONE, "neighbor %s bfd profile %s", to, name);
	error |= config_block_add(
		block, SECTION_NONE, "neighbor %s bfd check-control-plane-failure", to);
	return error;
}

static int add_policies(struct config_block *block, const struct frr_domain *domain, uint32_t asn,
	unsigned int link, const struct ip *peer, const char *to)
{
	enum config_section section = section_of(peer);
	bool out = domain->shut_out >> link & 1, in = domain->shut_in >> link & 1;
	char accept[FRR_POLICY_NAME_MAX];
	int error = 0;

	if (takes_all(domain->domain))
		snprintf(accept, sizeof(accept), "%s", in ? "onramp-in-drain" : "onramp-in");
	else if (domain->domain->accepted_count == 0)
		snprintf(accept, sizeof(accept), "onramp-deny");
	else
		frr_accept_name(domain, asn, link, peer->family, accept);
	error |= config_block_add(block, section, "neighbor %s route-map %s in", to, accept);
	error |= config_block_add(block, section, "neighbor %s route-map %s out", to,
		!plan_may_peer(domain->domain) ? "onramp-deny"
		: out                          ? "onramp-out-drain"
					       : "onramp-out");
	/* What was refused can be shown, and a changed policy asks nobody to say all again. */
	if (domain->domain->kind == DOMAIN_PUBLIC)
		error |= config_block_add(
			block, section, "neighbor %s soft-reconfiguration inbound", to);
	return error;
}

/* FRR counts what its policies accept, of a public peering also what they refuse, which it keeps
 * for us to show. What is above a soft limit control refuses (sync/limits.c), but not without end.
 * bgpd looks before it counts what it looks at: the first that is too many closes the session with
 * the next update only, or when the limit is stated in another way. */
static int add_limit(struct config_block *block, const struct frr_domain *domain, unsigned int link,
	const struct ip *peer, const char *to)
{
	const struct prefix_limits *limits = &domain->domain->limits;
	bool ipv4 = peer->family == AF_INET;
	uint32_t limit = ipv4 ? limits->ipv4 : limits->ipv6;
	/* From here on bgpd warns in its log; control's alarm is its own (sync/limits.c). */
	int warn_percent = PREFIX_ALARM_PERCENT - (domain->limit_again[ipv4 ? 0 : 1] >> link & 1);

	if (limit == 0)
		return 0;
	if (limits->soft)
		limit *= FRR_SOFT_LIMIT_CLOSES_AT;
	return config_block_add(block, section_of(peer),
		"neighbor %s maximum-prefix %" PRIu32 " %d restart %d%s", to, limit, warn_percent,
		REOPEN_MINUTES, domain->domain->kind == DOMAIN_PUBLIC ? " force" : "");
}

/* The neighbour is told (RFC 9003: at most 128 bytes of it). */
static int add_shutdown(
	struct config_block *block, const struct plan_domain *domain, const char *to)
{
	char text[VALIDATION_TEXT_MAX];

	if (plan_may_peer(domain))
		return 0;
	if (validation_reason(domain->validation, domain->accepted, text) == NULL)
		snprintf(text, sizeof(text), "no public prefix is validated yet");
	return config_block_add(
		block, SECTION_NONE, "neighbor %s shutdown message %.120s", to, text);
}

/* bgpd gives a key to the sockets that listen when it is told of it: one that was told before its
 * VRF was there is missing in them (control/sync/md5.c). */
static int add_key(struct config_block *block, const struct frr_domain *domain, unsigned int number,
	const struct ip *peer, const char *to)
{
	const struct md5_key *key = domain->domain->links[number].md5;

	if (key == NULL)
		return 0;
	if ((domain->key_again[peer->family == AF_INET ? 0 : 1] >> number & 1) != 0 &&
		plan_may_peer(domain->domain))
		return config_block_add(block, SECTION_NONE,
			"neighbor %s shutdown message the key is being stated anew", to);
	if (key->secret[0] == '\0')
		return config_block_add(
			block, SECTION_NONE, "neighbor %s" CONFIG_PASSWORD_UNKNOWN, to);
	return config_block_add(block, SECTION_NONE, "neighbor %s password %s", to, key->secret);
}

static int add_neighbor(struct config_block *block, const struct frr_domain *domain, uint32_t asn,
	unsigned int number, const struct ip *peer, const struct ip *edge)
{
	const struct plan_link *link = &domain->domain->links[number];
	enum config_section section = section_of(peer);
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	int error = 0;

	address_text(edge, from);
	address_text(peer, to);
	error |= config_block_add(
		block, SECTION_NONE, "neighbor %s remote-as %" PRIu32, to, link->peer_asn);
	error |=
		config_block_add(block, SECTION_NONE, "neighbor %s description %s", to, link->name);
	error |= config_block_add(block, SECTION_NONE, "neighbor %s update-source %s", to, from);
	error |= config_block_add(
		block, SECTION_NONE, "neighbor %s timers connect %d", to, CONNECT_RETRY_S);
	if (domain->bfd)
		error |= add_bfd(block, link, to);
	error |= add_key(block, domain, number, peer, to);
	error |= add_limit(block, domain, number, peer, to);
	error |= add_shutdown(block, domain->domain, to);
	error |= config_block_add(block, section, "neighbor %s activate", to);
	error |= add_policies(block, domain, asn, number, peer, to);
	return error ? -ENOMEM : 0;
}

/* The lowest IPv4 address of the edge in this domain; of an IPv6-only one, a hash of its lowest
 * address, kept out of the reserved ends of the number space. */
static uint32_t router_id(const struct plan_domain *domain)
{
	uint32_t lowest = UINT32_MAX;
	uint64_t hash = HASH_FIRST;

	for (unsigned int i = 0; i < domain->link_count; i++) {
		const struct plan_link *link = &domain->links[i];
		uint32_t address;

		hash = hash_more(hash, link->edge6.address, sizeof(link->edge6.address));
		if (!link->edge4.family)
			continue;
		memcpy(&address, link->edge4.address, sizeof(address));
		if (ntohl(address) < lowest)
			lowest = ntohl(address);
	}
	if (lowest != UINT32_MAX)
		return lowest;
	return 0x0a000000u | (uint32_t)(hash >> 40);
}

bool frr_has_session(const struct plan_domain *domain)
{
	for (unsigned int i = 0; i < domain->link_count; i++) {
		if (domain->links[i].peer_asn)
			return true;
	}
	return false;
}

static int add_instance(
	struct config_block *block, const struct frr_domain *frr_domain, uint32_t asn)
{
	const struct plan_domain *domain = frr_domain->domain;
	/* A helper keeps the routes of a session that timed out for the restart time, whether bgpd
	 * restarts or the edge is dead (FRR does; RFC 4724 section 4.2 for a lost TCP session). So
	 * it is as long as a restart takes, not FRR's 120 s: the other edge must get the traffic.
	 */
	static const char *const lines[] = {"bgp log-neighbor-changes",
		"no bgp default ipv4-unicast", "bgp graceful-restart",
		"bgp graceful-restart restart-time 20", "bgp graceful-restart preserve-fw-state",
		"no bgp network import-check"};
	char id[INET_ADDRSTRLEN];
	uint32_t number = htonl(router_id(domain));
	int error = 0;

	inet_ntop(AF_INET, &number, id, sizeof(id));
	error |= config_block_add(block, SECTION_NONE, "bgp router-id %s", id);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		error |= config_block_add(block, SECTION_NONE, "%s", lines[i]);
	if (frr_domain->stale_s != STALE_PRESET_S)
		error |= config_block_add(block, SECTION_NONE,
			"bgp graceful-restart rib-stale-time %u", frr_domain->stale_s);
	error |= config_block_add(block, SECTION_IPV4, "maximum-paths %d", KERNEL_NEXT_HOPS_MAX);
	error |= config_block_add(block, SECTION_IPV6, "maximum-paths %d", KERNEL_NEXT_HOPS_MAX);
	for (unsigned int i = 0; i < domain->link_count; i++) {
		const struct plan_link *link = &domain->links[i];

		if (link->peer_asn && link->peer4.family)
			error |=
				add_neighbor(block, frr_domain, asn, i, &link->peer4, &link->edge4);
		if (link->peer_asn && link->peer6.family)
			error |=
				add_neighbor(block, frr_domain, asn, i, &link->peer6, &link->edge6);
	}
	return error ? -ENOMEM : 0;
}

struct config_block *frr_instance(uint32_t asn, const struct frr_domain *domain)
{
	char head[DOMAIN_NAME_MAX + 32];
	struct config_block *block;

	snprintf(head, sizeof(head), "router bgp %" PRIu32 " vrf %s", asn, domain->domain->name);
	block = config_block_new(head);
	if (block && add_instance(block, domain, asn) < 0) {
		config_block_release(block);
		return NULL;
	}
	return block;
}
