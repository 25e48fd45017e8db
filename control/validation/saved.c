/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A control that starts while a source is away would take down every peering which that vouches
 * for. So what matters of each source's data is kept in the state directory, as an export of VRPs.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/log.h"
#include "control/model/ip.h"
#include "control/validation/parse.h"
#include "control/validation/source.h"

static int file_name(char path[512], const struct source *source, const char *state_dir)
{
	int length = snprintf(
		path, 512, "%s/validation-%s.json", state_dir, source_kind_name(source->kind));

	return length > 0 && length < 500 ? 0 : -ENAMETOOLONG;
}

/* ---- back ---- */

void source_load_saved(struct source *source, const char *state_dir, int64_t now_s)
{
	char path[512], wrong[PARSE_WRONG_MAX], trouble[sizeof(source->trouble)];
	struct vrps vrps = {0};
	int64_t next_end, expires = 0;
	json_t *document;
	char *text;

	if (source->has_data || file_name(path, source, state_dir) != 0)
		return;
	document = json_load_file(path, 0, NULL);
	/* Of another file or cache it says nothing. */
	if (!json_is_string(json_object_get(document, "of")) ||
		strcmp(json_string_value(json_object_get(document, "of")), source->name) != 0) {
		json_decref(document);
		return;
	}
	text = json_dumps(document, JSON_COMPACT);
	/* Without entries, for one because all have ended, it is as good as none. */
	if (text != NULL &&
		vrps_json_parse(text, strlen(text), now_s, &vrps, &next_end, wrong) == 0 &&
		vrps.count > 0) {
		memcpy(trouble, source->trouble, sizeof(trouble));
		if (source->kind != SOURCE_REGISTRY)
			expires = next_end != 0 ? next_end : now_s + SOURCE_EXPIRE_S;
		source_take(source, &vrps, json_integer_value(json_object_get(document, "at")),
			expires);
		memcpy(source->trouble, trouble, sizeof(trouble));
	}
	free(text);
	json_decref(document);
}

/* ---- away ---- */

static void add_entry(json_t *roas, const struct vrp *vrp, int64_t expires)
{
	char text[64];
	struct ip address = vrp->prefix;
	json_t *roa;

	address.prefix_len = ip_full_length(address.family); /* the text is without it then */
	roa = json_pack("{s:o, s:i, s:I}", "prefix",
		json_sprintf(
			"%s/%u", ip_text(&address, text, sizeof(text)), vrp->prefix.prefix_len),
		"maxLength", vrp->max_length, "asn", (json_int_t)vrp->asn);
	if (expires != 0)
		json_object_set_new(roa, "expires", json_integer(expires));
	json_array_append_new(roas, roa);
}

/* Whatever covers the prefix, or lies in it. */
static int add_about(struct vrps *about, const struct vrps *vrps, const struct ip *prefix)
{
	int error = 0;

	for (unsigned int length = 0; length < prefix->prefix_len; length++) {
		struct ip at = *prefix;

		at.prefix_len = (uint8_t)length;
		at = ip_network(&at);
		for (size_t i = vrps_first_within(vrps, &at);
			i < vrps->count && ip_equal(&vrps->entries[i].prefix, &at); i++)
			error |= vrps_add(
				about, &at, vrps->entries[i].max_length, vrps->entries[i].asn);
	}
	for (size_t i = vrps_first_within(vrps, prefix);
		i < vrps->count && ip_contains(prefix, &vrps->entries[i].prefix); i++)
		error |= vrps_add(about, &vrps->entries[i].prefix, vrps->entries[i].max_length,
			vrps->entries[i].asn);
	return error;
}

static int find_about(struct vrps *about, const struct vrps *vrps, const struct site *site)
{
	int error = 0;

	for (unsigned int c = 0; c < site->circuit_count; c++)
		for (unsigned int p = 0; p < site->circuits[c].peering_count; p++) {
			const struct site_peering *peering = &site->circuits[c].peerings[p];

			for (unsigned int i = 0; i < peering->validated_count; i++)
				error |= add_about(about, vrps, &peering->validated[i]);
		}
	vrps_settle(about);
	return error;
}

static char *saved_text(const struct source *source, const struct site *site)
{
	json_t *roas = json_array(), *document;
	struct vrps about = {0};
	char *text = NULL;

	if (find_about(&about, &source->vrps, site) == 0) {
		for (size_t i = 0; i < about.count; i++)
			add_entry(roas, &about.entries[i], source->expires);
		document = json_pack("{s:s, s:I, s:O}", "of", source->name, "at",
			(json_int_t)source->at, "roas", roas);
		text = json_dumps(document, JSON_INDENT(1));
		json_decref(document);
	}
	json_decref(roas);
	vrps_free(&about);
	return text;
}

/* Whole or not at all. 0 or -errno. */
static int write_file(const char *path, const char *text)
{
	char new_path[520];
	size_t length = strlen(text);
	int file, error = 0;

	snprintf(new_path, sizeof(new_path), "%s.new", path);
	file = open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (file < 0)
		return -errno;
	if (write(file, text, length) != (ssize_t)length)
		error = errno != 0 ? -errno : -ENOSPC;
	if (close(file) != 0 && error == 0)
		error = -errno;
	if (error == 0 && rename(new_path, path) != 0)
		error = -errno;
	if (error != 0)
		unlink(new_path);
	return error;
}

void source_save(const struct source *source, const char *state_dir, const struct site *site,
	struct saved *saved)
{
	uint64_t hash = 0xcbf29ce484222325u;
	char path[512], *text;
	int error;

	if (!source->has_data || source->trouble[0] != '\0')
		return;
	text = saved_text(source, site);
	for (const char *at = text; at != NULL && *at != '\0'; at++)
		hash = (hash ^ (uint8_t)*at) * 0x100000001b3u; /* FNV-1a */
	if (text != NULL && hash != saved->hash) {
		saved->hash = hash;
		errno = 0;
		error = file_name(path, source, state_dir);
		if (error == 0)
			error = write_file(path, text);
		if (error != 0)
			log_warning("validation",
				"%s/validation-%s.json: %s; were control to start while the source "
				"is away, its peerings would go down",
				state_dir, source_kind_name(source->kind), strerror(-error));
	}
	free(text);
}
