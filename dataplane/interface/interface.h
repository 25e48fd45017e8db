/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sub-interfaces and how a received tag finds one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_ether.h>

#include "dataplane/api/api.h"

/*
 * Immutable once published: an upsert that changes anything publishes a new struct and reclaims
 * the old. Main thread writes, workers and the punt thread read.
 * epoch is unique to each life of an id: a queued packet carries (id, epoch), so that a packet
 * that waited while its interface was deleted never reaches the next owner of the id.
 */
struct interface {
	uint32_t id;
	uint32_t epoch;
	uint32_t vrf;
	uint32_t account;    /* COUNTERS_ACCOUNT() of it */
	uint32_t policer_in; /* 0: none; POLICER_CLOSED while it is cut or watched: then the
				careful way asks api.policer_in */
	uint32_t policer_out;
	uint16_t port;
	uint16_t mtu;        /* bytes of IP packet */
	uint32_t address4;   /* network order; 0: none */
	uint32_t broadcast4; /* of the link, network order; 0: it has none (RFC 3021 2.1) */
	uint8_t tag_bytes;   /* 0, 4 or 8: what rewriting pushes behind the MAC addresses */
	uint8_t mark;        /* main thread only */
	uint8_t cut;         /* a failure test: nothing comes or goes (link_test.h) */
	uint8_t urpf;        /* enum api_urpf; off while it is cut */
	uint8_t address6[16];
	uint8_t link_local6[16];
	uint8_t tags[8]; /* the tag bytes as on the wire, EtherTypes included, tag_bytes of them */
	struct rte_ether_addr mac; /* the port's */
	int tap_fd;                /* -1: none; used by the punt thread */
	uint32_t watched; /* the number of the capture that watches it (capture.h); 0: none */
	struct api_interface api; /* as upserted, for dumps */
} __rte_cache_aligned;

/* How one port's tags name interface ids; 0: none. Entries are written by main with a release
 * store each. A packet's way: untagged -> vlan[0]; one tag -> vlan[vid]; two tags ->
 * qinq[outer vid][inner vid]. */
struct classifier {
	uint32_t vlan[4096];
	uint32_t *qinq[4096];
};

extern struct interface *interface_table[API_INTERFACES_MAX];
extern struct classifier *classifier_table[API_PORTS_MAX]; /* by port id; NULL: no port */

/* Interfaces of a port that check sources: packets of other ports need not ask their interface.
 * Main writes, counting an interface before it is published, workers read. */
extern uint32_t interface_source_checks[API_PORTS_MAX];

static inline const struct interface *interface_get(uint32_t id)
{
	return __atomic_load_n(&interface_table[id], __ATOMIC_ACQUIRE);
}

/* Main thread. tap_fd: the TAP to use from now on (ownership passes, also on failure), -1 keeps
 * the present one. 0, -EINVAL (id, tags, mtu above the port's), -ENOENT (port, vrf
 * or policer), -EEXIST
 * (the tags name another interface), -ENOMEM. Changing port or tags of an id is allowed; in another
 * vrf it starts a new life, which -EBUSY refuses while adjacencies use it. */
int interface_upsert(const struct api_interface *api, int tap_fd);
/* -EBUSY while adjacencies use it. */
int interface_delete(uint32_t id);
uint32_t interface_sweep(void);
bool interface_next(uint32_t after, struct api_interface *api);
/* Its epoch; 0: there is none. */
uint32_t interface_life(uint32_t id);
/* The TAP's fd (not a duplicate), or -ENOENT. */
int interface_tap(uint32_t id);
void interface_hold(uint32_t id);
void interface_release(uint32_t id);
/* Any interface on this port? (A port cannot go while one is.) */
bool interface_on_port(uint32_t port);
/* The port's MAC or outer EtherType became known or changed: rebuild its interfaces. */
int interface_port_changed(uint32_t port);
/* Builds it and its adjacencies anew (a failure test or a capture began or ended). 0, -ENOENT,
 * -ENOMEM. */
int interface_refresh(uint32_t id);
/* Mirrors the port's link state into the TAPs of its interfaces (TUNSETCARRIER). */
void interface_port_carrier(uint32_t port, bool up);
/* Before vrf_fini. */
void interface_fini(void);
