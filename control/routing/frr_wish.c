/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/frr_wish.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "control/log.h"
#include "control/model/validation.h"
#include "control/routing/frr_wish_parts.h"

#define TEXT_MAX 1024

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
	char reason[VALIDATION_TEXT_MAX];

	hash = hash_more(hash, &site->asn, sizeof(site->asn));
	hash = hash_more(hash, &domain->kind, sizeof(domain->kind));
	for (unsigned int i = 0; i < domain->link_count; i++) {
		const struct plan_link *link = &domain->links[i];

		hash = hash_text(hash, link->name);
		hash = hash_more(hash, &link->peer_asn, sizeof(link->peer_asn));
		hash = hash_more(hash, &link->bfd.interval_ms, sizeof(link->bfd.interval_ms));
		hash = hash_more(hash, &link->bfd.multiplier, sizeof(link->bfd.multiplier));
		/* No secret is of a blank. */
		hash = hash_text(hash, link->md5 ? link->md5->secret : " ");
		hash = hash_more(hash, &link->edge4, sizeof(link->edge4));
		hash = hash_more(hash, &link->edge6, sizeof(link->edge6));
		hash = hash_more(hash, &link->peer4, sizeof(link->peer4));
		hash = hash_more(hash, &link->peer6, sizeof(link->peer6));
	}
	hash = hash_more(hash, &domain->limits.ipv4, sizeof(domain->limits.ipv4));
	hash = hash_more(hash, &domain->limits.ipv6, sizeof(domain->limits.ipv6));
	hash = hash_more(hash, &domain->limits.soft, sizeof(domain->limits.soft));
	hash = hash_more(hash, frr_domain->limit_again, sizeof(frr_domain->limit_again));
	hash = hash_more(hash, frr_domain->key_again, sizeof(frr_domain->key_again));
	hash = hash_more(
		hash, domain->accepted, domain->accepted_count * sizeof(domain->accepted[0]));
	hash = hash_more(hash, &domain->origin_asn, sizeof(domain->origin_asn));
	hash = frr_hash_rules(hash, domain->validation, 0);
	if (validation_reason(domain->validation, domain->accepted, reason) != NULL)
		hash = hash_text(hash, reason);
	hash = hash_more(hash, domain->static_prefixes,
		domain->static_prefix_count * sizeof(domain->static_prefixes[0]));
	hash = hash_more(hash, &frr_domain->ready, sizeof(frr_domain->ready));
	hash = hash_more(hash, &frr_domain->stale_s, sizeof(frr_domain->stale_s));
	hash = hash_more(hash, &frr_domain->shut_out, sizeof(frr_domain->shut_out));
	hash = hash_more(hash, &frr_domain->shut_in, sizeof(frr_domain->shut_in));
	hash = hash_more(hash, &frr_domain->bfd, sizeof(frr_domain->bfd));
	if (!frr_domain->ready)
		return hash;
	for (size_t i = 0; i < frr_domain->announcement_count; i++)
		hash = hash_announcement(hash, &frr_domain->announcements[i]);
	return hash;
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
	return 0;
}

static int make_maps(struct frr_wish *wish, const struct frr_domain *domain)
{
	size_t count = frr_accept_blocks(domain->domain) + domain->announcement_count + 1;

	wish->maps = calloc(count, sizeof(wish->maps[0]));
	return wish->maps ? 0 : -ENOMEM;
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
	int error;

	memset(wish, 0, sizeof(*wish));
	error = add_static_routes(wish, domain);
	for (unsigned int i = 0; error == 0 && i < domain->link_count; i++)
		error = frr_bfd_profile(&domain->links[i], &wish->profiles[i]);
	if (error < 0 || !frr_has_session(domain))
		return error;
	wish->bgp = frr_instance(site->asn, frr_domain);
	if (!wish->bgp)
		return -ENOMEM;
	error = make_maps(wish, frr_domain);
	if (error == 0)
		error = frr_add_accept(wish, frr_domain, site->asn);
	if (error == 0 && frr_domain->ready)
		error = add_announcements(wish, site, frr_domain);
	share_maps(wish);
	config_block_sort(wish->bgp);
	return error;
}

void frr_wish_free(struct frr_wish *wish)
{
	config_block_release(wish->bgp);
	config_block_release(wish->routes);
	for (size_t i = 0; i < wish->map_count; i++)
		config_block_release(wish->maps[i]);
	for (size_t i = 0; i < LINKS; i++)
		config_block_release(wish->profiles[i]);
	free(wish->maps);
	memset(wish, 0, sizeof(*wish));
}
