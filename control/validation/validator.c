/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/validation/validator.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/log.h"
#include "control/validation/rtr.h"
#include "control/validation/source.h"

struct validator {
	struct source sources[SOURCES];
	struct saved saved[SOURCES];
	struct rtr *rtr; /* NULL: it is not configured */
	const char *state_dir;
	uint64_t generation;
};

static bool configured(const struct source *source)
{
	return source->name[0] != '\0';
}

/* True: anybody is to be asked. */
static bool name_sources(struct validator *validator, const struct machine_validation *wanted)
{
	struct source *sources = validator->sources;
	bool any = false;

	snprintf(sources[SOURCE_REGISTRY].name, sizeof(sources->name), "%s", wanted->registry);
	snprintf(sources[SOURCE_VRPS].name, sizeof(sources->name), "%s", wanted->vrps);
	if (wanted->rtr_host[0] != '\0')
		snprintf(sources[SOURCE_RTR].name, sizeof(sources->name), "%s:%u", wanted->rtr_host,
			wanted->rtr_port);
	for (unsigned int i = 0; i < SOURCES; i++) {
		sources[i].kind = (enum source_kind)i;
		any |= configured(&sources[i]);
	}
	return any;
}

int validator_open(struct event_base *base, const struct machine_validation *wanted,
	const char *state_dir, void (*arrived)(void *context), void *context,
	struct validator **validator)
{
	struct validator *new = calloc(1, sizeof(*new));
	int error = 0;

	*validator = NULL;
	if (new == NULL)
		return -ENOMEM;
	new->state_dir = state_dir;
	new->generation = 1;
	if (!name_sources(new, wanted)) {
		validator_close(new);
		return 0;
	}
	validator_look(new);
	for (unsigned int i = 0; i < SOURCES; i++)
		if (configured(&new->sources[i]))
			source_load_saved(&new->sources[i], state_dir, time(NULL));
	if (configured(&new->sources[SOURCE_RTR])) {
		source_fail(&new->sources[SOURCE_RTR], "%s has not answered yet",
			new->sources[SOURCE_RTR].name);
		new->rtr = rtr_open(base, wanted->rtr_host, wanted->rtr_port, arrived, context);
		error = new->rtr == NULL ? -errno : 0;
	}
	if (error != 0) {
		validator_close(new);
		return error;
	}
	*validator = new;
	return 0;
}

void validator_close(struct validator *validator)
{
	if (validator == NULL)
		return;
	rtr_close(validator->rtr);
	for (unsigned int i = 0; i < SOURCES; i++)
		vrps_free(&validator->sources[i].vrps);
	free(validator);
}

/* True: data came. */
static bool fetch(struct rtr *rtr, struct source *source)
{
	struct rtr_news news;
	bool taken = false;

	if (rtr == NULL || !rtr_fetch(rtr, &news))
		return false;
	if (news.has_data) {
		source_take(source, &news.vrps, news.at, news.expires);
		taken = true;
	}
	if (news.has_trouble)
		source_fail(source, "%s", news.trouble);
	return taken;
}

void validator_look(struct validator *validator)
{
	int64_t now_s = time(NULL);

	for (unsigned int i = 0; validator != NULL && i < SOURCES; i++) {
		struct source *source = &validator->sources[i];

		if (!configured(source))
			continue;
		if (i == SOURCE_RTR ? fetch(validator->rtr, source)
				    : source_read_file(source, now_s))
			validator->generation++;
		if (source_expire(source, now_s))
			validator->generation++;
	}
}

uint64_t validator_generation(const struct validator *validator)
{
	return validator != NULL ? validator->generation : 0;
}

/* ---- what they say ---- */

static struct origin_sources ask(const struct validator *validator)
{
	const struct source *registry = &validator->sources[SOURCE_REGISTRY];
	struct origin_sources sources = {.registry_asked = configured(registry)};

	if (registry->has_data)
		sources.registry = &registry->vrps;
	for (unsigned int i = SOURCE_VRPS; i < SOURCES; i++) {
		const struct source *source = &validator->sources[i];

		sources.rpki_asked |= configured(source);
		if (source->has_data)
			sources.rpki[sources.rpki_count++] = &source->vrps;
	}
	return sources;
}

static struct peering_validation *make(
	const struct origin_sources *sources, const struct site_peering *peering)
{
	return validation_make(
		sources, peering->validated, peering->validated_count, site_origin(peering));
}

