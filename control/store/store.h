/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one truth: what is sold and how, in the SQLite file STATE_DIR/store.db. The thread of the
 * event loop alone.
 *
 *   field  one row each field of each object (control/store/objects.h), with who set it: principal,
 *          origin ("file" or "command") and generation, the revision that did
 *   audit  one row each change, for ever: revision, time, who, by what command, before and after;
 *          hash is SHA-256 over the row before's hash and all of this (control/store/audit.h)
 *
 * A revision is one transaction: store_prepare writes it down to the disk, with the journal that
 * takes it back, and store_commit lets it stand. A crash at any moment, or a full disk, leaves the
 * revision before or the one after, whole (https://www.sqlite.org/atomiccommit.html).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <sqlite3.h>

#include "control/model/lifecycle.h"

#define STORE_DOCUMENT_MAX (16u * 1024u * 1024u) /* bytes */

/* What is stored at a revision. */
struct store_content {
	json_t *objects;
	json_t *stamps;    /* {OBJECT: {FIELD: {"principal", "origin", "generation"}}} */
	uint64_t revision; /* 0: none */
	char *document;    /* of objects, zero-terminated; NULL: none */
	size_t length;
};

struct store {
	const char *state_dir;
	sqlite3 *db; /* NULL: nothing was ever stored */
	struct store_content now;
	struct store_content draft; /* between store_prepare and store_commit or store_discard */
	bool prepared;
};

/* Who changes what, and how he said it. */
struct store_entry {
	enum principal principal;
	const char *origin;    /* "file" or "command" */
	const char *user;      /* of the machine */
	const char *command;   /* "apply", "circuit set-bandwidth contoso 2G" */
	int64_t at;            /* seconds since 1970 */
	const json_t *changes; /* control/store/objects.h; at least one */
};

/* Reads what is stored; nothing there is no error. A STATE_DIR/site.yaml of versions before the
 * store is taken over. 0, -EBADMSG (damaged, or not ours) or another -errno, logged. */
int store_open(const char *state_dir, struct store *store);

/* Writes revision now.revision + 1 and fills draft. Makes state_dir when it is missing. 0, -ENOSPC
 * or another -errno, and then nothing of it is left. */
int store_prepare(struct store *store, const struct store_entry *entry);

/* Lets it stand. 0, or -errno and the old one stays. */
int store_commit(struct store *store);

/* Takes back what was prepared, if anything was. */
void store_discard(struct store *store);

/* The objects as they were at a revision; NULL: there never was such a one, or no memory. */
json_t *store_objects_at(struct store *store, uint64_t revision);

/* The newest rows of the audit log, oldest first: [{"revision", "at", "principal", "user",
 * "command", "object", "field", "before", "after"}]. NULL with errno. */
json_t *store_audit(struct store *store, unsigned int limit);

/* Recomputes every hash of the audit log, and from its changes every field: {"entries", "head":
 * HEX, "wrong": null or a sentence that names the first row that is not as it was written}. NULL
 * with errno. */
json_t *store_verify(struct store *store);

/* The hash of an entry, by its number, in hexadecimal. false: there is no such entry. */
#define STORE_HASH_TEXT_MAX 65u
bool store_entry_hash(struct store *store, int64_t number, char text[STORE_HASH_TEXT_MAX]);

/* What is in the file, or in the transaction that is open; content is empty before, and freed by
 * store_content_free. 0 or -errno. */
int store_read(struct store *store, struct store_content *content);
void store_content_free(struct store_content *content);

void store_close(struct store *store);
