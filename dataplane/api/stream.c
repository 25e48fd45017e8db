/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/api/stream.h"

#define OUT_START_BYTES (16u * 1024u)
/* An idle connection does not keep more than this. */
#define OUT_KEEP_BYTES (256u * 1024u)

static size_t padded(size_t length)
{
	return (length + 7) & ~(size_t)7;
}

static void close_all(const int *fds, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

int stream_init(struct stream *stream)
{
	memset(stream, 0, sizeof(*stream));
	stream->in = malloc(API_MESSAGE_MAX);
	return stream->in != NULL ? 0 : -ENOMEM;
}

void stream_fini(struct stream *stream)
{
	close_all(stream->fds, stream->fd_count);
	for (unsigned int i = stream->mark_start; i < stream->mark_end; i++)
		close(stream->marks[i].fd);
	free(stream->in);
	free(stream->out);
	free(stream->marks);
	memset(stream, 0, sizeof(*stream));
}

/* ---- input ---- */

/* The message handed out last is done with: its bytes go, and the fds that nobody took. */
static void drop_taken(struct stream *stream)
{
	stream->in_start += stream->taken;
	stream->taken = 0;
	if (stream->fds_taken == 0)
		return;
	close_all(stream->fds, stream->fds_taken);
	stream->fd_count -= stream->fds_taken;
	memmove(stream->fds, stream->fds + stream->fds_taken, stream->fd_count * sizeof(int));
	stream->fds_taken = 0;
}

size_t stream_room(struct stream *stream, uint8_t **into)
{
	drop_taken(stream);
	if (stream->in_start > 0) {
		stream->in_end -= stream->in_start;
		memmove(stream->in, stream->in + stream->in_start, stream->in_end);
		stream->in_start = 0;
	}
	*into = stream->in + stream->in_end;
	return API_MESSAGE_MAX - stream->in_end;
}

int stream_feed(struct stream *stream, size_t length, const int *fds, unsigned int fd_count)
{
	if (fd_count > STREAM_FDS_MAX - stream->fd_count) {
		close_all(fds, fd_count);
		return -EPROTO;
	}
	if (fd_count > 0)
		memcpy(stream->fds + stream->fd_count, fds, fd_count * sizeof(int));
	stream->fd_count += fd_count;
	stream->in_end += length;
	return 0;
}

int stream_next(struct stream *stream, struct api_message *message)
{
	struct api_header *header = &message->header;
	size_t waiting;

	drop_taken(stream);
	waiting = stream->in_end - stream->in_start;
	if (waiting < sizeof(*header))
		return 0;
	memcpy(header, stream->in + stream->in_start, sizeof(*header));
	if (header->length < sizeof(*header) || header->length > API_MESSAGE_MAX)
		return -EPROTO;
	if (header->fd_count > stream->fd_count)
		return -EPROTO;
	if (waiting < padded(header->length))
		return 0;
	stream->taken = padded(header->length);
	stream->fds_taken = header->fd_count;
	message->payload = stream->in + stream->in_start + sizeof(*header);
	message->payload_length = header->length - sizeof(*header);
	message->fds = stream->fds;
	message->fd_count = header->fd_count;
	return 1;
}

/* ---- output ---- */

static int out_reserve(struct stream *stream, size_t length)
{
	size_t used = stream->out_end - stream->out_start;
	size_t capacity = stream->out_capacity;
	uint8_t *bytes;

	if (stream->out_end + length <= capacity)
		return 0;
	/* Moving pays when at least as much was sent as is left: each byte moves once or so. */
	if (stream->out_start >= used && used + length <= capacity) {
		memcpy(stream->out, stream->out + stream->out_start, used);
		stream->out_start = 0;
		stream->out_end = used;
		return 0;
	}
	if (capacity == 0)
		capacity = OUT_START_BYTES;
	while (capacity < stream->out_end + length)
		capacity *= 2;
	bytes = realloc(stream->out, capacity);
	if (bytes == NULL)
		return -ENOMEM;
	stream->out = bytes;
	stream->out_capacity = capacity;
	return 0;
}

static int marks_reserve(struct stream *stream, unsigned int count)
{
	unsigned int used = stream->mark_end - stream->mark_start;
	struct stream_mark *marks;

	if (stream->mark_end + count <= stream->mark_capacity)
		return 0;
	marks = malloc((used + count) * 2 * sizeof(*marks));
	if (marks == NULL)
		return -ENOMEM;
	if (used > 0)
		memcpy(marks, stream->marks + stream->mark_start, used * sizeof(*marks));
	free(stream->marks);
	stream->marks = marks;
	stream->mark_start = 0;
	stream->mark_end = used;
	stream->mark_capacity = (used + count) * 2;
	return 0;
}

static int append_fds(struct stream *stream, const int *fds, unsigned int count)
{
	uint64_t position = stream->sent + (stream->out_end - stream->out_start);
	int error = marks_reserve(stream, count);

	if (error != 0)
		return error;
	for (unsigned int i = 0; i < count; i++) {
		int fd = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);

		if (fd < 0) {
			error = -errno;
			while (i-- > 0)
				close(stream->marks[--stream->mark_end].fd);
			return error;
		}
		stream->marks[stream->mark_end++] =
			(struct stream_mark){.position = position, .fd = fd};
	}
	return 0;
}

