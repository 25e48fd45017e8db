/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cli/document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/config/config.h"
#include "control/store/store.h"

/* What is in the stream, at most limit bytes. 0 or -errno. */
static int read_stream(FILE *stream, size_t limit, char **text, size_t *length)
{
	size_t size = 65536;
	char *buffer = malloc(size + 1);

	*length = 0;
	while (buffer != NULL) {
		char *larger;

		*length += fread(buffer + *length, 1, size - *length, stream);
		if (*length < size)
			break;
		size *= 2;
		larger = *length > limit ? NULL : realloc(buffer, size + 1);
		if (larger == NULL) {
			free(buffer);
			return *length > limit ? -EFBIG : -ENOMEM;
		}
		buffer = larger;
	}
	if (buffer == NULL)
		return -ENOMEM;
	if (ferror(stream)) {
		free(buffer);
		return -EIO;
	}
	buffer[*length] = '\0';
	*text = buffer;
	return 0;
}

char *document_file(const struct cli *cli, const char *path, size_t limit, size_t *length)
{
	bool standard_input = strcmp(path, "-") == 0;
	FILE *stream = standard_input ? stdin : fopen(path, "re");
	char *text = NULL;
	int error;

	if (stream == NULL) {
		cli_error(cli, "%s: %s", path, strerror(errno));
		return NULL;
	}
	errno = 0;
	error = read_stream(stream, limit, &text, length);
	/* Reading a directory opens well and fails here. */
	if (error == -EIO && errno != 0)
		error = -errno;
	if (!standard_input)
		fclose(stream);
	if (error != 0) {
		cli_error(cli, "%s: %s", path, strerror(-error));
		return NULL;
	}
	return text;
}

char *document_read(const struct cli *cli, size_t *length)
{
	return document_file(cli, cli->operand, STORE_DOCUMENT_MAX, length);
}

static bool is_warning(const json_t *finding)
{
	const char *severity = json_string_value(json_object_get(finding, "severity"));

	return severity != NULL && strcmp(severity, "warning") == 0;
}

/* The text of a key, "" when there is none. */
static char *text_of(const json_t *finding, const char *key)
{
	const char *text = json_string_value(json_object_get(finding, key));

	return strdup(text != NULL ? text : "");
}

void findings_print(const struct cli *cli, FILE *out, const json_t *findings)
{
	size_t index;
	json_t *row;

	json_array_foreach (findings, index, row) {
		struct config_finding finding = {
			.warning = is_warning(row),
			.line = (unsigned int)json_integer_value(json_object_get(row, "line")),
			.field = text_of(row, "field"),
			.text = text_of(row, "text"),
		};
		char *line = config_finding_text(&finding, cli->operand);
		fprintf(out, "%s\n", line != NULL ? line : strerror(ENOMEM));
		free(line);
		free(finding.field);
		free(finding.text);
	}
}

void findings_count(const json_t *findings, FILE *out)
{
	size_t warnings = 0, errors, index;
	json_t *row;

	json_array_foreach (findings, index, row)
		warnings += is_warning(row);
	errors = json_array_size(findings) - warnings;
	fprintf(out, "%zu error%s, %zu warning%s\n", errors, errors == 1 ? "" : "s", warnings,
		warnings == 1 ? "" : "s");
}
