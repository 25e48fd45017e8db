/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The conversation with the dataplane: connect, adopt what it has, STARTUP, and a snapshot that
 * states everything; then items as they come.
 *
 *   AWAY -> ADOPTING -> STARTING -> PORTS -> KERNELS -> PUSHING -> ENDING -> SYNCED
 *                          ^-------------- a new plan ------------------------'
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/log.h"
#include "control/sync/copy.h"
#include "control/sync/internal.h"

#define RETRY_FIRST_MS 100
#define RETRY_LAST_MS 3000
#define AGAIN_S 5
#define ANSWER_TIMEOUT_MS 10000
#define UNSENT_MAX (2u << 20) /* bytes queued before routes wait for the socket */

static void session_begin(struct sync *sync);
static void push(struct sync *sync);

void session_complain(struct sync *sync, const char *what, const char *why)
{
	snprintf(sync->error, sizeof(sync->error), "%s: %s", what, why);
	sync->complained = true;
	log_error("dataplane", "%s", sync->error);
}

static void retry_in(struct event *event, unsigned int ms)
{
	struct timeval delay = {ms / 1000, ms % 1000 * 1000};

	event_add(event, &delay);
}

static void event_drop(struct event **event)
{
	if (*event != NULL)
		event_free(*event);
	*event = NULL;
}

static void close_socket(struct sync *sync)
{
	event_drop(&sync->read_event);
	event_drop(&sync->write_event);
	api_client_close(sync->client);
	sync->client = NULL;
}

/* Ids that were free may be named still by what the dataplane has: none is given again before a
 * snapshot's end has swept that. */
static void hold_ids(struct sync *sync, bool hold)
{
	table_hold_ids(&sync->adjacencies, hold);
	table_hold_ids(&sync->sets, hold);
}

static void lost(struct sync *sync, const char *why)
{
	log_warning("dataplane", "connection lost (%s); it forwards on by itself if it lives", why);
	if (!sync->complained)
		snprintf(sync->error, sizeof(sync->error), "connection lost: %s", why);
	close_socket(sync);
	event_del(sync->flush_event);
	event_del(sync->again_event);
	batches_drop(sync);
	hold_ids(sync, true);
	sync->broken = 0;
	sync->phase = PHASE_AWAY;
	retry_in(sync->retry_event, sync->retry_ms);
	sync->retry_ms = sync->retry_ms * 2 < RETRY_LAST_MS ? sync->retry_ms * 2 : RETRY_LAST_MS;
}

void session_flush_soon(struct sync *sync)
{
	event_active(sync->flush_event, EV_TIMEOUT, 1);
}

void session_break(struct sync *sync, int error)
{
	sync->broken = error;
	session_flush_soon(sync);
}

static int64_t send_message(
	struct sync *sync, enum api_message_type type, const void *payload, size_t length)
{
	int64_t sequence = api_client_send(sync->client, type, payload, length, NULL, 0);

	if (sequence < 0)
		session_break(sync, (int)sequence);
	session_flush_soon(sync);
	return sequence;
}

/* ---- the stages of a snapshot ---- */

static void send_startup(struct sync *sync)
{
	const struct site_edge *edge = sync->plan->edge;
	struct api_startup startup = {.memory_mb = edge->memory_mb,
		.hugepages = edge->hugepages,
		.idle_sleep_us = edge->idle_sleep_us,
		.worker_count = edge->worker_cpu_count,
		.control_cpu_count = edge->control_cpu_count};

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
	sync->awaited = send_message(sync, API_STARTUP, &startup, sizeof(startup));
}

struct port_rows {
	struct api_port rows[API_PORTS_MAX];
	unsigned int count;
};

static void collect_port(const void *row, void *context)
{
	struct port_rows *ports = context;

	if (ports->count < API_PORTS_MAX)
		ports->rows[ports->count++] = *(const struct api_port *)row;
}

static void ports_stated(struct sync *sync)
{
	struct port_rows ports = {.count = 0};
	int error = api_client_dump(sync->client, API_PORT, 0, collect_port, &ports);

	if (error != 0) {
		lost(sync, strerror(-error));
		return;
	}
	if (domains_open(sync, ports.rows, ports.count) != 0)
		sync->again = true;
	sync->phase = PHASE_KERNELS;
	session_kernels_changed(sync);
}

static void add_port(struct sync *sync, uint32_t id, const struct site_port *port)
{
	struct api_port item = {.id = id,
		.role = port->role == PORT_CORE ? API_ROLE_CORE : API_ROLE_CUSTOMER,
		.mtu = port->mtu,
		.outer_ethertype = port->outer_ethertype};

	COPY_TEXT(item.name, port->name);
	COPY_TEXT(item.device, port->device);
	batch_add(sync, API_PORT, API_UPSERT, &item);
}

