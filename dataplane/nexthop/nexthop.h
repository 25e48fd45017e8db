/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Adjacencies (a neighbour on an interface, with its rewrite template) and next-hop groups (up to
 * 16 adjacencies to share traffic among).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>

#include "dataplane/api/api.h"

/* What adjacencies can be; more kinds (VXLAN, ESP, remote edge) come with their issues. */
enum adjacency_kind { ADJACENCY_ETHERNET = 1 };

/* The longest layer-2 header, two tags, rounded up to whole words. */
#define TEMPLATE_BYTES 24u

/*
 * Immutable once published, like struct interface. The template ends with the whole layer-2
 * header, template_bytes long: destination, source, tags, EtherType of the payload left as 0x0800;
 * egress patches it for IPv6. What is before it in the template is written too, into the room
 * before the frame, so that each packet costs the same few stores.
 */
struct adjacency {
	uint32_t id;
	uint32_t interface;
	uint32_t account;     /* of the interface, COUNTERS_ACCOUNT() */
	uint32_t policer_out; /* of the interface */
	uint32_t liveness;    /* the slot of path_down that says whether it can be used */
	uint16_t port;
	uint16_t mtu; /* of the interface */
	/* The same once resolved; 0 before, and while cut or watched: nothing fits, so that no
	 * packet is plain. */
	uint16_t open_mtu;
	uint8_t kind;           /* enum adjacency_kind */
	uint8_t resolved;       /* 0: no MAC yet */
	uint8_t template_bytes; /* 14, 18 or 22 */
	uint8_t cut;            /* of the interface */
	uint8_t mark;           /* main thread only */
	uint8_t template[TEMPLATE_BYTES];
	struct api_adjacency api;
} __rte_cache_aligned;

struct group {
	uint32_t id;
	uint32_t vrf; /* that all members' interfaces are in; 0: of several, or there is none */
	uint32_t count;
	uint32_t members[API_GROUP_MEMBERS_MAX]; /* adjacency ids */
	uint8_t mark;
} __rte_cache_aligned;

extern struct adjacency *adjacency_table[API_ADJACENCIES_MAX];
extern struct group *group_table[API_GROUPS_MAX];
/* The adjacency of a group that has just one, else 0: spares most packets a look at the group. */
extern uint32_t group_only_member[API_GROUPS_MAX];

static inline const struct adjacency *adjacency_get(uint32_t id)
{
	return __atomic_load_n(&adjacency_table[id], __ATOMIC_ACQUIRE);
}

static inline const struct group *group_get(uint32_t id)
{
	return __atomic_load_n(&group_table[id], __ATOMIC_ACQUIRE);
}

/* NULL: the group has none or several. */
static inline const struct adjacency *group_only(uint32_t id)
{
	return adjacency_get(__atomic_load_n(&group_only_member[id], __ATOMIC_ACQUIRE));
}

/* Main thread. 0, -EINVAL, -ENOENT (interface, path or member), -ENOMEM; -EBUSY: deletes, and moves
 * of an adjacency to another domain, while held. */
int adjacency_upsert(const struct api_adjacency *api);
int adjacency_delete(uint32_t id);
uint32_t adjacency_sweep(void);
bool adjacency_next(uint32_t after, struct api_adjacency *api);
/* The interface's tags, port, MAC, MTU or policer changed: rebuild its adjacencies. */
int adjacency_interface_changed(uint32_t interface);
/* Nothing is sent to an interface's neighbours until they are stated again: its tags are another
 * one's now. 0 or -ENOMEM. */
int adjacency_interface_mute(uint32_t interface);

/* Main thread: the resolved adjacency of that neighbour; 0: there is none. Looks at all of them. */
uint32_t adjacency_find(uint32_t interface, uint8_t family, const uint8_t address[16]);
/* Main thread: calls changed() for each adjacency that comes or becomes another, and (there: false)
 * for each that goes. NULL: for none. */
void adjacency_watch(void (*changed)(const struct api_adjacency *api, bool there));

int group_upsert(const struct api_group *api);
int group_delete(uint32_t id);
uint32_t group_sweep(void);
bool group_next(uint32_t after, struct api_group *api);
/* Fixed groups exist always. */
bool group_exists(uint32_t id);
/* References by routes; fixed groups are not counted. */
void group_hold(uint32_t id);
void group_release(uint32_t id);

/* Before interface_fini. */
void nexthop_fini(void);
void nexthop_usage(uint32_t *adjacencies, uint32_t *groups, uint64_t *bytes);
