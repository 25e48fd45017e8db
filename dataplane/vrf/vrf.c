/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/vrf/vrf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/vrf/private.h"
#include "dataplane/worker/mark.h"
#include "dataplane/worker/reclaim.h"

struct vrf_table vrf_table;

static struct vrf *vrfs[API_VRFS_MAX];
static struct vrf *touched; /* to commit */

struct vrf *vrf_get(uint32_t id)
{
	return id < API_VRFS_MAX ? vrfs[id] : NULL;
}

uint32_t vrf_following(uint32_t id)
{
	while (++id < API_VRFS_MAX)
		if (vrfs[id] != NULL)
			return id;
	return 0;
}

bool vrf_exists(uint32_t id)
{
	return vrf_get(id) != NULL;
}

void vrf_touch(struct vrf *vrf)
{
	if (vrf->touched)
		return;
	vrf->touched = true;
	vrf->next_touched = touched;
	touched = vrf;
}

static void vrf_untouch(const struct vrf *vrf)
{
	struct vrf **link = &touched;

	while (*link != NULL && *link != vrf)
		link = &(*link)->next_touched;
	if (*link != NULL)
		*link = vrf->next_touched;
}

static int vrf_create(const struct api_vrf *api)
{
	struct vrf *vrf = calloc(1, sizeof(*vrf));

	if (vrf == NULL)
		return -ENOMEM;
	vrf->fib4 = fib_create(FIB_IPV4, VRF_ROUTES_MAX);
	vrf->fib6 = fib_create(FIB_IPV6, VRF_ROUTES_MAX);
	if (vrf->fib4 == NULL || vrf->fib6 == NULL) {
		fib_free(vrf->fib4);
		fib_free(vrf->fib6);
		free(vrf);
		return -ENOMEM;
	}
	reclaim_ids_settle();
	vrf->id = api->id;
	vrfs[api->id] = vrf;
	__atomic_store_n(&vrf_table.fib4[api->id], vrf->fib4, __ATOMIC_RELEASE);
	__atomic_store_n(&vrf_table.fib6[api->id], vrf->fib6, __ATOMIC_RELEASE);
	return 0;
}

int vrf_upsert(const struct api_vrf *api)
{
	struct vrf *vrf;
	int error;

	if (api->id == 0 || api->id >= API_VRFS_MAX || api->name[0] == '\0' ||
		memchr(api->name, '\0', sizeof(api->name)) == NULL)
		return -EINVAL;
	if (vrfs[api->id] == NULL) {
		error = vrf_create(api);
		if (error != 0)
			return error;
	}
	vrf = vrfs[api->id];
	memcpy(vrf->name, api->name, sizeof(vrf->name));
	vrf->mark = table_mark;
	return 0;
}

static void fib_reclaim(void *fib)
{
	fib_free(fib);
}

/* Unlinks, then the FIBs wait for the readers. */
static void vrf_drop(struct vrf *vrf)
{
	__atomic_store_n(&vrf_table.fib4[vrf->id], NULL, __ATOMIC_RELEASE);
	__atomic_store_n(&vrf_table.fib6[vrf->id], NULL, __ATOMIC_RELEASE);
	vrfs[vrf->id] = NULL;
	vrf_untouch(vrf);
	reclaim_id_retired();
	route_release_all(vrf->fib4);
	route_release_all(vrf->fib6);
	reclaim_later(vrf->fib4, fib_reclaim);
	reclaim_later(vrf->fib6, fib_reclaim);
	free(vrf);
}

int vrf_delete(uint32_t id)
{
	if (id == 0 || id >= API_VRFS_MAX)
		return -EINVAL;
	if (vrfs[id] == NULL)
		return 0;
	if (vrfs[id]->references != 0)
		return -EBUSY;
	vrf_drop(vrfs[id]);
	return 0;
}

int vrf_commit(void)
{
	struct vrf *list = touched, *vrf;
	int result = 0;

	touched = NULL;
	while ((vrf = list) != NULL) {
		list = vrf->next_touched;
		vrf->touched = false;
		if (fib_commit(vrf->fib4) != 0 || fib_commit(vrf->fib6) != 0) {
			vrf_touch(vrf); /* its changes stay pending */
			result = -ENOMEM;
		}
	}
	return result;
}

uint32_t vrf_sweep(void)
{
	uint32_t swept = 0;

	for (uint32_t id = vrf_following(0); id != 0; id = vrf_following(id))
		if (vrfs[id]->mark != table_mark && vrf_delete(id) == 0)
			swept++;
	return swept;
}

bool vrf_next(uint32_t after, struct api_vrf *api)
{
	uint32_t id = vrf_following(after);
	struct fib_usage usage4, usage6;

	if (id == 0)
		return false;
	fib_usage(vrfs[id]->fib4, &usage4);
	fib_usage(vrfs[id]->fib6, &usage6);
	*api = (struct api_vrf){.id = id,
		.routes4 = usage4.routes,
		.routes6 = usage6.routes,
		.routes_max = VRF_ROUTES_MAX,
		.fib_bytes = usage4.fib_bytes + usage6.fib_bytes,
		.rib_bytes = usage4.rib_bytes + usage6.rib_bytes};
	memcpy(api->name, vrfs[id]->name, sizeof(api->name));
	return true;
}

void vrf_hold(uint32_t id)
{
	vrfs[id]->references++;
}

void vrf_release(uint32_t id)
{
	vrfs[id]->references--;
}

void vrf_fini(void)
{
	for (uint32_t id = vrf_following(0); id != 0; id = vrf_following(id))
		vrf_drop(vrfs[id]);
}
