/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shows that ask control.
 */
#include <stdlib.h>
#include <string.h>

#include "control/cli/control.h"
#include "control/cli/table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool text_name(const json_t *row, const char *key, char buffer[ADDRESS_MAX])
{
	const char *text = json_string_value(json_object_get(row, key));

	return text != NULL && snprintf(buffer, ADDRESS_MAX, "%s", text) < (int)ADDRESS_MAX;
}

static bool row_own_name(const json_t *row, char buffer[ADDRESS_MAX])
{
	return text_name(row, "name", buffer);
}

static bool row_link_name(const json_t *row, char buffer[ADDRESS_MAX])
{
	return text_name(row, "link", buffer);
}

static bool row_session_name(const json_t *row, char buffer[ADDRESS_MAX])
{
	const char *peering = json_string_value(json_object_get(row, "peering"));
	const char *link = json_string_value(json_object_get(row, "link"));

	return peering != NULL && link != NULL &&
	       snprintf(buffer, ADDRESS_MAX, "%s/%s", peering, link) < (int)ADDRESS_MAX;
}

/* Asks for what, keeps what the operand names, and prints. */
static int show_rows(const struct cli *cli, const char *what, row_name name_of,
	const struct column *columns, unsigned int count)
{
	json_t *rows = rows_filter(cli, control_rows(cli, what), name_of);

	return rows != NULL ? rows_print(cli, columns, count, rows) : STATUS_REFUSED;
}

int show_circuits_run(const struct cli *cli)
{
	static const struct column columns[] = {
		{"name", "NAME", FORMAT_TEXT},
		{"port_pair", "PORT PAIR", FORMAT_TEXT},
		{"bandwidth_bps", "RATE", FORMAT_RATE},
		{"tier", "TIER", FORMAT_TEXT},
		{"provider_state", "PROVIDER", FORMAT_TEXT},
		{"state", "STATE", FORMAT_TEXT},
		{"encapsulation", "ENCAP", FORMAT_TEXT},
		{"s_tag", "S-TAG", FORMAT_NUMBER},
		{"peerings", "PEERINGS", FORMAT_TEXT},
		{"redundancy", "LINKS", FORMAT_TEXT},
		{"service_key", "SERVICE KEY", FORMAT_TEXT},
	};
	static const struct column fields[] = {
		{"name", "NAME", FORMAT_TEXT},
		{"field", "FIELD", FORMAT_TEXT},
		{"value", "VALUE", FORMAT_TEXT},
		{"set_by", "SET BY", FORMAT_TEXT},
	};

	if (cli->effective)
		return show_rows(cli, "effective", row_own_name, fields, COUNT(fields));
	return show_rows(cli, "circuits", row_own_name, columns, COUNT(columns));
}

static json_int_t number_of(const json_t *row, const char *key)
{
	return json_integer_value(json_object_get(row, key));
}

/* "4 sessions, 3 Established; 12 prefixes accepted, 1 refused, 6 announced" */
static json_t *sessions_text(const json_t *rows)
{
	json_int_t established = 0, accepted = 0, refused = 0, announced = 0;
	const json_t *row;
	size_t index;

	json_array_foreach (rows, index, row) {
		const char *state = json_string_value(json_object_get(row, "state"));

		established += state != NULL && strcmp(state, "Established") == 0;
		accepted += number_of(row, "accepted");
		refused += number_of(row, "refused");
		announced += number_of(row, "announced");
	}
	return json_sprintf("%zu sessions, %" JSON_INTEGER_FORMAT
			    " Established; %" JSON_INTEGER_FORMAT
			    " prefixes accepted, %" JSON_INTEGER_FORMAT
			    " refused, %" JSON_INTEGER_FORMAT " announced",
		json_array_size(rows), established, accepted, refused, announced);
}

