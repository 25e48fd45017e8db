/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cli/ledgers.h"

#include <string.h>

#include "control/cli/table.h"
#include "control/cli/tags.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct number {
	const char *key;
	uint64_t value;
};

int ledgers_read(const struct cli *cli, struct ledgers *ledgers)
{
	struct api_client *client = dataplane_open(cli);
	int error;

	*ledgers = (struct ledgers){0};
	if (client == NULL)
		return -1;
	error = dataplane_dump(cli, client, API_PORT, &ledgers->ports);
	if (error == 0)
		error = dataplane_dump(cli, client, API_INTERFACE_COUNTERS, &ledgers->counters);
	if (error == 0)
		error = dataplane_dump(cli, client, API_PORT_COUNTERS, &ledgers->port_counters);
	api_client_close(client);
	return error;
}

void ledgers_free(struct ledgers *ledgers)
{
	dump_free(&ledgers->ports);
	dump_free(&ledgers->counters);
	dump_free(&ledgers->port_counters);
}

uint64_t ledger_dropped(const struct api_ledger *ledger, int direction)
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

json_t *ledger_row(const struct ledgers *ledgers, const struct api_interface_counters *counters)
{
	return json_pack("{s:o, s:o, s:s}", "interface",
		counters->interface != 0 ? name_json(counters->name) : json_null(), "circuit",
		name_json(counters->circuit), "port",
		dump_port_name(&ledgers->ports, counters->port));
}

bool ledger_wanted(const struct cli *cli, const struct api_interface_counters *counters)
{
	if (cli->circuit != NULL && strcmp(cli->circuit, counters->circuit) != 0)
		return false;
	return cli->operand == NULL ||
	       (counters->interface != 0 && address_covers(cli->operand, counters->name));
}

static void set_numbers(json_t *row, const struct number *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		json_object_set_new(
			row, numbers[i].key, json_integer((json_int_t)numbers[i].value));
}

static json_t *account(json_t *row, const char *direction, const struct number *numbers,
	unsigned int count, const struct number *sums)
{
	uint64_t came = sums[0].value, went = sums[1].value, dropped = sums[2].value;

	json_object_set_new(row, "direction", json_string(direction));
	set_numbers(row, numbers, count);
	set_numbers(row, sums, 3);
	json_object_set_new(row, "difference", json_integer((json_int_t)(came - went - dropped)));
	return row;
}

static json_t *account_in(
	const struct ledgers *ledgers, const struct api_interface_counters *counters)
{
	const struct api_ledger *ledger = &counters->ledger;
	const struct number numbers[] = {{"received", ledger->rx}, {"generated", ledger->generated},
		{"forwarded", ledger->forwarded_in}, {"punted", ledger->punt},
		{"dropped_bytes", ledger->dropped_bytes[API_DROP_IN]}};
	const struct number sums[] = {{"came", ledger->rx + ledger->generated},
		{"went", ledger->forwarded_in + ledger->punt},
		{"dropped", ledger_dropped(ledger, API_DROP_IN)}};

	return account(ledger_row(ledgers, counters), "in", numbers, COUNT(numbers), sums);
}

static json_t *account_out(
	const struct ledgers *ledgers, const struct api_interface_counters *counters)
{
	const struct api_ledger *ledger = &counters->ledger;
	const struct number numbers[] = {{"forwarded", ledger->forwarded_out},
		{"injected", ledger->injected}, {"fragments", ledger->fragments_added},
		{"sent", ledger->tx}, {"dropped_bytes", ledger->dropped_bytes[API_DROP_OUT]}};
	const struct number sums[] = {
		{"came", ledger->forwarded_out + ledger->injected + ledger->fragments_added},
		{"went", ledger->tx}, {"dropped", ledger_dropped(ledger, API_DROP_OUT)}};

	return account(ledger_row(ledgers, counters), "out", numbers, COUNT(numbers), sums);
}

static json_int_t number_of(const json_t *row, const char *key)
{
	return json_integer_value(json_object_get(row, key));
}

json_t *ledger_accounts(const struct cli *cli, const struct ledgers *ledgers)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < ledgers->counters.count; i++) {
		const struct api_interface_counters *each = dump_row(&ledgers->counters, i);
		json_t *sides[2];

		if (!ledger_wanted(cli, each))
			continue;
		sides[0] = account_in(ledgers, each);
		sides[1] = account_out(ledgers, each);
		for (unsigned int side = 0; side < 2; side++) {
			if (number_of(sides[side], "came") != 0 ||
				number_of(sides[side], "difference") != 0)
				json_array_append(rows, sides[side]);
			json_decref(sides[side]);
		}
	}
	return rows;
}

json_t *ledger_balance(const struct cli *cli, const struct ledgers *ledgers)
{
	struct number numbers[] = {{"rx", 0}, {"injected", 0}, {"generated", 0},
		{"fragments_added", 0}, {"forwarded_out", 0}, {"tx", 0}, {"punt", 0},
		{"dropped", 0}, {"forwarded_in", 0}};
	uint64_t difference = 0;
	json_t *row = json_object();

	for (size_t i = 0; i < ledgers->counters.count; i++) {
		const struct api_interface_counters *each = dump_row(&ledgers->counters, i);
		const struct api_ledger *ledger = &each->ledger;

		if (!ledger_wanted(cli, each))
			continue;
		numbers[0].value += ledger->rx;
		numbers[1].value += ledger->injected;
		numbers[2].value += ledger->generated;
		numbers[3].value += ledger->fragments_added;
		numbers[4].value += ledger->forwarded_out;
		numbers[5].value += ledger->tx;
		numbers[6].value += ledger->punt;
		numbers[7].value +=
			ledger_dropped(ledger, API_DROP_IN) + ledger_dropped(ledger, API_DROP_OUT);
		numbers[8].value += ledger->forwarded_in;
	}
	/* The first five came, the others are where they went. */
	for (unsigned int i = 0; i < COUNT(numbers); i++)
		difference += i < 5 ? numbers[i].value : -numbers[i].value;
	set_numbers(row, numbers, COUNT(numbers));
	json_object_set_new(row, "difference", json_integer((json_int_t)difference));
	return row;
}

static json_t *drop_row(const struct ledgers *ledgers,
	const struct api_interface_counters *counters, enum api_drop_reason reason)
{
	json_t *row = ledger_row(ledgers, counters);

	json_object_set_new(row, "direction",
		json_string(api_drop_direction(reason) == API_DROP_IN ? "in" : "out"));
	json_object_set_new(row, "reason", json_string(api_drop_name(reason)));
	json_object_set_new(
		row, "packets", json_integer((json_int_t)counters->ledger.drops[reason]));
	json_object_set_new(row, "meaning", json_string(api_drop_text(reason)));
	return row;
}

json_t *ledger_drops(const struct cli *cli, const struct ledgers *ledgers)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < ledgers->counters.count; i++) {
		const struct api_interface_counters *each = dump_row(&ledgers->counters, i);

		for (unsigned int reason = 0; ledger_wanted(cli, each) && reason < API_DROP_COUNT;
			reason++)
			if (cli->all || each->ledger.drops[reason] != 0)
				json_array_append_new(rows,
					drop_row(ledgers, each, (enum api_drop_reason)reason));
	}
	return rows;
}

json_t *ledger_unknown_tags(const struct cli *cli, const struct ledgers *ledgers)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < ledgers->port_counters.count; i++) {
		const struct api_port_counters *counters = dump_row(&ledgers->port_counters, i);

		if (cli->operand == NULL && cli->circuit == NULL)
			tags_rows(counters, counters->name, rows);
	}
	return rows;
}
