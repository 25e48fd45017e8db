/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tags of frames that came on a port and no link has, in words and as JSON.
 */
#pragma once

#include <jansson.h>

#include "control/cli/dataplane.h"

/* "VLAN 300; S-tag 100, C-tag 7 (EtherType 0x8100)", malloc'd: the latest three kinds, and
 * how many more there are; with before, of those that came since. The EtherType is told where the
 * port has another for its outer tags. NULL: there is none, or no memory. */
char *tags_text(const struct api_port *port, const struct api_port_counters *before,
	const struct api_port_counters *after);

/* Rows: "port", "ethertype" ("0x8100", null: no tag), "outer", "inner" (VLAN ids, null: none),
 * "frames". Appends them. */
void tags_rows(const struct api_port_counters *counters, const char *port, json_t *rows);
