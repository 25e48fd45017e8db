/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/model/lifecycle.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define STATES 4u
#define TAG_TEXT_MAX 8

static const char *const state_names[STATES] = {
	[PROVIDER_NOT_PROVISIONED] = "not-provisioned",
	[PROVIDER_PROVISIONING] = "provisioning",
	[PROVIDER_PROVISIONED] = "provisioned",
	[PROVIDER_DEPROVISIONING] = "deprovisioning",
};

/* From each state: what comes next, as a sentence says it. */
static const struct {
	bool to[STATES];
	const char *next;
} steps[STATES] = {
	[PROVIDER_NOT_PROVISIONED] =
		{{[PROVIDER_PROVISIONING] = true, [PROVIDER_PROVISIONED] = true},
			"provisioning or provisioned"},
	[PROVIDER_PROVISIONING] = {{[PROVIDER_PROVISIONED] = true}, "provisioned"},
	[PROVIDER_PROVISIONED] =
		{{[PROVIDER_DEPROVISIONING] = true, [PROVIDER_NOT_PROVISIONED] = true},
			"deprovisioning or not-provisioned"},
	[PROVIDER_DEPROVISIONING] = {{[PROVIDER_NOT_PROVISIONED] = true}, "not-provisioned"},
};

static const char *const principal_names[PRINCIPALS] = {"operator", "provider", "customer"};

static bool __attribute__((format(printf, 2, 3))) refuse(char *refusal, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(refusal, REFUSAL_MAX, format, arguments);
	va_end(arguments);
	return false;
}

static bool allows_new(const struct circuit_life *after, bool restored, char *refusal)
{
	if (restored || after->model == PAIR_DIRECT ||
		after->provider_state == PROVIDER_NOT_PROVISIONED)
		return true;
	return refuse(refusal,
		"circuit %s: it is new and cannot be %s yet, because provider_state is the "
		"provider's; leave it out (--take-ownership takes a backup's word for it)",
		after->name, state_names[after->provider_state]);
}

static bool allows_deletion(const struct circuit_life *before, char *refusal)
{
	if (before->model == PAIR_DIRECT || before->provider_state == PROVIDER_NOT_PROVISIONED ||
		before->provider_state == PROVIDER_DEPROVISIONING)
		return true;
	return refuse(refusal,
		"circuit %s: provider_state is %s, and such a circuit cannot be deleted; it can "
		"once its provider has said `onramp circuit deprovision %s`",
		before->name, state_names[before->provider_state], before->service_key);
}

static bool allows_step(
	const struct circuit_life *before, const struct circuit_life *after, char *refusal)
{
	enum provider_state from = before->provider_state, to = after->provider_state;

	if (from == to || after->model == PAIR_DIRECT || steps[from].to[to])
		return true;
	return refuse(refusal,
		"circuit %s: provider_state is %s and cannot become %s; what comes next is %s",
		after->name, state_names[from], state_names[to], steps[from].next);
}

/* A tag that is 0 is none. */
static const char *tag_text(uint16_t tag, char text[TAG_TEXT_MAX])
{
	snprintf(text, TAG_TEXT_MAX, tag != 0 ? "%u" : "none", tag);
	return text;
}

static bool allows_tags(
	const struct circuit_life *before, const struct circuit_life *after, char *refusal)
{
	bool first = before->s_tag != after->s_tag;
	bool second = before->secondary_s_tag != 0 && after->secondary_s_tag != 0 &&
		      before->secondary_s_tag != after->secondary_s_tag;
	char from[TAG_TEXT_MAX], to[TAG_TEXT_MAX];

	if (!first && !second)
		return true;
	return refuse(refusal,
		"circuit %s: %s is %s and cannot become %s, because the circuit is known by it on "
		"both sides of the wire; leave it, or delete the circuit and create it anew",
		after->name, first ? "s_tag" : "secondary_s_tag",
		tag_text(first ? before->s_tag : before->secondary_s_tag, from),
		tag_text(first ? after->s_tag : after->secondary_s_tag, to));
}

bool lifecycle_allows(const struct circuit_life *before, const struct circuit_life *after,
	bool restored, char refusal[REFUSAL_MAX])
{
	if (before == NULL)
		return allows_new(after, restored, refusal);
	if (after == NULL)
		return allows_deletion(before, refusal);
	if (before->model != after->model)
		return refuse(refusal,
			"circuit %s: port_pair leads from a %s pair to a %s one, which is another "
			"product; delete the circuit and create it anew",
			after->name, pair_model_name(before->model), pair_model_name(after->model));
	if (before->tier != after->tier && after->tier == TIER_LOCAL)
		return refuse(refusal,
			"circuit %s: tier is %s and cannot become local; standard and premium are "
			"possible",
			after->name, tier_name(before->tier));
	if (before->family == FAMILY_UNLIMITED && after->family == FAMILY_METERED)
		return refuse(refusal,
			"circuit %s: family is unlimited and cannot become metered again; leave it "
			"unlimited",
			after->name);
	if (!allows_tags(before, after, refusal))
		return false;
	return restored || allows_step(before, after, refusal);
}

bool lifecycle_forwards(enum pair_model model, enum provider_state state, bool enabled)
{
	return enabled && (model == PAIR_DIRECT || state == PROVIDER_PROVISIONED);
}

const char *principal_name(enum principal principal)
{
	return principal_names[principal];
}

enum principal principal_find(const char *name)
{
	unsigned int principal = 0;

	while (principal < PRINCIPALS && strcmp(principal_names[principal], name) != 0)
		principal++;
	return (enum principal)principal;
}

const char *provider_state_name(enum provider_state state)
{
	return state_names[state];
}

const char *family_name(enum family family)
{
	return family == FAMILY_UNLIMITED ? "unlimited" : "metered";
}
