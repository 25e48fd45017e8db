/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hostile or broken peer of the API: arbitrary bytes and fds, and well-framed requests with
 * arbitrary content, against the session and the real tables. What the session answers must be
 * well framed, and never more than back-pressure allows.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/server/session.h"
#include "dataplane/server/session_capture.h"
#include "dataplane/server/state.h"
#include "dataplane/worker/reclaim.h"
#include "tests/unit/dataplane/server_devices.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                              \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)

struct input {
	const uint8_t *at;
	size_t left;
};

static uint8_t take_byte(struct input *input)
{
	if (input->left == 0)
		return 0;
	input->left--;
	return *input->at++;
}

/* Copies what there is; the rest is zero. */
static void take(struct input *input, void *to, size_t length)
{
	size_t n = length < input->left ? length : input->left;

	memset(to, 0, length);
	memcpy(to, input->at, n);
	input->at += n;
	input->left -= n;
}

static struct session *session;
static struct stream ours; /* frames what we send, reads what is answered */

static void give(const uint8_t *bytes, size_t length, unsigned int fd_count)
{
	int fds[8];

	for (unsigned int i = 0; i < fd_count; i++)
		REQUIRE((fds[i] = open("/dev/null", O_RDONLY)) >= 0);
	do {
		uint8_t *into;
		size_t room = stream_room(&session->stream, &into);
		size_t n = length < room ? length : room;

		memcpy(into, bytes, n);
		if (stream_feed(&session->stream, n, fds, fd_count) != 0)
			session->closing = true;
		fd_count = 0;
		bytes += n;
		length -= n;
		session_run(session);
		if (n == 0)
			return; /* it waits for us to read */
	} while (length > 0 && !session->closing);
}

static void request(uint32_t type, const void *payload, size_t length, unsigned int fd_count)
{
	struct stream_part parts[2] = {{payload, length}};
	const uint8_t *bytes;
	unsigned int count;
	int none[API_FDS_MAX];

	REQUIRE(stream_append(&ours, type, 1, parts, NULL, 0) == 0);
	length = stream_pending(&ours, &bytes, none, &count);
	((struct api_header *)(ours.out + ours.out_start))->fd_count = fd_count;
	give(bytes, length, fd_count);
	stream_sent(&ours, length);
}

static void read_answers(void)
{
	struct api_message message;
	int fds[API_FDS_MAX];
	const uint8_t *bytes;
	unsigned int count;
	size_t n;
	int rc;

	for (;;) {
		uint8_t *into;
		size_t room = stream_room(&ours, &into);

		session_run(session);
		n = stream_pending(&session->stream, &bytes, fds, &count);
		if (n == 0)
			break;
		REQUIRE(stream_unsent(&session->stream) <= SESSION_OUTPUT_HIGH + API_MESSAGE_MAX);
		n = n < room ? n : room;
		memcpy(into, bytes, n);
		for (unsigned int i = 0; i < count; i++)
			REQUIRE((fds[i] = dup(fds[i])) >= 0);
		REQUIRE(stream_feed(&ours, n, fds, count) == 0);
		stream_sent(&session->stream, n);
		while ((rc = stream_next(&ours, &message)) == 1)
			REQUIRE(message.header.type >= API_ACK || message.header.type == API_HELLO);
		REQUIRE(rc == 0);
	}
	REQUIRE(session->closing || session_wants_input(session));
}

static void connect_as(uint32_t role)
{
	struct api_hello hello = {.magic = API_MAGIC, .version = API_VERSION, .role = role};

	REQUIRE((session = session_open()) != NULL && stream_init(&ours) == 0);
	request(API_HELLO, &hello, sizeof(hello), 0);
}

static void disconnect(void)
{
	session_close(session);
	stream_fini(&ours);
}

/* Small ids, so that items meet each other; otherwise what the input says. */
static void tame(uint8_t object, void *payload)
{
	uint32_t *id = payload;
	struct api_route *route = payload;
	struct api_interface *interface = payload;

	*id %= 40;
	switch (object) {
	case API_PORT:
		((struct api_port *)payload)->mtu = 1500;
		break;
	case API_INTERFACE:
		interface->port %= 4;
		interface->vrf %= 8;
		interface->mtu = 1280 + interface->mtu % 256;
		interface->policer_in %= 40;
		interface->policer_out %= 40;
		break;
	case API_POLICER:
		((struct api_policer *)payload)->overhead_bytes %= 32;
		((struct api_policer *)payload)->rate_bps %= 2000000000;
		((struct api_policer *)payload)->burst_bytes %= 1000000;
		break;
	case API_ADJACENCY:
		((struct api_adjacency *)payload)->interface %= 40;
		((struct api_adjacency *)payload)->path %= 40;
		break;
	case API_PATH:
		((struct api_path *)payload)->interface %= 40;
		((struct api_path *)payload)->down_wanted &= API_PATH_DRAIN | API_PATH_ADMIN;
		break;
	case API_GROUP:
		id[1] %= API_GROUP_MEMBERS_MAX + 2;
		for (int i = 0; i < 16; i++)
			id[2 + i] %= 40;
		break;
	case API_ROUTE:
		route->vrf %= 8;
		route->group %= 40;
		route->family = route->family & 1 ? AF_INET6 : AF_INET;
		route->prefix_len %= route->family == AF_INET ? 33 : 129;
		for (unsigned int bit = route->prefix_len; bit < 128; bit++)
			route->address[bit / 8] &= ~(0x80u >> bit % 8);
		break;
	}
}

