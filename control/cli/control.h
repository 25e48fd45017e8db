/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Asking control (control/server/server.h).
 */
#pragma once

#include <jansson.h>

#include "control/cli/command.h"

/* Sends the request (taken over) and waits for its reply. NULL: control is away or silent, and
 * that is reported. A reply with "error" is returned like any other. */
json_t *control_ask(const struct cli *cli, json_t *request);

/* The rows of `show what`. NULL: reported. */
json_t *control_rows(const struct cli *cli, const char *what);
/* The same of the part that cli->operand names, if it names one: control may look no further, or
 * give more. */
json_t *control_rows_within(const struct cli *cli, const char *what);
