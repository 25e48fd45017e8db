/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The inside of struct kernel: kernel.c reads the socket and runs the dumps, kernel_routes.c keeps
 * routes, kernel_walk.c goes over all of them, kernel_purge.c takes a daemon's out,
 * kernel_objects.c keeps nexthop objects, kernel_links.c links, kernel_neighbours.c neighbours.
 */
#pragma once

#include <event2/event.h>
#include <libmnl/libmnl.h>

#include "control/routing/kernel.h"
#include "control/routing/kernel_parse.h"
#include "control/routing/route_table.h"

/* The dumps of one synchronisation, in this order: routes need links and nexthop objects. */
enum dump { DUMP_LINKS, DUMP_NEIGHBOURS, DUMP_OBJECTS, DUMP_ROUTES4, DUMP_ROUTES6, DUMPS };

struct link_row {
	struct parsed_link parsed;
	uint32_t generation;
};

struct neighbour_row {
	struct kernel_neighbour neighbour;
	uint32_t generation;
	bool deleted; /* as in struct route_entry */
	bool notified;
};

struct object_row {
	struct parsed_next_hop_object object;
	uint32_t generation;
};

struct kernel {
	struct event_base *base;
	struct kernel_callbacks callbacks;
	void *context;
	struct mnl_socket *follow;  /* dumps and notifications */
	struct mnl_socket *request; /* resolve and forget, answered at once */
	struct event *readable, *work;
	char *buffer;

	enum dump dump; /* DUMPS: none runs */
	uint32_t sequence;
	uint32_t generation; /* of synchronisations; rows carry the one that saw them last */
	bool interrupted;    /* the present dump: run it again */
	bool again;          /* when this synchronisation has ended, another one */
	bool synced;

	struct route_table routes;
	/* A walk over all routes after a link or nexthop object changed, in pieces. */
	bool walking;
	uint32_t walk_next;
	uint32_t link_epoch, walk_epoch;
	/* A purge, in pieces: a bit for each protocol that it takes out. */
	uint8_t purging;
	uint32_t purge_next;

	struct link_row *links;
	uint32_t link_count;
	struct object_row *objects; /* sorted by id */
	uint32_t object_count;
	struct neighbour_row *neighbours; /* sorted by interface and address */
	uint32_t neighbour_count, neighbour_capacity;
};

static inline bool kernel_is_dumping(const struct kernel *kernel)
{
	return kernel->dump != DUMPS;
}

/* Another synchronisation, at once or after the present one. */
void kernel_resync(struct kernel *kernel);

/* Messages of the socket; row: of a dump, else a notification. */
void kernel_expect_route(struct kernel *kernel, const struct nlmsghdr *message);
void kernel_take_route(struct kernel *kernel, const struct nlmsghdr *message, bool row);
void kernel_take_object(struct kernel *kernel, const struct nlmsghdr *message, bool row);
void kernel_take_link(struct kernel *kernel, const struct nlmsghdr *message, bool row);
void kernel_take_neighbour(struct kernel *kernel, const struct nlmsghdr *message, bool row);

/* At the end of the dumps that list them: what the generation did not see is gone. */
void kernel_sweep_routes(struct kernel *kernel);
void kernel_sweep_objects(struct kernel *kernel);
void kernel_sweep_links(struct kernel *kernel);
void kernel_sweep_neighbours(struct kernel *kernel);

/* The kernel's choice among a prefix's routes, which begin at entry; or ROUTE_NONE. */
uint32_t kernel_best_route(const struct kernel *kernel, uint32_t entry);
void kernel_entry_prefix(const struct route_entry *entry, struct ip *prefix);
/* Tells the prefix's present route, or that there is none. */
void kernel_report(struct kernel *kernel, const struct ip *prefix);
/* The next hops a nexthop object stands for, at most KERNEL_NEXT_HOPS_MAX; false: unknown. */
bool kernel_expand_object(const struct kernel *kernel, uint32_t id,
	struct kernel_next_hop *next_hops, uint8_t *count);

/* NULL: not known. */
const struct link_row *kernel_find_link(const struct kernel *kernel, uint32_t ifindex);
/* Starts telling what the change of this interface (0: of nexthop objects) means for routes. */
void kernel_walk_routes(struct kernel *kernel, uint32_t ifindex);
/* A bounded piece of the walk; called from the event loop until walking is false. */
void kernel_walk_some(struct kernel *kernel);

/* A bounded piece of the purge; called from the event loop until purging is 0. */
void kernel_purge_some(struct kernel *kernel);

/* For tests: the socket's receive buffer, so small that it overruns. */
int kernel_set_receive_buffer(struct kernel *kernel, int bytes);
/* For tests: synchronisations begun so far. */
uint32_t kernel_synchronisations(const struct kernel *kernel);
