/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The accounts of links as rows: what came, where it went, what was dropped and why
 * (struct api_ledger).
 */
#pragma once

#include <jansson.h>

#include "control/cli/dataplane.h"

/* The ledgers and what their port ids mean. */
struct ledgers {
	struct dump ports;         /* API_PORT */
	struct dump counters;      /* API_INTERFACE_COUNTERS */
	struct dump port_counters; /* API_PORT_COUNTERS */
};

/* 0, or -errno and reported. Free it either way. */
int ledgers_read(const struct cli *cli, struct ledgers *ledgers);
void ledgers_free(struct ledgers *ledgers);

/* Of all reasons of a direction, API_DROP_IN or API_DROP_OUT. */
uint64_t ledger_dropped(const struct api_ledger *ledger, int direction);

/* A row that says whose account it is: "interface" (null: what a port could give to no link),
 * "circuit" (null: of no circuit), "port". */
json_t *ledger_row(const struct ledgers *ledgers, const struct api_interface_counters *counters);

/* Is the account within cli->operand and of the circuit that --circuit names? */
bool ledger_wanted(const struct cli *cli, const struct api_interface_counters *counters);

/* Both sides of each wanted account, without those that nothing ever came to:
 *   in:  received, generated             = forwarded, punted, dropped
 *   out: forwarded, injected, fragments  = sent, dropped
 * with their sums "came" and "went", and "difference": came - went - dropped. */
json_t *ledger_accounts(const struct cli *cli, const struct ledgers *ledgers);

/* Of all wanted accounts together: rx + injected + generated + fragments_added + forwarded_out
 * = tx + punt + dropped + forwarded_in, and "difference". */
json_t *ledger_balance(const struct cli *cli, const struct ledgers *ledgers);

/* A row for each reason of each wanted account that counted something; with --all, for every
 * reason. */
json_t *ledger_drops(const struct cli *cli, const struct ledgers *ledgers);

/* Which tags the frames had that no link has (tags.h); no row where only some accounts are wanted,
 * because these frames are nobody's. */
json_t *ledger_unknown_tags(const struct cli *cli, const struct ledgers *ledgers);
