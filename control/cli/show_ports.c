/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports: what they are, and what the devices count.
 */
#include <string.h>

#include "control/cli/dataplane.h"
#include "control/cli/table.h"
#include "control/cli/units.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A count, or null when the port came while we read and has no counters yet. */
static json_t *count_json(const struct api_port_counters *counters, uint64_t count)
{
	return counters != NULL ? json_integer((json_int_t)count) : json_null();
}

static const char *spread_name(uint8_t spread)
{
	static const char *const names[] = {[API_SPREAD_SINGLE] = "single queue",
		[API_SPREAD_HARDWARE] = "hardware",
		[API_SPREAD_SOFTWARE] = "software"};

	return spread < COUNT(names) ? names[spread] : "unknown";
}

static json_t *port_row(const struct api_port *port, const struct dump *all_counters)
{
	const struct api_port_counters *counters = dump_find(all_counters, port->id);
	const struct api_port_counters zero = {0}, *from = counters != NULL ? counters : &zero;
	char mac[UNITS_MAX];

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:I, s:o, s:i, s:s, s:o, s:o, s:o, s:o}",
		"name", port->name, "device", port->device, "role",
		port->role == API_ROLE_CORE ? "core" : "customer", "link",
		port->link_up ? "up" : "down", "mac", units_mac(port->mac, mac), "mtu",
		(int)port->mtu, "speed_bps", (json_int_t)port->link_mbps * 1000000, "numa_node",
		port->numa_node >= 0 ? json_integer(port->numa_node) : json_null(), "rx_queues",
		(int)port->rx_queues, "rss", spread_name(port->spread), "rx",
		count_json(counters, from->rx), "tx", count_json(counters, from->tx), "rx_missed",
		count_json(counters, from->rx_missed + from->rx_nombuf), "rx_errors",
		count_json(counters, from->rx_errors));
}

int show_ports_run(const struct cli *cli)
{
	static const struct column columns[] = {
		{"name", "NAME", FORMAT_TEXT},
		{"role", "ROLE", FORMAT_TEXT},
		{"link", "LINK", FORMAT_STATE},
		{"mac", "MAC", FORMAT_TEXT},
		{"mtu", "MTU", FORMAT_NUMBER},
		{"speed_bps", "SPEED", FORMAT_RATE},
		{"rss", "RSS", FORMAT_TEXT},
		{"rx", "RX", FORMAT_COUNT},
		{"tx", "TX", FORMAT_COUNT},
		{"rx_missed", "MISSED", FORMAT_COUNT},
		{"rx_errors", "ERRORS", FORMAT_COUNT},
		{"device", "DEVICE", FORMAT_TEXT},
	};
	struct dump ports = {0}, counters = {0};
	struct api_client *client = dataplane_open(cli);
	json_t *rows = json_array();
	int error;

	if (client == NULL) {
		json_decref(rows);
		return STATUS_REFUSED;
	}
	error = dataplane_dump(cli, client, API_PORT, &ports);
	if (error == 0)
		error = dataplane_dump(cli, client, API_PORT_COUNTERS, &counters);
	for (size_t i = 0; error == 0 && i < ports.count; i++)
		json_array_append_new(rows, port_row(dump_row(&ports, i), &counters));
	dump_free(&ports);
	dump_free(&counters);
	api_client_close(client);
	if (error == 0)
		return rows_print(cli, columns, COUNT(columns), rows);
	json_decref(rows);
	return STATUS_REFUSED;
}
