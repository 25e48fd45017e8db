/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/model/site.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/model/validation.h"

static void free_auth(struct bfd_auth *auth)
{
	if (auth != NULL)
		explicit_bzero(auth, sizeof(*auth));
	free(auth);
}

static void free_md5(struct md5_key *key)
{
	if (key != NULL)
		explicit_bzero(key, sizeof(*key));
	free(key);
}

static void free_peerings(struct site_circuit *circuit)
{
	for (unsigned int i = 0; i < circuit->peering_count; i++) {
		free_auth(circuit->peerings[i].bfd_auth);
		free_md5(circuit->peerings[i].md5);
		free(circuit->peerings[i].validated);
		validation_free(circuit->peerings[i].validation);
	}
	free(circuit->peerings);
}

static void free_vnet(struct site_vnet *vnet)
{
	free_auth(vnet->bfd_auth);
	free_md5(vnet->md5);
	free(vnet->static_prefixes);
	free(vnet->links);
	free(vnet->connections);
}

void site_free(struct site *site)
{
	if (site == NULL)
		return;
	for (unsigned int i = 0; i < site->edge_count; i++)
		free(site->edges[i].ports);
	for (unsigned int i = 0; i < site->circuit_count; i++)
		free_peerings(&site->circuits[i]);
	for (unsigned int i = 0; i < site->vnet_count; i++)
		free_vnet(&site->vnets[i]);
	for (unsigned int i = 0; i < site->filter_count; i++)
		free(site->filters[i].allow);
	for (unsigned int i = 0; i < site->service_count; i++) {
		free_vnet(&site->services[i].core);
		free(site->services[i].communities);
	}
	for (unsigned int i = 0; i < site->port_pair_count; i++)
		free(site->port_pairs[i].authorizations);
	free(site->filters);
	free(site->services);
	free(site->global_reach);
	free(site->edges);
	free(site->port_pairs);
	free(site->circuits);
	free(site->vnets);
	free(site);
}

uint32_t site_origin(const struct site_peering *peering)
{
	return peering->origin_asn != 0 ? peering->origin_asn : peering->peer_asn;
}

bool site_pair_is_one_port(const struct site_port_pair *pair)
{
	const struct port_ref *a = &pair->ports[LINK_PRIMARY], *b = &pair->ports[LINK_SECONDARY];

	return a->present && b->present && a->edge == b->edge && a->port == b->port;
}

uint16_t site_s_tag(const struct site_circuit *circuit, unsigned int link)
{
	return link == LINK_SECONDARY && circuit->secondary_s_tag != 0 ? circuit->secondary_s_tag
								       : circuit->s_tag;
}

bool site_uses_authorization(
	const struct site_authorization *authorization, const struct site_circuit *circuit)
{
	return strcmp(authorization->name, circuit->authorization) == 0 &&
	       strcmp(authorization->circuit, circuit->name) == 0;
}

int site_find_edge(const struct site *site, const char *name)
{
	for (unsigned int i = 0; i < site->edge_count; i++) {
		if (strcmp(site->edges[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

int site_find_circuit(const struct site *site, const char *name)
{
	for (unsigned int i = 0; i < site->circuit_count; i++) {
		if (strcmp(site->circuits[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

int site_find_vnet(const struct site *site, const char *name)
{
	for (unsigned int i = 0; i < site->vnet_count; i++) {
		if (strcmp(site->vnets[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

const char *peering_type_name(enum peering_type type)
{
	return type == PEERING_PRIVATE ? "private" : "public";
}

const char *link_name(unsigned int link)
{
	return link == LINK_PRIMARY ? "primary" : "secondary";
}

const char *tier_name(enum tier tier)
{
	static const char *const names[] = {"local", "standard", "premium"};
	return names[tier];
}

const char *rss_name(enum rss rss)
{
	static const char *const names[] = {"auto", "hardware", "software"};
	return names[rss];
}

const char *urpf_name(enum urpf urpf)
{
	static const char *const names[] = {
		[URPF_OFF] = "off", [URPF_LOOSE] = "loose", [URPF_STRICT] = "strict"};

	return names[urpf];
}

const char *bfd_auth_type_name(enum bfd_auth_type type)
{
	return type == BFD_AUTH_TYPE_KEYED_SHA1 ? "keyed-sha1" : "meticulous-sha1";
}

const char *pair_model_name(enum pair_model model)
{
	return model == PAIR_DIRECT ? "direct" : "provider";
}

const char *encapsulation_name(enum encapsulation encapsulation)
{
	static const char *const names[] = {"dot1q", "qinq", "mixed"};
	return names[encapsulation];
}

const char *rate_text(uint64_t bps, char *buffer, unsigned int size)
{
	static const struct {
		uint64_t bps;
		const char *letter;
	} units[] = {{UINT64_C(1000000000), "G"}, {1000000, "M"}, {1000, "K"}, {1, ""}};
	size_t unit = 0;

	while (bps % units[unit].bps != 0 || bps < units[unit].bps) {
		if (units[unit].bps == 1)
			break;
		unit++;
	}
	snprintf(buffer, size, "%" PRIu64 "%s", bps / units[unit].bps, units[unit].letter);
	return buffer;
}