int stream_append(struct stream *stream, enum api_message_type type, uint32_t sequence,
	const struct stream_part parts[2], const int *fds, unsigned int fd_count)
{
	struct api_header header = {.type = type, .sequence = sequence, .fd_count = fd_count};
	size_t length = sizeof(header) + parts[0].length + parts[1].length;
	uint8_t *out;
	int error;

	if (length > API_MESSAGE_MAX || fd_count > API_FDS_MAX)
		return -EMSGSIZE;
	header.length = length;
	error = out_reserve(stream, padded(length));
	if (error == 0 && fd_count > 0)
		error = append_fds(stream, fds, fd_count);
	if (error != 0)
		return error;
	out = mempcpy(stream->out + stream->out_end, &header, sizeof(header));
	for (unsigned int i = 0; i < 2; i++)
		if (parts[i].length > 0)
			out = mempcpy(out, parts[i].bytes, parts[i].length);
	memset(out, 0, padded(length) - length);
	stream->out_end += padded(length);
	return 0;
}

size_t stream_unsent(const struct stream *stream)
{
	return stream->out_end - stream->out_start;
}

unsigned int stream_unsent_fds(const struct stream *stream)
{
	return stream->mark_end - stream->mark_start;
}

size_t stream_pending(
	const struct stream *stream, const uint8_t **bytes, int *fds, unsigned int *fd_count)
{
	size_t length = stream_unsent(stream);
	unsigned int i = stream->mark_start;

	/* Without anything to send there may be no buffer yet. */
	*bytes = length > 0 ? stream->out + stream->out_start : NULL;
	*fd_count = 0;
	while (i < stream->mark_end && stream->marks[i].position == stream->sent)
		fds[(*fd_count)++] = stream->marks[i++].fd;
	/* The next message with fds starts a sendmsg of its own. */
	if (i < stream->mark_end && stream->marks[i].position - stream->sent < length)
		length = stream->marks[i].position - stream->sent;
	return length;
}

void stream_sent(struct stream *stream, size_t length)
{
	while (stream->mark_start < stream->mark_end &&
		stream->marks[stream->mark_start].position == stream->sent)
		close(stream->marks[stream->mark_start++].fd);
	stream->sent += length;
	stream->out_start += length;
	if (stream->out_start < stream->out_end)
		return;
	stream->out_start = 0;
	stream->out_end = 0;
	if (stream->out_capacity > OUT_KEEP_BYTES) {
		free(stream->out);
		stream->out = NULL;
		stream->out_capacity = 0;
	}
}
