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

#define RETRY_MS 100
#define AGAIN_S 5
#define ANSWER_TIMEOUT_MS 10000
#define UNSENT_MAX (2u << 20) /* bytes queued before routes wait for the socket */

/* A batch on its way: kept to name what was refused. */
struct pending_batch {
	struct pending_batch *next;
	int64_t sequence;
	struct api_batch items;
};

static void session_begin(struct sync *sync);
static void push(struct sync *sync);

static void complain(struct sync *sync, const char *what, const char *why)
{
	snprintf(sync->error, sizeof(sync->error), "%s: %s", what, why);
	log_error("dataplane", "%s", sync->error);
}

static void retry_in(struct event *event, unsigned int ms)
{
	struct timeval delay = {ms / 1000, ms % 1000 * 1000};

	event_add(event, &delay);
}

static struct pending_batch *pending_of(struct api_batch *items)
{
	return (struct pending_batch *)((char *)items - offsetof(struct pending_batch, items));
}

static void drop_pending(struct sync *sync)
{
	while (sync->pending_first != NULL) {
		struct pending_batch *batch = sync->pending_first;
		sync->pending_first = batch->next;
		free(batch);
	}
	sync->pending_last = NULL;
	if (sync->batch != NULL)
		free(pending_of(sync->batch));
	sync->batch = NULL;
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

static void lost(struct sync *sync, const char *why)
{
	log_warning("dataplane", "connection lost (%s); it forwards on by itself if it lives", why);
	close_socket(sync);
	event_del(sync->flush_event);
	event_del(sync->again_event);
	drop_pending(sync);
	sync->phase = PHASE_AWAY;
	retry_in(sync->retry_event, RETRY_MS);
}

/* ---- sending ---- */

static int64_t send_message(
	struct sync *sync, enum api_message_type type, const void *payload, size_t length)
{
	int64_t sequence = api_client_send(sync->client, type, payload, length, NULL, 0);

	event_active(sync->flush_event, EV_TIMEOUT, 1);
	return sequence;
}

/* The batch that is being filled goes out, with the TAPs its items name. */
static int64_t send_batch_fds(struct sync *sync, const int *fds, unsigned int fd_count)
{
	struct pending_batch *pending = pending_of(sync->batch);

	sync->batch = NULL;
	pending->sequence = api_client_send(sync->client, API_BATCH, pending->items.bytes,
		pending->items.length, fds, fd_count);
	event_active(sync->flush_event, EV_TIMEOUT, 1);
	if (sync->pending_last != NULL)
		sync->pending_last->next = pending;
	else
		sync->pending_first = pending;
	sync->pending_last = pending;
	return pending->sequence;
}

static int64_t send_batch(struct sync *sync)
{
	return sync->batch != NULL ? send_batch_fds(sync, NULL, 0) : 0;
}

static bool have_batch(struct sync *sync)
{
	struct pending_batch *pending;

	if (sync->batch != NULL)
		return true;
	pending = malloc(sizeof(*pending));
	if (pending == NULL)
		return false;
	pending->next = NULL;
	pending->items.count = 0;
	pending->items.length = 0;
	sync->batch = &pending->items;
	return true;
}

static void add_item(struct sync *sync, enum api_object object, enum api_operation operation,
	const void *payload)
{
	if (!have_batch(sync)) {
		complain(sync, "batch", "out of memory; stating everything again");
		session_resync(sync);
		return;
	}
	if (api_batch_add(sync->batch, object, operation, payload) == 0)
		return;
	send_batch(sync);
	if (have_batch(sync))
		api_batch_add(sync->batch, object, operation, payload);
}

void session_send(struct sync *sync, enum api_object object, enum api_operation operation,
	const void *payload)
{
	if (sync->phase < PHASE_PUSHING)
		return;
	add_item(sync, object, operation, payload);
	event_active(sync->flush_event, EV_TIMEOUT, 1);
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

static void send_ports(struct sync *sync)
{
	const struct site_edge *edge = sync->plan->edge;
	uint32_t id;

	send_message(sync, API_SNAPSHOT_BEGIN, NULL, 0);
	for (id = table_walk(&sync->ports, 0); id != 0; id = table_walk(&sync->ports, id + 1)) {
		const struct named *named = table_at(&sync->ports, id);
		struct api_port item = {.id = id};

		for (unsigned int i = 0; i < edge->port_count; i++) {
			const struct site_port *port = &edge->ports[i];
			if (strcmp(port->name, named->name) != 0)
				continue;
			COPY_TEXT(item.name, port->name);
			COPY_TEXT(item.device, port->device);
			item.role = port->role == PORT_CORE ? API_ROLE_CORE : API_ROLE_CUSTOMER;
			item.mtu = port->mtu;
			item.outer_ethertype = port->outer_ethertype;
			add_item(sync, API_PORT, API_UPSERT, &item);
		}
	}
	sync->phase = PHASE_PORTS;
	sync->ports_failed = false;
	sync->awaited = send_batch(sync);
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
		sync->ports_failed = true;
	sync->phase = PHASE_KERNELS;
	session_kernels_changed(sync);
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

	send_batch(sync);
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
			add_item(sync, API_INTERFACE, API_UPSERT, &item);
			if (fd_count == API_FDS_MAX || sync->batch->count == API_FDS_MAX) {
				send_batch_fds(sync, fds, fd_count);
				fd_count = 0;
			}
		}
	}
	if (sync->batch != NULL)
		send_batch_fds(sync, fds, fd_count);
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
		add_item(sync, API_VRF, API_UPSERT, &item);
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
	send_batch(sync);
	sync->phase = PHASE_ENDING;
	sync->awaited = send_message(sync, API_SNAPSHOT_END, NULL, 0);
}