static void send_ports(struct sync *sync)
{
	const struct site_edge *edge = sync->plan->edge;
	uint32_t id;

	send_message(sync, API_SNAPSHOT_BEGIN, NULL, 0);
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
		ports_stated(sync); /* an edge without ports */
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
	push_interfaces(sync);
	for (id = table_walk(&sync->adjacencies, 0); id != 0;
		id = table_walk(&sync->adjacencies, id + 1)) {
		const struct adjacency_entry *entry = table_at(&sync->adjacencies, id);
		if (entry->sets > 0 || entry->neighbour || entry->peer)
			adjacency_state(sync, id);
	}
	for (id = table_walk(&sync->sets, 0); id != 0; id = table_walk(&sync->sets, id + 1))
		set_state(sync, id);
	sync->push_cursor = table_walk(&sync->routes, 0);
	event_active(sync->flush_event, EV_TIMEOUT, 1);
}

/* Routes go out as the socket takes them. A route that changes meanwhile is sent at once, and
 * perhaps again when the walk comes to it: that is harmless. */
static void pump_routes(struct sync *sync)
{
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
	sync->awaited = send_message(sync, API_SNAPSHOT_END, NULL, 0);
}

static void snapshot_ended(struct sync *sync)
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
	domains_sweep(sync);
	hold_ids(sync, false);
	announce_snapshot(sync);
	if (sync->again)
		retry_in(sync->again_event, AGAIN_S * 1000);
	if (sync->snapshot_asked)
		session_begin(sync);
}

static void session_begin(struct sync *sync)
{
	int error;

	sync->snapshot_asked = false;
	sync->complained = false;
	/* From here on nothing is said, until the snapshot says all; what it leaves out is swept. */
	batch_send(sync);
	sync->phase = PHASE_STARTING;
	hold_ids(sync, true);
	sync_promote(sync);
	error = domains_plan(sync);
	if (error == 0) {
		send_startup(sync);
		return;
	}
	session_complain(sync, "plan", strerror(-error));
	lost(sync, "the plan does not fit; trying again");
}

void session_resync(struct sync *sync)
{
	if (sync->phase == PHASE_SYNCED || sync->phase == PHASE_ADOPTING)
		session_begin(sync);
	else if (sync->phase != PHASE_AWAY)
		sync->snapshot_asked = true;
}

/* ---- answers ---- */

static void startup_answered(struct sync *sync, const struct api_ack *ack)
{
	if (ack->error != 0)
		session_complain(sync, "startup", ack->text[0] ? ack->text : strerror(-ack->error));
	if (ack->error != 0 && ack->error != -EALREADY)
		lost(sync, sync->error);
	else
		send_ports(sync);
}

static void answered(struct sync *sync, const struct api_message *message)
{
	const struct api_ack *ack = message->payload;
	bool awaited = message->header.sequence == sync->awaited;

	if (message->payload_length < sizeof(*ack))
		lost(sync, "an answer is too short");
	else if (awaited && sync->phase == PHASE_STARTING)
		startup_answered(sync, ack);
	else if (ack->error != 0) {
		/* A batch or a part of the snapshot was refused as a whole: what the dataplane has
		 * is not known any more. */
		session_complain(
			sync, "request refused", ack->text[0] ? ack->text : strerror(-ack->error));
		lost(sync, sync->error);
	} else if (awaited && sync->phase == PHASE_ENDING)
		snapshot_ended(sync);
}

static void batch_done(struct sync *sync, const struct api_message *message)
{
	if (batch_answered(sync, message) != 0)
		lost(sync, "it acknowledged a batch that was not sent");
	else if (sync->phase == PHASE_PORTS && message->header.sequence == sync->awaited)
		ports_stated(sync);
}

static void happened(struct sync *sync, const struct api_message *message)
{
	const struct api_event *event = message->payload;
	struct ip address = {0};
	const struct named *port;

	if (message->payload_length < sizeof(*event))
		return;
	switch (event->type) {
	case API_EVENT_PORT_LINK:
		if (event->a > 0 && event->a < sync->ports.top) {
			port = table_at(&sync->ports, event->a);
			log_info("port", "%s link is %s", port->name, event->b ? "up" : "down");
		}
		break;
	case API_EVENT_NEIGHBOUR_NEEDED:
		address.family = event->b;
		address.prefix_len = event->b == AF_INET ? 32 : 128;
		memcpy(address.address, event->address, sizeof(address.address));
		domain_neighbour_needed(sync, event->a, &address);
		break;
	default:
		log_warning("dataplane", "sent an event of unknown kind %u", event->type);
	}
}

