/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/kernel_state.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "control/log.h"
#include "control/routing/netlink.h"

#define RECEIVE_BUFFER_BYTES (64 * 1024 * 1024)
#define MESSAGE_BYTES (64 * 1024)
/* Datagrams a turn of the event loop: about 10,000 routes of a dump. */
#define TURN_DATAGRAMS 32
#define MESSAGES_AHEAD 8

static const uint16_t dump_types[DUMPS] = {[DUMP_LINKS] = RTM_GETLINK,
	[DUMP_NEIGHBOURS] = RTM_GETNEIGH,
	[DUMP_OBJECTS] = RTM_GETNEXTHOP,
	[DUMP_ROUTES4] = RTM_GETROUTE,
	[DUMP_ROUTES6] = RTM_GETROUTE};

static const char *const dump_names[DUMPS] = {[DUMP_LINKS] = "links",
	[DUMP_NEIGHBOURS] = "neighbours",
	[DUMP_OBJECTS] = "nexthop objects",
	[DUMP_ROUTES4] = "IPv4 routes",
	[DUMP_ROUTES6] = "IPv6 routes"};

/* The header that follows differs; all begin with the family. */
static size_t dump_header_bytes(enum dump dump)
{
	switch (dump) {
	case DUMP_LINKS:
		return sizeof(struct ifinfomsg);
	case DUMP_NEIGHBOURS:
		return sizeof(struct ndmsg);
	case DUMP_OBJECTS:
		return sizeof(struct nhmsg);
	default:
		return sizeof(struct rtmsg);
	}
}

static void start_dump(struct kernel *kernel, enum dump dump)
{
	char buffer[128];
	struct nlmsghdr *message = netlink_message(buffer, dump_types[dump], NLM_F_DUMP);
	uint8_t *header = mnl_nlmsg_put_extra_header(message, dump_header_bytes(dump));

	header[0] = dump == DUMP_ROUTES4 ? AF_INET : dump == DUMP_ROUTES6 ? AF_INET6 : AF_UNSPEC;
	message->nlmsg_seq = ++kernel->sequence;
	kernel->dump = dump;
	kernel->interrupted = false;
	if (mnl_socket_sendto(kernel->follow, message, message->nlmsg_len) < 0) {
		log_error("kernel", "cannot ask for %s: %s", dump_names[dump], strerror(errno));
		kernel->dump = DUMPS;
		kernel_resync(kernel);
	}
}

static void synchronise(struct kernel *kernel)
{
	kernel->again = false;
	kernel->generation++;
	start_dump(kernel, DUMP_LINKS);
}

/* From the event loop, never from within a message: a synchronisation that fails to start asks
 * for another turn. */
static void on_work(evutil_socket_t fd, short what, void *context)
{
	struct kernel *kernel = context;

	if (kernel->again && !kernel_is_dumping(kernel))
		synchronise(kernel);
	if (kernel->walking)
		kernel_walk_some(kernel);
	if (kernel->purging)
		kernel_purge_some(kernel);
	if (kernel->walking || kernel->purging || (kernel->again && !kernel_is_dumping(kernel)))
		evtimer_add(kernel->work, &(struct timeval){0});
}

void kernel_resync(struct kernel *kernel)
{
	kernel->again = true;
	if (!kernel_is_dumping(kernel))
		evtimer_add(kernel->work, &(struct timeval){0});
}

static void end_synchronisation(struct kernel *kernel)
{
	kernel->dump = DUMPS;
	if (kernel->again) {
		kernel_resync(kernel);
		return;
	}
	kernel->synced = true;
	kernel->callbacks.synced(kernel->context);
}

static void end_dump(struct kernel *kernel)
{
	enum dump dump = kernel->dump;

	if (kernel->interrupted) {
		start_dump(kernel, dump);
		return;
	}
	if (dump == DUMP_LINKS)
		kernel_sweep_links(kernel);
	if (dump == DUMP_NEIGHBOURS)
		kernel_sweep_neighbours(kernel);
	if (dump == DUMP_OBJECTS)
		kernel_sweep_objects(kernel);
	if (dump == DUMP_ROUTES6)
		kernel_sweep_routes(kernel);
	if (dump + 1 == DUMPS)
		end_synchronisation(kernel);
	else
		start_dump(kernel, dump + 1);
}

static void take_error(struct kernel *kernel, const struct nlmsghdr *message)
{
	const struct nlmsgerr *answer = mnl_nlmsg_get_payload(message);

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*answer) || answer->error == 0)
		return;
	/* A kernel before 5.3 has no nexthop objects; then no route names one either. */
	if (kernel->dump != DUMP_OBJECTS)
		log_error("kernel", "cannot read %s: %s",
			kernel->dump < DUMPS ? dump_names[kernel->dump] : "the kernel",
			strerror(-answer->error));
	if (kernel_is_dumping(kernel) && message->nlmsg_seq == kernel->sequence)
		end_dump(kernel);
}

