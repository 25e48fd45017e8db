/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/api/stream.h"

#define KERNEL_FDS_MAX 253u /* SCM_MAX_FD */

union control {
	struct cmsghdr header; /* for alignment */
	char bytes[CMSG_SPACE(KERNEL_FDS_MAX * sizeof(int))];
};

static unsigned int take_fds(struct msghdr *message, int fds[KERNEL_FDS_MAX])
{
	unsigned int total = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
		unsigned int count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		memcpy(fds + total, CMSG_DATA(c), count * sizeof(int));
		total += count;
	}
	return total;
}

int stream_read(struct stream *stream, int socket)
{
	union control control;
	struct iovec io;
	struct msghdr message = {.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes)};
	int fds[KERNEL_FDS_MAX];
	uint8_t *into;
	unsigned int count;
	ssize_t n;

	io.iov_len = stream_room(stream, &into);
	io.iov_base = into;
	if (io.iov_len == 0)
		return 0;
	do
		n = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (n == 0)
		return -ECONNRESET;
	count = take_fds(&message, fds);
	if (message.msg_flags & MSG_CTRUNC) {
		/* Some fds are lost, so that whose the others are is not known any more. The kernel
		 * cuts when RLIMIT_NOFILE is reached. */
		for (unsigned int i = 0; i < count; i++)
			close(fds[i]);
		return -EMFILE;
	}
	n = stream_feed(stream, n, fds, count);
	return n == 0 ? 1 : n;
}

static ssize_t send_some(
	const uint8_t *bytes, size_t length, const int *fds, unsigned int fd_count, int socket)
{
	union control control;
	struct iovec io = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length};
	struct msghdr message = {.msg_iov = &io, .msg_iovlen = 1};
	ssize_t n;

	if (fd_count > 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		memset(control.bytes, 0, message.msg_controllen);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, fd_count * sizeof(int));
	}
	do
		n = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n;
}

int stream_write(struct stream *stream, int socket)
{
	int fds[API_FDS_MAX];

	while (stream_unsent(stream) > 0) {
		const uint8_t *bytes;
		unsigned int fd_count;
		size_t length = stream_pending(stream, &bytes, fds, &fd_count);
		ssize_t n = send_some(bytes, length, fds, fd_count, socket);

		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		stream_sent(stream, n);
	}
	return 1;
}
