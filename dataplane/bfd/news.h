/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What becomes of sessions, on its way from the bfd thread to bfdd and to the log.
 */
#pragma once

#include <stddef.h>

#include "dataplane/bfd/bfd.h"

/* Main thread: tells bfdd and the log what is new. Harmless before bfd_start. */
void bfd_pass_news(void);

#define BFD_NEWS_TEXT_MAX 256u

/* A sentence about a change, of the session on the link called name; only of what people want to
 * know: a session that came Up, one that left Up. False: none. */
bool bfd_news_text(const struct bfd_change *change, const char *name, char text[BFD_NEWS_TEXT_MAX]);
