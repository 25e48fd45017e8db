/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The conversation with the dataplane: connect, adopt what it has, state everything (snapshot.c);
 * then items as they come. What goes wrong for good ends the connection, and the next one states
 * everything again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/log.h"
#include "control/sync/copy.h"
#include "control/sync/internal.h"

#define RETRY_LAST_MS 3000
#define ANSWER_TIMEOUT_MS 10000

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

void session_hold_ids(struct sync *sync, bool hold)
{
	table_hold_ids(&sync->adjacencies, hold);
	table_hold_ids(&sync->sets, hold);
	table_hold_ids(&sync->paths, hold);
}

void session_lost(struct sync *sync, const char *why)
{
	log_warning("dataplane", "connection lost (%s); it forwards on by itself if it lives", why);
	if (!sync->complained)
		snprintf(sync->error, sizeof(sync->error), "connection lost: %s", why);
	close_socket(sync);
	event_del(sync->flush_event);
	sync->flush_coming = false;
	event_del(sync->again_event);
	batches_drop(sync);
	session_hold_ids(sync, true);
	sync->broken = 0;
	sync->phase = PHASE_AWAY;
	retry_in(sync->retry_event, sync->retry_ms);
	sync->retry_ms = sync->retry_ms * 2 < RETRY_LAST_MS ? sync->retry_ms * 2 : RETRY_LAST_MS;
}

void session_flush_soon(struct sync *sync)
{
	if (sync->flush_coming)
		return;
	sync->flush_coming = true;
	event_active(sync->flush_event, EV_TIMEOUT, 1);
}

/* An event that makes itself active is run again before any socket is looked at; a timer is not. */
void session_flush_next_turn(struct sync *sync)
{
	sync->flush_coming = true;
	evtimer_add(sync->flush_event, &(struct timeval){0});
}

void session_break(struct sync *sync, int error)
{
	sync->broken = error;
	session_flush_soon(sync);
}

int64_t session_message(
	struct sync *sync, enum api_message_type type, const void *payload, size_t length)
{
	int64_t sequence = api_client_send(sync->client, type, payload, length, NULL, 0);

	if (sequence < 0)
		session_break(sync, (int)sequence);
	session_flush_soon(sync);
	return sequence;
}

/* ---- answers ---- */

static void startup_answered(struct sync *sync, const struct api_ack *ack)
{
	if (ack->error != 0)
		session_complain(sync, "startup", ack->text[0] ? ack->text : strerror(-ack->error));
	if (ack->error != 0 && ack->error != -EALREADY)
		session_lost(sync, sync->error);
	else
		snapshot_started(sync);
}

static void answered(struct sync *sync, const struct api_message *message)
{
	const struct api_ack *ack = message->payload;
	bool awaited = message->header.sequence == sync->awaited;

	if (message->payload_length < sizeof(*ack))
		session_lost(sync, "an answer is too short");
	else if (awaited && sync->phase == PHASE_STARTING)
		startup_answered(sync, ack);
	else if (ack->error != 0) {
		/* A batch or a part of the snapshot was refused as a whole: what the dataplane has
		 * is not known any more. */
		session_complain(
			sync, "request refused", ack->text[0] ? ack->text : strerror(-ack->error));
		session_lost(sync, sync->error);
	} else if (awaited && sync->phase == PHASE_ENDING)
		snapshot_ended(sync);
}

static void batch_done(struct sync *sync, const struct api_message *message)
{
	if (batch_answered(sync, message) != 0)
		session_lost(sync, "it acknowledged a batch that was not sent");
	else if (sync->phase == PHASE_PORTS && message->header.sequence == sync->awaited)
		snapshot_ports(sync);
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
	case API_EVENT_PATH:
		path_happened(sync, event);
		break;
	case API_EVENT_LINK_TEST:
		link_test_happened(sync, event);
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
		session_lost(sync, strerror(-result));
		return;
	}
	session_flush_soon(sync);
}

/* The end of a turn of the event loop: what was said in it goes out together. */
static void on_flush(evutil_socket_t fd, short what, void *context)
{
	struct sync *sync = context;
	int result;

	sync->flush_coming = false;
	if (sync->client == NULL)
		return;
	snapshot_pump(sync);
	batch_send(sync);
	if (sync->broken != 0) {
		session_lost(sync, strerror(-sync->broken));
		return;
	}
	result = api_client_flush(sync->client);
	if (result < 0)
		session_lost(sync, strerror(-result));
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
	else if (error == 0)
		error = adopt_liveness(sync);
	if (error != 0) {
		session_lost(sync, strerror(-error));
		return;
	}
	sync->adopted = true;
	if (sync_plan(sync) != NULL)
		snapshot_begin(sync);
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
