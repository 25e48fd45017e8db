/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/frr_wish.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/log.h"
#include "control/routing/kernel.h"

#define TEXT_MAX 1024
/* Well below FRR's default of 120 s, after which a returning dataplane would be asked again. */
#define CONNECT_RETRY_S 5

static uint64_t hash_more(uint64_t hash, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ at[i]) * 0x100000001b3u; /* FNV-1a */
	return hash;
}

#define HASH_FIRST 0xcbf29ce484222325u

static uint64_t hash_text(uint64_t hash, const char *text)
{
	return hash_more(hash, text, strlen(text) + 1);
}

static uint64_t hash_announcement(uint64_t hash, const struct frr_announcement *announcement)
{
	hash = hash_more(hash, &announcement->prefix, sizeof(announcement->prefix));
	hash = hash_more(hash, &announcement->as_path_length, 1);
	hash = hash_more(hash, announcement->as_path,
		announcement->as_path_length * sizeof(announcement->as_path[0]));
	hash = hash_more(hash, &announcement->has_med, 1);
	hash = hash_more(hash, &announcement->med, sizeof(announcement->med));
	return hash_text(hash, announcement->communities);
}

uint64_t frr_wish_hash(const struct site *site, const struct frr_domain *frr_domain)
{
	const struct plan_domain *domain = frr_domain->domain;
	uint64_t hash = hash_text(HASH_FIRST, domain->name);

	hash = hash_more(hash, &site->asn, sizeof(site->asn));
	hash = hash_more(hash, &domain->kind, sizeof(domain->kind));
	for (unsigned int i = 0; i < domain->link_count; i++) {
		const struct plan_link *link = &domain->links[i];

		hash = hash_text(hash, link->name);
		hash = hash_more(hash, &link->peer_asn, sizeof(link->peer_asn));
		hash = hash_more(hash, &link->edge4, sizeof(link->edge4));
		hash = hash_more(hash, &link->edge6, sizeof(link->edge6));
		hash = hash_more(hash, &link->peer4, sizeof(link->peer4));
		hash = hash_more(hash, &link->peer6, sizeof(link->peer6));
	}
	hash = hash_more(hash, domain->static_prefixes,
		domain->static_prefix_count * sizeof(domain->static_prefixes[0]));
	hash = hash_more(hash, &frr_domain->ready, sizeof(frr_domain->ready));
	if (!frr_domain->ready)
		return hash;
	for (size_t i = 0; i < frr_domain->announcement_count; i++)
		hash = hash_announcement(hash, &frr_domain->announcements[i]);
	return hash;
}

static void address_text(const struct ip *ip, char text[INET6_ADDRSTRLEN])
{
	inet_ntop(ip->family, ip->address, text, INET6_ADDRSTRLEN);
}

