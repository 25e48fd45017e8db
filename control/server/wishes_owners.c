/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who speaks, and what he may change (control/store/owners.h).
 */
#include <string.h>

#include "control/model/lifecycle.h"
#include "control/server/wish_parts.h"
#include "control/store/objects.h"

json_t *wish_read_principal(const json_t *request, struct wish *wish)
{
	const json_t *given = json_object_get(request, "principal");
	const char *name = json_string_value(given);

	if (given == NULL || (name != NULL && owner_parse(name, &wish->as)))
		return NULL;
	return request_error("\"%.40s\" is no principal; write operator, provider or "
			     "customer:NAME",
		name != NULL ? name : "");
}

/* ---- fields, as a request has them ---- */

/* Could a file hold it? (control/config/tree.h) */
static bool is_file_value(const json_t *value)
{
	const char *name;
	size_t index;
	json_t *inner;

	json_array_foreach (value, index, inner)
		if (!is_file_value(inner))
			return false;
	json_object_foreach ((json_t *)value, name, inner)
		if (!is_file_value(inner))
			return false;
	return json_is_array(value) || json_is_object(value) || json_is_string(value) ||
	       json_is_integer(value) || json_is_boolean(value);
}

json_t *wish_set_fields(const json_t *request, json_t *own)
{
	static const char *const others[] = {"name", "type", "peerings"};
	const json_t *fields = json_object_get(request, "fields");
	const char *field;
	json_t *value;

	if (!json_is_object(fields))
		return request_error("\"fields\" is missing, an object with what a file would say");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (json_object_get(fields, others[i]) != NULL)
			return request_error("\"%s\" is no field that can be set: it names what "
					     "is set, or what stands for itself",
				others[i]);
	json_object_foreach ((json_t *)fields, field, value) {
		if (json_is_null(value))
			json_object_del(own, field);
		else if (!is_file_value(value))
			return request_error(
				"\"%.40s\" has a value that no file could hold", field);
		else
			json_object_set(own, field, value);
	}
	return NULL;
}

/* ---- who may change what ---- */

/* Goes the object with one that is the operator's? */
static bool goes_along(const struct wish *wish, const char *object)
{
	char parent[OBJECT_PATH_MAX];

	objects_parent(object, parent, sizeof(parent));
	return json_object_get(wish->objects, object) == NULL &&
	       (parent[0] == '\0' || json_object_get(wish->objects, parent) == NULL);
}

/* Whoever makes a peering may name himself as the one who manages it. */
static bool names_himself(
	const struct wish *wish, const json_t *stored, const char *object, const char *field)
{
	const char *manager = json_string_value(
		json_object_get(json_object_get(wish->objects, object), "managed_by"));

	return strcmp(field, "managed_by") == 0 && json_object_get(stored, object) == NULL &&
	       manager != NULL && strcmp(manager, principal_name(wish->as.principal)) == 0;
}

/* What an authorization is for: the circuit with what is its maker's to say, and the mark that it
 * is used up. */
static bool is_redeemed(const struct wish *wish, const char *object, const char *field)
{
	static const char *const sayable[] = {
		"", "port_pair", "authorization", "customer", "bandwidth", "s_tag"};

	if (wish->redeemed[0] == '\0')
		return false;
	if (strcmp(object, wish->redeemed) == 0)
		return strcmp(field, "circuit") == 0;
	for (size_t i = 0; i < sizeof(sayable) / sizeof(sayable[0]); i++)
		if (strcmp(object, wish->made) == 0 && strcmp(field, sayable[i]) == 0)
			return true;
	return false;
}

static bool may_change(const struct wish *wish, const json_t *stored, const char *object,
	const char *field, struct owner *owner)
{
	const json_t *objects = json_object_get(stored, object) != NULL ? stored : wish->objects;

	*owner = owner_of(objects, object, field);
	if (owner_equal(owner, &wish->as) || names_himself(wish, stored, object, field) ||
		is_redeemed(wish, object, field))
		return true;
	return wish->as.principal == PRINCIPAL_OPERATOR && goes_along(wish, object);
}

static json_t *refuse_change(const struct wish *wish, const json_t *change, struct owner *owner)
{
	const char *object = json_string_value(json_object_get(change, "object"));
	const char *field = json_string_value(json_object_get(change, "field"));
	char path[2 * OBJECT_PATH_MAX], names[2][OWNER_TEXT_MAX];
	const char *hint = "";

	if (owner->principal == PRINCIPAL_PROVIDER)
		hint = "; the provider calls the circuit by its service key";
	else if (owner->principal == PRINCIPAL_CUSTOMER)
		hint = "; --as customer:NAME speaks for a customer";
	else if (wish->as.principal == PRINCIPAL_PROVIDER)
		hint = "; the operator calls the circuit by its name";
	return request_error("%s belongs to the %s, and this was asked as the %s%s",
		objects_field_path(object, field, path, sizeof(path)), owner_text(owner, names[0]),
		owner_text(&wish->as, names[1]), hint);
}

json_t *wish_check_owners(const struct wish *wish, const json_t *stored, const json_t *changes)
{
	size_t index;
	json_t *change;
	struct owner owner;

	/* The merge did, and a rollback leaves as it is what is another's. */
	if (strcmp(wish->origin, "file") == 0 || wish->rollback)
		return NULL;
	json_array_foreach ((json_t *)changes, index, change) {
		const char *object = json_string_value(json_object_get(change, "object"));
		const char *field = json_string_value(json_object_get(change, "field"));

		if (!may_change(wish, stored, object, field, &owner))
			return refuse_change(wish, change, &owner);
	}
	return NULL;
}
