/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/cli/show_bfd.h"
#include "control/cli/table.h"

#define TEXT_MAX 64u

/* A time as people write it in the document: "300ms", "1.5s", "1500us". */
static const char *time_text(uint64_t us, char text[TEXT_MAX])
{
	if (us < 10000 && us % 1000 != 0)
		snprintf(text, TEXT_MAX, "%" PRIu64 "us", us);
	else if (us < 1000000)
		snprintf(text, TEXT_MAX, "%" PRIu64 "ms", (us + 500) / 1000);
	else if (us % 1000000 < 50000)
		snprintf(text, TEXT_MAX, "%" PRIu64 "s", us / 1000000);
	else
		snprintf(text, TEXT_MAX, "%.1fs", (double)us / 1e6);
	return text;
}

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

/* Null when there is no such time. */
static json_t *number_if(bool known, uint64_t value)
{
	return known ? number(value) : json_null();
}

static json_t *name_or_number(const char *name, uint8_t value)
{
	return name != NULL ? json_string(name) : json_integer(value);
}

static json_t *address_json(uint8_t family, const uint8_t address[16])
{
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(family, address, text, sizeof(text)) == NULL)
		return json_null();
	return json_string(text);
}

static const char *authentication(uint8_t type)
{
	switch (type) {
	case 0:
		return "none";
	case 4:
		return "keyed-sha1";
	case 5:
		return "meticulous-sha1";
	default:
		return "unknown";
	}
}

/* {"ttl": 3}: reasons that counted something. */
static json_t *refusals_json(const struct api_bfd_session *session, uint64_t *total)
{
	json_t *refusals = json_object();

	*total = 0;
	for (unsigned int i = 0; i < API_BFD_REFUSALS_MAX; i++) {
		const char *name = api_bfd_refusal_name(i);

		if (name == NULL || session->refused[i] == 0)
			continue;
		json_object_set_new(refusals, name, number(session->refused[i]));
		*total += session->refused[i];
	}
	return refusals;
}

static void add_timers(json_t *row, const struct api_bfd_session *session)
{
	uint32_t rx = session->min_rx_us > session->remote_min_tx_us ? session->min_rx_us
								     : session->remote_min_tx_us;
	bool heard = session->silence_us != UINT64_MAX;

	json_object_set_new(row, "min_tx_us", number(session->min_tx_us));
	json_object_set_new(row, "min_rx_us", number(session->min_rx_us));
	json_object_set_new(row, "multiplier", number(session->multiplier));
	json_object_set_new(row, "remote_min_tx_us", number_if(heard, session->remote_min_tx_us));
	json_object_set_new(row, "remote_min_rx_us", number_if(heard, session->remote_min_rx_us));
	json_object_set_new(row, "remote_multiplier", number_if(heard, session->remote_multiplier));
	json_object_set_new(row, "tx_interval_us",
		number_if(session->tx_interval_us != 0, session->tx_interval_us));
	json_object_set_new(row, "rx_interval_us", number_if(heard, rx));
	json_object_set_new(
		row, "detection_us", number_if(session->detection_us != 0, session->detection_us));
}

static void add_flags(json_t *row, const struct api_bfd_session *session)
{
	json_object_set_new(row, "multihop", json_boolean(session->multihop));
	json_object_set_new(row, "passive", json_boolean(session->passive));
	json_object_set_new(row, "polling", json_boolean(session->polling));
	json_object_set_new(row, "path_down", json_boolean(session->path_down));
	json_object_set_new(row, "neighbour_resolved", json_boolean(session->resolved));
	json_object_set_new(row, "plane_independent", json_boolean(session->plane_independent));
	json_object_set_new(
		row, "remote_plane_independent", json_boolean(session->remote_plane_independent));
	json_object_set_new(row, "remote_demand", json_boolean(session->remote_demand));
	json_object_set_new(row, "authentication", json_string(authentication(session->auth_type)));
}

