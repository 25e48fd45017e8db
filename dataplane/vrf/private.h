/* SPDX-License-Identifier: BSD-3-Clause */
/* What vrf.c and route.c share. Main thread only. */
#pragma once

#include "dataplane/vrf/vrf.h"

#define VRF_ROUTES_MAX (4u << 20)   /* of one vrf and family */
#define TOTAL_ROUTES_MAX (8u << 20) /* of all vrfs and families */

struct vrf {
	uint32_t id;
	uint32_t references; /* by interfaces */
	struct fib *fib4, *fib6;
	struct vrf *next_touched;
	bool touched;
	uint8_t mark;
	char name[API_NAME_MAX];
};

/* NULL: no such vrf. */
struct vrf *vrf_get(uint32_t id);
/* The lowest id in use above this one; 0: none. */
uint32_t vrf_following(uint32_t id);
/* vrf_commit() is to look at it. */
void vrf_touch(struct vrf *vrf);

/* The routes of this fib are about to go: gives back their groups and their share of the limit. */
void route_release_all(const struct fib *fib);
