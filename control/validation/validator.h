/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whom this machine asks about public prefixes (edge.yaml's validation), and what they say. A NULL
 * validator asks nobody: the operator's word stands. Event loop only.
 */
#pragma once

#include <event2/event.h>
#include <jansson.h>

#include "control/config/machine.h"
#include "control/model/validation.h"

struct validator;

/* Reads what can be read at once; the rest is what an earlier control saved in the state directory,
 * until it comes: then arrived is called. The strings must outlive the validator. *validator NULL:
 * nobody is to be asked. 0 or -errno. */
int validator_open(struct event_base *base, const struct machine_validation *wanted,
	const char *state_dir, void (*arrived)(void *context), void *context,
	struct validator **validator);
void validator_close(struct validator *validator);

/* Reads files that changed, takes what came, drops what is too old. */
void validator_look(struct validator *validator);
/* Another number whenever other data are in force; 0: never. */
uint64_t validator_generation(const struct validator *validator);

/* Puts what they say into the public peerings. 0 or -ENOMEM. */
int validator_fill(const struct validator *validator, struct site *site);
/* Would that be another than what is there? */
bool validator_differs(const struct validator *validator, const struct site *site);
/* Saves what matters of the data for the peerings of this site, against a restart. */
void validator_save(struct validator *validator, const struct site *site);

/* {"sources": [{source ("registry", "vrps", "rtr"), of, state ("current", "stale": it is away, its
 * data in force; "expired", "no data"), entries, age_s, expires_s, trouble}], "prefixes":
 * [{peering, prefix, asn, validated, by ("operator", "sources"), registry, rpki}]}. site may be
 * NULL. NULL: no memory. */
json_t *validator_view(const struct validator *validator, const struct site *site);
