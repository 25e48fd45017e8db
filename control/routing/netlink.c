/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/log.h"

#define DUMP_ATTEMPTS 5

int netlink_enter(int netns)
{
	int error;
	int previous = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	if (previous < 0)
		return -errno;
	if (setns(netns, CLONE_NEWNET) == 0)
		return previous;
	error = -errno;
	close(previous);
	return error;
}

void netlink_leave(int previous)
{
	if (setns(previous, CLONE_NEWNET) < 0) {
		log_error("netlink", "cannot leave a namespace: %s", strerror(errno));
		abort();
	}
	close(previous);
}

struct mnl_socket *netlink_open(int netns, int flags)
{
	struct mnl_socket *socket;
	int error;
	int previous = -1;

	if (netns >= 0)
		previous = netlink_enter(netns);
	if (netns >= 0 && previous < 0) {
		errno = -previous;
		return NULL;
	}
	socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | flags);
	error = errno;
	if (previous >= 0)
		netlink_leave(previous);
	errno = error;
	if (!socket)
		return NULL;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0)
		return socket;
	error = errno;
	mnl_socket_close(socket);
	errno = error;
	return NULL;
}

struct nlmsghdr *netlink_message(void *buffer, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | flags;
	return message;
}

/* Whether the datagram holds the end of a dump. */
static bool ends_dump(const struct nlmsghdr *message, int length)
{
	for (; mnl_nlmsg_ok(message, length); message = mnl_nlmsg_next(message, &length)) {
		if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR)
			return true;
	}
	return false;
}

/* One request and its whole answer; a dump is read to its end even when it fails, because the
 * kernel runs one dump a socket. */
static int exchange(
	struct mnl_socket *socket, struct nlmsghdr *message, mnl_cb_t each, void *context)
{
	char buffer[32768];
	bool ended = false;
	int error = 0;

	message->nlmsg_seq++;
	if (mnl_socket_sendto(socket, message, message->nlmsg_len) < 0)
		return -errno;
	while (!ended) {
		ssize_t length = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return -errno;
		ended = ends_dump((struct nlmsghdr *)buffer, (int)length);
		if (error == 0 && mnl_cb_run(buffer, length, message->nlmsg_seq,
					  mnl_socket_get_portid(socket), each, context) < 0)
			error = -errno;
	}
	return error;
}

int netlink_request(struct mnl_socket *socket, struct nlmsghdr *message)
{
	message->nlmsg_flags |= NLM_F_ACK;
	return exchange(socket, message, NULL, NULL);
}

int netlink_dump(struct mnl_socket *socket, struct nlmsghdr *message, mnl_cb_t each, void *context)
{
	int error = -EINTR;

	message->nlmsg_flags |= NLM_F_DUMP;
	for (int attempt = 0; attempt < DUMP_ATTEMPTS && error == -EINTR; attempt++)
		error = exchange(socket, message, each, context);
	return error;
}
