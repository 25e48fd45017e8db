/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/nexthop/nexthop.h"
#include "dataplane/vrf/private.h"
#include "dataplane/worker/mark.h"

static uint32_t total_routes;

static struct fib *fib_of(const struct vrf *vrf, uint8_t family)
{
	return family == AF_INET ? vrf->fib4 : vrf->fib6;
}

/* The fields that fib_add() does not judge. */
static bool route_valid(const struct api_route *api)
{
	return api->vrf != 0 && api->vrf < API_VRFS_MAX && api->leaked_from < API_VRFS_MAX &&
	       api->group != API_GROUP_NONE &&
	       (api->family == AF_INET || api->family == AF_INET6) &&
	       api->origin >= API_ORIGIN_CONNECTED && api->origin <= API_ORIGIN_NEIGHBOUR;
}

/* A route left a RIB. */
static void route_gone(uint32_t group)
{
	group_release(group);
	total_routes--;
}

int route_upsert(const struct api_route *api)
{
	struct fib_route route = {.group = api->group,
		.leaked_from = (uint16_t)api->leaked_from,
		.origin = api->origin,
		.mark = table_mark};
	struct fib_route previous;
	struct vrf *vrf;
	struct fib *fib;
	int error;

	if (!route_valid(api))
		return -EINVAL;
	vrf = vrf_get(api->vrf);
	if (vrf == NULL || !group_exists(api->group))
		return -ENOENT;
	fib = fib_of(vrf, api->family);
	if (total_routes >= TOTAL_ROUTES_MAX &&
		!fib_get(fib, api->address, api->prefix_len, &previous))
		return -ENOSPC;
	error = fib_add(fib, api->address, api->prefix_len, &route, &previous);
	if (error != 0)
		return error;
	vrf_touch(vrf);
	total_routes++;
	group_hold(api->group);
	if (previous.group != 0)
		route_gone(previous.group);
	return 0;
}

int route_delete(const struct api_route *api)
{
	struct fib_route previous;
	struct vrf *vrf;

	if (api->vrf == 0 || api->vrf >= API_VRFS_MAX ||
		(api->family != AF_INET && api->family != AF_INET6))
		return -EINVAL;
	vrf = vrf_get(api->vrf);
	if (vrf == NULL ||
		fib_delete(fib_of(vrf, api->family), api->address, api->prefix_len, &previous) != 0)
		return 0;
	vrf_touch(vrf);
	route_gone(previous.group);
	return 0;
}

void route_release_all(const struct fib *fib)
{
	struct fib_prefix prefix;
	struct fib_route route;

	for (bool more = fib_next(fib, NULL, &prefix, &route); more;
		more = fib_next(fib, &prefix, &prefix, &route))
		route_gone(route.group);
}

static void route_swept(const struct fib_route *route, void *context)
{
	route_gone(route->group);
}

uint32_t route_sweep(void)
{
	uint32_t swept = 0, of_vrf;

	for (uint32_t id = vrf_following(0); id != 0; id = vrf_following(id)) {
		struct vrf *vrf = vrf_get(id);

		of_vrf = fib_sweep(vrf->fib4, table_mark, route_swept, NULL) +
			 fib_sweep(vrf->fib6, table_mark, route_swept, NULL);
		if (of_vrf != 0)
			vrf_touch(vrf);
		swept += of_vrf;
	}
	return swept;
}

void route_usage(uint32_t *routes, uint32_t *limit)
{
	*routes = total_routes;
	*limit = TOTAL_ROUTES_MAX;
}

/* To the next table (family, then vrf) in dump order. False: there is none. */
static bool cursor_advance(struct route_cursor *cursor)
{
	cursor->started = false;
	if (cursor->family == AF_INET) {
		cursor->family = AF_INET6;
		return true;
	}
	if (cursor->only)
		return false;
	cursor->family = AF_INET;
	cursor->vrf = vrf_following(cursor->vrf);
	return cursor->vrf != 0;
}

bool route_next(struct route_cursor *cursor, struct api_route *api)
{
	struct fib_prefix prefix;
	struct fib_route route;

	if (cursor->family == 0) {
		cursor->family = AF_INET;
		if (!cursor->only)
			cursor->vrf = vrf_following(0);
	}
	do {
		/* The vrf may have gone between two calls. */
		const struct vrf *vrf = vrf_get(cursor->vrf);

		if (vrf == NULL || !fib_next(fib_of(vrf, cursor->family),
					   cursor->started ? &cursor->at : NULL, &prefix, &route))
			continue;
		cursor->started = true;
		cursor->at = prefix;
		*api = (struct api_route){.vrf = vrf->id,
			.group = route.group,
			.leaked_from = route.leaked_from,
			.family = cursor->family,
			.prefix_len = prefix.length,
			.origin = route.origin};
		memcpy(api->address, prefix.address, sizeof(api->address));
		return true;
	} while (cursor_advance(cursor));
	return false;
}
