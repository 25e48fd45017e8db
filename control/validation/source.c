/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/validation/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/log.h"
#include "control/validation/parse.h"

/* All VRPs there are make some 70 MB. */
#define FILE_BYTES_MAX (1ll << 29)
#define READ_AGAIN_S 60

const char *source_kind_name(enum source_kind kind)
{
	static const char *const names[SOURCES] = {
		[SOURCE_REGISTRY] = "registry", [SOURCE_VRPS] = "vrps", [SOURCE_RTR] = "rtr"};

	return names[kind];
}

void source_take(struct source *source, struct vrps *vrps, int64_t at, int64_t expires)
{
	if (source->trouble[0] != '\0' || !source->has_data)
		log_info("validation", "%s %s: %zu entries", source_kind_name(source->kind),
			source->name, vrps->count);
	vrps_free(&source->vrps);
	source->vrps = *vrps;
	*vrps = (struct vrps){0};
	source->has_data = true;
	source->at = at;
	source->expires = expires;
	source->trouble[0] = '\0';
}

void source_fail(struct source *source, const char *format, ...)
{
	char text[sizeof(source->trouble)];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (strcmp(text, source->trouble) == 0)
		return;
	memcpy(source->trouble, text, sizeof(text));
	log_warning("validation", "%s: %s%s", source_kind_name(source->kind), text,
		source->has_data ? "; what it said before stays in force" : "");
}

bool source_expire(struct source *source, int64_t now_s)
{
	if (!source->has_data || source->expires == 0 || now_s < source->expires)
		return false;
	log_warning("validation", "%s %s: its %zu entries are too old and count no more",
		source_kind_name(source->kind), source->name, source->vrps.count);
	vrps_free(&source->vrps);
	source->has_data = false;
	return true;
}

/* ---- files ---- */

/* Another number when the file is another one, or was touched; 0: it is not there. */
static uint64_t look_at(const char *name, struct stat *status)
{
	uint64_t hash = 0xcbf29ce484222325u;
	uint64_t parts[6];

	if (stat(name, status) != 0)
		return 0;
	parts[0] = status->st_dev;
	parts[1] = status->st_ino;
	parts[2] = (uint64_t)status->st_size;
	parts[3] = status->st_mode;
	parts[4] = (uint64_t)status->st_ctim.tv_sec;
	parts[5] = (uint64_t)status->st_ctim.tv_nsec;
	for (size_t i = 0; i < sizeof(parts); i++)
		hash = (hash ^ ((const uint8_t *)parts)[i]) * 0x100000001b3u; /* FNV-1a */
	return hash != 0 ? hash : 1;
}

/* All of an open file, malloc'd. NULL with errno. */
static char *read_all(int file, size_t size, size_t *length)
{
	char *text = malloc(size + 1);
	ssize_t count = 1;

	*length = 0;
	while (text != NULL && count > 0 && *length < size) {
		count = read(file, text + *length, size - *length);
		if (count < 0 && errno == EINTR)
			count = 1;
		else if (count > 0)
			*length += (size_t)count;
	}
	if (text != NULL && count < 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* The file's text, malloc'd; NULL: the source says what is wrong. */
static char *read_file(struct source *source, struct stat *status, size_t *length)
{
	/* Not to wait for whoever opens the other end of a pipe. */
	int file = open(source->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *text = NULL;

	if (file < 0 || fstat(file, status) != 0) {
		source_fail(source, "cannot read %s: %s", source->name, strerror(errno));
	} else if (!S_ISREG(status->st_mode)) {
		source_fail(source, "%s is no regular file", source->name);
	} else if ((status->st_mode & S_IWOTH) != 0) {
		source_fail(source,
			"%s can be changed by anybody (mode %04o); take that away: chmod o-w %s",
			source->name, status->st_mode & 07777, source->name);
	} else if (status->st_size > FILE_BYTES_MAX) {
		source_fail(source, "%s is larger than 512 MiB", source->name);
	} else {
		text = read_all(file, (size_t)status->st_size, length);
		if (text == NULL)
			source_fail(source, "cannot read %s: %s", source->name, strerror(errno));
	}
	if (file >= 0)
		close(file);
	return text;
}

static bool parse_file(struct source *source, const char *text, size_t length, int64_t now_s,
	const struct stat *status)
{
	char wrong[PARSE_WRONG_MAX];
	struct vrps vrps = {0};
	int64_t next_end = 0, at = status->st_mtim.tv_sec;
	int error;

	if (source->kind == SOURCE_REGISTRY)
		error = registry_parse(text, length, &vrps, wrong);
	else
		error = vrps_json_parse(text, length, now_s, &vrps, &next_end, wrong);
	if (error != 0) {
		source_fail(source, "%s, %s", source->name, wrong);
		return false;
	}
	source->next_end = next_end;
	source_take(source, &vrps, at < now_s ? at : now_s, 0);
	return true;
}

bool source_read_file(struct source *source, int64_t now_s)
{
	struct stat status;
	uint64_t seen = look_at(source->name, &status);
	bool ended = source->next_end != 0 && now_s >= source->next_end &&
		     now_s - source->read_at >= READ_AGAIN_S;
	bool taken = false;
	size_t length;
	char *text;

	if (seen == source->seen && !ended && source->read_at != 0)
		return false;
	source->seen = seen;
	source->read_at = now_s;
	text = read_file(source, &status, &length);
	if (text != NULL)
		taken = parse_file(source, text, length, now_s, &status);
	free(text);
	/* A registry is the operator's own word, which does not age. */
	if (!taken && source->kind != SOURCE_REGISTRY && source->expires == 0)
		source->expires = now_s + SOURCE_EXPIRE_S;
	return taken;
}
