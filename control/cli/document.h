/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What check and apply share.
 */
#pragma once

#include <stddef.h>

#include <jansson.h>

#include "control/cli/command.h"

/* A file ("-": standard input) of at most limit bytes, the same way. */
char *document_file(const struct cli *cli, const char *path, size_t limit, size_t *length);

/* The file cli->operand ("-": standard input), malloc'd and zero-terminated. NULL: reported. */
char *document_read(const struct cli *cli, size_t *length);

/* Findings in their JSON form, one a line: "FILE:LINE: error: FIELD: TEXT". */
void findings_print(const struct cli *cli, FILE *out, const json_t *findings);

/* "2 errors, 1 warning" */
void findings_count(const json_t *findings, FILE *out);
