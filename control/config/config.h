/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a YAML document to a checked site, or to the list of everything that is wrong with it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "control/model/site.h"

/* One finding. text says the value found and what would be right. */
struct config_finding {
	bool warning;
	unsigned int line; /* from 1; 0: the document as a whole */
	char *field;       /* "circuits[contoso].peerings[private].c_tag" */
	char *text;
};

struct config_findings {
	struct config_finding *items;
	size_t count;
	size_t errors; /* items that are not warnings */
};

/* The site, or NULL when findings->errors != 0 (or no memory: errors is then 0). findings is
 * filled either way, in order of line; free it with config_findings_free. */
struct site *config_load(const char *document, size_t length, struct config_findings *findings);
void config_findings_free(struct config_findings *findings);

/* "FILE:LINE: error: FIELD: TEXT", malloc'd. */
char *config_finding_text(const struct config_finding *finding, const char *file);
/* [{"severity": "error"|"warning", "line": N, "field": TEXT, "text": TEXT}], in the same order. */
json_t *config_findings_json(const struct config_findings *findings);

/* What differs between two sites (from may be NULL: everything is new), for people and programs:
 * {"changes": [{"action": "add"|"remove", "what": "contoso/private"},
 *   {"action": "change", "what": ..., "field": ..., "from": TEXT|null, "to": TEXT|null}],
 *  "sessions": [{"session": "contoso/private/primary ipv4", "effect": "start"|"stop"|"reset"}],
 *  "restart": ["why the dataplane must restart"]}
 * sessions names only those of the given edge that are touched; restart, too, is about that edge.
 * what: "site", "edge NAME", "port EDGE/PORT", "port pair NAME", "circuit NAME", "CIRCUIT/PEERING",
 * "vnet NAME", "connection VNET - CIRCUIT", "global reach NAME". NULL: no memory. */
json_t *config_diff(const struct site *from, const struct site *to, const char *edge);
