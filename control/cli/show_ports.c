/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shows of what the dataplane runs on: ports, memory, workers.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "control/cli/dataplane.h"
#include "control/cli/table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct api_port_counters *find_counters(const struct dump *counters, uint32_t port)
{
	for (size_t i = 0; i < counters->count; i++) {
		const struct api_port_counters *each = dump_row(counters, i);
		if (each->port == port)
			return each;
	}
	return NULL;
}

/* A count, or null when the port came while we read and has no counters yet. */
static json_t *count_json(const struct api_port_counters *counters, uint64_t count)
{
	return counters != NULL ? json_integer((json_int_t)count) : json_null();
}

static json_t *port_row(const struct api_port *port, const struct dump *all_counters)
{
	const struct api_port_counters *counters = find_counters(all_counters, port->id);
	const struct api_port_counters zero = {0}, *from = counters != NULL ? counters : &zero;
	const uint8_t *mac = port->mac;
	char mac_text[18];

	snprintf(mac_text, sizeof(mac_text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
		mac[2], mac[3], mac[4], mac[5]);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:I, s:o, s:i, s:o, s:o, s:o, s:o}",
		"name", port->name, "device", port->device, "role",
		port->role == API_ROLE_CORE ? "core" : "customer", "link",
		port->link_up ? "up" : "down", "mac", mac_text, "mtu", (int)port->mtu, "speed_bps",
		(json_int_t)port->link_mbps * 1000000, "numa_node",
		port->numa_node >= 0 ? json_integer(port->numa_node) : json_null(), "rx_queues",
		(int)port->rx_queues, "rx", count_json(counters, from->rx), "tx",
		count_json(counters, from->tx), "rx_missed",
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

int show_memory_run(const struct cli *cli)
{
	static const struct column columns[] = {
		{"name", "NAME", FORMAT_TEXT},
		{"used_bytes", "BYTES", FORMAT_BYTES},
		{"used", "USED", FORMAT_NUMBER},
		{"capacity", "CAPACITY", FORMAT_NUMBER},
	};
	struct api_client *client = dataplane_open(cli);
	struct dump memory;
	json_t *rows;
	int error;

	if (client == NULL)
		return STATUS_REFUSED;
	error = dataplane_dump(cli, client, API_MEMORY, &memory);
	api_client_close(client);
	rows = json_array();
	for (size_t i = 0; error == 0 && i < memory.count; i++) {
		const struct api_memory *row = dump_row(&memory, i);
		json_array_append_new(
			rows, json_pack("{s:s, s:I, s:I, s:o}", "name", row->name, "used_bytes",
				      (json_int_t)row->used_bytes, "used", (json_int_t)row->used,
				      "capacity",
				      row->capacity != 0 ? json_integer((json_int_t)row->capacity)
							 : json_null()));
	}
	dump_free(&memory);
	if (error == 0)
		return rows_print(cli, columns, COUNT(columns), rows);
	json_decref(rows);
	return STATUS_REFUSED;
}

/* busy_percent is null for a worker that did not poll in between. */
static json_t *worker_row(const struct api_worker *before, const struct api_worker *after)
{
	uint64_t polls = after->polls - before->polls;
	uint64_t empty = after->empty_polls - before->empty_polls;
	json_t *busy = polls != 0 && polls >= empty
			       ? json_real(100.0 * (double)(polls - empty) / (double)polls)
			       : json_null();

	return json_pack("{s:i, s:o, s:I, s:I, s:I, s:o}", "cpu", (int)after->cpu, "numa_node",
		after->numa_node >= 0 ? json_integer(after->numa_node) : json_null(), "polls",
		(json_int_t)after->polls, "empty_polls", (json_int_t)after->empty_polls, "packets",
		(json_int_t)after->packets, "busy_percent", busy);
}

int show_workers_run(const struct cli *cli)
{
	static const struct column columns[] = {
		{"cpu", "CPU", FORMAT_NUMBER},
		{"numa_node", "NUMA NODE", FORMAT_NUMBER},
		{"polls", "POLLS", FORMAT_COUNT},
		{"empty_polls", "EMPTY", FORMAT_COUNT},
		{"packets", "PACKETS", FORMAT_COUNT},
		{"busy_percent", "BUSY", FORMAT_PERCENT},
	};
	const struct timespec interval = {.tv_nsec = 500 * 1000 * 1000};
	struct dump before = {0}, after = {0};
	struct api_client *client = dataplane_open(cli);
	json_t *rows;
	int error;

	if (client == NULL)
		return STATUS_REFUSED;
	error = dataplane_dump(cli, client, API_WORKER, &before);
	if (error == 0) {
		nanosleep(&interval, NULL);
		error = dataplane_dump(cli, client, API_WORKER, &after);
	}
	api_client_close(client);
	rows = json_array();
	/* Workers neither come nor go while the dataplane lives. */
	for (size_t i = 0; error == 0 && i < after.count && i < before.count; i++)
		json_array_append_new(rows, worker_row(dump_row(&before, i), dump_row(&after, i)));
	dump_free(&before);
	dump_free(&after);
	if (error == 0)
		return rows_print(cli, columns, COUNT(columns), rows);
	json_decref(rows);
	return STATUS_REFUSED;
}
