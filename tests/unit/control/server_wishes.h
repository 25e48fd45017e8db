/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For tests of what changes the store: an office with a store of its own and fakes behind it, and
 * wishes that are planned and committed with the same verdict.
 */
#pragma once

#include <jansson.h>

#include "control/server/requests.h"

extern struct office office;

int wishes_setup(void **state);
int wishes_teardown(void **state);
/* No store any more: store_open makes another. */
void wishes_wipe(void);

/* The reply to a wish as plan and then as commit; consumes it. Their verdicts must be the same. */
json_t *change(json_t *wish);
void must(json_t *wish);
/* Refused, and the reply holds the text somewhere. */
void must_not(json_t *wish, const char *text);

json_t *file(const char *document);
json_t *verb(const char *circuit, const char *name, const char *value);
