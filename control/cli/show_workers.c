/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cli/show_workers.h"

#include <errno.h>
#include <time.h>

#include "control/cli/dataplane.h"
#include "control/cli/table.h"

static json_t *ratio(double above, double below)
{
	return below > 0 ? json_real(above / below) : json_null();
}

/* "cycles_ingress": of one packet, from the turns that were timed stage by stage. */
static void add_stages(json_t *row, const struct api_worker *before, const struct api_worker *after)
{
	uint64_t packets = after->sampled_packets - before->sampled_packets;

	for (unsigned int stage = 0; stage < API_STAGE_COUNT; stage++) {
		uint64_t cycles = after->stage_cycles[stage] - before->stage_cycles[stage];
		char key[64];

		snprintf(key, sizeof(key), "cycles_%s", api_stage_name((enum api_stage)stage));
		json_object_set_new(row, key, ratio((double)cycles, (double)packets));
	}
}

json_t *worker_row(const struct api_worker *before, const struct api_worker *after)
{
	double cycles = (double)(after->cycles - before->cycles);
	double busy = (double)(after->busy_cycles - before->busy_cycles);
	double packets = (double)(after->packets - before->packets);
	double bursts = (double)(after->bursts - before->bursts);
	double seconds = after->tsc_hz != 0 ? cycles / (double)after->tsc_hz : 0;
	json_t *rate = seconds > 0 ? json_integer((json_int_t)(packets / seconds)) : json_null();
	json_t *row = json_pack("{s:i, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}",
		"cpu", (int)after->cpu, "numa_node",
		after->numa_node >= 0 ? json_integer(after->numa_node) : json_null(), "tsc_hz",
		(json_int_t)after->tsc_hz, "cycles", (json_int_t)after->cycles, "busy_cycles",
		(json_int_t)after->busy_cycles, "polls", (json_int_t)after->polls, "empty_polls",
		(json_int_t)after->empty_polls, "bursts", (json_int_t)after->bursts, "packets",
		(json_int_t)after->packets, "busy_percent", ratio(100 * busy, cycles),
		"packets_per_s", rate, "packets_per_burst", ratio(packets, bursts),
		"cycles_per_packet", ratio(busy, packets));

	add_stages(row, before, after);
	return row;
}

/* Two dumps a second apart. 0, or -errno and reported. */
static int read_twice(const struct cli *cli, struct dump *before, struct dump *after)
{
	const struct timespec interval = {.tv_sec = 1};
	struct api_client *client = dataplane_open(cli);
	int error;

	if (client == NULL)
		return -ENOTCONN;
	error = dataplane_dump(cli, client, API_WORKER, before);
	if (error == 0) {
		nanosleep(&interval, NULL);
		error = dataplane_dump(cli, client, API_WORKER, after);
	}
	api_client_close(client);
	return error;
}

int show_workers_run(const struct cli *cli)
{
	static const struct column columns[] = {
		{"cpu", "CPU", FORMAT_NUMBER},
		{"numa_node", "NODE", FORMAT_NUMBER},
		{"busy_percent", "BUSY", FORMAT_PERCENT},
		{"packets_per_s", "PACKETS/S", FORMAT_COUNT},
		{"packets_per_burst", "A BURST", FORMAT_NUMBER},
		{"cycles_per_packet", "CYCLES", FORMAT_NUMBER},
		{"cycles_receive", "RECEIVE", FORMAT_NUMBER},
		{"cycles_ingress", "INGRESS", FORMAT_NUMBER},
		{"cycles_route", "ROUTE", FORMAT_NUMBER},
		{"cycles_egress", "EGRESS", FORMAT_NUMBER},
		{"cycles_transmit", "TRANSMIT", FORMAT_NUMBER},
	};
	struct dump before = {0}, after = {0};
	int error = read_twice(cli, &before, &after);
	json_t *rows = json_array();

	/* Workers neither come nor go while the dataplane lives. */
	for (size_t i = 0; error == 0 && i < after.count && i < before.count; i++)
		json_array_append_new(rows, worker_row(dump_row(&before, i), dump_row(&after, i)));
	dump_free(&before);
	dump_free(&after);
	if (error == 0)
		return rows_print(cli, columns, sizeof(columns) / sizeof(columns[0]), rows);
	json_decref(rows);
	return STATUS_REFUSED;
}
