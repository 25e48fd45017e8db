/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/model/validation.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/model/ip.h"
#include "control/model/public.h"

bool validation_vouches(const struct prefix_verdict *verdict)
{
	return verdict->registry.state == ORIGIN_VALID || verdict->rpki.state == ORIGIN_VALID;
}

bool validation_vouches_all(const struct peering_validation *validation)
{
	for (unsigned int i = 0; validation != NULL && i < validation->prefix_count; i++)
		if (!validation_vouches(&validation->prefixes[i]))
			return false;
	return true;
}

/* ---- rules of routes ---- */

struct rule_list {
	struct origin_rule *rules;
	size_t count, room;
};

static bool add_rule(struct rule_list *list, const struct origin_rule *rule)
{
	if (list->count == list->room) {
		size_t room = list->room > 0 ? list->room * 2 : 16;
		struct origin_rule *rules = reallocarray(list->rules, room, sizeof(*rules));

		if (rules == NULL)
			return false;
		list->rules = rules;
		list->room = room;
	}
	list->rules[list->count++] = *rule;
	return true;
}

static struct origin_rule rule_of(
	const struct origin_sources *sources, const struct ip *prefix, uint32_t asn)
{
	struct origin_rule rule = {.prefix = *prefix,
		.longest = public_longest(prefix->family),
		.of_it = origin_check(sources->rpki, sources->rpki_count, prefix, asn)};

	if (rule.of_it.state == ORIGIN_NOT_FOUND)
		return rule;
	if (rule.of_it.longest < prefix->prefix_len)
		rule.longest = 0;
	else if (rule.of_it.longest < rule.longest)
		rule.longest = rule.of_it.longest;
	return rule;
}

/* A prefix, and all that VRPs lie in: there RPKI says another thing. */
static bool add_rules(struct rule_list *list, const struct origin_sources *sources,
	const struct ip *prefix, uint32_t asn)
{
	struct origin_rule rule = rule_of(sources, prefix, asn);

	if (!add_rule(list, &rule))
		return false;
	for (unsigned int t = 0; t < sources->rpki_count; t++) {
		const struct vrps *vrps = sources->rpki[t];

		for (size_t i = vrps_first_within(vrps, prefix);
			i < vrps->count && ip_contains(prefix, &vrps->entries[i].prefix); i++) {
			const struct ip *inner = &vrps->entries[i].prefix;

			if (inner->prefix_len > public_longest(inner->family))
				continue;
			rule = rule_of(sources, inner, asn);
			if (!add_rule(list, &rule))
				return false;
		}
	}
	return true;
}

static int compare_rules(const void *left, const void *right)
{
	const struct ip *a = &((const struct origin_rule *)left)->prefix;
	const struct ip *b = &((const struct origin_rule *)right)->prefix;

	if (a->prefix_len != b->prefix_len)
		return (int)b->prefix_len - (int)a->prefix_len;
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->address, b->address, sizeof(a->address));
}

static void settle_rules(struct rule_list *list)
{
	size_t kept = 0;

	if (list->count > 1)
		qsort(list->rules, list->count, sizeof(list->rules[0]), compare_rules);
	for (size_t i = 0; i < list->count; i++)
		if (kept == 0 || compare_rules(&list->rules[kept - 1], &list->rules[i]) != 0)
			list->rules[kept++] = list->rules[i];
	list->count = kept;
}

/* ---- a peering ---- */

static struct prefix_verdict verdict_of(
	const struct origin_sources *sources, const struct ip *prefix, uint32_t asn)
{
	struct prefix_verdict verdict = {0};

	if (sources->registry_asked)
		verdict.registry = origin_check(
			&sources->registry, sources->registry != NULL ? 1 : 0, prefix, asn);
	if (sources->rpki_asked)
		verdict.rpki = origin_check(sources->rpki, sources->rpki_count, prefix, asn);
	return verdict;
}

struct peering_validation *validation_make(const struct origin_sources *sources,
	const struct ip *prefixes, unsigned int count, uint32_t asn)
{
	struct peering_validation *validation = calloc(1, sizeof(*validation));
	struct rule_list list = {0};
	bool whole = validation != NULL;

	if (validation == NULL)
		return NULL;
	validation->asn = asn;
	validation->prefixes = calloc((size_t)count + 1, sizeof(*validation->prefixes));
	validation->prefix_count = count;
	whole = validation->prefixes != NULL;
	for (unsigned int i = 0; whole && i < count; i++) {
		validation->prefixes[i] = verdict_of(sources, &prefixes[i], asn);
		whole = sources->rpki_count == 0 || add_rules(&list, sources, &prefixes[i], asn);
	}
	settle_rules(&list);
	validation->rules = list.rules;
	validation->rule_count = (unsigned int)list.count;
	if (whole)
		return validation;
	validation_free(validation);
	return NULL;
}

