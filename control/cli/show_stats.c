/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shows of the ledger: stats and drops.
 */
#include <string.h>

#include "control/cli/dataplane.h"
#include "control/cli/table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The ledgers and what their port ids mean. */
struct ledgers {
	struct dump ports;
	struct dump counters;
};

/* 0, or -errno and reported. */
static int ledgers_read(const struct cli *cli, struct ledgers *ledgers)
{
	struct api_client *client = dataplane_open(cli);
	int error;

	*ledgers = (struct ledgers){0};
	if (client == NULL)
		return -1;
	error = dataplane_dump(cli, client, API_PORT, &ledgers->ports);
	if (error == 0)
		error = dataplane_dump(cli, client, API_INTERFACE_COUNTERS, &ledgers->counters);
	api_client_close(client);
	return error;
}

static void ledgers_free(struct ledgers *ledgers)
{
	dump_free(&ledgers->ports);
	dump_free(&ledgers->counters);
}

static uint64_t dropped(const struct api_ledger *ledger, int direction)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < API_DROP_COUNT; i++)
		if (api_drop_direction((enum api_drop_reason)i) == direction)
			sum += ledger->drops[i];
	return sum;
}

/* "" is null: what a port could give to no link has neither. */
static json_t *name_json(const char *name)
{
	return name[0] != '\0' ? json_string(name) : json_null();
}

static json_t *stats_row(
	const struct ledgers *ledgers, const struct api_interface_counters *counters)
{
	const struct api_ledger *ledger = &counters->ledger;
	const struct {
		const char *key;
		uint64_t value;
	} numbers[] = {
		{"rx", ledger->rx},
		{"rx_bytes", ledger->rx_bytes},
		{"generated", ledger->generated},
		{"punt", ledger->punt},
		{"forwarded_in", ledger->forwarded_in},
		{"forwarded_out", ledger->forwarded_out},
		{"injected", ledger->injected},
		{"fragments_added", ledger->fragments_added},
		{"tx", ledger->tx},
		{"tx_bytes", ledger->tx_bytes},
		{"dropped_in", dropped(ledger, API_DROP_IN)},
		{"dropped_out", dropped(ledger, API_DROP_OUT)},
	};
	json_t *row = json_pack("{s:o, s:o, s:s}", "interface",
		counters->interface != 0 ? name_json(counters->name) : json_null(), "circuit",
		name_json(counters->circuit), "port",
		dump_port_name(&ledgers->ports, counters->port));

	for (size_t i = 0; i < COUNT(numbers); i++)
		json_object_set_new(
			row, numbers[i].key, json_integer((json_int_t)numbers[i].value));
	return row;
}

static bool row_interface(const json_t *row, char buffer[ADDRESS_MAX])
{
	const char *name = json_string_value(json_object_get(row, "interface"));

	return name != NULL && snprintf(buffer, ADDRESS_MAX, "%s", name) < (int)ADDRESS_MAX;
}

int show_stats_run(const struct cli *cli)
{
	static const struct column columns[] = {
		{"interface", "LINK", FORMAT_TEXT},
		{"port", "PORT", FORMAT_TEXT},
		{"rx", "RX", FORMAT_COUNT},
		{"rx_bytes", "BYTES", FORMAT_BYTES},
		{"tx", "TX", FORMAT_COUNT},
		{"tx_bytes", "BYTES", FORMAT_BYTES},
		{"punt", "PUNT", FORMAT_COUNT},
		{"injected", "INJECT", FORMAT_COUNT},
		{"dropped_in", "DROP IN", FORMAT_COUNT},
		{"dropped_out", "OUT", FORMAT_COUNT},
	};
	struct ledgers ledgers;
	json_t *rows = NULL;

	if (ledgers_read(cli, &ledgers) == 0) {
		rows = json_array();
		for (size_t i = 0; i < ledgers.counters.count; i++)
			json_array_append_new(
				rows, stats_row(&ledgers, dump_row(&ledgers.counters, i)));
	}
	ledgers_free(&ledgers);
	rows = rows_filter(cli, rows, row_interface);
	return rows != NULL ? rows_print(cli, columns, COUNT(columns), rows) : STATUS_REFUSED;
}

