/* SPDX-License-Identifier: BSD-3-Clause */
/* What the dataplane counts, as one line of JSON: sums over all interfaces, ports and workers. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>

#include "tests/bench/site.h"

#define READINGS_MAX 50u
#define READING_NS_MAX 300000u

static void add_ledger(const void *row, void *context)
{
	const struct api_ledger *one = &((const struct api_interface_counters *)row)->ledger;
	struct api_ledger *sum = context;

	sum->rx += one->rx;
	sum->rx_bytes += one->rx_bytes;
	sum->generated += one->generated;
	sum->punt += one->punt;
	sum->forwarded_in += one->forwarded_in;
	sum->forwarded_out += one->forwarded_out;
	sum->injected += one->injected;
	sum->fragments_added += one->fragments_added;
	sum->tx += one->tx;
	sum->tx_bytes += one->tx_bytes;
	for (unsigned int i = 0; i < API_DROP_COUNT; i++)
		sum->drops[i] += one->drops[i];
}

static void print_ledger(const struct api_ledger *ledger)
{
	const char *comma = "";

	printf("\"rx\": %lu, \"tx\": %lu, \"tx_bytes\": %lu, \"forwarded\": %lu, \"punt\": %lu, "
	       "\"drops\": {",
		ledger->rx, ledger->tx, ledger->tx_bytes, ledger->forwarded_in, ledger->punt);
	for (unsigned int i = 0; i < API_DROP_COUNT; i++) {
		if (ledger->drops[i] == 0)
			continue;
		printf("%s\"%s\": %lu", comma, api_drop_name(i), ledger->drops[i]);
		comma = ", ";
	}
	printf("}");
}

static void print_worker(const void *row, void *context)
{
	const struct api_worker *worker = row;
	const char **comma = context;

	printf("%s{\"cpu\": %u, \"polls\": %lu, \"empty_polls\": %lu, \"bursts\": %lu, "
	       "\"packets\": %lu, \"busy_cycles\": %lu, \"sampled_packets\": %lu, \"stages\": {",
		*comma, worker->cpu, worker->polls, worker->empty_polls, worker->bursts,
		worker->packets, worker->busy_cycles, worker->sampled_packets);
	for (unsigned int i = 0; i < API_STAGE_COUNT; i++)
		printf("%s\"%s\": %lu", i > 0 ? ", " : "", api_stage_name(i),
			worker->stage_cycles[i]);
	printf("}}");
	*comma = ", ";
}

static void print_port(const void *row, void *context)
{
	const struct api_port *port = row;
	const char **comma = context;

	printf("%s{\"id\": %u, \"mac\": \"%02x:%02x:%02x:%02x:%02x:%02x\", \"rx_queues\": %u, "
	       "\"link_up\": %u, \"link_mbps\": %u}",
		*comma, port->id, port->mac[0], port->mac[1], port->mac[2], port->mac[3],
		port->mac[4], port->mac[5], port->rx_queues, port->link_up, port->link_mbps);
	*comma = ", ";
}

static void add_missed(const void *row, void *context)
{
	const struct api_port_counters *port = row;

	*(uint64_t *)context += port->rx_missed + port->rx_errors + port->rx_nombuf;
}

static void add_fib(const void *row, void *context)
{
	*(uint64_t *)context += ((const struct api_vrf *)row)->fib_bytes;
}

static void dump(enum api_object object, void (*row)(const void *row, void *context), void *context)
{
	int error = api_client_dump(client, object, 0, row, context);

	if (error < 0)
		fail("dump of object %d: %s", object, strerror(-error));
}

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ul + now.tv_nsec;
}

/* The sum, and the moment it is of: read again where another program had the CPU meanwhile. */
static void read_ledgers(struct api_ledger *sum, uint64_t *ns, uint64_t *tsc)
{
	for (unsigned int i = 0; i < READINGS_MAX; i++) {
		*sum = (struct api_ledger){0};
		*ns = monotonic_ns();
		*tsc = rte_rdtsc();
		dump(API_INTERFACE_COUNTERS, add_ledger, sum);
		if (monotonic_ns() - *ns <= READING_NS_MAX)
			return;
	}
}

void site_sample(unsigned int count, char **words)
{
	uint64_t missed = 0, fib_bytes = 0, ns, tsc;
	struct api_ledger sum;
	const char *comma;

	site_settle();
	read_ledgers(&sum, &ns, &tsc);
	printf("{\"ns\": %lu, \"tsc\": %lu, ", ns, tsc);
	print_ledger(&sum);
	comma = "";
	printf(", \"workers\": [");
	dump(API_WORKER, print_worker, &comma);
	comma = "";
	printf("], \"ports\": [");
	dump(API_PORT, print_port, &comma);
	dump(API_PORT_COUNTERS, add_missed, &missed);
	dump(API_VRF, add_fib, &fib_bytes);
	printf("], \"missed\": %lu, \"fib_bytes\": %lu}\n", missed, fib_bytes);
}

#define PATHS_SHOWN 2u

struct paths {
	unsigned int count, live;
	struct api_path first[PATHS_SHOWN]; /* ids from 1 on */
};

static void add_path(const void *row, void *context)
{
	const struct api_path *path = row;
	struct paths *paths = context;

	paths->count++;
	paths->live += path->down == 0;
	if (path->id - 1 < PATHS_SHOWN)
		paths->first[path->id - 1] = *path;
}

void site_paths(unsigned int count, char **words)
{
	struct paths paths = {0};

	dump(API_PATH, add_path, &paths);
	printf("{\"count\": %u, \"live\": %u, \"first\": [", paths.count, paths.live);
	for (unsigned int i = 0; i < PATHS_SHOWN; i++)
		printf("%s{\"down\": %u, \"changes\": %u, \"changed_us\": %lu}", i > 0 ? ", " : "",
			paths.first[i].down, paths.first[i].changes, paths.first[i].changed_us);
	printf("]}\n");
}

struct sessions {
	unsigned int count, up;
	uint64_t flaps, lost, late_max_us, refused;
};

static void add_session(const void *row, void *context)
{
	const struct api_bfd_session *session = row;
	struct sessions *sessions = context;

	for (unsigned int i = 0; i < API_BFD_REFUSALS_MAX; i++)
		sessions->refused += session->refused[i];
	if (session->local_discriminator == 0)
		return;
	sessions->count++;
	sessions->up += strcmp(api_bfd_state_name(session->state), "up") == 0;
	sessions->flaps += session->flaps;
	sessions->lost += session->lost;
	if (session->late_max_us > sessions->late_max_us)
		sessions->late_max_us = session->late_max_us;
}

void site_sessions(unsigned int count, char **words)
{
	struct sessions sum = {0};

	dump(API_BFD_SESSION, add_session, &sum);
	printf("{\"count\": %u, \"up\": %u, \"flaps\": %lu, \"lost\": %lu, \"refused\": %lu, "
	       "\"late_max_us\": %lu}\n",
		sum.count, sum.up, sum.flaps, sum.lost, sum.refused, sum.late_max_us);
}
