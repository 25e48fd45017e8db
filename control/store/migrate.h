/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Versions before the store kept one document, STATE_DIR/site.yaml, with its revision in a first
 * line "# onramp revision 17 length 1234".
 */
#pragma once

#include "control/store/store.h"

/* Takes what is there over as that revision, circuits of providers as provisioned (they were in
 * use), and keeps the file as site.yaml.old. Nothing there is no error. 0, -EBADMSG (no such file,
 * or not one that this version understands) or another -errno, logged. */
int migrate_site_yaml(struct store *store);
