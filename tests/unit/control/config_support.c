/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/control/config_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void give_up(const char *what, const char *which)
{
	fprintf(stderr, "%s: %s\n", what, which);
	abort();
}

char *document_read(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 1 << 16);

	if (file == NULL || text == NULL)
		give_up("cannot read", path);
	size_t length = fread(text, 1, (1 << 16) - 1, file);
	if (length == 0 || !feof(file))
		give_up("cannot read the whole of", path);
	fclose(file);
	return text;
}

char *document_provisioned(char *document)
{
	static const char pair[] = "    port_pair: shared\n";
	static const char state[] = "    provider_state: provisioned\n";
	char *changed = calloc(2, strlen(document) + 1);
	const char *from = document;

	if (changed == NULL)
		give_up("no memory", "provisioned");
	for (const char *at; (at = strstr(from, pair)) != NULL; from = at + strlen(pair)) {
		strncat(changed, from, (size_t)(at - from) + strlen(pair));
		strcat(changed, state);
	}
	strcat(changed, from);
	free(document);
	return changed;
}

char *document_replace(const char *document, const char *from, const char *to, unsigned int *line)
{
	const char *place = strstr(document, from);

	if (place == NULL || strstr(place + 1, from) != NULL)
		give_up("stands not exactly once in the document", from);
	char *changed = malloc(strlen(document) + strlen(to) + 1);
	if (changed == NULL)
		give_up("no memory", from);
	size_t before = (size_t)(place - document);
	memcpy(changed, document, before);
	strcpy(changed + before, to);
	strcat(changed, place + strlen(from));
	if (line != NULL) {
		*line = 1;
		for (size_t i = 0; i < before; i++)
			*line += document[i] == '\n';
	}
	return changed;
}

void findings_dump(const struct config_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		char *text = config_finding_text(&findings->items[i], "site.yaml");
		fprintf(stderr, "%s\n", text);
		free(text);
	}
}

const struct config_finding *finding_search(const struct config_findings *findings,
	unsigned int line, const char *field, const char *found, const char *remedy)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct config_finding *finding = &findings->items[i];
		if (finding->line == line && strcmp(finding->field, field) == 0 &&
			strstr(finding->text, found) != NULL &&
			strstr(finding->text, remedy) != NULL)
			return finding;
	}
	return NULL;
}

struct site *site_load(const char *document)
{
	struct config_findings findings;
	struct site *site = config_load(document, strlen(document), &findings);

	if (site == NULL) {
		findings_dump(&findings);
		give_up("the document should be right", "but was refused");
	}
	config_findings_free(&findings);
	return site;
}