static void batch(struct input *input, bool tamed)
{
	static struct api_batch items;
	unsigned int count = take_byte(input) % 32, taps = 0;
	uint8_t odd = take_byte(input);

	items.count = 0;
	items.length = 0;
	for (unsigned int i = 0; i < count; i++) {
		uint8_t object = 1 + take_byte(input) % API_ITEM_LAST;
		uint8_t operation = 1 + take_byte(input) % 4 / 3;
		uint64_t payload[64];

		take(input, payload, api_item_size(object));
		if (tamed)
			tame(object, payload);
		if (object == API_INTERFACE && operation == API_UPSERT && taps == 8)
			((struct api_interface *)payload)->has_tap = 0;
		taps += object == API_INTERFACE && operation == API_UPSERT &&
			((struct api_interface *)payload)->has_tap;
		api_batch_add(&items, object, operation, payload);
	}
	/* Now and then the wrong number of fds, or a byte changed. */
	if (odd == 1 && taps < 8)
		taps++;
	if (odd == 2 && items.length > 0)
		items.bytes[odd * 7919u % items.length] ^= take_byte(input);
	request(API_BATCH, items.bytes, items.length, taps);
}

static void arbitrary(struct input *input)
{
	uint8_t bytes[512];
	size_t length = take_byte(input) * 2u;

	take(input, bytes, length);
	give(bytes, length, take_byte(input) % 4);
}

/* Of whatever is called so, mostly all; the requests that follow change what is watched. */
static void capture(struct input *input)
{
	struct api_capture request_of = {.address = {0}};

	take(input, &request_of, sizeof(request_of));
	if (take_byte(input) % 4 != 0)
		request_of.address[0] = '\0';
	request_of.packets %= 2 * API_CAPTURE_PACKETS_MAX;
	request_of.seconds %= 2 * API_CAPTURE_S_MAX;
	request_of.snap_bytes %= 2 * API_CAPTURE_SNAP_MAX;
	request(API_CAPTURE, &request_of, sizeof(request_of), 0);
	session_capture_run(session);
}

static void act(struct input *input)
{
	uint8_t payload[600] = {0}, address[16] = {0};
	uint8_t what = take_byte(input) % 13, type;
	struct api_dump dump;

	if (session->closing)
		what = 8;
	switch (what) {
	case 0:
		arbitrary(input);
		break;
	case 1:
		type = take_byte(input) % (API_EVENT + 2);
		take(input, payload, 64);
		request(type, payload, take_byte(input) * 2u, take_byte(input) % 4);
		break;
	case 2:
		batch(input, false);
		break;
	case 3:
	case 4:
	case 5:
		batch(input, true);
		break;
	case 6:
		request(API_SNAPSHOT_BEGIN, NULL, 0, 0);
		break;
	case 7:
		request(API_SNAPSHOT_END, NULL, 0, 0);
		break;
	case 8:
		disconnect();
		connect_as(take_byte(input) % 8 == 0 ? API_ROLE_READER : API_ROLE_WRITER);
		break;
	case 9:
		dump.object = take_byte(input) % (API_MEMORY + 2);
		dump.vrf = take_byte(input) % 8;
		request(API_DUMP, &dump, sizeof(dump), 0);
		break;
	case 10:
		read_answers();
		break;
	case 11:
		session_port_link(session, take_byte(input), true);
		session_neighbour(session, 1, take_byte(input), address);
		break;
	case 12:
		capture(input);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct api_startup startup = {.worker_count = 1};

	REQUIRE(server_state_init() == 0);
	connect_as(API_ROLE_WRITER);
	if (take_byte(&input) != 0)
		request(API_STARTUP, &startup, sizeof(startup), 0);
	while (input.left > 0) {
		act(&input);
		reclaim_run();
	}
	read_answers();
	disconnect();
	REQUIRE(server_state.writer == NULL);
	devices_reset();
	return 0;
}
