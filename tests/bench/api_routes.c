/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many routes a second go from a client's batches over the socket into RIB and FIB: the real
 * client, server and tables in one process, server and client a thread each. Goal: 700,000.
 *
 *   updates_per_s            added to a dataplane that forwards: each batch is in the FIB at its
 * end snapshot_updates_per_s   a new dataplane's first snapshot resync_updates_per_s     the same
 * snapshot again deletes_per_s
 *
 * with the full Internet table (IPv4 and IPv6) in one vrf, and with 900 IPv4 routes of it in each
 * of 1,000; in the table's order and shuffled. One JSON object a line.
 *
 * usage: api_routes [--quick]
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dataplane/api/client.h"
#include "dataplane/server/server.h"
#include "dataplane/worker/reclaim.h"
#include "tests/bench/measure.h"
#include "tests/unit/dataplane/fib_prefixes.h"
#include "tests/unit/dataplane/server_devices.h"

#define RUNS 5
#define VRFS 1000u
#define ROUTES_A_VRF 900u

/* Like control: what is not acknowledged stays bounded. */
#define BATCHES_IN_FLIGHT 8

static atomic_bool stop;
static struct api_batch batch;
static unsigned int in_flight;
static struct api_route *routes;
static uint32_t route_count;

static void *main_thread(void *unused)
{
	while (!atomic_load(&stop)) {
		server_turn(10);
		reclaim_run();
	}
	return NULL;
}

static void await(struct api_client *client, unsigned int left)
{
	struct api_message message;

	while (in_flight > left) {
		REQUIRE(api_client_wait(client, &message, 60000) == 1);
		if (message.header.type == API_BATCH_ACK)
			REQUIRE(((const struct api_batch_ack *)message.payload)->failed == 0);
		else
			REQUIRE(((const struct api_ack *)message.payload)->error == 0);
		in_flight--;
	}
}

static void send_message(
	struct api_client *client, enum api_message_type type, const void *payload, size_t length)
{
	await(client, BATCHES_IN_FLIGHT - 1);
	REQUIRE(api_client_send(client, type, payload, length, NULL, 0) > 0);
	REQUIRE(api_client_flush(client) >= 0);
	in_flight++;
}

static void send_batch(struct api_client *client)
{
	send_message(client, API_BATCH, batch.bytes, batch.length);
	batch.count = 0;
	batch.length = 0;
}

static void add(struct api_client *client, enum api_object object, enum api_operation operation,
	const void *item)
{
	if (api_batch_add(&batch, object, operation, item) == 0)
		return;
	send_batch(client);
	REQUIRE(api_batch_add(&batch, object, operation, item) == 0);
}

/* ---- the table ---- */

static void add_family(enum fib_family family, uint32_t vrfs)
{
	struct prefixes prefixes;
	uint32_t count;

	prefixes_obtain(&prefixes, family);
	count = vrfs > 1 ? VRFS * ROUTES_A_VRF : prefixes.count;
	REQUIRE(count <= prefixes.count);
	routes = realloc(routes, (route_count + count) * sizeof(*routes));
	REQUIRE(routes != NULL);
	for (uint32_t i = 0; i < count; i++) {
		struct api_route *route = &routes[route_count++];

		*route = (struct api_route){.vrf = vrfs > 1 ? 1 + i / ROUTES_A_VRF : 1,
			.group = API_GROUP_BLACKHOLE,
			.family = family == FIB_IPV4 ? AF_INET : AF_INET6,
			.prefix_len = prefixes.lengths[i],
			.origin = API_ORIGIN_BGP};
		fib_key_store(prefixes.keys[i], route->address);
	}
	prefixes_free(&prefixes);
}

/* Repeatably. */
static void shuffle_routes(void)
{
	uint64_t state = 1;

	for (uint32_t i = route_count - 1; i > 0; i--) {
		struct api_route route = routes[i];
		uint32_t other;

		state = state * 6364136223846793005u + 1442695040888963407u;
		other = (uint32_t)((state >> 32) % (i + 1));
		routes[i] = routes[other];
		routes[other] = route;
	}
}

static void obtain_routes(uint32_t vrfs, bool shuffled)
{
	route_count = 0;
	add_family(FIB_IPV4, vrfs);
	if (vrfs == 1)
		add_family(FIB_IPV6, vrfs);
	if (shuffled)
		shuffle_routes();
}

/* ---- one run, in a process of its own: the first snapshot comes once ---- */

enum metric { UPDATES, SNAPSHOT, RESYNC, DELETES, METRICS };

