/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/store/objects.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "control/config/schema.h"
#include "control/config/tree.h"

#define DEPTH_MAX 3u /* of objects in objects; site_schema has 2 */

static const struct field *find_field(const struct schema *schema, const char *name)
{
	for (unsigned int i = 0; schema != NULL && i < schema->field_count; i++)
		if (strcmp(schema->fields[i].name, name) == 0)
			return &schema->fields[i];
	return NULL;
}

/* Are the field's entries objects of their own? */
static bool has_names(const struct field *field)
{
	return field != NULL && field->kind == FIELD_MAPPING && field->shape == SHAPE_LIST &&
	       field->schema->key >= 0;
}

/* The first word of a choice for what this one says: "microsoft" is "public". */
static const char *one_word(const struct field *field, const char *word)
{
	const struct choice *said = NULL;

	for (const struct choice *each = field->choices; each != NULL && each->word; each++)
		if (strcmp(each->word, word) == 0)
			said = each;
	for (const struct choice *each = field->choices; said != NULL; each++)
		if (each->number == said->number)
			return each->word;
	return word;
}

/* ---- taking apart ---- */

static bool split(
	json_t *objects, const char *path, const struct schema *schema, const json_t *record);

static bool split_list(
	json_t *objects, const char *path, const struct field *field, const json_t *list)
{
	const struct field *key = &field->schema->fields[field->schema->key];
	size_t index;
	json_t *record;

	json_array_foreach ((json_t *)list, index, record) {
		const char *name = json_string_value(json_object_get(record, key->name));
		char inner[OBJECT_PATH_MAX];

		if (name == NULL ||
			snprintf(inner, sizeof(inner), "%s%s%s[%s]", path,
				path[0] == '\0' ? "" : ".", field->name,
				one_word(key, name)) >= (int)sizeof(inner) ||
			!split(objects, inner, field->schema, record))
			return false;
	}
	return true;
}

/* The record's own fields first, so that an object stands before those inside it. */
static bool split(
	json_t *objects, const char *path, const struct schema *schema, const json_t *record)
{
	json_t *own = json_object(), *value;
	const char *name;

	if (json_object_set_new(objects, path, own) != 0)
		return false;
	json_object_foreach ((json_t *)record, name, value) {
		const struct field *field = find_field(schema, name);
		bool key = schema->key >= 0 && field == &schema->fields[schema->key];

		if (!key && !has_names(field) && json_object_set(own, name, value) != 0)
			return false;
	}
	json_object_foreach ((json_t *)record, name, value) {
		const struct field *field = find_field(schema, name);

		if (has_names(field) && !split_list(objects, path, field, value))
			return false;
	}
	return true;
}

json_t *objects_parse(const char *document, size_t length)
{
	json_t *tree = tree_parse(document, length), *objects = json_object();
	bool done = tree != NULL && objects != NULL && split(objects, "", &site_schema, tree);

	json_decref(tree);
	if (done)
		return objects;
	json_decref(objects);
	return NULL;
}

/* ---- putting together ---- */

/* "circuits[acme].peerings[private]": its parent "circuits[acme]", list "peerings" and name. */
struct place {
	char parent[OBJECT_PATH_MAX], list[OBJECT_PATH_MAX], name[OBJECT_PATH_MAX];
};

static bool find_place(const char *path, struct place *place)
{
	const char *dot = strrchr(path, '.'), *bracket = strrchr(path, '[');
	const char *list = dot != NULL ? dot + 1 : path;
	size_t length = strlen(path);

	if (bracket == NULL || bracket < list || length >= OBJECT_PATH_MAX ||
		path[length - 1] != ']')
		return false;
	snprintf(place->parent, sizeof(place->parent), "%.*s", dot != NULL ? (int)(dot - path) : 0,
		path);
	snprintf(place->list, sizeof(place->list), "%.*s", (int)(bracket - list), list);
	snprintf(place->name, sizeof(place->name), "%.*s", (int)(path + length - 1 - (bracket + 1)),
		bracket + 1);
	return true;
}

static const struct schema *schema_of(const char *path)
{
	struct place place;

	if (path[0] == '\0')
		return &site_schema;
	if (!find_place(path, &place))
		return NULL;
	const struct field *field = find_field(schema_of(place.parent), place.list);
	return has_names(field) ? field->schema : NULL;
}

/* The record with its name, and its fields in the order of the schema. */
static json_t *join_record(const struct schema *schema, const char *name, const json_t *own)
{
	json_t *record = json_object(), *value;
	const char *key;

	for (unsigned int i = 0; i < schema->field_count; i++) {
		const char *field = schema->fields[i].name;
		if ((int)i == schema->key)
			json_object_set_new(record, field, json_string(name));
		else if (json_object_get(own, field) != NULL)
			json_object_set(record, field, json_object_get(own, field));
	}
	json_object_foreach ((json_t *)own, key, value)
		json_object_set(record, key, value);
	return record;
}

/* The record at its place in the tree; records: by path, those that are there. */
static bool join(json_t *records, const char *path, const json_t *own)
{
	const struct schema *schema = schema_of(path);
	struct place place = {0};
	json_t *record, *parent, *list;

	if (schema == NULL)
		return false;
	if (path[0] != '\0' && !find_place(path, &place))
		return false;
	record = join_record(schema, place.name, own);
	if (json_object_set_new(records, path, record) != 0)
		return false;
	if (path[0] == '\0')
		return true;
	parent = json_object_get(records, place.parent);
	list = json_object_get(parent, place.list);
	if (parent != NULL && list == NULL) {
		list = json_array();
		if (json_object_set_new(parent, place.list, list) != 0)
			return false;
	}
	return json_array_append(list, record) == 0;
}

