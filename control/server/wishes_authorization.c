/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One-time authorizations of direct port pairs: issued, taken back, redeemed. What they allow is
 * the loader's to check (control/config/build_authorizations.c).
 */
#include <stdio.h>
#include <string.h>

#include "control/model/authorization_key.h"
#include "control/server/wish_parts.h"

static const char *text(const json_t *object, const char *field)
{
	return json_string_value(json_object_get(object, field));
}

/* ---- issued and taken back ---- */

static json_t *authorize(const json_t *request, const char *path, struct wish *wish)
{
	const char *bandwidth = text(request, "bandwidth"), *key = text(request, "key");
	char hash[AUTHORIZATION_HASH_MAX];

	if (bandwidth == NULL || key == NULL || key[0] == '\0')
		return request_error("authorize needs \"bandwidth\" and \"key\", strings");
	if (json_object_get(wish->objects, path) != NULL)
		return request_error("there is %s already; choose another name", path);
	authorization_key_hash(key, hash);
	json_object_set_new(wish->objects, path,
		json_pack("{s:s, s:s}", "bandwidth", bandwidth, "key_sha256", hash));
	return NULL;
}

static json_t *revoke(const char *path, const char *name, struct wish *wish)
{
	const json_t *own = json_object_get(wish->objects, path);
	const char *circuit = text(own, "circuit"), *made_with;
	char made[OBJECT_PATH_MAX];

	if (own == NULL)
		return request_error("there is no %s; see `onramp show authorizations`", path);
	snprintf(made, sizeof(made), "circuits[%.40s]", circuit != NULL ? circuit : "");
	made_with = text(json_object_get(wish->objects, made), "authorization");
	if (made_with != NULL && strcmp(made_with, name) == 0)
		return request_error("%s cannot be revoked: circuit %s was made with it, and is "
				     "still there",
			path, circuit);
	wish_delete_object(wish->objects, path);
	return NULL;
}

json_t *wish_read_authorization(struct office *office, const json_t *request, struct wish *wish)
{
	const char *pair = text(request, "port_pair"), *name = text(request, "authorization");
	const char *verb = text(request, "verb"), *as = text(request, "principal");
	char path[OBJECT_PATH_MAX], parent[OBJECT_PATH_MAX];
	json_t *refusal = wish_read_principal(request, wish);

	wish->origin = "command";
	if (refusal != NULL)
		return refusal;
	if (pair == NULL || name == NULL || verb == NULL)
		return request_error("\"port_pair\", \"authorization\" and \"verb\" are strings");
	if (strpbrk(name, "[].") != NULL || strpbrk(pair, "[].") != NULL)
		return request_error("\"%.40s\" of \"%.40s\" is no name of an authorization; a "
				     "name is a-z, 0-9 and -",
			name, pair);
	snprintf(parent, sizeof(parent), "port_pairs[%.40s]", pair);
	if (json_object_get(office->store.now.objects, parent) == NULL)
		return request_error("there is no port pair \"%.40s\"; write a name from "
				     "port_pairs in `onramp export`",
			pair);
	snprintf(path, sizeof(path), "%.60s.authorizations[%.40s]", parent, name);
	snprintf(wish->command, sizeof(wish->command), "port-pair %.20s %.40s %.40s%s%.36s", verb,
		pair, name, as != NULL ? " --as " : "", as != NULL ? as : "");
	wish->objects = json_deep_copy(office->store.now.objects);
	if (wish->objects == NULL)
		return request_error("no memory");
	if (strcmp(verb, "authorize") == 0)
		return authorize(request, path, wish);
	if (strcmp(verb, "revoke") == 0)
		return revoke(path, name, wish);
	return request_error("\"%.40s\" is nothing that can be done to an authorization", verb);
}

/* ---- redeemed ---- */

/* The path of the authorization with this key, or NULL. */
static const char *find_key(const json_t *objects, const char *key)
{
	char hash[AUTHORIZATION_HASH_MAX], list[OBJECT_PATH_MAX];
	const char *object;
	json_t *own;

	authorization_key_hash(key, hash);
	json_object_foreach ((json_t *)objects, object, own) {
		const char *kept = text(own, "key_sha256");

		if (kept != NULL && strcmp(kept, hash) == 0 &&
			strcmp(objects_list(object, list, sizeof(list)), "authorizations") == 0)
			return object;
	}
	return NULL;
}

/* What is between the last brackets of a path. */
static json_t *last_name(const char *path)
{
	const char *name = strrchr(path, '[') + 1;

	return json_stringn(name, strlen(name) - 1);
}

json_t *wish_redeem(const json_t *request, const char *circuit, struct wish *wish)
{
	const char *key = text(request, "authorization_key"), *path;
	json_t *made = json_object_get(wish->objects, circuit), *authorization, *pair;
	char parent[OBJECT_PATH_MAX];

	if (key == NULL)
		return NULL;
	path = find_key(wish->objects, key);
	authorization = json_object_get(wish->objects, path != NULL ? path : "");
	if (path == NULL)
		return request_error("no authorization has this key; it was revoked, or is another "
				     "site's: ask whoever gave it to you");
	if (text(authorization, "circuit") != NULL)
		return request_error("%s was used for circuit %s already; an authorization makes "
				     "one circuit",
			path, text(authorization, "circuit"));
	pair = last_name(objects_parent(path, parent, sizeof(parent)));
	if (text(made, "port_pair") != NULL &&
		!json_equal(json_object_get(made, "port_pair"), pair)) {
		json_decref(pair);
		return request_error("port_pair is %.40s, and the authorization is for %s; leave "
				     "it out",
			text(made, "port_pair"), parent);
	}
	json_object_set_new(made, "port_pair", pair);
	json_object_set_new(made, "authorization", last_name(path));
	json_object_set_new(authorization, "circuit", last_name(circuit));
	if (wish->as.principal == PRINCIPAL_CUSTOMER)
		json_object_set_new(made, "customer", json_string(wish->as.customer));
	snprintf(wish->redeemed, sizeof(wish->redeemed), "%s", path);
	snprintf(wish->made, sizeof(wish->made), "%s", circuit);
	return NULL;
}
