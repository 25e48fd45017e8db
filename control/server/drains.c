/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server/drains.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/log.h"
#include "control/server/links.h"

/* ---- the file ---- */

static int file_path(const char *state_dir, const char *suffix, char path[PATH_MAX])
{
	int length = snprintf(path, PATH_MAX, "%s/drained%s", state_dir, suffix);

	return length < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int drains_load(const char *state_dir, struct sync *sync)
{
	char path[PATH_MAX], line[128];
	int error = file_path(state_dir, "", path);
	FILE *file = error == 0 ? fopen(path, "re") : NULL;

	if (file == NULL)
		return error != 0 || errno == ENOENT ? error : -errno;
	while (error == 0 && fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '\0')
			continue;
		log_info("drain", "%s was drained and stays it", line);
		error = sync_drain(sync, line, true);
	}
	fclose(file);
	return error;
}

static bool is_out(const json_t *row)
{
	const char *state = json_string_value(json_object_get(row, "state"));

	return strcmp(state, "returning") != 0 && strcmp(state, "welcoming") != 0;
}

static int write_names(FILE *file, const json_t *rows, const char *more, const char *less)
{
	const json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		const char *link = json_string_value(json_object_get(row, "link"));

		if (is_out(row) && strcmp(link, more) != 0 && strcmp(link, less) != 0)
			fprintf(file, "%s\n", link);
	}
	if (more[0] != '\0')
		fprintf(file, "%s\n", more);
	if (fflush(file) != 0 || fsync(fileno(file)) != 0)
		return -errno;
	return 0;
}

/* The list as it is, with one more, and one less ("": none). Whole beside the old one first, so
 * that a full disk or a crash leaves one of them. */
static int save(struct office *office, const char *more, const char *less)
{
	char path[PATH_MAX], draft[PATH_MAX];
	json_t *rows = sync_drains(office->sync);
	FILE *file = NULL;
	int error = file_path(office->state_dir, "", path);

	if (error == 0)
		error = file_path(office->state_dir, ".new", draft);
	if (error == 0)
		file = fopen(draft, "we");
	if (error == 0 && file == NULL)
		error = -errno;
	if (error == 0)
		error = write_names(file, rows, more, less);
	if (file != NULL && fclose(file) != 0 && error == 0)
		error = -errno;
	if (error == 0 && rename(draft, path) != 0)
		error = -errno;
	json_decref(rows);
	return error;
}

/* ---- requests ---- */

static const json_t *find_row(const json_t *rows, const char *link)
{
	const json_t *row;
	size_t i;

	json_array_foreach (rows, i, row)
		if (strcmp(json_string_value(json_object_get(row, "link")), link) == 0)
			return row;
	return NULL;
}

bool drains_has(const struct office *office, const char *link)
{
	json_t *rows = sync_drains(office->sync);
	const json_t *row = find_row(rows, link);
	bool out = row != NULL && is_out(row);

	json_decref(rows);
	return out;
}

static json_t *row_reply(const struct office *office, const char *link)
{
	json_t *rows = sync_drains(office->sync);
	const json_t *row = find_row(rows, link);
	json_t *reply = row != NULL ? json_deep_copy(row)
				    : json_pack("{s:s, s:s}", "link", link, "state", "in use");

	json_decref(rows);
	return reply;
}

static json_t *drain(struct office *office, const struct link_place *place, bool force,
	const struct bgp_answers *bgp)
{
	const char *link = place->domain->links[place->link].name;
	char why[200];
	int error;

	if (bgp->answers[BGP_SUMMARY4] == NULL)
		return request_error("FRR's bgpd does not answer, so nobody can be asked to leave "
				     "%s; start it, and see `onramp show status`",
			link);
	if (!force && !drains_has(office, link) &&
		links_no_way_left(office, place, bgp, why, sizeof(why)) != NULL)
		return request_error("%s; traffic would have no other way. Mend that first, or say "
				     "--force to drain %s all the same",
			why, link);
	error = save(office, link, "");
	if (error == 0)
		error = sync_drain(office->sync, link, false);
	if (error != 0)
		return request_error("cannot save to %s/drained: %s; nothing was changed",
			office->state_dir, strerror(-error));
	return row_reply(office, link);
}

static json_t *undrain(struct office *office, const char *link)
{
	int error;

	if (!drains_has(office, link))
		return row_reply(office, link);
	error = save(office, "", link);
	if (error != 0)
		return request_error("cannot save to %s/drained: %s; nothing was changed",
			office->state_dir, strerror(-error));
	sync_undrain(office->sync, link);
	return row_reply(office, link);
}

json_t *drains_request(struct office *office, const json_t *request, const struct bgp_answers *bgp)
{
	const char *link = json_string_value(json_object_get(request, "link"));
	const char *name = json_string_value(json_object_get(request, "request"));
	bool force = json_is_true(json_object_get(request, "force"));
	struct link_place place;

	if (link == NULL)
		return request_error("%s needs \"link\", a string", name);
	/* One that the plan does not name any more may still be on the list. */
	if (strcmp(name, "undrain") == 0 && drains_has(office, link))
		return undrain(office, link);
	if (!links_find(sync_plan(office->sync), link, &place))
		return links_no_such(office, link);
	if (strcmp(name, "undrain") == 0)
		return undrain(office, link);
	return drain(office, &place, force, bgp);
}
