/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dataplane/bfd_peers.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>

#include "dataplane/bfd/internal.h"

#define PAUSE_US 200 /* of the other end, between two looks */

static struct bfd_engine other; /* the peers'; this thread's only */
static struct peers_wish wish;
static uint64_t last_us[API_INTERFACES_MAX]; /* when a session's packet came; 0: start anew */
static struct peers_seen seen;
static uint32_t flaps_before;

static uint64_t now_us(void)
{
	return (unsigned __int128)rte_rdtsc() * 1000000 / rte_get_tsc_hz();
}

static struct bfd_config config_of(uint32_t link, bool peers)
{
	struct bfd_config config = {
		.key = {.interface = link, .family = AF_INET},
		.lid = link,
		.min_tx_us = wish.interval_us,
		.min_rx_us = wish.interval_us,
		.multiplier = wish.multiplier,
	};
	uint8_t *edge = peers ? config.key.peer : config.key.local;
	uint8_t *customer = peers ? config.key.local : config.key.peer;

	memcpy(edge, (const uint8_t[]){10, link >> 8, link & 0xff, 2}, 4);
	memcpy(customer, (const uint8_t[]){10, link >> 8, link & 0xff, 1}, 4);
	return config;
}

/* What one end sends is what the other receives. */
static struct bfd_arrival arrival_of(const struct bfd_departure *departure)
{
	struct bfd_arrival arrival = {
		.tsc = rte_rdtsc(),
		.interface = departure->interface,
		.port = BFD_PORT_SINGLE_HOP,
		.bytes = departure->l3_bytes - BFD_IPV4_BYTES - BFD_UDP_BYTES,
		.l3_bytes = departure->l3_bytes,
		.family = AF_INET,
		.ttl = departure->l3[8],
	};

	memcpy(arrival.source, departure->l3 + 12, 4);
	memcpy(arrival.destination, departure->l3 + 16, 4);
	memcpy(arrival.payload, departure->l3 + BFD_IPV4_BYTES + BFD_UDP_BYTES, arrival.bytes);
	return arrival;
}

static bool depart(struct bfd_departure *departure)
{
	struct bfd_arrival arrival = arrival_of(departure);

	return bfd_arrived(0, &arrival);
}

static void note(uint32_t link, uint64_t received_us)
{
	uint64_t gap = received_us - last_us[link];
	uint64_t percent = gap * 100 / wish.interval_us;

	seen.packets++;
	if (last_us[link] != 0)
		seen.intervals[RTE_MIN(percent, PEERS_PERCENT_MAX - 1)]++;
	if (last_us[link] != 0 && gap > seen.interval_max_us)
		seen.interval_max_us = gap;
	if (last_us[link] != 0 && gap < seen.interval_min_us)
		seen.interval_min_us = gap;
	last_us[link] = received_us;
}

static void take_departures(bool answer)
{
	struct bfd_departure departures[32];
	unsigned int got;

	while ((got = bfd_departures(0, departures, 32)) > 0) {
		uint64_t received_us = now_us();

		for (unsigned int i = 0; answer && i < got; i++) {
			struct bfd_arrival arrival = arrival_of(&departures[i]);

			note(departures[i].interface, received_us);
			bfd_engine_arrival(&other, &arrival, received_us);
		}
	}
}

static void turn(bool answer)
{
	struct timespec pause = {.tv_nsec = PAUSE_US * 1000};

	take_departures(answer);
	if (answer)
		bfd_engine_advance(&other, now_us(), now_us());
	nanosleep(&pause, NULL);
}

static unsigned int count_in(uint8_t state)
{
	struct api_bfd_session row;
	unsigned int count = 0;
	uint32_t after = 0;

	while (bfd_next_row(&after, &row))
		count += row.local_discriminator != 0 && row.state == state;
	return count;
}

static bool all_are(uint8_t state, bool ours_only)
{
	for (uint32_t slot = 0; slot < BFD_SESSIONS_MAX && !ours_only; slot++) {
		const struct bfd_entry *entry = bfd_table_slot(other.table, slot);

		if (entry != NULL && entry->session.state != state)
			return false;
	}
	return count_in(state) == wish.sessions;
}

