/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a command wants of a circuit.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "control/config/loader.h"
#include "control/model/lifecycle.h"
#include "control/server/wish_parts.h"
#include "control/store/objects.h"

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
	char path[OBJECT_PATH_MAX], struct owner *as)
{
	const struct plan *plan = sync_plan(office->sync);

	snprintf(path, OBJECT_PATH_MAX, "circuits[%.40s]", called);
	*as = (struct owner){.principal = PRINCIPAL_OPERATOR};
	if (json_object_get(office->store.now.objects, path) != NULL)
		return true;
	for (unsigned int i = 0; plan != NULL && i < plan->site->circuit_count; i++) {
		if (strcasecmp(plan->site->circuits[i].service_key, called) != 0)
			continue;
		snprintf(path, OBJECT_PATH_MAX, "circuits[%s]", plan->site->circuits[i].name);
		as->principal = PRINCIPAL_PROVIDER;
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
	json_t *circuit = json_object();

	json_t *refusal;

	json_object_set_new(wish->objects, path, circuit);
	refusal = wish_set_fields(request, circuit);
	return refusal != NULL ? refusal : wish_redeem(request, path, wish);
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
void wish_delete_object(json_t *objects, const char *path)
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

/* What is connected stays; what: the object, whose: of the sentence. NULL, or a refusal. */
static json_t *refuse_connected(
	const json_t *objects, const char *circuit, const char *what, const char *whose)
{
	const char *reach = wish_find_reach(objects, circuit);
	char network[64];

	find_network(objects, circuit, network);
	if (network[0] != '\0')
		return request_error("%s cannot be deleted: %s is connected to virtual network %s; "
				     "take that connection away first",
			what, whose, network);
	if (reach != NULL)
		return request_error("%s cannot be deleted: %s reaches another by %s; take that "
				     "away first (`onramp global-reach disconnect`)",
			what, whose, reach);
	return NULL;
}

static json_t *delete_circuit(json_t *objects, const char *path)
{
	json_t *refusal = refuse_connected(objects, path, path, "it");

	if (refusal != NULL)
		return refusal;
	wish_delete_object(objects, path);
	return NULL;
}

/* ---- its peerings ---- */

/* The path of the request's peering, in its first name. NULL, or a refusal. */
static json_t *peering_path(const json_t *request, const char *circuit, char path[OBJECT_PATH_MAX])
{
	const char *type = json_string_value(json_object_get(request, "peering"));

	if (type != NULL && strcmp(type, "microsoft") == 0)
		type = peering_type_name(PEERING_PUBLIC);
	if (type == NULL || (strcmp(type, peering_type_name(PEERING_PRIVATE)) != 0 &&
				    strcmp(type, peering_type_name(PEERING_PUBLIC)) != 0))
		return request_error("\"%.40s\" is no peering; write CIRCUIT/private or "
				     "CIRCUIT/public",
			type != NULL ? type : "");
	snprintf(path, OBJECT_PATH_MAX, "%.80s.peerings[%s]", circuit, type);
	return NULL;
}

/* What a provider makes is the provider's. */
static json_t *new_peering(const struct wish *wish)
{
	json_t *own = json_object();

	if (wish->as.principal == PRINCIPAL_PROVIDER)
		json_object_set_new(
			own, "managed_by", json_string(principal_name(wish->as.principal)));
	return own;
}

static json_t *set_peering(const json_t *request, const char *circuit, struct wish *wish)
{
	char path[OBJECT_PATH_MAX];
	json_t *refusal = peering_path(request, circuit, path);

	if (refusal != NULL)
		return refusal;
	/* There are steps before that one: set_filter(). */
	if (json_is_string(json_object_get(json_object_get(request, "fields"), "route_filter")))
		return request_error("route_filter is not set like other fields; make the peering, "
				     "then use `onramp filter attach`");
	if (json_object_get(wish->objects, path) == NULL)
		json_object_set_new(wish->objects, path, new_peering(wish));
	return wish_set_fields(request, json_object_get(wish->objects, path));
}

static json_t *delete_peering(const json_t *request, const char *circuit, struct wish *wish)
{
	char path[OBJECT_PATH_MAX];
	json_t *refusal = peering_path(request, circuit, path);

	if (refusal != NULL)
		return refusal;
	if (json_object_get(wish->objects, path) == NULL)
		return request_error("there is no %s; see `onramp show peerings`", path);
	if (strstr(path, "[private]") != NULL)
		refusal = refuse_connected(wish->objects, circuit, path, "its circuit");
	if (refusal != NULL)
		return refusal;
	wish_delete_object(wish->objects, path);
	return NULL;
}

/* ---- the route filter of its public peering ---- */

/* The step that is missing before anything could be announced, or NULL. */
static json_t *missing_step(const struct office *office, const char *circuit)
{
	const struct plan *plan = sync_plan(office->sync);
	int index = plan != NULL ? site_find_circuit(plan->site, circuit) : -1;
	const struct site_circuit *found = index >= 0 ? &plan->site->circuits[index] : NULL;

	if (found == NULL)
		return request_error("%s is not in force yet; see `onramp show status`", circuit);
	if (plan->site->port_pairs[found->port_pair].model == PAIR_PROVIDER &&
		found->provider_state != PROVIDER_PROVISIONED)
		return request_error("circuit %s is %s: its provider has to provision it first "
				     "(`onramp circuit provision %s`)",
			circuit, provider_state_name(found->provider_state), found->service_key);
	if (!found->enabled)
		return request_error("circuit %s is disabled; `onramp circuit enable %s` first",
			circuit, circuit);
	return NULL;
}

/* {"verb": "attach-filter", "value": NAME} or "detach-filter". */
static json_t *set_filter(const struct office *office, const char *verb, const json_t *request,
	const char *circuit, struct wish *wish)
{
	const char *value = json_string_value(json_object_get(request, "value"));
	char path[OBJECT_PATH_MAX], name[OBJECT_PATH_MAX];
	json_t *peering, *refusal;

	snprintf(name, sizeof(name), "%s", strchr(circuit, '[') + 1);
	name[strcspn(name, "]")] = '\0';
	snprintf(path, sizeof(path), "%.80s.peerings[%s]", circuit,
		peering_type_name(PEERING_PUBLIC));
	peering = json_object_get(wish->objects, path);
	if (peering == NULL)
		return request_error("circuit %s has no public peering; make one first "
				     "(`onramp peering set %s/public`)",
			name, name);
	if (strcmp(verb, "detach-filter") == 0) {
		if (json_object_get(peering, "route_filter") == NULL)
			return request_error("%s/public has no route filter", name);
		json_object_del(peering, "route_filter");
		return NULL;
	}
	if (value == NULL)
		return request_error("attach-filter needs \"value\", a route filter's name");
	refusal = missing_step(office, name);
	if (refusal == NULL)
		json_object_set_new(peering, "route_filter", json_string(value));
	return refusal;
}

/* ---- all of it ---- */

static json_t *do_verb(struct office *office, const char *name, const json_t *request,
	const char *path, struct wish *wish)
{
	if (strcmp(name, "attach-filter") == 0 || strcmp(name, "detach-filter") == 0)
		return set_filter(office, name, request, path, wish);
	if (strcmp(name, "connect-circuit") == 0 || strcmp(name, "disconnect-circuit") == 0)
		return wish_set_reach(name, request, path, wish);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return set_field(&verbs[i], request, json_object_get(wish->objects, path));
	if (strcmp(name, "set") == 0)
		return wish_set_fields(request, json_object_get(wish->objects, path));
	if (strcmp(name, "set-peering") == 0)
		return set_peering(request, path, wish);
	if (strcmp(name, "delete-peering") == 0)
		return delete_peering(request, path, wish);
	if (strcmp(name, "delete") != 0)
		return request_error("\"%.40s\" is nothing that can be done to a circuit", name);
	return delete_circuit(wish->objects, path);
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

/* As the audit log has it: whom, what, and in whose name when that was said. */
static void name_command(const json_t *request, const char *called, struct wish *wish)
{
	const char *verb = json_string_value(json_object_get(request, "verb"));
	const char *value = json_string_value(json_object_get(request, "value"));
	const char *peering = json_string_value(json_object_get(request, "peering"));
	const char *as = json_string_value(json_object_get(request, "principal"));

	if (strcmp(verb, "set-peering") == 0 || strcmp(verb, "delete-peering") == 0)
		verb = verb[0] == 's' ? "peering set" : "peering delete";
	else if (strcmp(verb, "attach-filter") == 0 || strcmp(verb, "detach-filter") == 0)
		verb = verb[0] == 'a' ? "filter attach" : "filter detach";
	else if (strcmp(verb, "connect-circuit") == 0 || strcmp(verb, "disconnect-circuit") == 0)
		verb = verb[0] == 'c' ? "global-reach connect" : "global-reach disconnect";
	snprintf(wish->command, sizeof(wish->command), "%s%.24s%s %.40s%s%.10s%s%.24s%s%.36s",
		peering != NULL || strchr(verb, ' ') != NULL ? "" : "circuit ", verb,
		flag(request, "begin") ? " --begin" : "", called, peering != NULL ? "/" : "",
		peering != NULL ? peering : "", value != NULL ? " " : "",
		value != NULL ? value : "", as != NULL ? " --as " : "", as != NULL ? as : "");
}

json_t *wish_read_circuit(struct office *office, const json_t *request, struct wish *wish)
{
	const char *called = json_string_value(json_object_get(request, "circuit"));
	const char *verb = json_string_value(json_object_get(request, "verb"));
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
	found = find_circuit(office, called, path, &wish->as);
	refusal = wish_read_principal(request, wish);
	if (refusal != NULL)
		return refusal;
	if (!found && !creates)
		return refuse_unknown(office, called);
	if (found && creates)
		return request_error(
			"there is a circuit %.40s already; choose another name", called);
	name_command(request, called, wish);
	wish->objects = json_deep_copy(office->store.now.objects);
	if (wish->objects == NULL)
		return request_error("no memory");
	return creates ? create(request, path, wish) : do_verb(office, verb, request, path, wish);
}
