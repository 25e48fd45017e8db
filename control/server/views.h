/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `onramp show` gets from control, as JSON rows. Pure functions of the plan and of what the
 * kernel and BGP answered; the keys are an interface for programs and do not change.
 */
#pragma once

#include <stdint.h>

#include <jansson.h>

#include "control/model/plan.h"
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

/* name, type, domain, s_tag, c_tag, peer_asn, links: [{name, edge, port, s_tag, c_tag, edge4,
 * peer4, edge6, peer6, neighbour4, neighbour6, bgp4, bgp6}]. A link on another edge of the site is
 * listed with states null. */
json_t *view_peerings(struct sync *sync, const struct bgp_answers *bgp);

/* peering, link, family, neighbour, asn, state, uptime_s, accepted, refused, announced, limit,
 * alarm, last_error. state is BGP's own word (RFC 4271 8.2.2); "Absent": bgpd knows no such session
 * (yet). refused, accepted: prefixes. limit: what the peering allows (null: no limit), alarm: a
 * sentence when 80 % of it are reached. rejected: of view_rejected. */
json_t *view_bgp(struct sync *sync, const struct bgp_answers *bgp, const json_t *rejected);

/* Routes that were announced to us and refused: peering, link, family, neighbour, prefix, by
 * ("limit": a soft one, "policy"), reason. sessions: answers to ROUTES_FILTERED. */
json_t *view_rejected(struct sync *sync, const json_t *sessions);

/* What bgpd is to be asked of single sessions that are up, once it has answered the rest: [{domain,
 * peering, link, family, neighbour, command}]. within: an address as of the command line, or NULL.
 */
enum session_routes { ROUTES_NONE, ROUTES_FILTERED, ROUTES_ADVERTISED };
json_t *views_session_questions(const struct plan *plan, const struct bgp_answers *bgp,
	enum session_routes which, const char *within);
/* Rows of view_rejected, from answers to ROUTES_FILTERED. */
void views_add_filtered(json_t *rows, const struct plan *plan, const json_t *sessions);
/* peering, link, family, neighbour, prefix, path (without the site's own AS number), med. sessions:
 * answers to ROUTES_ADVERTISED. */
json_t *view_advertised(const json_t *sessions);

/* domain, link, address, mac, state, age_s */
json_t *view_arp(struct sync *sync);

/* The state of the session with neighbour in domain, or NULL. Belongs to bgp. */
const json_t *views_bgp_session(
	const struct bgp_answers *bgp, const char *domain, const struct ip *neighbour);

/* CIRCUIT/PEERING, or the virtual network's name, of a link, and the link's own. */
void views_split_link(
	const struct plan_link *link, char owner[sizeof(link->name)], const char **last);

/* BGP's own word for FRR's, which adds to it in brackets; "Absent" for NULL. */
json_t *views_bgp_state(const char *state);

/* "reachable", "stale", ... of a kernel's NUD_* state. */
const char *views_neighbour_state(uint16_t state);

/* The address alone, or null when absent; with the subnet's length when with_length. */
json_t *views_ip(const struct ip *ip, bool with_length);
