/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config/diff.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "control/config/config.h"
#include "control/model/ip.h"
#include "control/model/plan.h"
#include "control/model/validation.h"

static void add_change(json_t *changes, const char *action, const char *what)
{
	json_array_append_new(changes, json_pack("{s:s, s:s}", "action", action, "what", what));
}

static void diff_fields(json_t *changes, const char *what, json_t *from, json_t *to)
{
	const char *field;
	json_t *value;

	json_object_foreach (from, field, value) {
		json_t *now = json_object_get(to, field);
		if (now == NULL || !json_equal(value, now))
			json_array_append_new(changes,
				json_pack("{s:s, s:s, s:s, s:O, s:O?}", "action", "change", "what",
					what, "field", field, "from", value, "to", now));
	}
	json_object_foreach (to, field, value) {
		if (json_object_get(from, field) == NULL)
			json_array_append_new(changes,
				json_pack("{s:s, s:s, s:s, s:n, s:O}", "action", "change", "what",
					what, "field", field, "from", "to", value));
	}
}

/* A key whose file has another name is a change of its own. */
static void diff_keys(
	json_t *changes, const char *what, const struct bfd_auth *from, const struct bfd_auth *to)
{
	for (unsigned int i = 0; from != NULL && to != NULL && i < to->key_count; i++) {
		const struct bfd_auth_key *key = &to->keys[i];

		for (unsigned int j = 0; j < from->key_count; j++) {
			const struct bfd_auth_key *old = &from->keys[j];

			if (old->id != key->id || strcmp(old->file, key->file) != 0)
				continue;
			if (old->secret_bytes == key->secret_bytes &&
				memcmp(old->secret, key->secret, sizeof(key->secret)) == 0)
				continue;
			json_array_append_new(changes,
				json_pack("{s:s, s:s, s:o, s:s, s:s+}", "action", "change", "what",
					what, "field", json_sprintf("bfd.auth.keys[%u]", key->id),
					"from", key->file, "to", key->file,
					", with another secret"));
		}
	}
}

static void diff_md5(
	json_t *changes, const char *what, const struct md5_key *from, const struct md5_key *to)
{
	if (from == NULL || to == NULL || strcmp(from->file, to->file) != 0 ||
		strcmp(from->secret, to->secret) == 0)
		return;
	json_array_append_new(changes,
		json_pack("{s:s, s:s, s:s, s:s, s:s+}", "action", "change", "what", what, "field",
			"md5_file", "from", from->file, "to", to->file, ", with another secret"));
}

/* What sources say of the prefixes may change when nothing in the document does. */
static void diff_validation(json_t *changes, const char *what, const struct site_peering *from,
	const struct site_peering *to)
{
	static const char *const words[] = {"not validated by sources", "validated by sources"};
	const struct peering_validation *old = from->validation, *now = to->validation;

	if (old == NULL || now == NULL || old->prefix_count != now->prefix_count ||
		validation_equal(old, now))
		return;
	json_array_append_new(changes,
		json_pack("{s:s, s:s, s:s, s:s, s:s+}", "action", "change", "what", what, "field",
			"validated_prefixes", "from", words[validation_vouches_all(old)], "to",
			words[validation_vouches_all(now)], ", by what they say now"));
}

static void diff_service(json_t *changes, const struct site *from, const struct site_vnet *core)
{
	char what[64];

	snprintf(what, sizeof(what), "service %s", core->name);
	for (unsigned int i = 0; i < from->service_count; i++) {
		const struct site_vnet *old = &from->services[i].core;

		if (strcmp(old->name, core->name) != 0)
			continue;
		diff_keys(changes, what, old->bfd_auth, core->bfd_auth);
		diff_md5(changes, what, old->md5, core->md5);
	}
}

