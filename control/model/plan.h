/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What one edge must build for a site: routing domains, their links, sessions and leaks. Peerings
 * of circuits that do not forward (control/model/lifecycle.h) are left out.
 * Pure functions of the site and the edge's name.
 */
#pragma once

#include "control/model/site.h"

/* Domains are named private.CIRCUIT, public.CIRCUIT, vnet.NAME, service.NAME: at most 35
 * characters, which is what FRR takes for a VRF; the namespace has the same name. */
#define DOMAIN_NAME_MAX 36

enum domain_kind { DOMAIN_PRIVATE, DOMAIN_PUBLIC, DOMAIN_VNET, DOMAIN_SERVICE };

/* What a circuit may send over one link in one direction, all its peerings together. */
struct plan_rate {
	uint64_t bps; /* 0: as much as the port takes */
	uint64_t burst_bytes;
	uint32_t overhead_bytes;
};

struct plan_link {
	char name[64];   /* contoso/private/primary, or vnet-name/core */
	char ifname[16]; /* of the TAP in the domain's namespace: primary, secondary, core */
	char circuit[NAME_MAX_LENGTH + 1]; /* empty for core links */
	unsigned int port;                 /* index in the edge's ports */
	uint16_t s_tag, c_tag;
	uint32_t mtu;
	struct ip edge4, edge6, peer4, peer6;
	struct plan_rate rate;
	uint32_t peer_asn;               /* 0: no BGP on this link (static core attachment) */
	struct bfd_timers bfd;           /* beside BGP */
	const struct bfd_auth *bfd_auth; /* the site's; NULL: none */
	bool ttl_security;
	bool is_transit;           /* of a core link: its subnet leaks along connections */
	enum urpf urpf;            /* of core links off: what they say is the operator's */
	const struct md5_key *md5; /* the site's; NULL: none */
};

struct plan_domain {
	char name[DOMAIN_NAME_MAX];
	enum domain_kind kind;
	char owner[NAME_MAX_LENGTH + 1]; /* circuit or vnet */
	struct plan_link links[LINKS];
	unsigned int link_count; /* only links on this edge; a domain with none is left out */
	const struct ip *static_prefixes; /* belong to the site; via links[0].peer4/6 */
	unsigned int static_prefix_count;
	struct prefix_limits limits; /* of what is learned by BGP */
	/* Of public peerings and services: what BGP may bring, parts too; the site's. */
	const struct ip *accepted;
	unsigned int accepted_count;
	uint32_t origin_asn;                         /* of a public peering: whose they are */
	const struct peering_validation *validation; /* the site's; NULL: nobody is asked */
	const struct site_service *service;          /* of a service's domain */
	const struct site_filter *filter;            /* attached to a public peering */
};

/* A connection: each domain's own routes appear in the other, one hop. */
struct plan_connection {
	unsigned int circuit_domain, vnet_domain; /* indexes in domains; or service's */
	bool global_reach; /* vnet_domain is another circuit's; all networks come before it */
	uint32_t weight;   /* not of a global reach */
	/* What comes into circuit_domain; neither of a service nor of a global reach. */
	struct prefix_limits limits;
};

struct plan {
	const struct site *site; /* must outlive the plan */
	const struct site_edge *edge;
	struct plan_domain *domains;
	unsigned int domain_count;
	struct plan_connection *connections;
	unsigned int connection_count;
};

/* edge: index in site->edges. NULL: no memory. */
struct plan *plan_build(const struct site *site, unsigned int edge);
void plan_free(struct plan *plan);
/* Has the domain's BGP got what it needs? A public peering without validated prefixes, or with one
 * that no source vouches for, has not. */
bool plan_may_peer(const struct plan_domain *domain);
int plan_find_domain(const struct plan *plan, const char *name);
