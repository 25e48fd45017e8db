/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whose the fields of objects are. Each field has one owner, who alone writes it; all may read it.
 *
 *   circuits[C].provider_state            the provider, who calls the circuit by its service key
 *   circuits[C].peerings[P] and in it     who managed_by says; without it the circuit's customer,
 *                                         and the operator where there is none
 *   circuits[C].peerings[P].managed_by,   the operator
 *                           .md5_file,
 *                           .prefix_limit,
 *                           .urpf
 *   port_pairs[P].authorizations[A]       the pair's owner, the operator where there is none
 *   everything else                       the operator
 *
 * Whoever makes a peering owns it and says so himself in managed_by (control/server/wishes.h). The
 * table for people is in docs/operator-guide.md. Pure functions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "control/model/site.h"

struct owner {
	enum principal principal;
	char customer[NAME_MAX_LENGTH + 1]; /* of PRINCIPAL_CUSTOMER: which one */
};

/* The owner of an object's field; field "": of the object itself, who may make and remove it.
 * Objects as in control/store/objects.h. */
struct owner owner_of(const json_t *objects, const char *object, const char *field);

bool owner_equal(const struct owner *one, const struct owner *other);

/* "operator", "provider", "customer acme": into buffer, returned. */
#define OWNER_TEXT_MAX (sizeof("customer ") + NAME_MAX_LENGTH)
const char *owner_text(const struct owner *owner, char buffer[OWNER_TEXT_MAX]);

/* "operator", "provider", "customer:NAME". False: it is none of these. */
bool owner_parse(const char *text, struct owner *owner);
