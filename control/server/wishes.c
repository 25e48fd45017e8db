/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server/wishes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/config/loader.h"
#include "control/server/changes.h"
#include "control/store/merge.h"
#include "control/store/objects.h"

static bool flag(const json_t *request, const char *name)
{
	return json_is_true(json_object_get(request, name));
}

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

/* ---- a circuit ---- */

struct verb {
	const char *name;
	const char *field;
	const char *value; /* NULL: the request says it */
	const char *begin; /* what it is instead while the provider works */
};

static const struct verb verbs[] = {
	{"provision", "provider_state", "provisioned", "provisioning"},
	{"deprovision", "provider_state", "not-provisioned", "deprovisioning"},
	{"enable", "state", "enabled", NULL},
	{"disable", "state", "disabled", NULL},
	{"set-bandwidth", "bandwidth", NULL, NULL},
	{"set-tier", "tier", NULL, NULL},
};

/* The circuit's name in path, by its name or by its service key. */
static bool find_circuit(const struct office *office, const char *called,
	char path[OBJECT_PATH_MAX], enum principal *principal)
{
	const struct plan *plan = sync_plan(office->sync);

	snprintf(path, OBJECT_PATH_MAX, "circuits[%.40s]", called);
	*principal = PRINCIPAL_OPERATOR;
	if (json_object_get(office->store.now.objects, path) != NULL)
		return true;
	for (unsigned int i = 0; plan != NULL && i < plan->site->circuit_count; i++) {
		if (strcasecmp(plan->site->circuits[i].service_key, called) != 0)
			continue;
		snprintf(path, OBJECT_PATH_MAX, "circuits[%s]", plan->site->circuits[i].name);
		*principal = PRINCIPAL_PROVIDER;
		return true;
	}
	return false;
}

static json_t *set_field(const struct verb *verb, const json_t *request, json_t *circuit)
{
	const char *value = json_string_value(json_object_get(request, "value"));

	if (verb->value != NULL)
		value = verb->begin != NULL && flag(request, "begin") ? verb->begin : verb->value;
	if (value == NULL)
		return request_error("%s needs \"value\", a string", verb->name);
	/* A new circuit has these without anybody having said so. */
	if (json_object_get(circuit, verb->field) == NULL &&
		(strcmp(value, "enabled") == 0 || strcmp(value, "not-provisioned") == 0))
		return NULL;
	json_object_set_new(circuit, verb->field, json_string(value));
	return NULL;
}

static json_t *create(const json_t *request, const char *path, struct wish *wish)
{
	const json_t *fields = json_object_get(request, "fields");
	json_t *circuit = json_object();

	if (!json_is_object(fields))
		return request_error("create needs \"fields\", as a file has them");
	json_object_update(circuit, (json_t *)fields);
	json_object_set_new(wish->objects, path, circuit);
	return NULL;
}

/* A network that the circuit is connected to; "" for none. */
static void find_network(const json_t *objects, const char *circuit, char network[64])
{
	char connection[OBJECT_PATH_MAX];
	const char *object;
	json_t *own;

	network[0] = '\0';
	snprintf(connection, sizeof(connection), "].connections%s", strchr(circuit, '['));
	json_object_foreach ((json_t *)objects, object, own) {
		const char *at = strstr(object, connection);

		if (at != NULL && strncmp(object, "vnets[", 6) == 0)
			snprintf(network, 64, "%.*s", (int)(at - object - 6), object + 6);
	}
}

/* With all that is in it. */
static void delete_object(json_t *objects, const char *path)
{
	size_t length = strlen(path);
	const char *object;
	json_t *own;
	void *next;

	json_object_foreach_safe(
		objects, next, object, own) if (strncmp(object, path, length) == 0 &&
						(object[length] == '\0' || object[length] == '.'))
		json_object_del(objects, object);
}

static json_t *delete_circuit(json_t *objects, const char *path)
{
	char network[64];

	find_network(objects, path, network);
	if (network[0] != '\0')
		return request_error("%s cannot be deleted: it is connected to virtual network %s; "
				     "take that connection away first",
			path, network);
	delete_object(objects, path);
	return NULL;
}

static json_t *do_verb(const char *name, const json_t *request, const char *path, struct wish *wish)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return set_field(&verbs[i], request, json_object_get(wish->objects, path));
	if (strcmp(name, "delete") != 0)
		return request_error("\"%.40s\" is nothing that can be done to a circuit", name);
	return delete_circuit(wish->objects, path);
}

static json_t *set_principal(const json_t *request, struct wish *wish)
{
	const char *name = json_string_value(json_object_get(request, "principal"));

	if (name == NULL)
		return NULL;
	wish->principal = principal_find(name);
	return wish->principal != PRINCIPALS
		       ? NULL
		       : request_error("\"%.40s\" is no principal; write operator, provider or "
				       "customer",
				 name);
}

static json_t *refuse_unknown(const struct office *office, const char *called)
{
	const struct plan *plan = sync_plan(office->sync);
	struct suggestion suggestion = {.wrong = called};
	char hint[80];

	for (unsigned int i = 0; plan != NULL && i < plan->site->circuit_count; i++)
		suggest(&suggestion, plan->site->circuits[i].name);
	return request_error("there is no circuit of the name or service key \"%.40s\"%s; see "
			     "`onramp show circuits`",
		called, suggestion_text(&suggestion, hint, sizeof(hint)));
}

