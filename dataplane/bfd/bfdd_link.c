/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/bfd/bfdd_link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* bfdd drops its rights after it began to listen or before: both are its credentials. */
static int check_peer(int fd, uid_t frr_uid, pid_t *pid)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return -errno;
	*pid = peer.pid;
	return peer.uid == 0 || peer.uid == geteuid() || peer.uid == frr_uid ? 0 : -EPERM;
}

static int connect_to(const char *path, uid_t frr_uid, pid_t *pid)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, error = 0;

	if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >=
		sizeof(address.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* A UNIX socket is connected at once or not at all. */
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		error = -errno;
	else
		error = check_peer(fd, frr_uid, pid);
	if (error == 0)
		return fd;
	close(fd);
	return error;
}

int bfdd_link_open(const char *path, uid_t frr_uid, struct bfdd_link **link)
{
	pid_t pid = 0;
	int fd = connect_to(path, frr_uid, &pid);

	if (fd < 0)
		return fd;
	*link = calloc(1, sizeof(**link));
	if (*link == NULL) {
		close(fd);
		return -ENOMEM;
	}
	(*link)->fd = fd;
	(*link)->pid = pid;
	return 0;
}

void bfdd_link_close(struct bfdd_link *link)
{
	close(link->fd);
	free(link);
}

ssize_t bfdd_link_read(struct bfdd_link *link)
{
	size_t room = sizeof(link->input) - link->input_length;
	ssize_t n;

	if (room == 0)
		return 0;
	n = recv(link->fd, link->input + link->input_length, room, MSG_DONTWAIT);
	if (n == 0)
		return -ECONNRESET;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	link->input_length += (size_t)n;
	return n;
}

int bfdd_link_next(struct bfdd_link *link, struct bfddp_message *message)
{
	int length = bfddp_decode(link->input, link->input_length, message);

	if (length <= 0)
		return length;
	link->input_length -= (size_t)length;
	memmove(link->input, link->input + length, link->input_length);
	return 1;
}

int bfdd_link_flush(struct bfdd_link *link)
{
	ssize_t n;

	if (link->output_length == 0)
		return 0;
	n = send(link->fd, link->output, link->output_length, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 1 : -errno;
	link->output_length -= (size_t)n;
	memmove(link->output, link->output + n, link->output_length);
	return link->output_length > 0;
}

bool bfdd_link_may_answer(const struct bfdd_link *link)
{
	return sizeof(link->output) - link->output_length >= BFDDP_MESSAGE_MAX;
}

int bfdd_link_send(struct bfdd_link *link, const struct bfddp_message *message)
{
	int rc;

	if (!bfdd_link_may_answer(link))
		return -ENOBUFS;
	link->output_length += bfddp_encode(message, link->output + link->output_length);
	rc = bfdd_link_flush(link);
	return rc < 0 ? rc : 0;
}
