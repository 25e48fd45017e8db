/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets and bytes of each link. */
#include "control/cli/ledgers.h"
#include "control/cli/table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

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
		{"dropped_in", ledger_dropped(ledger, API_DROP_IN)},
		{"dropped_out", ledger_dropped(ledger, API_DROP_OUT)},
		{"dropped_in_bytes", ledger->dropped_bytes[API_DROP_IN]},
		{"dropped_out_bytes", ledger->dropped_bytes[API_DROP_OUT]},
	};
	json_t *row = ledger_row(ledgers, counters);

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