static json_t *read_circuit(struct office *office, const json_t *request, struct wish *wish)
{
	const char *called = json_string_value(json_object_get(request, "circuit"));
	const char *verb = json_string_value(json_object_get(request, "verb"));
	const char *value = json_string_value(json_object_get(request, "value"));
	bool creates = verb != NULL && strcmp(verb, "create") == 0;
	char path[OBJECT_PATH_MAX];
	bool found;
	json_t *refusal;

	wish->origin = "command";
	if (called == NULL || verb == NULL)
		return request_error("\"circuit\" and \"verb\" are strings");
	if (strpbrk(called, "[].") != NULL)
		return request_error("\"%.40s\" is neither a circuit's name nor a service key; a "
				     "name is a-z, 0-9 and -",
			called);
	if (office->store.now.revision == 0)
		return request_error("nothing was applied yet; a circuit needs a site with its "
				     "ports: `onramp apply FILE`");
	found = find_circuit(office, called, path, &wish->principal);
	if (!found && !creates)
		return refuse_unknown(office, called);
	if (found && creates)
		return request_error(
			"there is a circuit %.40s already; choose another name", called);
	snprintf(wish->command, sizeof(wish->command), "circuit %.20s%s %.40s%s%.20s", verb,
		flag(request, "begin") ? " --begin" : "", called, value != NULL ? " " : "",
		value != NULL ? value : "");
	wish->objects = json_deep_copy(office->store.now.objects);
	if (wish->objects == NULL)
		return request_error("no memory");
	refusal = creates ? create(request, path, wish) : do_verb(verb, request, path, wish);
	return refusal != NULL ? refusal : set_principal(request, wish);
}

/* ---- a rollback ---- */

/* What is not the operator's is no part of his rollback: it stays as it is now. */
static void keep_the_providers(const json_t *now, json_t *then)
{
	const char *object, *field;
	json_t *own, *value;
	void *next;

	json_object_foreach (then, object, own) {
		const json_t *present = json_object_get(now, object);
		char list[OBJECT_PATH_MAX];

		objects_list(object, list, sizeof(list));
		json_object_foreach_safe(own, next, field,
			value) if (lifecycle_owner(list, field) != PRINCIPAL_OPERATOR)
			json_object_del(own, field);
		json_object_foreach ((json_t *)present, field, value)
			if (lifecycle_owner(list, field) != PRINCIPAL_OPERATOR)
				json_object_set(own, field, value);
	}
}

static json_t *read_rollback(struct office *office, const json_t *request, struct wish *wish)
{
	json_int_t revision = json_integer_value(json_object_get(request, "rollback"));

	wish->origin = "command";
	snprintf(wish->command, sizeof(wish->command), "rollback %" JSON_INTEGER_FORMAT, revision);
	if (revision > 0)
		wish->objects = store_objects_at(&office->store, (uint64_t)revision);
	if (wish->objects == NULL)
		return request_error("the store has no revision %" JSON_INTEGER_FORMAT
				     "; `onramp audit` lists those it has, up to %" PRIu64,
			revision, office->store.now.revision);
	keep_the_providers(office->store.now.objects, wish->objects);
	return NULL;
}

/* ---- all of them ---- */

json_t *wish_read(struct office *office, const json_t *request, struct wish *wish)
{
	*wish = (struct wish){.findings = json_array()};
	if (json_object_get(request, "document") != NULL)
		return read_file(office, request, wish);
	if (json_object_get(request, "circuit") != NULL)
		return read_circuit(office, request, wish);
	if (json_object_get(request, "rollback") != NULL)
		return read_rollback(office, request, wish);
	return request_error("plan and commit need \"document\", \"circuit\" or \"rollback\"");
}

void wish_free(struct wish *wish)
{
	json_decref(wish->objects);
	json_decref(wish->findings);
}

json_t *wish_check_owners(const struct wish *wish, const json_t *changes)
{
	size_t index;
	json_t *change;

	if (strcmp(wish->origin, "file") == 0)
		return NULL; /* the merge did */
	json_array_foreach ((json_t *)changes, index, change) {
		const char *object = json_string_value(json_object_get(change, "object"));
		const char *field = json_string_value(json_object_get(change, "field"));
		bool goes = json_is_null(json_object_get(change, "after"));
		char list[OBJECT_PATH_MAX], path[2 * OBJECT_PATH_MAX];
		enum principal owner =
			lifecycle_owner(objects_list(object, list, sizeof(list)), field);

		/* The operator deletes circuits with all that was said of them. */
		if (owner == wish->principal || (goes && wish->principal == PRINCIPAL_OPERATOR))
			continue;
		return request_error("%s belongs to the %s, and this was asked as the %s%s",
			objects_field_path(object, field, path, sizeof(path)),
			principal_name(owner), principal_name(wish->principal),
			owner == PRINCIPAL_PROVIDER
				? "; the provider calls the circuit by its service key"
			: wish->principal == PRINCIPAL_PROVIDER
				? "; the operator calls the circuit by its name"
				: "");
	}
	return NULL;
}
