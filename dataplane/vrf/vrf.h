/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routing domains: id -> name and one FIB per family. And routes, as the API says them.
 * Main thread writes; workers read through vrf_fib4/6 only.
 */
#pragma once

#include "dataplane/api/api.h"
#include "dataplane/fib/fib.h"

/* Owner: main thread writes each pointer with release, workers read with acquire/consume. */
struct vrf_table {
	struct fib *fib4[API_VRFS_MAX];
	struct fib *fib6[API_VRFS_MAX];
};
extern struct vrf_table vrf_table;

static inline const struct fib *vrf_fib4(uint32_t vrf)
{
	return __atomic_load_n(&vrf_table.fib4[vrf], __ATOMIC_ACQUIRE);
}

static inline const struct fib *vrf_fib6(uint32_t vrf)
{
	return __atomic_load_n(&vrf_table.fib6[vrf], __ATOMIC_ACQUIRE);
}

/* All below: main thread. 0 or -errno: -EINVAL (id or field out of range), -ENOMEM, -ENOSPC,
 * -EBUSY (delete: an interface still uses it; its routes go with it), -ENOENT (route in no vrf,
 * or to a group that does not exist). */
int vrf_upsert(const struct api_vrf *vrf);
int vrf_delete(uint32_t id);
bool vrf_exists(uint32_t id);
int route_upsert(const struct api_route *route);
int route_delete(const struct api_route *route);

/* End of a batch: commits each FIB that was touched. 0 or -ENOMEM. */
int vrf_commit(void);

/* Sweep of a snapshot, see worker/mark.h; routes first (they hold groups), vrfs last. */
uint32_t route_sweep(void);

/* Routes of all vrfs and families together, and how many there may be. */
void route_usage(uint32_t *routes, uint32_t *limit);
uint32_t vrf_sweep(void);

/* Dumps: the next one with an id > after; false at the end. */
bool vrf_next(uint32_t after, struct api_vrf *vrf);

/* Where a route dump stands: zero-initialised to start; vrf != 0 and only restricts it to one. */
struct route_cursor {
	uint32_t vrf;
	uint8_t family;
	bool started;
	bool only;
	struct fib_prefix at;
};
bool route_next(struct route_cursor *cursor, struct api_route *route);

/* References by interfaces; vrf_delete refuses while there is one. */
void vrf_hold(uint32_t id);
void vrf_release(uint32_t id);

/* Frees everything (end of process, tests). */
void vrf_fini(void);
