/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may say what when, and everything malformed. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "dataplane/server/session_capture.h"
#include "dataplane/server/state.h"
#include "tests/unit/dataplane/server_fakes.h"
#include "tests/unit/dataplane/server_peer.h"

static int setup(void **state)
{
	fakes_reset();
	return server_state_init();
}

static struct api_hello say_hello(struct peer *peer, struct api_hello hello)
{
	const struct api_message *message;

	peer_send(peer, API_HELLO, &hello, sizeof(hello), NULL, 0);
	message = peer_receive(peer);
	assert_non_null(message);
	assert_int_equal(message->header.type, API_HELLO);
	memcpy(&hello, message->payload, sizeof(hello));
	return hello;
}

static void hello_is_checked(void **state)
{
	static const struct api_hello wrong[] = {
		{.magic = API_MAGIC, .version = API_VERSION + 1},
		{.magic = 0x12345678, .version = API_VERSION},
		{.magic = API_MAGIC, .version = API_VERSION, .role = API_ROLE_WRITER + 1},
	};

	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct peer peer;
		struct api_hello answer;

		peer_open(&peer);
		answer = say_hello(&peer, wrong[i]);
		assert_int_equal(answer.error, -EPROTO);
		assert_int_equal(answer.version, API_VERSION);
		assert_true(peer.session->closing);
		peer_close(&peer);
	}
}

static void hello_comes_first_and_once(void **state)
{
	struct api_hello hello = {.magic = API_MAGIC, .version = API_VERSION};
	struct api_dump dump = {.object = API_VRF};
	struct peer peer;

	peer_open(&peer);
	assert_int_equal(
		peer_ask(&peer, API_DUMP, &dump, sizeof(dump), API_DUMP_END).error, -EPROTO);
	assert_true(peer.session->closing);
	peer_close(&peer);

	peer_open(&peer);
	peer_hello(&peer, API_ROLE_READER);
	assert_int_equal(peer_ask(&peer, API_HELLO, &hello, sizeof(hello), API_ACK).error, -EPROTO);
	peer_close(&peer);
}

static void one_writer(void **state)
{
	struct api_hello writer = {
		.magic = API_MAGIC, .version = API_VERSION, .role = API_ROLE_WRITER};
	struct peer first, second, reader;

	peer_open(&first);
	peer_hello(&first, API_ROLE_WRITER);
	peer_open(&second);
	assert_int_equal(say_hello(&second, writer).error, -EBUSY);
	assert_true(second.session->closing);
	peer_close(&second);
	/* The refused one took nothing away. */
	assert_ptr_equal(server_state.writer, first.session);
	peer_open(&reader);
	peer_hello(&reader, API_ROLE_READER);
	peer_close(&reader);
	assert_ptr_equal(server_state.writer, first.session);
	peer_close(&first);
	peer_open(&second);
	peer_hello(&second, API_ROLE_WRITER);
	peer_close(&second);
}

/* Each type with a payload one byte short, one byte long, and far too long. */
static void wrong_payload_lengths(void **state)
{
	static const struct {
		enum api_message_type type, answer;
		size_t right;
	} requests[] = {
		{API_STARTUP, API_ACK, sizeof(struct api_startup)},
		{API_SNAPSHOT_BEGIN, API_ACK, 0},
		{API_SNAPSHOT_END, API_ACK, 0},
		{API_DUMP, API_DUMP_END, sizeof(struct api_dump)},
		{API_TAP_GET, API_TAP_FD, sizeof(struct api_tap_get)},
	};
	static const uint8_t zeroes[70000];
	struct peer peer;

	peer_open_writer(&peer);
	for (unsigned int i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		size_t lengths[] = {requests[i].right + 1, 70000, requests[i].right - 1};

		for (int j = 0; j < 3; j++) {
			if (lengths[j] > sizeof(zeroes))
				continue; /* nothing is shorter than nothing */
			assert_int_equal(peer_ask(&peer, requests[i].type, zeroes, lengths[j],
						 requests[i].answer)
						 .error,
				-EPROTO);
			assert_false(peer.session->closing);
		}
	}
	assert_int_equal(fakes.startups, 1);
	assert_int_equal(fakes.call_count, 0);
	peer_close(&peer);

	peer_open(&peer);
	assert_int_equal(
		peer_ask(&peer, API_HELLO, zeroes, sizeof(struct api_hello) - 1, API_ACK).error,
		-EPROTO);
	assert_true(peer.session->closing);
	peer_close(&peer);
}

