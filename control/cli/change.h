/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What every command that changes something does: asks control what it would change, prints that,
 * and, unless --dry-run, has it done.
 */
#pragma once

#include <jansson.h>

#include "control/cli/command.h"

/* wish (control/server/wishes.h) is taken over. A STATUS_*. */
int change_run(const struct cli *cli, json_t *wish);

/* The same; with -j, what is in more stands beside control's answer when it is done. */
int change_run_with(const struct cli *cli, json_t *wish, const json_t *more);