int validator_fill(const struct validator *validator, struct site *site)
{
	struct origin_sources sources;

	if (validator == NULL)
		return 0;
	sources = ask(validator);
	for (unsigned int c = 0; c < site->circuit_count; c++)
		for (unsigned int p = 0; p < site->circuits[c].peering_count; p++) {
			struct site_peering *peering = &site->circuits[c].peerings[p];

			if (peering->type != PEERING_PUBLIC)
				continue;
			validation_free(peering->validation);
			peering->validation = make(&sources, peering);
			if (peering->validation == NULL)
				return -ENOMEM;
		}
	return 0;
}

bool validator_differs(const struct validator *validator, const struct site *site)
{
	struct origin_sources sources;
	bool differs = false;

	if (validator == NULL)
		return false;
	sources = ask(validator);
	for (unsigned int c = 0; c < site->circuit_count && !differs; c++)
		for (unsigned int p = 0; p < site->circuits[c].peering_count; p++) {
			const struct site_peering *peering = &site->circuits[c].peerings[p];
			struct peering_validation *now;

			if (peering->type != PEERING_PUBLIC)
				continue;
			now = make(&sources, peering);
			differs |= now != NULL && !validation_equal(now, peering->validation);
			validation_free(now);
		}
	return differs;
}

void validator_save(struct validator *validator, const struct site *site)
{
	for (unsigned int i = 0; validator != NULL && i < SOURCES; i++)
		if (configured(&validator->sources[i]))
			source_save(&validator->sources[i], validator->state_dir, site,
				&validator->saved[i]);
}

/* ---- for people ---- */

static const char *state_word(const struct source *source)
{
	if (!source->has_data)
		return source->at != 0 ? "expired" : "no data";
	return source->trouble[0] != '\0' ? "stale" : "current";
}

static json_t *source_row(const struct source *source, int64_t now_s)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "source",
		source_kind_name(source->kind), "of", source->name, "state", state_word(source),
		"entries",
		source->has_data ? json_integer((json_int_t)source->vrps.count) : json_null(),
		"age_s", source->at != 0 ? json_integer(now_s - source->at) : json_null(),
		"expires_s",
		source->has_data && source->expires != 0 ? json_integer(source->expires - now_s)
							 : json_null(),
		"trouble", source->trouble[0] != '\0' ? json_string(source->trouble) : json_null());
}

/* "valid", "of AS 64500"; null: it was not asked. */
static json_t *said(const struct origin_verdict *verdict, uint32_t asn)
{
	char text[VALIDATION_TEXT_MAX];

	if (verdict == NULL || verdict->state == ORIGIN_UNASKED)
		return json_null();
	return json_string(origin_text(verdict, "", asn, text) + strlen(": "));
}

static void add_prefixes(json_t *rows, const char *circuit, const struct site_peering *peering)
{
	const struct peering_validation *validation = peering->validation;
	uint32_t asn = site_origin(peering);

	for (unsigned int i = 0; i < peering->validated_count; i++) {
		const struct prefix_verdict *verdict =
			validation != NULL ? &validation->prefixes[i] : NULL;
		char text[64];

		json_array_append_new(rows,
			json_pack("{s:o, s:s, s:I, s:b, s:s, s:o, s:o}", "peering",
				json_sprintf("%s/%s", circuit, peering_type_name(peering->type)),
				"prefix", ip_text(&peering->validated[i], text, sizeof(text)),
				"asn", (json_int_t)asn, "validated",
				verdict == NULL || validation_vouches(verdict), "by",
				verdict == NULL ? "operator" : "sources", "registry",
				said(verdict != NULL ? &verdict->registry : NULL, asn), "rpki",
				said(verdict != NULL ? &verdict->rpki : NULL, asn)));
	}
}

json_t *validator_view(const struct validator *validator, const struct site *site)
{
	json_t *sources = json_array(), *prefixes = json_array();
	int64_t now_s = time(NULL);

	for (unsigned int i = 0; validator != NULL && i < SOURCES; i++)
		if (configured(&validator->sources[i]))
			json_array_append_new(sources, source_row(&validator->sources[i], now_s));
	for (unsigned int c = 0; site != NULL && c < site->circuit_count; c++)
		for (unsigned int p = 0; p < site->circuits[c].peering_count; p++)
			if (site->circuits[c].peerings[p].type == PEERING_PUBLIC)
				add_prefixes(prefixes, site->circuits[c].name,
					&site->circuits[c].peerings[p]);
	return json_pack("{s:o, s:o}", "sources", sources, "prefixes", prefixes);
}