static void take_message(struct kernel *kernel, const struct nlmsghdr *message)
{
	bool row = message->nlmsg_flags & NLM_F_MULTI && kernel_is_dumping(kernel) &&
		   message->nlmsg_seq == kernel->sequence;

	if (row && message->nlmsg_flags & NLM_F_DUMP_INTR)
		kernel->interrupted = true;
	switch (message->nlmsg_type) {
	case NLMSG_DONE:
		if (row)
			end_dump(kernel);
		return;
	case NLMSG_ERROR:
		take_error(kernel, message);
		return;
	case RTM_NEWLINK:
	case RTM_DELLINK:
		kernel_take_link(kernel, message, row);
		return;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		kernel_take_neighbour(kernel, message, row);
		return;
	case RTM_NEWNEXTHOP:
	case RTM_DELNEXTHOP:
		kernel_take_object(kernel, message, row);
		return;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		kernel_take_route(kernel, message, row);
		return;
	case RTM_DELADDR:
		/* IPv4 routes that preferred it as their source go without a message. */
		kernel_resync(kernel);
		return;
	}
}

/* Tables are large, and each route is at home anywhere in them: what a message will touch is asked
 * for while those before it are worked on. */
static void take_datagram(struct kernel *kernel, int length)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)kernel->buffer, *ahead = message;
	int length_ahead = length;
	unsigned int lead = 0;

	for (; mnl_nlmsg_ok(message, length); message = mnl_nlmsg_next(message, &length)) {
		for (; lead < MESSAGES_AHEAD && mnl_nlmsg_ok(ahead, length_ahead); lead++) {
			kernel_expect_route(kernel, ahead);
			ahead = mnl_nlmsg_next(ahead, &length_ahead);
		}
		take_message(kernel, message);
		lead--;
	}
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct kernel *kernel = context;

	for (int i = 0; i < TURN_DATAGRAMS; i++) {
		struct sockaddr_nl from;
		struct iovec part = {kernel->buffer, MESSAGE_BYTES};
		struct msghdr header = {.msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &part,
			.msg_iovlen = 1};
		ssize_t length = recvmsg(fd, &header, MSG_DONTWAIT);

		if (length < 0 && errno == ENOBUFS) {
			kernel_resync(kernel);
			continue;
		}
		if (length < 0 && errno != EAGAIN && errno != EINTR)
			log_error("kernel", "cannot read netlink: %s", strerror(errno));
		if (length <= 0)
			return;
		if (from.nl_pid != 0) /* only the kernel may say what the kernel has */
			continue;
		if (header.msg_flags & MSG_TRUNC)
			kernel_resync(kernel);
		take_datagram(kernel, (int)length);
	}
}

static int join_groups(struct mnl_socket *socket)
{
	static const int groups[] = {RTNLGRP_LINK, RTNLGRP_NEIGH, RTNLGRP_IPV4_IFADDR,
		RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE};
	int nexthop = RTNLGRP_NEXTHOP;

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) <
			0)
			return -errno;
	}
	/* EINVAL: a kernel before 5.3, without nexthop objects. */
	if (mnl_socket_setsockopt(socket, NETLINK_ADD_MEMBERSHIP, &nexthop, sizeof(nexthop)) < 0 &&
		errno != EINVAL)
		return -errno;
	return 0;
}

int kernel_set_receive_buffer(struct kernel *kernel, int bytes)
{
	int fd = mnl_socket_get_fd(kernel->follow);

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		return -errno;
	return 0;
}

uint32_t kernel_synchronisations(const struct kernel *kernel)
{
	return kernel->generation;
}

static int open_sockets(struct kernel *kernel, int netns)
{
	int error;

	kernel->request = netlink_open(netns, 0);
	kernel->follow = netlink_open(netns, SOCK_NONBLOCK);
	if (!kernel->request || !kernel->follow)
		return -errno;
	error = kernel_set_receive_buffer(kernel, RECEIVE_BUFFER_BYTES);
	return error ? error : join_groups(kernel->follow);
}

static int start(struct kernel *kernel, int netns)
{
	int error = route_table_init(&kernel->routes);

	if (error == 0)
		error = open_sockets(kernel, netns);
	if (error < 0)
		return error;
	kernel->buffer = malloc(MESSAGE_BYTES);
	kernel->work = evtimer_new(kernel->base, on_work, kernel);
	kernel->readable = event_new(kernel->base, mnl_socket_get_fd(kernel->follow),
		EV_READ | EV_PERSIST, on_readable, kernel);
	if (!kernel->buffer || !kernel->work || !kernel->readable ||
		event_add(kernel->readable, NULL) < 0)
		return -ENOMEM;
	kernel_resync(kernel);
	return 0;
}

struct kernel *kernel_open(
	struct event_base *base, int netns, const struct kernel_callbacks *callbacks, void *context)
{
	struct kernel *kernel = calloc(1, sizeof(*kernel));
	int error;

	if (!kernel)
		return NULL;
	kernel->base = base;
	kernel->callbacks = *callbacks;
	kernel->context = context;
	kernel->dump = DUMPS;
	error = start(kernel, netns);
	if (error == 0)
		return kernel;
	log_error("kernel", "cannot follow a namespace: %s", strerror(-error));
	kernel_close(kernel);
	errno = -error;
	return NULL;
}

void kernel_close(struct kernel *kernel)
{
	if (!kernel)
		return;
	if (kernel->readable)
		event_free(kernel->readable);
	if (kernel->work)
		event_free(kernel->work);
	if (kernel->follow)
		mnl_socket_close(kernel->follow);
	if (kernel->request)
		mnl_socket_close(kernel->request);
	route_table_free(&kernel->routes);
	free(kernel->links);
	free(kernel->objects);
	free(kernel->neighbours);
	free(kernel->buffer);
	free(kernel);
}

bool kernel_is_synced(const struct kernel *kernel)
{
	return kernel->synced;
}
