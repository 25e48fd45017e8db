/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server/key_watch.h"

#include <string.h>

#include "control/config/diff.h"
#include "control/log.h"
#include "control/server/changes.h"
#include "control/server/keys.h"

/* How many of them are keys; the others are told. */
static size_t tell_changes(const json_t *changes)
{
	size_t index, keys = 0;
	json_t *change;

	json_array_foreach ((json_t *)changes, index, change) {
		if (strcmp(json_string_value(json_object_get(change, "field")),
			    "validated_prefixes") != 0)
			keys++;
		else
			log_info("validation", "%s: %s",
				json_string_value(json_object_get(change, "what")),
				json_string_value(json_object_get(change, "to")));
	}
	return keys;
}

static void put_in_force(struct office *office, struct site *site, unsigned int edge)
{
	json_t *diff = config_diff(sync_plan(office->sync)->site, site, office->self);
	size_t changes = json_array_size(json_object_get(diff, "changes")), index;
	json_t *session;

	if (changes == 0) {
		site_free(site);
	} else {
		size_t keys = tell_changes(json_object_get(diff, "changes"));

		if (keys > 0)
			log_info("keys", "%zu key%s changed in their files", keys,
				keys == 1 ? "" : "s");
		json_array_foreach (json_object_get(diff, "sessions"), index, session)
			log_info("server", "%s: %s",
				json_string_value(json_object_get(session, "session")),
				json_string_value(json_object_get(session, "effect")));
		if (sync_apply(office->sync, site, edge) != 0)
			log_error("keys", "no memory; the keys in force stay");
	}
	json_decref(diff);
}

/* One file that cannot be used is no reason to leave others aside. */
void key_watch_read_again(struct office *office, const struct plan *plan)
{
	const struct store_content *now = &office->store.now;
	json_t *findings = NULL, *refusal = NULL;
	unsigned int edge, wrong;
	struct site *site =
		changes_load_bare(office, now->document, now->length, &edge, &findings, &refusal);

	if (site != NULL) {
		wrong = keys_read(site, edge, findings);
		keys_log(findings);
		if (wrong > 0)
			log_warning("keys",
				"%u file%s cannot be used; what they held stays in force", wrong,
				wrong == 1 ? "" : "s");
		keys_keep(site, plan->site);
		put_in_force(office, site, edge);
	}
	json_decref(findings);
	json_decref(refusal);
}

void key_watch_look(struct office *office)
{
	const struct plan *plan = sync_plan(office->sync);
	uint64_t seen;

	if (plan == NULL || office->store.now.document == NULL || office->refusal != NULL)
		return;
	seen = keys_seen(plan->site, (unsigned int)(plan->edge - plan->site->edges));
	if (seen == office->keys_seen)
		return;
	/* Also the first time, and after each change of the document: what was read for that may be
	 * older than this look. */
	office->keys_seen = seen;
	key_watch_read_again(office, plan);
}
