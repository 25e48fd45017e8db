/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a domain takes from its neighbours when not all is taken: of a public peering the validated
 * prefixes, with none but the customer's and private AS numbers in the path; of a service's core
 * the service's prefixes. Lists and policies are named by their content, so that they never change
 * and domains share them.
 */
#include <errno.h>
#include <inttypes.h>

#include "control/model/ip.h"
#include "control/model/public.h"
#include "control/model/validation.h"
#include "control/routing/frr_wish.h"
#include "control/routing/frr_wish_parts.h"

/* 64512-65534 and 4200000000-4294967294 (RFC 6996); what is above the latter no path can have. */
#define PRIVATE_ASNS                                                                           \
	"6451[2-9]|645[2-9][0-9]|64[6-9][0-9][0-9]|65[0-4][0-9][0-9]|655[0-2][0-9]|6553[0-4]|" \
	"42[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]"

/* A service's parts may be as small as the core has them. */
static uint8_t longest(const struct plan_domain *domain, uint8_t family)
{
	if (domain->kind == DOMAIN_PUBLIC)
		return public_longest(family);
	return family == AF_INET ? 32 : 128;
}

uint64_t frr_hash_rules(uint64_t hash, const struct peering_validation *validation, uint8_t family)
{
	for (unsigned int i = 0; validation != NULL && i < validation->rule_count; i++) {
		const struct origin_rule *rule = &validation->rules[i];
		bool known = rule->of_it.state != ORIGIN_NOT_FOUND;

		if (family != 0 && rule->prefix.family != family)
			continue;
		hash = hash_more(hash, &rule->prefix, sizeof(rule->prefix));
		hash = hash_more(hash, &rule->longest, sizeof(rule->longest));
		hash = hash_more(hash, &known, sizeof(known));
	}
	return hash;
}

void frr_accept_name(const struct frr_domain *frr_domain, uint32_t asn, unsigned int link,
	uint8_t family, char name[FRR_POLICY_NAME_MAX])
{
	const struct plan_domain *domain = frr_domain->domain;
	bool shut = frr_domain->shut_in >> link & 1;
	uint64_t hash = hash_text(HASH_FIRST, "accept");

	hash = hash_more(hash, &asn, sizeof(asn));
	hash = hash_more(hash, &domain->kind, sizeof(domain->kind));
	hash = hash_more(hash, &family, sizeof(family));
	hash = hash_more(hash, &shut, sizeof(shut));
	if (domain->kind == DOMAIN_PUBLIC) {
		hash = hash_more(
			hash, &domain->links[link].peer_asn, sizeof(domain->links[link].peer_asn));
		hash = hash_more(hash, &domain->origin_asn, sizeof(domain->origin_asn));
	}
	for (unsigned int i = 0; i < domain->accepted_count; i++)
		if (domain->accepted[i].family == family)
			hash = hash_more(hash, &domain->accepted[i], sizeof(domain->accepted[i]));
	hash = frr_hash_rules(hash, domain->validation, family);
	snprintf(name, FRR_POLICY_NAME_MAX, "onramp-%016" PRIx64, hash);
}

static int add_block(struct frr_wish *wish, const char *head, const char *const lines[])
{
	struct config_block *block = config_block_new(head);

	if (!block)
		return -ENOMEM;
	for (size_t i = 0; lines != NULL && lines[i] != NULL; i++) {
		if (config_block_add(block, SECTION_NONE, "%s", lines[i]) == 0)
			continue;
		config_block_release(block);
		return -ENOMEM;
	}
	config_block_sort(block);
	wish->maps[wish->map_count++] = block;
	return 0;
}

/* ---- lists of prefixes ---- */

struct prefix_list {
	struct frr_wish *wish;
	const char *name;
	unsigned int sequence;
	int error;
};

/* Of the prefix and its parts, those that are not longer. */
static void add_entry(
	struct prefix_list *list, const char *action, const struct ip *prefix, uint8_t most)
{
	char text[INET6_ADDRSTRLEN + 4], length[8] = "", head[160];

