/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "dataplane/api/stream.h"

/* A pipe of which one end is to be passed: the other end tells when all its copies are closed. */
struct probe {
	int kept, passed;
};

static struct probe probe_open(void)
{
	struct probe probe;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	probe.kept = ends[0];
	probe.passed = ends[1];
	return probe;
}

static bool probe_closed(const struct probe *probe)
{
	struct pollfd poll_fd = {.fd = probe->kept, .events = POLLIN};

	return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & POLLHUP);
}

static void feed(struct stream *stream, const void *bytes, size_t length, const int *fds,
	unsigned int fd_count)
{
	uint8_t *into;

	assert_true(stream_room(stream, &into) >= length);
	memcpy(into, bytes, length);
	assert_int_equal(stream_feed(stream, length, fds, fd_count), 0);
}

static void append(struct stream *stream, uint32_t sequence, const void *bytes, size_t length,
	const int *fds, unsigned int fd_count)
{
	struct stream_part parts[2] = {
		{bytes, length / 2}, {(const uint8_t *)bytes + length / 2, length - length / 2}};

	assert_int_equal(stream_append(stream, API_BATCH, sequence, parts, fds, fd_count), 0);
}

static int setup(void **state)
{
	struct stream *streams = calloc(2, sizeof(*streams));

	*state = streams;
	return streams == NULL || stream_init(&streams[0]) || stream_init(&streams[1]);
}

static int teardown(void **state)
{
	struct stream *streams = *state;

	stream_fini(&streams[0]);
	stream_fini(&streams[1]);
	free(streams);
	return 0;
}

/* Before the first message, and when the last one has gone: there is no buffer to point into. */
static void nothing_to_send(void **state)
{
	struct stream *out = *state;
	const uint8_t *bytes;
	unsigned int fd_count;
	int fds[API_FDS_MAX];

	for (int i = 0; i < 2; i++) {
		assert_int_equal(stream_pending(out, &bytes, fds, &fd_count), 0);
		assert_null(bytes);
		assert_int_equal(fd_count, 0);
		append(out, 7, "hello", 5, NULL, 0);
		stream_sent(out, stream_pending(out, &bytes, fds, &fd_count));
	}
}

static void message_in_single_bytes(void **state)
{
	struct stream *out = *state, *in = out + 1;
	struct api_message message;
	const uint8_t *bytes;
	unsigned int fd_count;
	int fds[API_FDS_MAX];
	size_t length;

	append(out, 7, "hello", 5, NULL, 0);
	length = stream_pending(out, &bytes, fds, &fd_count);
	assert_int_equal(length, 24); /* 16 + 5, padded */
	assert_int_equal(fd_count, 0);
	for (size_t i = 0; i < length; i++) {
		assert_int_equal(stream_next(in, &message), 0);
		feed(in, bytes + i, 1, NULL, 0);
	}
	assert_int_equal(stream_next(in, &message), 1);
	assert_int_equal(message.header.type, API_BATCH);
	assert_int_equal(message.header.sequence, 7);
	assert_int_equal(message.payload_length, 5);
	assert_memory_equal(message.payload, "hello", 5);
	assert_int_equal(stream_next(in, &message), 0);
}

/* Whatever the lengths, structs in a payload are aligned. */
static void payloads_are_aligned(void **state)
{
	struct stream *out = *state, *in = out + 1;
	struct api_message message;
	const uint8_t *bytes;
	unsigned int fd_count;
	int fds[API_FDS_MAX];
	size_t length;

	for (uint32_t i = 0; i < 20; i++)
		append(out, i + 1, "01234567890123456789", i, NULL, 0);
	length = stream_pending(out, &bytes, fds, &fd_count);
	feed(in, bytes, length, NULL, 0);
	for (uint32_t i = 0; i < 20; i++) {
		assert_int_equal(stream_next(in, &message), 1);
		assert_int_equal(message.payload_length, i);
		assert_int_equal((uintptr_t)message.payload % 8, 0);
	}
	assert_int_equal(stream_next(in, &message), 0);
}