/* Secrets are no facts: that they differ is told, not how. Nor is what sources say. */
static void diff_beside(json_t *changes, const struct site *from, const struct site *to)
{
	char what[64];

	for (unsigned int i = 0; from != NULL && i < to->circuit_count; i++) {
		const struct site_circuit *now = &to->circuits[i], *old;
		int index = site_find_circuit(from, now->name);

		for (unsigned int p = 0; index >= 0 && p < now->peering_count; p++) {
			old = &from->circuits[index];
			snprintf(what, sizeof(what), "%s/%s", now->name,
				peering_type_name(now->peerings[p].type));
			for (unsigned int q = 0; q < old->peering_count; q++) {
				if (old->peerings[q].type != now->peerings[p].type)
					continue;
				diff_keys(changes, what, old->peerings[q].bfd_auth,
					now->peerings[p].bfd_auth);
				diff_md5(changes, what, old->peerings[q].md5, now->peerings[p].md5);
				diff_validation(
					changes, what, &old->peerings[q], &now->peerings[p]);
			}
		}
	}
	for (unsigned int i = 0; from != NULL && i < to->vnet_count; i++) {
		int index = site_find_vnet(from, to->vnets[i].name);

		snprintf(what, sizeof(what), "vnet %s", to->vnets[i].name);
		if (index < 0)
			continue;
		diff_keys(changes, what, from->vnets[index].bfd_auth, to->vnets[i].bfd_auth);
		diff_md5(changes, what, from->vnets[index].md5, to->vnets[i].md5);
	}
	for (unsigned int i = 0; from != NULL && i < to->service_count; i++)
		diff_service(changes, from, &to->services[i].core);
}

static json_t *diff_changes(const struct site *from, const struct site *to)
{
	json_t *changes = json_array(), *old = site_facts(from), *new = site_facts(to);
	const char *what;
	json_t *fields;

	json_object_foreach (old, what, fields) {
		json_t *now = json_object_get(new, what);
		if (now == NULL)
			add_change(changes, "remove", what);
		else
			diff_fields(changes, what, fields, now);
	}
	json_object_foreach (new, what, fields) {
		if (json_object_get(old, what) == NULL)
			add_change(changes, "add", what);
	}
	diff_beside(changes, from, to);
	json_decref(old);
	json_decref(new);
	return changes;
}

/* A session with what it stands on: when any of it changes, it begins anew. */
static void add_session(json_t *sessions, const struct plan *plan, const struct plan_link *link,
	const struct ip *edge, const struct ip *peer)
{
	char name[96], basis[320], addresses[2][64];

	if (edge->family == 0 || link->peer_asn == 0)
		return;
	snprintf(
		name, sizeof(name), "%s %s", link->name, edge->family == AF_INET ? "ipv4" : "ipv6");
	/* Stays in this process. */
	snprintf(basis, sizeof(basis), "%s %s as %u to %u port %s tags %u %u md5 %s",
		ip_text(edge, addresses[0], sizeof(addresses[0])),
		ip_text(peer, addresses[1], sizeof(addresses[1])), plan->site->asn, link->peer_asn,
		plan->edge->ports[link->port].name, link->s_tag, link->c_tag,
		link->md5 != NULL ? link->md5->secret : "-");
	json_object_set_new(sessions, name, json_string(basis));
}

/* {"contoso/private/primary ipv4": basis}; {} when the site has no such edge. NULL: no memory. */
static json_t *edge_sessions(const struct site *site, const char *edge)
{
	int index = site != NULL ? site_find_edge(site, edge) : -1;
	json_t *sessions = json_object();

	if (index < 0)
		return sessions;
	struct plan *plan = plan_build(site, (unsigned int)index);
	if (plan == NULL) {
		json_decref(sessions);
		return NULL;
	}
	for (unsigned int i = 0; i < plan->domain_count; i++) {
		for (unsigned int j = 0;
			plan_may_peer(&plan->domains[i]) && j < plan->domains[i].link_count; j++) {
			const struct plan_link *link = &plan->domains[i].links[j];
			add_session(sessions, plan, link, &link->edge4, &link->peer4);
			add_session(sessions, plan, link, &link->edge6, &link->peer6);
		}
	}
	plan_free(plan);
	return sessions;
}