static uint64_t run_until(uint8_t state, uint64_t timeout_us, bool answer)
{
	uint64_t start_us = now_us(), look_us = start_us;

	while (now_us() - start_us < timeout_us) {
		turn(answer);
		if (now_us() - look_us < 2000)
			continue;
		look_us = now_us();
		if (all_are(state, !answer))
			return now_us() - start_us;
	}
	return UINT64_MAX;
}

uint64_t peers_run_until(uint8_t state, uint64_t timeout_us)
{
	return run_until(state, timeout_us, true);
}

uint64_t peers_silent_until(uint8_t state, uint64_t timeout_us)
{
	return run_until(state, timeout_us, false);
}

void peers_run_for(uint64_t us)
{
	uint64_t start_us = now_us();

	while (now_us() - start_us < us)
		turn(true);
}

static void count_flaps(uint32_t *flaps, uint32_t *late_max_us)
{
	struct api_bfd_session row;
	uint32_t after = 0;

	*flaps = *late_max_us = 0;
	while (bfd_next_row(&after, &row)) {
		*flaps += row.flaps;
		if (row.late_max_us > *late_max_us)
			*late_max_us = row.late_max_us;
	}
	for (uint32_t slot = 0; slot < BFD_SESSIONS_MAX; slot++) {
		const struct bfd_entry *entry = bfd_table_slot(other.table, slot);

		*flaps += entry != NULL ? entry->session.flaps : 0;
	}
}

void peers_measure(void)
{
	uint32_t late_max_us;

	memset(last_us, 0, sizeof(last_us));
	seen = (struct peers_seen){.interval_min_us = UINT32_MAX};
	count_flaps(&flaps_before, &late_max_us);
}

struct peers_seen peers_seen(void)
{
	count_flaps(&seen.flaps, &seen.late_max_us);
	seen.flaps -= flaps_before;
	return seen;
}

/* The second and later fields of a thread's schedstat are no use; the first is nanoseconds of CPU.
 */
static double cpu_of(const char *task)
{
	unsigned long long nanoseconds = 0;
	char path[300], name[32] = "";
	FILE *file;
	int got = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%s/comm", task);
	file = fopen(path, "r");
	if (file != NULL) {
		got = fscanf(file, "%31s", name);
		fclose(file);
	}
	if (got != 1 || strcmp(name, "bfd") != 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/task/%s/schedstat", task);
	file = fopen(path, "r");
	if (file == NULL)
		return -1;
	got = fscanf(file, "%llu", &nanoseconds);
	fclose(file);
	return got == 1 ? nanoseconds / 1e9 : -1;
}

double peers_thread_cpu_s(void)
{
	DIR *tasks = opendir("/proc/self/task");
	const struct dirent *task;
	double cpu_s = -1;

	if (tasks == NULL)
		return -1;
	while (cpu_s < 0 && (task = readdir(tasks)) != NULL)
		if (task->d_name[0] != '.')
			cpu_s = cpu_of(task->d_name);
	closedir(tasks);
	return cpu_s;
}

int peers_start(const struct peers_wish *wanted)
{
	char *arguments[] = {"peers", "--no-huge", "--no-shconf", "--no-pci", "-m", "64",
		"--no-telemetry", "--log-level=error", NULL};
	struct bfd_config config;
	int error;

	wish = *wanted;
	if (rte_eal_init(8, arguments) < 0)
		return -1;
	error = bfd_start(1);
	if (error == 0)
		error = bfd_engine_init(&other, 0x1234567812345678, now_us());
	other.depart = depart;
	for (uint32_t link = 1; error == 0 && link <= wish.sessions; link++) {
		config = config_of(link, true);
		error = bfd_engine_set(&other, &config, link, 1);
		config = config_of(link, false);
		if (error == 0)
			error = bfd_session_set(&config);
	}
	return error;
}

void peers_stop(void)
{
	bfd_stop();
	bfd_engine_fini(&other);
	rte_eal_cleanup();
}
