/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The document that is in force, kept in STATE_DIR/site.yaml with its revision in
 * STATE_DIR/revision: written whole to a temporary file, synced and renamed, so that a crash or
 * a full disk leaves the old or the new one.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct store {
	char *document; /* NULL: none was ever applied */
	size_t length;
	uint64_t revision; /* 0: none */
};

int store_load(const char *state_dir, struct store *store);
/* Saves document as revision store->revision + 1 and updates store. 0 or -errno. */
int store_save(const char *state_dir, struct store *store, const char *document, size_t length);
void store_free(struct store *store);
