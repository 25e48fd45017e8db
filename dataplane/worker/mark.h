/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Snapshot and sweep: every upsert stamps its object with the current mark; the end of a snapshot
 * removes objects with another mark. Main thread only.
 */
#pragma once

#include <stdint.h>

/* Starts at 1, wraps within 1..255. Advanced by SNAPSHOT_BEGIN. */
extern uint8_t table_mark;
