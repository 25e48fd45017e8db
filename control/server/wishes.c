/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server/wishes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/server/changes.h"
#include "control/server/wish_parts.h"
#include "control/store/merge.h"
#include "control/store/objects.h"

/* ---- a file ---- */

static json_t *refuse_conflicts(json_t *conflicts)
{
	size_t count = json_array_size(conflicts);
	json_t *refusal = request_error(
		"the file would undo %zu change%s that %s not its own; `onramp export` writes a "
		"file that has %s, --take-ownership insists on this one",
		count, count == 1 ? "" : "s", count == 1 ? "is" : "are",
		count == 1 ? "it" : "them");

	json_object_set(refusal, "conflicts", conflicts);
	return refusal;
}

/* The file's own word on the revision it was exported from is no part of the site. */
static uint64_t take_revision(json_t *objects)
{
	json_t *site = json_object_get(objects, "");
	uint64_t revision = (uint64_t)json_integer_value(json_object_get(site, "revision"));

	json_object_del(site, "revision");
	return revision;
}

static json_t *refuse_revision(const struct office *office, uint64_t revision)
{
	return request_error("revision: %" PRIu64 " is newer than the store, which is at %" PRIu64
			     "; remove the line from a file of another edge or of a store that is "
			     "gone",
		revision, office->store.now.revision);
}

static json_t *merge_file(
	struct office *office, const json_t *request, json_t *objects, struct wish *wish)
{
	const struct store_content *now = &office->store.now;
	json_t *conflicts = json_array(), *refusal = NULL;
	struct file_wish file = {
		.objects = objects,
		.revision = take_revision(objects),
		.prune = flag(request, "prune"),
		.take_ownership = flag(request, "take_ownership"),
	};

	/* Into an empty store any file may go; else its revision must be one of this store's. */
	if (now->revision == 0)
		file.revision = 0;
	wish->restored = file.take_ownership;
	snprintf(wish->command, sizeof(wish->command), "apply%s%s", file.prune ? " --prune" : "",
		file.take_ownership ? " --take-ownership" : "");
	if (file.revision > now->revision && !file.take_ownership)
		refusal = refuse_revision(office, file.revision);
	else
		wish->objects = objects_merge(now->objects, now->stamps, &file, conflicts);
	if (refusal == NULL && wish->objects == NULL)
		refusal = request_error("no memory");
	else if (json_array_size(conflicts) > 0)
		refusal = refuse_conflicts(conflicts);
	json_decref(conflicts);
	return refusal;
}

static json_t *read_file(struct office *office, const json_t *request, struct wish *wish)
{
	const json_t *document = json_object_get(request, "document");
	const char *text = json_string_value(document);
	size_t length = json_string_length(document);
	struct site *site;
	unsigned int edge;
	json_t *refusal, *objects;

	wish->origin = "file";
	if (text == NULL)
		return request_error("\"document\" is a string");
	json_decref(wish->findings);
	site = changes_load(office, text, length, &edge, &wish->findings, &refusal);
	if (site == NULL)
		return refusal;
	site_free(site);
	objects = objects_parse(text, length);
	if (objects == NULL)
		return request_error("no memory");
	refusal = merge_file(office, request, objects, wish);
	json_decref(objects);
	return refusal;
}

/* ---- a rollback ---- */

static bool is_operators(const json_t *objects, const char *object, const char *field)
{
	return owner_of(objects, object, field).principal == PRINCIPAL_OPERATOR;
}

/* Is the object rolled back? Another's is not, and an authorization never: what was promised or
 * used once stays so. */
static bool is_rolled_back(const json_t *objects, const char *object)
{
	char list[OBJECT_PATH_MAX];

	return is_operators(objects, object, "") &&
	       strcmp(objects_list(object, list, sizeof(list)), "authorizations") != 0;
}

/* An object of another's, as a rollback of the operator's leaves it: as it is now, there or not,
 * unless it comes back, or goes, with all that it is part of. */
static void keep_object(const json_t *now, json_t *then, const char *object)
{
	json_t *present = json_object_get(now, object);
	char parent[OBJECT_PATH_MAX];

	objects_parent(object, parent, sizeof(parent));
	if (json_object_get(now, parent) == NULL || json_object_get(then, parent) == NULL)
		return;
	if (present != NULL)
		json_object_set_new(then, object, json_deep_copy(present));
	else
		json_object_del(then, object);
}

/* The same for fields of an object that is the operator's. */
static void keep_fields(const json_t *now, json_t *then, const char *object)
{
	json_t *own = json_object_get(then, object), *present = json_object_get(now, object);
	const char *field;
	json_t *value;
	void *next;

	json_object_foreach_safe(own, next, field, value) if (!is_operators(then, object, field))
		json_object_del(own, field);
	json_object_foreach (present, field, value)
		if (!is_operators(now, object, field))
			json_object_set(own, field, value);
}

/* What is not the operator's is no part of his rollback: it stays as it is now. */
static void keep_foreign(const json_t *now, json_t *then)
{
	const char *object;
	json_t *own;
	void *next;

	json_object_foreach ((json_t *)now, object, own)
		if (!is_rolled_back(now, object))
			keep_object(now, then, object);
	json_object_foreach_safe(then, next, object, own)
	{
		if (is_rolled_back(then, object))
			keep_fields(now, then, object);
		else if (json_object_get(now, object) == NULL)
			keep_object(now, then, object);
	}
}

static json_t *read_rollback(struct office *office, const json_t *request, struct wish *wish)
{
	json_int_t revision = json_integer_value(json_object_get(request, "rollback"));

	wish->origin = "command";
	wish->rollback = true;
	snprintf(wish->command, sizeof(wish->command), "rollback %" JSON_INTEGER_FORMAT, revision);
	if (revision > 0)
		wish->objects = store_objects_at(&office->store, (uint64_t)revision);
	if (wish->objects == NULL)
		return request_error("the store has no revision %" JSON_INTEGER_FORMAT
				     "; `onramp audit` lists those it has, up to %" PRIu64,
			revision, office->store.now.revision);
	keep_foreign(office->store.now.objects, wish->objects);
	return NULL;
}

/* ---- all of them ---- */

json_t *wish_read(struct office *office, const json_t *request, struct wish *wish)
{
	*wish = (struct wish){.findings = json_array()};
	if (json_object_get(request, "document") != NULL)
		return read_file(office, request, wish);
	if (json_object_get(request, "circuit") != NULL)
		return wish_read_circuit(office, request, wish);
	if (json_object_get(request, "port_pair") != NULL)
		return wish_read_authorization(office, request, wish);
	if (json_object_get(request, "rollback") != NULL)
		return read_rollback(office, request, wish);
	return request_error("plan and commit need \"document\", \"circuit\", \"port_pair\" or "
			     "\"rollback\"");
}

void wish_free(struct wish *wish)
{
	json_decref(wish->objects);
	json_decref(wish->findings);
}