static void snapshot_ended(struct sync *sync)
{
	sync->phase = PHASE_SYNCED;
	log_info("dataplane", "synchronised: %u domains, %u routes", sync->plan->domain_count,
		sync->routes.count);
	for (unsigned int i = 0; i < sync->plan->domain_count; i++)
		sync->domains[i]->acked = true;
	sets_forget_adopted(sync);
	domains_sweep(sync);
	announce_later(sync);
	if (sync->ports_failed)
		retry_in(sync->again_event, AGAIN_S * 1000);
	if (sync->snapshot_asked)
		session_begin(sync);
}

static void session_begin(struct sync *sync)
{
	int error;

	sync->snapshot_asked = false;
	sync_promote(sync);
	error = domains_plan(sync);
	if (error != 0) {
		complain(sync, "plan", strerror(-error));
		return;
	}
	send_batch(sync);
	if (!sync->ports_failed)
		sync->error[0] = '\0';
	send_startup(sync);
}

void session_resync(struct sync *sync)
{
	if (sync->phase == PHASE_SYNCED || sync->phase == PHASE_ADOPTING)
		session_begin(sync);
	else if (sync->phase != PHASE_AWAY)
		sync->snapshot_asked = true;
}

/* ---- answers ---- */

static const char *object_name(unsigned int object)
{
	static const char *const names[] = {[API_PORT] = "port",
		[API_VRF] = "domain",
		[API_INTERFACE] = "link",
		[API_ADJACENCY] = "neighbour",
		[API_GROUP] = "next-hop group",
		[API_ROUTE] = "route"};

	return object < sizeof(names) / sizeof(names[0]) ? names[object] : "object";
}

/* What an item was about, for a person. */
static void item_text(struct sync *sync, const struct api_item *item, char *text, size_t size)
{
	const void *payload = item + 1;
	const struct api_route *route = payload;
	struct ip prefix = {0};
	char address[64];

	switch (item->object) {
	case API_PORT:
		snprintf(text, size, "%s", ((const struct api_port *)payload)->name);
		break;
	case API_VRF:
		snprintf(text, size, "%s", ((const struct api_vrf *)payload)->name);
		break;
	case API_INTERFACE:
		snprintf(text, size, "%s", ((const struct api_interface *)payload)->name);
		break;
	case API_ROUTE:
		prefix.family = route->family;
		prefix.prefix_len = route->prefix_len;
		memcpy(prefix.address, route->address, sizeof(prefix.address));
		snprintf(text, size, "%s in %s", ip_text(&prefix, address, sizeof(address)),
			route->vrf < API_VRFS_MAX && sync->by_vrf[route->vrf] != NULL
				? sync->by_vrf[route->vrf]->name
				: "a domain that is gone");
		break;
	default:
		snprintf(text, size, "%u", *(const uint32_t *)payload);
	}
}

static void report_refusals(
	struct sync *sync, const struct api_batch *items, const int32_t *errors, uint32_t count)
{
	size_t offset = 0;
	unsigned int told = 0;

	for (uint32_t i = 0; i < count && offset < items->length; i++) {
		const struct api_item *item = (const void *)(items->bytes + offset);
		char what[160], text[200];

		offset += sizeof(*item) + (item->length + 7u) / 8u * 8u;
		if (errors[i] == 0)
			continue;
		sync->refused++;
		if (item->object == API_PORT || item->object == API_INTERFACE)
			sync->ports_failed = true;
		if (told++ >= 3)
			continue;
		item_text(sync, item, what, sizeof(what));
		snprintf(text, sizeof(text), "%s %s refused", object_name(item->object), what);
		complain(sync, text, strerror(-errors[i]));
	}
}

