/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/internal.h"
#include "dataplane/nexthop/nexthop.h"
#include "dataplane/nexthop/path.h"
#include "dataplane/worker/mark.h"
#include "dataplane/worker/reclaim.h"

struct group *group_table[API_GROUPS_MAX];
uint32_t group_only_member[API_GROUPS_MAX];

/* Main thread only. */
static uint32_t references[API_GROUPS_MAX]; /* by routes */
static uint32_t highest;                    /* no id above it was ever used */
static uint32_t count;

static int check(const struct api_group *api)
{
	if (api->id < API_GROUP_FIRST || api->id >= API_GROUPS_MAX)
		return -EINVAL;
	if (api->count > API_GROUP_MEMBERS_MAX)
		return -EINVAL;
	for (uint32_t i = 0; i < api->count; i++) {
		if (!adjacency_exists(api->adjacencies[i]))
			return -ENOENT;
	}
	return 0;
}

/* Adjacencies that are held, and interfaces that have some, stay in their domain. */
static uint32_t domain_of(const struct api_group *api)
{
	uint32_t vrf = 0, of_member;

	for (uint32_t i = 0; i < api->count; i++) {
		of_member = interface_get(adjacency_get(api->adjacencies[i])->interface)->vrf;
		if (i > 0 && of_member != vrf)
			return 0;
		vrf = of_member;
	}
	return vrf;
}

static struct group *build(const struct api_group *api)
{
	struct group *group = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*group));

	if (group == NULL)
		return NULL;
	memset(group, 0, sizeof(*group));
	group->id = api->id;
	group->vrf = domain_of(api);
	group->count = api->count;
	memcpy(group->members, api->adjacencies, api->count * sizeof(group->members[0]));
	group->mark = table_mark;
	return group;
}

static bool is_same(const struct group *a, const struct group *b)
{
	return a->count == b->count && memcmp(a->members, b->members, sizeof(a->members)) == 0;
}

static void release_members(const struct group *group)
{
	for (uint32_t i = 0; i < group->count; i++)
		adjacency_release(group->members[i]);
}

/* The two stores are not one, but either way a reader finds a member of one of the two. */
static void publish(struct group *new, uint32_t id)
{
	uint32_t only = new != NULL &&new->count == 1 ? new->members[0] : 0;

	__atomic_store_n(&group_only_member[id], only, __ATOMIC_RELEASE);
	__atomic_store_n(&group_table[id], new, __ATOMIC_RELEASE);
}

int group_upsert(const struct api_group *api)
{
	int error = check(api);

	if (error != 0)
		return error;

	struct group *old = group_table[api->id];
	struct group *new = build(api);

	if (new == NULL)
		return -ENOMEM;
	if (old != NULL && is_same(old, new)) {
		old->mark = table_mark;
		free(new);
		return 0;
	}
	if (old == NULL)
		reclaim_ids_settle();
	for (uint32_t i = 0; i < new->count; i++)
		adjacency_hold(new->members[i]);
	publish(new, api->id);
	if (api->id > highest)
		highest = api->id;
	if (old == NULL) {
		count++;
		return 0;
	}
	release_members(old);
	reclaim_later(old, free);
	return 0;
}

static void unlink_group(struct group *group)
{
	publish(NULL, group->id);
	release_members(group);
	count--;
	reclaim_id_retired();
	reclaim_later(group, free);
}

int group_delete(uint32_t id)
{
	if (id < API_GROUP_FIRST || id >= API_GROUPS_MAX)
		return -EINVAL;
	if (group_table[id] == NULL)
		return 0;
	if (references[id] != 0)
		return -EBUSY;
	unlink_group(group_table[id]);
	return 0;
}

uint32_t group_sweep(void)
{
	uint32_t swept = 0;

	for (uint32_t id = API_GROUP_FIRST; id <= highest; id++) {
		const struct group *group = group_table[id];

		if (group == NULL || group->mark == table_mark)
			continue;
		if (group_delete(id) == 0)
			swept++;
	}
	return swept;
}

bool group_next(uint32_t after, struct api_group *api)
{
	for (uint64_t id = (uint64_t)after + 1; id <= highest; id++) {
		const struct group *group = group_table[id];

		if (group == NULL)
			continue;
		memset(api, 0, sizeof(*api));
		api->id = group->id;
		api->count = group->count;
		memcpy(api->adjacencies, group->members, sizeof(api->adjacencies));
		return true;
	}
	return false;
}

bool group_exists(uint32_t id)
{
	if (id > API_GROUP_NONE && id <= API_GROUP_GLEAN_LEAKED)
		return true;
	return id >= API_GROUP_FIRST && id < API_GROUPS_MAX && group_table[id] != NULL;
}

void group_hold(uint32_t id)
{
	if (id >= API_GROUP_FIRST)
		references[id]++;
}

void group_release(uint32_t id)
{
	if (id >= API_GROUP_FIRST)
		references[id]--;
}

void nexthop_fini(void)
{
	for (uint32_t id = API_GROUP_FIRST; id <= highest; id++) {
		if (group_table[id] != NULL)
			unlink_group(group_table[id]);
	}
	highest = 0;
	adjacency_fini();
	path_fini();
}

void nexthop_usage(uint32_t *adjacencies, uint32_t *groups, uint64_t *bytes)
{
	*adjacencies = adjacency_count();
	*groups = count;
	*bytes = (uint64_t)adjacency_count() * sizeof(struct adjacency) +
		 (uint64_t)count * sizeof(struct group);
}