/* ---- drops ---- */

static json_t *drop_row(const struct ledgers *ledgers,
	const struct api_interface_counters *counters, enum api_drop_reason reason)
{
	return json_pack("{s:o, s:o, s:s, s:s, s:s, s:I, s:s}", "interface",
		counters->interface != 0 ? name_json(counters->name) : json_null(), "circuit",
		name_json(counters->circuit), "port",
		dump_port_name(&ledgers->ports, counters->port), "direction",
		api_drop_direction(reason) == API_DROP_IN ? "in" : "out", "reason",
		api_drop_name(reason), "packets", (json_int_t)counters->ledger.drops[reason],
		"meaning", api_drop_text(reason));
}

static bool wanted(const struct cli *cli, const struct api_interface_counters *counters)
{
	return cli->operand == NULL ||
	       (counters->interface != 0 && address_covers(cli->operand, counters->name));
}

/* Does the operand name a link? A link without drops is not one that does not exist. */
static bool operand_exists(const struct cli *cli, const struct ledgers *ledgers)
{
	json_t *names = json_array();

	for (size_t i = 0; i < ledgers->counters.count; i++) {
		const struct api_interface_counters *each = dump_row(&ledgers->counters, i);
		json_array_append_new(names, json_pack("{s:s}", "interface", each->name));
	}
	names = rows_filter(cli, names, row_interface);
	json_decref(names);
	return names != NULL;
}

static json_t *drop_rows(const struct cli *cli, const struct ledgers *ledgers)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < ledgers->counters.count; i++) {
		const struct api_interface_counters *each = dump_row(&ledgers->counters, i);
		for (unsigned int reason = 0; wanted(cli, each) && reason < API_DROP_COUNT;
			reason++)
			if (cli->all || each->ledger.drops[reason] != 0)
				json_array_append_new(rows,
					drop_row(ledgers, each, (enum api_drop_reason)reason));
	}
	return rows;
}

/* Words of text, broken before column 100, continued below the first. */
static void print_wrapped(FILE *out, unsigned int indent, const char *text)
{
	unsigned int column = indent;

	while (*text != '\0') {
		unsigned int length = (unsigned int)strcspn(text, " ");
		if (column > indent && column + 1 + length > 100) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", (int)length, text);
		column += length;
		text += length;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

/* Each reason that occurs, once. */
static void print_meanings(const struct cli *cli, const json_t *rows)
{
	bool printed[API_DROP_COUNT] = {false};
	size_t index;
	json_t *row;

	json_array_foreach (rows, index, row) {
		const char *name = json_string_value(json_object_get(row, "reason"));
		for (unsigned int i = 0; i < API_DROP_COUNT; i++)
			printed[i] |= strcmp(name, api_drop_name((enum api_drop_reason)i)) == 0;
	}
	for (unsigned int i = 0; i < API_DROP_COUNT; i++) {
		if (!printed[i])
			continue;
		fprintf(cli->out, "%-22s", api_drop_name((enum api_drop_reason)i));
		print_wrapped(cli->out, 22, api_drop_text((enum api_drop_reason)i));
	}
}

int show_drops_run(const struct cli *cli)
{
	static const struct column columns[] = {
		{"interface", "LINK", FORMAT_TEXT},
		{"port", "PORT", FORMAT_TEXT},
		{"direction", "DIRECTION", FORMAT_TEXT},
		{"reason", "REASON", FORMAT_TEXT},
		{"packets", "PACKETS", FORMAT_NUMBER},
	};
	struct ledgers ledgers;
	json_t *rows = NULL;
	int status;

	if (ledgers_read(cli, &ledgers) == 0 && operand_exists(cli, &ledgers))
		rows = drop_rows(cli, &ledgers);
	ledgers_free(&ledgers);
	if (rows == NULL)
		return STATUS_REFUSED;
	json_incref(rows);
	status = rows_print(cli, columns, COUNT(columns), rows);
	if (!cli->json && json_array_size(rows) > 0) {
		fputc('\n', cli->out);
		print_meanings(cli, rows);
	}
	json_decref(rows);
	return status;
}
