/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cli/tags.h"

#include <stdio.h>
#include <stdlib.h>

#include <net/ethernet.h>

#define TOLD_MAX 3u /* kinds in a sentence */

/* Of as many frames: none came in between. */
static bool has(const struct api_port_counters *counters, const struct api_tags *tags)
{
	for (unsigned int i = 0; counters != NULL && i < API_TAGS_KEPT; i++) {
		const struct api_tags *each = &counters->unknown_tags[i];

		if (each->frames == tags->frames && each->count == tags->count &&
			each->ethertype == tags->ethertype && each->outer == tags->outer &&
			each->inner == tags->inner)
			return true;
	}
	return false;
}

static void write_tags(FILE *out, const struct api_port *port, const struct api_tags *tags)
{
	uint16_t expected = port->outer_ethertype;

	if (tags->count == 0) {
		fputs("no tag", out);
	} else if (tags->count == 2) {
		fprintf(out, "S-tag %u, C-tag %u", tags->outer, tags->inner);
	} else {
		fprintf(out, "VLAN %u", tags->outer);
		expected = ETHERTYPE_VLAN;
	}
	if (tags->count != 0 && tags->ethertype != expected)
		fprintf(out, " (EtherType 0x%04x)", tags->ethertype);
}

char *tags_text(const struct api_port *port, const struct api_port_counters *before,
	const struct api_port_counters *after)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	unsigned int told = 0;

	if (out == NULL)
		return NULL;
	for (unsigned int i = 0; i < API_TAGS_KEPT; i++) {
		const struct api_tags *tags = &after->unknown_tags[i];

		if (tags->frames == 0 || has(before, tags))
			continue;
		if (told < TOLD_MAX) {
			fputs(told == 0 ? "" : "; ", out);
			write_tags(out, port, tags);
		}
		told++;
	}
	if (told > TOLD_MAX)
		fprintf(out, "; and %u more", told - TOLD_MAX);
	if (fclose(out) == 0 && told != 0)
		return text;
	free(text);
	return NULL;
}

static json_t *number(bool present, uint16_t value)
{
	return present ? json_integer(value) : json_null();
}

static json_t *ethertype(const struct api_tags *tags)
{
	return tags->count != 0 ? json_sprintf("0x%04x", tags->ethertype) : json_null();
}

void tags_rows(const struct api_port_counters *counters, const char *port, json_t *rows)
{
	for (unsigned int i = 0; i < API_TAGS_KEPT; i++) {
		const struct api_tags *tags = &counters->unknown_tags[i];

		if (tags->frames != 0)
			json_array_append_new(
				rows, json_pack("{s:s, s:o, s:o, s:o, s:I}", "port", port,
					      "ethertype", ethertype(tags), "outer",
					      number(tags->count > 0, tags->outer), "inner",
					      number(tags->count > 1, tags->inner), "frames",
					      (json_int_t)tags->frames));
	}
}
