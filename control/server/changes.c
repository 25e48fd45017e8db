/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server/changes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/config/machine.h"
#include "control/log.h"
#include "control/server/keys.h"
#include "control/server/wishes.h"
#include "control/store/objects.h"

/* A wish that nothing speaks against. */
struct change {
	struct wish wish;
	json_t *changes, *diff;
	struct site *site;
	unsigned int edge;
};

struct site *changes_load_bare(struct office *office, const char *document, size_t length,
	unsigned int *edge, json_t **findings, json_t **refusal)
{
	struct config_findings found = {0};
	struct site *site = config_load(document, length, &found);
	int index;

	*findings = config_findings_json(&found);
	*refusal = NULL;
	if (site == NULL) {
		*refusal = found.errors != 0 ? request_error("%zu error%s in the document",
						       found.errors, found.errors == 1 ? "" : "s")
					     : request_error("no memory");
		json_object_set(*refusal, "findings", *findings);
	}
	config_findings_free(&found);
	if (site == NULL)
		return NULL;
	index = site_find_edge(site, office->self);
	if (index >= 0) {
		*edge = (unsigned int)index;
		if (office->machine != NULL)
			machine_apply(office->machine, &site->edges[index]);
		if (validator_fill(office->validator, site) != 0) {
			*refusal = request_error("no memory");
			site_free(site);
			return NULL;
		}
		if (site->edges[index].worker_cpu_count > 0)
			return site;
		*refusal = request_error("edges[%s].cores is missing, and this machine's edge.yaml "
					 "has none either; write cores: {workers: [2, 3], "
					 "control: [0, 1]} in one of them",
			office->self);
	} else {
		*refusal = request_error("this machine is edge \"%s\", which the document does not "
					 "name",
			office->self);
	}
	json_object_set(*refusal, "findings", *findings);
	site_free(site);
	return NULL;
}

struct site *changes_load(struct office *office, const char *document, size_t length,
	unsigned int *edge, json_t **findings, json_t **refusal)
{
	struct site *site = changes_load_bare(office, document, length, edge, findings, refusal);
	unsigned int wrong = site != NULL ? keys_read(site, *edge, *findings) : 0;

	if (wrong == 0)
		return site;
	*refusal = request_error("%u key%s cannot be used", wrong, wrong == 1 ? "" : "s");
	json_object_set(*refusal, "findings", *findings);
	site_free(site);
	return NULL;
}

/* ---- is it allowed? ---- */

static struct circuit_life life_of(const struct site *site, const struct site_circuit *circuit)
{
	return (struct circuit_life){
		.name = circuit->name,
		.service_key = circuit->service_key,
		.model = site->port_pairs[circuit->port_pair].model,
		.provider_state = circuit->provider_state,
		.enabled = circuit->enabled,
		.tier = circuit->tier,
		.family = circuit->family,
		.s_tag = circuit->s_tag,
		.secondary_s_tag = circuit->secondary_s_tag,
	};
}

static json_t *check_lives(const struct site *from, const struct site *to, bool restored)
{
	char refusal[REFUSAL_MAX];

	for (unsigned int i = 0; i < to->circuit_count; i++) {
		int old = site_find_circuit(from, to->circuits[i].name);
		struct circuit_life after = life_of(to, &to->circuits[i]), before;

		if (old >= 0)
			before = life_of(from, &from->circuits[old]);
		if (!lifecycle_allows(old >= 0 ? &before : NULL, &after, restored, refusal))
			return request_error("%s", refusal);
	}
	for (unsigned int i = 0; i < from->circuit_count; i++) {
		struct circuit_life before = life_of(from, &from->circuits[i]);

		if (site_find_circuit(to, before.name) < 0 &&
			!lifecycle_allows(&before, NULL, restored, refusal))
			return request_error("%s", refusal);
	}
	return NULL;
}

/* A stored document that this version refuses says nothing about its circuits. */
static json_t *check_lifecycle(struct office *office, const struct change *change)
{
	const struct store_content *now = &office->store.now;
	static const struct site nothing;
	struct config_findings found = {0};
	struct site *from =
		now->document != NULL ? config_load(now->document, now->length, &found) : NULL;
	bool unreadable = now->document != NULL && from == NULL;
	json_t *refusal = check_lives(
		from != NULL ? from : &nothing, change->site, change->wish.restored || unreadable);

	config_findings_free(&found);
	site_free(from);
	return refusal;
}

/* Lines are those of no file that anybody wrote. */
static void forget_lines(json_t *findings)
{
	size_t index;
	json_t *finding;

	json_array_foreach (findings, index, finding)
		json_object_set_new(finding, "line", json_integer(0));
}

static bool findings_stand(const json_t *refusal)
{
	return json_array_size(json_object_get(refusal, "findings")) > 0;
}

/* The document that the store would hold, checked like any. */
static json_t *check_document(struct office *office, struct change *change)
{
	size_t length;
	char *document = objects_document(change->wish.objects, 0, &length);
	json_t *findings = NULL, *refusal;

	if (document == NULL)
		return request_error("no memory");
	change->site = changes_load(office, document, length, &change->edge, &findings, &refusal);
	free(document);
	forget_lines(findings);
	json_decref(findings);
	/* Who gave a command sees no document. */
	if (findings_stand(refusal) && strcmp(change->wish.origin, "command") == 0)
		json_object_set_new(
			refusal, "error", json_string("the site would not be right with it"));
	return refusal;
}

static json_t *difference(struct office *office, const struct site *site)
{
	const struct plan *plan = sync_plan(office->sync);

	return config_diff(plan != NULL ? plan->site : NULL, site, office->self);
}

