/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Secrets of BFD sessions, which stand in files of their own. What is wrong with a file is told by
 * its name alone: nothing of its content reaches a log, an answer or another file.
 */
#pragma once

#include <jansson.h>

#include "control/model/site.h"

/* Reads the files of all keys that links of this edge use into the site. What is wrong with one is
 * added to findings, as config_findings_json() has them, and its key stays without a secret.
 * Returns how many those are. */
unsigned int keys_read(struct site *site, unsigned int edge, json_t *findings);