static const char *const metric_names[METRICS] = {[UPDATES] = "updates_per_s",
	[SNAPSHOT] = "snapshot_updates_per_s",
	[RESYNC] = "resync_updates_per_s",
	[DELETES] = "deletes_per_s"};

static void send_routes(struct api_client *client, enum api_operation operation)
{
	for (uint32_t i = 0; i < route_count; i++)
		add(client, API_ROUTE, operation, &routes[i]);
	send_batch(client);
	await(client, 0);
}

static double change(struct api_client *client, enum api_operation operation)
{
	double start = measure_seconds();

	send_routes(client, operation);
	return route_count / (measure_seconds() - start);
}

static double snapshot(struct api_client *client, uint32_t vrfs)
{
	double start = measure_seconds();

	send_message(client, API_SNAPSHOT_BEGIN, NULL, 0);
	for (uint32_t i = 1; i <= vrfs; i++)
		add(client, API_VRF, API_UPSERT, &(struct api_vrf){.id = i, .name = "bench"});
	send_routes(client, API_UPSERT);
	send_message(client, API_SNAPSHOT_END, NULL, 0);
	await(client, 0);
	return route_count / (measure_seconds() - start);
}

static void count_row(const void *row, void *context)
{
	++*(uint32_t *)context;
}

static void require_rows(struct api_client *client, uint32_t expected)
{
	uint32_t rows = 0;

	REQUIRE(api_client_dump(client, API_ROUTE, 0, count_row, &rows) == 0);
	REQUIRE(rows == expected);
}

static void measure(struct api_client *client, uint32_t vrfs, double values[METRICS])
{
	struct api_startup startup = {.worker_count = 1};

	send_message(client, API_STARTUP, &startup, sizeof(startup));
	values[SNAPSHOT] = snapshot(client, vrfs);
	values[RESYNC] = snapshot(client, vrfs);
	require_rows(client, route_count);
	values[DELETES] = change(client, API_DELETE);
	require_rows(client, 0);
	values[UPDATES] = change(client, API_UPSERT);
	require_rows(client, route_count);
}

static void run(uint32_t vrfs, double values[METRICS])
{
	char dir[] = "/tmp/onramp-bench-XXXXXX", lock[64];
	struct api_client *client;
	struct api_hello hello;
	pthread_t thread;

	REQUIRE(mkdtemp(dir) != NULL && server_open(dir) == 0);
	REQUIRE(pthread_create(&thread, NULL, main_thread, NULL) == 0);
	client = api_client_open(dir, API_ROLE_WRITER, &hello);
	REQUIRE(client != NULL);
	measure(client, vrfs, values);
	api_client_close(client);
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	server_close();
	devices_reset();
	snprintf(lock, sizeof(lock), "%s/dataplane.lock", dir);
	unlink(lock);
	rmdir(dir);
}

static void run_in_child(uint32_t vrfs, double values[METRICS])
{
	int ends[2], status;
	pid_t child;

	REQUIRE(pipe(ends) == 0);
	child = fork();
	REQUIRE(child >= 0);
	if (child == 0) {
		run(vrfs, values);
		REQUIRE(write(ends[1], values, METRICS * sizeof(*values)) > 0);
		_exit(EXIT_SUCCESS);
	}
	REQUIRE(waitpid(child, &status, 0) == child && status == 0);
	REQUIRE(read(ends[0], values, METRICS * sizeof(*values)) ==
		(ssize_t)(METRICS * sizeof(*values)));
	close(ends[0]);
	close(ends[1]);
}

static void bench(const char *name, uint32_t vrfs, bool shuffled, unsigned int runs)
{
	struct measure measures[METRICS] = {0};

	obtain_routes(vrfs, shuffled);
	for (unsigned int i = 0; i < runs; i++) {
		double values[METRICS];

		run_in_child(vrfs, values);
		for (unsigned int metric = 0; metric < METRICS; metric++)
			measure_add(&measures[metric], values[metric]);
	}
	for (unsigned int metric = 0; metric < METRICS; metric++)
		measure_print("control", name, metric_names[metric], "1/s", &measures[metric]);
}

int main(int argc, char **argv)
{
	unsigned int runs = RUNS;

	setlinebuf(stdout);
	if (argc == 2 && strcmp(argv[1], "--quick") == 0)
		runs = 1;
	else if (argc != 1) {
		fprintf(stderr, "usage: %s [--quick]\n", argv[0]);
		return EXIT_FAILURE;
	}
	bench("api-one-vrf", 1, false, runs);
	bench("api-one-vrf-shuffled", 1, true, runs);
	bench("api-1000-vrfs", VRFS, false, runs);
	bench("api-1000-vrfs-shuffled", VRFS, true, runs);
	free(routes);
	return EXIT_SUCCESS;
}