/* NULL: change is whole; else the refusal. change_free either way. */
static json_t *change_prepare(struct office *office, const json_t *request, struct change *change)
{
	json_t *refusal;

	*change = (struct change){0};
	refusal = wish_read(office, request, &change->wish);
	if (refusal != NULL)
		return refusal;
	change->changes = objects_diff(office->store.now.objects, change->wish.objects);
	if (change->changes == NULL)
		return request_error("no memory");
	refusal = wish_check_owners(&change->wish, office->store.now.objects, change->changes);
	if (refusal == NULL)
		refusal = check_document(office, change);
	if (refusal == NULL)
		refusal = check_lifecycle(office, change);
	if (refusal == NULL)
		change->diff = difference(office, change->site);
	return refusal;
}

static void change_free(struct change *change)
{
	wish_free(&change->wish);
	json_decref(change->changes);
	json_decref(change->diff);
	site_free(change->site);
}

json_t *changes_plan(struct office *office, const json_t *request)
{
	struct change change;
	json_t *reply = change_prepare(office, request, &change);

	if (reply == NULL)
		reply = json_pack("{s:O, s:O, s:I}", "findings", change.wish.findings, "diff",
			change.diff, "revision", (json_int_t)office->store.now.revision);
	change_free(&change);
	return reply;
}

/* ---- doing it ---- */

bool request_apply_stored(struct office *office)
{
	const struct store_content *now = &office->store.now;
	json_t *findings, *refusal;
	unsigned int edge;
	struct site *site;
	int error;

	free(office->refusal);
	office->refusal = NULL;
	if (now->document == NULL)
		return true;
	site = changes_load_bare(office, now->document, now->length, &edge, &findings, &refusal);
	/* What was in force stays in force. The keys that the dataplane has stay too; where it has
	 * none, no peer is believed. */
	if (site != NULL && keys_read(site, edge, findings) > 0)
		keys_log(findings);
	json_decref(findings);
	if (site == NULL) {
		office->refusal = strdup(json_string_value(json_object_get(refusal, "error")));
		json_decref(refusal);
		return false;
	}
	error = sync_apply(office->sync, site, edge);
	if (error != 0)
		office->refusal = strdup(strerror(-error));
	return error == 0;
}

/* After a failure half way: what was in force is the wish again. */
static json_t *restore(struct office *office, const char *what, int error)
{
	if (office->store.now.document != NULL && request_apply_stored(office))
		return request_error("%s: %s; revision %" PRIu64 " stays in force", what,
			strerror(-error), office->store.now.revision);
	log_error("server", "%s: %s, and the revision before cannot be restored", what,
		strerror(-error));
	return request_error("%s: %s, and nothing was in force before that could be restored; see "
			     "onramp-control's log",
		what, strerror(-error));
}

/* On the disk first, then the wish, then in force: whatever fails, one whole revision is. */
static json_t *commit(struct office *office, struct change *change)
{
	const struct store_entry entry = {
		.principal = change->wish.as.principal,
		.origin = change->wish.origin,
		.user = office->user != NULL ? office->user : "unknown",
		.command = change->wish.command,
		.at = time(NULL),
		.changes = change->changes,
	};
	int error = store_prepare(&office->store, &entry);

	if (error != 0)
		return request_error("cannot save to %s: %s; nothing was changed",
			office->state_dir, strerror(-error));
	error = sync_apply(office->sync, change->site, change->edge);
	change->site = NULL; /* sync's now */
	if (error != 0) {
		store_discard(&office->store);
		return restore(office, "cannot apply", error);
	}
	error = store_commit(&office->store);
	if (error != 0) {
		store_discard(&office->store);
		return restore(office, "cannot save", error);
	}
	free(office->refusal);
	office->refusal = NULL;
	log_info("server", "revision %" PRIu64 " is in force: %s", office->store.now.revision,
		change->wish.command);
	return NULL;
}

/* What the store holds already, with other secrets than those in force, or not in force at all. */
static json_t *put_in_force(struct office *office, struct change *change)
{
	int error = sync_apply(office->sync, change->site, change->edge);

	change->site = NULL; /* sync's now */
	if (error != 0)
		return restore(office, "cannot apply", error);
	free(office->refusal);
	office->refusal = NULL;
	return NULL;
}

static json_t *commit_if_changed(struct office *office, struct change *change)
{
	if (json_array_size(change->changes) > 0)
		return commit(office, change);
	if (office->refusal == NULL &&
		json_array_size(json_object_get(change->diff, "changes")) == 0)
		return NULL;
	return put_in_force(office, change);
}

static json_t *check_revision(const struct office *office, const json_t *revision)
{
	if (!json_is_integer(revision))
		return request_error("commit needs \"revision\", the one that plan returned");
	if ((uint64_t)json_integer_value(revision) == office->store.now.revision)
		return NULL;
	return request_error("someone else changed something in between: revision %" PRIu64
			     " is in force, the plan was made for %" JSON_INTEGER_FORMAT
			     "; look at the difference again",
		office->store.now.revision, json_integer_value(revision));
}

json_t *changes_commit(struct office *office, const json_t *request)
{
	json_t *reply = check_revision(office, json_object_get(request, "revision"));
	struct change change;

	if (reply != NULL)
		return reply;
	reply = change_prepare(office, request, &change);
	if (reply == NULL)
		reply = commit_if_changed(office, &change);
	if (reply == NULL)
		reply = json_pack("{s:I, s:O, s:O}", "revision",
			(json_int_t)office->store.now.revision, "findings", change.wish.findings,
			"diff", change.diff);
	change_free(&change);
	return reply;
}