void validation_free(struct peering_validation *validation)
{
	if (validation == NULL)
		return;
	free(validation->prefixes);
	free(validation->rules);
	free(validation);
}

static bool same_verdict(const struct origin_verdict *a, const struct origin_verdict *b)
{
	return a->state == b->state && a->longest == b->longest && a->holder == b->holder;
}

bool validation_equal(const struct peering_validation *a, const struct peering_validation *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	if (a->asn != b->asn || a->prefix_count != b->prefix_count ||
		a->rule_count != b->rule_count)
		return false;
	for (unsigned int i = 0; i < a->prefix_count; i++)
		if (!same_verdict(&a->prefixes[i].registry, &b->prefixes[i].registry) ||
			!same_verdict(&a->prefixes[i].rpki, &b->prefixes[i].rpki))
			return false;
	for (unsigned int i = 0; i < a->rule_count; i++)
		if (!ip_equal(&a->rules[i].prefix, &b->rules[i].prefix) ||
			a->rules[i].longest != b->rules[i].longest ||
			!same_verdict(&a->rules[i].of_it, &b->rules[i].of_it))
			return false;
	return true;
}

/* ---- in words ---- */

const char *origin_text(const struct origin_verdict *verdict, const char *source, uint32_t asn,
	char text[VALIDATION_TEXT_MAX])
{
	static const char *const words[] = {
		[ORIGIN_NO_DATA] = "no data",
		[ORIGIN_NOT_FOUND] = "not found",
		[ORIGIN_VALID] = "valid",
	};

	if (verdict->state == ORIGIN_UNASKED)
		text[0] = '\0';
	else if (verdict->state == ORIGIN_TOO_LONG)
		snprintf(text, VALIDATION_TEXT_MAX, "%s: AS %" PRIu32 " may announce it to /%u",
			source, asn, verdict->longest);
	else if (verdict->state != ORIGIN_OTHER)
		snprintf(text, VALIDATION_TEXT_MAX, "%s: %s", source, words[verdict->state]);
	else if (verdict->holder == 0)
		snprintf(text, VALIDATION_TEXT_MAX, "%s: nobody's (AS 0)", source);
	else
		snprintf(text, VALIDATION_TEXT_MAX, "%s: of AS %" PRIu32, source, verdict->holder);
	return text;
}

const char *validation_reason(const struct peering_validation *validation,
	const struct ip *prefixes, char text[VALIDATION_TEXT_MAX])
{
	char registry[VALIDATION_TEXT_MAX], rpki[VALIDATION_TEXT_MAX], prefix[64];

	for (unsigned int i = 0; validation != NULL && i < validation->prefix_count; i++) {
		const struct prefix_verdict *verdict = &validation->prefixes[i];

		if (validation_vouches(verdict))
			continue;
		origin_text(&verdict->registry, "registry", validation->asn, registry);
		origin_text(&verdict->rpki, "RPKI", validation->asn, rpki);
		snprintf(text, VALIDATION_TEXT_MAX,
			"%s is not validated for AS %" PRIu32 " (%.60s%s%.60s)",
			ip_text(&prefixes[i], prefix, sizeof(prefix)), validation->asn, registry,
			registry[0] != '\0' && rpki[0] != '\0' ? "; " : "", rpki);
		return text;
	}
	return NULL;
}

const char *validation_refusal(const struct peering_validation *validation, const struct ip *route,
	char text[VALIDATION_TEXT_MAX])
{
	char said[VALIDATION_TEXT_MAX];

	for (unsigned int i = 0; validation != NULL && i < validation->rule_count; i++) {
		const struct origin_rule *rule = &validation->rules[i];
		struct origin_verdict verdict = rule->of_it;

		if (!ip_contains(&rule->prefix, route))
			continue;
		/* Longer ones are public_refusal's. */
		if (verdict.state == ORIGIN_NOT_FOUND || route->prefix_len <= rule->longest ||
			(rule->longest > 0 && rule->longest == public_longest(route->family)))
			return NULL;
		if (verdict.state == ORIGIN_VALID)
			verdict.state = ORIGIN_TOO_LONG;
		snprintf(text, VALIDATION_TEXT_MAX, "invalid by %.200s",
			origin_text(&verdict, "RPKI", validation->asn, said));
		return text;
	}
	return NULL;
}
