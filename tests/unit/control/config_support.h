/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Documents for the tests of the configuration: read, changed at one place, loaded.
 */
#pragma once

#include <stddef.h>

#include "control/config/config.h"

/* The whole file, zero-terminated, malloc'd; ends the program when it cannot be read. */
char *document_read(const char *path);
/* The same of a document, taken over, whose provider circuits (of the pair "shared") are
 * provisioned. */
char *document_provisioned(char *document);
/* document with its only occurrence of from replaced, malloc'd; ends the program when from does
 * not stand there exactly once. line: of the replaced text, may be NULL. */
char *document_replace(const char *document, const char *from, const char *to, unsigned int *line);
/* All findings of a document on standard error. */
void findings_dump(const struct config_findings *findings);
/* The finding of this line and field whose text holds both words, or NULL. */
const struct config_finding *finding_search(const struct config_findings *findings,
	unsigned int line, const char *field, const char *found, const char *remedy);
/* The site of a document that must be right. */
struct site *site_load(const char *document);
