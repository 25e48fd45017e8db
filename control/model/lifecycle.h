/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of a circuit: which changes there are. Whose they are: control/store/owners.h. Pure
 * functions.
 *
 *   provider_state (ServiceProviderProvisioningState), of circuits on provider pairs only:
 *     not-provisioned -> [provisioning ->] provisioned -> [deprovisioning ->] not-provisioned
 *     What is in brackets is for a provider whose work takes time; it may be passed over.
 *   state (CircuitProvisioningState): enabled <-> disabled.
 *   tier: standard <-> premium; local -> standard, premium, and never back.
 *   family: metered -> unlimited, and never back.
 *   s_tag, secondary_s_tag: assigned once. The provider's switches know the circuit by them. Only a
 *     move between a pair of one port and a pair of two gives or takes the secondary one.
 *   A circuit that is being provisioned, or is, cannot be deleted.
 *
 * Bandwidths (SKUs, over-subscription) are the loader's: they depend on one document alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "control/model/site.h"

/* What of a circuit has a life of its own. */
struct circuit_life {
	const char *name;
	const char *service_key;
	enum pair_model model;
	enum provider_state provider_state; /* of provider circuits */
	bool enabled;
	enum tier tier;
	enum family family;
	uint16_t s_tag, secondary_s_tag; /* 0: none */
};

/* Fits every refusal. */
#define REFUSAL_MAX 320

/* May the circuit become what after says, whoever asks? before NULL: it is new; after NULL: it is
 * deleted. restored: the document is a backup, and its circuits may come in any state. False:
 * refusal says which field has which value, and what would be right. */
bool lifecycle_allows(const struct circuit_life *before, const struct circuit_life *after,
	bool restored, char refusal[REFUSAL_MAX]);

/* Provisioned (or direct) and enabled. */
bool lifecycle_forwards(enum pair_model model, enum provider_state state, bool enabled);

const char *principal_name(enum principal principal);
/* PRINCIPALS: no principal is called so. */
enum principal principal_find(const char *name);
const char *provider_state_name(enum provider_state state);
const char *family_name(enum family family);
