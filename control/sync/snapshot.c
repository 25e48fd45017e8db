/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stages of a snapshot, which states everything to the dataplane:
 *
 *   STARTING -> PORTS -> OPENING -> KERNELS -> PUSHING -> ENDING -> SYNCED
 *      ^-------------------------- a new plan --------------------------'
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control/log.h"
#include "control/sync/copy.h"
#include "control/sync/internal.h"

#define AGAIN_S 5
#define BFDD_SOCKET_NAME "bfdd.dataplane" /* beside FRR's vty sockets */
#define UNSENT_MAX (2u << 20)             /* bytes queued before routes wait for the socket */

static void push(struct sync *sync);

static void name_bfdd_socket(const struct sync *sync, struct api_startup *startup)
{
	int length = snprintf(startup->bfdd_socket, sizeof(startup->bfdd_socket),
		"%s/" BFDD_SOCKET_NAME, sync->frr_dir);

	if (length > 0 && (size_t)length < sizeof(startup->bfdd_socket))
		return;
	log_error("sync", "no BFD: %s/" BFDD_SOCKET_NAME " is longer than a socket's path can be",
		sync->frr_dir);
	memset(startup->bfdd_socket, 0, sizeof(startup->bfdd_socket));
}

static void send_startup(struct sync *sync)
{
	const struct site_edge *edge = sync->plan->edge;
	struct api_startup startup = {.memory_mb = edge->memory_mb,
		.hugepages = edge->hugepages,
		.idle_sleep_us = edge->idle_sleep_us,
		.worker_count = edge->worker_cpu_count,
		.control_cpu_count = edge->control_cpu_count};

	name_bfdd_socket(sync, &startup);
	memcpy(startup.worker_cpus, edge->worker_cpus, sizeof(startup.worker_cpus));
	memcpy(startup.control_cpus, edge->control_cpus, sizeof(startup.control_cpus));
	for (unsigned int i = 0; i < edge->port_count; i++) {
		const struct site_port *port = &edge->ports[i];
		unsigned int domain, bus, device, function;

		if (port->mtu > startup.mtu_max)
			startup.mtu_max = port->mtu;
		if (sscanf(port->device, "%x:%x:%x.%x", &domain, &bus, &device, &function) == 4)
			startup.pci = 1;
	}
	sync->phase = PHASE_STARTING;
	sync->awaited = session_message(sync, API_STARTUP, &startup, sizeof(startup));
}

static void collect_port(const void *row, void *context)
{
	struct sync *sync = context;

	if (sync->port_count < API_PORTS_MAX)
		sync->port_rows[sync->port_count++] = *(const struct api_port *)row;
}

void snapshot_ports(struct sync *sync)
{
	int error;

	sync->port_count = 0;
	error = api_client_dump(sync->client, API_PORT, 0, collect_port, sync);
	if (error != 0) {
		session_lost(sync, strerror(-error));
		return;
	}
	log_info("kernel", "reading the routes of %u domains", sync->plan->domain_count);
	sync->phase = PHASE_OPENING;
	sync->open_cursor = 0;
	session_flush_soon(sync);
}

/* A thousand domains take seconds: others are served in between. */
static void open_some(struct sync *sync)
{
	if (domains_open_some(sync, sync->port_rows, sync->port_count)) {
		session_flush_next_turn(sync);
		return;
	}
	sync->phase = PHASE_KERNELS;
	session_kernels_changed(sync);
}

static enum api_rss rss_item(enum rss rss)
{
	static const enum api_rss ways[] = {[RSS_AUTO] = API_RSS_AUTO,
		[RSS_HARDWARE] = API_RSS_HARDWARE,
		[RSS_SOFTWARE] = API_RSS_SOFTWARE};

	return ways[rss];
}

static void add_port(struct sync *sync, uint32_t id, const struct site_port *port)
{
	struct api_port item = {.id = id,
		.role = port->role == PORT_CORE ? API_ROLE_CORE : API_ROLE_CUSTOMER,
		.mtu = port->mtu,
		.outer_ethertype = port->outer_ethertype,
		.rss = rss_item(port->rss)};

	COPY_TEXT(item.name, port->name);
	COPY_TEXT(item.device, port->device);
	batch_add(sync, API_PORT, API_UPSERT, &item);
}

void snapshot_started(struct sync *sync)
{
	const struct site_edge *edge = sync->plan->edge;
	uint32_t id;

	session_message(sync, API_SNAPSHOT_BEGIN, NULL, 0);
	for (id = table_walk(&sync->ports, 0); id != 0; id = table_walk(&sync->ports, id + 1)) {
		const struct named *named = table_at(&sync->ports, id);

		for (unsigned int i = 0; i < edge->port_count; i++)
			if (strcmp(edge->ports[i].name, named->name) == 0)
				add_port(sync, id, &edge->ports[i]);
	}
	sync->phase = PHASE_PORTS;
	sync->again = false;
	sync->awaited = batch_send(sync);
	if (sync->awaited == 0 && sync->broken == 0)
		snapshot_ports(sync); /* an edge without ports */
}