/* How deep a path lies: 0 is the site. */
static unsigned int depth_of(const char *path)
{
	unsigned int depth = path[0] != '\0';

	for (const char *c = path; *c != '\0'; c++)
		depth += *c == '.';
	return depth;
}

/* The site's own fields, with the revision among them. */
static bool join_site(json_t *records, const json_t *objects, uint64_t revision)
{
	json_t *own = json_copy(json_object_get(objects, ""));
	bool done = own != NULL;

	if (done && revision > 0)
		done = json_object_set_new(own, "revision", json_integer((json_int_t)revision)) ==
		       0;
	done = done && join(records, "", own);
	json_decref(own);
	return done;
}

/* Parents first, wherever they stand. */
static bool join_all(json_t *records, const json_t *objects, uint64_t revision)
{
	const char *path;
	json_t *own;

	if (!join_site(records, objects, revision))
		return false;
	for (unsigned int depth = 1; depth <= DEPTH_MAX; depth++)
		json_object_foreach ((json_t *)objects, path, own)
			if (depth_of(path) == depth && !join(records, path, own))
				return false;
	return true;
}

char *objects_document(const json_t *objects, uint64_t revision, size_t *length)
{
	json_t *records = json_object();
	char *document = NULL;

	if (records != NULL && join_all(records, objects, revision))
		document = tree_write(json_object_get(records, ""), length);
	json_decref(records);
	return document;
}

/* ---- changes ---- */

static bool add_change(json_t *changes, const char *object, const char *field, const json_t *before,
	const json_t *after)
{
	return json_array_append_new(
		       changes, json_pack("{s:s, s:s, s:O?, s:O?}", "object", object, "field",
					field, "before", before, "after", after)) == 0;
}

static bool diff_fields(json_t *changes, const char *object, const json_t *from, const json_t *to)
{
	const char *field;
	json_t *value;

	json_object_foreach ((json_t *)to, field, value) {
		const json_t *before = json_object_get(from, field);
		if ((before == NULL || !json_equal(before, value)) &&
			!add_change(changes, object, field, before, value))
			return false;
	}
	json_object_foreach ((json_t *)from, field, value)
		if (json_object_get(to, field) == NULL &&
			!add_change(changes, object, field, value, NULL))
			return false;
	return true;
}

json_t *objects_diff(const json_t *from, const json_t *to)
{
	json_t *changes = json_array(), *own, *empty = json_object();
	const char *object;
	bool done = changes != NULL && empty != NULL;

	json_object_foreach ((json_t *)to, object, own) {
		const json_t *before = json_object_get(from, object);
		if (done && before == NULL)
			done = add_change(changes, object, "", NULL, json_true());
		done = done && diff_fields(changes, object, before != NULL ? before : empty, own);
	}
	json_object_foreach ((json_t *)from, object, own) {
		if (json_object_get(to, object) != NULL)
			continue;
		done = done && diff_fields(changes, object, own, empty) &&
		       add_change(changes, object, "", json_true(), NULL);
	}
	json_decref(empty);
	if (done)
		return changes;
	json_decref(changes);
	return NULL;
}

/* Null for nothing, either way. */
static bool same(const json_t *a, const json_t *b)
{
	bool nothing_a = a == NULL || json_is_null(a), nothing_b = b == NULL || json_is_null(b);

	return nothing_a || nothing_b ? nothing_a == nothing_b : json_equal(a, b);
}

static int change_object(json_t *objects, const char *object, bool there)
{
	json_t *own = json_object_get(objects, object);

	if (there == (own != NULL))
		return -EINVAL;
	if (there)
		return json_object_set_new(objects, object, json_object()) == 0 ? 0 : -ENOMEM;
	return json_object_size(own) == 0 ? json_object_del(objects, object) : -EINVAL;
}

static int turn(json_t *objects, const json_t *change, const char *from, const char *to)
{
	const char *object = json_string_value(json_object_get(change, "object"));
	const char *field = json_string_value(json_object_get(change, "field"));
	json_t *before = json_object_get(change, from), *after = json_object_get(change, to);
	bool there = after != NULL && !json_is_null(after);
	json_t *own;

	if (object == NULL || field == NULL)
		return -EINVAL;
	if (field[0] == '\0')
		return change_object(objects, object, there);
	own = json_object_get(objects, object);
	if (own == NULL || !same(json_object_get(own, field), before))
		return -EINVAL;
	if (there)
		return json_object_set(own, field, after) == 0 ? 0 : -ENOMEM;
	json_object_del(own, field);
	return 0;
}

int objects_change(json_t *objects, const json_t *change)
{
	return turn(objects, change, "before", "after");
}

int objects_unchange(json_t *objects, const json_t *change)
{
	return turn(objects, change, "after", "before");
}

const char *objects_list(const char *object, char *buffer, size_t size)
{
	struct place place = {0};

	find_place(object, &place);
	snprintf(buffer, size, "%s", place.list);
	return buffer;
}

const char *objects_parent(const char *object, char *buffer, size_t size)
{
	struct place place = {0};

	find_place(object, &place);
	snprintf(buffer, size, "%s", place.parent);
	return buffer;
}

const char *objects_field_path(const char *object, const char *field, char *buffer, size_t size)
{
	snprintf(buffer, size, "%s%s%s", object, object[0] != '\0' && field[0] != '\0' ? "." : "",
		field);
	return buffer;
}
