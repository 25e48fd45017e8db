/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kernel settings of a routing domain's namespace (docs/architecture.md). The dataplane forwards;
 * the kernel only speaks ARP, ND and TCP for its own addresses. All act on the namespace the
 * calling thread is in; 0 or -errno, logged with the path.
 */
#pragma once

/* What interfaces to come begin with, and what holds for all. */
int sysctl_namespace(void);
/* Of an interface that is there already. */
int sysctl_interface(const char *interface);
/* Raises gc_thresh1..3 below /proc/sys/DIRECTORY to at least these; never lowers. */
int sysctl_raise(const char *directory, long thresh1, long thresh2, long thresh3);