static void add_measures(json_t *row, const struct api_bfd_session *session)
{
	bool measured = session->interval_max_us != 0;

	json_object_set_new(row, "ups", number(session->ups));
	json_object_set_new(row, "flaps", number(session->flaps));
	json_object_set_new(row, "rx", number(session->rx));
	json_object_set_new(row, "tx", number(session->tx));
	json_object_set_new(row, "tx_lost", number(session->lost));
	json_object_set_new(row, "silence_us",
		number_if(session->silence_us != UINT64_MAX, session->silence_us));
	json_object_set_new(
		row, "interval_mean_us", number_if(measured, session->interval_mean_us));
	json_object_set_new(row, "interval_max_us", number_if(measured, session->interval_max_us));
	json_object_set_new(row, "jitter_mean_us", number_if(measured, session->jitter_mean_us));
	json_object_set_new(row, "jitter_max_us", number_if(measured, session->jitter_max_us));
	json_object_set_new(row, "tx_late_max_us", number(session->late_max_us));
}

static json_t *session_row(const struct api_bfd_session *session, const char *link)
{
	json_t *row = json_pack("{s:o, s:o, s:o, s:i}", "interface",
		link != NULL ? json_string(link) : json_null(), "peer",
		address_json(session->family, session->peer), "local",
		address_json(session->family, session->local), "family",
		session->family == AF_INET6 ? 6 : 4);

	json_object_set_new(
		row, "state", name_or_number(api_bfd_state_name(session->state), session->state));
	json_object_set_new(row, "remote_state",
		name_or_number(api_bfd_state_name(session->remote_state), session->remote_state));
	json_object_set_new(row, "since_s", number(session->state_us / 1000000));
	json_object_set_new(
		row, "diagnostic", name_or_number(api_bfd_diag_text(session->diag), session->diag));
	json_object_set_new(row, "remote_diagnostic",
		name_or_number(api_bfd_diag_text(session->remote_diag), session->remote_diag));
	json_object_set_new(row, "discriminator", number(session->local_discriminator));
	json_object_set_new(row, "remote_discriminator",
		number_if(session->remote_discriminator != 0, session->remote_discriminator));
	add_timers(row, session);
	add_flags(row, session);
	add_measures(row, session);
	return row;
}

/* What a link received for no session has only a link and reasons. */
static json_t *any_row(const struct api_bfd_session *session, const char *link)
{
	uint64_t refused;
	json_t *reasons = refusals_json(session, &refused);
	json_t *row =
		session->local_discriminator != 0
			? session_row(session, link)
			: json_pack("{s:o, s:n, s:n}", "interface",
				  link != NULL ? json_string(link) : json_null(), "peer", "state");

	json_object_set_new(row, "refused", number(refused));
	json_object_set_new(row, "refusals", reasons);
	return row;
}

static const char *link_name(const struct dump *interfaces, uint32_t id)
{
	for (size_t i = 0; i < interfaces->count; i++) {
		const struct api_interface *interface = dump_row(interfaces, i);

		if (interface->id == id)
			return interface->name;
	}
	return NULL;
}

static const char *text_of(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text != NULL ? text : "";
}

static json_int_t family_rank(const json_t *row)
{
	json_int_t family = json_integer_value(json_object_get(row, "family"));

	return family != 0 ? family : INT8_MAX;
}

/* By link, IPv4 first, what is no session's last. */
static int in_order(const void *left, const void *right)
{
	const json_t *a = *(json_t *const *)left, *b = *(json_t *const *)right;
	int links = strcmp(text_of(a, "interface"), text_of(b, "interface"));

	if (links != 0)
		return links;
	if (family_rank(a) != family_rank(b))
		return family_rank(a) < family_rank(b) ? -1 : 1;
	return strcmp(text_of(a, "peer"), text_of(b, "peer"));
}

