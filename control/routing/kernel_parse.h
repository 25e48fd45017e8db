/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rtnetlink messages to the structures of kernel.h. Pure functions. -ENOENT: well-formed, but
 * nothing that a routing domain cares for; -EBADMSG: malformed.
 */
#pragma once

#include <libmnl/libmnl.h>

#include "control/routing/kernel.h"

struct parsed_route {
	struct kernel_route route; /* protocol not yet filtered */
	uint32_t next_hop_object;  /* RTA_NH_ID, 0: none */
	bool local;                /* of the local table */
};

/* A nexthop object: one next hop, or a group of other objects. */
struct parsed_next_hop_object {
	uint32_t id;
	bool blackhole;
	uint8_t group_count;
	uint32_t group[KERNEL_NEXT_HOPS_MAX];
	struct kernel_next_hop next_hop;
};

struct parsed_link {
	struct kernel_link link;
	bool up; /* administratively */
};

int parse_route(const struct nlmsghdr *message, struct parsed_route *route);
/* Of a route that has one in so many words. 0 or -errno. */
int parse_route_prefix(const struct nlmsghdr *message, struct ip *prefix);
int parse_neighbour(const struct nlmsghdr *message, struct kernel_neighbour *neighbour);
int parse_link(const struct nlmsghdr *message, struct parsed_link *link);
int parse_next_hop_object(const struct nlmsghdr *message, struct parsed_next_hop_object *object);
