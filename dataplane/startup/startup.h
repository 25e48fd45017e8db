/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bringing the process up after control's STARTUP, and down again. Main thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dataplane/api/api.h"

/*
 * Checks the machine, then starts EAL, packet buffers, counters, reclaim, the punt thread and the
 * workers. Called once a process, by the server, which answers a repeated STARTUP itself.
 * 0, or -errno with a sentence in text (at most size bytes): what was found, what is needed and
 * what mends it. A failure before EAL began leaves nothing behind and may be tried again; later
 * ones make startup_broken() true.
 */
int startup_run(const struct api_startup *startup, char *text, size_t size);

/* startup_run failed after EAL had begun: EAL cannot be started twice in one process, so the
 * process should answer and exit; its supervisor starts a fresh one. */
bool startup_broken(void);

/* Stops workers and the punt thread, closes ports and TAP fds, frees all tables. Harmless when
 * startup_run was never called or failed. */
void startup_stop(void);
