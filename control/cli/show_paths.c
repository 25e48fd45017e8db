/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Paths and the groups that share traffic among them: which is used, and why another is not.
 */
#include "control/cli/show_paths.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/cli/table.h"
#include "dataplane/api/clock.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *link_of(const struct liveness *liveness, uint32_t interface)
{
	const struct api_interface *found = dump_find(&liveness->interfaces, interface);

	return found != NULL ? found->name : "?";
}

static json_t *causes_json(uint8_t down)
{
	json_t *causes = json_array();

	for (unsigned int bit = 0; bit < 8; bit++)
		if (down & 1u << bit)
			json_array_append_new(causes, json_string(api_path_down_name(1u << bit)));
	return causes;
}

/* As the dataplane chooses: the best there is serves, and what is worse waits. */
enum use { USE_DEAD, USE_UNRESOLVED, USE_DRAINED, USE_LIVE };

static enum use use_of(uint8_t down, bool resolved)
{
	if ((down & ~API_PATH_DRAIN) != 0)
		return USE_DEAD;
	if (!resolved)
		return USE_UNRESOLVED;
	return down == 0 ? USE_LIVE : USE_DRAINED;
}

static const char *use_name(enum use use)
{
	static const char *const names[] = {[USE_DEAD] = "down",
		[USE_UNRESOLVED] = "unresolved",
		[USE_DRAINED] = "drained",
		[USE_LIVE] = "live"};

	return names[use];
}

/* A neighbour without a path lives while its port has a link, which is not in these dumps: it is
 * taken for live. */
static uint8_t down_of(const struct liveness *liveness, const struct api_adjacency *adjacency)
{
	const struct api_path *path = dump_find(&liveness->paths, adjacency->path);

	return path != NULL ? path->down : 0;
}

static enum use best_use(const struct liveness *liveness, const struct api_group *group)
{
	enum use best = USE_DEAD;

	for (uint32_t i = 0; i < group->count; i++) {
		const struct api_adjacency *member =
			dump_find(&liveness->adjacencies, group->adjacencies[i]);
		enum use use = member == NULL ? USE_DEAD
					      : use_of(down_of(liveness, member), member->resolved);

		if (use > best)
			best = use;
	}
	return best;
}

static bool is_used(enum use use, enum use best)
{
	return use == best && use >= USE_DRAINED;
}

static const char *address_text(
	uint8_t family, const uint8_t *address, char buffer[INET6_ADDRSTRLEN])
{
	return inet_ntop(family, address, buffer, INET6_ADDRSTRLEN) != NULL ? buffer : "?";
}

/* ---- groups ---- */

static json_t *member_row(
	const struct liveness *liveness, const struct api_adjacency *member, enum use best)
{
	uint8_t down = down_of(liveness, member);
	enum use use = use_of(down, member->resolved);
	char text[INET6_ADDRSTRLEN];

	return json_pack("{s:s, s:s, s:s, s:o, s:b}", "link", link_of(liveness, member->interface),
		"neighbour", address_text(member->family, member->address, text), "state",
		use_name(use), "causes", causes_json(down), "used", is_used(use, best));
}

/* The texts of the members that are used, or of the others with the reason. */
static json_t *members_text(const json_t *members, bool used)
{
	json_t *texts = json_array(), *member, *cause;
	size_t i, j;

	json_array_foreach (members, i, member) {
		const char *link = json_string_value(json_object_get(member, "link"));
		const char *state = json_string_value(json_object_get(member, "state"));
		char text[192];
		int length;

		if (json_is_true(json_object_get(member, "used")) != used)
			continue;
		length = snprintf(text, sizeof(text), used ? "%s" : "%s: %s", link, state);
		json_array_foreach (json_object_get(member, "causes"), j, cause)
			if (!used && (size_t)length < sizeof(text))
				length += snprintf(text + length, sizeof(text) - (size_t)length,
					" %s", json_string_value(cause));
		json_array_append_new(texts, json_string(text));
	}
	return texts;
}

json_t *group_rows(const struct liveness *liveness)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < liveness->groups.count; i++) {
		const struct api_group *group = dump_row(&liveness->groups, i);
		enum use best = best_use(liveness, group);
		json_t *members = json_array();

		for (uint32_t m = 0; m < group->count; m++) {
			const struct api_adjacency *member =
				dump_find(&liveness->adjacencies, group->adjacencies[m]);
			if (member != NULL)
				json_array_append_new(members, member_row(liveness, member, best));
		}
		json_array_append_new(
			rows, json_pack("{s:I, s:o, s:o, s:o}", "group", (json_int_t)group->id,
				      "used", members_text(members, true), "unused",
				      members_text(members, false), "members", members));
	}
	return rows;
}

/* ---- paths ---- */

struct share {
	unsigned int groups, used;
};