int show_bgp_run(const struct cli *cli)
{
	static const struct column columns[] = {
		{"peering", "PEERING", FORMAT_TEXT},
		{"link", "LINK", FORMAT_TEXT},
		{"neighbour", "NEIGHBOUR", FORMAT_TEXT},
		{"asn", "ASN", FORMAT_NUMBER},
		{"state", "STATE", FORMAT_STATE},
		{"uptime_s", "UP", FORMAT_DURATION},
		{"accepted", "ACCEPTED", FORMAT_COUNT},
		{"refused", "REFUSED", FORMAT_COUNT},
		{"announced", "ANNOUNCED", FORMAT_COUNT},
		{"limit", "LIMIT", FORMAT_COUNT},
		{"alarm", "ALARM", FORMAT_TEXT},
		{"last_error", "LAST ERROR", FORMAT_TEXT},
	};

	json_t *sum, *rows = rows_filter(cli, control_rows_within(cli, "bgp"), row_session_name);
	int status;

	if (rows == NULL)
		return STATUS_REFUSED;
	sum = cli->json ? NULL : sessions_text(rows);
	status = rows_print(cli, columns, COUNT(columns), rows);
	if (sum != NULL)
		fprintf(cli->out, "\n%s\n", json_string_value(sum));
	json_decref(sum);
	return status;
}

int show_rejected_run(const struct cli *cli)
{
	static const struct column columns[] = {
		{"peering", "PEERING", FORMAT_TEXT},
		{"link", "LINK", FORMAT_TEXT},
		{"prefix", "PREFIX", FORMAT_TEXT},
		{"neighbour", "FROM", FORMAT_TEXT},
		{"reason", "REASON", FORMAT_TEXT},
	};

	json_t *rows = control_rows_within(cli, "rejected");
	char name[ADDRESS_MAX];

	if (rows == NULL)
		return STATUS_REFUSED;
	/* What is named may well have none. */
	for (size_t i = json_array_size(rows); i > 0; i--)
		if (!row_session_name(json_array_get(rows, i - 1), name) ||
			!address_covers(cli->operand, name))
			json_array_remove(rows, i - 1);
	return rows_print(cli, columns, COUNT(columns), rows);
}

int show_advertised_run(const struct cli *cli)
{
	static const struct column columns[] = {
		{"peering", "PEERING", FORMAT_TEXT},
		{"link", "LINK", FORMAT_TEXT},
		{"neighbour", "NEIGHBOUR", FORMAT_TEXT},
		{"prefix", "PREFIX", FORMAT_TEXT},
		{"path", "PATH", FORMAT_TEXT},
		{"med", "MED", FORMAT_NUMBER},
	};
	json_t *rows = control_rows_within(cli, "advertised");

	return rows != NULL ? rows_print(cli, columns, COUNT(columns), rows) : STATUS_REFUSED;
}

int show_arp_run(const struct cli *cli)
{
	static const struct column columns[] = {
		{"link", "LINK", FORMAT_TEXT},
		{"address", "ADDRESS", FORMAT_TEXT},
		{"mac", "MAC", FORMAT_TEXT},
		{"state", "STATE", FORMAT_STATE},
		{"age_s", "AGE", FORMAT_DURATION},
	};

	return show_rows(cli, "arp", row_link_name, columns, COUNT(columns));
}

/* ---- peerings: a row holds links, the table shows one line for each link and family ---- */

/* A line of the table for one family; keys end in the family's digit. Nothing when the link has no
 * address of it. */
static void add_family(
	json_t *lines, const json_t *peering, const json_t *link, const char *name, char digit)
{
	static const char *const keys[] = {"edge", "peer", "neighbour", "bgp"};
	json_t *line =
		json_pack("{s:s, s:O}", "name", name, "asn", json_object_get(peering, "peer_asn"));
	json_t *s_tag = json_object_get(link, "s_tag"), *c_tag = json_object_get(link, "c_tag");
	char key[16], tags[16], port[ADDRESS_MAX];

	json_object_set(line, "not_enabled", json_object_get(peering, "not_enabled"));

	/* As the site's file names it: the edges of a pair have ports of the same names. */
	snprintf(port, sizeof(port), "%s/%s", json_string_value(json_object_get(link, "edge")),
		json_string_value(json_object_get(link, "port")));
	json_object_set_new(line, "port", json_string(port));

	for (size_t i = 0; i < COUNT(keys); i++) {
		snprintf(key, sizeof(key), "%s%c", keys[i], digit);
		json_object_set(line, keys[i], json_object_get(link, key));
	}
	if (json_is_integer(s_tag))
		snprintf(tags, sizeof(tags), "%d.%d", (int)json_integer_value(s_tag),
			(int)json_integer_value(c_tag));
	else
		snprintf(tags, sizeof(tags), "%d", (int)json_integer_value(c_tag));
	json_object_set_new(line, "tags", json_string(tags));
	if (json_is_string(json_object_get(line, "edge")))
		json_array_append(lines, line);
	json_decref(line);
}

