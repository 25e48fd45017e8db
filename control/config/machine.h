/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * edge.yaml: what is only this machine's. Read once, when control starts.
 */
#pragma once

#include "control/config/config.h"

/* Whom to ask about public prefixes; empty: not this one. */
struct machine_validation {
	char registry[256], vrps[256]; /* absolute */
	char rtr_host[256];
	uint16_t rtr_port;
};

struct machine {
	char edge[NAME_MAX_LENGTH + 1];
	char state_dir[256]; /* absolute */
	unsigned int stale_s, sample_s;
	bool has_cores, has_memory; /* of own: only these fields of it are set */
	struct site_edge own;
	struct machine_validation validation;
};

/* 0; -EINVAL, and findings has the errors; -ENOMEM. findings is filled either way, as by
 * config_load. */
int machine_load(const char *document, size_t length, struct machine *machine,
	struct config_findings *findings);

/* The machine's cores and memory in the place of the document's. */
void machine_apply(const struct machine *machine, struct site_edge *edge);
