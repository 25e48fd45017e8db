/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a request does, apart from how it came. Event loop only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "control/config/config.h"
#include "control/server/refused_counts.h"
#include "control/store/store.h"
#include "control/sync/sync.h"
#include "control/validation/validator.h"

/* What requests work on; owned by the server. */
struct office {
	struct sync *sync;
	struct history *history; /* NULL: it could not be opened */
	struct store store;
	const char *state_dir;
	const char *self;
	const struct machine *machine; /* edge.yaml; NULL: there is none */
	const char *user;              /* of the machine, who asks now */
	uint64_t keys_seen;            /* control/server/key_watch.c */
	struct validator *validator;   /* NULL: nobody is asked about public prefixes */
	/* control/server/validation_watch.c: what was compared, and saved, last */
	uint64_t validation_seen, validation_saved, validation_revision;
	struct refused_counts refused;
	char *refusal; /* why the stored document is not in force; NULL: it is, or there is none */
};

/* A request on its way. Its reply may come at once or later (BGP is asked first). */
struct question;
typedef void (*question_reply)(void *context, json_t *reply);

/* Answers by calling reply once with a new object, perhaps before it returns; then returns NULL.
 * Otherwise the question that waits. */
struct question *request_handle(
	struct office *office, const json_t *request, question_reply reply, void *context);

/* Nobody waits for the answer any more: reply will not be called. The office may go too. */
void question_abandon(struct question *question);

/* {"error": TEXT} */
json_t *request_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* At start: makes the stored document the wish. false: refused, office->refusal says why. */
bool request_apply_stored(struct office *office);
