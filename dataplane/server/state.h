/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the connections have in common: how far the process has come, and who writes.
 * Main thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/api/api.h"

struct session;

struct server_state {
	enum api_state state;
	uint64_t boot_id;
	struct api_startup startup; /* as acknowledged; valid when state is not EMPTY */
	struct session *writer;     /* NULL: none is connected */
	bool in_snapshot;           /* the writer said SNAPSHOT_BEGIN and not yet END */
};

extern struct server_state server_state;

/* A new process: EMPTY, no writer, a fresh boot id. 0 or -errno. */
int server_state_init(void);

/* The requests that change it, after their sizes were checked. Each fills ack; its error is 0 or
 * -errno. */
void server_startup(const struct api_startup *startup, struct api_ack *ack);
void server_snapshot_begin(struct api_ack *ack);
void server_snapshot_end(struct api_ack *ack);
/* Ends an unfinished snapshot without a sweep: what was not named yet may still be wanted. */
void server_writer_gone(void);

/* Fills error and text. */
void ack_error(struct api_ack *ack, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
