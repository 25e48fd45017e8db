/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Authorizations of direct pairs, and how much the circuits of a pair may sum to: an authorization
 * counts as promised from the start, until the circuit that was made with it is deleted.
 */
#include <stdlib.h>
#include <string.h>

#include "control/config/build.h"
#include "control/model/sku.h"

static void check_key(struct build *build, const struct record *record)
{
	const struct value *key = usable(record, AUTHORIZATION_KEY);

	if (key != NULL && (strlen(key->text) != 64 || strspn(key->text, "0123456789abcdef") != 64))
		report(build->loader, record, AUTHORIZATION_KEY,
			"\"%.70s\" is no SHA-256; write 64 digits 0 to 9, a to f", key->text);
}

bool build_authorizations(
	struct build *build, const struct record *record, struct site_port_pair *pair)
{
	size_t count;
	struct record *const *records = record_list(record, PAIR_AUTHORIZATIONS, &count);

	pair->authorizations = calloc(count + 1, sizeof(*pair->authorizations));
	if (pair->authorizations == NULL)
		return false;
	pair->authorization_count = (unsigned int)count;
	for (size_t i = 0; i < count; i++) {
		struct site_authorization *authorization = &pair->authorizations[i];
		const struct value *key = usable(records[i], AUTHORIZATION_KEY);

		copy_name(authorization->name, records[i], AUTHORIZATION_NAME);
		copy_name(authorization->circuit, records[i], AUTHORIZATION_CIRCUIT);
		authorization->quota_bps = record_number(records[i], AUTHORIZATION_BANDWIDTH, 0);
		check_key(build, records[i]);
		if (key != NULL && strlen(key->text) == 64)
			memcpy(authorization->key_sha256, key->text, 65);
	}
	check_unique(build->loader, &record->values[PAIR_AUTHORIZATIONS], "authorization");
	if (count > 0 && pair->model != PAIR_DIRECT && usable(record, PAIR_MODEL) != NULL)
		report(build->loader, record, PAIR_AUTHORIZATIONS,
			"are for direct pairs, which have an owner; circuits on a provider's pair "
			"are the operator's to sell: remove them");
	return true;
}

static struct record *const *circuit_records(const struct build *build)
{
	return build->root->values[SITE_CIRCUITS].records;
}

static const struct site_authorization *authorization_of(
	const struct site_port_pair *pair, const struct site_circuit *circuit)
{
	for (unsigned int i = 0; i < pair->authorization_count; i++)
		if (site_uses_authorization(&pair->authorizations[i], circuit))
			return &pair->authorizations[i];
	return NULL;
}

/* A circuit that says what it was made with. */
static void check_circuit(struct build *build, unsigned int index)
{
	const struct site_circuit *circuit = &build->site->circuits[index];
	const struct record *record = circuit_records(build)[index];
	const struct site_port_pair *pair;
	const struct site_authorization *authorization;
	char rate[16];

	if (circuit->authorization[0] == '\0' || build->circuit_pairs[index] < 0)
		return;
	pair = &build->site->port_pairs[build->circuit_pairs[index]];
	authorization = authorization_of(pair, circuit);
	if (authorization == NULL)
		report(build->loader, record, CIRCUIT_AUTHORIZATION,
			"\"%s\" is no authorization of port pair \"%s\" that circuit \"%s\" was "
			"made with; remove it, or make the circuit with an open one",
			circuit->authorization, pair->name, circuit->name);
	else if (circuit->bandwidth_bps > authorization->quota_bps)
		report(build->loader, record, CIRCUIT_BANDWIDTH,
			"%s is more than authorization \"%s\" of port pair \"%s\" allows, which is "
			"%s",
			record->values[CIRCUIT_BANDWIDTH].text, authorization->name, pair->name,
			rate_text(authorization->quota_bps, rate, sizeof(rate)));
}

/* ---- what a direct pair has promised ---- */

struct promise {
	struct build *build;
	unsigned int pair;
	uint64_t sum, limit;
};

static void add_promise(struct promise *promise, const struct record *record, unsigned int field,
	uint64_t bps, const char *whose)
{
	char rates[2][16];

	promise->sum += bps;
	if (promise->sum <= promise->limit)
		return;
	report(promise->build->loader, record, field,
		"%s brings the %s of port pair \"%s\" to %s; direct circuits may sum to %s, twice "
		"the port's speed",
		record->values[field].text, whose,
		promise->build->site->port_pairs[promise->pair].name,
		rate_text(promise->sum, rates[0], sizeof(rates[0])),
		rate_text(promise->limit, rates[1], sizeof(rates[1])));
}

/* Open, or with its circuit. */
static bool is_promised(const struct promise *promise, const struct site_authorization *each)
{
	const struct site *site = promise->build->site;

	for (unsigned int i = 0; i < site->circuit_count; i++)
		if (promise->build->circuit_pairs[i] == (int)promise->pair &&
			site_uses_authorization(each, &site->circuits[i]))
			return true;
	return each->circuit[0] == '\0';
}

static void promise_authorizations(struct promise *promise, uint64_t speed)
{
	const struct site_port_pair *pair = &promise->build->site->port_pairs[promise->pair];
	const struct record *pair_record =
		promise->build->root->values[SITE_PAIRS].records[promise->pair];
	char list[128];

	for (unsigned int i = 0; i < pair->authorization_count; i++) {
		const struct site_authorization *each = &pair->authorizations[i];
		const struct record *record = pair_record->values[PAIR_AUTHORIZATIONS].records[i];

		if (usable(record, AUTHORIZATION_BANDWIDTH) == NULL)
			continue;
		if (!sku_exists(PAIR_DIRECT, speed, each->quota_bps))
			report(promise->build->loader, record, AUTHORIZATION_BANDWIDTH,
				"%s is not sold on these ports; write one of %s",
				record->values[AUTHORIZATION_BANDWIDTH].text,
				sku_list_text(PAIR_DIRECT, speed, list, sizeof(list)));
		else if (is_promised(promise, each))
			add_promise(promise, record, AUTHORIZATION_BANDWIDTH, each->quota_bps,
				"circuits and authorizations");
	}
}

static void check_direct_sum(struct build *build, unsigned int pair)
{
	uint64_t speed = pair_speed(build, pair);
	struct promise promise = {build, pair, 0, sku_direct_sum_max(speed)};

	if (build->site->port_pairs[pair].model != PAIR_DIRECT || speed == 0)
		return;
	for (unsigned int i = 0; i < build->site->circuit_count; i++) {
		const struct site_circuit *circuit = &build->site->circuits[i];

		if (build->circuit_pairs[i] == (int)pair &&
			sku_exists(PAIR_DIRECT, speed, circuit->bandwidth_bps) &&
			authorization_of(&build->site->port_pairs[pair], circuit) == NULL)
			add_promise(&promise, circuit_records(build)[i], CIRCUIT_BANDWIDTH,
				circuit->bandwidth_bps, "circuits");
	}
	promise_authorizations(&promise, speed);
}

void check_authorizations(struct build *build)
{
	for (unsigned int i = 0; i < build->site->circuit_count; i++)
		check_circuit(build, i);
	for (unsigned int pair = 0; pair < build->site->port_pair_count; pair++)
		check_direct_sum(build, pair);
}