void session_kernels_changed(struct sync *sync)
{
	if (sync->phase == PHASE_KERNELS && domains_ready(sync))
		push(sync);
}

static void push_interfaces(struct sync *sync)
{
	int fds[API_FDS_MAX];
	unsigned int fd_count = 0;

	batch_send(sync);
	for (unsigned int i = 0; i < sync->domain_count; i++) {
		struct domain *domain = sync->domains[i];
		for (unsigned int l = 0; l < domain->link_count; l++) {
			struct domain_link *link = &domain->links[l];
			struct api_interface item;

			if (link->tap < 0)
				continue; /* its port failed: tried again with the next snapshot */
			domain_interface_item(domain, link, &item);
			item.has_tap = !link->tap_given;
			if (item.has_tap)
				fds[fd_count++] = link->tap;
			link->tap_given = true;
			batch_add(sync, API_INTERFACE, API_UPSERT, &item);
			if (fd_count == API_FDS_MAX || batch_count(sync) == API_FDS_MAX) {
				batch_send_fds(sync, fds, fd_count);
				fd_count = 0;
			}
		}
	}
	batch_send_fds(sync, fds, fd_count);
}

static void push(struct sync *sync)
{
	uint32_t id;

	sync->phase = PHASE_PUSHING;
	for (unsigned int i = 0; i < sync->domain_count; i++) {
		struct api_vrf item = {.id = sync->domains[i]->vrf};
		if (!sync->domains[i]->wanted)
			continue;
		COPY_TEXT(item.name, sync->domains[i]->name);
		batch_add(sync, API_VRF, API_UPSERT, &item);
	}
	policers_state(sync);
	push_interfaces(sync);
	keys_state(sync);
	paths_state(sync);
	for (id = table_walk(&sync->adjacencies, 0); id != 0;
		id = table_walk(&sync->adjacencies, id + 1)) {
		const struct adjacency_entry *entry = table_at(&sync->adjacencies, id);
		if (entry->sets > 0 || entry->neighbour || entry->peer)
			adjacency_state(sync, id);
	}
	for (id = table_walk(&sync->sets, 0); id != 0; id = table_walk(&sync->sets, id + 1))
		set_state(sync, id);
	sync->push_cursor = table_walk(&sync->routes, 0);
	session_flush_soon(sync);
}

/* Routes go out as the socket takes them. A route that changes meanwhile is sent at once, and
 * perhaps again when the walk comes to it: that is harmless. */
void snapshot_pump(struct sync *sync)
{
	if (sync->phase == PHASE_OPENING)
		open_some(sync);
	if (sync->phase != PHASE_PUSHING)
		return;
	while (sync->push_cursor != 0 && api_client_unsent(sync->client) < UNSENT_MAX) {
		rib_state(sync, table_at(&sync->routes, sync->push_cursor));
		sync->push_cursor = table_walk(&sync->routes, sync->push_cursor + 1);
	}
	if (sync->push_cursor != 0)
		return;
	batch_send(sync);
	sync->phase = PHASE_ENDING;
	sync->awaited = session_message(sync, API_SNAPSHOT_END, NULL, 0);
}

void snapshot_ended(struct sync *sync)
{
	sync->phase = PHASE_SYNCED;
	sync->retry_ms = RETRY_FIRST_MS;
	if (!sync->complained)
		sync->error[0] = '\0';
	log_info("dataplane", "synchronised: %u domains, %u routes", sync->plan->domain_count,
		sync->routes.count);
	for (unsigned int i = 0; i < sync->plan->domain_count; i++)
		sync->domains[i]->acked = true;
	sets_forget_adopted(sync);
	paths_forget(sync);
	domains_sweep(sync);
	session_hold_ids(sync, false);
	announce_snapshot(sync);
	if (sync->again)
		event_add(sync->again_event, &(struct timeval){AGAIN_S, 0});
	if (sync->snapshot_asked)
		snapshot_begin(sync);
}

void snapshot_begin(struct sync *sync)
{
	int error;

	sync->snapshot_asked = false;
	sync->complained = false;
	refusals_forget(sync);
	/* From here on nothing is said, until the snapshot says all; what it leaves out is swept.
	 */
	batch_send(sync);
	sync->phase = PHASE_STARTING;
	session_hold_ids(sync, true);
	sync_promote(sync);
	error = domains_plan(sync);
	if (error == 0) {
		send_startup(sync);
		return;
	}
	session_complain(sync, "plan", strerror(-error));
	session_lost(sync, "the plan does not fit; trying again");
}

void session_resync(struct sync *sync)
{
	if (sync->phase == PHASE_SYNCED || sync->phase == PHASE_ADOPTING)
		snapshot_begin(sync);
	else if (sync->phase != PHASE_AWAY)
		sync->snapshot_asked = true;
}
