/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A session as bfdd states it, as one of ours. Pure, but for what it logs.
 */
#pragma once

#include "dataplane/bfd/bfd.h"
#include "dataplane/bfd/bfddp.h"

/* 1: a session; 0: a placeholder, of which bfdd does not know the interface or its own address yet;
 * -EINVAL: it is none of ours (logged), or has no lid. config is filled as far as that goes. */
int bfdd_config(const struct bfddp_session *stated, struct bfd_config *config);

/* To the log: the engine has not taken the session, for now. error: -errno. */
void bfdd_tell_refused(const struct bfd_config *config, int error);
