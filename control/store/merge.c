/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/store/merge.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "control/store/objects.h"
#include "control/store/owners.h"

struct merge {
	const json_t *stored, *stamps;
	const struct file_wish *wish;
	json_t *merged, *conflicts;
};

static const json_t *stamp_of(const struct merge *merge, const char *object, const char *field)
{
	return json_object_get(json_object_get(merge->stamps, object), field);
}

static uint64_t generation(const json_t *stamp)
{
	return (uint64_t)json_integer_value(json_object_get(stamp, "generation"));
}

static bool by_command(const json_t *stamp)
{
	const char *origin = json_string_value(json_object_get(stamp, "origin"));

	return origin != NULL && strcmp(origin, "command") == 0;
}

/* A file is the operator's. */
static bool is_foreign(const struct merge *merge, const char *object, const char *field)
{
	return owner_of(merge->stored, object, field).principal != PRINCIPAL_OPERATOR;
}

/* A value as one would write it, malloc'd. */
static char *value_text(const json_t *value)
{
	if (json_is_string(value))
		return strdup(json_string_value(value));
	return json_dumps(value, JSON_ENCODE_ANY);
}

static void add_conflict(
	const struct merge *merge, const char *object, const char *field, const json_t *said)
{
	const json_t *stamp = stamp_of(merge, object, field);
	const json_t *value = json_object_get(json_object_get(merge->stored, object), field);
	char *is = value != NULL ? value_text(value) : strdup("there");
	char *wanted = said != NULL ? value_text(said) : NULL;
	const char *principal = json_string_value(json_object_get(stamp, "principal"));
	const struct owner owner = owner_of(merge->stored, object, field);
	char path[2 * OBJECT_PATH_MAX], name[OWNER_TEXT_MAX];
	json_t *text;

	if (is_foreign(merge, object, field))
		text = json_sprintf("%s is %s and belongs to the %s; the file %s%s",
			objects_field_path(object, field, path, sizeof(path)),
			value != NULL || field[0] == '\0' ? is : "not set",
			owner_text(&owner, name), wanted != NULL ? "says " : "does not have it",
			wanted != NULL ? wanted : "");
	else
		text = json_sprintf("%s is %s since revision %" PRIu64 " (%s%s); the file %s%s",
			objects_field_path(object, field, path, sizeof(path)), is != NULL ? is : "",
			generation(stamp), by_command(stamp) ? "by a command of the " : "the ",
			principal != NULL ? principal : "operator",
			wanted != NULL ? "says " : "does not have it",
			wanted != NULL ? wanted : "");
	json_array_append_new(merge->conflicts, text);
	free(is);
	free(wanted);
}

/* Must the file not decide over what is stored? */
static bool is_newer(const struct merge *merge, const json_t *stamp)
{
	if (stamp == NULL || merge->wish->take_ownership)
		return false;
	return merge->wish->revision > 0 ? generation(stamp) > merge->wish->revision
					 : by_command(stamp);
}

static void say_field(const struct merge *merge, json_t *own, const char *object, const char *field,
	json_t *value)
{
	const json_t *stored = json_object_get(own, field);
	bool foreign = is_foreign(merge, object, field) && !merge->wish->take_ownership &&
		       json_object_get(merge->stored, object) != NULL;

	if (stored != NULL && json_equal(stored, value))
		return;
	if (foreign || is_newer(merge, stamp_of(merge, object, field)))
		add_conflict(merge, object, field, value);
	else
		json_object_set(own, field, value);
}

/* A field that the file no longer has. */
static void drop_field(
	const struct merge *merge, json_t *own, const char *object, const char *field)
{
	const json_t *stamp = stamp_of(merge, object, field);

	if (is_foreign(merge, object, field))
		return;
	if (!is_newer(merge, stamp) && (merge->wish->revision > 0 || !by_command(stamp)))
		json_object_del(own, field);
	else if (merge->wish->revision > 0)
		add_conflict(merge, object, field, NULL);
}

static bool say_object(const struct merge *merge, const char *object, const json_t *said)
{
	json_t *own = json_object_get(merge->merged, object), *value;
	const json_t *stored = json_object_get(merge->stored, object);
	const char *field;

	if (own == NULL) {
		own = json_object();
		if (json_object_set_new(merge->merged, object, own) != 0)
			return false;
	}
	json_object_foreach ((json_t *)said, field, value)
		say_field(merge, own, object, field, value);
	json_object_foreach ((json_t *)stored, field, value)
		if (json_object_get(said, field) == NULL)
			drop_field(merge, own, object, field);
	return true;
}

/* What is another's stays unless all that it is part of goes. */
static bool is_kept(const struct merge *merge, const char *object)
{
	char parent[OBJECT_PATH_MAX];

	return is_foreign(merge, object, "") && !merge->wish->take_ownership &&
	       json_object_get(merge->wish->objects,
		       objects_parent(object, parent, sizeof(parent))) != NULL;
}

static void drop_object(const struct merge *merge, const char *object)
{
	if (is_kept(merge, object) || is_newer(merge, stamp_of(merge, object, "")))
		add_conflict(merge, object, "", NULL);
	else
		json_object_del(merge->merged, object);
}

/* The edges of one, as far as they are in the other too. */
static json_t *common_edges(const json_t *one, const json_t *other)
{
	json_t *edges = json_array(), *own;
	char list[OBJECT_PATH_MAX];
	const char *object;

	json_object_foreach ((json_t *)one, object, own)
		if (strcmp(objects_list(object, list, sizeof(list)), "edges") == 0 &&
			json_object_get(other, object) != NULL)
			json_array_append_new(edges, json_string(object));
	return edges;
}

static void check_edges(const struct merge *merge)
{
	json_t *before = common_edges(merge->stored, merge->wish->objects);
	json_t *after = common_edges(merge->wish->objects, merge->stored);

	if (!json_equal(before, after))
		json_array_append_new(merge->conflicts,
			json_sprintf("edges stand in another order than in the store, where %s is "
				     "first; networks take their addresses by it: keep that order",
				json_string_value(json_array_get(before, 0))));
	json_decref(before);
	json_decref(after);
}

json_t *objects_merge(
	const json_t *stored, const json_t *stamps, const struct file_wish *wish, json_t *conflicts)
{
	struct merge merge = {stored, stamps, wish, json_deep_copy(stored), conflicts};
	bool done = merge.merged != NULL;
	const char *object;
	json_t *said;

	json_object_foreach ((json_t *)wish->objects, object, said)
		done = done && say_object(&merge, object, said);
	json_object_foreach ((json_t *)stored, object, said)
		if (done && wish->prune && json_object_get(wish->objects, object) == NULL)
			drop_object(&merge, object);
	check_edges(&merge);
	if (done)
		return merge.merged;
	json_decref(merge.merged);
	return NULL;
}
