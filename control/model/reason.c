/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/model/reason.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>

#include "control/model/ip.h"

const struct plan_connection *plan_find_connection(
	const struct plan *plan, unsigned int a, unsigned int b)
{
	for (unsigned int i = 0; i < plan->connection_count; i++) {
		const struct plan_connection *connection = &plan->connections[i];

		if ((connection->circuit_domain == a && connection->vnet_domain == b) ||
			(connection->circuit_domain == b && connection->vnet_domain == a))
			return connection;
	}
	return NULL;
}

/* The link in whose subnet (edge4, edge6 have its length) the prefix is. */
static const struct plan_link *find_link(const struct plan_domain *domain, const struct ip *prefix)
{
	for (unsigned int i = 0; i < domain->link_count; i++) {
		const struct plan_link *link = &domain->links[i];

		if (ip_contains(&link->edge4, prefix) || ip_contains(&link->edge6, prefix))
			return link;
	}
	return NULL;
}

static const struct ip *find_covering(
	const struct ip *prefixes, unsigned int count, const struct ip *prefix)
{
	for (unsigned int i = 0; i < count; i++)
		if (ip_contains(&prefixes[i], prefix))
			return &prefixes[i];
	return NULL;
}

static const char *of_link(const struct plan_domain *domain, const struct ip *prefix,
	enum route_source source, char *text, size_t size)
{
	static const char *const what[] = {
		[ROUTE_CONNECTED] = "subnet of",
		[ROUTE_LOCAL] = "the edge's address on",
		[ROUTE_NEIGHBOUR] = "neighbour on",
	};
	const struct plan_link *link = find_link(domain, prefix);

	/* Link-local ones are the same on each link. */
	if (link == NULL)
		snprintf(text, size, "%s a link", what[source]);
	else
		snprintf(text, size, "%s %s", what[source], link->name);
	return text;
}

/* A prefix that the configuration names, of what it is a part. */
static const char *of_list(
	const struct ip *named, const char *what, const char *owner, char *text, size_t size)
{
	char name[64];

	if (named == NULL)
		return NULL;
	snprintf(text, size, "%s %s%s%s", what, ip_text(named, name, sizeof(name)),
		owner != NULL ? " of " : "", owner != NULL ? owner : "");
	return text;
}

static const char *of_bgp(
	const struct plan_domain *domain, const struct ip *prefix, char *text, size_t size)
{
	uint32_t limit = prefix->family == AF_INET6 ? domain->limits.ipv6 : domain->limits.ipv4;
	const struct ip *accepted = find_covering(domain->accepted, domain->accepted_count, prefix);

	switch (domain->kind) {
	case DOMAIN_PUBLIC:
		return of_list(accepted, "validated prefix", NULL, text, size);
	case DOMAIN_SERVICE:
		return of_list(accepted, "prefix", domain->owner, text, size);
	case DOMAIN_VNET:
		snprintf(text, size, "learned from %s's core", domain->owner);
		return text;
	case DOMAIN_PRIVATE:
		break;
	}
	if (limit == 0)
		snprintf(text, size, "private: any prefix");
	else
		snprintf(text, size, "private: any prefix, limit %" PRIu32, limit);
	return text;
}

static const struct community *common(
	const struct site_filter *filter, const struct site_service *service)
{
	for (unsigned int i = 0; i < filter->allow_count; i++)
		if (communities_meet(
			    &filter->allow[i], 1, service->communities, service->community_count))
			return &filter->allow[i];
	return NULL;
}

static const char *of_connection(
	const struct plan *plan, unsigned int domain, unsigned int from, char *text, size_t size)
{
	const struct plan_connection *connection = plan_find_connection(plan, domain, from);
	const struct plan_domain *circuit, *other;
	const struct community *community;
	char name[COMMUNITY_TEXT_MAX];

	if (connection == NULL)
		return NULL;
	circuit = &plan->domains[connection->circuit_domain];
	other = &plan->domains[connection->vnet_domain];
	if (circuit->filter == NULL || other->service == NULL) {
		snprintf(text, size, "%s %s - %s",
			connection->global_reach ? "global reach" : "connection", circuit->owner,
			other->owner);
		return text;
	}
	community = common(circuit->filter, other->service);
	if (community == NULL)
		return NULL;
	snprintf(text, size, "route filter %s: %s of %s", circuit->filter->name,
		community_text(community, name), other->owner);
	return text;
}

const char *route_reason(const struct plan *plan, unsigned int index, int from,
	const struct ip *prefix, enum route_source source, char *text, size_t size)
{
	const struct plan_domain *domain = &plan->domains[index];

	if (from >= 0)
		return of_connection(plan, index, (unsigned int)from, text, size);
	switch (source) {
	case ROUTE_CONNECTED:
	case ROUTE_LOCAL:
	case ROUTE_NEIGHBOUR:
		return of_link(domain, prefix, source, text, size);
	case ROUTE_STATIC:
		return of_list(
			find_covering(domain->static_prefixes, domain->static_prefix_count, prefix),
			"static prefix", domain->owner, text, size);
	case ROUTE_BGP:
		break;
	}
	return of_bgp(domain, prefix, text, size);
}
