/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/log.h"

#define FILE_NAME "site.yaml"
#define DRAFT_NAME "site.yaml.new"
#define HEADER_MAX 80u

static int store_path(const char *state_dir, const char *name, char path[PATH_MAX])
{
	int length = snprintf(path, PATH_MAX, "%s/%s", state_dir, name);

	return length < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* The whole file, zero-terminated, malloc'd. 0 or -errno. */
static int read_whole(int fd, char **text, size_t *length)
{
	struct stat status;
	size_t at = 0;
	char *buffer;

	if (fstat(fd, &status) < 0)
		return -errno;
	if ((uint64_t)status.st_size > STORE_DOCUMENT_MAX + HEADER_MAX)
		return -EFBIG;
	buffer = malloc((size_t)status.st_size + 1);
	if (buffer == NULL)
		return -ENOMEM;
	while (at < (size_t)status.st_size) {
		ssize_t got = read(fd, buffer + at, (size_t)status.st_size - at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			int error = got < 0 ? -errno : -EBADMSG;
			free(buffer);
			return error;
		}
		at += (size_t)got;
	}
	buffer[at] = '\0';
	*text = buffer;
	*length = at;
	return 0;
}

/* Takes the first line off; what is left must have the length that the line says. */
static int parse_file(const char *text, size_t length, struct store *store)
{
	uint64_t revision, expected;
	int header = 0;

	if (sscanf(text, "# onramp revision %" SCNu64 " length %" SCNu64 "%n", &revision, &expected,
		    &header) != 2 ||
		text[header] != '\n' || revision == 0 || length - (size_t)header - 1 != expected)
		return -EBADMSG;
	store->document = malloc(expected + 1);
	if (store->document == NULL)
		return -ENOMEM;
	memcpy(store->document, text + header + 1, expected + 1);
	store->length = expected;
	store->revision = revision;
	return 0;
}

int store_load(const char *state_dir, struct store *store)
{
	char path[PATH_MAX], draft[PATH_MAX], *text = NULL;
	size_t length = 0;
	int fd, error;

	memset(store, 0, sizeof(*store));
	error = store_path(state_dir, DRAFT_NAME, draft);
	if (error != 0)
		return error;
	if (unlink(draft) < 0 && errno != ENOENT && errno != ENOTDIR)
		return -errno;
	error = store_path(state_dir, FILE_NAME, path);
	if (error != 0)
		return error;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	error = read_whole(fd, &text, &length);
	close(fd);
	if (error != 0)
		return error;
	error = parse_file(text, length, store);
	free(text);
	return error;
}

static int write_whole(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t put = write(fd, bytes, length);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		bytes += put;
		length -= (size_t)put;
	}
	return 0;
}

/* Header and document into path, down to the disk. */
static int write_draft(const char *path, uint64_t revision, const char *document, size_t length)
{
	char header[HEADER_MAX];
	int header_length = snprintf(header, sizeof(header),
		"# onramp revision %" PRIu64 " length %zu\n", revision, length);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int error;

	if (fd < 0)
		return -errno;
	error = write_whole(fd, header, (size_t)header_length);
	if (error == 0)
		error = write_whole(fd, document, length);
	if (error == 0 && fsync(fd) < 0)
		error = -errno;
	if (close(fd) < 0 && error == 0)
		error = -errno;
	if (error != 0)
		unlink(path);
	return error;
}

int store_prepare(const char *state_dir, struct store *store, const char *document, size_t length)
{
	char path[PATH_MAX];
	int error;

	store_discard(state_dir, store);
	if (length > STORE_DOCUMENT_MAX)
		return -EFBIG;
	error = store_path(state_dir, DRAFT_NAME, path);
	if (error != 0)
		return error;
	if (mkdir(state_dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	store->draft = malloc(length + 1);
	if (store->draft == NULL)
		return -ENOMEM;
	memcpy(store->draft, document, length);
	store->draft[length] = '\0';
	store->draft_length = length;
	error = write_draft(path, store->revision + 1, document, length);
	if (error != 0) {
		free(store->draft);
		store->draft = NULL;
	}
	return error;
}

/* A rename is only as lasting as the directory that holds it. */
static void sync_directory(const char *state_dir)
{
	int fd = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		log_warning("store", "%s: %s; a power failure now may bring the last revision back",
			state_dir, strerror(errno));
	if (fd >= 0)
		close(fd);
}

int store_commit(const char *state_dir, struct store *store)
{
	char from[PATH_MAX], to[PATH_MAX];
	int error;

	if (store->draft == NULL)
		return -EINVAL;
	error = store_path(state_dir, DRAFT_NAME, from);
	if (error == 0)
		error = store_path(state_dir, FILE_NAME, to);
	if (error != 0)
		return error;
	if (rename(from, to) < 0)
		return -errno;
	sync_directory(state_dir);
	free(store->document);
	store->document = store->draft;
	store->length = store->draft_length;
	store->revision++;
	store->draft = NULL;
	return 0;
}

void store_discard(const char *state_dir, struct store *store)
{
	char path[PATH_MAX];

	if (store->draft == NULL)
		return;
	if (store_path(state_dir, DRAFT_NAME, path) == 0)
		unlink(path);
	free(store->draft);
	store->draft = NULL;
}

void store_free(struct store *store)
{
	free(store->document);
	free(store->draft);
	memset(store, 0, sizeof(*store));
}
