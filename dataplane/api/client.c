/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/api/client.h"
#include "dataplane/api/stream.h"

#define HELLO_TIMEOUT_MS 5000
/* Between two messages of a dump; the dataplane's main thread never works this long on a batch. */
#define DUMP_TIMEOUT_MS 10000

/* A message that came while api_client_dump waited for its own; api_client_receive gives it next.
 */
struct deferred {
	struct deferred *next;
	struct api_message message;
	int fds[API_FDS_MAX];
	uint64_t payload[]; /* for alignment */
};

struct api_client {
	int socket;
	uint32_t sequence; /* of the last message sent; never 0 */
	struct stream stream;
	struct deferred *first, *last;
	struct deferred *current; /* handed out last */
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void deferred_free(struct deferred *deferred)
{
	if (deferred == NULL)
		return;
	for (unsigned int i = 0; i < deferred->message.fd_count; i++)
		if (deferred->fds[i] >= 0)
			close(deferred->fds[i]);
	free(deferred);
}

static int peer_trusted(int fd)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return -errno;
	return peer.uid == 0 || peer.uid == geteuid() ? 0 : -EPERM;
}

/* A connected socket that does not block, or -errno. */
static int connect_to(const char *run_dir)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval timeout = {.tv_sec = HELLO_TIMEOUT_MS / 1000};
	int fd, error = 0;
	int n = snprintf(
		address.sun_path, sizeof(address.sun_path), "%s/" API_SOCKET_NAME, run_dir);

	if (n < 0 || (size_t)n >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* Bounds connect() when the dataplane's backlog is full. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		error = errno == EAGAIN ? -ETIMEDOUT : -errno;
	if (error == 0)
		error = peer_trusted(fd);
	if (error == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		error = -errno;
	if (error == 0)
		return fd;
	close(fd);
	return error;
}

static int say_hello(struct api_client *client, enum api_role role, struct api_hello *hello)
{
	struct api_hello mine = {.magic = API_MAGIC, .version = API_VERSION, .role = role};
	int64_t sequence = api_client_send(client, API_HELLO, &mine, sizeof(mine), NULL, 0);
	struct api_message message;
	int rc;

	if (sequence < 0)
		return sequence;
	rc = api_client_wait(client, &message, HELLO_TIMEOUT_MS);
	if (rc < 0)
		return rc;
	if (message.header.type != API_HELLO || message.header.sequence != sequence ||
		message.payload_length != sizeof(*hello))
		return -EPROTO;
	memcpy(hello, message.payload, sizeof(*hello));
	if (hello->error != 0)
		return hello->error;
	return hello->magic == API_MAGIC && hello->version == API_VERSION ? 0 : -EPROTO;
}

struct api_client *api_client_open(const char *run_dir, enum api_role role, struct api_hello *hello)
{
	struct api_client *client = calloc(1, sizeof(*client));
	int error;

	if (client == NULL)
		return NULL;
	client->socket = -1;
	error = stream_init(&client->stream);
	if (error == 0) {
		client->socket = connect_to(run_dir);
		error = client->socket < 0 ? client->socket : say_hello(client, role, hello);
	}
	if (error == 0)
		return client;
	api_client_close(client);
	errno = -error;
	return NULL;
}

void api_client_close(struct api_client *client)
{
	if (client == NULL)
		return;
	stream_fini(&client->stream);
	deferred_free(client->current);
	while (client->first != NULL) {
		struct deferred *next = client->first->next;

		deferred_free(client->first);
		client->first = next;
	}
	if (client->socket >= 0)
		close(client->socket);
	free(client);
}

int api_client_fd(const struct api_client *client)
{
	return client->socket;
}

int64_t api_client_send(struct api_client *client, enum api_message_type type, const void *payload,
	size_t length, const int *fds, unsigned int fd_count)
{
	struct stream_part parts[2] = {{payload, length}};
	uint32_t sequence = client->sequence + 1;
	int error;

	if (sequence == 0)
		sequence = 1;
	error = stream_append(&client->stream, type, sequence, parts, fds, fd_count);
	if (error != 0)
		return error;
	client->sequence = sequence;
	return sequence;
}

int api_client_flush(struct api_client *client)
{
	return stream_write(&client->stream, client->socket);
}

size_t api_client_unsent(const struct api_client *client)
{
	return stream_unsent(&client->stream);
}

/* Like api_client_receive, but leaves alone what was deferred. */
static int receive_fresh(struct api_client *client, struct api_message *message)
{
	int rc = stream_next(&client->stream, message);

	/* A read may bring only the head of a message, and the next one its rest. */
	while (rc == 0) {
		rc = stream_read(&client->stream, client->socket);
		if (rc <= 0)
			return rc;
		rc = stream_next(&client->stream, message);
	}
	return rc;
}

int api_client_receive(struct api_client *client, struct api_message *message)
{
	struct deferred *deferred = client->first;

	deferred_free(client->current);
	client->current = NULL;
	if (deferred == NULL)
		return receive_fresh(client, message);
	client->first = deferred->next;
	client->current = deferred;
	*message = deferred->message;
	return 1;
}

/* Waits until the socket can be read (or written, while something is unsent). */
static int wait_ready(struct api_client *client, int64_t deadline)
{
	struct pollfd poll_fd = {.fd = client->socket, .events = POLLIN};
	int64_t left = deadline - now_ms();
	int n;

	if (left <= 0)
		return -ETIMEDOUT;
	if (api_client_unsent(client) > 0)
		poll_fd.events |= POLLOUT;
	n = poll(&poll_fd, 1, left);
	return n < 0 && errno != EINTR ? -errno : 0;
}

static int wait_message(
	struct api_client *client, struct api_message *message, int64_t deadline, bool fresh)
{
	int rc;

	for (;;) {
		int flushed = api_client_flush(client);

		rc = fresh ? receive_fresh(client, message) : api_client_receive(client, message);
		if (rc != 0)
			return rc;
		/* Only now: what the peer said before it closed was worth reading. */
		if (flushed < 0)
			return flushed;
		rc = wait_ready(client, deadline);
		if (rc < 0)
			return rc;
	}
}

int api_client_wait(struct api_client *client, struct api_message *message, int timeout_ms)
{
	return wait_message(client, message, now_ms() + timeout_ms, false);
}

static int defer(struct api_client *client, const struct api_message *message)
{
	struct deferred *deferred = malloc(sizeof(*deferred) + message->payload_length);

	if (deferred == NULL)
		return -ENOMEM;
	deferred->next = NULL;
	deferred->message = *message;
	deferred->message.payload = deferred->payload;
	deferred->message.fds = deferred->fds;
	memcpy(deferred->payload, message->payload, message->payload_length);
	for (unsigned int i = 0; i < message->fd_count; i++) {
		deferred->fds[i] = message->fds[i];
		message->fds[i] = -1;
	}
	if (client->first == NULL)
		client->first = deferred;
	else
		client->last->next = deferred;
	client->last = deferred;
	return 0;
}

static int give_rows(const struct api_message *message, enum api_object object,
	void (*row)(const void *row, void *context), void *context)
{
	const struct api_rows *rows = message->payload;
	const uint8_t *at = (const uint8_t *)(rows + 1);

	if (message->payload_length < sizeof(*rows) || rows->object != object ||
		rows->row_length != api_row_size(object) ||
		message->payload_length != sizeof(*rows) + (uint64_t)rows->count * rows->row_length)
		return -EPROTO;
	for (uint32_t i = 0; i < rows->count; i++, at += rows->row_length)
		row(at, context);
	return 0;
}

int api_client_dump(struct api_client *client, enum api_object object, uint32_t vrf,
	void (*row)(const void *row, void *context), void *context)
{
	struct api_dump request = {.object = object, .vrf = vrf};
	int64_t sequence = api_client_send(client, API_DUMP, &request, sizeof(request), NULL, 0);
	struct api_message message;
	int rc = sequence < 0 ? sequence : 0;

	while (rc >= 0) {
		rc = wait_message(client, &message, now_ms() + DUMP_TIMEOUT_MS, true);
		if (rc < 0)
			break;
		if (message.header.sequence != sequence)
			rc = defer(client, &message);
		else if (message.header.type == API_ROWS)
			rc = give_rows(&message, object, row, context);
		else if (message.header.type != API_DUMP_END ||
			 message.payload_length != sizeof(struct api_ack))
			rc = -EPROTO;
		else
			return ((const struct api_ack *)message.payload)->error;
	}
	return rc;
}

int api_batch_add(struct api_batch *batch, enum api_object object, enum api_operation operation,
	const void *payload)
{
	struct api_item item = {.object = object, .operation = operation};
	size_t length = api_item_size(object);
	size_t room = (length + 7) & ~(size_t)7;

	if (length == 0)
		return -EINVAL;
	if (sizeof(item) + room > sizeof(batch->bytes) - batch->length)
		return -ENOSPC;
	item.length = length;
	memcpy(batch->bytes + batch->length, &item, sizeof(item));
	batch->length += sizeof(item);
	memcpy(batch->bytes + batch->length, payload, length);
	memset(batch->bytes + batch->length + length, 0, room - length);
	batch->length += room;
	batch->count++;
	return 0;
}
