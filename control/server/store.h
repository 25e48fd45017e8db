/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The document that is in force, kept in STATE_DIR/site.yaml. One file holds the revision too, as
 * a YAML comment in its first line, so that no crash can part the two:
 *
 *   # onramp revision 17 length 1234
 *   (the document, byte for byte)
 *
 * A new one is written whole to STATE_DIR/site.yaml.new and synced (store_prepare), and renamed
 * once it is in force (store_commit): a crash or a full disk leaves the old one or the new one.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define STORE_DOCUMENT_MAX (16u * 1024u * 1024u) /* bytes */

struct store {
	char *document; /* zero-terminated behind length; NULL: none was ever applied */
	size_t length;
	uint64_t revision; /* 0: none */
	/* between store_prepare and store_commit or store_discard */
	char *draft;
	size_t draft_length;
};

/* Reads what is in force; nothing there is no error. 0, -EBADMSG (the file is not one that
 * store_commit left: cut short, or put there by hand) or -errno. Removes what a crash during
 * store_prepare left behind. */
int store_load(const char *state_dir, struct store *store);

/* Puts document beside the present one as revision store->revision + 1. Makes state_dir when it is
 * missing. 0, -EFBIG, -ENOSPC or another -errno, and then nothing is left behind. */
int store_prepare(const char *state_dir, struct store *store, const char *document, size_t length);

/* Makes what was prepared the document in force. 0, or -errno and the old one stays. */
int store_commit(const char *state_dir, struct store *store);

/* Forgets what was prepared. */
void store_discard(const char *state_dir, struct store *store);

void store_free(struct store *store);
