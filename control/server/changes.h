/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one way by which anything changes: a wish (control/server/wishes.h) -> is it the principal's
 * to change, may the circuits become so (control/model/lifecycle.h), does the loader take the
 * document -> one transaction of the store -> the plan is applied. A plan is the same way without
 * the last two steps, so that what it says a commit says too.
 */
#pragma once

#include <stddef.h>

#include <jansson.h>

#include "control/model/site.h"
#include "control/server/requests.h"

/* {"findings": [...], "diff": {...}, "revision": the store's}, or a refusal. */
json_t *changes_plan(struct office *office, const json_t *request);

/* {"revision": the new one, "findings", "diff"}, or a refusal. request has "revision", the one that
 * the plan was made for. */
json_t *changes_commit(struct office *office, const json_t *request);

/* The site and this machine's edge in it; NULL and *refusal (a reply) when it cannot be. findings
 * receives what check would say, and what is wrong with the files of keys. */
struct site *changes_load(struct office *office, const char *document, size_t length,
	unsigned int *edge, json_t **findings, json_t **refusal);

/* The same without its secrets. */
struct site *changes_load_bare(struct office *office, const char *document, size_t length,
	unsigned int *edge, json_t **findings, json_t **refusal);