static void impossible_lengths(void **state)
{
	static const uint32_t lengths[] = {0, 1, 15, API_MESSAGE_MAX + 1, 0x80000000u, UINT32_MAX};
	struct api_message message;

	for (unsigned int i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct api_header header = {.length = lengths[i], .type = API_DUMP};
		struct stream stream;

		assert_int_equal(stream_init(&stream), 0);
		feed(&stream, &header, sizeof(header), NULL, 0);
		assert_int_equal(stream_next(&stream, &message), -EPROTO);
		assert_int_equal(message.header.length, lengths[i]);
		stream_fini(&stream);
	}
}

static void largest_message_fits(void **state)
{
	struct stream *out = *state, *in = out + 1;
	size_t length = API_MESSAGE_MAX - sizeof(struct api_header);
	uint8_t *payload = malloc(length);
	struct stream_part too_long[2] = {{payload, length}, {payload, 1}};
	struct api_message message;
	const uint8_t *bytes;
	unsigned int fd_count;
	int fds[API_FDS_MAX];

	memset(payload, 0x5a, length);
	assert_int_equal(stream_append(out, API_BATCH, 1, too_long, NULL, 0), -EMSGSIZE);
	append(out, 1, payload, length, NULL, 0);
	assert_int_equal(stream_pending(out, &bytes, fds, &fd_count), API_MESSAGE_MAX);
	feed(in, bytes, API_MESSAGE_MAX, NULL, 0);
	assert_int_equal(stream_next(in, &message), 1);
	assert_memory_equal(message.payload, payload, length);
	free(payload);
}

static void fds_belong_to_their_message(void **state)
{
	struct stream *out = *state, *in = out + 1;
	struct probe probes[3] = {probe_open(), probe_open(), probe_open()};
	struct api_message message;
	int sent[API_FDS_MAX];
	const uint8_t *bytes;
	unsigned int count;
	size_t length;

	append(out, 1, "plain", 5, NULL, 0);
	append(out, 2, "two fds", 7, (int[]){probes[0].passed, probes[1].passed}, 2);
	append(out, 3, "one fd", 6, (int[]){probes[2].passed}, 1);
	for (int i = 0; i < 3; i++)
		close(probes[i].passed);

	/* Each message with fds starts a write of its own. */
	length = stream_pending(out, &bytes, sent, &count);
	assert_int_equal(length, 24);
	assert_int_equal(count, 0);
	stream_sent(out, 10);
	assert_int_equal(stream_pending(out, &bytes, sent, &count), 14);
	stream_sent(out, 14);
	length = stream_pending(out, &bytes, sent, &count);
	assert_int_equal(length, 24);
	assert_int_equal(count, 2);
	feed(in, bytes, 4, (int[]){dup(sent[0]), dup(sent[1])}, 2);
	stream_sent(out, 4);
	/* The fds went with the first byte, not again with the rest. */
	length = stream_pending(out, &bytes, sent, &count);
	assert_int_equal(count, 0);
	assert_int_equal(length, 20);
	feed(in, bytes, 20, NULL, 0);
	stream_sent(out, 20);
	length = stream_pending(out, &bytes, sent, &count);
	assert_int_equal(count, 1);
	feed(in, bytes, length, (int[]){dup(sent[0])}, 1);
	stream_sent(out, length);
	assert_int_equal(stream_unsent(out), 0);
	assert_int_equal(stream_unsent_fds(out), 0);

	assert_int_equal(stream_next(in, &message), 1);
	assert_int_equal(message.header.sequence, 2);
	assert_int_equal(message.fd_count, 2);
	close(message.fds[0]);
	message.fds[0] = -1;
	assert_true(probe_closed(&probes[0]));
	assert_false(probe_closed(&probes[1]));
	/* What was not taken is closed, what belongs to the next message is not. */
	assert_int_equal(stream_next(in, &message), 1);
	assert_int_equal(message.header.sequence, 3);
	assert_int_equal(message.fd_count, 1);
	assert_true(probe_closed(&probes[1]));
	assert_false(probe_closed(&probes[2]));
	stream_fini(in);
	assert_true(probe_closed(&probes[2]));
	for (int i = 0; i < 3; i++)
		close(probes[i].kept);
}

static void fds_that_never_came(void **state)
{
	struct stream *in = (struct stream *)*state + 1;
	struct api_header header = {.length = 16, .type = API_BATCH, .fd_count = 1};
	struct api_message message;

	feed(in, &header, sizeof(header), NULL, 0);
	assert_int_equal(stream_next(in, &message), -EPROTO);
}

