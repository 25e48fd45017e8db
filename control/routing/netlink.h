/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small synchronous requests to a namespace's rtnetlink: entering and leaving the namespace, one
 * request with its acknowledgement, one short dump. Single thread: setns moves the calling thread.
 */
#pragma once

#include <libmnl/libmnl.h>
#include <stdint.h>

/* Moves the thread into the namespace; returns an fd of the one it was in, or -errno. */
int netlink_enter(int netns);
/* Back to where netlink_enter came from; closes the fd. Never fails: a thread that cannot return
 * would configure the wrong tenant, so the process ends. */
void netlink_leave(int previous);

/* A NETLINK_ROUTE socket of the namespace (netns < 0: the present one), bound to no group.
 * flags: SOCK_NONBLOCK or 0. NULL with errno. */
struct mnl_socket *netlink_open(int netns, int flags);

/* A request header of the type in buffer, with NLM_F_REQUEST and flags. */
struct nlmsghdr *netlink_message(void *buffer, uint16_t type, uint16_t flags);

/* Sends with NLM_F_ACK and waits for the answer, which rtnetlink gives at once. 0 or -errno. */
int netlink_request(struct mnl_socket *socket, struct nlmsghdr *message);

/* Sends with NLM_F_DUMP and calls each row. Dumps again when interrupted (NLM_F_DUMP_INTR), so
 * each() may see a row twice. 0 or -errno. */
int netlink_dump(struct mnl_socket *socket, struct nlmsghdr *message, mnl_cb_t each, void *context);