static json_t *peering_lines(const json_t *rows)
{
	json_t *lines = json_array(), *row, *link;
	size_t index, inner;

	json_array_foreach (rows, index, row) {
		json_array_foreach (json_object_get(row, "links"), inner, link) {
			char name[ADDRESS_MAX];
			snprintf(name, sizeof(name), "%s/%s",
				json_string_value(json_object_get(row, "name")),
				json_string_value(json_object_get(link, "name")));
			add_family(lines, row, link, name, '4');
			add_family(lines, row, link, name, '6');
		}
	}
	return lines;
}

/* Takes the links that the operand does not name out of their peerings: afterwards a peering
 * answers to the operand itself, or has none left. */
static void cut_links(const struct cli *cli, json_t *rows)
{
	size_t index;
	json_t *row;

	json_array_foreach (rows, index, row) {
		json_t *links = json_object_get(row, "links");
		char name[ADDRESS_MAX];
		for (size_t i = json_array_size(links); i > 0; i--) {
			snprintf(name, sizeof(name), "%s/%s",
				json_string_value(json_object_get(row, "name")),
				json_string_value(
					json_object_get(json_array_get(links, i - 1), "name")));
			if (!address_covers(cli->operand, name))
				json_array_remove(links, i - 1);
		}
	}
}

/* A peering's own name, or that of its only link when the operand names a link. */
static bool row_peering_name(const json_t *row, char buffer[ADDRESS_MAX])
{
	const json_t *links = json_object_get(row, "links");
	const char *link;

	if (!text_name(row, "name", buffer))
		return false;
	if (json_array_size(links) != 1)
		return true;
	link = json_string_value(json_object_get(json_array_get(links, 0), "name"));
	snprintf(buffer + strlen(buffer), ADDRESS_MAX - strlen(buffer), "/%s",
		link != NULL ? link : "");
	return true;
}

int show_peerings_run(const struct cli *cli)
{
	static const struct column columns[] = {
		{"name", "LINK", FORMAT_TEXT},
		{"port", "PORT", FORMAT_TEXT},
		{"tags", "TAGS", FORMAT_TEXT},
		{"edge", "EDGE", FORMAT_TEXT},
		{"peer", "PEER", FORMAT_TEXT},
		{"asn", "ASN", FORMAT_NUMBER},
		{"neighbour", "NEIGHBOUR", FORMAT_STATE},
		{"bgp", "BGP", FORMAT_STATE},
		{"not_enabled", "WHY NOT", FORMAT_TEXT},
	};
	json_t *rows = control_rows(cli, "peerings"), *lines;
	int status;

	if (rows != NULL && cli->operand != NULL)
		cut_links(cli, rows);
	rows = rows_filter(cli, rows, row_peering_name);
	if (rows == NULL)
		return STATUS_REFUSED;
	if (cli->json)
		return rows_print(cli, columns, COUNT(columns), rows);
	lines = peering_lines(rows);
	json_decref(rows);
	status = rows_print(cli, columns, COUNT(columns), lines);
	return status;
}

/* ---- status: an object, not rows ---- */

static void print_object(const struct cli *cli, const json_t *object, unsigned int depth)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)object, key, value) {
		const struct column column = {key, key, FORMAT_NUMBER};
		char *text;
		if (json_is_object(value)) {
			fprintf(cli->out, "%*s%s\n", (int)depth * 2, "", key);
			print_object(cli, value, depth + 1);
			continue;
		}
		text = table_cell(object, &column);
		fprintf(cli->out, "%*s%-*s %s\n", (int)depth * 2, "", 16 - (int)depth * 2, key,
			text != NULL ? text : "?");
		free(text);
	}
}

int show_status_run(const struct cli *cli)
{
	json_t *status =
		control_ask(cli, json_pack("{s:s, s:s}", "request", "show", "what", "status"));
	const char *error = json_string_value(json_object_get(status, "error"));
	int result = STATUS_OK;

	if (status == NULL)
		return STATUS_REFUSED;
	if (error != NULL) {
		cli_error(cli, "%s", error);
		result = STATUS_REFUSED;
	} else if (cli->json) {
		result = json_print(cli, status) == 0 ? STATUS_OK : STATUS_REFUSED;
	} else {
		print_object(cli, status, 0);
	}
	json_decref(status);
	return result;
}
