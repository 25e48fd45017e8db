/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the kernel of one routing domain knows: routes, neighbours, links and addresses, read over
 * one NETLINK_ROUTE socket in its namespace. Bind first, then dump, then follow; a notification
 * for a key beats later rows of a dump; an overrun (ENOBUFS) or an interrupted dump dumps again
 * and reports what has gone. The state is kept here, the callbacks tell what changed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>
#include <net/if.h>

#include "control/model/site.h"

#define KERNEL_NEXT_HOPS_MAX 16

struct kernel_next_hop {
	uint32_t ifindex;
	struct ip via; /* family 0: on-link */
};

/* As zebra marks what it installs for bgpd and staticd. */
#define KERNEL_PROTOCOL_BGP 186
#define KERNEL_PROTOCOL_STATIC 196

/* protocol is the kernel's: 2 kernel (connected, local) or one of the above, other ones are
 * filtered out before. kind: RTN_UNICAST, RTN_LOCAL, RTN_BLACKHOLE, RTN_UNREACHABLE,
 * RTN_PROHIBIT. */
struct kernel_route {
	struct ip prefix;
	uint8_t protocol;
	uint8_t kind;
	uint32_t metric;
	uint8_t count;
	struct kernel_next_hop next_hops[KERNEL_NEXT_HOPS_MAX];
};

struct kernel_neighbour {
	uint32_t ifindex;
	struct ip address;
	uint8_t mac[6];
	uint16_t state; /* NUD_* */
	bool valid;     /* REACHABLE, STALE, DELAY, PROBE, PERMANENT with a MAC */
	uint32_t confirmed_s_ago;
};

struct kernel_link {
	uint32_t ifindex;
	char name[IF_NAMESIZE];
	bool running; /* IFF_UP and carrier */
};

struct kernel; /* one domain's */

/* Called from the event loop. gone: removed. For a prefix with several kernel routes (metrics,
 * protocols) route() reports the best one, the way the kernel would choose (lowest metric). When
 * a link stops running or goes, its next hops leave every route and route() is called for each.
 * synced(): the first full dump is in, and again after every resynchronisation. */
struct kernel_callbacks {
	/* route() will follow soon for this prefix, most likely: a chance to prefetch. May be NULL.
	 */
	void (*expect)(void *context, const struct ip *prefix);
	void (*route)(void *context, const struct kernel_route *route, bool gone);
	void (*neighbour)(void *context, const struct kernel_neighbour *neighbour, bool gone);
	void (*link)(void *context, const struct kernel_link *link, bool gone);
	void (*synced)(void *context);
};

/* NULL with errno. netns: fd, not kept. */
struct kernel *kernel_open(struct event_base *base, int netns,
	const struct kernel_callbacks *callbacks, void *context);
void kernel_close(struct kernel *kernel);

bool kernel_is_synced(const struct kernel *kernel);

/* Asks the kernel to resolve a neighbour and to keep it resolved (NTF_EXT_MANAGED where the
 * kernel has it, else NTF_USE). 0 or -errno. Asking again is cheap and harmless. */
int kernel_resolve(struct kernel *kernel, uint32_t ifindex, const struct ip *address);
/* Asks the kernel to resolve a neighbour once; the entry ages like any other. For addresses that
 * packets ask for: a scan of a subnet must not leave the kernel probing each address for ever. */
int kernel_probe(struct kernel *kernel, uint32_t ifindex, const struct ip *address);
/* Stops keeping it. */
int kernel_forget(struct kernel *kernel, uint32_t ifindex, const struct ip *address);

/* Takes the routes of a protocol of the above out of the kernel, a piece each turn of the
 * event loop; route() tells of them as of any other. For those whose daemons will not do it. */
void kernel_purge(struct kernel *kernel, uint8_t protocol);

/* Walks over the state kept. */
void kernel_each_route(struct kernel *kernel,
	void (*each)(const struct kernel_route *route, void *context), void *context);
void kernel_each_neighbour(struct kernel *kernel,
	void (*each)(const struct kernel_neighbour *neighbour, void *context), void *context);
/* The entry of an address on an interface; NULL: there is none. Until the next event. */
const struct kernel_neighbour *kernel_neighbour_of(
	struct kernel *kernel, uint32_t ifindex, const struct ip *address);
uint32_t kernel_ifindex(struct kernel *kernel, const char *ifname); /* 0: none */
