/* SPDX-License-Identifier: BSD-3-Clause */
/* BFD sessions as rows. */
#pragma once

#include <jansson.h>

#include "control/cli/dataplane.h"

/* From dumps of API_BFD_SESSION and API_INTERFACE: one row a session, and one, without peer, for
 * each link that received BFD for none; by link. Of those within address (table.h); NULL: all. */
json_t *bfd_rows(const struct dump *sessions, const struct dump *interfaces, const char *address);

/* Adds to each row the texts that its table shows. */
void bfd_add_texts(json_t *rows);

/* One row for each link, peer and reason that packets were refused for. */
json_t *bfd_refusal_rows(const json_t *rows);
