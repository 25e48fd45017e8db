/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rows of a revision: fields as they are from now on, and what changed, in the audit log. In
 * the transaction that is open.
 */
#pragma once

#include "control/store/store.h"

/* 0 or -errno, and then some rows may be written: take the transaction back. */
int write_changes(sqlite3 *db, const struct store_entry *entry, int64_t revision);
