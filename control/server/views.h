/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `onramp show` gets from control, as JSON rows. Pure functions of the plan and of what the
 * kernel and BGP answered; the keys are an interface for programs and do not change.
 */
#pragma once

#include <stdint.h>

#include <jansson.h>

#include "control/model/plan.h"
#include "control/server/refused_counts.h"
#include "control/sync/sync.h"

/* bgpd's answers, one a command of views_bgp_command; NULL: not answered. */
enum bgp_answer { BGP_SUMMARY4, BGP_SUMMARY6, BGP_FAILED4, BGP_FAILED6, BGP_ANSWERS };
struct bgp_answers {
	json_t *answers[BGP_ANSWERS];
	json_t *sessions; /* of views_session_questions, each with its "answer" */
};
const char *views_bgp_command(enum bgp_answer answer);

/* Each: a new array, or NULL without memory. plan may be NULL (nothing applied yet): no rows. */

/* name, service_key, port_pair, model, bandwidth_bps, tier, family, state, provider_state (null:
 * direct), forwards, encapsulation, s_tag, peerings, redundancy */
json_t *view_circuits(const struct plan *plan);

/* What the provider of a circuit sees, by its service key; a row each link: link, port
 * (EDGE/PORT), outer_ethertype, s_tag, vlans (of 802.1Q), bandwidth_bps, provider_state, managed
 * (the peerings whose fields are his). NULL: no circuit on a provider's ports has it. */
json_t *view_service_key(const struct plan *plan, const char *key);

/* name (PAIR/NAME), port_pair, owner, bandwidth_bps, state ("open", "used": its circuit is there,
 * "spent": that is gone), circuit */
json_t *view_authorizations(const struct plan *plan);

/* Each field of circuits and their peerings, defaults too: name (contoso, contoso/private), field,
 * value, set_by. stamps: control/store/store.h */
json_t *view_effective(const struct plan *plan, const json_t *stamps);

/* The domains of peerings, of one circuit or (NULL) of all: peering (contoso/private), domain,
 * learned (routes by BGP and staticd in its kernel, without those that a soft limit refused; null:
 * it is not up yet), connections (the names of networks, services and circuits), bfd (is wanted),
 * validated (prefixes of a public peering), route_filter. */
json_t *view_domains(struct sync *sync, const char *circuit);

/* name, type, domain, s_tag, c_tag, peer_asn, not_enabled (why BGP is not; or null), links: [{name,
 * edge, port, s_tag, c_tag, edge4, peer4, edge6, peer6, neighbour4, neighbour6, bgp4, bgp6}]. A
 * link on another edge of the site is listed with states null. */
json_t *view_peerings(struct sync *sync, const struct bgp_answers *bgp);

/* peering, link, family, neighbour, asn, state, uptime_s, accepted, refused, announced, limit,
 * alarm, last_error. state is BGP's own word (RFC 4271 8.2.2); "Absent": bgpd knows no such session
 * (yet). refused, accepted: prefixes. limit: what the peering allows (null: no limit), alarm: a
 * sentence when 80 % of it are reached. rejected: of view_rejected, of which limits' are counted;
 * what policies refused is that of refused, and null where it is not known. */
json_t *view_bgp(struct sync *sync, const struct bgp_answers *bgp, const json_t *rejected,
	const struct refused_counts *refused);

/* Routes that were announced to us and refused: peering, link, family, neighbour, prefix, by
 * ("limit": a soft one, "policy"), reason. sessions: answers to ROUTES_FILTERED. */
json_t *view_rejected(struct sync *sync, const json_t *sessions);

/* circuit, peering, kind ("network", "global-reach"), with (the network's name or the other
 * circuit's), weight (null: a global reach has none), to_circuit4, to_circuit6, from_circuit4,
 * from_circuit6 (prefixes), limit4, limit6 (of those to the circuit; null: none), refused4,
 * refused6, state (in words; "up") */
json_t *view_connections(struct sync *sync);
/* Rows of view_rejected for what connections refuse, by "connection": the peering is the circuit's,
 * link the network's name, neighbour null. Of one connection and family at most 1,000. */
void views_add_leaks(json_t *rows, struct sync *sync);

/* What bgpd is to be asked of single sessions that are up, once it has answered the rest: [{domain,
 * peering, link, family, neighbour, command}]. within: an address as of the command line, or NULL.
 */
enum session_routes { ROUTES_NONE, ROUTES_FILTERED, ROUTES_ADVERTISED };
json_t *views_session_questions(const struct plan *plan, const struct bgp_answers *bgp,
	enum session_routes which, const char *within);
/* One of questions that is announced more prefixes than one answer may bring; NULL: none. */
#define ADVERTISED_MAX 20000 /* some 100 ms of the loop for each session */
const json_t *views_too_large(const json_t *questions, const struct bgp_answers *bgp);
/* {PREFIX: {...}} of an answer; NULL: none. Belongs to it. */
const json_t *views_routes(const json_t *answer);
/* Rows of view_rejected, from answers to ROUTES_FILTERED. */
void views_add_filtered(json_t *rows, const struct plan *plan, const json_t *sessions);
/* peering, link, family, neighbour, prefix, path (without the site's own AS number), med. sessions:
 * answers to ROUTES_ADVERTISED. */
json_t *view_advertised(const json_t *sessions);

/* A row for each of routes, in their order, which are [domain, prefix, origin, leaked_from or
 * null], as the dataplane has them: local_pref, weight (of leaked routes: the connection's), path
 * (AS numbers as learned), med, why (what let it in); each null where it is not known, or not so.
 */
#define ROUTE_DETAILS_MAX 512u /* asked for at once: a turn of the loop stays short */
json_t *view_route_details(struct sync *sync, const json_t *routes);

/* domain, link, address, mac, state, age_s */
json_t *view_arp(struct sync *sync);

/* The state of the session with neighbour in domain, or NULL. Belongs to bgp. */
const json_t *views_bgp_session(
	const struct bgp_answers *bgp, const char *domain, const struct ip *neighbour);

/* CIRCUIT/PEERING, or the virtual network's name, of a link, and the link's own. */
void views_split_link(
	const struct plan_link *link, char owner[sizeof(link->name)], const char **last);

/* Why BGP is not enabled in a domain; null: it is, or domain is NULL. */
json_t *views_not_enabled(const struct plan_domain *domain);

/* BGP's own word for FRR's, which adds to it in brackets; "Absent" for NULL. */
json_t *views_bgp_state(const char *state);

/* "reachable", "stale", ... of a kernel's NUD_* state. */
const char *views_neighbour_state(uint16_t state);

/* The address alone, or null when absent; with the subnet's length when with_length. */
json_t *views_ip(const struct ip *ip, bool with_length);
