/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The YAML below the fields: what libyaml refuses, and what it takes but a configuration must not
 * use (aliases, anchors, tags, several documents, deep nesting).
 */
#pragma once

#include <yaml.h>

#include "control/config/loader.h"

/* True: one can go on and load the document (there may be findings all the same). */
bool yaml_check_structure(struct loader *loader, const char *document, size_t length);
/* The parser's own complaint, as a finding with a line. */
void yaml_report_syntax(
	struct loader *loader, const yaml_parser_t *parser, const char *document, size_t length);