/* As FRR writes it: host bits clear, the length always there. */
static void prefix_text(const struct ip *prefix, char *text, size_t size)
{
	struct ip masked = *prefix;
	char address[INET6_ADDRSTRLEN];

	for (unsigned int bit = prefix->prefix_len; bit < 128; bit++)
		masked.address[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	address_text(&masked, address);
	snprintf(text, size, "%s/%u", address, prefix->prefix_len);
}

static enum config_section section_of(const struct ip *ip)
{
	return ip->family == AF_INET ? SECTION_IPV4 : SECTION_IPV6;
}

/* Policies by kind: a public domain takes and gives nothing until prefixes are validated and a
 * route filter is attached. */
static const char *policy(enum domain_kind kind, bool out)
{
	if (kind == DOMAIN_PUBLIC)
		return "onramp-deny";
	return out ? "onramp-out" : "onramp-in";
}

static int add_neighbor(struct config_block *block, const struct plan_domain *domain,
	const struct plan_link *link, const struct ip *peer, const struct ip *edge)
{
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
	error |= config_block_add(block, section, "neighbor %s activate", to);
	error |= config_block_add(
		block, section, "neighbor %s route-map %s in", to, policy(domain->kind, false));
	error |= config_block_add(
		block, section, "neighbor %s route-map %s out", to, policy(domain->kind, true));
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

static bool has_session(const struct plan_domain *domain)
{
	for (unsigned int i = 0; i < domain->link_count; i++) {
		if (domain->links[i].peer_asn)
			return true;
	}
	return false;
}

static int add_instance(struct config_block *block, const struct plan_domain *domain)
{
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
	error |= config_block_add(block, SECTION_IPV4, "maximum-paths %d", KERNEL_NEXT_HOPS_MAX);
	error |= config_block_add(block, SECTION_IPV6, "maximum-paths %d", KERNEL_NEXT_HOPS_MAX);
	for (unsigned int i = 0; i < domain->link_count; i++) {
		const struct plan_link *link = &domain->links[i];

		if (link->peer_asn && link->peer4.family)
			error |= add_neighbor(block, domain, link, &link->peer4, &link->edge4);
		if (link->peer_asn && link->peer6.family)
			error |= add_neighbor(block, domain, link, &link->peer6, &link->edge6);
	}
	return error ? -ENOMEM : 0;
}

static void path_text(const struct frr_announcement *announcement, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (uint8_t i = 0; i < announcement->as_path_length && used < size; i++)
		used += (size_t)snprintf(
			text + used, size - used, " %" PRIu32, announcement->as_path[i]);
}

/* The route-map that gives an announcement its attributes, named by their hash, so that
 * announcements with equal ones share it and a map's content never changes. */
static struct config_block *build_map(uint32_t asn, const struct frr_announcement *announcement)
{
	char path[TEXT_MAX], standard[TEXT_MAX] = "", large[TEXT_MAX] = "", head[64];
	struct config_block *map;
	uint64_t hash;
	int error = 0;

	if (frr_canonical_communities(announcement->communities, standard, sizeof(standard), large,
		    sizeof(large)) < 0)
		log_warning("frr", "communities not understood and left out: %s",
			announcement->communities);
	path_text(announcement, path, sizeof(path));
	hash = hash_text(hash_text(hash_text(HASH_FIRST, path), standard), large);
	hash = hash_more(hash, &asn, sizeof(asn));
	hash = hash_more(hash, &announcement->has_med, 1);
	if (announcement->has_med)
		hash = hash_more(hash, &announcement->med, sizeof(announcement->med));
	snprintf(head, sizeof(head), "route-map onramp-%016" PRIx64 " permit 10", hash);
	map = config_block_new(head);
	if (!map)
		return NULL;
	/* A route the domain learned itself wins over one that a connection brings. */
	error |= config_block_add(map, SECTION_NONE, "set local-preference 1");
	error |= config_block_add(map, SECTION_NONE, "set weight 0");
	if (path[0])
		error |= config_block_add(map, SECTION_NONE, "set as-path prepend%s", path);
	if (announcement->has_med)
		error |= config_block_add(
			map, SECTION_NONE, "set metric %" PRIu32, announcement->med);
	if (standard[0])
		error |= config_block_add(map, SECTION_NONE, "set community %s", standard);
	error |= config_block_add(map, SECTION_NONE, "set large-community %s%s%" PRIu32 ":0:1",
		large, large[0] ? " " : "", asn);
	config_block_sort(map);
	if (!error)
		return map;
	config_block_release(map);
	return NULL;
}

static int compare_maps(const void *a, const void *b)
{
	struct config_block *const *left = a, *const *right = b;

	return strcmp((*left)->head, (*right)->head);
}

static void share_maps(struct frr_wish *wish)
{
	size_t kept = 0;

	if (wish->map_count > 1)
		qsort(wish->maps, wish->map_count, sizeof(wish->maps[0]), compare_maps);
	for (size_t i = 0; i < wish->map_count; i++) {
		if (kept > 0 && compare_maps(&wish->maps[kept - 1], &wish->maps[i]) == 0)
			config_block_release(wish->maps[i]);
		else
			wish->maps[kept++] = wish->maps[i];
	}
	wish->map_count = kept;
}

static int add_announcements(
	struct frr_wish *wish, const struct site *site, const struct frr_domain *domain)
{
	wish->maps = calloc(domain->announcement_count + 1, sizeof(wish->maps[0]));
	if (!wish->maps)
		return -ENOMEM;
	for (size_t i = 0; i < domain->announcement_count; i++) {
		const struct frr_announcement *announcement = &domain->announcements[i];
		struct config_block *map = build_map(site->asn, announcement);
		char prefix[INET6_ADDRSTRLEN + 4];
		const char *name;

		if (!map)
			return -ENOMEM;
		wish->maps[wish->map_count++] = map;
		name = map->head + strlen("route-map ");
		prefix_text(&announcement->prefix, prefix, sizeof(prefix));
		if (config_block_add(wish->bgp, section_of(&announcement->prefix),
			    "network %s route-map %.*s", prefix, (int)strcspn(name, " "), name) < 0)
			return -ENOMEM;
	}
	share_maps(wish);
	return 0;
}

static int add_static_routes(struct frr_wish *wish, const struct plan_domain *domain)
{
	char head[DOMAIN_NAME_MAX + 8];

	if (domain->static_prefix_count == 0 || domain->link_count == 0)
		return 0;
	snprintf(head, sizeof(head), "vrf %s", domain->name);
	wish->routes = config_block_new(head);
	if (!wish->routes)
		return -ENOMEM;
	for (unsigned int i = 0; i < domain->static_prefix_count; i++) {
		const struct ip *prefix = &domain->static_prefixes[i];
		bool ipv4 = prefix->family == AF_INET;
		const struct ip *gateway = ipv4 ? &domain->links[0].peer4 : &domain->links[0].peer6;
		char destination[INET6_ADDRSTRLEN + 4], via[INET6_ADDRSTRLEN];

		prefix_text(prefix, destination, sizeof(destination));
		if (!gateway->family) {
			log_error("frr", "%s: %s has no gateway of its family", domain->name,
				destination);
			continue;
		}
		address_text(gateway, via);
		if (config_block_add(wish->routes, SECTION_NONE, "%s route %s %s",
			    ipv4 ? "ip" : "ipv6", destination, via) < 0)
			return -ENOMEM;
	}
	config_block_sort(wish->routes);
	return 0;
}

int frr_wish_build(
	struct frr_wish *wish, const struct site *site, const struct frr_domain *frr_domain)
{
	const struct plan_domain *domain = frr_domain->domain;
	char head[DOMAIN_NAME_MAX + 32];
	int error;

	memset(wish, 0, sizeof(*wish));
	error = add_static_routes(wish, domain);
	if (error < 0 || !has_session(domain))
		return error;
	snprintf(head, sizeof(head), "router bgp %" PRIu32 " vrf %s", site->asn, domain->name);
	wish->bgp = config_block_new(head);
	if (!wish->bgp)
		return -ENOMEM;
	error = add_instance(wish->bgp, domain);
	if (error == 0 && frr_domain->ready)
		error = add_announcements(wish, site, frr_domain);
	config_block_sort(wish->bgp);
	return error;
}

void frr_wish_free(struct frr_wish *wish)
{
	config_block_release(wish->bgp);
	config_block_release(wish->routes);
	for (size_t i = 0; i < wish->map_count; i++)
		config_block_release(wish->maps[i]);
	free(wish->maps);
	memset(wish, 0, sizeof(*wish));
}

int frr_wish_shared(
	uint32_t asn, void (*each)(struct config_block *block, void *context), void *context)
{
	static const struct {
		const char *head;
		const char *lines[2];
	} policies[] = {
		{"route-map onramp-in permit 10", {"set large-comm-list onramp-local delete"}},
		{"route-map onramp-out permit 10",
			{"match large-community onramp-local",
				"set large-comm-list onramp-local delete"}},
		{"route-map onramp-deny deny 10", {NULL}},
	};
	char head[96];
	struct config_block *block;

	snprintf(head, sizeof(head),
		"bgp large-community-list standard onramp-local seq 5 permit %" PRIu32 ":0:1", asn);
	block = config_block_new(head);
	if (!block)
		return -ENOMEM;
	each(block, context);
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		block = config_block_new(policies[i].head);
		if (!block)
			return -ENOMEM;
		for (size_t line = 0; line < 2 && policies[i].lines[line]; line++) {
			if (config_block_add(block, SECTION_NONE, "%s", policies[i].lines[line]) ==
				0)
				continue;
			config_block_release(block);
			return -ENOMEM;
		}
		config_block_sort(block);
		each(block, context);
	}
	return 0;
}