/* How many groups have each path, by its place in the dump. */
static void count_shares(const struct liveness *liveness, struct share *shares)
{
	for (size_t i = 0; i < liveness->groups.count; i++) {
		const struct api_group *group = dump_row(&liveness->groups, i);
		enum use best = best_use(liveness, group);

		for (uint32_t m = 0; m < group->count; m++) {
			const struct api_adjacency *member =
				dump_find(&liveness->adjacencies, group->adjacencies[m]);
			const struct api_path *path =
				member != NULL ? dump_find(&liveness->paths, member->path) : NULL;

			if (path == NULL)
				continue;
			struct share *share =
				&shares[path - (const struct api_path *)liveness->paths.rows];
			share->groups++;
			share->used += is_used(use_of(path->down, member->resolved), best);
		}
	}
}

static const char *path_state(uint8_t down)
{
	if (down == 0)
		return "live";
	return (down & ~API_PATH_DRAIN) == 0 ? "drained" : "down";
}

json_t *path_rows(const struct liveness *liveness, uint64_t now_us)
{
	struct share *shares = calloc(liveness->paths.count + 1, sizeof(*shares));
	json_t *rows = json_array();

	if (shares != NULL)
		count_shares(liveness, shares);
	for (size_t i = 0; shares != NULL && i < liveness->paths.count; i++) {
		const struct api_path *path = dump_row(&liveness->paths, i);
		char text[INET6_ADDRSTRLEN];

		json_array_append_new(rows,
			json_pack("{s:s, s:s, s:s, s:s, s:o, s:s*, s:I, s:f, s:I, s:i, s:i}",
				"link", link_of(liveness, path->interface), "family",
				path->family == AF_INET ? "ipv4" : "ipv6", "peer",
				address_text(path->family, path->address, text), "state",
				path_state(path->down), "causes", causes_json(path->down),
				"last_cause",
				path->last_cause != 0 ? api_path_down_name(path->last_cause) : NULL,
				"changed_us", (json_int_t)path->changed_us, "age_s",
				(double)(now_us - path->changed_us) / 1e6, "changes",
				(json_int_t)path->changes, "groups", (int)shares[i].groups, "used",
				(int)shares[i].used));
	}
	free(shares);
	return rows;
}

/* ---- the commands ---- */

static void liveness_free(struct liveness *liveness)
{
	dump_free(&liveness->groups);
	dump_free(&liveness->adjacencies);
	dump_free(&liveness->interfaces);
	dump_free(&liveness->paths);
}

/* 0, or -errno and reported. What points is read before what it points at. */
static int liveness_read(const struct cli *cli, struct liveness *liveness)
{
	struct api_client *client = dataplane_open(cli);
	int error;

	*liveness = (struct liveness){0};
	if (client == NULL)
		return -ENOTCONN;
	error = dataplane_dump(cli, client, API_GROUP, &liveness->groups);
	if (error == 0)
		error = dataplane_dump(cli, client, API_ADJACENCY, &liveness->adjacencies);
	if (error == 0)
		error = dataplane_dump(cli, client, API_PATH, &liveness->paths);
	if (error == 0)
		error = dataplane_dump(cli, client, API_INTERFACE, &liveness->interfaces);
	api_client_close(client);
	return error;
}

static bool row_link(const json_t *row, char buffer[ADDRESS_MAX])
{
	const char *link = json_string_value(json_object_get(row, "link"));

	snprintf(buffer, ADDRESS_MAX, "%s", link);
	return true;
}

int show_paths_run(const struct cli *cli)
{
	static const struct column columns[] = {
		{"link", "LINK", FORMAT_TEXT},
		{"family", "FAMILY", FORMAT_TEXT},
		{"peer", "PEER", FORMAT_TEXT},
		{"state", "STATE", FORMAT_STATE},
		{"causes", "CAUSES", FORMAT_TEXT},
		{"age_s", "FOR s", FORMAT_NUMBER},
		{"changes", "CHANGES", FORMAT_NUMBER},
		{"groups", "GROUPS", FORMAT_NUMBER},
		{"used", "USED BY", FORMAT_NUMBER},
	};
	struct liveness liveness;
	json_t *rows = NULL;

	if (liveness_read(cli, &liveness) == 0)
		rows = rows_filter(cli, path_rows(&liveness, monotonic_us()), row_link);
	liveness_free(&liveness);
	return rows != NULL ? rows_print(cli, columns, COUNT(columns), rows) : STATUS_REFUSED;
}

int show_groups_run(const struct cli *cli)
{
	static const struct column columns[] = {
		{"group", "GROUP", FORMAT_NUMBER},
		{"used", "USED", FORMAT_TEXT},
		{"unused", "NOT USED", FORMAT_TEXT},
	};
	struct liveness liveness;
	json_t *rows = NULL;

	if (liveness_read(cli, &liveness) == 0)
		rows = group_rows(&liveness);
	liveness_free(&liveness);
	return rows != NULL ? rows_print(cli, columns, COUNT(columns), rows) : STATUS_REFUSED;
}
