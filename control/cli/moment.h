/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Times of day as people write them, in UTC.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/cli/command.h"

/* "2026-11-23", "2026-11-23T09:00" or "2026-11-23T09:00:00Z" in seconds since 1970. */
bool moment_parse(const char *text, int64_t *seconds);

/* --from and --to; one that is not given leaves its value. false: reported. */
bool moment_span(const struct cli *cli, int64_t *from, int64_t *to);
