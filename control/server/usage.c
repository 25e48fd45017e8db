/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server/usage.h"

#include <errno.h>
#include <string.h>

#include "control/usage/history.h"

/* A page: what control may spend some tens of milliseconds on. */
#define RECORDS_MAX 10000u

static json_t *failed(const struct office *office)
{
	return request_error("%s/usage.db: %s", office->state_dir, history_reason(-errno));
}

static json_t *reply_of(const struct office *office, const char *key, json_t *rows)
{
	return rows != NULL ? json_pack("{s:o}", key, rows) : failed(office);
}

/* A number of the request; absent: the other one. */
static int64_t number_of(const json_t *request, const char *key, int64_t otherwise)
{
	const json_t *value = json_object_get(request, key);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static const char *text_of(const json_t *request, const char *key)
{
	return json_string_value(json_object_get(request, key));
}

static json_t *rates(struct office *office, const json_t *request)
{
	const char *address = text_of(request, "address");

	if (address == NULL)
		return request_error("rates need \"address\", a circuit, peering or link");
	return reply_of(office, "rows",
		history_rates(office->history, address, number_of(request, "from", 0)));
}

static json_t *usage(struct office *office, const json_t *request)
{
	return reply_of(office, "rows",
		history_usage(office->history, text_of(request, "circuit"),
			number_of(request, "from", 0), number_of(request, "to", INT64_MAX / 2)));
}

static json_t *records(struct office *office, const json_t *request)
{
	const char *after = text_of(request, "after_circuit");
	const struct history_place place = {
		.circuit = text_of(request, "circuit"),
		.from = number_of(request, "from", 0),
		.to = number_of(request, "to", INT64_MAX / 2),
		.after_circuit = after != NULL ? after : "",
		.after_number = number_of(request, "after_number", 0),
	};
	json_t *reply =
		reply_of(office, "lines", history_records(office->history, &place, RECORDS_MAX));

	json_object_set_new(reply, "limit", json_integer(RECORDS_MAX));
	return reply;
}

static json_t *verify(struct office *office, const json_t *request)
{
	const char *after = text_of(request, "after_circuit");
	json_t *verdict = history_verify(office->history, after != NULL ? after : "",
		number_of(request, "after_number", 0), RECORDS_MAX);

	return verdict != NULL ? verdict : failed(office);
}

json_t *usage_reply(struct office *office, const char *what, const json_t *request)
{
	static const char *const known[] = {"rates", "usage", "records", "usage-verify"};
	unsigned int which = 0;
	int error;

	while (which < 4 && strcmp(what, known[which]) != 0)
		which++;
	if (which == 4)
		return NULL;
	error = office->history != NULL ? history_ready(office->history) : -ENOMEM;
	if (error != 0)
		return request_error("%s/usage.db: %s", office->state_dir, history_reason(error));
	switch (which) {
	case 0:
		return rates(office, request);
	case 1:
		return usage(office, request);
	case 2:
		return records(office, request);
	default:
		return verify(office, request);
	}
}