json_t *bfd_rows(const struct dump *sessions, const struct dump *interfaces, const char *address)
{
	json_t **rows = calloc(sessions->count + 1, sizeof(*rows)), *array = json_array();
	size_t count = 0;

	for (size_t i = 0; rows != NULL && i < sessions->count; i++) {
		const struct api_bfd_session *session = dump_row(sessions, i);
		const char *link = link_name(interfaces, session->interface);

		if (address == NULL || (link != NULL && address_covers(address, link)))
			rows[count++] = any_row(session, link);
	}
	if (rows != NULL)
		qsort(rows, count, sizeof(*rows), in_order);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, rows[i]);
	free(rows);
	return array;
}

/* ---- texts ---- */

/* "300ms x 3" of what one side asks for; "10ms/50ms x 3" when it sends and receives differently. */
static void add_asked(json_t *row, const char *key, const char *tx_key, const char *rx_key,
	const char *multiplier_key)
{
	const json_t *tx = json_object_get(row, tx_key), *rx = json_object_get(row, rx_key);
	char send[TEXT_MAX], receive[TEXT_MAX], text[3 * TEXT_MAX];
	json_int_t multiplier = json_integer_value(json_object_get(row, multiplier_key));

	if (!json_is_integer(tx))
		return;
	time_text((uint64_t)json_integer_value(tx), send);
	time_text((uint64_t)json_integer_value(rx), receive);
	if (strcmp(send, receive) == 0)
		snprintf(text, sizeof(text), "%s x %d", send, (int)multiplier);
	else
		snprintf(text, sizeof(text), "%s/%s x %d", send, receive, (int)multiplier);
	json_object_set_new(row, key, json_string(text));
}

static void add_time(json_t *row, const char *key, const char *from)
{
	const json_t *us = json_object_get(row, from);
	char text[TEXT_MAX];

	if (json_is_integer(us))
		json_object_set_new(
			row, key, json_string(time_text((uint64_t)json_integer_value(us), text)));
}

/* Ours says why we left Up; when the peer told us to, its own says why. */
static void add_reason(json_t *row)
{
	const char *ours = text_of(row, "diagnostic"), *theirs = text_of(row, "remote_diagnostic");
	char text[3 * TEXT_MAX];

	if (strcmp(theirs, "none") == 0 || theirs[0] == '\0')
		snprintf(text, sizeof(text), "%s", ours);
	else
		snprintf(text, sizeof(text), "%s; peer: %s", ours, theirs);
	json_object_set_new(row, "reason", json_string(text));
}

void bfd_add_texts(json_t *rows)
{
	size_t index;
	json_t *row;

	json_array_foreach (rows, index, row) {
		char text[TEXT_MAX];

		if (!json_is_string(json_object_get(row, "state")))
			continue;
		add_asked(row, "asked", "min_tx_us", "min_rx_us", "multiplier");
		add_asked(row, "peer_asks", "remote_min_tx_us", "remote_min_rx_us",
			"remote_multiplier");
		add_time(row, "sends", "tx_interval_us");
		add_time(row, "detects", "detection_us");
		add_time(row, "jitter", "jitter_mean_us");
		snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT,
			json_integer_value(json_object_get(row, "discriminator")),
			json_integer_value(json_object_get(row, "remote_discriminator")));
		json_object_set_new(row, "discriminators", json_string(text));
		add_reason(row);
	}
}

json_t *bfd_refusal_rows(const json_t *rows)
{
	json_t *found = json_array(), *row, *packets;
	const char *reason;
	size_t index;

	json_array_foreach (rows, index, row)
		json_object_foreach (json_object_get(row, "refusals"), reason, packets)
			json_array_append_new(found, json_pack("{s:O, s:O, s:s, s:O}", "interface",
							     json_object_get(row, "interface"),
							     "peer", json_object_get(row, "peer"),
							     "reason", reason, "packets", packets));
	return found;
}
