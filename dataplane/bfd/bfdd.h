/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The connection to FRR's bfdd, which says what BFD sessions there should be and is told what
 * becomes of them (bfddp.h). bfdd listens, we connect, and as long as it listens we do not leave:
 * a connection that ends makes bfdd call all its sessions Down. When bfdd ends, the sessions go on
 * as it said last, until it is back and states them again (bfdd_sessions.h).
 *
 * bfdd keeps what it has to say in a buffer of 8 KB for each connection, and a session that does
 * not fit it runs itself. So connections are opened until one brings nothing.
 *
 * Main thread only. Nothing here waits: bfdd_fd() is readable when there is something to do.
 */
#pragma once

#include <stdint.h>

#include "dataplane/bfd/bfd.h"

/* path: of the UNIX socket bfdd listens on (--dplaneaddr unix:PATH), in a directory that only root
 * and FRR's user may enter. It need not be there yet. 0, -ENAMETOOLONG, -EALREADY, -errno. */
int bfdd_start(const char *path);
/* bfdd will take all sessions for Down. Harmless when not started. */
void bfdd_stop(void);

/* For poll() and epoll; -1: not started. */
int bfdd_fd(void);
/* Does what there is to do; now_us: of a clock that never goes back. Also wanted from time to time
 * when bfdd_fd() is quiet: attempts to connect and ends of waiting have no event. Harmless when not
 * started. */
void bfdd_turn(uint64_t now_us);

/* News of a session (bfd_next_change). */
void bfdd_report(const struct bfd_change *change);
