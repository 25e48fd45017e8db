/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/usage/sampler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/log.h"
#include "control/server/views.h"
#include "control/usage/availability.h"
#include "dataplane/api/client.h"
#include "dataplane/api/clock.h"

/* bgpd that has not answered by then is not waited for. */
#define PATIENCE_US UINT64_C(10000000)

/* The look that is on its way. Its questions to bgpd may outlive the sampler. */
struct glance {
	struct sampler *sampler; /* NULL: it is gone, or waits no longer */
	struct bgp_answers bgp;
	unsigned int asked;
};

struct sampler {
	struct event_base *base;
	const char *run_dir;
	unsigned int interval_s;
	struct sync *sync;
	struct history *history;
	struct event *timer, *readable;
	struct api_client *client; /* NULL: away */
	bool dumping;
	struct glance *glance; /* bgpd is being asked; NULL: it is not */
	struct history_look look;
	struct history_link *links;
	size_t capacity;
	bool no_memory;
};

static void start_asking(struct sampler *sampler);

/* ---- the dataplane ---- */

static void disconnect(struct sampler *sampler)
{
	if (sampler->readable != NULL)
		event_free(sampler->readable);
	api_client_close(sampler->client);
	sampler->readable = NULL;
	sampler->client = NULL;
	sampler->dumping = false;
}

static struct history_link *new_link(struct sampler *sampler)
{
	if (sampler->look.count == sampler->capacity) {
		size_t capacity = sampler->capacity == 0 ? 64 : sampler->capacity * 2;
		struct history_link *links = reallocarray(sampler->links, capacity, sizeof(*links));

		if (links == NULL)
			return NULL;
		sampler->links = links;
		sampler->capacity = capacity;
	}
	return &sampler->links[sampler->look.count++];
}

static void take_row(struct sampler *sampler, const struct api_interface_counters *row)
{
	const struct api_ledger *ledger = &row->ledger;
	struct history_link *link;

	if (row->interface == 0)
		return; /* a port's: nobody's traffic */
	link = new_link(sampler);
	sampler->no_memory |= link == NULL;
	if (link == NULL)
		return;
	*link = (struct history_link){.life = row->life};
	memcpy(link->name, row->name, sizeof(link->name));
	link->name[sizeof(link->name) - 1] = '\0';
	snprintf(link->circuit, sizeof(link->circuit), "%.*s", NAME_MAX_LENGTH, row->circuit);
	memcpy(link->peaks, row->peaks, sizeof(link->peaks));
	link->counters[RECORD_IN_BYTES] = (int64_t)ledger->rx_bytes;
	link->counters[RECORD_OUT_BYTES] = (int64_t)ledger->tx_bytes;
	link->counters[RECORD_DROPPED_IN_BYTES] = (int64_t)ledger->dropped_bytes[API_DROP_IN];
	link->counters[RECORD_DROPPED_OUT_BYTES] = (int64_t)ledger->dropped_bytes[API_DROP_OUT];
	for (unsigned int i = 0; i < API_DROP_COUNT; i++)
		link->counters[RECORD_DROPPED_PACKETS] += (int64_t)ledger->drops[i];
}

static int take_rows(struct sampler *sampler, const struct api_message *message)
{
	const struct api_rows *rows = message->payload;
	const struct api_interface_counters *row = (const void *)(rows + 1);

	if (message->payload_length < sizeof(*rows) || rows->object != API_INTERFACE_COUNTERS ||
		rows->row_length != sizeof(*row) ||
		rows->count > (message->payload_length - sizeof(*rows)) / sizeof(*row))
		return -EPROTO;
	for (uint32_t i = 0; i < rows->count; i++)
		take_row(sampler, &row[i]);
	return 0;
}

static int take_end(struct sampler *sampler, const struct api_message *message)
{
	const struct api_ack *ack = message->payload;

	if (message->payload_length < sizeof(*ack))
		return -EPROTO;
	sampler->dumping = false;
	if (ack->error != 0)
		return ack->error;
	sampler->look.at = time(NULL);
	sampler->look.at_us = monotonic_us();
	if (!sampler->no_memory)
		start_asking(sampler);
	return 0;
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct sampler *sampler = context;
	struct api_message message;
	int result;

	while ((result = api_client_receive(sampler->client, &message)) > 0) {
		if (!sampler->dumping)
			continue;
		if (message.header.type == API_ROWS)
			result = take_rows(sampler, &message);
		else if (message.header.type == API_DUMP_END)
			result = take_end(sampler, &message);
		if (result < 0)
			break;
	}
	/* The next look connects again. */
	if (result < 0)
		disconnect(sampler);
}

