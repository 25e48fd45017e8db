/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a request wants the store to hold, whoever makes it and however: a file, a command about a
 * circuit, a rollback. Nothing is changed here.
 *   {"document": TEXT, "prune": BOOL, "take_ownership": BOOL}
 *   {"circuit": NAME or SERVICE KEY, "verb": VERB, "value": TEXT, "fields": {...}, "begin": BOOL,
 *    "peering": TYPE, "principal": "operator", "provider" or "customer:NAME"}
 *       create and set (fields: as in a file; null takes one away), set-bandwidth and set-tier
 *       (value), attach-filter (value), detach-filter (of the public peering), connect-circuit and
 *       disconnect-circuit (value: the other of a global reach), enable, disable, delete, provision
 * and deprovision (begin: it takes the provider some time); set-peering (fields; makes it where it
 * is missing) and delete-peering. Who gives the service key is the provider, who gives the name the
 * operator; principal says otherwise. Clients are root or control's own user, and trusted in whom
 * they speak for. create may have "authorization_key": KEY, which an authorization of a direct pair
 * is found by; the circuit then is that principal's, and the authorization is used up.
 *   {"port_pair": NAME, "authorization": NAME, "verb": "authorize" or "revoke", "bandwidth": RATE,
 *    "key": KEY, "principal": NAME}
 *       KEY (authorize) is a text that whoever asks has made; its SHA-256 alone is kept.
 *   {"rollback": REVISION}
 */
#pragma once

#include <jansson.h>

#include "control/server/requests.h"
#include "control/store/objects.h"
#include "control/store/owners.h"

struct wish {
	json_t *objects;    /* that the store would hold */
	struct owner as;    /* who asks */
	const char *origin; /* "file" or "command" */
	char command[160];  /* for the audit log */
	bool restored;      /* --take-ownership: circuits may come in any state */
	bool rollback;
	char redeemed[OBJECT_PATH_MAX]; /* authorization that this makes a circuit with; or empty */
	char made[OBJECT_PATH_MAX];     /* that circuit */
	json_t *findings;               /* of the file; an empty array otherwise */
};

/* Fills wish; NULL, or a refusal (control/server/requests.h). wish_free either way. */
json_t *wish_read(struct office *office, const json_t *request, struct wish *wish);
void wish_free(struct wish *wish);

/* May who asks make these changes to what is stored? NULL, or a refusal that names the owner. */
json_t *wish_check_owners(const struct wish *wish, const json_t *stored, const json_t *changes);
