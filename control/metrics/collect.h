/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a scrape is answered with: the dataplane's counters, and what control knows. Each of the two
 * may be away; what the other has is told all the same.
 */
#pragma once

#include <jansson.h>

#include "control/cli/dataplane.h"
#include "control/metrics/openmetrics.h"

/* A link's name, CIRCUIT/PEERING/LINK or NETWORK/core, as labels. */
#define LINK_LABELS 4u

struct link_labels {
	char text[API_NAME_MAX];                  /* the name, cut up */
	struct metrics_label labels[LINK_LABELS]; /* circuit, network, peering, link */
};

void link_labels_of(const char *name, struct link_labels *labels);

/* Dumps that the dataplane's families are made of. */
struct tables {
	struct dump interfaces; /* API_INTERFACE_COUNTERS */
	struct dump ports;      /* API_PORT */
	struct dump port_counters;
	struct dump workers;
	struct dump paths;
	struct dump sessions; /* API_BFD_SESSION */
	struct dump domains;  /* API_VRF */
};

/* Families of the dataplane; of control: rows of `show circuits` and `show bgp`. Pure. */
void collect_tables(struct metrics *metrics, const struct tables *tables);
void collect_circuits(struct metrics *metrics, const json_t *rows);
void collect_bgp(struct metrics *metrics, const json_t *rows);

/* Asks both and writes everything. What is wrong is reported as by the command (cli->err). */
void collect(const struct cli *cli, struct metrics *metrics);
