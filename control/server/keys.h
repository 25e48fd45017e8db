/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Secrets of BFD and BGP sessions, which stand in files of their own. What is wrong with a file is
 * told by its name alone: nothing of its content reaches a log, an answer or another file.
 */
#pragma once

#include <jansson.h>

#include "control/model/site.h"

/* Reads the files of all keys that links of this edge use into the site. What is wrong with one is
 * added to findings, as config_findings_json() has them, and its key stays without a secret.
 * Returns how many those are. */
unsigned int keys_read(struct site *site, unsigned int edge, json_t *findings);

/* Writes the errors among findings into the log. */
void keys_log(const json_t *findings);

/* A key of site without a secret gets that which before has of the same file in the same place. */
void keys_keep(struct site *site, const struct site *before);

/* A number that is another one when any of these files is another, or was touched. */
uint64_t keys_seen(const struct site *site, unsigned int edge);
