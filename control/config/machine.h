/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * edge.yaml: what is only this machine's. Read once, when control starts.
 */
#pragma once

#include "control/config/config.h"

struct machine {
	char edge[NAME_MAX_LENGTH + 1];
	char state_dir[256]; /* absolute */
	unsigned int stale_s, sample_s;
	bool has_cores, has_memory; /* of own: only these fields of it are set */
	struct site_edge own;
};

/* 0; -EINVAL, and findings has the errors; -ENOMEM. findings is filled either way, as by
 * config_load. */
int machine_load(const char *document, size_t length, struct machine *machine,
	struct config_findings *findings);

/* The machine's cores and memory in the place of the document's. */
void machine_apply(const struct machine *machine, struct site_edge *edge);
