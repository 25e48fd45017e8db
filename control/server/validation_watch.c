/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server/validation_watch.h"

#include "control/server/key_watch.h"

/* What matters is another thing with other data, or with other peerings. */
static void save(struct office *office)
{
	uint64_t generation = validator_generation(office->validator);

	if (generation == office->validation_saved &&
		office->store.now.revision == office->validation_revision)
		return;
	office->validation_saved = generation;
	office->validation_revision = office->store.now.revision;
	validator_save(office->validator, sync_plan(office->sync)->site);
}

void validation_watch_look(struct office *office)
{
	const struct plan *plan = sync_plan(office->sync);
	uint64_t generation;

	validator_look(office->validator);
	if (office->validator == NULL || plan == NULL || office->store.now.document == NULL ||
		office->refusal != NULL)
		return;
	generation = validator_generation(office->validator);
	if (generation != office->validation_seen &&
		validator_differs(office->validator, plan->site))
		key_watch_read_again(office, plan);
	office->validation_seen = generation;
	save(office);
}