static int connect_dataplane(struct sampler *sampler)
{
	struct api_hello hello;

	sampler->client = api_client_open(sampler->run_dir, API_ROLE_READER, &hello);
	if (sampler->client == NULL)
		return -errno;
	sampler->look.boot_id = hello.boot_id;
	sampler->readable = event_new(sampler->base, api_client_fd(sampler->client),
		EV_READ | EV_PERSIST, on_readable, sampler);
	return sampler->readable != NULL && event_add(sampler->readable, NULL) == 0 ? 0 : -ENOMEM;
}

static int ask_dataplane(struct sampler *sampler)
{
	const struct api_dump request = {.object = API_INTERFACE_COUNTERS};
	int64_t sequence;
	int error = sampler->client == NULL ? connect_dataplane(sampler) : 0;

	if (error != 0)
		return error;
	sampler->look.count = 0;
	sampler->no_memory = false;
	sequence = api_client_send(sampler->client, API_DUMP, &request, sizeof(request), NULL, 0);
	if (sequence < 0)
		return (int)sequence;
	/* A few bytes on a connection that has nothing else under way. */
	error = api_client_flush(sampler->client);
	sampler->dumping = error == 1;
	return error == 1 ? 0 : error < 0 ? error : -EAGAIN;
}

/* ---- bgpd ---- */

static void glance_free(struct glance *glance)
{
	for (unsigned int i = 0; i < BGP_ANSWERS; i++)
		json_decref(glance->bgp.answers[i]);
	free(glance);
}

/* bgp: NULL: bgpd did not say. */
static void finish(struct sampler *sampler, const struct bgp_answers *bgp)
{
	sampler->glance = NULL;
	availability_of_links(sampler->links, sampler->look.count, sampler->sync, bgp);
	sampler->look.links = sampler->links;
	history_record(sampler->history, &sampler->look);
}

static bool ask_bgpd(struct glance *glance);

static void answered(void *context, json_t *answer)
{
	struct glance *glance = context;

	if (glance->sampler == NULL) {
		glance_free(glance);
		return;
	}
	glance->bgp.answers[glance->asked++] = json_incref(answer);
	if (answer == NULL || !ask_bgpd(glance)) {
		finish(glance->sampler, &glance->bgp);
		glance_free(glance);
	}
}

/* Both families' summaries. false: they are there, or bgpd is away. */
static bool ask_bgpd(struct glance *glance)
{
	static const enum bgp_answer wanted[] = {BGP_SUMMARY4, BGP_SUMMARY6};

	return glance->asked < sizeof(wanted) / sizeof(wanted[0]) &&
	       frr_query(sync_frr(glance->sampler->sync), views_bgp_command(wanted[glance->asked]),
		       answered, glance) == 0;
}

static void start_asking(struct sampler *sampler)
{
	struct glance *glance = calloc(1, sizeof(*glance));

	if (glance == NULL)
		return;
	glance->sampler = sampler;
	sampler->glance = glance;
	if (!ask_bgpd(glance)) {
		finish(sampler, &glance->bgp);
		glance_free(glance);
	}
}

static void stop_waiting(struct sampler *sampler)
{
	sampler->glance->sampler = NULL;
	finish(sampler, NULL);
}

/* ---- time ---- */

/* To the next multiple of the interval, so that looks fall on the ends of minutes and hours. */
static void wait_for_next(struct sampler *sampler)
{
	uint64_t interval_us = UINT64_C(1000000) * sampler->interval_s, wait_us;
	struct timespec now;
	struct timeval delay;

	clock_gettime(CLOCK_REALTIME, &now);
	wait_us = interval_us -
		  ((uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000) % interval_us;
	delay = (struct timeval){(time_t)(wait_us / 1000000), (suseconds_t)(wait_us % 1000000)};
	evtimer_add(sampler->timer, &delay);
}

static void on_time(evutil_socket_t fd, short what, void *context)
{
	struct sampler *sampler = context;

	if (sampler->glance != NULL && monotonic_us() - sampler->look.at_us > PATIENCE_US)
		stop_waiting(sampler);
	/* Who is not done yet has this look's time too. */
	if (!sampler->dumping && sampler->glance == NULL && ask_dataplane(sampler) != 0)
		disconnect(sampler);
	wait_for_next(sampler);
}

struct sampler *sampler_open(struct event_base *base, const struct sampler_options *options,
	struct sync *sync, struct history *history)
{
	struct sampler *sampler = calloc(1, sizeof(*sampler));

	if (sampler == NULL)
		return NULL;
	*sampler = (struct sampler){.base = base,
		.run_dir = options->run_dir,
		.interval_s = options->interval_s,
		.sync = sync,
		.history = history};
	sampler->timer = evtimer_new(base, on_time, sampler);
	if (sampler->timer == NULL) {
		free(sampler);
		return NULL;
	}
	wait_for_next(sampler);
	return sampler;
}

void sampler_close(struct sampler *sampler)
{
	if (sampler == NULL)
		return;
	if (sampler->glance != NULL)
		sampler->glance->sampler = NULL;
	disconnect(sampler);
	event_free(sampler->timer);
	free(sampler->links);
	free(sampler);
}