static void unknown_types(void **state)
{
	static const uint32_t types[] = {0, API_ACK, API_BATCH_ACK, API_ROWS, API_EVENT,
		API_EVENT + 1, 0x80000000u, UINT32_MAX};
	struct peer peer;

	peer_open_writer(&peer);
	for (unsigned int i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		assert_int_equal(peer_ask(&peer, types[i], NULL, 0, API_ACK).error, -EPROTO);
	peer_close(&peer);
}

static void broken_framing_ends_the_connection(void **state)
{
	static const uint32_t lengths[] = {0, 15, API_MESSAGE_MAX + 1, UINT32_MAX};

	for (unsigned int i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct api_header header = {.length = lengths[i], .type = API_DUMP, .sequence = 77};
		const struct api_message *message;
		struct peer peer;

		peer_open(&peer);
		peer_hello(&peer, API_ROLE_WRITER);
		peer_raw(&peer, &header, sizeof(header), NULL, 0);
		message = peer_receive(&peer);
		assert_non_null(message);
		assert_int_equal(message->header.type, API_ACK);
		assert_int_equal(message->header.sequence, 77);
		assert_int_equal(((const struct api_ack *)message->payload)->error, -EPROTO);
		assert_true(peer.session->closing);
		assert_null(peer_receive(&peer));
		peer_close(&peer);
		assert_null(server_state.writer);
	}
}

static void readers_only_dump(void **state)
{
	static const struct {
		enum api_message_type type, answer;
		size_t length;
	} requests[] = {
		{API_STARTUP, API_ACK, sizeof(struct api_startup)},
		{API_BATCH, API_ACK, 0},
		{API_SNAPSHOT_BEGIN, API_ACK, 0},
		{API_SNAPSHOT_END, API_ACK, 0},
		{API_TAP_GET, API_TAP_FD, sizeof(struct api_tap_get)},
	};
	static const struct api_startup zeroes;
	struct api_dump dump = {.object = API_WORKER};
	struct peer writer, reader;

	peer_open_writer(&writer);
	peer_open(&reader);
	peer_hello(&reader, API_ROLE_READER);
	for (unsigned int i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		assert_int_equal(peer_ask(&reader, requests[i].type, &zeroes, requests[i].length,
					 requests[i].answer)
					 .error,
			-EPERM);
	assert_int_equal(fakes.call_count, 0);
	assert_int_equal(fakes.startups, 1);
	peer_send(&reader, API_DUMP, &dump, sizeof(dump), NULL, 0);
	assert_int_equal(peer_receive(&reader)->header.type, API_ROWS);
	peer_close(&reader);
	peer_close(&writer);
}

static void nothing_before_startup(void **state)
{
	struct api_tap_get tap = {.interface = 1};
	struct api_batch batch = {0};
	struct api_vrf vrf = {.id = 1};
	struct api_ack ack;
	struct peer peer;

	peer_open(&peer);
	peer_hello(&peer, API_ROLE_WRITER);
	api_batch_add(&batch, API_VRF, API_UPSERT, &vrf);
	ack = peer_ask(&peer, API_BATCH, batch.bytes, batch.length, API_ACK);
	assert_int_equal(ack.error, -ENOTCONN);
	ack = peer_ask(&peer, API_SNAPSHOT_BEGIN, NULL, 0, API_ACK);
	assert_int_equal(ack.error, -ENOTCONN);
	ack = peer_ask(&peer, API_SNAPSHOT_END, NULL, 0, API_ACK);
	assert_int_equal(ack.error, -ENOTCONN);
	ack = peer_ask(&peer, API_TAP_GET, &tap, sizeof(tap), API_TAP_FD);
	assert_int_equal(ack.error, -ENOTCONN);
	assert_int_equal(fakes_count(API_VRF), 0);
	assert_int_equal(fakes.call_count, 0);
	/* Dumps are empty, not refused: a reader need not know. */
	for (uint32_t object = API_PORT; object <= API_MEMORY; object++) {
		struct api_dump dump = {.object = object};

		ack = peer_ask(&peer, API_DUMP, &dump, sizeof(dump), API_DUMP_END);
		assert_int_equal(ack.error, 0);
		assert_int_equal(ack.count, 0);
	}
	peer_close(&peer);
}

static void startup_once(void **state)
{
	struct api_startup startup = {.worker_count = 2, .worker_cpus = {2, 3}, .memory_mb = 512};
	struct api_ack ack;
	struct peer peer;

	peer_open(&peer);
	peer_hello(&peer, API_ROLE_WRITER);
	startup.worker_count = API_CPUS_MAX + 1;
	assert_int_equal(
		peer_ask(&peer, API_STARTUP, &startup, sizeof(startup), API_ACK).error, -EINVAL);
	startup.worker_count = 0;
	assert_int_equal(
		peer_ask(&peer, API_STARTUP, &startup, sizeof(startup), API_ACK).error, -EINVAL);
	startup.worker_count = 2;
	memset(startup.bfdd_socket, 'x', sizeof(startup.bfdd_socket));
	assert_int_equal(
		peer_ask(&peer, API_STARTUP, &startup, sizeof(startup), API_ACK).error, -EINVAL);
	assert_int_equal(fakes.startups, 0);
	memset(startup.bfdd_socket, 0, sizeof(startup.bfdd_socket));
	/* A failure is said in startup's own words and leaves the state as it was. */
	fakes.startup_error = -ENOMEM;
	ack = peer_ask(&peer, API_STARTUP, &startup, sizeof(startup), API_ACK);
	assert_int_equal(ack.error, -ENOMEM);
	assert_non_null(strstr(ack.text, "hugepages"));
	assert_int_equal(server_state.state, API_STATE_EMPTY);
	fakes.startup_error = 0;
	ack = peer_ask(&peer, API_STARTUP, &startup, sizeof(startup), API_ACK);
	assert_int_equal(ack.error, 0);
	assert_int_equal(server_state.state, API_STATE_LOADING);
	assert_int_equal(fakes.startups, 2);
	ack = peer_ask(&peer, API_STARTUP, &startup, sizeof(startup), API_ACK);
	assert_int_equal(ack.error, 0);
	startup.worker_cpus[1] = 4;
	ack = peer_ask(&peer, API_STARTUP, &startup, sizeof(startup), API_ACK);
	assert_int_equal(ack.error, -EALREADY);
	assert_int_equal(fakes.startups, 2);
	peer_close(&peer);
}

static void events_reach_the_writer(void **state)
{
	uint8_t v4[4] = {192, 0, 2, 1};
	uint8_t v6[16] = {0xfe, 0x80, [15] = 1};
	const struct api_event *event;
	const struct api_message *message;
	struct peer peer;

	peer_open_writer(&peer);
	session_port_link(peer.session, 3, true);
	session_port_link(peer.session, 4, true);
	session_port_link(peer.session, 3, false); /* the last word counts */
	session_neighbour(peer.session, 9, AF_INET, v4);
	session_neighbour(peer.session, 10, AF_INET6, v6);

	event = (message = peer_receive(&peer))->payload;
	assert_int_equal(message->header.type, API_EVENT);
	assert_int_equal(message->header.sequence, 0);
	assert_int_equal(event->type, API_EVENT_NEIGHBOUR_NEEDED);
	assert_int_equal(event->a, 9);
	assert_int_equal(event->b, AF_INET);
	assert_memory_equal(event->address, v4, 4);
	event = peer_receive(&peer)->payload;
	assert_int_equal(event->a, 10);
	assert_memory_equal(event->address, v6, 16);
	event = peer_receive(&peer)->payload;
	assert_int_equal(event->type, API_EVENT_PORT_LINK);
	assert_int_equal(event->a, 3);
	assert_int_equal(event->b, 0);
	event = peer_receive(&peer)->payload;
	assert_int_equal(event->a, 4);
	assert_int_equal(event->b, 1);
	assert_null(peer_receive(&peer));
	peer_close(&peer);
}

static int start_capture(struct peer *peer, const char *address)
{
	struct api_capture request = {.packets = 1000, .seconds = 1, .snap_bytes = 64};

	strcpy(request.address, address);
	return peer_ask(peer, API_CAPTURE, &request, sizeof(request), API_ACK).error;
}

static void expect_capture(struct peer *peer, enum api_message_type type, size_t length)
{
	const struct api_message *message = peer_receive(peer);

	assert_non_null(message);
	assert_int_equal(message->header.type, type);
	assert_int_equal(message->payload_length, length);
}

/* A reader may; it is told of links and packets, and at the end of counts. */
static void captures_are_told(void **state)
{
	struct peer writer, peer;

	peer_open_writer(&writer);
	peer_open(&peer);
	peer_hello(&peer, API_ROLE_READER);
	assert_false(session_capture_run(peer.session));
	assert_int_equal(start_capture(&peer, "nobody"), -ENOENT);
	assert_int_equal(start_capture(&peer, "acme"), 0);
	assert_int_equal(start_capture(&writer, "acme"), -EBUSY);
	fakes.captured = 2;
	assert_true(session_capture_run(peer.session));
	expect_capture(&peer, API_CAPTURE_LINK, sizeof(struct api_capture_link));
	expect_capture(&peer, API_CAPTURED, sizeof(struct api_captured) + FAKE_FRAME_BYTES);
	assert_null(peer_receive(&peer));
	/* Another connection cannot end it. */
	peer_send(&writer, API_CAPTURE_STOP, NULL, 0, NULL, 0);
	assert_int_equal(fakes.capture, FAKE_CAPTURE_RUNS);
	peer_send(&peer, API_CAPTURE_STOP, NULL, 0, NULL, 0);
	fakes.captured = 1;
	assert_true(session_capture_run(peer.session));
	expect_capture(&peer, API_CAPTURED, sizeof(struct api_captured) + FAKE_FRAME_BYTES);
	expect_capture(&peer, API_CAPTURE_COUNT, sizeof(struct api_capture_count));
	expect_capture(&peer, API_CAPTURE_END, 0);
	assert_false(session_capture_run(peer.session));
	assert_int_equal(start_capture(&peer, "acme"), 0);
	peer_close(&peer);
	assert_int_equal(fakes.capture, FAKE_CAPTURE_NONE);
	peer_close(&writer);
}

/* Who does not read costs a bounded amount of memory, and is left once that is of no use. */
static void captures_wait_for_readers(void **state)
{
	struct peer writer, peer;

	peer_open_writer(&writer);
	peer_open(&peer);
	peer_hello(&peer, API_ROLE_READER);
	assert_int_equal(start_capture(&peer, "acme"), 0);
	fakes.captured = 10000;
	for (unsigned int i = 0; i < 10; i++)
		assert_true(session_capture_run(peer.session));
	assert_in_range(fakes.captured, 7000, 8500);
	assert_in_range(stream_unsent(&peer.session->stream), SESSION_OUTPUT_HIGH,
		SESSION_OUTPUT_HIGH + 2048);
	peer_send(&peer, API_CAPTURE_STOP, NULL, 0, NULL, 0);
	session_capture_close(peer.session);
	assert_true(session_capture_run(peer.session));
	assert_false(peer.session->closing);
	fakes.capture_over_us = 11000000;
	assert_true(session_capture_run(peer.session));
	assert_true(peer.session->closing);
	peer_close(&peer);
	peer_close(&writer);
}

static void news_of_paths_and_tests_reach_the_writer(void **state)
{
	const struct api_path path = {.id = 7,
		.family = AF_INET,
		.address = {192, 0, 2, 1},
		.down = API_PATH_BFD | API_PATH_DRAIN,
		.last_cause = API_PATH_BFD};
	const struct api_event *event;
	struct peer peer;

	peer_open_writer(&peer);
	session_path(peer.session, &path, 1234);
	session_link_test(peer.session, 5, true);
	session_link_test(peer.session, 5, false);
	event = peer_receive(&peer)->payload;
	assert_int_equal(event->type, API_EVENT_PATH);
	assert_int_equal(event->a, 7);
	assert_int_equal(event->b, (API_PATH_BFD | API_PATH_DRAIN) | API_PATH_BFD << 8);
	assert_int_equal(event->c, 1234);
	assert_memory_equal(event->address, path.address, 16);
	for (uint32_t began = 2; began-- > 0;) {
		event = peer_receive(&peer)->payload;
		assert_int_equal(event->type, API_EVENT_LINK_TEST);
		assert_int_equal(event->a, 5);
		assert_int_equal(event->b, began);
	}
	assert_null(peer_receive(&peer));
	peer_close(&peer);
}

static void tap_is_given_back(void **state)
{
	struct api_interface interface = {.id = 5, .vrf = 1, .has_tap = 1};
	struct api_tap_get get = {.interface = 5};
	const struct api_message *message;
	struct api_batch batch = {0};
	struct peer peer;
	int ends[2];

	peer_open_writer(&peer);
	assert_int_equal(pipe(ends), 0);
	api_batch_add(&batch, API_INTERFACE, API_UPSERT, &interface);
	assert_int_equal(peer_batch(&peer, &batch, &ends[1], 1)[0], 0);
	close(ends[1]);

	peer_send(&peer, API_TAP_GET, &get, sizeof(get), NULL, 0);
	message = peer_receive(&peer);
	assert_int_equal(message->header.type, API_TAP_FD);
	assert_int_equal(((const struct api_ack *)message->payload)->error, 0);
	assert_int_equal(message->fd_count, 1);
	/* It is the same pipe. */
	assert_int_equal(write(message->fds[0], "x", 1), 1);
	assert_int_equal(read(ends[0], (char[1]){0}, 1), 1);
	get.interface = 6;
	assert_int_equal(
		peer_ask(&peer, API_TAP_GET, &get, sizeof(get), API_TAP_FD).error, -ENOENT);
	get.interface = API_INTERFACES_MAX;
	assert_int_equal(
		peer_ask(&peer, API_TAP_GET, &get, sizeof(get), API_TAP_FD).error, -EINVAL);
	close(ends[0]);
	peer_close(&peer);
}

/* To readers too; what cannot be explained is said in words. */
static void packets_are_explained(void **state)
{
	struct api_explain request = {.port = 1, .frame_bytes = 60, .head = {5}};
	const struct api_message *message;
	struct peer peer;
	struct api_ack ack;

	peer_open_writer(&peer); /* and the tables are there */
	peer_send(&peer, API_EXPLAIN, &request, sizeof(request), NULL, 0);
	message = peer_receive(&peer);
	assert_int_equal(message->header.type, API_EXPLANATION);
	assert_int_equal(message->payload_length, sizeof(struct api_explanation));
	assert_int_equal(((const struct api_explanation *)message->payload)->interface, 5);
	request.port = 2;
	ack = peer_ask(&peer, API_EXPLAIN, &request, sizeof(request), API_ACK);
	assert_int_equal(ack.error, -ENOENT);
	assert_non_null(strstr(ack.text, "port 2"));
	request.frame_bytes = API_EXPLAIN_BYTES_MAX + 1;
	ack = peer_ask(&peer, API_EXPLAIN, &request, sizeof(request), API_ACK);
	assert_int_equal(ack.error, -EINVAL);
	assert_non_null(strstr(ack.text, "16385"));
	peer_close(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(hello_is_checked, setup),
		cmocka_unit_test_setup(hello_comes_first_and_once, setup),
		cmocka_unit_test_setup(one_writer, setup),
		cmocka_unit_test_setup(wrong_payload_lengths, setup),
		cmocka_unit_test_setup(unknown_types, setup),
		cmocka_unit_test_setup(broken_framing_ends_the_connection, setup),
		cmocka_unit_test_setup(readers_only_dump, setup),
		cmocka_unit_test_setup(nothing_before_startup, setup),
		cmocka_unit_test_setup(startup_once, setup),
		cmocka_unit_test_setup(events_reach_the_writer, setup),
		cmocka_unit_test_setup(captures_are_told, setup),
		cmocka_unit_test_setup(captures_wait_for_readers, setup),
		cmocka_unit_test_setup(news_of_paths_and_tests_reach_the_writer, setup),
		cmocka_unit_test_setup(tap_is_given_back, setup),
		cmocka_unit_test_setup(packets_are_explained, setup),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	fakes_reset();
	return failed;
}