	prefix_text(prefix, text, sizeof(text));
	if (prefix->prefix_len < most)
		snprintf(length, sizeof(length), " le %u", most);
	list->sequence += 5;
	snprintf(head, sizeof(head), "%s prefix-list %s seq %u %s %s%s",
		prefix->family == AF_INET ? "ip" : "ipv6", list->name, list->sequence, action, text,
		length);
	list->error |= add_block(list->wish, head, NULL);
}

/* The first entry that holds a route decides, and longer prefixes come first: so where RPKI knows
 * of a part, what is behind says nothing of it any more. */
static void add_rule(struct prefix_list *list, const struct origin_rule *rule)
{
	if (rule->longest > 0)
		add_entry(list, "permit", &rule->prefix, rule->longest);
	if (rule->of_it.state != ORIGIN_NOT_FOUND)
		add_entry(list, "deny", &rule->prefix, ip_full_length(rule->prefix.family));
}

static int add_list(
	struct frr_wish *wish, const struct plan_domain *domain, uint8_t family, const char *name)
{
	const struct peering_validation *validation = domain->validation;
	struct prefix_list list = {.wish = wish, .name = name};

	if (validation != NULL && validation->rule_count > 0) {
		for (unsigned int i = 0; i < validation->rule_count; i++)
			if (validation->rules[i].prefix.family == family)
				add_rule(&list, &validation->rules[i]);
		return list.error;
	}
	for (unsigned int i = 0; i < domain->accepted_count; i++)
		if (domain->accepted[i].family == family)
			add_entry(&list, "permit", &domain->accepted[i], longest(domain, family));
	return list.error;
}

/* ---- policies ---- */

/* None but the customer's AS numbers, and private ones. */
static int add_paths(struct frr_wish *wish, const struct plan_domain *domain, uint32_t peer_asn,
	const char *name)
{
	char own[32], head[512];

	if (domain->origin_asn != peer_asn && domain->origin_asn != 0)
		snprintf(own, sizeof(own), "%" PRIu32 "|%" PRIu32, peer_asn, domain->origin_asn);
	else
		snprintf(own, sizeof(own), "%" PRIu32, peer_asn);
	snprintf(head, sizeof(head),
		"bgp as-path access-list %s seq 5 permit ^(%s|" PRIVATE_ASNS ")( (%s|" PRIVATE_ASNS
		"))*$",
		name, own, own);
	return add_block(wish, head, NULL);
}

/* Of one link and family: the list of prefixes, that of paths, and the policy. At most
 * frr_accept_blocks() blocks for a link. */
static int add_policy(struct frr_wish *wish, const struct frr_domain *frr_domain, uint32_t asn,
	unsigned int link, uint8_t family)
{
	const struct plan_domain *domain = frr_domain->domain;
	char name[FRR_POLICY_NAME_MAX], head[64], match[96], path[64];
	const char *lines[5] = {match, "set large-comm-list onramp-local delete"};
	unsigned int used = 2;
	int error;

	frr_accept_name(frr_domain, asn, link, family, name);
	error = add_list(wish, domain, family, name);
	snprintf(match, sizeof(match), "match %s address prefix-list %s",
		family == AF_INET ? "ip" : "ipv6", name);
	if (domain->kind == DOMAIN_PUBLIC) {
		error |= add_paths(wish, domain, domain->links[link].peer_asn, name);
		snprintf(path, sizeof(path), "match as-path %s", name);
		lines[used++] = path;
	}
	if (frr_domain->shut_in >> link & 1)
		lines[used++] = "set local-preference 2";
	snprintf(head, sizeof(head), "route-map %s permit 10", name);
	return error | add_block(wish, head, lines);
}

size_t frr_accept_blocks(const struct plan_domain *domain)
{
	size_t rules = domain->validation != NULL ? domain->validation->rule_count : 0;

	return domain->link_count * (domain->accepted_count + 2 * rules + 4u);
}

int frr_add_accept(struct frr_wish *wish, const struct frr_domain *domain, uint32_t asn)
{
	int error = 0;

	for (unsigned int i = 0;
		domain->domain->accepted_count > 0 && i < domain->domain->link_count; i++) {
		error |= add_policy(wish, domain, asn, i, AF_INET);
		error |= add_policy(wish, domain, asn, i, AF_INET6);
	}
	return error ? -ENOMEM : 0;
}