static void batch_answered(struct sync *sync, const struct api_message *message)
{
	const struct api_batch_ack *ack = message->payload;
	struct pending_batch *batch = sync->pending_first;

	if (batch == NULL || batch->sequence != message->header.sequence) {
		lost(sync, "it acknowledged a batch that was not sent");
		return;
	}
	sync->pending_first = batch->next;
	if (batch->next == NULL)
		sync->pending_last = NULL;
	if (ack->failed > 0)
		report_refusals(sync, &batch->items, (const int32_t *)(ack + 1), ack->count);
	free(batch);
	if (sync->phase == PHASE_PORTS && message->header.sequence == sync->awaited)
		ports_stated(sync);
}

static void startup_answered(struct sync *sync, const struct api_ack *ack)
{
	if (ack->error != 0)
		complain(sync, "startup", ack->text[0] ? ack->text : strerror(-ack->error));
	if (ack->error != 0 && ack->error != -EALREADY) {
		lost(sync, "it could not start");
		return;
	}
	send_ports(sync);
}

static void answered(struct sync *sync, const struct api_message *message)
{
	const struct api_ack *ack = message->payload;

	if (message->payload_length < sizeof(*ack)) {
		lost(sync, "an answer is too short");
		return;
	}
	if (ack->error != 0 && sync->phase != PHASE_STARTING)
		complain(sync, "request refused", ack->text[0] ? ack->text : strerror(-ack->error));
	if (message->header.sequence != sync->awaited)
		return;
	if (sync->phase == PHASE_STARTING)
		startup_answered(sync, ack);
	else if (sync->phase == PHASE_ENDING)
		snapshot_ended(sync);
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
		if (event->a < sync->ports.top) {
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
		batch_answered(sync, message);
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
	send_batch(sync);
	result = api_client_flush(sync->client);
	if (result < 0)
		lost(sync, strerror(-result));
	else if (result == 0)
		event_add(sync->write_event, NULL);
}

/* ---- connecting ---- */

static void adopt_name(struct table *table, uint32_t id, const char *name)
{
	if (table_claim(table, id, table_hash(0, name, strlen(name))))
		COPY_TEXT(((struct named *)table_at(table, id))->name, name);
}

static void adopt_port(const void *row, void *context)
{
	const struct api_port *port = row;

	adopt_name(&((struct sync *)context)->ports, port->id, port->name);
}

static void adopt_vrf(const void *row, void *context)
{
	const struct api_vrf *vrf = row;

	adopt_name(&((struct sync *)context)->vrfs, vrf->id, vrf->name);
}

static void adopt_interface(const void *row, void *context)
{
	const struct api_interface *interface = row;

	adopt_name(&((struct sync *)context)->interfaces, interface->id, interface->name);
}

static void adopt_adjacency(const void *row, void *context)
{
	adjacency_adopt(context, row);
}

static void adopt_group(const void *row, void *context)
{
	set_adopt(context, row);
}

/* A restarted control takes over the names and ids that the dataplane works with. */
static int adopt(struct sync *sync)
{
	static const struct {
		enum api_object object;
		void (*row)(const void *row, void *context);
	} kinds[] = {{API_PORT, adopt_port}, {API_VRF, adopt_vrf}, {API_INTERFACE, adopt_interface},
		{API_ADJACENCY, adopt_adjacency}, {API_GROUP, adopt_group}};

	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int error = api_client_dump(sync->client, kinds[i].object, 0, kinds[i].row, sync);
		if (error != 0)
			return error;
	}
	return 0;
}

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
		retry_in(sync->retry_event, RETRY_MS);
		return;
	}
	log_info("dataplane", "connected to process %u", hello.pid);
	if (hello.boot_id != sync->boot_id)
		forget_taps_given(sync);
	sync->boot_id = hello.boot_id;
	sync->phase = PHASE_ADOPTING;
	error = watch_socket(sync);
	if (error == 0 && !sync->adopted)
		error = adopt(sync);
	if (error != 0) {
		lost(sync, strerror(-error));
		return;
	}
	sync->adopted = true;
	sync->error[0] = '\0';
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
	retry_in(sync->retry_event, 0);
	return 0;
}

void session_close(struct sync *sync)
{
	drop_pending(sync);
	if (sync->client != NULL)
		close_socket(sync);
	event_drop(&sync->flush_event);
	event_drop(&sync->retry_event);
	event_drop(&sync->again_event);
}
