/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What commands that write fields share: fields as a file would say them, and who says so.
 */
#pragma once

#include <jansson.h>

#include "control/cli/command.h"

/* cli->value, a YAML mapping, as an object; the word null as null. NULL: reported. */
json_t *fields_read(const struct cli *cli);

/* The key in the file of --authorization ("-": standard input), malloc'd. NULL: reported. */
char *authorization_read(const struct cli *cli);

/* wish with the principal of --as, if that was given; wish may be NULL. */
json_t *fields_principal(const struct cli *cli, json_t *wish);
