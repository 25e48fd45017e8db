/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files that make wishes share (control/server/wishes.h).
 */
#pragma once

#include <stdbool.h>

#include "control/server/wishes.h"
#include "control/store/owners.h"

/* Is the request's field true? Absent is no. */
static inline bool flag(const json_t *request, const char *name)
{
	return json_is_true(json_object_get(request, name));
}

/* A command about a circuit, or one of its peerings (wishes_circuit.c). NULL, or a refusal. */
json_t *wish_read_circuit(struct office *office, const json_t *request, struct wish *wish);

/* A command about an authorization (wishes_authorization.c). NULL, or a refusal. */
json_t *wish_read_authorization(struct office *office, const json_t *request, struct wish *wish);

/* Ties the circuit that a wish makes to the authorization whose key the request has, if it has
 * one. NULL, or a refusal. */
json_t *wish_redeem(const json_t *request, const char *circuit, struct wish *wish);

/* The request's "principal", where it names one, into wish->as. NULL, or a refusal. */
json_t *wish_read_principal(const json_t *request, struct wish *wish);

/* Writes the request's "fields", as a file has them, into an object; null takes a field away.
 * Refused: what names the object or the objects in it, and what no file could hold. */
json_t *wish_set_fields(const json_t *request, json_t *own);

/* Verbs connect-circuit and disconnect-circuit, of the request's "value" (wishes_reach.c). NULL, or
 * a refusal. */
json_t *wish_set_reach(
	const char *verb, const json_t *request, const char *circuit, struct wish *wish);
/* The path of a global reach that names the circuit (its path), or NULL. */
const char *wish_find_reach(const json_t *objects, const char *circuit);

/* The object with all that is in it. */
void wish_delete_object(json_t *objects, const char *path);
