/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The run directory and the listening socket in it.
 */
#pragma once

struct rundir {
	int lock;     /* held for as long as this process lives in the directory */
	int listener; /* does not block */
	char socket_path[108];
};

/* Makes or checks the directory (closed to others), takes its lock, listens. 0 or -errno, logged.
 */
int rundir_open(struct rundir *rundir, const char *path);
/* Removes the socket, gives up the lock. */
void rundir_close(struct rundir *rundir);