static void too_many_fds_are_closed(void **state)
{
	struct stream *in = (struct stream *)*state + 1;
	struct probe probe = probe_open();
	int fds[API_FDS_MAX + 1];
	uint8_t *into;

	for (unsigned int i = 0; i < API_FDS_MAX + 1; i++)
		assert_true((fds[i] = dup(probe.passed)) >= 0);
	stream_room(in, &into);
	assert_int_equal(stream_feed(in, 0, fds, API_FDS_MAX), 0);
	for (unsigned int i = 0; i < API_FDS_MAX; i++)
		assert_true((fds[i] = dup(probe.passed)) >= 0);
	assert_int_equal(stream_feed(in, 0, fds, API_FDS_MAX + 1), -EPROTO);
	stream_fini(in);
	assert_int_equal(stream_init(in), 0);
	close(probe.passed);
	assert_true(probe_closed(&probe));
	close(probe.kept);
}

static void unsent_fds_are_closed(void **state)
{
	struct stream *out = *state;
	struct probe probe = probe_open();
	struct stream_part none[2] = {{0}};

	append(out, 1, "x", 1, &probe.passed, 1);
	assert_int_equal(
		stream_append(out, API_BATCH, 2, none, (int[]){probe.passed, -1}, 2), -EBADF);
	assert_int_equal(stream_unsent_fds(out), 1);
	close(probe.passed);
	assert_false(probe_closed(&probe));
	stream_fini(out);
	assert_true(probe_closed(&probe));
	close(probe.kept);
}

/* Over a real socket with a small buffer: partial writes and reads, fds in the middle. */
static void through_a_socket(void **state)
{
	struct stream *out = *state, *in = out + 1;
	static uint8_t payload[200000];
	struct probe probe = probe_open();
	struct api_message message;
	unsigned int received = 0;
	int sockets[2], small = 4096;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	assert_int_equal(setsockopt(sockets[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	for (unsigned int i = 0; i < 40; i++) {
		payload[0] = i;
		append(out, i + 1, payload, i * 5000, &probe.passed, i % 3 == 0);
	}
	close(probe.passed);
	while (received < 40) {
		int next;

		assert_true(stream_write(out, sockets[0]) >= 0);
		assert_true(stream_read(in, sockets[1]) >= 0);
		while ((next = stream_next(in, &message)) == 1) {
			assert_int_equal(message.header.sequence, received + 1);
			assert_int_equal(message.payload_length, received * 5000);
			assert_int_equal(message.fd_count, received % 3 == 0);
			received++;
		}
		assert_int_equal(next, 0);
	}
	assert_int_equal(stream_write(out, sockets[0]), 1);
	assert_true(probe_closed(&probe));
	assert_int_equal(stream_read(in, sockets[1]), 0);
	close(sockets[0]);
	assert_int_equal(stream_read(in, sockets[1]), -ECONNRESET);
	append(in, 1, "x", 1, NULL, 0);
	assert_int_equal(stream_write(in, sockets[1]), -EPIPE);
	close(sockets[1]);
	close(probe.kept);
}

/* When the process may hold no more fds the kernel cuts them off: nobody knows whose are left. */
static void cut_fds(void **state)
{
	struct stream *out = *state, *in = out + 1;
	struct probe probe = probe_open();
	struct rlimit old, tight;
	int sockets[2], highest;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	append(out, 1, "x", 1, (int[]){probe.passed, probe.passed, probe.passed}, 3);
	assert_int_equal(stream_write(out, sockets[0]), 1);
	close(probe.passed);
	highest = dup(0);
	close(highest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	tight = old;
	tight.rlim_cur = highest + 1; /* room for one */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	assert_int_equal(stream_read(in, sockets[1]), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_true(probe_closed(&probe));
	close(sockets[0]);
	close(sockets[1]);
	close(probe.kept);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_to_send),
		TEST(message_in_single_bytes),
		TEST(payloads_are_aligned),
		TEST(impossible_lengths),
		TEST(largest_message_fits),
		TEST(fds_belong_to_their_message),
		TEST(fds_that_never_came),
		TEST(too_many_fds_are_closed),
		TEST(unsent_fds_are_closed),
		TEST(through_a_socket),
		TEST(cut_fds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
