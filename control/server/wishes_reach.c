/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a command wants of a circuit's global reach.
 */
#include <stdio.h>
#include <string.h>

#include "control/model/site.h"
#include "control/server/wish_parts.h"
#include "control/store/objects.h"

#define LIST "global_reach["

/* The name in "circuits[NAME]". */
static const char *name_of(const char *circuit, char name[OBJECT_PATH_MAX])
{
	snprintf(name, OBJECT_PATH_MAX, "%s", strchr(circuit, '[') + 1);
	name[strcspn(name, "]")] = '\0';
	return name;
}

static bool names(const json_t *own, const char *circuit)
{
	const json_t *list = json_object_get(own, "circuits");
	json_t *each;
	size_t index;

	json_array_foreach (list, index, each)
		if (strcmp(json_string_value(each), circuit) == 0)
			return true;
	return false;
}

/* The path of one that names the circuit, and the other where that is not NULL. */
static const char *find(const json_t *objects, const char *circuit, const char *other)
{
	const char *object;
	json_t *own;

	json_object_foreach ((json_t *)objects, object, own)
		if (strncmp(object, LIST, strlen(LIST)) == 0 && names(own, circuit) &&
			(other == NULL || names(own, other)))
			return object;
	return NULL;
}

const char *wish_find_reach(const json_t *objects, const char *circuit)
{
	char name[OBJECT_PATH_MAX];

	return find(objects, name_of(circuit, name), NULL);
}

/* A name that is free: that of both where it fits. */
static void free_path(
	const json_t *objects, const char *one, const char *other, char path[OBJECT_PATH_MAX])
{
	if (strlen(one) + 1 + strlen(other) <= NAME_MAX_LENGTH)
		snprintf(path, OBJECT_PATH_MAX, LIST "%s-%s]", one, other);
	else
		snprintf(path, OBJECT_PATH_MAX, LIST "reach-1]");
	for (unsigned int number = 2; json_object_get(objects, path) != NULL; number++)
		snprintf(path, OBJECT_PATH_MAX, LIST "reach-%u]", number);
}

json_t *wish_set_reach(
	const char *verb, const json_t *request, const char *circuit, struct wish *wish)
{
	const char *other = json_string_value(json_object_get(request, "value")), *present;
	char name[OBJECT_PATH_MAX], path[OBJECT_PATH_MAX];

	name_of(circuit, name);
	if (other == NULL)
		return request_error("%s needs \"value\", the other circuit's name", verb);
	present = find(wish->objects, name, other);
	if (strcmp(verb, "disconnect-circuit") == 0) {
		if (present == NULL || strcmp(name, other) == 0)
			return request_error("there is no global reach between circuits %s and "
					     "%.40s; see `onramp show connections`",
				name, other);
		json_object_del(wish->objects, present);
		return NULL;
	}
	if (strcmp(name, other) == 0)
		return request_error(
			"a global reach is between two circuits, and both are %s", name);
	if (present != NULL)
		return request_error("circuits %s and %.40s reach each other already, by %s", name,
			other, present);
	free_path(wish->objects, name, other, path);
	json_object_set_new(wish->objects, path, json_pack("{s:[s, s]}", "circuits", name, other));
	return NULL;
}
