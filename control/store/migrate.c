/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/store/migrate.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "control/config/config.h"
#include "control/log.h"
#include "control/store/objects.h"

#define HEADER_MAX 80u

/* The whole file, zero-terminated, malloc'd. 0 or -errno. */
static int read_file(const char *path, char **text, size_t *length)
{
	struct stat status;
	FILE *file = fopen(path, "re");
	int error = 0;

	if (file == NULL)
		return -errno;
	if (fstat(fileno(file), &status) < 0)
		error = -errno;
	else if ((uint64_t)status.st_size > STORE_DOCUMENT_MAX + HEADER_MAX)
		error = -EFBIG;
	*text = error == 0 ? calloc(1, (size_t)status.st_size + 1) : NULL;
	if (error == 0 && *text == NULL)
		error = -ENOMEM;
	if (error == 0) {
		*length = fread(*text, 1, (size_t)status.st_size, file);
		error = ferror(file) ? -EIO : 0;
	}
	fclose(file);
	if (error != 0)
		free(*text);
	return error;
}

/* Where the document begins; NULL: not such a file, or cut short. */
static const char *parse_header(const char *text, size_t length, uint64_t *revision)
{
	uint64_t expected;
	int header = 0;

	if (sscanf(text, "# onramp revision %" SCNu64 " length %" SCNu64 "%n", revision, &expected,
		    &header) != 2 ||
		text[header] != '\n' || *revision == 0 || length - (size_t)header - 1 != expected)
		return NULL;
	return text + header + 1;
}

static void set_provisioned(json_t *objects, const struct site *site)
{
	char path[OBJECT_PATH_MAX];

	for (unsigned int i = 0; i < site->circuit_count; i++) {
		const struct site_circuit *circuit = &site->circuits[i];

		if (site->port_pairs[circuit->port_pair].model != PAIR_PROVIDER)
			continue;
		snprintf(path, sizeof(path), "circuits[%s]", circuit->name);
		json_object_set_new(json_object_get(objects, path), "provider_state",
			json_string(provider_state_name(PROVIDER_PROVISIONED)));
	}
}

/* The objects of a document; NULL: it is refused. */
static json_t *take_apart(const char *document)
{
	struct config_findings findings;
	struct site *site = config_load(document, strlen(document), &findings);
	json_t *objects = NULL;

	if (site != NULL)
		objects = objects_parse(document, strlen(document));
	for (size_t i = 0; site == NULL && i < findings.count; i++)
		log_error("store", "site.yaml: line %u: %s", findings.items[i].line,
			findings.items[i].text);
	if (objects != NULL)
		set_provisioned(objects, site);
	config_findings_free(&findings);
	site_free(site);
	return objects;
}

static int take_over(struct store *store, uint64_t revision, const char *document)
{
	json_t *objects = take_apart(document), *nothing = json_object();
	json_t *changes = objects != NULL ? objects_diff(nothing, objects) : NULL;
	const struct store_entry entry = {PRINCIPAL_OPERATOR, "file", "control",
		"taken over from site.yaml", time(NULL), changes};
	int error = changes != NULL ? 0 : -EBADMSG;

	if (error == 0) {
		store->now.revision = revision - 1;
		error = store_prepare(store, &entry);
	}
	if (error == 0)
		error = store_commit(store);
	json_decref(objects);
	json_decref(nothing);
	json_decref(changes);
	return error;
}

int migrate_site_yaml(struct store *store)
{
	char path[PATH_MAX], old[PATH_MAX], *text = NULL;
	uint64_t revision = 0;
	size_t length = 0;
	int error;

	if (snprintf(path, sizeof(path), "%s/site.yaml", store->state_dir) >= (int)sizeof(path) ||
		snprintf(old, sizeof(old), "%s/site.yaml.old", store->state_dir) >=
			(int)sizeof(old))
		return -ENAMETOOLONG;
	error = read_file(path, &text, &length);
	if (error != 0)
		return error == -ENOENT || error == -ENOTDIR ? 0 : error;
	/* A crash after the store had it all and before the rename: nothing is left to do but that.
	 */
	if (store->now.revision == 0) {
		const char *document = parse_header(text, length, &revision);
		error = document != NULL ? take_over(store, revision, document) : -EBADMSG;
	}
	free(text);
	if (error == 0 && rename(path, old) < 0)
		error = -errno;
	if (error != 0)
		log_error("store", "%s: %s; move it away and apply your file again", path,
			error == -EBADMSG ? "damaged, or not a document this version understands"
					  : strerror(-error));
	else
		log_info("store", "%s is in store.db now, and kept as site.yaml.old", path);
	return error;
}