static void add_effect(json_t *effects, const char *session, const char *effect)
{
	json_array_append_new(
		effects, json_pack("{s:s, s:s}", "session", session, "effect", effect));
}

/* NULL: no memory. */
static json_t *diff_sessions(const struct site *from, const struct site *to, const char *edge)
{
	json_t *effects = json_array();
	json_t *old = edge_sessions(from, edge), *new = edge_sessions(to, edge);
	const char *session;
	json_t *basis;

	json_object_foreach (old, session, basis) {
		json_t *now = json_object_get(new, session);
		if (now == NULL)
			add_effect(effects, session, "stop");
		else if (!json_equal(basis, now))
			add_effect(effects, session, "reset");
	}
	json_object_foreach (new, session, basis) {
		if (json_object_get(old, session) == NULL)
			add_effect(effects, session, "start");
	}
	if (old == NULL || new == NULL) {
		json_decref(effects);
		effects = NULL;
	}
	json_decref(old);
	json_decref(new);
	return effects;
}

static uint32_t largest_mtu(const struct site_edge *edge)
{
	uint32_t mtu = 0;

	for (unsigned int i = 0; i < edge->port_count; i++)
		mtu = edge->ports[i].mtu > mtu ? edge->ports[i].mtu : mtu;
	return mtu;
}

static bool has_pci(const struct site_edge *edge)
{
	for (unsigned int i = 0; i < edge->port_count; i++) {
		unsigned int domain, bus, device, function;
		if (sscanf(edge->ports[i].device, "%x:%x:%x.%x", &domain, &bus, &device,
			    &function) == 4)
			return true;
	}
	return false;
}

static bool same_cpus(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count)
{
	return a_count == b_count && memcmp(a, b, a_count * sizeof(*a)) == 0;
}

/* What the dataplane is told once, at its start (struct api_startup). */
static json_t *diff_restart(const struct site *from, const struct site *to, const char *edge)
{
	json_t *reasons = json_array();
	int old = from != NULL ? site_find_edge(from, edge) : -1;
	int new = site_find_edge(to, edge);

	if (old < 0 || new < 0)
		return reasons;
	const struct site_edge *a = &from->edges[old], *b = &to->edges[new];
	if (!same_cpus(a->worker_cpus, a->worker_cpu_count, b->worker_cpus, b->worker_cpu_count))
		json_array_append_new(reasons, json_string("cores.workers changes"));
	if (!same_cpus(
		    a->control_cpus, a->control_cpu_count, b->control_cpus, b->control_cpu_count))
		json_array_append_new(reasons, json_string("cores.control changes"));
	if (a->idle_sleep_us != b->idle_sleep_us)
		json_array_append_new(reasons, json_string("cores.idle changes"));
	if (a->memory_mb != b->memory_mb || a->hugepages != b->hugepages)
		json_array_append_new(reasons, json_string("memory changes"));
	if (largest_mtu(a) != largest_mtu(b))
		json_array_append_new(reasons,
			json_sprintf("the largest port mtu changes from %u to %u, and with it the "
				     "packet buffers",
				largest_mtu(a), largest_mtu(b)));
	if (has_pci(a) != has_pci(b))
		json_array_append_new(
			reasons, json_string(has_pci(b) ? "the first PCI device comes"
							: "the last PCI device goes"));
	return reasons;
}

json_t *config_diff(const struct site *from, const struct site *to, const char *edge)
{
	json_t *sessions = diff_sessions(from, to, edge);

	if (sessions == NULL)
		return NULL;
	return json_pack("{s:o, s:o, s:o}", "changes", diff_changes(from, to), "sessions", sessions,
		"restart", diff_restart(from, to, edge));
}
