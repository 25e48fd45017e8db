/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many routes a second go from a client's batches over the socket into RIB and FIB: the real
 * client, server and tables in one process, server and client a thread each. Goal: 700,000.
 *
 * usage: api_routes [ROUTES [VRFS]]
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/api/client.h"
#include "dataplane/server/server.h"
#include "dataplane/worker/reclaim.h"
#include "tests/unit/dataplane/server_devices.h"

#define REQUIRE(condition)                                                              \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			exit(EXIT_FAILURE);                                             \
		}                                                                       \
	} while (0)

/* Like control: what is not acknowledged stays bounded. */
#define BATCHES_IN_FLIGHT 8

static atomic_bool stop;
static struct api_batch batch;
static unsigned int in_flight;
static clockid_t server_clock;

static void *main_thread(void *unused)
{
	while (!atomic_load(&stop)) {
		server_turn(10);
		reclaim_run();
	}
	return NULL;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec * 1e-9;
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

/* CPU time of the server's thread: what counts when the machine is shared. */
static double server_cpu(void)
{
	struct timespec time;

	clock_gettime(server_clock, &time);
	return time.tv_sec + time.tv_nsec * 1e-9;
}

static void report(const char *what, uint32_t count, double start, double cpu)
{
	printf("%-18s%10.0f routes/s, %10.0f per CPU second of the server\n", what,
		count / (now() - start), count / (server_cpu() - cpu));
}

/* Prefixes of /24 in an order that is not sorted, one vrf after the other. */
static void routes(
	struct api_client *client, uint32_t count, uint32_t vrfs, enum api_operation operation)
{
	for (uint32_t i = 0; i < count; i++) {
		/* 40503 is odd: all numbers below 2^24 come once. */
		uint32_t number = (uint64_t)i * 40503 % (1u << 24);
		struct api_route route = {.vrf = 1 + i / ((count + vrfs - 1) / vrfs),
			.group = API_GROUP_BLACKHOLE,
			.family = AF_INET,
			.prefix_len = 24,
			.origin = API_ORIGIN_BGP,
			.address = {number >> 16, number >> 8, number}};

		add(client, API_ROUTE, operation, &route);
	}
	send_batch(client);
	await(client, 0);
}

static void snapshot(struct api_client *client, uint32_t count, uint32_t vrfs, const char *what)
{
	double start = now(), cpu = server_cpu();

	send_message(client, API_SNAPSHOT_BEGIN, NULL, 0);
	for (uint32_t i = 1; i <= vrfs; i++)
		add(client, API_VRF, API_UPSERT, &(struct api_vrf){.id = i, .name = "bench"});
	routes(client, count, vrfs, API_UPSERT);
	send_message(client, API_SNAPSHOT_END, NULL, 0);
	await(client, 0);
	report(what, count, start, cpu);
}

static void count_row(const void *row, void *context)
{
	++*(uint32_t *)context;
}

static void run(const char *dir, uint32_t count, uint32_t vrfs)
{
	struct api_startup startup = {.worker_count = 1};
	struct api_hello hello;
	struct api_client *client = api_client_open(dir, API_ROLE_WRITER, &hello);
	double start, cpu;
	uint32_t rows = 0;

	REQUIRE(client != NULL);
	send_message(client, API_STARTUP, &startup, sizeof(startup));
	snapshot(client, count, vrfs, "first snapshot");
	snapshot(client, count, vrfs, "same again");
	start = now();
	cpu = server_cpu();
	REQUIRE(api_client_dump(client, API_ROUTE, 0, count_row, &rows) == 0 && rows == count);
	report("dump", count, start, cpu);
	start = now();
	cpu = server_cpu();
	routes(client, count, vrfs, API_DELETE);
	report("delete", count, start, cpu);
	start = now();
	cpu = server_cpu();
	routes(client, count, vrfs, API_UPSERT);
	report("add while running", count, start, cpu);
	api_client_close(client);
}

int main(int argc, char **argv)
{
	uint32_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
	uint32_t vrfs = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
	char dir[] = "/tmp/onramp-bench-XXXXXX", lock[64];
	pthread_t thread;

	setlinebuf(stdout);
	REQUIRE(count > 0 && count <= 1u << 24 && vrfs > 0 && vrfs < API_VRFS_MAX);
	REQUIRE(mkdtemp(dir) != NULL && server_open(dir) == 0);
	REQUIRE(pthread_create(&thread, NULL, main_thread, NULL) == 0);
	REQUIRE(pthread_getcpuclockid(thread, &server_clock) == 0);
	run(dir, count, vrfs);
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	server_close();
	devices_reset();
	snprintf(lock, sizeof(lock), "%s/dataplane.lock", dir);
	unlink(lock);
	rmdir(dir);
	return EXIT_SUCCESS;
}