static void handle(struct sync *sync, const struct api_message *message)
{
	switch (message->header.type) {
	case API_ACK:
		answered(sync, message);
		break;
	case API_BATCH_ACK:
		batch_done(sync, message);
		break;
	case API_EVENT:
		happened(sync, message);
		break;
	default:
		break; /* the tail of a dump that was given up */
	}
}

static void on_socket(evutil_socket_t fd, short what, void *context)
{
	struct sync *sync = context;
	struct api_message message;
	int result = 1;

	while (sync->client != NULL && (result = api_client_receive(sync->client, &message)) > 0)
		handle(sync, &message);
	if (sync->client == NULL)
		return;
	if (result < 0) {
		lost(sync, strerror(-result));
		return;
	}
	event_active(sync->flush_event, EV_TIMEOUT, 1);
}

/* The end of a turn of the event loop: what was said in it goes out together. */
static void on_flush(evutil_socket_t fd, short what, void *context)
{
	struct sync *sync = context;
	int result;

	if (sync->client == NULL)
		return;
	pump_routes(sync);
	batch_send(sync);
	if (sync->broken != 0) {
		lost(sync, strerror(-sync->broken));
		return;
	}
	result = api_client_flush(sync->client);
	if (result < 0)
		lost(sync, strerror(-result));
	else if (result == 0)
		event_add(sync->write_event, NULL);
}

/* ---- connecting ---- */

int session_tap(struct sync *sync, uint32_t interface)
{
	struct api_tap_get request = {.interface = interface};
	int64_t sequence =
		api_client_send(sync->client, API_TAP_GET, &request, sizeof(request), NULL, 0);
	struct api_message message;

	if (sequence < 0)
		return sequence;
	for (;;) {
		int result = api_client_wait(sync->client, &message, ANSWER_TIMEOUT_MS);
		const struct api_ack *ack = message.payload;

		if (result < 0)
			return result;
		if (message.header.sequence != sequence)
			continue; /* an event; those that matter come again */
		if (message.header.type != API_TAP_FD || message.payload_length < sizeof(*ack))
			return -EPROTO;
		if (ack->error != 0 || message.fd_count == 0)
			return ack->error != 0 ? ack->error : -EPROTO;
		result = message.fds[0];
		message.fds[0] = -1;
		return result;
	}
}

static void forget_taps_given(struct sync *sync)
{
	for (unsigned int i = 0; i < sync->domain_count; i++)
		for (unsigned int l = 0; l < sync->domains[i]->link_count; l++)
			sync->domains[i]->links[l].tap_given = false;
}

static int watch_socket(struct sync *sync)
{
	int fd = api_client_fd(sync->client);

	sync->read_event = event_new(sync->base, fd, EV_READ | EV_PERSIST, on_socket, sync);
	sync->write_event = event_new(sync->base, fd, EV_WRITE, on_flush, sync);
	if (sync->read_event == NULL || sync->write_event == NULL)
		return -ENOMEM;
	return event_add(sync->read_event, NULL) == 0 ? 0 : -ENOMEM;
}

static void on_retry(evutil_socket_t fd, short what, void *context)
{
	struct sync *sync = context;
	struct api_hello hello;
	int error;

	sync->client = api_client_open(sync->run_dir, API_ROLE_WRITER, &hello);
	if (sync->client == NULL) {
		snprintf(sync->error, sizeof(sync->error),
			"no dataplane answers in %s: %s; start onramp-dataplane", sync->run_dir,
			strerror(errno));
		retry_in(sync->retry_event, RETRY_FIRST_MS);
		return;
	}
	log_info("dataplane", "connected to process %u", hello.pid);
	/* It may be another process, or this one may never have read what was on its way. */
	forget_taps_given(sync);
	sync->phase = PHASE_ADOPTING;
	error = watch_socket(sync);
	if (error == 0 && !sync->adopted)
		error = adopt_dataplane(sync);
	if (error != 0) {
		lost(sync, strerror(-error));
		return;
	}
	sync->adopted = true;
	if (sync_plan(sync) != NULL)
		session_begin(sync);
}

static void on_again(evutil_socket_t fd, short what, void *context)
{
	session_resync(context);
}

int session_open(struct sync *sync)
{
	sync->flush_event = evtimer_new(sync->base, on_flush, sync);
	sync->retry_event = evtimer_new(sync->base, on_retry, sync);
	sync->again_event = evtimer_new(sync->base, on_again, sync);
	if (sync->flush_event == NULL || sync->retry_event == NULL || sync->again_event == NULL)
		return -ENOMEM;
	sync->retry_ms = RETRY_FIRST_MS;
	retry_in(sync->retry_event, 0);
	return 0;
}

void session_close(struct sync *sync)
{
	batches_drop(sync);
	if (sync->client != NULL)
		close_socket(sync);
	event_drop(&sync->flush_event);
	event_drop(&sync->retry_event);
	event_drop(&sync->again_event);
}
